"""Learn Docker by doing: exercises and checks on a real Docker Engine.

In a notebook::

    from labkit import lab, sandbox
    ex = lab("layer-order")

In a grade cell of an nbgrader notebook::

    import labkit
    labkit.grade("layer-order", points=4)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labkit.grading.cell import grade
    from labkit.notebook import lab, mine, predict, sandbox

__all__ = ["grade", "lab", "mine", "predict", "sandbox"]


def __getattr__(name: str) -> object:
    """Import on first use: the terminal's commands need neither widgets nor IPython."""
    if name in __all__:
        from labkit import notebook  # noqa: PLC0415

        # Kept, since importing labkit.notebook has set labkit.sandbox to the module of that name.
        globals().update({each: getattr(notebook, each) for each in __all__ if each != "grade"})
        if name == "grade":  # after the notebook's names, so that what it imports takes the place of none of them
            from labkit.grading import cell  # noqa: PLC0415

            globals()["grade"] = cell.grade
        return globals()[name]
    raise AttributeError(f"module 'labkit' has no attribute {name!r}")
