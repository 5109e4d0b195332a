"""What jobs come with, and what a process has begun for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import get_ident
from typing import Any

Work = Callable[[Any], Any]
Begin = Callable[[Any], Work]

KEPT_WORKS = 2  # that a thread keeps begun: a model, and the templates of one evaluation


@dataclass(frozen=True, slots=True)
class Lent:
    """What a job comes with, beside itself.

    Attributes:
        token: of all these jobs.
        thing: that they need; None with a job for a process that is thought to have it, or if they need nothing.
        is_needed: whether they need something.
    """

    token: str
    thing: Any = None
    is_needed: bool = False

    @property
    def is_here(self) -> bool:
        """Whether a process can begin with it."""
        return self.thing is not None or not self.is_needed

    def found(self) -> Any:
        """The thing."""
        return self.thing

    def mentioned(self) -> Lent:
        """The same for processes that have it."""
        return replace(self, thing=None)


class Lacking:
    """What a process answers that does not have what was lent."""


_BEGUN: dict[tuple[int, str], tuple[Begin | None, Work]] = {}  # by thread and token; it saves time, and changes nothing


def forget(token: str) -> None:
    """Gives up what was begun for jobs that are done."""
    for key in [one for one in list(_BEGUN) if one[1] == token]:
        _BEGUN.pop(key, None)


def answered(begin: Begin, lent: Any, job: Any) -> Any:
    """In a process: the answer of a job, or that it lacks what was lent."""
    key = (get_ident(), lent.token)  # a model is used by one thread
    found = _BEGUN.get(key)
    if found is None:
        if not lent.is_here:
            return Lacking()
        found = _BEGUN[key] = _begun(key[0], begin, lent)
    return found[1](job)


def _begun(thread: int, begin: Begin, lent: Any) -> tuple[Begin | None, Work]:
    own = [(key, one) for key, one in list(_BEGUN.items()) if key[0] == thread]
    before = [] if lent.is_needed else [one for _, one in own if one[0] == begin]
    for key, _ in own[: 1 - KEPT_WORKS]:
        _BEGUN.pop(key, None)
    return before[0] if before else (None if lent.is_needed else begin, begin(lent.found()))
