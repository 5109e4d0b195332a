"""What an archive holds, checked and enrolled block by block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from fpverify.errors import CorruptRecord, EnrollmentError, FpverifyError
from fpverify.store.archive import END, RECORD, SUBJECT, Block, field
from fpverify.store.database import Store
from fpverify.store.metadata import encode_metadata
from fpverify.store.records import Record, new_record
from fpverify.store.scan_format import decode_scan
from fpverify.store.subject_ids import subject_id
from fpverify.store.template_format import decode_template, require_usual

NAMED = 5  # subjects in a message, so that it stays a line


class Arrival:
    """An archive on its way into a store, within a transaction of the caller's.

    Attributes:
        subjects: that were enrolled.
        records: that were enrolled, all of these subjects.
        present: how many subjects were there already, and were left as they are.
    """

    def __init__(self, store: Store, source: str) -> None:
        self.subjects = self.records = self.present = 0
        self._named: list[str] = []  # the first of those that were there
        self._store = store
        self._source = source
        self._subject: str | None = None
        self._owner: int | None = None  # None: the present subject is there already
        self._awaited = 0
        self._taken: dict[tuple[int, int], str] = {}
        self._read_subjects = self._read_records = 0

    def take(self, block: Block) -> None:
        """Enrolls what a block holds."""
        if block.kind == RECORD:
            self._take_record(block)
            return
        self._finish_subject()
        if block.kind == SUBJECT:
            self._take_subject(block.fields)
        elif block.kind == END:
            self._compare_with_end(block.fields)

    def require_all_new(self) -> None:
        """Raises EnrollmentError, which names them, if there were subjects already."""
        if self.present:
            more = f" and {self.present - NAMED:,} more" if self.present > NAMED else ""
            names = ", ".join(repr(one) for one in self._named)
            raise EnrollmentError(
                f"the store {self._store.place} has {names}{more} already; nothing was imported "
                "(--skip-existing leaves them out)"
            )

    def _take_subject(self, fields: dict[str, Any]) -> None:
        where = f"{self._source}: subject {self._read_subjects + 1}"
        name = field(fields, "subject", str, where)
        noted = field(fields, "metadata", dict, where)
        with _sound(where):
            if subject_id(name) != name:
                raise CorruptRecord(f"{where}: the id is not in normal form C")
            encode_metadata(noted)
        self._awaited = field(fields, "impressions", int, where)
        self._subject, self._taken = name, {}
        self._read_subjects += 1
        if self._store._database.subject_row(name) is not None:
            self.present += 1
            self._named += [name] * (self.present <= NAMED)
            self._owner = None
            return
        self._owner = self._store._rows.owner_or_new(name)
        self._store._rows.write_subject(self._owner, name, noted)
        self.subjects += 1

    def _take_record(self, block: Block) -> None:
        where = f"{self._source}: record {self._read_records + 1}, of {self._subject!r}"
        record, scan = _arrived(block, where)
        place = (record.finger, record.number)
        if record.subject != self._subject or place in self._taken:
            raise CorruptRecord(f"{where} belongs to another subject, or is there twice")
        self._read_records += 1
        self._taken[place] = record.record_id
        if self._owner is not None:
            self._store._rows.insert(self._owner, record, scan)
            self.records += 1

    def _finish_subject(self) -> None:
        if self._subject is None:
            return
        if not self._taken or len(self._taken) != self._awaited:
            raise CorruptRecord(
                f"{self._source}: subject {self._subject!r} has {len(self._taken)} records, not {self._awaited}"
            )
        if self._owner is not None:
            added = " ".join(self._taken.values())
            self._store._trail.append("import", self._subject, None, {"added": added})
        self._subject = None

    def _compare_with_end(self, fields: dict[str, Any]) -> None:
        if (fields.get("subjects"), fields.get("records")) != (self._read_subjects, self._read_records):
            raise CorruptRecord(f"{self._source}: subjects or records are missing, or too many")


def _arrived(block: Block, where: str) -> tuple[Record, bytes | None]:
    """A record and its scan as they are stored, all that it says checked; with an id of its own in the new store."""
    fields = block.fields
    size = field(fields, "template_bytes", int, where)
    scan_size = fields.get("scan_bytes")
    if size < 0 or len(block.data) != size + (scan_size if type(scan_size) is int and scan_size >= 0 else 0):
        raise CorruptRecord(f"{where}: template and scan are not as long as stated")
    scan = None if scan_size is None else block.data[size:]
    number = field(fields, "impression", int, where)
    moment = field(fields, "enrolled_at", str, where)
    with _sound(where):
        require_usual(block.data[:size])
        record = new_record(
            subject_id(field(fields, "subject", str, where)),
            field(fields, "finger", str, where),
            decode_template(block.data[:size]),
            datetime.fromisoformat(moment),
            field(fields, "metadata", dict, where),
        )._replace(number=number)
        if scan is not None:
            decode_scan(scan, where)
    if (record.model_id, record.quality) != (fields.get("model"), fields.get("quality")) or not 0 < number < 1 << 31:
        raise CorruptRecord(f"{where}: what it says is not what its template says")
    return record, scan


@contextmanager
def _sound(where: str) -> Iterator[None]:
    """Takes what cannot be stored for damage of the archive."""
    try:
        yield
    except (FpverifyError, ValueError, OverflowError) as error:
        raise CorruptRecord(f"{where}: {error}") from error
