"""A wall that a person meets: what was refused, why that would be dangerous, what to do instead."""

from __future__ import annotations


class Refused(Exception):  # noqa: N818  it is an answer, not a fault
    """The guard does not do this.

    Args:
        what: what was refused, one sentence.
        why: why it would be dangerous; may be empty.
        instead: what to do instead; may be empty.
        status: HTTP's.
    """

    def __init__(self, what: str, *, why: str = "", instead: str = "", status: int = 403) -> None:
        super().__init__(what)
        self.what, self.why, self.instead, self.status = what, why, instead, status

    def __str__(self) -> str:
        """One paragraph, as the docker command prints it after "Error response from daemon:"."""
        return " ".join(part for part in (self.what, self.why, self.instead) if part)


class Missing(Refused):
    """Not there for this seat: the same words as the engine's for a name never used."""

    def __init__(self, what: str) -> None:
        super().__init__(what, status=404)


class Malformed(Refused):
    """Not a request that the API knows."""

    def __init__(self, what: str) -> None:
        super().__init__(what, status=400)
