"""Subjects and impressions as rows: every statement that reads or changes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from unicodedata import normalize

from fpverify.errors import NotEnrolled
from fpverify.store.backends import MODELS_INDEX, Database
from fpverify.store.records import Record
from fpverify.store.removals import Removals
from fpverify.store.vault import Vault

NAMES = 1000  # that are looked through at a time
_COLUMNS = "subjects.name, finger, number, model_id, quality, enrolled_at, record_id, record"
_JOINED = "impressions JOIN subjects ON subjects.id = subject_id"
_RECORDS = f"SELECT impressions.id, {_COLUMNS} FROM {_JOINED}"  # noqa: S608 - constants


class Rows:
    """The rows of an open store. Every call belongs into a transaction of the caller's."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._removals = Removals(database, vault)

    def owner(self, subject: str) -> int:
        """The subject's row; raises NotEnrolled."""
        owner = self._database.subject_row(subject)
        if owner is None:
            raise NotEnrolled(f"no subject {subject!r} in the store {self._database.place}")
        return owner

    def has(self, subject: str, finger: int | None) -> bool:
        """Whether a subject is enrolled, or a finger of it."""
        owner = self._database.subject_row(subject)
        if owner is None or finger is None:
            return owner is not None
        query = "SELECT 1 FROM impressions WHERE subject_id = ? AND finger = ?"
        return self._database.first(query, owner, finger) is not None

    def owner_or_new(self, subject: str) -> int:
        """The subject's row, made if there is none."""
        owner = self._database.subject_row(subject)
        if owner is not None:
            return owner
        self._database.make_indexes()
        self._database.execute(
            "INSERT INTO subjects (name, impression_count, metadata) VALUES (?, 0, ?)",
            subject,
            self._vault.seal_metadata(None, subject),
        )
        return self.owner(subject)

    def of_subject(self, owner: int, subject: str) -> list[Record]:
        """All of the subject's records, opened, in order of finger and impression."""
        return [record for _, record in self.numbered(owner, subject)]

    def numbered(self, owner: int, subject: str) -> list[tuple[int, Record]]:
        """The same with the ids of the rows.

        Raises:
            DeletedRecord: the audit trail says that one of them was deleted.
        """
        found = self._database.rows(f"{_RECORDS} WHERE subject_id = ? ORDER BY finger, number", owner)
        known = self._database.first("SELECT impression_count, name FROM subjects WHERE id = ?", owner)
        if known != (len(found), subject):
            raise self._database.damaged()
        records = [(row, self._vault.opened(Record(*fields))) for row, *fields in found]
        self._removals.require_none([record for _, record in records])
        return records

    def blocks(self, subjects: int) -> Iterator[list[Record]]:
        """All records of the store, opened, those of so many subjects at a time, in order of the subjects' rows.

        Among them are those that the audit trail says were deleted, see `wanted`. Each block has to be taken within a
        transaction; what is not there when its turn comes is not among them.
        """
        last = -1
        while True:
            (end, expected) = self._database.first(
                "SELECT max(id), sum(impression_count) FROM"
                " (SELECT id, impression_count FROM subjects WHERE id > ? ORDER BY id LIMIT ?) AS block",
                last,
                subjects,
            ) or (None, 0)
            if end is None:
                return
            found = self._database.rows(
                f"{_RECORDS} WHERE subject_id > ? AND subject_id <= ? ORDER BY subject_id, finger, number", last, end
            )
            if len(found) != expected:
                raise self._database.damaged()
            yield [self._vault.opened(Record(*fields)) for _, *fields in found]
            last = end

    def named_after(self, last: str, subjects: int, containing: str = "") -> tuple[str, list[Record]]:
        """The records of so many subjects behind a name, opened, and the last of these subjects; "" for none.

        The order is that of the codes of the names' characters. `containing` leaves out names without it, in capitals
        or not: not by the database, each of which has capitals of its own.
        """
        found = self._names_after(last, subjects, normalize("NFC", containing).casefold())
        if not found:
            return "", []
        places = ", ".join("?" * len(found))
        rows = self._database.rows(f"{_RECORDS} WHERE subject_id IN ({places})", *(owner for owner, _, _ in found))
        records = [self._vault.opened(Record(*fields)) for _, *fields in rows]
        if Counter(record.subject for record in records) != {owned: count for _, owned, count in found if count}:
            raise self._database.damaged()
        self._removals.require_none(records)
        return found[-1][1], records

    def _names_after(self, last: str, subjects: int, part: str) -> list[tuple[Any, ...]]:
        """Id, name and number of impressions of so many subjects behind a name, with a part in theirs."""
        name, block = self._database.name, NAMES if part else subjects
        query = f"SELECT id, name, impression_count FROM subjects WHERE {name} > ? ORDER BY {name} LIMIT ?"  # noqa: S608
        found: list[tuple[Any, ...]] = []
        while len(found) < subjects:
            rows = self._database.rows(query, last, block)
            if rows:
                self._require_order(last, rows[-1][1])
            found += [row for row in rows if part in str(row[1]).casefold()]
            if len(rows) < block:
                break
            last = rows[-1][1]
        return found[:subjects]

    def _require_order(self, last: Any, following: Any) -> None:
        """Raises CorruptRecord if a damaged index leads backwards, which would never end."""
        if type(following) is not type(last) or following <= last:
            raise self._database.damaged()

    def require_no_strays(self) -> None:
        """Raises CorruptRecord if there are impressions without a subject."""
        counted = self._database.first("SELECT coalesce(sum(impression_count), 0) FROM subjects")
        if counted != self._database.first("SELECT count(*) FROM impressions"):
            raise self._database.damaged()

    def next_number(self, owner: int, finger: int) -> int:
        """Of the next impression of a finger."""
        (number,) = self._database.first(
            "SELECT coalesce(max(number), 0) + 1 FROM impressions WHERE subject_id = ? AND finger = ?", owner, finger
        ) or (1,)
        return int(number)

    def insert(self, owner: int, record: Record, scan: bytes | None = None) -> None:
        """Keeps a record, and its scan if there is one."""
        self._database.execute(
            "INSERT INTO impressions"
            " (subject_id, finger, number, model_id, quality, enrolled_at, record_id, record)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *(owner, *record[1:-1], self._vault.seal(record)),
        )
        self._database.execute("UPDATE subjects SET impression_count = impression_count + 1 WHERE id = ?", owner)
        if scan is not None:
            self._database.execute(
                "INSERT INTO scans (impression_id, scan) SELECT id, ? FROM impressions WHERE record_id = ?",
                *(self._vault.seal_scan(scan, record), record.record_id),
            )

    def replace(self, row: int, record: Record, scan: bytes | None) -> None:
        """Writes a record, and its scan if there is one, over the ones in a row."""
        self._database.execute(
            "UPDATE impressions SET model_id = ?, quality = ?, enrolled_at = ?, record_id = ?, record = ? WHERE id = ?",
            *(*record[3:-1], self._vault.seal(record), row),
        )
        if scan is not None:
            sealed = self._vault.seal_scan(scan, record)
            self._database.execute("UPDATE scans SET scan = ? WHERE impression_id = ?", sealed, row)

    def scan(self, row: int, record: Record) -> bytes | None:
        """The scan of the impression in a row; None if none is kept."""
        (sealed,) = self._database.first("SELECT scan FROM scans WHERE impression_id = ?", row) or (None,)
        return None if sealed is None else self._vault.open_scan(sealed, record)

    def delete(self, owner: int, finger: int | None) -> tuple[list[str], int]:
        """Removes a subject, or one finger of it; the ids of the records that are gone, and their bytes with scans."""
        if finger is None:
            return self._remove(owner, "subject_id = ?", owner)
        return self._remove(owner, "subject_id = ? AND finger = ?", owner, finger)

    def delete_some(self, owner: int, rows: Sequence[int]) -> tuple[list[str], int]:
        """Removes some impressions of a subject, by their rows; a few hundred at a time, otherwise as `delete`."""
        return self._remove(owner, f"subject_id = ? AND id IN ({', '.join('?' * len(rows))})", owner, *rows)

    def _remove(self, owner: int, chosen: str, *values: object) -> tuple[list[str], int]:
        gone = self._database.rows(
            "SELECT record_id, length(record)"  # noqa: S608 - constants
            " + coalesce((SELECT length(scan) FROM scans WHERE impression_id = impressions.id), 0)"
            f" FROM impressions WHERE {chosen} ORDER BY finger, number",
            *values,
        )
        self._database.execute(f"DELETE FROM impressions WHERE {chosen}", *values)  # noqa: S608
        self._database.execute(
            "UPDATE subjects SET impression_count = (SELECT count(*) FROM impressions WHERE subject_id = ?)"
            " WHERE id = ?",
            *(owner, owner),
        )
        self._database.execute("DELETE FROM subjects WHERE id = ? AND impression_count = 0", owner)
        return [str(record_id) for record_id, _ in gone], sum(int(size) for _, size in gone)

    def metadata(self, owner: int, subject: str) -> dict[str, Any]:
        """The subject's metadata."""
        (sealed,) = self._database.first("SELECT metadata FROM subjects WHERE id = ?", owner) or (None,)
        return self._vault.open_metadata(sealed, subject)

    def write_subject(self, owner: int, subject: str, metadata: dict[str, Any]) -> None:
        """Writes a subject's name and metadata into its row."""
        sealed = self._vault.seal_metadata(metadata, subject)
        self._database.execute("UPDATE subjects SET name = ?, metadata = ? WHERE id = ?", subject, sealed, owner)

    def subjects_after(self, row: int, count: int) -> list[tuple[int, str]]:
        """Row and name of so many subjects behind a row, in order of the rows."""
        found = self._database.rows("SELECT id, name FROM subjects WHERE id > ? ORDER BY id LIMIT ?", row, count)
        return [(owner, name) for owner, name in found]

    def subject_count(self) -> int:
        """How many subjects there are."""
        (count,) = self._database.first("SELECT count(*) FROM subjects") or (0,)
        return int(count)

    def seal_anew(self, owner: int, subject: str) -> int:
        """Seals what an older key sealed of a subject with the present one; how many seals that were."""
        return self._metadata_anew(owner, subject) + self._records_anew(owner)

    def _metadata_anew(self, owner: int, subject: str) -> int:
        (sealed,) = self._database.first("SELECT metadata FROM subjects WHERE id = ?", owner) or (None,)
        if isinstance(sealed, bytes) and self._vault.is_current(sealed):
            return 0
        self.write_subject(owner, subject, self._vault.open_metadata(sealed, subject))
        return 1

    def _records_anew(self, owner: int) -> int:
        query = (
            f"SELECT impressions.id, scan, {_COLUMNS} FROM {_JOINED}"  # noqa: S608 - constants
            " LEFT JOIN scans ON impression_id = impressions.id"
        )
        made = 0
        for row, scan, *fields in self._database.rows(f"{query} WHERE subject_id = ?", owner):
            sealed = Record(*fields)
            if not self._vault.is_current(sealed.content):
                record = self._vault.opened(sealed)
                self.replace(row, record, None if scan is None else self._vault.open_scan(scan, record))
                made += 1
        return made

    def by_record_ids(self, record_ids: Sequence[str]) -> list[Record]:
        """The records with these ids that are there, opened, in any order; a few hundred ids at a time.

        Those that the audit trail says were deleted are left out.
        """
        places = ", ".join("?" * len(record_ids))
        found = self._database.rows(f"{_RECORDS} WHERE record_id IN ({places})", *record_ids)
        return self.wanted([self._vault.opened(Record(*fields)) for _, *fields in found])

    def wanted(self, records: Sequence[Record]) -> list[Record]:
        """The records without those that the audit trail says were deleted."""
        return self._removals.without(records)

    def require_wanted(self, records: Sequence[Record]) -> None:
        """Returns if none of the records was deleted as the audit trail says; otherwise raises DeletedRecord."""
        self._removals.require_none(records)

    def record_ids(self, count: int, model_id: str | None = None) -> Iterator[list[str]]:
        """The ids of all records, or of those that a model made, so many at a time; each block is read as it is taken.

        Those of all come off the index of ids, which holds nothing else; those of a model in order of the rows.
        """
        column, last = ("record_id", "") if model_id is None else ("id", -1)
        wanted, values = ("", ()) if model_id is None else (" AND model_id = ?", (model_id,))
        query = f"SELECT record_id, {column} FROM impressions WHERE {column} > ?{wanted} ORDER BY {column} LIMIT ?"  # noqa: S608
        while found := self._database.rows(query, last, *values, count):
            self._require_order(last, found[-1][1])
            yield [str(record_id) for record_id, _ in found]
            last = found[-1][1]

    def model_ids(self) -> list[str]:
        """The models that made records, each once, in the database's order; one look into an index for each.

        A store of an older release has no such index until somebody is enrolled: it is read once.
        """
        if not self._database.has(MODELS_INDEX):
            return [str(one) for (one,) in self._database.rows("SELECT DISTINCT model_id FROM impressions ORDER BY 1")]
        found: dict[str, None] = {}
        last = ""
        while True:
            (model_id,) = self._database.first("SELECT min(model_id) FROM impressions WHERE model_id > ?", last) or (
                None,
            )
            if model_id is None:
                return list(found)
            if model_id in found:  # a damaged index that leads backwards
                raise self._database.damaged()
            found[str(model_id)], last = None, model_id

    def owners(self, count: int) -> Iterator[list[tuple[str, str]]]:
        """Id and subject of all records, as the database holds them, so many at a time in order of the rows."""
        last = -1
        while found := self._database.rows(
            "SELECT impressions.id, record_id, subjects.name"
            " FROM impressions LEFT JOIN subjects ON subjects.id = subject_id"
            " WHERE impressions.id > ? ORDER BY impressions.id LIMIT ?",
            *(last, count),
        ):
            yield [(str(record_id), str(subject)) for _, record_id, subject in found]
            last = found[-1][0]

    def sealed(self, count: int) -> Iterator[list[tuple[int, Record]]]:
        """All records with their rows, sealed as the database holds them, so many at a time in order of the rows."""
        last = -1
        while found := self._database.rows(
            f"SELECT impressions.id, {_COLUMNS} FROM impressions LEFT JOIN subjects ON subjects.id = subject_id"  # noqa: S608
            " WHERE impressions.id > ? ORDER BY impressions.id LIMIT ?",
            *(last, count),
        ):
            yield [(row, Record(*fields)) for row, *fields in found]
            last = found[-1][0]

    def with_scans(self, first: int, last: int) -> set[int]:
        """Those of the rows from one to another whose impression has a scan."""
        query = "SELECT impression_id FROM scans WHERE impression_id >= ? AND impression_id <= ?"
        return {row for (row,) in self._database.rows(query, first, last)}

    def subject_blocks(self, count: int) -> Iterator[list[tuple[Any, Any, Any, int]]]:
        """Name, sealed metadata, stated and real number of records of all subjects, so many at a time."""
        last = -1
        while found := self._database.rows(
            "SELECT id, name, metadata, impression_count FROM subjects WHERE id > ? ORDER BY id LIMIT ?", last, count
        ):
            query = "SELECT subject_id, count(*) FROM impressions WHERE subject_id > ? AND subject_id <= ?"
            there: dict[Any, int] = dict(self._database.rows(f"{query} GROUP BY subject_id", last, found[-1][0]))
            yield [(name, metadata, stated, there.get(row, 0)) for row, name, metadata, stated in found]
            last = found[-1][0]

    def count(self, model_id: str | None = None) -> int:
        """How many records there are, or how many that a model made."""
        wanted, values = ("", ()) if model_id is None else (" WHERE model_id = ?", (model_id,))
        (count,) = self._database.first(f"SELECT count(*) FROM impressions{wanted}", *values) or (0,)  # noqa: S608
        return int(count)
