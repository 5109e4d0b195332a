"""One impression as the store keeps it: what is sealed, and what the seal binds."""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from fpverify.errors import CorruptRecord
from fpverify.store.fingers import finger_code, finger_name
from fpverify.store.metadata import decode_metadata, encode_metadata
from fpverify.store.template_format import decode_template, encode_template
from fpverify.vocabulary import LEARNT, Reference, Template

RECORD_VERSION = 2  # of what is bound and of what is sealed; version 1 was not sealed
RECORD_ID_BYTES = 8  # random; among a million records two agree once in 30 million stores

_NUMBERS = struct.Struct("<Bqqd")
_LENGTH = struct.Struct("<I")


class Record(NamedTuple):
    """An impression in the types of the database; all but the content can be read without a key.

    Attributes:
        subject: id in normal form C.
        finger: ISO/IEC 19794-2 code.
        number: of the impression within the finger, from 1.
        model_id: of the template.
        quality: of the scan, in [0, 1], on the template's grid.
        enrolled_at: UTC, ISO 8601 with microseconds.
        record_id: 16 hex digits, as the audit trail names the record.
        content: what is sealed: metadata and template.
    """

    subject: str
    finger: int
    number: int
    model_id: str
    quality: float
    enrolled_at: str
    record_id: str
    content: bytes

    @property
    def name(self) -> str:
        """The record in words, for messages."""
        return f"impression {self.number} of {self.subject!r}, {finger_name(self.finger)}"

    @property
    def learnt(self) -> bool:
        """Whether it was kept after a match; asked of an opened record."""
        return LEARNT in decode_metadata(parts(self.content)[0])

    def bound(self, kind: bytes, store_id: str) -> bytes:
        """What a seal ties its content to: the store and every other field.

        Args:
            kind: of the content, b"record" or b"scan".
            store_id: so that no record of another store fits.
        """
        texts = (store_id, self.subject, self.model_id, self.enrolled_at, self.record_id)
        return kind + _NUMBERS.pack(RECORD_VERSION, self.finger, self.number, self.quality) + packed(*texts)

    def reference(self) -> Reference:
        """The record in the types of the application.

        Raises:
            CorruptRecord: the content cannot be decoded, or is not what the record speaks of.
        """
        metadata, template = parts(self.content)
        decoded = decode_template(template)
        moment = _parsed(self.enrolled_at)
        if moment is None or (decoded.model_id, decoded.quality) != (self.model_id, self.quality):
            raise CorruptRecord("the record and its template contradict each other; enroll the finger again")
        return Reference(
            self.subject, finger_name(self.finger), self.number, decoded, moment, decode_metadata(metadata)
        )


def new_record(
    subject: str,
    finger: str,
    template: Template,
    enrolled_at: datetime,
    metadata: Mapping[str, Any] | None = None,
) -> Record:
    """The record of a template, its numbers rounded to the grid, as impression 1.

    Args:
        subject: id in normal form C.
        finger: a name of `fpverify.store.fingers`.
        template: any that `encode_template` takes.
        enrolled_at: with a time zone.
        metadata: of the impression.

    Raises:
        ValueError: the template cannot be encoded, or the time has no zone.
        EnrollmentError: no finger has this name, or the metadata cannot be kept.
    """
    if enrolled_at.tzinfo is None:
        raise ValueError("the time of an enrollment needs a time zone")
    encoded = encode_template(template)
    quality = decode_template(encoded).quality
    moment = enrolled_at.astimezone(UTC).isoformat(timespec="microseconds")
    content = joined(encode_metadata(metadata), encoded)
    return Record(subject, finger_code(finger), 1, template.model_id, quality, moment, new_record_id(), content)


def new_record_id() -> str:
    """A random record id."""
    return os.urandom(RECORD_ID_BYTES).hex()


def joined(metadata: bytes, template: bytes) -> bytes:
    """The content of a record."""
    return _LENGTH.pack(len(metadata)) + metadata + template


def parts(content: bytes) -> tuple[bytes, bytes]:
    """(metadata, template) of the content of a record, whose seal has held."""
    end = _LENGTH.size + int.from_bytes(content[: _LENGTH.size], "little")
    return content[_LENGTH.size : end], content[end:]


def packed(*texts: str) -> bytes:
    """Texts one after the other, each behind its length, so that no two lists give the same bytes."""
    encoded = [text.encode() for text in texts]
    return b"".join(_LENGTH.pack(len(one)) + one for one in encoded)


def _parsed(moment: str) -> datetime | None:
    try:
        parsed = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else None
