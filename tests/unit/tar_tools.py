"""Tars to make, to feed and to look into."""

from __future__ import annotations

import io
import tarfile

FORMATS = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)
MOST = 1 << 24
FILE = tarfile.REGTYPE


def info(name, data=b"", kind=FILE, **more):
    found = tarfile.TarInfo(name)
    found.size, found.type = len(data), kind
    for key, value in more.items():
        setattr(found, key, value)
    return found


def tar(*entries, format=tarfile.PAX_FORMAT):  # noqa: A002  tarfile's own word
    """A tar of (TarInfo or name, content)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as made:
        for one, data in entries:
            made.addfile(info(one, data) if isinstance(one, str) else one, io.BytesIO(data))
    return out.getvalue()


def through(editor, data, step=0):
    """Feed it all in steps; give what comes out."""
    parts = [data[at : at + step] for at in range(0, len(data), step)] if step else [data]
    return b"".join(map(editor.feed, parts)) + editor.close()


def entries(data):
    with tarfile.open(fileobj=io.BytesIO(data)) as found:
        return [
            (
                each.name,
                each.type,
                each.linkname,
                each.mode,
                each.uid,
                each.mtime,
                found.extractfile(each).read() if each.isfile() else b"",
            )
            for each in found
        ]
