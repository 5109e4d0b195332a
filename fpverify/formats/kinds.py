"""The formats by name, and which of them a file is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from types import MappingProxyType

from fpverify.errors import UnreadableRecord, UnwritableRecord
from fpverify.formats.ansi_2009 import (
    AMENDED,
    BASE,
    VERSIONS,
    decode_ansi_2009,
    encode_ansi_2009,
    encode_ansi_2009_amended,
)
from fpverify.formats.cards import (
    COMPACT,
    NORMAL,
    decode_compact_card,
    decode_normal_card,
    encode_compact_card,
    encode_normal_card,
)
from fpverify.formats.document import decode_json, encode_json
from fpverify.formats.iso_2011 import decode_iso_2011, encode_iso_2011, is_iso_2011
from fpverify.formats.records_2005 import (
    LENGTH_AT,
    MAGIC,
    decode_ansi_2004,
    decode_iso_2005,
    encode_ansi_2004,
    encode_iso_2005,
    is_ansi_2004,
)
from fpverify.formats.table import NEEDED, decode_csv, encode_csv
from fpverify.formats.xyt import LINE, decode_xyt, encode_xyt
from fpverify.vocabulary import MinutiaRecord

LEAST_RECORD = LENGTH_AT + 4  # bytes: what tells the formats apart
VERSIONS_OF_2005 = (b" 20\0", b"020\0")  # the second is not the standards', but is met
VERSION_030 = VERSIONS[BASE]


@dataclass(frozen=True, slots=True)
class Format:
    """A format of minutiae records.

    Attributes:
        name: as options and arguments have it.
        title: as people call it.
        suffixes: of files that are written in it unless another is asked for; the first is that of new files.
        decode: (bytes, name for messages) to the record; raises UnreadableRecord.
        encode: the record to bytes; raises UnwritableRecord.
        has_header: its bytes say what they are.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    decode: Callable[[bytes, str], MinutiaRecord]
    encode: Callable[[MinutiaRecord], bytes]
    has_header: bool = True


FORMATS = MappingProxyType(
    {
        one.name: one
        for one in (
            Format("iso2005", "ISO/IEC 19794-2:2005", (".fmr", ".iso"), decode_iso_2005, encode_iso_2005),
            Format(
                NORMAL,
                "ISO/IEC 19794-2:2005, normal card",
                (".isonc",),
                decode_normal_card,
                encode_normal_card,
                has_header=False,
            ),
            Format(
                COMPACT,
                "ISO/IEC 19794-2:2005, compact card",
                (".isocc",),
                decode_compact_card,
                encode_compact_card,
                has_header=False,
            ),
            Format("iso2011", "ISO/IEC 19794-2:2011", (".iso2011",), decode_iso_2011, encode_iso_2011),
            Format("ansi2004", "ANSI/INCITS 378-2004", (".ansi",), decode_ansi_2004, encode_ansi_2004),
            Format(BASE, "ANSI/INCITS 378-2009", (".ansi2009",), decode_ansi_2009, encode_ansi_2009),
            Format(
                AMENDED,
                "ANSI/INCITS 378-2009/AM 1",
                (".ansi2009am1",),
                decode_ansi_2009,
                encode_ansi_2009_amended,
            ),
            Format("xyt", "xyt of mindtct and bozorth3", (".xyt",), decode_xyt, encode_xyt),
            Format("csv", "CSV", (".csv",), decode_csv, encode_csv),
            Format("json", "JSON of fpverify", (".json",), decode_json, encode_json),
        )
    }
)


def format_named(name: str) -> Format:
    """The format of a name.

    Raises:
        UnwritableRecord: none has it.
    """
    if not isinstance(name, str) or name not in FORMATS:
        raise UnwritableRecord(f"no format is called {name!r}; there are {', '.join(FORMATS)}")
    return FORMATS[name]


def format_of_suffix(path: PurePath) -> Format | None:
    """The format that a file of this name is written in; None if its ending says none."""
    ending = path.suffix.lower()
    return next((one for one in FORMATS.values() if ending in one.suffixes), None)


def is_record(data: bytes, source: str) -> bool:
    """Whether bytes begin as a record does, or are of a file whose name says that it is one for a card."""
    return bool(_candidates(data, source))


def decoded(data: bytes, source: str) -> MinutiaRecord:
    """The record in the bytes of a file, whatever format it has.

    Raises:
        UnreadableRecord: no record that is known, or damaged; of those that begin alike the likelier says why.
    """
    candidates = _candidates(data, source)
    if not candidates:
        raise UnreadableRecord(f"{source}: {_what_it_is(data)}")
    reasons = []
    for one in candidates:
        try:
            return one.decode(data, source)
        except UnreadableRecord as error:
            reasons.append(error)
    raise reasons[0]


def with_own_length(data: bytes) -> bytes:
    """A record whose length says as many bytes as there are; other bytes as they are."""
    if not data.startswith(MAGIC) or len(data) < LEAST_RECORD:
        return data
    short = data[len(MAGIC) : LENGTH_AT] in VERSIONS_OF_2005 and is_ansi_2004(data) and any(data[LENGTH_AT:][:2])
    room = 2 if short else 4
    start = LENGTH_AT if short or not _is_long_ansi(data) else LENGTH_AT + 2
    if len(data) >= 256**room:
        return data
    return data[:start] + len(data).to_bytes(room, "big") + data[start + room :]


def _is_long_ansi(data: bytes) -> bool:
    """Whether a record states its length in six bytes, of which two are 0."""
    return data[len(MAGIC) : LENGTH_AT] in VERSIONS_OF_2005 and is_ansi_2004(data) and not any(data[LENGTH_AT:][:2])


def _candidates(data: bytes, source: str) -> list[Format]:
    """The formats that a file may have, the likeliest first."""
    if data.startswith(MAGIC):
        return _standards(data)
    named = format_of_suffix(PurePath(source))
    if named is not None and not named.has_header:
        return [named]
    beginning = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    if beginning.startswith(b"{"):
        return [FORMATS["json"]]
    first = beginning.split(b"\n", 1)[0]
    if all(name.encode() in first for name in NEEDED):
        return [FORMATS["csv"]]
    return [FORMATS["xyt"]] if LINE.fullmatch(first.rstrip(b"\r")) else []


def _standards(data: bytes) -> list[Format]:
    version = data[len(MAGIC) : LENGTH_AT]
    if len(data) < LEAST_RECORD:
        return []
    if version in VERSIONS_OF_2005:
        return [FORMATS["ansi2004" if is_ansi_2004(data) else "iso2005"]]
    if version == VERSIONS[AMENDED]:
        return [FORMATS[AMENDED]]
    if version == VERSION_030:
        alike = FORMATS["iso2011"], FORMATS[BASE]
        return list(alike if is_iso_2011(data) else alike[::-1])
    return []


def _what_it_is(data: bytes) -> str:
    if not data.startswith(MAGIC):
        return "not a record of minutiae; the card forms have no header: name the format"
    if len(data) < LEAST_RECORD:
        return f"byte {len(data)}: the record ends here, within its header"
    version = data[len(MAGIC) : LENGTH_AT].rstrip(b"\0").decode("ascii", "replace")
    return f"byte {len(MAGIC)}: the version {version!r} is not read, {' 20'!r}, '030' and '035' are"
