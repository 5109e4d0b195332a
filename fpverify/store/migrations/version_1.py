"""How records looked in version 1: templates in plain, each row with a checksum."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from typing import NamedTuple

from fpverify.errors import CorruptRecord
from fpverify.store.backends import Database

_SEAL_BYTES = 16
_NUMBERS = struct.Struct("<qqd")


class PlainRecord(NamedTuple):
    """A row: see `fpverify.store.records.Record`, and the template as `encode_template` writes it."""

    subject: str
    finger: int
    number: int
    model_id: str
    quality: float
    enrolled_at: str
    template: bytes

    def checksum(self) -> bytes:
        """Over all of the record."""
        digest = hashlib.blake2b(_NUMBERS.pack(self.finger, self.number, self.quality), digest_size=_SEAL_BYTES)
        for text in (self.subject.encode(), self.model_id.encode(), self.enrolled_at.encode(), self.template):
            digest.update(len(text).to_bytes(8, "little"))
            digest.update(text)
        return digest.digest()


def plain_records(database: Database) -> Iterator[tuple[str, list[PlainRecord]]]:
    """Every subject of the tables `subjects_1` and `impressions_1` with its records.

    Raises:
        CorruptRecord: a row is not as it was written, or is lost.
    """
    _require_all(database)
    for owner, name, count in database.rows("SELECT id, name, impression_count FROM subjects_1 ORDER BY id"):
        found = database.rows(
            "SELECT finger, number, model_id, quality, enrolled_at, template, seal FROM impressions_1"
            " WHERE subject_id = ? ORDER BY finger, number",
            owner,
        )
        if len(found) != count:
            raise database.damaged()
        yield name, [_checked(PlainRecord(name, *fields), seal, database.place) for *fields, seal in found]


def _require_all(database: Database) -> None:
    counted = database.first("SELECT coalesce(sum(impression_count), 0) FROM subjects_1")
    if counted != database.first("SELECT count(*) FROM impressions_1"):
        raise database.damaged()


def _checked(record: PlainRecord, seal: object, place: str) -> PlainRecord:
    types = (str, int, int, str, float, str, bytes)
    well_typed = all(type(value) is expected for value, expected in zip(record, types, strict=True))
    if not well_typed or record.checksum() != seal:
        raise CorruptRecord(
            f"a record of subject {record.subject!r:.80} in the store {place} is damaged; restore a backup, or delete "
            "the subject with the fpverify that made the store"
        )
    return record
