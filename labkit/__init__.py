"""Learn Docker by doing: exercises and checks on a real Docker Engine.

In a notebook::

    from labkit import lab, sandbox
    ex = lab("layer-order")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labkit.notebook import lab, mine, predict, sandbox

__all__ = ["lab", "mine", "predict", "sandbox"]


def __getattr__(name: str) -> object:
    """Import on first use: the terminal's commands need neither widgets nor IPython."""
    if name in __all__:
        from labkit import notebook  # noqa: PLC0415

        # Kept, since importing labkit.notebook has set labkit.sandbox to the module of that name.
        globals().update({each: getattr(notebook, each) for each in __all__})
        return globals()[name]
    raise AttributeError(f"module 'labkit' has no attribute {name!r}")
