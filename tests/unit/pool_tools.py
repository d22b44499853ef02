"""What the pool's processes do in its tests, in place of grading; found by name in a process of their own."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime

from labkit.errors import EngineDied
from labkit.grading.job import Job, Key, Record
from labkit.result import Finding, Outcome, Provenance, Report
from labkit.workspace import SourceFile

EXERCISE = "00-first-check"


def job(number, text=""):
    return Job(Key("1", "e", f"{number:064}"), EXERCISE, {"Dockerfile": SourceFile(text.encode())})


def record(this, outcome=Outcome.PASS, size=1):
    image = {"image": {"history": [{"instruction": this.key.submission_hash, "size": size}]}}
    report = Report(
        EXERCISE, "T", (Finding(outcome, "seen", check="c", title="C"),), this.key.submission_hash, "E", image
    )
    return Record(this.key, report, Provenance("1", "e", "E", {"a": "b"}, datetime.now(UTC), 1.5))


def do(this):
    """Do what the job's Dockerfile says."""
    text = this.files["Dockerfile"].data.decode()
    if text == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if text == "engine":
        raise EngineDied("It is gone.", fix="start it")
    if text == "bug":
        raise TypeError("not so")
    return record(this, size=int(text) if text.isdigit() else 1)
