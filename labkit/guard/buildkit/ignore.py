"""An ignore file on its way to the engine: made such that it is no Dockerfile, by whatever name it is read.

It lies beside the Dockerfile and is not judged as one. But which file is the Dockerfile says the client, in words that
the engine cleans in its own way (``a.dockerignore/`` is ``a.dockerignore`` for it). So content decides, not the name.
"""

from __future__ import annotations

import re

from labkit.guard.refusal import Malformed, Refused

# Directives such as `# syntax=`, `// syntax=` and {"syntax": …} count on the very first lines only, and a line that is
# none ends them (source: BuildKit, frontend/dockerfile/parser/directives.go). For an ignore file it is a comment.
FIRST = "# The lab's guard has read this.\n"
FROM = re.compile(r"from\s", re.IGNORECASE)


def ignored(content: bytes) -> bytes:
    r"""Give an ignore file as the engine gets it.

    Without FROM nothing is built, and a builder that joins no lines sees none where there is none.

    Args:
        content: as the docker command gave it.

    Raises:
        Malformed: it is no UTF-8.
        Refused: a line begins with FROM, or ends with a backslash, by which the builder would join it with the next.
    """
    try:
        text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed("The .dockerignore file is not UTF-8.") from error
    # By "\n" alone, as the builder does: for it "FROM\vx" is one line.
    for line in map(str.strip, text.split("\n")):
        if not line.startswith("#") and (FROM.match(line) or line.endswith("\\")):
            raise Refused(
                f"The lab does not take {line[:60]!r} in a .dockerignore file.",
                why="The engine could be led to read that file as a Dockerfile that nobody has judged.",
                instead="Write ? in the place of the space or the backslash.",
            )
    return (FIRST + text).encode()
