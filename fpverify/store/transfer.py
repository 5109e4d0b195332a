"""From a store to an archive, and from an archive into a store."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from fpverify.errors import CorruptRecord, EnrollmentError, FpverifyError, StoreError
from fpverify.store.archive import (
    END,
    HEADER,
    RECORD,
    SCRYPT_COST,
    SUBJECT,
    ArchiveWriter,
    Block,
    field,
    is_protected,
    read_archive,
)
from fpverify.store.database import Store
from fpverify.store.fingers import finger_name
from fpverify.store.metadata import decode_metadata, encode_metadata
from fpverify.store.records import Record, new_record, parts
from fpverify.store.scan_format import decode_scan
from fpverify.store.subject_ids import subject_id
from fpverify.store.template_format import decode_template

SUBJECTS_AT_A_TIME = 500  # names that are read at once
NAMED = 5  # subjects in a message, so that it stays a line


@dataclass(frozen=True, slots=True)
class Transfer:
    """What was exported or imported.

    Attributes:
        subjects: how many.
        records: impressions, how many.
        skipped: subjects that were there already.
    """

    subjects: int
    records: int
    skipped: int = 0


def needs_passphrase(path: str | Path) -> bool:
    """Whether an archive is protected; errors as in `opened_archive`."""
    with _reading(path) as stream:
        return is_protected(stream, str(path))


def export_archive(
    store: Store, path: str | Path, *, passphrase: str | None, subject: str | None = None, cost: int = SCRYPT_COST
) -> Transfer:
    """Writes a store, or one subject of it, into a new file that its owner alone can read.

    The file shows one state of the store and appears when it is complete; the export enters the audit trail.

    Args:
        store: to be read.
        path: of the archive.
        passphrase: of 12 characters or more; None writes templates and scans in the clear.
        subject: None is all of them.
        cost: of a guess at the passphrase, see `fpverify.store.archive`.

    Raises:
        NotEnrolled: the store has no such subject.
        StoreError: there is a file already, it cannot be written, the passphrase is too short, or the store cannot be
            read or is damaged.
    """
    name = None if subject is None else subject_id(subject)
    with _new_file(Path(path)) as stream:
        writer = ArchiveWriter(stream, passphrase, cost)
        done = _write_all(store, writer, name)
        protected = passphrase is not None
        store.append_audit("export", name, None, subjects=done.subjects, records=done.records, protected=protected)
    return done


@dataclass(frozen=True, slots=True)
class Arriving:
    """An archive that is open, its header read.

    Attributes:
        source: what it is called in messages.
        header: store, made_at.
        blocks: all others.
    """

    source: str
    header: Mapping[str, Any]
    blocks: Iterator[Block]


@contextmanager
def opened_archive(path: str | Path, passphrase: str | None) -> Iterator[Arriving]:
    """An archive to be imported; what is wrong with passphrase or header shows before any store is touched.

    Args:
        path: of the archive.
        passphrase: None for an archive in the clear.

    Raises:
        WrongKey: the passphrase is wrong or missing, or the archive has none.
        CorruptRecord: it is none, or is damaged.
        StoreError: it cannot be read, or is of a newer fpverify.
    """
    with _reading(path) as stream:
        blocks = read_archive(stream, str(path), passphrase)
        yield Arriving(str(path), next(blocks).fields, blocks)


def import_archive(store: Store, archive: Arriving, *, skip_existing: bool = False) -> Transfer:
    """Enrolls all that an archive holds, or nothing at all; each subject enters the audit trail.

    Args:
        store: to be written.
        archive: of `opened_archive`, once.
        skip_existing: leave out subjects that the store has already.

    Raises:
        EnrollmentError: the store has subjects of the archive already; the message names them.
        CorruptRecord: the archive is damaged, altered, cut off or rearranged; the message says where.
        StoreError: the archive cannot be read, or the store not be written.
    """
    with store._changing():
        arrival = _Arrival(store, archive.source, skip_existing=skip_existing)
        for block in archive.blocks:
            arrival.take(block)
        return arrival.done()


def _write_all(store: Store, writer: ArchiveWriter, name: str | None) -> Transfer:
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    writer.write(Block(HEADER, {"store": store.store_id, "made_at": made_at}))
    subjects = records = 0
    with store._database.reading():
        for owner, subject in _owners(store, name):
            records += _write_subject(store, writer, owner, subject)
            subjects += 1
    writer.finish(subjects=subjects, records=records)
    return Transfer(subjects, records)


def _owners(store: Store, name: str | None) -> Iterator[tuple[int, str]]:
    """Row and name of the subjects that are wanted."""
    if name is not None:
        yield store._rows.owner(name), name
        return
    store._rows.require_no_strays()
    last = -1
    while found := store._rows.subjects_after(last, SUBJECTS_AT_A_TIME):
        yield from found
        last = found[-1][0]


def _write_subject(store: Store, writer: ArchiveWriter, owner: int, subject: str) -> int:
    """How many records were written."""
    records = store._rows.numbered(owner, subject)
    noted = store._rows.metadata(owner, subject)
    writer.write(Block(SUBJECT, {"subject": subject, "metadata": noted, "impressions": len(records)}))
    for row, record in records:
        writer.write(_record_block(record, store._rows.scan(row, record)))
    return len(records)


def _record_block(record: Record, scan: bytes | None) -> Block:
    metadata, template = parts(record.content)
    fields = {
        "subject": record.subject,
        "finger": finger_name(record.finger),
        "impression": record.number,
        "enrolled_at": record.enrolled_at,
        "model": record.model_id,
        "quality": record.quality,
        "metadata": decode_metadata(metadata),
        "template_bytes": len(template),
        "scan_bytes": None if scan is None else len(scan),
    }
    return Block(RECORD, fields, template + (scan or b""))


class _Arrival:
    """An archive on its way into a store, within a transaction of the caller's."""

    def __init__(self, store: Store, source: str, *, skip_existing: bool) -> None:
        self._store = store
        self._source = source
        self._skip = skip_existing
        self._there: list[str] = []
        self._subject: str | None = None
        self._owner: int | None = None  # None: the present subject is there already
        self._awaited = 0
        self._taken: dict[tuple[int, int], str] = {}
        self._subjects = self._records = 0
        self._new_subjects = self._new_records = 0

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

    def done(self) -> Transfer:
        """What came in; raises EnrollmentError for subjects that were there and should not have been."""
        if self._there and not self._skip:
            more = f" and {len(self._there) - NAMED:,} more" if len(self._there) > NAMED else ""
            names = ", ".join(repr(one) for one in self._there[:NAMED])
            raise EnrollmentError(
                f"the store {self._store.place} has {names}{more} already; nothing was imported "
                "(--skip-existing leaves them out)"
            )
        return Transfer(self._new_subjects, self._new_records, len(self._there))

    def _take_subject(self, fields: dict[str, Any]) -> None:
        where = f"{self._source}: subject {self._subjects + 1}"
        name = field(fields, "subject", str, where)
        noted = field(fields, "metadata", dict, where)
        with _sound(where):
            if subject_id(name) != name:
                raise CorruptRecord(f"{where}: the id is not in normal form C")
            encode_metadata(noted)
        self._awaited = field(fields, "impressions", int, where)
        self._subject, self._taken = name, {}
        self._subjects += 1
        if self._store._database.subject_row(name) is not None:
            self._there.append(name)
            self._owner = None
            return
        self._owner = self._store._rows.owner_or_new(name)
        self._store._rows.write_subject(self._owner, name, noted)
        self._new_subjects += 1

    def _take_record(self, block: Block) -> None:
        where = f"{self._source}: record {self._records + 1}, of {self._subject!r}"
        record, scan = _arrived(block, where)
        place = (record.finger, record.number)
        if record.subject != self._subject or place in self._taken:
            raise CorruptRecord(f"{where} belongs to another subject, or is there twice")
        self._records += 1
        self._taken[place] = record.record_id
        if self._owner is not None:
            self._store._rows.insert(self._owner, record, scan)
            self._new_records += 1

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
        if (fields.get("subjects"), fields.get("records")) != (self._subjects, self._records):
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


@contextmanager
def _reading(path: str | Path) -> Iterator[IO[bytes]]:
    try:
        with Path(path).open("rb") as stream:
            yield stream
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or type(error).__name__}") from error


@contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that appears under its name when the block ends well, on disk, and readable by its owner only."""
    if path.exists():
        raise StoreError(f"there is a file {path} already; give another name")
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")  # process ids come again, in a container at once
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(path)
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or type(error).__name__}") from error
