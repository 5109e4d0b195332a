"""Who was turned away too often waits: a key first, then a subject.

A verification that is no match counts for its subject and for the key that asked, an identification for the key. The
counts lie in the store, so all services of one database share them; while it cannot be written, they are this process'
own. What is under way counts as if it were no match, so that many at once are no more tries than one after the other;
of several services each has that many at once.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from threading import Condition

from fpverify.errors import NotEnrolled, PresentationAttackSuspected, StoreError
from fpverify.service.journal import Journal
from fpverify.service.limits import Clock, Limits, TryLimit
from fpverify.service.refusals import Refused
from fpverify.store import Store
from fpverify.store.tries import SUBJECT, Tried

VERIFYING, IDENTIFYING = "verify", "identify"  # kinds of counts of keys
KEYS = (VERIFYING, IDENTIFYING)
LONGEST_TURN_S = 30.0  # that a try waits for others of its key or subject; then it is made all the same

Noted = Callable[[bool], None]  # told whether it was a match
Counted = tuple[str, str]  # kind and name


class TryCounts:
    """Counts of non-matches, and the locks that follow."""

    def __init__(self, limits: Limits, journal: Journal, clock: Clock = time.time) -> None:
        self._limits = {SUBJECT: limits.subject, VERIFYING: limits.verifying, IDENTIFYING: limits.identifying}
        self._journal = journal
        self._clock = clock
        self._changed = Condition()
        self._under_way: Counter[Counted] = Counter()
        self._own: dict[Counted, Tried] = {}  # while the store cannot be written

    @contextmanager
    def verification(self, store: Store, key: str, subject: str) -> Iterator[Noted]:
        """A block in which a subject is verified with a key; it says what came of it, if anything did.

        A suspected attack is no match; a subject that is not enrolled counts for the key alone.

        Raises:
            Refused: 429, the key was turned away too often; 423, the subject was.
        """
        by_key, of_subject = (VERIFYING, key), (SUBJECT, subject)
        with ExitStack() as turns:
            for one in (by_key, of_subject):
                turns.enter_context(self._turn(store, one))
            try:
                yield lambda match: self._forgive(store, of_subject) if match else self._note(store, of_subject, by_key)
            except PresentationAttackSuspected:
                self._note(store, of_subject, by_key)
                raise
            except NotEnrolled:
                self._note(store, by_key)
                raise

    @contextmanager
    def identification(self, store: Store, key: str) -> Iterator[Noted]:
        """A block in which somebody is identified with a key, likewise.

        Raises:
            Refused: 429.
        """
        by_key = (IDENTIFYING, key)
        with self._turn(store, by_key):
            try:
                yield lambda match: None if match else self._note(store, by_key)
            except PresentationAttackSuspected:
                self._note(store, by_key)
                raise

    def locked(self, store: Store) -> list[tuple[str, str, float]]:
        """Kind and name of whoever is locked, and for how many seconds."""
        now_s = self._clock()
        found = {(kind, name): tried for kind, name, tried in store.tries.locked(now_s) if kind in self._limits}
        with self._changed:
            found |= {one: tried for one, tried in self._own.items() if tried.until_s > now_s}
        waits = [(*one, self._limits[one[0]].wait_s(tried, now_s)) for one, tried in found.items()]
        return sorted(waits, key=lambda one: -one[2])

    def forgive(self, store: Store, kind: str, name: str) -> bool:
        """Drops a count; whether there was one."""
        with self._changed:
            own = self._own.pop((kind, name), None)
        return bool(own) | store.tries.forget(kind, name)

    @contextmanager
    def _turn(self, store: Store, one: Counted) -> Iterator[None]:
        """A block for one more try, when as many are under way as may be."""
        limit, end_s = self._limits[one[0]], time.monotonic() + LONGEST_TURN_S
        while True:
            tried, now_s = self._tried(store, one), self._clock()
            if wait_s := limit.wait_s(tried, now_s):
                raise _locked(*one, limit, wait_s)
            with self._changed:
                if self._under_way[one] < limit.room(tried, now_s) or time.monotonic() > end_s:
                    self._under_way[one] += 1
                    break
                self._changed.wait(end_s - time.monotonic())
        try:
            yield
        finally:
            with self._changed:
                self._under_way[one] -= 1
                self._under_way += Counter()  # without what is 0
                self._changed.notify_all()

    def _tried(self, store: Store, one: Counted) -> Tried:
        """The count of the store, or this process' own, which goes on from it."""
        kept = store.tries.of(*one)
        with self._changed:
            own = self._own.get(one, Tried())
        return max(kept, own, key=lambda tried: tried.latest_s[-1:])

    def _note(self, store: Store, *counted: Counted) -> None:
        for one in counted:
            now_s, limit = self._clock(), self._limits[one[0]]
            try:
                tried = store.tries.change(*one, partial(limit.noted, now_s=now_s))
            except StoreError:  # read-only, held by others, full: it counts all the same
                before = Tried()
                with suppress(StoreError):
                    before = self._tried(store, one)
                with self._changed:
                    tried = self._own[one] = limit.noted(before, now_s)
            if limit.wait_s(tried, now_s):
                self._journal.note_lock(one[0])

    def _forgive(self, store: Store, one: Counted) -> None:
        with self._changed:
            self._own.pop(one, None)
        with suppress(StoreError):  # then it stays, on the safe side
            store.tries.forget(*one)


def _locked(kind: str, name: str, limit: TryLimit, wait_s: float) -> Refused:
    if kind == SUBJECT:
        message = f"{limit.windows[0][0]} non-matches in a row; the subject is locked for {wait_s:.0f} s"
        return Refused.after(423, "Locked", message, wait_s)
    what = "verifications" if kind == VERIFYING else "identifications"
    message = f"too many {what} with the key {name!r} were no matches; it waits for {wait_s:.0f} s"
    return Refused.after(429, "TooManyTries", message, wait_s)
