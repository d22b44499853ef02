from __future__ import annotations

import random
import time

import pytest

from labkit.grading.similar import groups
from labkit.grading.submission import Submission
from labkit.grading.tokens import MOST_WORDS, RUN, shingles
from labkit.workspace import SourceFile

OBVIOUS = (
    'FROM node:20-alpine\nWORKDIR /app\nCOPY package*.json ./\nRUN npm ci\nCOPY . .\nCMD ["node", "src/index.js"]\n'
)
OTHER = OBVIOUS.replace("COPY package*.json ./", "COPY package.json package-lock.json ./")
QUIRKY = """\
FROM node:20-alpine
LABEL made=late at=night by=cat
WORKDIR /opt/zebra
COPY package*.json ./
RUN npm ci --no-fund --no-audit && echo striped > /opt/zebra/.done
COPY . .
ENV STRIPES=black WHITE=too
CMD ["node", "src/index.js"]
"""


def handed(learner, text, name="Dockerfile", exercise="06-x"):
    data = text.encode() if isinstance(text, str) else text
    return Submission(learner, learner, exercise, {name: SourceFile(data)}, learner, None)


def made(number, lines=8):
    """A Dockerfile that nobody else has."""
    words = random.Random(number)  # noqa: S311
    return OBVIOUS + "".join(f"ENV A{words.random()}=1 B{words.random()}=2 C=3\n" for _ in range(lines))


def honest(count, texts=(OBVIOUS,)):
    return [handed(f"h{n}", texts[n % len(texts)]) for n in range(count)]


def found(submissions, **more):
    return [group.learners for group in groups(submissions, **more)]


class TestGroups:
    def test_two_that_share_what_is_rare(self):
        (group,) = groups([*honest(28), handed("eve", QUIRKY), handed("bob", QUIRKY)])
        assert (group.learners, group.exercise, group.similarity) == (("bob", "eve"), "06-x", 1.0)
        assert 1 <= len(group.shared) <= 3
        assert all(line.startswith("Dockerfile: ") for line in group.shared)
        assert not set(group.shared) & shingles({"Dockerfile": SourceFile(OBVIOUS.encode())})

    def test_disguise_makes_no_difference(self):
        disguised = QUIRKY.replace("RUN npm ci --no-fund", "# mine!\nrun   npm  ci \\\n    --NO-FUND").replace(
            '["node", "src/index.js"]', '[ "node" , "src/index.js" ]'
        )
        (group,) = groups([*honest(28), handed("a", QUIRKY), handed("b", disguised)])
        assert (group.learners, group.similarity) == (("a", "b"), 1.0)

    def test_nearly_alike(self):
        changed = QUIRKY.replace("by=cat", "by=dog")
        everybody = [*honest(28), handed("a", QUIRKY), handed("b", changed)]
        assert found(everybody) == []
        (group,) = groups(everybody, at_least=0.5)
        assert group.learners == ("a", "b")
        assert 0.5 <= group.similarity < 0.9

    def test_a_chain_is_one_group_and_says_its_weakest_pair(self):
        one, other = (made(number, 60).splitlines(keepends=True) for number in (1, 7))
        chain = ["".join([*one[:-lines], *other[-lines:]]) for lines in (2, 4, 6)]
        everybody = [*honest(27), *(handed(f"c{n}", text) for n, text in enumerate(chain))]
        (group,) = groups(everybody)
        assert group.learners == ("c0", "c1", "c2")
        assert 0.8 < group.similarity < 0.9
        assert found(everybody[:-2] + everybody[-1:]) == []  # without the one between them

    def test_commands_and_other_text(self):
        script = (
            "# mine\ndocker run -d --name zebra -e A=1 alpine\ndocker exec zebra sh -c 'echo stripes; cat /proc/1/x'\n"
        )
        plain = [handed(f"h{n}", "docker run alpine true\n", "commands.sh") for n in range(28)]
        copy = script.replace("# mine", "# no, mine")
        assert found([*plain, handed("a", script, "commands.sh"), handed("b", copy, "commands.sh")]) == [("a", "b")]

    def test_the_same_words_in_another_file_are_others(self):
        assert found([*honest(28), handed("a", QUIRKY), handed("b", QUIRKY, "Dockerfile.dev")]) == []


class TestWhatIsNoGroup:
    def test_the_one_obvious_solution(self):
        assert found(honest(30)) == []
        assert found([*honest(20), *(handed(f"o{n}", made(n)) for n in range(10))]) == []

    def test_a_long_one_that_most_of_the_class_has(self):
        assert found([*honest(18, (made(1, 60),)), *(handed(f"o{n}", made(n)) for n in range(2, 14))]) == []

    @pytest.mark.parametrize("size", [2, 3, 4, 10, 30, 300, 3000])
    def test_two_or_three_obvious_solutions(self, size):
        assert found(honest(size, (OBVIOUS, OTHER))) == []
        assert found(honest(size, (OBVIOUS, OTHER, OBVIOUS.replace("npm ci", "npm install")))) == []

    @pytest.mark.parametrize("size", [10, 30, 300, 3000])
    def test_one_rare_thing_that_two_thought_of(self, size):
        quirk = OBVIOUS.replace("CMD", "EXPOSE 3000/tcp\nCMD")
        assert found([*honest(size - 2), handed("a", quirk), handed("b", quirk)]) == []

    def test_what_the_starter_has(self):
        starter = {"Dockerfile": SourceFile(QUIRKY.encode())}
        everybody = [*honest(28), handed("a", QUIRKY), handed("b", QUIRKY)]
        assert found(everybody) == [("a", "b")]
        assert found(everybody, starter=starter) == []

    def test_nothing_handed_in(self):
        empty = [Submission(f"e{n}", "", "06-x", {}, "", None, fault) for n, fault in enumerate(["", "", "x", "x"])]
        assert found([*empty, *honest(9)]) == []
        assert found([*(handed(f"b{n}", "") for n in range(4)), *honest(9)]) == []
        assert found([]) == []


class TestTexts:
    @pytest.mark.parametrize(
        "text",
        [
            b"\0\xff" * 100,
            "CMD " + "[" * 60_000,
            "RUN a \\\n" * 9000,
            "\ud800".encode("utf-8", "surrogatepass"),
            "#" * 10,
        ],
    )
    def test_of_any_kind_are_read(self, text):
        assert len(shingles({"Dockerfile": SourceFile(text if isinstance(text, bytes) else text.encode())})) <= 9000

    def test_long_ones_are_cut(self):
        text = " ".join(f"w{n}" for n in range(50_000)).encode()
        assert len(shingles({"a": SourceFile(text)})) == MOST_WORDS - RUN + 1

    def test_binary_ones_are_alike_when_they_are_equal(self):
        one, same, other = (shingles({"a": SourceFile(data)}) for data in (b"\0a", b"\0a", b"\0b"))
        assert one == same != other


class TestArguments:
    def test_one_exercise_at_a_time(self):
        with pytest.raises(ValueError, match="06-x and 07-y"):
            groups([handed("a", OBVIOUS), handed("a", OBVIOUS, exercise="07-y")])

    @pytest.mark.parametrize("at_least", [0, -1, 1.1, float("nan")])
    def test_shares(self, at_least):
        with pytest.raises(ValueError, match="cannot be alike"):
            groups([], at_least=at_least)


class TestThousands:
    def test_three_thousand_with_three_hidden_groups(self):
        everybody = [handed(f"l{n}", made(n)) for n in range(2985)]
        for group in range(3):
            everybody += [handed(f"g{group}-{n}", made(10_000 + group) + f"# {n}\n") for n in range(5)]
        random.Random(1).shuffle(everybody)  # noqa: S311
        start = time.process_time()
        assert sorted(found(everybody)) == [tuple(f"g{group}-{n}" for n in range(5)) for group in range(3)]
        assert time.process_time() - start < 60  # all pairs would take several minutes

    def test_three_thousand_of_which_a_third_copied(self):
        text = made(9999, 30)
        copies = [handed(f"c{n:04}", text + f"ENV C{n}=1\n") for n in range(300)]
        equal = [handed(f"e{n:04}", text) for n in range(700)]
        start = time.process_time()
        result = groups([*copies, *equal, *(handed(f"l{n}", made(n, 2)) for n in range(2000))], at_least=0.5)
        assert any(set(group.learners) >= {each.learner for each in equal} for group in result)
        assert time.process_time() - start < 60
