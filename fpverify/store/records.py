"""One impression as a row of the store, and the seal by which damage to the row shows."""

from __future__ import annotations

import hashlib
import struct
from datetime import UTC, datetime
from typing import Any, NamedTuple

from fpverify.errors import CorruptRecord
from fpverify.store.fingers import finger_code, finger_name
from fpverify.store.template_format import decode_template, encode_template
from fpverify.vocabulary import Reference, Template

_SEAL_BYTES = 16  # chance and damage never agree on 128 bits; against intent only a secret key would help
_NUMBERS = struct.Struct("<qqd")


class Record(NamedTuple):
    """An impression in the types of the database.

    Attributes:
        subject: id in normal form C.
        finger: ISO/IEC 19794-2 code.
        number: of the impression within the finger, from 1.
        model_id: of the template.
        quality: of the scan, in [0, 1], on the template's grid.
        enrolled_at: UTC, ISO 8601 with microseconds.
        template: as `encode_template` writes it.
    """

    subject: str
    finger: int
    number: int
    model_id: str
    quality: float
    enrolled_at: str
    template: bytes

    @property
    def name(self) -> str:
        """The record in words, for messages."""
        return f"impression {self.number} of {self.subject!r}, {finger_name(self.finger)}"

    def seal(self) -> bytes:
        """Checksum over all of the record, which also ties the template to its subject and finger."""
        digest = hashlib.blake2b(_NUMBERS.pack(self.finger, self.number, self.quality), digest_size=_SEAL_BYTES)
        for text in (self.subject.encode(), self.model_id.encode(), self.enrolled_at.encode(), self.template):
            digest.update(len(text).to_bytes(8, "little"))
            digest.update(text)
        return digest.digest()

    def reference(self) -> Reference:
        """The record in the types of the application.

        Raises:
            CorruptRecord: the template cannot be decoded, or is not the one the record speaks of.
        """
        template = decode_template(self.template)
        moment = _parsed(self.enrolled_at)
        if moment is None or (template.model_id, template.quality) != (self.model_id, self.quality):
            raise CorruptRecord("the record and its template contradict each other; enroll the finger again")
        return Reference(self.subject, finger_name(self.finger), self.number, template, moment)


def new_record(subject: str, finger: str, number: int, template: Template, enrolled_at: datetime) -> Record:
    """The record of a template, its numbers rounded to the grid.

    Args:
        subject: id in normal form C.
        finger: a name of `fpverify.store.fingers`.
        number: of the impression within the finger, from 1.
        template: any that `encode_template` takes.
        enrolled_at: with a time zone.

    Raises:
        ValueError: the template cannot be encoded, or the time has no zone.
        EnrollmentError: no finger has this name.
    """
    if enrolled_at.tzinfo is None:
        raise ValueError("the time of an enrollment needs a time zone")
    encoded = encode_template(template)
    quality = decode_template(encoded).quality
    moment = enrolled_at.astimezone(UTC).isoformat(timespec="microseconds")
    return Record(subject, finger_code(finger), number, template.model_id, quality, moment, encoded)


def sealed_record(row: tuple[Any, ...], place: str) -> Record:
    """The record in a row: the fields of `Record` in order, then the seal.

    Args:
        row: as the database returned it; a damaged one may hold values of any type.
        place: the store's file, as messages name it.

    Raises:
        CorruptRecord: the row is not as it was written.
    """
    record, seal = Record(*row[:-1]), row[-1]
    if not _well_typed(record) or record.seal() != seal:
        raise CorruptRecord(
            f"a record of subject {record.subject!r:.80} in the store {place} is damaged; "
            "delete the subject and enroll again, or restore a backup"
        )
    return record


def _well_typed(record: Record) -> bool:
    types = (str, int, int, str, float, str, bytes)
    return all(type(value) is expected for value, expected in zip(record, types, strict=True))


def _parsed(moment: str) -> datetime | None:
    try:
        parsed = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else None
