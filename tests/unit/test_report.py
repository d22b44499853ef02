from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from labkit.report import RENDERERS, json_
from labkit.result import Finding, Outcome, Report

SCHEMA = json.loads(Path(json_.__file__).with_name("report-v1.schema.json").read_text())


def finding(outcome, **fields):
    return Finding(outcome, **{"saw": "seen", "want": "wanted", "why": "because", "check": "c", "title": "T", **fields})


def report(*outcomes, **fields):
    return Report("06-layer-order", "Order", tuple(finding(o, **fields) for o in outcomes), "a" * 64, "Docker Engine 1")


@pytest.mark.parametrize(
    ("outcomes", "whole"),
    [
        ([], Outcome.TODO),
        ([Outcome.PASS], Outcome.PASS),
        ([Outcome.PASS, Outcome.TODO], Outcome.TODO),
        ([Outcome.TODO, Outcome.FAIL], Outcome.FAIL),
        ([Outcome.FAIL, Outcome.ERROR, Outcome.PASS], Outcome.ERROR),
    ],
)
def test_outcome_of_the_whole(outcomes, whole):
    assert report(*outcomes).outcome is whole


def test_only_a_pass_earns():
    assert report(*Outcome, points=2.5).points == 2.5
    assert report(*Outcome, points=2.5).max_points == 10


@pytest.mark.parametrize("outcome", Outcome)
def test_json_is_valid_by_its_schema(outcome):
    jsonschema.validate(json.loads(RENDERERS["json"](report(outcome))), SCHEMA)


def test_schema_refuses_an_unknown_outcome():
    data = json_.as_data(report(Outcome.PASS))
    data["findings"][0]["outcome"] = "maybe"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, SCHEMA)


def test_junit_counts_and_escapes():
    suite = ET.fromstring(RENDERERS["junit"](report(*Outcome, saw="<&\x00\x1b")))[0]  # noqa: S314  our own text
    assert [suite.get(k) for k in ("tests", "failures", "errors", "skipped")] == ["4", "1", "1", "1"]
    assert suite.find("testcase/failure").get("message") == "<&\ufffd\ufffd"


def test_text_tells_what_was_seen_wanted_and_why():
    text = RENDERERS["text"](report(Outcome.FAIL))
    assert "✗ not yet  T" in text
    assert [line.strip() for line in text.splitlines()[3:6]] == ["Seen: seen", "Wanted: wanted", "Why: because"]
    assert "0 of 1 points" in text


@pytest.mark.parametrize("name", RENDERERS)
def test_every_renderer_takes_every_outcome(name):
    assert RENDERERS[name](report(*Outcome))
