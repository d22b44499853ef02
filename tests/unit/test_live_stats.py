"""The live picture of containers: what it says, what it draws, and that nothing of it goes on when it is stopped."""

from __future__ import annotations

import subprocess
import sys
import threading
from xml.etree import ElementTree as ET

import pytest

from labkit.engine.meter import Meter, Usage
from labkit.errors import EngineError
from labkit.pictures import live_stats
from labkit.pictures.live_stats import usage

MIB = 1 << 20
WEB = Usage("web", "running", "hello:1", ("8070→3000",), 150.0, 23 * MIB, 64 * MIB)
DONE = Usage("worker-1", "exited", "hello:1")


@pytest.mark.parametrize("rows", [[WEB, DONE], [WEB], [Usage("x" * 80, "created", "i", ("1→2",) * 9)], []])
def test_a_picture_is_as_others_are(rows):
    figure = usage(rows)
    root = ET.fromstring(figure._repr_html_())  # noqa: S314  our own text; IPython's name for it
    assert root.get("role") == "img"
    _, _, width, height = map(float, root.get("viewBox").split())
    for shape in root.iter("rect"):
        x, y, wide, high = (float(shape.get(key)) for key in ("x", "y", "width", "height"))
        assert 0 <= x < x + wide <= width
        assert 0 <= y < y + high <= height
    assert all(each.name in figure.label and each.state in figure.label for each in rows)


def test_its_text_is_the_same_whatever_is_used():
    assert usage([WEB, DONE]).text == "web       running  8070→3000\nworker-1  exited"
    assert usage([]).text == "There is no container yet."


def test_a_name_is_text():
    figure = usage([Usage("<script>", "running", "i")])
    assert "<script>" not in figure._repr_html_()


class FakeMeter:
    def __init__(self):
        self.readings, self.read_twice, self.fault = 0, threading.Event(), None

    def read(self):
        self.readings += 1
        if self.readings > 2:
            self.read_twice.set()
        if self.fault:
            raise self.fault
        return [WEB]


class FakeSource:
    def __init__(self):
        self.made = FakeMeter()

    def meter(self, name):  # noqa: ARG002  as the real one
        return self.made


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "labkit-live"]


def test_it_is_refreshed_until_it_is_stopped():
    source = FakeSource()
    live = live_stats(source, every=0.01)
    assert source.made.read_twice.wait(10)
    live.stop()
    assert (live.running, threads()) == (False, [])
    live.start()
    assert len(threads()) == 1
    other = live_stats(FakeSource(), every=0.01)  # the earlier one stops
    assert (live.running, other.running, len(threads())) == (False, True, 1)
    other.stop()
    assert threads() == []


def test_its_text_form_is_what_a_cell_shows():
    live = live_stats(FakeSource(), every=60)
    shown = live._repr_mimebundle_()
    live.stop()
    assert shown["text/plain"] == "web  running  8070→3000" == repr(live)
    assert "application/vnd.jupyter.widget-view+json" in shown


def test_an_engine_that_does_not_answer_is_said_and_asked_again():
    source = FakeSource()
    live = live_stats(source, every=0.01)
    source.made.fault = EngineError("The engine is away.", fix="-")
    source.made.readings = 0
    source.made.read_twice.clear()
    assert source.made.read_twice.wait(10)
    assert any("The engine is away." in str(getattr(each, "value", "")) for each in live.children[1].children)
    live.stop()


def test_a_kernel_that_ends_does_not_wait_for_it():
    program = (
        "from labkit.pictures import live_stats\n"
        "from labkit.engine.meter import Usage\n"
        "class Source:\n"
        "    def meter(self, name): return self\n"
        "    def read(self): return [Usage('web', 'running', 'i')]\n"
        "live_stats(Source(), every=0.01)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=60, check=False).returncode == 0


def listed(**changed):
    one = {"Id": "1", "Names": ["/web"], "State": "running", "Image": "hello:1", "Ports": [], "Status": "Up 2 seconds"}
    return {**one, **changed}


def stats(total, system, **memory):
    cpu = {"cpu_usage": {"total_usage": total}, "system_cpu_usage": system, "online_cpus": 2}
    return {"cpu_stats": cpu, "memory_stats": memory}


class FakeEngine:
    def __init__(self, containers, *samples):
        self._containers, self._samples, self.api = containers, list(samples), self

    def containers(self):
        return self._containers

    def stats(self, container, *, stream, one_shot):  # noqa: ARG002  as the SDK's
        assert (stream, one_shot) == (False, True)
        found = self._samples.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


def test_a_meter_compares_with_its_last_reading():
    memory = {"usage": 30 * MIB, "limit": 64 * MIB, "stats": {"inactive_file": 10 * MIB}}
    meter = Meter(FakeEngine([listed()], stats(1000, 10_000, **memory), stats(2000, 14_000, **memory)))
    known = {"id": "1", "status": "Up 2 seconds"}
    assert meter.read() == [Usage("web", "running", "hello:1", (), None, 20 * MIB, 64 * MIB, **known)]
    assert meter.read() == [Usage("web", "running", "hello:1", (), 50.0, 20 * MIB, 64 * MIB, **known)]


def test_a_meter_takes_what_there_is():
    both = [{"PublicPort": 80, "PrivatePort": 3000, "IP": ip} for ip in ("0.0.0.0", "::")]  # noqa: S104
    rows = [
        listed(Id="2", Names=["/web", "/other/alias"], Ports=[*both, {"PrivatePort": 9}]),
        listed(Names=["/gone"]),
        listed(Id="3", Names=["/done"], State="exited", Status="Exited (0) now"),
        listed(Id="4", Names=["/x"], State="created", Ports=None, Status=""),
    ]
    old = {"memory_stats": {"usage": 5, "limit": 9, "stats": {"total_inactive_file": 7}}, "cpu_stats": {}}
    meter = Meter(FakeEngine(rows, old, EngineError("gone", fix="-")))
    assert meter.read() == [
        Usage("done", "exited", "hello:1", id="3", status="Exited (0) now"),
        Usage("gone", "running", "hello:1", id="1", status="Up 2 seconds"),
        Usage("web", "running", "hello:1", ("80→3000",), None, 0, 9, id="2", status="Up 2 seconds"),
        Usage("x", "created", "hello:1", id="4", status="created"),
    ]
    assert [each.name for each in Meter(FakeEngine(rows, {}, {}), "on").read()] == ["done", "gone"]


@pytest.mark.parametrize(
    "new", [stats(900, 14_000, usage=1), stats(2000, 10_000, usage=1), stats(2000, 9_000, usage=1)]
)
def test_a_container_that_was_started_anew_has_no_use_yet(new):
    meter = Meter(FakeEngine([listed()], stats(1000, 10_000, usage=1), new))
    assert [each.cpu for each in (*meter.read(), *meter.read())] == [None, None]
