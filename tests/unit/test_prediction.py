from __future__ import annotations

import pytest

from labkit.history import NOWHERE, History
from labkit.prediction import Entry, Predictions, Question, verdict
from labkit.ui.question import Guess, Truth

CHOICE = Question("Which?", choices=("a", "b"))
NUMBER = Question("How large?", number="MB")
ORDER = Question("Which first?", order=("x", "y", "z"))


@pytest.fixture
def kept(tmp_path):
    return Predictions(History(tmp_path / "history.sqlite"))


@pytest.mark.parametrize(
    ("question", "given", "truth", "score"),
    [
        (CHOICE, "a", "a", 1),
        (CHOICE, "b", "a", 0),
        (NUMBER, 100, 109, 1),
        (NUMBER, 109, 100, 1),
        (NUMBER, 100, 190, 0.5),
        (NUMBER, 100, 210, 0),
        (NUMBER, 0, 0, 1),
        (NUMBER, 0, 5, 0),
        (ORDER, ["x", "y", "z"], ["x", "y", "z"], 1),
        (ORDER, ["x", "z", "y"], ["x", "y", "z"], 2 / 3),
        (ORDER, ["z", "y", "x"], ["x", "y", "z"], 0),
    ],
)
def test_scores(kept, question, given, truth, score):
    assert kept.commit(question, given) == Entry(given)
    assert kept.reveal(question, truth) == Entry(given, seen=True, score=score)
    assert kept.total() == (score, 1)


def test_it_is_kept_and_fixed_once_the_truth_was_shown(kept, tmp_path):
    kept.commit(CHOICE, "b")
    kept.commit(CHOICE, "a")
    kept.reveal(CHOICE, "a")
    again = Predictions(History(tmp_path / "history.sqlite"))
    assert again.commit(CHOICE, "b") == again.get(CHOICE) == Entry("a", seen=True, score=1)
    assert again.reveal(CHOICE, "b").score == 1


def test_an_answer_that_comes_late_does_not_count(kept):
    kept.reveal(CHOICE, "a")
    assert kept.commit(CHOICE, "a").given is None
    assert kept.total() == (0, 0)


@pytest.mark.parametrize(
    ("question", "value"),
    [(CHOICE, "c"), (CHOICE, None), (NUMBER, "many"), (NUMBER, -1), (ORDER, ["x", "x", "y"]), (ORDER, "xyz")],
)
def test_what_is_no_answer(kept, question, value):
    for does in (kept.commit, kept.reveal):
        with pytest.raises(ValueError, match="is no answer to"):
            does(question, value)


def test_one_kind_of_answer():
    for kinds in ({}, {"choices": ("a",), "number": "MB"}):
        with pytest.raises(ValueError, match="one of"):
            Question("?", **kinds)


def test_text_forms():
    assert str(CHOICE) == "Predict: Which?\n  - a\n  - b"
    assert str(NUMBER) == "Predict: How large?\n  a number, in MB"
    assert str(ORDER) == "Predict: Which first? Put in order:\n  - x\n  - y\n  - z"
    assert repr(Truth("b")) == "No prediction was made.\nSeen: b"
    assert repr(Truth("b", "a", 0.0)) == "You predicted: a\nSeen: b\nNot this time."
    assert [verdict(score) for score in (1, 2 / 3, 0.4)] == ["Right.", "Nearly.", "Not this time."]
    assert "&lt;b&gt;" in Truth("<b>", "<b>", 0.5)._repr_html_()


def press(guess):
    guess.children[-1].children[0].click()
    return guess.children[-1].children[1].value


@pytest.mark.parametrize(
    ("question", "answers", "refused"),
    [(CHOICE, ["b"], True), (NUMBER, [12], False), (ORDER, ["z", "x", "y"], True)],
)
def test_in_a_notebook(kept, question, answers, refused):
    guess = Guess(question, kept)
    inputs = guess.children[1:-1]
    if refused:
        assert "please" in press(guess) or "first" in press(guess)
    for box, answer in zip(inputs, answers, strict=True):
        box.value = answer
    assert "Your prediction" in press(guess)
    assert not inputs[0].disabled
    value = answers if question.order else answers[0]
    truth = guess.truth(value, said="so many")
    assert (truth.seen, truth.score, truth.total) == ("so many", 1, (1, 1))
    assert all(box.disabled for box in inputs)
    # Opened again, it shows what was said, and stays closed.
    assert Guess(question, kept).children[1].disabled
    assert guess._repr_mimebundle_()["text/plain"] == str(question)


def test_without_an_answer(kept):
    guess = Guess(CHOICE, kept)
    assert repr(guess.truth("a")) == "No prediction was made.\nSeen: a"
    assert "shown already" in guess.children[-1].children[1].value


def test_where_nothing_is_kept(tmp_path):
    nowhere = Predictions(History(NOWHERE))
    nowhere.commit(CHOICE, "a")
    assert nowhere.get(CHOICE) == Entry()
    assert nowhere.total() == (0, 0)
    assert list(tmp_path.iterdir()) == []
