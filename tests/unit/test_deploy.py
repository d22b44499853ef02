"""The manifests of a grading cluster: they are what the Dask operator takes, and say what docs/grading.md says."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from labkit.errors import EngineNotFound
from labkit.grading import cluster, worker

FOLDER = Path(__file__).parents[2] / "deploy" / "grading"
SCHEMA = Path(__file__).with_name("schemas") / "daskcluster-v1.json"
CLUSTER = yaml.safe_load((FOLDER / "cluster.yaml").read_text())
POLICIES = list(yaml.safe_load_all((FOLDER / "network.yaml").read_text()))
WORKER, ENGINE = CLUSTER["spec"]["worker"]["spec"]["containers"]
SCHEDULER = CLUSTER["spec"]["scheduler"]["spec"]["containers"][0]


def strict(node):
    """A schema that refuses what the API server would drop without a word: a field that is not in it."""
    if isinstance(node, list):
        return [strict(each) for each in node]
    if not isinstance(node, dict):
        return node
    made = {key: strict(value) for key, value in node.items()}
    if node.get("type") == "object" and isinstance(node.get("properties"), dict):
        made.setdefault("additionalProperties", False)
    return made


def options(container):
    return dict(arg.removeprefix("--").split("=", 1) for arg in container["args"] if "=" in arg)


def test_the_operator_takes_the_cluster():
    outer = {"apiVersion", "kind", "metadata"}
    validator = jsonschema.Draft202012Validator(strict(json.loads(SCHEMA.read_text())))
    validator.validate({key: value for key, value in CLUSTER.items() if key not in outer})
    wrong = {"spec": {**CLUSTER["spec"], "workers": 3}}
    assert not validator.is_valid(wrong)


def test_a_worker_takes_as_many_jobs_as_its_engine_has_places():
    said = options(WORKER)
    assert said["resources"] == f"{cluster.ENGINE}={said['nthreads']}"
    assert said["preload"] == worker.__name__


def test_worker_and_engine_meet_at_one_socket_and_nowhere_else():
    (address,) = [each["value"] for each in WORKER["env"] if each["name"] == "DOCKER_HOST"]
    assert options(ENGINE)["host"] == address
    folder = str(Path(address.removeprefix("unix://")).parent)
    for container in (WORKER, ENGINE):
        assert folder in {mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] == "socket"}
    assert not any("tcp://" in arg for arg in ENGINE["args"])
    assert options(ENGINE)["group"] == str(WORKER["securityContext"]["runAsGroup"])


def test_only_the_engine_is_privileged_and_everybody_is_limited():
    assert ENGINE["securityContext"] == {"privileged": True}
    for container in (WORKER, SCHEDULER):
        assert container["securityContext"]["runAsNonRoot"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert all("memory" in each["resources"]["limits"] for each in (WORKER, ENGINE, SCHEDULER))
    assert WORKER["image"] == SCHEDULER["image"]


def test_each_pod_has_a_policy_of_its_own():
    name, space = CLUSTER["metadata"]["name"], CLUSTER["metadata"]["namespace"]
    chosen = {each["spec"]["podSelector"]["matchLabels"]["dask.org/component"]: each for each in POLICIES}
    assert set(chosen) == {"scheduler", "worker"}
    assert {each["metadata"]["namespace"] for each in POLICIES} == {space}
    assert {each["spec"]["podSelector"]["matchLabels"]["dask.org/cluster-name"] for each in POLICIES} == {name}
    assert chosen["worker"]["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert all(rule["to"] for rule in chosen["worker"]["spec"]["egress"])


def test_the_image_has_all_that_a_worker_needs():
    names = ("Dockerfile", "Dockerfile.dockerignore")
    dockerfile, ignore = ((FOLDER / name).read_text().splitlines() for name in names)
    sources = {source for line in dockerfile if line.startswith("COPY") for source in line.split()[1:-1]}
    sent = {line[1:] for line in ignore if line.startswith("!")}
    assert sources == sent == {"pyproject.toml", "README.md", "labkit", "exercises", "solutions"}


class TestTheWorker:
    @pytest.fixture(autouse=True)
    def quick(self, monkeypatch):
        monkeypatch.setattr(worker.wait_for_engine.retry, "sleep", lambda _seconds: None)

    def test_waits_for_its_engine_and_makes_the_images_ready(self, monkeypatch):
        answers, ready = iter([EngineNotFound("none", fix="-"), EngineNotFound("none", fix="-"), "engine"]), []

        def connect():
            answer = next(answers)
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(worker, "connect", connect)
        monkeypatch.setattr(worker, "prepare", ready.append)
        worker.dask_setup(object())
        assert ready == ["engine"]
