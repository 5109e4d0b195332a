"""The enrollment store: an SQLite file of subjects, their fingers, and several impressions of each.

How it keeps what it was given:

- Every change is one transaction that takes the write lock first (BEGIN IMMEDIATE), so that processes wait for each
  other and never deadlock; reading is one transaction as well, so that it sees one state of the store.
- A rollback journal, not a write-ahead log: between changes the store is one file, which can be copied, backed up, put
  on read-only media and wiped; and the log has a rare defect with several writers before SQLite 3.51.3 ("WAL-reset
  bug"), which most Pythons carry. A change then takes two or three flushes to disk, and readers wait for milliseconds.
- `synchronous = EXTRA`, which is FULL and in addition flushes the folder after the journal is removed: without
  that a change which was acknowledged could be rolled back after a loss of power.
- `secure_delete`, and VACUUM after a deletion: what was deleted is no longer in the file. (No program can vouch for old
  blocks on the disk itself, nor for backups.) VACUUM rewrites the file, in memory and then in place: half a second for
  10,000 templates.
- Each row carries a checksum over its fields, its template and its subject, and each subject the number of its
  rows. Damage is reported where it is met, as `CorruptRecord`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from fpverify.errors import CorruptRecord, NotEnrolled, StoreError
from fpverify.store.failures import store_failures
from fpverify.store.fingers import finger_code, finger_name
from fpverify.store.location import DEFAULT_FOLDER, create_file, no_store, printable, require_file, store_file
from fpverify.store.records import Record, new_record, sealed_record
from fpverify.store.schema import SCHEMA_VERSION, migrate, schema_version
from fpverify.store.subject_ids import subject_id
from fpverify.vocabulary import Reference, Template

_Result = TypeVar("_Result")

LOCK_TIMEOUT_S = 5.0  # a change takes milliseconds; who holds the store for longer is stuck or at a long job

PAGE_BYTES = 16384  # three rows with their templates; reading or wiping all takes a third of the time of 4 KB pages

_SETTINGS = (
    f"PRAGMA page_size = {PAGE_BYTES}",
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = EXTRA",
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",  # templates never in a temporary file
    "PRAGMA trusted_schema = OFF",  # a forged file cannot make SQLite call functions
    "PRAGMA cell_size_check = ON",  # damage shows as early as SQLite can tell
)

_RECORDS = """
    SELECT subjects.name, finger, number, model_id, quality, enrolled_at, template, seal
    FROM impressions JOIN subjects ON subjects.id = subject_id
"""


@dataclass(frozen=True, slots=True)
class FingerSummary:
    """What the store holds of one finger of a subject.

    Attributes:
        subject: id in normal form C.
        finger: name, see `fpverify.store.fingers`.
        impressions: how many.
        model_ids: of the impressions, each once, in order of the alphabet.
        qualities: of the scans, in [0, 1], in order of impression.
        first_enrolled_at, last_enrolled_at: UTC.
    """

    subject: str
    finger: str
    impressions: int
    model_ids: tuple[str, ...]
    qualities: tuple[float, ...]
    first_enrolled_at: datetime
    last_enrolled_at: datetime


class Store:
    """An open enrollment store. One thread of one process uses it; several may have the same file open.

    Attributes:
        place: the store's file, as messages name it.
    """

    def __init__(self, connection: sqlite3.Connection, place: str) -> None:
        self.place = place
        self._connection = connection

    @classmethod
    def open(
        cls,
        location: str | Path = DEFAULT_FOLDER,
        *,
        create: bool = True,
        timeout_s: float = LOCK_TIMEOUT_S,
    ) -> Store:
        """The store at a location.

        Args:
            location: a folder, which holds the store as `enrollments.sqlite`, or the file itself (an existing one,
                or a name in .sqlite, .sqlite3 or .db).
            create: make the store if there is none, with the folder it lies in, readable by the owner only.
            timeout_s: how long to wait for other processes, in seconds, here and in every later call.

        Raises:
            StoreError: there is no store and `create` is false; it cannot be made, opened or read; it is no store,
                or one of a newer fpverify.
            CorruptRecord: the file is damaged, or no database at all.
            StoreLocked: another process held it for longer than `timeout_s`.
        """
        path = store_file(location)
        if create:
            create_file(path)
        require_file(path, may_be_empty=create)
        store = cls(_connection(path, timeout_s), printable(path))
        try:
            store._settle_schema(create)
        except BaseException:
            store.close()
            raise
        return store

    def close(self) -> None:
        """Closes the file. The store cannot be used any more; closing it again does nothing."""
        self._connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def add(self, subject: str, finger: str, template: Template, *, enrolled_at: datetime | None = None) -> Reference:
        """Keeps one more impression of a finger. When this returns, it is on disk.

        Args:
            subject: 1 to 256 characters of Unicode without control characters.
            finger: a name of `fpverify.store.fingers`.
            template: of the impression.
            enrolled_at: with a time zone; now, if not given.

        Returns:
            The impression as it was stored, numbered within its finger.

        Raises:
            EnrollmentError: the subject's id cannot be kept, or no finger has this name.
            StoreError: the store cannot be written, is locked or damaged; nothing was changed.
            ValueError: the template has no binary form.
        """
        moment = datetime.now(UTC) if enrolled_at is None else enrolled_at
        first = new_record(subject_id(subject), finger, 1, template, moment)
        with self._transaction("BEGIN IMMEDIATE"):
            owner = self._found(first.subject)
            if owner is None:
                owner = self._insert_subject(first.subject)
            record = first._replace(number=self._next_number(owner, first.finger))
            self._insert_impression(owner, record)
        return record.reference()

    def references(self, subject: str, finger: str | None = None) -> list[Reference]:
        """All impressions of a subject, or of one finger of it, in order of finger and impression.

        Raises:
            NotEnrolled: the store has none of them; the message names the store.
            EnrollmentError: no subject can have this id, or no finger this name.
            StoreError: the store cannot be read, is locked or damaged.
        """
        name, code = subject_id(subject), _code(finger)
        with self._transaction("BEGIN"):
            records = self._records_of(self._enrolled(name), name)
        chosen = [record for record in records if code in (None, record.finger)]
        if not chosen:
            raise self._no_such_finger(name, finger)
        return [self._reference(record) for record in chosen]

    def subjects(self) -> list[FingerSummary]:
        """What the store holds, one row for each finger, in order of subject and finger.

        Raises:
            StoreError: the store cannot be read, is locked or damaged.
        """
        with self._transaction("BEGIN"):
            records = sorted(self._each_record(lambda record: record._replace(template=b"")))
        return [_summary(list(group)) for _, group in groupby(records, key=lambda record: record[:2])]

    def delete(self, subject: str, finger: str | None = None) -> int:
        """Removes a subject, or one finger of it, and wipes what was removed from the file.

        Returns:
            How many impressions were removed.

        Raises:
            NotEnrolled: the store has none of them; the message names the store.
            EnrollmentError: no subject can have this id, or no finger this name.
            StoreError: the store cannot be written, is locked or damaged. The message says so if the impressions were
                removed and only the wiping failed.
        """
        name, code = subject_id(subject), _code(finger)
        with self._transaction("BEGIN IMMEDIATE"):
            owner = self._enrolled(name)
            removed = self._delete_impressions(owner, code)
            if code is not None and not removed:
                raise self._no_such_finger(name, finger)
            self._recount(owner)
        self._wipe(f"{removed} impressions of {name!r} were removed")
        return removed

    def check(self) -> None:
        """Reads everything there is.

        Raises:
            CorruptRecord: a page, a row or a template is not as it was written.
            StoreError: the store cannot be read or is locked.
        """
        with self._transaction("BEGIN"):
            if self._first("PRAGMA integrity_check(1)") != ("ok",) or self._first("PRAGMA foreign_key_check"):
                raise self._damaged()
            self._each_record(lambda record: self._reference(record).impression)

    def _settle_schema(self, create: bool) -> None:
        """Brings the schema of a new or older store up to date."""
        with store_failures(self.place):
            for setting in _SETTINGS:
                self._connection.execute(setting)
            version = schema_version(self._connection, self.place)
        if version == SCHEMA_VERSION:
            return
        if version == 0 and not create:
            raise no_store(self.place)
        with self._transaction("BEGIN IMMEDIATE"):  # look again: another process may have been faster
            migrate(self._connection, schema_version(self._connection, self.place))

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        """All of the block, or nothing of it."""
        with store_failures(self.place):
            self._connection.execute(begin)
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _first(self, query: str, *values: object) -> Any:
        """The first row of the answer, or None."""
        with closing(self._connection.execute(query, values)) as rows:  # a statement left open would hinder VACUUM
            return rows.fetchone()

    def _found(self, name: str) -> int | None:
        """The subject's row; None only if neither the index nor the table knows the name."""
        (owner,) = self._first("SELECT id FROM subjects WHERE name = ?", name) or (None,)
        if isinstance(owner, int):
            return owner
        if self._first("SELECT 1 FROM subjects NOT INDEXED WHERE name = ?", name):
            raise self._damaged()
        return None

    def _enrolled(self, name: str) -> int:
        """The subject's row."""
        owner = self._found(name)
        if owner is None:
            raise NotEnrolled(f"no subject {name!r} in the store {self.place}")
        return owner

    def _records_of(self, owner: int, name: str) -> list[Record]:
        """All of the subject's records, in order of finger and impression."""
        query = f"{_RECORDS} WHERE subject_id = ? ORDER BY finger, number"
        rows = self._connection.execute(query, (owner,)).fetchall()
        records = [sealed_record(row, self.place) for row in rows]
        if self._first("SELECT impression_count, name FROM subjects WHERE id = ?", owner) != (len(records), name):
            raise self._damaged()
        return records

    def _each_record(self, result: Callable[[Record], _Result]) -> list[_Result]:
        """The results for all records of the store, of which one at a time is in memory."""
        with closing(self._connection.execute(_RECORDS)) as rows:
            results = [result(sealed_record(row, self.place)) for row in rows]
        if self._first("SELECT coalesce(sum(impression_count), 0) FROM subjects") != (len(results),):
            raise self._damaged()
        return results

    def _insert_subject(self, name: str) -> int:
        cursor = self._connection.execute("INSERT INTO subjects (name, impression_count) VALUES (?, 0)", (name,))
        return int(cursor.lastrowid or 0)

    def _next_number(self, owner: int, finger: int) -> int:
        (number,) = self._first(
            "SELECT coalesce(max(number), 0) + 1 FROM impressions WHERE subject_id = ? AND finger = ?", owner, finger
        )
        return int(number)

    def _insert_impression(self, owner: int, record: Record) -> None:
        self._connection.execute(
            "INSERT INTO impressions"
            " (subject_id, finger, number, model_id, quality, enrolled_at, template, seal)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (owner, *record[1:], record.seal()),
        )
        self._connection.execute("UPDATE subjects SET impression_count = impression_count + 1 WHERE id = ?", (owner,))

    def _delete_impressions(self, owner: int, finger: int | None) -> int:
        return self._connection.execute(
            "DELETE FROM impressions WHERE subject_id = ? AND finger = coalesce(?, finger)", (owner, finger)
        ).rowcount

    def _recount(self, owner: int) -> None:
        """Writes down how many impressions the subject has left; without any it goes, too."""
        (left,) = self._first("SELECT count(*) FROM impressions WHERE subject_id = ?", owner)
        self._connection.execute("UPDATE subjects SET impression_count = ? WHERE id = ?", (left, owner))
        self._connection.execute("DELETE FROM subjects WHERE id = ? AND impression_count = 0", (owner,))

    def _wipe(self, done: str) -> None:
        """Rewrites the file: `secure_delete` overwrites what is removed, but not copies left when rows moved."""
        try:
            with store_failures(self.place):
                self._connection.execute("VACUUM")
        except StoreError as error:
            raise type(error)(f"{done}, but traces may stay in the file until the next delete: {error}") from error

    def _reference(self, record: Record) -> Reference:
        try:
            return record.reference()
        except CorruptRecord as error:
            raise CorruptRecord(f"{record.name}, in the store {self.place}: {error}") from error

    def _damaged(self) -> CorruptRecord:
        return CorruptRecord(f"the store {self.place} is damaged; restore it from a backup")

    def _no_such_finger(self, name: str, finger: str | None) -> NotEnrolled:
        return NotEnrolled(f"no {finger} of subject {name!r} in the store {self.place}")


def _connection(path: Path, timeout_s: float) -> sqlite3.Connection:
    """A connection that writes if the file may be written, and never makes one."""
    with store_failures(printable(path)):
        return sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=timeout_s, isolation_level=None)


def _code(finger: str | None) -> int | None:
    return None if finger is None else finger_code(finger)


def _summary(records: Sequence[Record]) -> FingerSummary:
    """Of the records of one finger, in order of impression."""
    moments = [datetime.fromisoformat(record.enrolled_at) for record in records]
    return FingerSummary(
        subject=records[0].subject,
        finger=finger_name(records[0].finger),
        impressions=len(records),
        model_ids=tuple(sorted({record.model_id for record in records})),
        qualities=tuple(record.quality for record in records),
        first_enrolled_at=min(moments),
        last_enrolled_at=max(moments),
    )
