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

from fpverify.errors import StoreError
from fpverify.store.archive import (
    HEADER,
    RECORD,
    SCRYPT_COST,
    SUBJECT,
    ArchiveWriter,
    Block,
    is_protected,
    read_archive,
)
from fpverify.store.arrival import Arrival
from fpverify.store.database import Store
from fpverify.store.fingers import finger_name
from fpverify.store.metadata import decode_metadata
from fpverify.store.records import Record, parts
from fpverify.store.subject_ids import subject_id

SUBJECTS_AT_A_TIME = 500  # names that are read at once
HOLDS, TEMPLATE = "holds", "template"  # in the header of an archive of a single template, of nobody


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
    with opened_file(path) as stream:
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
    with new_file(Path(path)) as stream:
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
    with opened_file(path) as stream:
        blocks = read_archive(stream, str(path), passphrase)
        header = next(blocks).fields
        if header.get(HOLDS) == TEMPLATE:
            raise StoreError(f"{path} holds a single template, of nobody; `fpverify template` shows it")
        yield Arriving(str(path), header, blocks)


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
        arrival = Arrival(store, archive.source)
        for block in archive.blocks:
            arrival.take(block)
        if not skip_existing:
            arrival.require_all_new()
        return Transfer(arrival.subjects, arrival.records, arrival.present)


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


@contextmanager
def opened_file(path: str | Path) -> Iterator[IO[bytes]]:
    """A file to be read; raises StoreError where it cannot be."""
    try:
        with Path(path).open("rb") as stream:
            yield stream
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or type(error).__name__}") from error


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
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
