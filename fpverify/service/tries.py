"""Who was turned away too often waits: a key first, then a subject.

A verification that is no match counts for its subject and for the key that asked, an identification for the key. The
counts lie in the store, so all services of one database share them; where it cannot be written, they are this
process' own. Requests about one subject take turns, so that many at once are no more tries than one after the other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock

from fpverify.errors import PresentationAttackSuspected, StoreReadOnly
from fpverify.service.journal import Journal
from fpverify.service.limits import Clock, Limits, TryLimit
from fpverify.service.refusals import Refused
from fpverify.store import Store
from fpverify.store.tries import SUBJECT, Tried

VERIFYING, IDENTIFYING = "verify", "identify"  # kinds of counts of keys
KEYS = (VERIFYING, IDENTIFYING)
TURNS = 64  # locks that subjects share by their hash; as many threads may wait at most

Noted = Callable[[bool], None]  # told whether it was a match


class TryCounts:
    """Counts of non-matches, and the locks that follow."""

    def __init__(self, limits: Limits, journal: Journal, clock: Clock = time.time) -> None:
        self._limits = {SUBJECT: limits.subject, VERIFYING: limits.verifying, IDENTIFYING: limits.identifying}
        self._journal = journal
        self._clock = clock
        self._turns = [Lock() for _ in range(TURNS)]
        self._own: dict[tuple[str, str], Tried] = {}  # where the store cannot be written

    @contextmanager
    def verification(self, store: Store, key: str, subject: str) -> Iterator[Noted]:
        """A block in which a subject is verified with a key; it says what came of it, if anything did.

        Raises:
            Refused: 429, the key was turned away too often; 423, the subject was.
        """
        with self._turns[hash(subject) % TURNS]:
            self._require_open(store, VERIFYING, key)
            self._require_open(store, SUBJECT, subject)
            try:
                yield lambda match: self._note_verification(store, key, subject, match)
            except PresentationAttackSuspected:
                self._note_verification(store, key, subject, match=False)
                raise

    @contextmanager
    def identification(self, store: Store, key: str) -> Iterator[Noted]:
        """A block in which somebody is identified with a key, likewise.

        Raises:
            Refused: 429.
        """
        self._require_open(store, IDENTIFYING, key)
        try:
            yield lambda match: None if match else self._note(store, IDENTIFYING, key)
        except PresentationAttackSuspected:
            self._note(store, IDENTIFYING, key)
            raise

    def locked(self, store: Store) -> list[tuple[str, str, float]]:
        """Kind and name of whoever is locked, and for how many seconds."""
        now_s = self._clock()
        own = [(kind, name, tried) for (kind, name), tried in self._own.items() if tried.until_s > now_s]
        found = [one for one in store.tries.locked(now_s) + own if one[0] in self._limits]
        return [(kind, name, self._limits[kind].wait_s(tried, now_s)) for kind, name, tried in found]

    def forgive(self, store: Store, kind: str, name: str) -> bool:
        """Drops a count; whether there was one."""
        return bool(self._own.pop((kind, name), None)) | store.tries.forget(kind, name)

    def _note_verification(self, store: Store, key: str, subject: str, match: bool) -> None:
        if match:
            self._own.pop((SUBJECT, subject), None)
            with suppress(StoreReadOnly):
                store.tries.forget(SUBJECT, subject)
            return
        self._note(store, SUBJECT, subject)
        self._note(store, VERIFYING, key)

    def _note(self, store: Store, kind: str, name: str) -> None:
        now_s, limit = self._clock(), self._limits[kind]
        try:
            tried = store.tries.change(kind, name, lambda before: limit.noted(before, now_s))
        except StoreReadOnly:
            tried = self._own[kind, name] = limit.noted(self._own.get((kind, name), Tried()), now_s)
        if limit.wait_s(tried, now_s):
            self._journal.note_lock(kind)

    def _require_open(self, store: Store, kind: str, name: str) -> None:
        limit, now_s = self._limits[kind], self._clock()
        tried = max(store.tries.of(kind, name), self._own.get((kind, name), Tried()), key=lambda one: one.until_s)
        if wait_s := limit.wait_s(tried, now_s):
            raise _locked(kind, name, limit, wait_s)


def _locked(kind: str, name: str, limit: TryLimit, wait_s: float) -> Refused:
    if kind == SUBJECT:
        message = f"{limit.windows[0][0]} non-matches in a row; the subject is locked for {wait_s:.0f} s"
        return Refused.after(423, "Locked", message, wait_s)
    what = "verifications" if kind == VERIFYING else "identifications"
    message = f"too many {what} with the key {name!r} were no matches; it waits for {wait_s:.0f} s"
    return Refused.after(429, "TooManyTries", message, wait_s)
