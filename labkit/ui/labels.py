"""The words of the panel's other half, so that one catalog holds all: ``src/`` has none of its own."""

from __future__ import annotations

from labkit.status import STATUSES
from labkit.words import say


def signs() -> dict[str, str]:
    """The sign of each status."""
    return {status: shown.sign for status, shown in STATUSES.items()}


def labels() -> dict[str, str]:
    """All words, by the names that ``src/types.ts`` lists; those in braces are filled in there."""
    return {status: shown.word for status, shown in STATUSES.items()} | _around() | _questions() | _build()


def _around() -> dict[str, str]:
    """The words of buttons, bars and the editor."""
    return {
        "check": say("Check"),
        "hint": say("Hint"),
        "changes": say("Changes"),
        "solution": say("Solution"),
        "reset": say("Reset"),
        "check anew": say("Check all the same"),
        "course": say("Course"),
        "exercises done": say("Exercises done"),
        "files": say("Files"),
        "open": say("Open in editor"),
        "editor": say("Editor for {path}"),
        "help": say("Saved as you type · Ctrl or Cmd + Enter checks · Esc leaves the editor"),
        "stale": say("You have edited since: check again to see where it stands."),
        "fault": say("Go to line {line} of {path}"),
        "hide": say("Hide"),
        "count": say("{text}: {done} of {total}"),
        "percent": say("{text}: {percent} %"),
    }


def _questions() -> dict[str, str]:
    """The words of what the panel asks, and of the answers."""
    return {
        "ask reset": say("Put the starter files back? What you have now is kept in a dated copy."),
        "keep working": say("Keep working"),
        "ask solution": say("See the solution? You learn most if you get there yourself; a hint may be enough."),
        "show solution": say("Show the solution"),
        "keep trying": say("Keep trying"),
        "ask which": say("{path} was changed outside this panel, and here too. Which one do you want?"),
        "take theirs": say("Take the one from outside"),
        "keep mine": say("Keep the one here"),
    }


def _build() -> dict[str, str]:
    """The words around what a build says."""
    return {
        "build": say("What the build says"),
        "build failed": say("The build failed at step {number} of {total}"),
        "built again": say("Built again (build {build})"),
        "step": say("{number} of {total}, {state}"),
        "running": say("running"),
        "made": say("made"),
        "reused": say("reused"),
        "failed": say("failed"),
        "silent yet": say("It has said nothing yet."),
        "silent": say("It said nothing."),
    }
