"""How what was deleted leaves the database's files.

Either kind of database keeps traces of rows that are gone until its files are rewritten. SQLite overwrites a deleted
row at once (`secure_delete`), but where it moved rows between pages, copies of them stay behind now and then.
PostgreSQL leaves the whole row. Rewriting costs the size of the store.

A small store is rewritten with every deletion. In a large one deletions are summed up, in a table that the first of
them makes, and it is rewritten when they come to a hundredth of it, or with the first change after a day: a deletion
then costs, all in all, a hundred times what it removes, however large the store.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from fpverify.errors import StoreError
from fpverify.store.backends import Database
from fpverify.store.schema import UNWIPED_TABLE
from fpverify.store.trail import Trail

SMALL_BYTES = 32 << 20  # rewritten in a tenth of a second of CPU: some 8,000 impressions without scans
SHARE = 0.01  # of a large store, deleted since it was rewritten
LONGEST_S = 24 * 3600.0  # from the first deletion that was not wiped to the first change that wipes it
LATEST_S = 2.5e11  # s since 1970: the year 9892, which Python's calendar still has
RETRY_S = 3600.0  # after a rewriting that failed, or was under way elsewhere

_TABLE = UNWIPED_TABLE
_MAKE_TABLE = f"""
CREATE TABLE {_TABLE} (
    id {{integer}} PRIMARY KEY CHECK (id = 1),  -- there is one row, or none
    bytes {{integer}} NOT NULL,                 -- of records and scans, deleted since the store was rewritten
    since {{number}} NOT NULL,                  -- when the first of them was deleted, s since 1970
    tried {{number}} NOT NULL                   -- when it was last begun to rewrite the store, 0 for never
)
"""


@dataclass(frozen=True, slots=True)
class Unwiped:
    """What was deleted since a large store was rewritten.

    Attributes:
        size: bytes.
        since: when the first of it was deleted, UTC.
        tried: when it was last begun to rewrite the store; seconds since 1970, 0 for never.
    """

    size: int
    since: datetime
    tried: float

    def is_due(self, store_bytes: int, now: float) -> bool:
        """Whether the store is to be rewritten by now; times far ahead are those of a clock that was wrong."""
        is_old = abs(now - self.since.timestamp()) >= LONGEST_S
        return (is_old or self.size >= SHARE * store_bytes) and abs(now - self.tried) >= RETRY_S


class Wiping:
    """Rewrites an open store when that is due."""

    def __init__(self, database: Database, trail: Trail) -> None:
        self._database = database
        self._trail = trail
        self._removed: list[str] = []  # in words, in the change that is under way
        self._is_small = False

    def note(self, removed: str, size: int) -> None:
        """Notes a deletion, within its transaction.

        Args:
            removed: what is deleted, in words.
            size: bytes of it.
        """
        self._removed.append(removed)
        self._is_small |= self._database.size() <= SMALL_BYTES or not self._has_table()
        if not self._is_small and not self._database.execute(f"UPDATE {_TABLE} SET bytes = bytes + ?", size):  # noqa: S608
            self._database.execute(f"INSERT INTO {_TABLE} VALUES (1, ?, ?, 0)", size, time.time())  # noqa: S608

    def after_change(self) -> None:
        """Wipes what is to be wiped when a change has been made; nothing of it is left but perhaps traces.

        Raises:
            StoreError: what was deleted from a small store could not be wiped.
        """
        removed, is_small = self._removed, self._is_small
        self.after_failure()
        if removed:
            self._wipe_deleted("; ".join(removed), is_small)
        if not is_small:
            self._wipe_if_due()

    def after_failure(self) -> None:
        """Forgets the deletions of a change that was not made."""
        self._removed, self._is_small = [], False

    def _wipe_deleted(self, removed: str, is_small: bool) -> None:
        try:
            if is_small:
                self.wipe()
            else:
                self._database.settle()
        except StoreError as error:
            raise type(error)(
                f"{removed}, but traces of them remain in the file until the next deletion: {error}"
            ) from error

    def _has_table(self) -> bool:
        """Whether deletions can be summed up; the table is made if there is none."""
        if not self._database.has(_TABLE):
            with suppress(StoreError), self._database.writing():  # who may not make tables wipes at once
                self._database.execute(_MAKE_TABLE.format_map(self._database.types))
        return self._database.has(_TABLE)

    def unwiped(self) -> Unwiped | None:
        """What was deleted and may have left traces; None for nothing. A damaged time is taken for long ago."""
        if not self._database.has(_TABLE):
            return None
        found = self._database.first(f"SELECT bytes, since, tried FROM {_TABLE}")  # noqa: S608 - a constant
        if found is None:
            return None
        size, since, tried = found
        return Unwiped(size if type(size) is int else 0, datetime.fromtimestamp(_moment(since), UTC), _moment(tried))

    def wipe(self) -> None:
        """Rewrites the store.

        Raises:
            StoreError: it cannot be rewritten now; nothing but the traces is left.
        """
        with self._database.failures():
            noted = self.unwiped()
        self._database.wipe()
        if noted is not None:
            with self._database.writing():
                self._forget(noted)

    def _wipe_if_due(self) -> None:
        """Rewrites the store if that is due and nobody else does; one that cannot be rewritten now is tried again."""
        with suppress(StoreError):
            if self._is_due():
                with self._database.writing():
                    begins = self._is_due()
                    if begins:
                        self._database.execute(f"UPDATE {_TABLE} SET tried = ?", time.time())  # noqa: S608
                if begins:
                    self.wipe()

    def _is_due(self) -> bool:
        with self._database.failures():
            noted = self.unwiped()
            return noted is not None and noted.is_due(self._database.size(), time.time())

    def _forget(self, noted: Unwiped) -> None:
        """Takes off what was noted before the store was rewritten; others may have deleted more meanwhile."""
        self._database.execute(
            f"UPDATE {_TABLE} SET bytes = bytes - ?, since = ?, tried = 0",  # noqa: S608 - a constant
            *(noted.size, time.time()),
        )
        self._database.execute(f"DELETE FROM {_TABLE} WHERE bytes <= 0")  # noqa: S608 - a constant
        self._trail.append("wipe", details={"deleted_since": noted.since.isoformat(timespec="seconds")}, changes=False)


def _moment(kept: object) -> float:
    return kept if isinstance(kept, float) and 0 <= kept <= LATEST_S else 0.0
