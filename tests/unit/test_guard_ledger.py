from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from fake_guard import only, perform, seat

from labkit.guard import ledger as module
from labkit.guard.ledger import Ledger, Thing
from labkit.guard.messages import Reply
from labkit.guard.settle import settle

WEB = Thing("container", "c" * 64, "web", "alpine:3.20")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


def test_what_one_writes_another_reads(path):
    one, two = Ledger(path), Ledger(path)
    one.own("ada", WEB)
    assert two.things("ada", "container") == [WEB]
    assert two.thing("ada", "container", WEB.id) == WEB
    two.own("ada", Thing("container", WEB.id, "new", WEB.parent))
    assert [each.name for each in one.things("ada", "container")] == ["new"]
    assert one.things("eve", "container") == one.things("ada", "network") == []
    assert one.thing("eve", "container", WEB.id) is None
    one.close()
    two.close()


def test_a_kill_loses_nothing_that_was_written(path):
    """A process writes and is killed; whoever opens the file then finds it whole."""
    code = """if True:
        import os, sys
        from labkit.guard.ledger import Ledger, Thing
        book = Ledger(sys.argv[1])
        word = book.intend("ada", "container", name="web")
        book.own("ada", Thing("volume", "v", "v"))
        book._db.execute("BEGIN IMMEDIATE")
        book._db.execute("DELETE FROM things")  # begun, and never to be done
        print(word, flush=True)
        os.kill(os.getpid(), int(sys.argv[2]))
    """
    done = subprocess.run(
        [sys.executable, "-c", code, str(path), str(int(signal.SIGKILL))], capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    book = Ledger(path)
    (intent,) = book.intents()
    assert (intent.word, intent.seat, intent.kind) == (done.stdout.strip(), "ada", "container")
    assert intent.detail == {"name": "web"}
    assert [each.id for each in book.things("ada", "volume")] == ["v"]
    book.own("ada", WEB, intent.word)
    assert book.intents() == []
    book.close()


def test_words_are_not_to_be_guessed(path):
    book = Ledger(path)
    found = {book.intend("ada", "container") for _ in range(50)}
    assert len(found) == 50
    assert all(len(word) == 32 for word in found)
    book.close()


def test_what_ran_in_a_container_goes_with_it():
    book = Ledger(":memory:")
    for who in ("ada", "eve"):
        book.own(who, WEB)
        book.own(who, Thing("exec", f"e{who}", parent=WEB.id))
    book.forget("ada", "container", [WEB.id])
    assert book.things("ada", "exec") == book.things("ada", "container") == []
    assert [each.id for each in book.things("eve", "exec")] == ["eeve"]


def test_an_image_may_have_several_owners():
    book = Ledger(":memory:")
    book.own("ada", Thing("image", "i"))
    assert not book.owned_by_others("ada", "image", "i")
    book.own("eve", Thing("image", "i"))
    assert book.owned_by_others("ada", "image", "i")
    assert book.seats() == ["ada", "eve"]


def test_of_refusals_the_newest_stay(monkeypatch):
    monkeypatch.setattr(module, "KEEP_REFUSED", 3)
    book = Ledger(":memory:")
    for number in range(5):
        book.refuse(float(number), "ada" if number % 2 else "eve", "x" * 1000, f"r{number}")
    assert [row[3] for row in book.refused()] == ["r2", "r3", "r4"]
    assert [row[3] for row in book.refused("eve")] == ["r2", "r4"]
    assert [row[3] for row in book.refused(most=1)] == ["r4"]
    assert len(book.refused()[0][2]) == 500


def test_the_file_is_for_its_user_alone(path):
    old = os.umask(0o077)  # as the guard's process sets it
    try:
        Ledger(path).close()
    finally:
        os.umask(old)
    assert path.stat().st_mode & 0o077 == 0


# -- after a crash ---------------------------------------------------------------------------------------------


class Engine:
    """What an engine says to settle: lists, and a look at a container."""

    def __init__(self, containers=(), networks=(), volumes=(), images=()):
        self.lists = {
            "/containers/json": list(containers),
            "/networks": list(networks),
            "/volumes": {"Volumes": list(volumes)},
            "/images/json": list(images),
        }

    def __call__(self, call):
        if call.path in self.lists:
            return Reply(200, self.lists[call.path])
        found = next(each for each in self.lists["/containers/json"] if each["Id"] in call.path)
        return Reply(200, {**found, "Name": found["Names"][0]})


def container(word, name="/lk-ada-web", **more):
    return {"Id": WEB.id, "Names": [name], "Labels": {"labkit.guard.intent": word}, **more}


def test_what_was_made_before_the_crash_is_found_again():
    it = seat()
    word = it.ledger.intend("ada", "container", name="web", parent="alpine:3.20")
    net = it.ledger.intend("ada", "network", name="net")
    vol = it.ledger.intend("ada", "volume", name="data")
    never = it.ledger.intend("ada", "volume", name="never")
    mounts = [{"Type": "volume", "Name": "lk-ada-of-it"}, {"Type": "tmpfs"}]
    engine = Engine(
        [container(word, Mounts=mounts)],
        [{"Id": "n", "Labels": {"labkit.guard.intent": net}}, {"Id": "other", "Labels": None}],
        [
            {"Name": "lk-ada-data", "Labels": {"labkit.guard.intent": vol}},
            {"Name": "lk-ada-of-it", "Labels": {"labkit.guard.intent": word}},
        ],
        [{"Id": "i", "RepoTags": ["labkit.invalid/ada/o/shop:1", "labkit.invalid/eve/o/shop:1", "shop:1"]}],
    )
    perform(settle(it), engine)
    assert it.things("container") == [WEB]
    assert it.things("network") == [Thing("network", "n", "net")]
    assert {each.id: each.name for each in it.things("volume")} == {"lk-ada-data": "data", "lk-ada-of-it": "of-it"}
    assert it.tags() == {"shop:1": "i"}
    assert it.ids("image") == {"i"}
    assert it.ledger.intents() == []
    assert never


def test_a_label_without_its_word_proves_nothing():
    it = seat()
    theirs = it.ledger.intend("eve", "container", name="web")
    labels = {"labkit.guard": "ada", "labkit.guard.intent": "0" * 32}
    engine = Engine(
        [container("0" * 32), container(theirs)],
        [{"Id": "n", "Labels": labels}],
        [{"Name": "lk-ada-data", "Labels": labels}],
        [{"Id": "i", "RepoTags": None, "Labels": labels}],
    )
    perform(settle(it), engine)
    assert not [thing for kind in ("container", "network", "volume", "image", "tag") for thing in it.things(kind)]
    assert [each.word for each in it.ledger.intents()] == [theirs]  # another seat's are not settled here


def test_what_is_gone_is_struck_out():
    it = seat()
    for kind in ("container", "network", "volume", "image"):
        it.own(kind, f"{kind}-gone", "x")
    it.own("tag", "shop:1", "shop:1", "image-gone")
    perform(settle(it), Engine())
    assert not [thing for kind in ("container", "network", "volume", "image", "tag") for thing in it.things(kind)]


def test_an_engine_that_says_nothing_takes_nothing_away():
    it = seat()
    it.own("container", WEB.id, "web")
    it.own("tag", "shop:1", "shop:1", "i")
    perform(settle(it), only(Reply(500, {"message": "x"})))
    assert [each.name for each in it.things("container")] == ["web"]
    assert it.tags() == {"shop:1": "i"}


def test_a_container_that_was_not_named_yet_gets_its_name():
    it = seat()
    it.own("container", WEB.id, parent="alpine:3.20")
    perform(settle(it), Engine([container("")]))
    assert it.things("container") == [WEB]
