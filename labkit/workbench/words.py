"""What the workbench says in the browser, by key; `src/api.ts` has the same keys, and no words of its own."""

from __future__ import annotations

from labkit.status import STATUSES
from labkit.words import say


def words() -> dict[str, str]:
    """All of it in the learner's language; what stands in braces is filled in there."""
    return {status: shown.word for status, shown in STATUSES.items()} | _course() | _live() | _trouble()


def _course() -> dict[str, str]:
    """The words of the course and of where one is."""
    return {
        "course": say("Docker Basics"),
        "continue": say("Continue: {title}"),
        "continue_caption": say("Open the notebook where you stopped"),
        "finished": say("All exercises passed"),
        "progress": say("Your progress"),
        "progress_caption": say("Notebooks, exercises, points, and what is next"),
        "passed": say("{passed} of {count} exercises passed, {points} of {most} points"),
        "next": say("next"),
        "again": say("an earlier version was passed"),
        "minutes": say("{minutes} min"),
        "points": say("{points} of {most} points"),
        "files": say("Open your files of {title}"),
        "open_exercise": say("Open the exercise {title}"),
        "not_served": say("This server does not serve the course's folder, so nothing can be opened from here."),
    }


def _live() -> dict[str, str]:
    """The words of the live view."""
    return {
        "containers": say("Your containers"),
        "containers_caption": say("Containers and images that you made with docker"),
        "no_containers": say("No container yet. `docker run` in a cell or in a terminal makes one."),
        "no_images": say("No image of yours yet."),
        "images": say("Your images"),
        "stop": say("Stop"),
        "stop_one": say("Stop {name}"),
        "remove": say("Remove"),
        "remove_one": say("Remove {name}"),
        "logs": say("Logs"),
        "logs_one": say("Logs of {name}"),
        "no_logs": say("It has written nothing yet."),
        "port": say("Open port {host} of this machine: port {container} of {name}"),
        "through": say("through the server"),
        "through_one": say("Open port {host} through the notebook's server"),
        "cpu": say("CPU {cpu} %"),
        "memory": say("memory {memory} of {limit} MiB"),
        "unnamed": say("no name, {id}"),
        "in_use": say("in use"),
        "changed": say("{name}: {state}"),
        "gone": say("{name} is gone"),
    }


def _trouble() -> dict[str, str]:
    """The words of what went wrong."""
    return {
        "trouble_head": say("The containers cannot be shown."),
        "course_trouble": say("The course cannot be shown."),
        "what_to_do": say("What to do: {fix}"),
        "no_answer": say("The notebook's server does not answer."),
        "no_answer_fix": say("see whether it still runs; this is tried again by itself"),
    }
