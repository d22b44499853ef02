"""What the tests of evidence bundles share: an exercise, and bundles of it made by hand."""

from __future__ import annotations

import inspect
import json
import zipfile
from contextlib import suppress
from hashlib import sha256

from labkit import spec
from labkit.checks.registry import CHECKS
from labkit.grading.bundle import write
from labkit.grading.bundle_models import Held
from labkit.grading.bundled import BundledEvidence, Missing, NotInBundle
from labkit.grading.bundling import packed
from labkit.result import Finding, Outcome, Report
from labkit.workspace import Snapshot, SourceFile, laid_over

KEY = b"k" * 32
SECRET = "lamp-quiet"  # noqa: S105  of the exercise made here
MINE = b"FROM node:20-alpine\nCOPY package.json .\nRUN npm ci\n# mine\n"
HEAD = """format_version = 1
title = "T"
section = "S"
notebook = "n"
minutes = 1
files = ["Dockerfile", ".dockerignore", "facts.toml"]
hints = ["h"]
"""
CHECK_TABLES = f"""
[[checks]]
use = "image_builds"
[[checks]]
use = "context_at_most"
kilobytes = 1
points = 2
[[checks]]
use = "no_secret_inside"
secrets = {{ "the key" = "{SECRET}" }}
points = 4
[[checks]]
use = "answers_on_port"
port = 3000
points = 8
details = "actual"
"""


def exercise(folder, tables=CHECK_TABLES, slug="08-x"):
    """An exercise with checks of all kinds."""
    place = folder / slug
    place.mkdir(parents=True, exist_ok=True)
    for name, text in {"Dockerfile": "FROM node\n", "README.md": "# T\n", "big": "x" * 2000}.items():
        (place / name).write_text(text)
    (place / "exercise.toml").write_text(HEAD + tables)
    return spec.load(place, CHECKS)


def held(**changes):
    """Evidence of everything that a bundle can hold."""
    given = {
        "build": {
            "builder": "classic",
            "steps": [{"number": 1, "stage": "0", "instruction": "FROM node:20-alpine", "cached": True}],
        },
        "image": image(),
        "context": [["Dockerfile", len(MINE)], [".dockerignore", 4]],
        "baseline_size": 400,
        "searched": {sha256(SECRET.encode()).hexdigest(): None},
    }
    return Held.model_validate_json(json.dumps({**given, **changes}))


def image(**changes):
    """An image of two layers, of which the second one removes a file."""
    given = {
        "id": "sha256:1",
        "config": {"Cmd": ["node", "x.js"], "ExposedPorts": {"3000/tcp": {}}, "User": "node", "Env": ["A=b"]},
        "history": [
            {"instruction": "ADD file", "size": 90, "layer": True},
            {"instruction": "COPY . .", "size": 10, "layer": True},
        ],
        "layers": [
            layer("1", ["app/.env", 5, 0o644, 0, False], ["app/x.js", 5, 0o644, 0, False]),
            layer("2", ["app", 0, 0o755, 0, True], removed=["app/.env"]),
        ],
    }
    return {**given, **changes}


def layer(name, *files, removed=()):
    """A layer."""
    return {"diff_id": name, "created_by": "RUN", "size": 10, "files": list(files), "removed": list(removed)}


def findings(this, outcome=Outcome.PASS, **others):
    """Findings of all checks that are not hidden; ``others`` by the check's name."""
    seen = [(each.use, others.get(each.use, outcome)) for each in this.checks if not each.hidden]
    return tuple(Finding(Outcome(each), f"{each} then", "wanted", "because", check=use) for use, each in seen)


def members(this, evidence=None, files=None, said=None, *, built=True):
    """The members of a bundle, as `labkit bundle` makes them."""
    given = {".dockerignore": b"big\n", "Dockerfile": MINE} if files is None else files
    sources = {name: SourceFile(data) for name, data in given.items()}
    digest = laid_over(this, sources).digest
    report = Report(this.slug, this.title, findings(this) if said is None else said, digest, "Docker Engine 1")
    return packed(this, sources, report, (evidence or held()) if built else None)


def bundle(path, *arguments, key=None, **options):
    """A bundle in a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, members(*arguments, **options), key)
    return path


def rewritten(path, data, *, hashes=False, **options):
    """The bundle with other members, None for none; with ``hashes`` the manifest is made to fit."""
    with zipfile.ZipFile(path) as archive:
        there = {name: archive.read(name) for name in archive.namelist()}
    there |= data
    if hashes:
        manifest = json.loads(there["manifest.json"])
        entries = manifest["members"]
        for name, text in data.items():
            entries[name] = {"sha256": sha256(text or b"").hexdigest(), "size": len(text or b"")}
            if text is None:
                del entries[name]
        there["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, text in there.items():
            if text is not None:
                archive.writestr(name, text)
    return path


def arguments(check):
    """Something of the right type for each argument that a check needs."""
    some = {"str": "x", "int": 1, "float": 1.0, "list[str]": ["x"], "dict[str, str]": {"x": SECRET}}
    named = {"key": "User", "holds": "app/x.js"}
    needed = [each for each in list(inspect.signature(check).parameters.values())[1:] if each.default is each.empty]
    return {each.name: named.get(each.name) or some[each.annotation.split(" | ")[0]] for each in needed}


def kinds():
    """Each check, by what answers it: the learner's files, the bundle's lists, or nothing in a bundle."""
    files = {"Dockerfile": SourceFile(MINE), "facts.toml": SourceFile(b'x = "x"\n'), "x": SourceFile(b"x = 1\n")}
    found = {"files": [], "lists": [], "nothing": []}
    full, empty = held(), held(build=None, image=None, baseline_size=None)
    for name, check in sorted(CHECKS.items()):
        if check.__module__.startswith("labkit."):
            evidence = [BundledEvidence(each, Snapshot(files)) for each in (full, empty)]
            for each in evidence:
                with suppress(NotInBundle):
                    check(each, **arguments(check))
            refused = [each.refused for each in evidence]
            kind = "files" if not refused[1] else "lists" if not refused[0] else "nothing"
            assert isinstance(refused[1], Missing) or kind != "lists"
            found[kind].append(name)
    return found
