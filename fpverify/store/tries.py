"""How often somebody was turned away: counts that all services of one store share, and that a restart keeps.

What follows from a count is the service's to say. The counts are not sealed: who can write the store's file can put
them back, and is stopped by the seals of the records instead.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from fpverify.store.backends import Database
from fpverify.store.schema import TRIES_TABLE

_MAKE_TABLE = f"""
CREATE TABLE {TRIES_TABLE} (
    kind TEXT NOT NULL,                       -- what is counted
    name TEXT NOT NULL,                       -- of whom
    latest TEXT NOT NULL,                     -- when the latest non-matches were: JSON, s since 1970
    locks {{integer}} NOT NULL,                 -- how often in a row they led to a lock
    until {{number}} NOT NULL,                  -- when the last lock ends, s since 1970; 0 for none
    PRIMARY KEY (kind, name)
)
"""
SUBJECT = "subject"  # the kind that goes with a subject when that is deleted or renamed


@dataclass(frozen=True, slots=True)
class Tried:
    """Non-matches of somebody.

    Attributes:
        latest_s: when the latest of them were, seconds since 1970, rising.
        locks: how often in a row they led to a lock.
        until_s: when the last lock ends, seconds since 1970; 0 for none.
    """

    latest_s: tuple[float, ...] = ()
    locks: int = 0
    until_s: float = 0.0


class Tries:
    """The counts of an open store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, kind: str, name: str) -> Tried:
        """A count; of nobody known it is empty.

        Raises:
            StoreError: the store cannot be read or is locked.
        """
        with self._database.failures():
            return self._of(kind, name)

    def change(self, kind: str, name: str, changed: Callable[[Tried], Tried]) -> Tried:
        """Changes a count, alone among all processes, and returns it; when this returns, it is on disk.

        Raises:
            StoreError: the store cannot be written or is locked.
        """
        with self._database.writing():
            if not self._has_table():
                self._database.execute(_MAKE_TABLE.format_map(self._database.types))
            tried = changed(self._of(kind, name))
            self._forget(kind, name)
            self._database.execute(
                f"INSERT INTO {TRIES_TABLE} (kind, name, latest, locks, until) VALUES (?, ?, ?, ?, ?)",  # noqa: S608
                *(kind, name, json.dumps(tried.latest_s), tried.locks, tried.until_s),
            )
            return tried

    def forget(self, kind: str, name: str) -> bool:
        """Drops a count; whether there was one. Nothing is written where there is none.

        Raises:
            StoreError: the store cannot be written or is locked.
        """
        if self.of(kind, name) == Tried():
            return False
        with self._database.writing():
            return self._forget(kind, name)

    def locked(self, now_s: float) -> list[tuple[str, str, Tried]]:
        """Kind, name and count of whoever is locked at a moment, the longest first.

        Raises:
            StoreError: the store cannot be read or is locked.
        """
        with self._database.failures():
            if not self._has_table():
                return []
            query = f"SELECT kind, name, latest, locks, until FROM {TRIES_TABLE} WHERE until > ? ORDER BY until DESC"  # noqa: S608
            return [(kind, name, _tried(*fields)) for kind, name, *fields in self._database.rows(query, now_s)]

    def follow(self, subject: str, renamed: str | None = None) -> None:
        """Takes the count of a subject along when it is deleted or renamed, within that change."""
        if not self._has_table():
            return
        self._forget(SUBJECT, subject if renamed is None else renamed)
        if renamed is not None:
            query = f"UPDATE {TRIES_TABLE} SET name = ? WHERE kind = ? AND name = ?"  # noqa: S608 - a constant
            self._database.execute(query, renamed, SUBJECT, subject)

    def _of(self, kind: str, name: str) -> Tried:
        if not self._has_table():
            return Tried()
        query = f"SELECT latest, locks, until FROM {TRIES_TABLE} WHERE kind = ? AND name = ?"  # noqa: S608 - a constant
        found = self._database.first(query, kind, name)
        return Tried() if found is None else _tried(*found)

    def _forget(self, kind: str, name: str) -> bool:
        return self._database.execute(f"DELETE FROM {TRIES_TABLE} WHERE kind = ? AND name = ?", kind, name) > 0  # noqa: S608

    def _has_table(self) -> bool:
        return self._database.has(TRIES_TABLE)


def _tried(latest: object, locks: object, until: object) -> Tried:
    """A count as it is kept; what is none counts as nothing."""
    try:
        moments = json.loads(latest) if isinstance(latest, str) else []
        return Tried(tuple(map(float, moments)), int(str(locks)), float(str(until)))
    except (ValueError, TypeError, RecursionError):
        return Tried()
