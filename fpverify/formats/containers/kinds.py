"""The formats of pictures of fingers by name, and which of them a file is."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from types import MappingProxyType

from fpverify.errors import UnreadableRecord, UnwritableRecord
from fpverify.formats.containers.image_records import (
    ANSI_2004,
    ISO_2005,
    ISO_2011,
    MAGIC,
    decode_image_record,
    encode_ansi_2004,
    encode_iso_2005,
    encode_iso_2011,
)
from fpverify.formats.containers.tagged import is_transaction
from fpverify.formats.containers.transaction import NAME, decode_transaction
from fpverify.formats.containers.writing import encode_type_4, encode_type_14
from fpverify.vocabulary.images import ImageRecord

TYPE_4 = "an2-type4"
LOOKED_AT = 4096  # bytes of a file: its beginning tells what it is
XML_TRANSACTION = re.compile(  # ANSI/NIST-ITL 1-2011, annex C: the root of the NIEM-conformant encoding
    rb"(?:\xef\xbb\xbf)?\s*<.*NISTBiometricInformationExchangePackage", re.DOTALL
)
IN_XML = "an ANSI/NIST transaction in XML: only the traditional encoding is read"


@dataclass(frozen=True, slots=True)
class ImageFormat:
    """A format of records of pictures.

    Attributes:
        name: as options and arguments have it.
        title: as people call it.
        suffixes: of files that are written in it unless another is asked for; the first is that of new files.
        encode: the record to bytes; raises UnwritableRecord.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    encode: Callable[[ImageRecord], bytes]


IMAGE_FORMATS = MappingProxyType(
    {
        one.name: one
        for one in (
            ImageFormat(NAME, "ANSI/NIST-ITL, type 14", (".an2", ".eft", ".nist", ".an2k", ".nst"), encode_type_14),
            ImageFormat(TYPE_4, "ANSI/NIST-ITL, type 4", (".an2t4",), encode_type_4),
            ImageFormat(ISO_2005, "ISO/IEC 19794-4:2005", (".fir", ".isofir"), encode_iso_2005),
            ImageFormat(ISO_2011, "ISO/IEC 19794-4:2011", (".fir2011",), encode_iso_2011),
            ImageFormat(ANSI_2004, "ANSI/INCITS 381-2004", (".ansifir",), encode_ansi_2004),
        )
    }
)
IMAGE_RECORD_SUFFIXES = tuple(suffix for one in IMAGE_FORMATS.values() for suffix in one.suffixes)


def is_image_record(data: bytes) -> bool:
    """Whether bytes begin as a record of pictures or a transaction does, in XML as well, which is refused."""
    return data.startswith(MAGIC) or is_transaction(data) or XML_TRANSACTION.match(data[:LOOKED_AT]) is not None


def image_format_named(name: str) -> ImageFormat:
    """The format of a name; raises UnwritableRecord if none has it."""
    if not isinstance(name, str) or name not in IMAGE_FORMATS:
        raise UnwritableRecord(f"no format is called {name!r}; there are {', '.join(IMAGE_FORMATS)}")
    return IMAGE_FORMATS[name]


def image_format_of(path: PurePath) -> ImageFormat | None:
    """The format that a file of this name is written in; None if its ending says none."""
    ending = path.suffix.lower()
    return next((one for one in IMAGE_FORMATS.values() if ending in one.suffixes), None)


def decoded(data: bytes, source: str) -> ImageRecord:
    """The record in the bytes of a file; raises UnreadableRecord."""
    if data.startswith(MAGIC):
        return decode_image_record(data, source)
    if is_transaction(data):
        return decode_transaction(data, source)
    if XML_TRANSACTION.match(data[:LOOKED_AT]):
        raise UnreadableRecord(f"{source}: {IN_XML}")
    raise UnreadableRecord(f"{source}: neither an ANSI/NIST file nor a record of pictures")
