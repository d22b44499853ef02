"""What .dockerignore leaves out: the lab's own context against what the docker command brings to the engine."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from labkit.engine import BuildFailed, BuildRequest, build
from labkit.engine.context import context_tar, included
from labkit.image import Image
from labkit.kept import remove_images
from labkit.workspace import SourceFile

DOCKER = shutil.which("docker", path="/usr/bin") or shutil.which("docker")
TREE = (
    *("app.js", "package.json", ".env", ".env.example", "notes.md", "README.md", "a.log", "Makefile"),
    *("src/index.js", "src/.env", "src/deep/er/x.log", "src/node_modules/p/i.js", "src/notes.md", "srcs/z"),
    *("node_modules/p/index.js", "node_modules/p/package.json", "Node_Modules/x", "logs/a.log", "logs/keep.log"),
    *(".git/HEAD", ".git/objects/aa", "docs/README.md", "docs/img/one.png", "secret/key", "secret/public"),
)
IGNORE = {
    "nothing": "",
    "names at the top": "node_modules\n.env\n",
    "a name below": "**/node_modules\n**/.env\n",
    "an ending": "*.log\n",
    "an ending anywhere": "**/*.log\n",
    "two stars without a slash": "**.log\n",
    "slashes before and behind": "/node_modules/\n/src/notes.md\n./docs\n",
    "another case": "NODE_MODULES\nreadme.md\n",
    "brought back": "*.md\n!README.md\n",
    "brought back, then gone again": "!README.md\n*.md\n",
    "everything but": "*\n!src\n!package.json\n",
    "everything but, all the same without": "*\n!src\nsrc/node_modules\n",
    "from a folder that is left out": "logs\n!logs/keep.log\n",
    "from any folder that is left out": "logs\n!**/keep.log\n",
    "below what is left out": "secret/*\n!secret/public\n",
    "two stars in the middle": "src/**/x.log\n",
    "two stars behind": "src/**\n",
    "one letter": "?.log\nsrc?\n",
    "letters": "[ab].log\n",
    "not these letters": "[^a]otes.md\n",
    "a mark among letters": "[!n]otes.md\n",
    "comments and blanks": "# all logs\n\n   logs   \n #src\n",
    "ends of lines": "node_modules\r\n.env\r\n",
    "a mark before it": "\ufeffnode_modules\n",
    "a space behind the mark of return": "*.md\n! README.md\n",
    "the build's own files": "Dockerfile\n.dockerignore\n",
    "dots": "src/../docs\nx/../.git\n",
    "a point": ".\n",
    "a backslash before a mark": "\\.env\n**\\.env\n*\\.md\n",
    "backslashes between folders": "**\\node_modules\nsrc\\deep\n",
    "a bracket without its meaning": "\\[ab].log\na.lo[g]\n",
    "a comment behind": ".env # secret\n",
    "a folder's beginning is another folder": "src\n!srcs\n",
}


def names(engine, image):
    return sorted(path for path, file in Image(engine, image).files.items() if not file.is_dir)


def by_the_command(engine, folder):
    argv = [DOCKER, "--host", engine.url, "build", "--quiet", "--no-cache", str(folder)]
    environment = {**os.environ, "DOCKER_BUILDKIT": "0"}
    return subprocess.run(argv, capture_output=True, text=True, env=environment, check=False)


@pytest.mark.parametrize("ignore", IGNORE.values(), ids=IGNORE)
def test_as_the_docker_command_does(engine, tmp_path, ignore):
    dockerfile = "FROM alpine:3.20 AS x\nFROM scratch\nCOPY . /\n"
    texts = {name: name for name in TREE} | {"Dockerfile": dockerfile, ".dockerignore": ignore}
    files = {name: SourceFile(text.encode()) for name, text in texts.items()}
    for name, file in files.items():
        path = tmp_path / "ctx" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.data)
    ours = build(engine, BuildRequest(context_tar(files, "Dockerfile"), {}, tmp_path, no_cache=True))
    done = by_the_command(engine, tmp_path / "ctx")
    assert done.returncode == 0, done.stderr
    theirs = done.stdout.split()[-1]
    try:
        assert names(engine, ours.image_id) == names(engine, theirs)
    finally:
        remove_images(engine, [*ours.intermediates, ours.image_id, theirs])


@pytest.mark.parametrize("ignore", ["[ab", "logs\\", "!", "a[]"])
def test_what_the_docker_command_cannot_read(engine, tmp_path, ignore):
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    (tmp_path / ".dockerignore").write_text(f"{ignore}\n")
    done = by_the_command(engine, tmp_path)
    assert done.returncode
    assert "pattern" in done.stderr
    with pytest.raises(BuildFailed, match="syntax error in pattern"):
        included({".dockerignore": SourceFile(f"{ignore}\n".encode())})
