"""What the tests of the intake share: exercises, and submissions in each form."""

from __future__ import annotations

import stat
import zipfile

from labkit import spec
from labkit.grading.intake import submissions
from labkit.grading.roster import Roster


def course(folder, slugs=("06-x", "07-y")):
    """Exercises that take `Dockerfile` and `src/x.js`, of which the starter lacks the second."""

    def c(evidence):
        """A check."""

    for slug in slugs:
        text = (
            'format_version=1\ntitle="T"\nsection="S"\nnotebook="n"\nminutes=1\nfiles=["Dockerfile", "src/x.js"]\n'
            'hints=["h"]\n[[checks]]\nuse="c"\n'
        )
        own = "the course's own\n"
        files = {
            "exercise.toml": text,
            "README.md": "#",
            "Dockerfile": "FROM s\n",
            "package.json": own,
            "same.txt": own,
        }
        fill(folder / slug, files)
    return [spec.load(folder / slug, {"c": c}) for slug in slugs]


def fill(folder, files):
    """Write files by path."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    return folder


def zipped(path, files, modes=None):
    """Write a zip file with members by name."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.create_system = 3
            kind = stat.S_IFDIR if name.endswith("/") else stat.S_IFREG
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (kind | (modes or {}).get(name, 0o644)) << 16
            archive.writestr(info, data)
    return path


def roster(folder, text):
    """A roster beside the folder."""
    path = folder.parent / "roster.csv"
    path.write_text(text)
    return Roster.read(path)


def intake(path, exercises, who=None):
    """All submissions."""
    return list(submissions(path, exercises, who))


intake.lazily = submissions


def only(path, exercises):
    """The one submission that there is."""
    (found,) = submissions(path, exercises, None)
    return found
