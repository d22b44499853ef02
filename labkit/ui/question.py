"""A prediction in a notebook: the question with a way to answer it, and later the answer beside the truth."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from labkit.prediction import verdict
from labkit.ui import markdown
from labkit.words import mark, say

if TYPE_CHECKING:
    from labkit.prediction import Entry, Predictions, Question, Value

COLORS = ("var(--jp-error-color1,#d32f2f)", "var(--jp-warn-color1,#e65100)", "var(--jp-success-color1,#388e3c)")
LATE = mark("The truth was shown already, so a new answer would be none.")


@dataclass(frozen=True)
class Truth:
    """What was seen, beside what was predicted.

    Attributes:
        seen: the truth, in words.
        given: the prediction in words, or "".
        score: 0 to 1, or None without a prediction.
        total: points so far, and how many predictions they are for.
    """

    seen: str
    given: str = ""
    score: float | None = None
    total: tuple[float, int] = (0, 0)

    def __repr__(self) -> str:
        none, head, seen = self._heads()
        if self.score is None:
            return f"{none}\n{seen}: {self.seen}"
        return f"{head}: {self.given}\n{seen}: {self.seen}\n{verdict(self.score)}"

    def _heads(self) -> tuple[str, str, str]:
        return say("No prediction was made."), say("You predicted"), say("Seen")

    def _repr_html_(self) -> str:
        none, head, seen = self._heads()
        if self.score is None:
            return f"<p>{none}<br><b>{seen}:</b> {escape(self.seen)}</p>"
        color = COLORS[int(self.score * 2)]
        points, count = self.total
        far = say("So far {points:g} of {count} in this course.", points=points, count=count)
        return (
            f'<div style="border-left:4px solid {color};padding:2px 12px">'
            f"<p><b>{head}:</b> {escape(self.given)}<br><b>{seen}:</b> {escape(self.seen)}<br>"
            f"<b>{verdict(self.score)}</b> {far}</p></div>"
        )


class Guess(widgets.VBox):  # type: ignore[misc]
    """The question. Its text form is the same whether it was answered or not.

    Args:
        question: the question.
        kept: where answers are kept.
    """

    def __init__(self, question: Question, kept: Predictions) -> None:
        self._question, self._kept = question, kept
        self._inputs = _inputs(question)
        self._button = widgets.Button(description=say("Commit"), tooltip=say("Keep this as your prediction"))
        self._note = widgets.HTML()
        self._button.on_click(lambda _: self._commit())
        predict = say("Predict")
        head = widgets.HTML(f"<b>{predict}:</b> {markdown.render_inline(question.text)}")
        super().__init__([head, *self._inputs, widgets.HBox([self._button, self._note])])
        self._show(kept.get(question))

    def truth(self, value: Value, said: str = "") -> Truth:
        """Give the truth, and close the question.

        Args:
            value: what was seen: one of the choices, a number in the question's unit, or the things in their order.
            said: in words, where the value itself differs between machines.

        Raises:
            ValueError: the question has no such answer.
        """
        entry = self._kept.reveal(self._question, value)
        self._show(entry)
        given = "" if entry.given is None else self._question.words(entry.given)
        return Truth(said or self._question.words(value), given, entry.score, self._kept.total())

    def _commit(self) -> None:
        values = [box.value for box in self._inputs]
        given = values if self._question.order else values[0]
        try:
            self._show(self._kept.commit(self._question, given))
        except (TypeError, ValueError):
            self._note.value = say("Each thing once, please.") if self._question.order else say("Choose one first.")

    def _show(self, entry: Entry) -> None:
        answer = "" if entry.given is None else f"<b>{escape(self._question.words(entry.given))}</b>"
        given = say("Your prediction: {answer}.", answer=answer) if answer else ""
        self._note.value = f"{given} {say(LATE) if entry.seen and not given else ''}".strip()
        self._button.description = say("Change") if given else say("Commit")
        for box in (*self._inputs, self._button):
            box.disabled = entry.seen

    def _repr_mimebundle_(self, **options: Any) -> Any:  # noqa: ANN401  IPython's own signature
        # ipywidgets cuts the text off after 110 characters.
        found = super()._repr_mimebundle_(**options)
        if isinstance(found, dict):
            found["text/plain"] = repr(self)
        return found

    def __repr__(self) -> str:
        return str(self._question)


def _inputs(question: Question) -> list[Any]:
    wide = widgets.Layout(width="auto")
    if question.choices:
        return [widgets.RadioButtons(options=question.choices, value=None, layout=wide)]
    if question.number:
        return [widgets.BoundedFloatText(value=0, min=0, max=1e12, description=question.number)]
    return [
        widgets.Dropdown(options=question.order, value=None, description=f"{place}.")
        for place in range(1, len(question.order) + 1)
    ]
