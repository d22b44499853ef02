"""Grades from bundles made by hand: what is found out anew, what is taken over, and what a person has to decide."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from bundle_tools import (
    CHECK_TABLES,
    KEY,
    MINE,
    SECRET,
    bundle,
    exercise,
    findings,
    held,
    image,
    kinds,
    layer,
    rewritten,
)

from labkit.errors import EngineNotFound
from labkit.grading.from_bundles import AS_SAID, LESS, NO_RESULT, grades_from_bundles
from labkit.grading.late import Late
from labkit.grading.submission import IntakeError
from labkit.result import Outcome

PASS, FAIL, TODO, ERROR = Outcome.PASS, Outcome.FAIL, Outcome.TODO, Outcome.ERROR
NEVER = Late()


@pytest.fixture(autouse=True)
def no_engine(monkeypatch):
    def gone(*_arguments, **_options):
        raise EngineNotFound("There is none.", fix="-")

    for place in ("labkit.engine.connect", "labkit.engine.at", "labkit.grading.job.connect"):
        monkeypatch.setattr(place, gone)


@pytest.fixture
def this(tmp_path):
    return exercise(tmp_path / "exercises")


@pytest.fixture
def ada(tmp_path):
    return tmp_path / "in" / "ada.zip"


def grade(path, *exercises, key=None, late=NEVER):
    (found,) = grades_from_bundles(path.parent, exercises, late, key)
    return found


def outcomes(found):
    return [finding.outcome for finding in found.report.findings]


def test_which_checks_are_repeated():
    """A new check belongs into one of the three lists; the manual has them, too."""
    assert kinds() == {
        "files": ["base_images_pinned", "context_at_most", "fact_found", "instruction_order", "instruction_present"],
        "lists": [
            "config_equals",
            "exposes_port",
            "image_builds",
            "image_smaller_than_single_stage",
            "in_image",
            "no_secret_inside",
            "not_in_image",
        ],
        "nothing": [
            "answers_on_port",
            "commands_say",
            "commands_succeed",
            "container_holds",
            "container_is",
            "container_lacks",
            "ended_by_itself",
            "ended_for_memory",
            "image_tagged",
            "layer_reused",
            "memory_limited",
            "no_tags_left",
            "only_container",
            "password_by_stdin",
            "port_published",
            "prints",
            "published_answers",
            "pulled_by_digest",
            "registry_holds",
            "registry_tags_agree",
            "runs_as_non_root",
            "runs_one_process",
            "same_answer",
            "same_image",
            "shares_network",
            "stays_up",
            "stops_gracefully",
        ],
    }


def test_all_passes(this, ada):
    found = grade(bundle(ada, this), this)
    assert outcomes(found) == [PASS] * 4
    assert (found.learner, found.points, found.max_points, found.source) == ("ada", 15, 15, "ada.zip")
    assert [f.saw for f in found.report.findings][1:] == [
        "The build sends 0 kB in 2 files.",
        "None of the 1 secrets is in a layer of the image, or in its history.",
        f"{AS_SAID}pass then",
    ]
    assert found.notes == ("Not repeated here: Port 3000 answers.", "It is not signed.")
    assert found.report.engine == "none; the bundle was made with Docker Engine 1"
    assert found.provenance.engine == found.report.engine


@pytest.mark.parametrize("outcome", [FAIL, TODO, ERROR])
def test_what_is_not_repeated_ends_as_it_did(this, ada, outcome):
    found = grade(bundle(ada, this, said=findings(this, answers_on_port=outcome)), this)
    assert outcomes(found) == [PASS, PASS, PASS, outcome]
    assert (found.points, found.open_points) == (7, 8 if outcome is ERROR else 0)
    assert found.report.findings[-1].saw == f"{AS_SAID}{outcome} then"


def test_a_failure_that_tells_nothing(tmp_path, ada):
    this = exercise(tmp_path / "e", '[[checks]]\nuse = "stays_up"\ndetails = "none"\n')
    said = tuple(type(f)(f.outcome, "", check=f.check) for f in findings(this, FAIL))
    assert grade(bundle(ada, this, said=said), this).report.findings[0].saw == f"{AS_SAID}fail."


class TestOneRepeated:
    """A bundle that claims to have passed everything, with evidence that says otherwise; and the other way round."""

    @pytest.mark.parametrize(
        ("table", "evidence", "outcome"),
        [
            ('use = "exposes_port"\nport = 3000', {}, PASS),
            ('use = "exposes_port"\nport = 3001', {}, FAIL),
            ('use = "config_equals"\nkey = "User"\nvalue = "node"', {}, PASS),
            ('use = "config_equals"\nkey = "User"\nvalue = "root"', {}, FAIL),
            ('use = "config_equals"\nkey = "Env.A"\nvalue = "b"', {}, PASS),
            ('use = "config_equals"\nkey = "StopSignal"\nvalue = "SIGINT"', {}, FAIL),
            ('use = "in_image"\npaths = ["app/x.js"]', {}, PASS),
            ('use = "in_image"\npaths = ["app/.env"]', {}, FAIL),
            ('use = "not_in_image"\npaths = ["app/.env"]', {}, PASS),
            ('use = "not_in_image"\npaths = ["app/*.js"]', {}, FAIL),
            ('use = "image_smaller_than_single_stage"\npercent = 75', {}, PASS),
            ('use = "image_smaller_than_single_stage"\npercent = 76', {}, FAIL),
            ('use = "base_images_pinned"', {}, PASS),
            ('use = "instruction_present"\nname = "HEALTHCHECK"', {}, FAIL),
            ('use = "instruction_order"\nfirst = "COPY package"\nthen = "RUN npm ci"', {}, PASS),
            ('use = "instruction_order"\nfirst = "RUN npm ci"\nthen = "COPY package"', {}, FAIL),
            ('use = "fact_found"\nfile = "facts.toml"\nname = "id"\nequals = ["7"]', {}, PASS),
            ('use = "fact_found"\nfile = "facts.toml"\nname = "id"\nequals = ["8"]', {}, FAIL),
            # without the layer in question, no second build is needed to see that
            ('use = "layer_reused"\nedit = "big"\nholds = "app/node_modules"', {}, FAIL),
            ('use = "image_builds"', {"build": {"builder": "buildkit", "steps": []}}, PASS),
            (f'use = "no_secret_inside"\nsecrets = {{ "k" = "{SECRET}" }}', {}, PASS),
            (
                f'use = "no_secret_inside"\nsecrets = {{ "k" = "{SECRET}" }}',
                {"searched": {sha256(SECRET.encode()).hexdigest(): "app/.env"}},
                FAIL,
            ),
            # it claims that nothing was found, and has the secret in its own lines
            (
                f'use = "no_secret_inside"\nsecrets = {{ "k" = "{SECRET}" }}',
                {"image": image(config={"Env": [f"KEY={SECRET}"]})},
                FAIL,
            ),
            (
                f'use = "no_secret_inside"\nsecrets = {{ "k" = "{SECRET}" }}',
                {"image": image(history=[{"instruction": f"RUN a {SECRET}", "size": 1, "layer": True}])},
                FAIL,
            ),
        ],
    )
    @pytest.mark.parametrize("claim", [PASS, FAIL])
    def test_the_evidence_wins(self, tmp_path, ada, table, evidence, outcome, claim):  # noqa: PLR0913, PLR0917  rows
        this = exercise(tmp_path / "exercises", f"[[checks]]\n{table}\n")
        files = {"Dockerfile": MINE, "facts.toml": b'id = "7"\n'}
        found = grade(bundle(ada, this, held(**evidence), files, findings(this, claim)), this)
        assert outcomes(found) == [outcome]
        title = found.report.findings[0].title
        said = f"{title}: The bundle said {claim}, the evidence in it says {outcome}."
        assert (said in found.notes) is (claim is not outcome)
        assert not any("Not repeated" in note for note in found.notes)

    def test_what_the_build_sends_is_reckoned_from_the_files(self, this, ada):
        """The bundle lists little, and its .dockerignore leaves nothing out."""
        found = grade(bundle(ada, this, files={"Dockerfile": MINE}), this)
        assert outcomes(found) == [PASS, FAIL, PASS, PASS]
        assert "Its list of what the build sent is not what its files send." in found.notes

    def test_a_dockerignore_that_cannot_be_read(self, this, ada):
        found = grade(bundle(ada, this, files={"Dockerfile": MINE, ".dockerignore": b"[\n"}), this)
        assert outcomes(found) == [PASS, FAIL, PASS, PASS]

    def test_facts_that_cannot_be_read(self, tmp_path, ada):
        table = '[[checks]]\nuse = "fact_found"\nfile = "facts.toml"\nname = "id"\nequals = ["7"]\n'
        this = exercise(tmp_path / "exercises", table)
        found = grade(bundle(ada, this, files={"facts.toml": b"id 7\n"}), this)
        assert outcomes(found) == [FAIL]
        assert "facts.toml cannot be read" in found.report.findings[0].saw

    def test_a_check_waits_for_what_is_found_now(self, tmp_path, ada):
        tables = '[[checks]]\nuse = "exposes_port"\nport = 1\n[[checks]]\nuse = "stays_up"\nafter = "exposes_port"\n'
        this = exercise(tmp_path / "exercises", tables)
        found = grade(bundle(ada, this), this)
        assert outcomes(found) == [FAIL, TODO]
        assert found.report.findings[1].saw.startswith("This comes after: ")


class TestLess:
    @pytest.mark.parametrize(
        ("evidence", "expected"),
        [
            ({"build": None}, [ERROR, PASS, PASS, PASS]),
            ({"image": None}, [ERROR, PASS, ERROR, PASS]),
            ({"searched": {}}, [PASS, PASS, ERROR, PASS]),
        ],
    )
    def test_a_pass_without_what_it_stands_on_is_for_a_person(self, this, ada, evidence, expected):
        found = grade(bundle(ada, this, held(**evidence)), this)
        assert outcomes(found) == expected
        assert found.set_aside
        assert {f.saw for f in found.report.findings if f.outcome is ERROR} == {LESS}

    def test_no_evidence_at_all(self, this, ada):
        """A failed build leaves none, and then nothing has passed."""
        found = grade(bundle(ada, this, built=False), this)
        assert outcomes(found) == [ERROR, ERROR, ERROR, PASS]
        said = findings(this, TODO, image_builds=FAIL)
        found = grade(bundle(ada, this, said=said, built=False), this)
        assert outcomes(found) == [FAIL, TODO, TODO, TODO]
        assert (found.points, found.open_points) == (0, 0)

    def test_nothing_to_compare_with(self, tmp_path, ada):
        this = exercise(tmp_path / "e", '[[checks]]\nuse = "image_smaller_than_single_stage"\npercent = 50\n')
        for size in (None, 0):
            found = grade(bundle(ada, this, held(baseline_size=size)), this)
            assert [f.saw for f in found.report.findings] == [LESS]

    def test_hidden_checks(self, tmp_path, ada):
        tables = (
            '[[checks]]\nuse = "exposes_port"\nport = 3000\nhidden = true\n'
            '[[checks]]\nuse = "stays_up"\nhidden = true\n[[checks]]\nuse = "image_builds"\n'
        )
        this = exercise(tmp_path / "exercises", tables)
        found = grade(bundle(ada, this), this)
        assert outcomes(found) == [PASS, ERROR, PASS]
        assert found.report.findings[1].saw == NO_RESULT
        assert (found.points, found.open_points) == (2, 1)

    def test_a_setting_that_no_bundle_holds(self, tmp_path, ada):
        this = exercise(tmp_path / "e", '[[checks]]\nuse = "config_equals"\nkey = "Hostname"\nvalue = "x"\n')
        found = grade(bundle(ada, this), this)
        assert found.report.findings[0].saw.startswith(AS_SAID)


class TestOfWhat:
    def test_another_version_of_the_exercise(self, this, ada):
        bundle(ada, this)
        (this.folder / "exercise.toml").write_text((this.folder / "exercise.toml").read_text() + "# new\n")
        found = grade(ada, this)
        assert set(outcomes(found)) == {ERROR}
        first = found.report.findings[0]
        assert first.saw == "The bundle was made with another version of the exercise 08-x."
        assert "has the hash" in first.why

    def test_untouched(self, this, ada):
        found = grade(bundle(ada, this, files={"Dockerfile": b"FROM node\n"}), this)
        assert set(outcomes(found)) == {TODO}

    def test_a_file_that_is_not_taken(self, this, ada):
        rewritten(bundle(ada, this), {"files/package.json": b"{}"}, hashes=True)
        found = grade(ada, this)
        assert (outcomes(found)[0], found.points) == (FAIL, 0)
        assert "does not take: 'package.json'" in found.report.findings[0].saw

    def test_other_findings(self, this, ada):
        report = {"snapshot": "0" * 64, "findings": []}
        rewritten(bundle(ada, this), {"report.json": json.dumps(report).encode()}, hashes=True)
        assert (
            grade(ada, this).report.findings[0].saw == "The bundle's findings are not those of the exercise's checks."
        )

    def test_files_that_were_exchanged_are_noted(self, this, ada):
        rewritten(bundle(ada, this), {"files/Dockerfile": MINE + b"# more\n"}, hashes=True)
        assert any(note.startswith("Its findings are of other files") for note in grade(ada, this).notes)

    def test_a_build_of_another_dockerfile_is_noted(self, this, ada):
        said = "Its build ran instructions that its Dockerfile does not have."
        for instruction, odd in (("copy a b", False), ("ADD a b", True)):
            step = {"number": 1, "stage": "0", "instruction": instruction, "cached": False}
            evidence = held(build={"builder": "buildkit", "steps": [step]})
            assert (said in grade(bundle(ada, this, evidence), this).notes) is odd

    def test_another_version_of_the_course_is_noted(self, this, ada, monkeypatch):
        bundle(ada, this)
        monkeypatch.setattr("labkit.course.version", lambda: "2.0+new")
        found = grade(ada, this)
        assert found.points == 15
        assert any("here it is 2.0+new" in note for note in found.notes)


class TestFolder:
    def test_several_learners_and_exercises(self, tmp_path, this):
        that = exercise(tmp_path / "exercises", CHECK_TABLES, "09-y")
        other = exercise(tmp_path / "exercises", CHECK_TABLES, "10-z")
        for name, of in {"ada.zip": this, "09/ada.zip": that, "ben.zip": other, "__MACOSX/x.zip": this}.items():
            bundle(tmp_path / "in" / name, of)
        (tmp_path / "in" / "cleo.ZIP").write_bytes(b"PK")
        (tmp_path / "in" / "notes.txt").write_text("-")
        (tmp_path / "in" / "far").symlink_to(tmp_path / "in" / "09")
        found = grades_from_bundles(tmp_path / "in", [this, that], NEVER)
        assert [(g.learner, g.report.exercise, g.report.outcome, g.points) for g in found] == [
            ("ada", "08-x", PASS, 15),
            ("ada", "09-y", PASS, 15),
            ("ben", "08-x", TODO, 0),
            ("ben", "09-y", TODO, 0),
            ("cleo", "08-x", FAIL, 0),
            ("cleo", "09-y", FAIL, 0),
        ]
        assert found[2].notes == ("ben.zip is a bundle of 10-z, which is not graded here.",)
        assert "cleo.ZIP is damaged" in found[4].report.findings[0].saw

    def test_two_of_one_exercise(self, tmp_path, this):
        bundle(tmp_path / "in" / "ada.zip", this)
        bundle(tmp_path / "in" / "again" / "ada.zip", this)
        with pytest.raises(IntakeError, match="'ada' has two bundles of 08-x"):
            grades_from_bundles(tmp_path / "in", [this], NEVER)

    def test_none(self, tmp_path, this):
        with pytest.raises(IntakeError, match="holds no bundles"):
            grades_from_bundles(tmp_path, [this], NEVER)
        with pytest.raises(IntakeError, match="cannot be read"):
            grades_from_bundles(tmp_path / "none", [this], NEVER)

    def test_late(self, this, ada):
        due = datetime(2026, 5, 4, tzinfo=UTC)
        late = Late(due, per_day=0.2)
        for after, points in ((timedelta(0), 15), (timedelta(hours=1), 12)):
            bundle(ada, this)
            os.utime(ada, (0, (due + after).timestamp()))
            found = grade(ada, this, late=late)
            assert (found.submitted, found.points) == (due + after, points)


class TestSignature:
    def test_right(self, this, ada):
        found = grade(bundle(ada, this, key=KEY), this, key=KEY)
        assert (found.points, found.notes) == (15, ("Not repeated here: Port 3000 answers.",))

    def test_not_looked_at(self, this, ada):
        assert "Its signature was not looked at: there is no key." in grade(bundle(ada, this, key=KEY), this).notes

    @pytest.mark.parametrize("made_with", [None, b"z" * 32])
    def test_wrong_or_none_is_for_a_person(self, this, ada, made_with):
        found = grade(bundle(ada, this, key=made_with), this, key=KEY)
        assert set(outcomes(found)) == {ERROR}
        assert found.open_points == found.max_points

    def test_a_manifest_that_was_changed(self, this, ada):
        rewritten(bundle(ada, this, key=KEY), {"files/Dockerfile": MINE}, hashes=True)
        found = grade(ada, this, key=KEY)
        assert "was changed on its way, or signed with another key" in found.report.findings[0].saw

    def test_layer_lists_tell_of_files_that_a_later_layer_brings_back(self, tmp_path, ada):
        this = exercise(tmp_path / "e", '[[checks]]\nuse = "in_image"\npaths = ["app/.env"]\n')
        layers = [*image()["layers"], layer("3", ["app/.env", 1, 0o644, 0, False])]
        assert grade(bundle(ada, this, held(image=image(layers=layers))), this).points == 1
