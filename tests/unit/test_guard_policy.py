from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from fake_guard import World, ask, only, seat

from labkit.guard import policy
from labkit.guard.ledger import Ledger
from labkit.guard.messages import Answer, Body, Call, Relay, Reply
from labkit.guard.refusal import Malformed, Missing, Refused

API = "1.41"


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("/_ping", (API, ("_ping",), ())),
        ("/v1.25/info", ("1.25", ("info",), ())),
        ("/v1.41/containers/a%2Db/json", ("1.41", ("containers", "a-b", "json"), ())),
        ("/images/a:1/json?x=1&y=a+b%2B", (API, ("images", "a:1", "json"), (("x", "1"), ("y", "a b+")))),
        ("/_ping?&&", (API, ("_ping",), ())),
        ("/a?x=%C3%A9&x", (API, ("a",), (("x", "é"), ("x", "")))),
    ],
)
def test_a_target(target, found):
    assert policy.parse_target(target, API) == found


@pytest.mark.parametrize(
    "target",
    [
        *("", "*", "_ping", "/", "//_ping", "/_ping/", "/containers//json", "http://x/_ping", "/_ping#x", "/é"),
        *("/containers/../info", "/containers/./json", "/containers/%2e%2e/info", "/containers/a%2Fb/json"),
        *("/containers/a%00/json", "/containers/a%0d%0ab/json", "/a%", "/a%2", "/a%zz", "/%ff", "/a b", "/a%20b"),
        *("/_ping?x=%zz", "/_ping?x=%ff", "/_ping?a;b=1", "/_ping?x=%00", "/a?" + "x=1&" * 65, "/" + "a" * 20000),
        *("/v1.24/info", "/v0.1/info", "/v1.42/info", "/v2.0/info", "/v1.999/info", "/" + "a" * 256),
    ],
)
def test_no_target(target):
    with pytest.raises(Malformed):
        policy.parse_target(target, API)


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/secrets/x"),
        ("POST", "/swarm/init"),
        ("POST", "/plugins/pull"),
        ("GET", "/debug/pprof/heap"),
        ("POST", "/containers/x/checkpoints"),
        ("GET", "/containers/x/attach/ws"),
        ("PUT", "/volumes/x"),
        ("POST", "/images/build"),
        ("get", "/info"),
        ("PRI", "/info"),
        ("GET", "/v1.41/v1.41/info"),
        ("GET", "/v1.41"),
        ("DELETE", "/containers/x/json"),
        ("GET", "/Info"),
    ],
)
def test_what_is_not_in_the_table_is_refused(method, target):
    calls, found = ask(seat(), only(Reply(200)), method, target)
    assert isinstance(found, Refused)
    assert (calls, found.status) == ([], 403)


@pytest.mark.parametrize("value", ["1", "true", "x", " "])
def test_a_value_that_is_not_known_is_refused(value):
    with pytest.raises(Malformed, match="'signal'"):
        policy.route("POST", ("containers", "x", "wait"), (("signal", value),))
    assert policy.route("POST", ("containers", "x", "wait"), (("signal", ""),))


def test_a_value_given_twice_is_refused():
    with pytest.raises(Malformed, match="twice"):
        policy.route("GET", ("info",), (("x", ""), ("x", "")))
    assert policy.route("POST", ("build",), (("t", "a"), ("t", "b"))).body is Body.STREAM


def test_no_row_is_hidden_by_one_above_it():
    for row in policy.ROUTES:
        for method in row.methods.split("|"):
            for last in row.path.split("/")[-1].split("|"):
                path = [*row.path.strip("/").split("/")[:-1], last]
                segments = tuple({"*": "xx", "**": "xx"}.get(each, each.split("|")[0]) for each in path)
                assert policy.route(method, segments, ()) is row


def test_a_refusal_is_a_decision_with_the_engines_own_form():
    calls, found = ask(seat(), only(Reply(200)), "GET", "/containers/nobody/json")
    assert calls == []
    assert isinstance(found, Missing)
    assert policy.refusal(found) == Answer(404, {"message": "No such container: nobody"})


@pytest.fixture
def world():
    ledger = Ledger(":memory:")
    return World((seat("ada", ledger), seat("eve", ledger)))


def call(it, method, target, body=None):
    return ask(it.seats[0], it.answers, method, target, body)


def packed(**filters):
    return "?filters=" + quote(json.dumps(filters))


@pytest.mark.parametrize(
    ("target", "names"),
    [
        ("/containers/json", ["/wordada-web"]),
        ("/containers/json" + packed(name=["eve"]), []),
        ("/containers/json" + packed(name=["^/wordada-web$"]), ["/wordada-web"]),
        ("/containers/json" + packed(volume=["wordada-data"]), ["/wordada-web"]),
        ("/containers/json" + packed(volume=["lk-ada-wordada-data"]), []),
        ("/containers/json" + packed(network={"wordada-net": True}), ["/wordada-web"]),
        ("/containers/json" + packed(network={"wordada-net": False}), []),
    ],
)
def test_a_list_of_containers_is_the_seats(world, target, names):
    _, found = call(world, "GET", target)
    assert [name for each in found.body for name in each["Names"]] == names


@pytest.mark.parametrize(
    "target",
    [
        "/containers/json" + packed(label=[5]),
        "/containers/json" + packed(nothing=["x"]),
        "/containers/json" + packed(name=["(a+)+$"]),
        "/containers/json?filters=[]",
        "/containers/json?filters={",
        "/containers/json?filters=" + quote('{"name":["\\ud800"]}'),
        "/images/json" + packed(reference=["*" * 9]),
        "/networks" + packed(name=[".*"]),
    ],
)
def test_filters_that_are_refused(world, target):
    _, found = call(world, "GET", target)
    assert found.status == 400
    assert str(found).encode()


@pytest.mark.parametrize(
    "target",
    [
        "/images/prune" + packed(dangling=[]),
        "/volumes/prune" + packed(all=[]),
        "/volumes/prune" + packed(all={"true": False}),
        "/containers/prune" + packed(label=[]),
        "/networks/prune" + packed(label=[]),
    ],
)
def test_filters_without_a_value(world, target):
    _, found = call(world, "POST", target)
    assert found.status == 200


def test_what_is_anothers_is_not_there(world):
    for word in world.secrets["eve"] | {"wordeve-web", "lk-eve-wordeve-web", world.containers[1]["Id"]}:
        for target in (f"/containers/{word}/json", f"/networks/{word}", f"/volumes/{word}", f"/exec/{word}/json"):
            calls, found = call(world, "GET", target)
            assert (calls, found.status) == ([], 404), target


def test_calls_name_the_full_id(world):
    calls, _ = call(world, "POST", "/containers/wordada-web/kill?signal=SIGTERM")
    assert calls == [Call("POST", f"/containers/{world.containers[0]['Id']}/kill", (("signal", "SIGTERM"),))]


def test_a_fault_of_the_engine_names_nobody_else():
    it = seat()
    it.own("container", "c" * 64, "web")
    said = f"Conflict. In use by {'d' * 64}, not by {'c' * 64} (lk-ada-web)"
    _, found = ask(it, only(Reply(409, {"message": said})), "POST", "/containers/web/start")
    assert found == Answer(409, {"message": f"Conflict. In use by …, not by {'c' * 64} (web)"})


def test_stopping_takes_no_longer_than_allowed(world):
    for given, sent in (("5", "5"), ("9999", "30"), ("-1", "30")):
        calls, _ = call(world, "POST", f"/containers/wordada-web/stop?t={given}")
        assert calls[0].query == (("t", sent),)


def test_an_update_changes_what_it_names_alone(world):
    body = {"Memory": 1 << 40, "PidsLimit": 0, "NanoCpus": 0}
    calls, _ = call(world, "POST", "/containers/wordada-web/update", body)
    assert calls[0].body == {"Memory": 1 << 30, "MemorySwap": 1 << 30}


def test_a_save_names_what_is_the_seats(world):
    _, found = call(world, "GET", "/images/get?names=wordada/shop:1,alpine:3.20")
    assert isinstance(found, Relay)
    assert found.call.query == (("names", "labkit.invalid/ada/o/wordada/shop:1"), ("names", "alpine:3.20"))
    _, found = call(world, "GET", "/images/get?names=wordeve/shop:1")
    assert found.status == 404


@pytest.mark.parametrize("query", ["", "?dockerfile=", "?dockerfile=Dockerfile", "?labels=null&buildargs=null"])
def test_no_build_without_a_look_at_its_dockerfile(world, query):
    _, found = call(world, "POST", "/build" + query)
    assert found.upload is not None
    with pytest.raises(Malformed, match="Cannot locate specified Dockerfile"):
        found.upload.close()


@pytest.mark.parametrize(
    "query",
    [
        *("networkmode=host", "networkmode=container:x", "remote=http://x/y", "extrahosts=x:1", "cgroupparent=/x"),
        *("squash=1", "outputs=[1]", "t=lk:-", "t=cafe", 'cachefrom=["wordeve/shop:1"]', "buildargs=[1]", "labels=3"),
        *("session=AB&version=2", "buildid=x:y&version=2", 'buildargs={"BUILDKIT_SYNTAX":"x"}'),
    ],
)
def test_builds_that_are_refused(world, query):
    calls, found = call(world, "POST", "/build?" + query)
    assert isinstance(found, Refused)
    assert not [each for each in calls if each.method != "GET"]


def test_a_wall_does_not_hold_what_it_refused(world):
    body = {"Image": "alpine:3.20", "HostConfig": {"Binds": ["/:/host"]}}
    for target in ("/containers/create", "/nothing"):
        _, found = call(world, "POST", target, body)
        policy.refusal(found)
        assert found.__traceback__ is None
