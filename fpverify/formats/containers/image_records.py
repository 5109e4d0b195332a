"""Records of pictures: ISO/IEC 19794-4:2005 and :2011, and ANSI/INCITS 381-2004, which the first came from.

Those of 2004 and 2005 begin alike and differ in one thing: ANSI's head names the product that made it, in four bytes.

    "FIR" 0, "010" 0            8 bytes
    length                      6
    product owner, type         ANSI only: 2, 2
    device, acquisition level   2, 2
    pictures, unit              1, 1: of an inch or a centimetre
    resolution of the scanner, and of the pictures, each across and down    2, 2, 2, 2
    bits, compression, reserved    1, 1, 2
    for each picture:
      length                    4, with its head
      finger, views of it, view, quality, impression    1, 1, 1, 1, 1
      width, height, reserved   2, 2, 1
      the picture

That of 2011 tells of each picture what the others tell of all: "FIR" 0, "020" 0, length 4, pictures 2, certificates 1,
fingers 1; then for each its length 4, time 9, device 1 + 2 + 2, qualities 1 + 5 each, certificates 1 + 3 each, finger
1, number 1, unit 1, resolutions 8, bits 1, compression 1, impression 1, width 2, height 2, bytes 4, the picture, and
what else there is up to the length.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fpverify.errors import UnreadableRecord, UnwritableRecord
from fpverify.formats.containers.codes import (
    ISO_COMPRESSIONS_2005,
    ISO_COMPRESSIONS_2011,
    known_impression,
    require_position,
)
from fpverify.formats.containers.pictures import Stated, checked_picture
from fpverify.formats.cursor import Cursor
from fpverify.formats.fields import decode_makers, decode_rating_of_2009, makers, rating_of_2009
from fpverify.vocabulary import Rating
from fpverify.vocabulary.images import Compression, FingerImage, ImageRecord

MAGIC = b"FIR\0"
VERSION_2005, VERSION_2011 = b"010\0", b"020\0"
UNREAD = {b"025\0": "ANSI/INCITS 381-2009 (version 2.5)"}  # whose layout no source that is open to all has
ISO_2005, ISO_2011, ANSI_2004 = "iso2005-image", "iso2011-image", "ansi2004-image"
ISO_HEADER, ANSI_HEADER, VIEW_HEADER = 32, 36, 14  # bytes
HEADER_2011 = 16
PER_INCH, PER_CM, CM_PER_INCH = 1, 2, 2.54
LARGEST_UINT8 = 255
WHOLE = 1e-3  # nearer than this to a whole number is one: rounding of a conversion
LEVEL = 31  # acquisition level of 500 ppi and 8 bits, as most scanners have it
NOT_RATED = 254  # quality of 2005: nobody measured it
TIME_UNKNOWN = b"\xff" * 9
CERTIFIED = 1
MOST_PICTURES = 1000


def decode_image_record(data: bytes, source: str) -> ImageRecord:
    """A record of pictures, whichever of the three it is; raises UnreadableRecord."""
    version = data[4:8]
    if version == VERSION_2011:
        return _decoded_2011(Cursor(data, source, 8))
    if version != VERSION_2005:
        stated = version.rstrip(b"\0").decode("ascii", "replace")
        named = UNREAD.get(version, f"the version {stated!r} of an image record")
        raise UnreadableRecord(f"{source}: byte 4: {named} is not read, 010 and 020 are")
    if len(data) < ISO_HEADER:
        raise UnreadableRecord(f"{source}: byte {len(data)}: the record ends here, within its header")
    likely = [ANSI_2004, ISO_2005] if _adds_up(data, ANSI_HEADER) else [ISO_2005, ANSI_2004]
    reasons = []
    for name in likely:
        try:
            return _decoded_2005(Cursor(data, source, 8), name)
        except UnreadableRecord as error:
            reasons.append(error)
    raise reasons[0]


def _adds_up(data: bytes, header: int) -> bool:
    """Whether the lengths of the pictures add up to the record's, if its head has so many bytes."""
    at, count = header, data[header - 14] if len(data) > header else 0
    for _ in range(count):
        length = int.from_bytes(data[at : at + 4], "big")
        if length < VIEW_HEADER:
            return False
        at += length
    return count > 0 and at == int.from_bytes(data[8:14], "big")


def _decoded_2005(cursor: Cursor, name: str) -> ImageRecord:
    length = cursor.number(6, "the record's length")
    cursor.end_at(length, "the record's length")
    facts: tuple[tuple[str, str], ...] = ()
    if name == ANSI_2004:
        owner, kind = decode_makers(cursor, "the product's owner and type")
        facts = (("product", f"{owner} {kind}"),) if (owner, kind) != (0, 0) else ()
    cursor.take(4, "the device and the acquisition level")
    count = cursor.number(1, "the number of pictures")
    if not count:
        raise cursor.wrong("the record holds no picture", 1)
    unit = _unit(cursor)
    cursor.take(4, "the scanner's resolution")
    ppi = _ppi(cursor, unit)
    bits = cursor.number(1, "the bits of a grey level")
    kind_of = _compression(cursor, ISO_COMPRESSIONS_2005)
    cursor.take(2, "reserved bytes")
    notes: list[str] = []
    images = tuple(_view_2005(cursor, ppi, bits, kind_of, notes) for _ in range(count))
    cursor.require_end("the last picture")
    return ImageRecord(images, format=name, facts=facts, source=cursor.source, notes=tuple(dict.fromkeys(notes)))


def _view_2005(
    cursor: Cursor, ppi: tuple[float, float] | None, bits: int, kind: Compression, notes: list[str]
) -> FingerImage:
    length = cursor.number(4, "a picture's length")
    if length < VIEW_HEADER:
        raise cursor.wrong(f"a picture of {length} bytes, its head alone has {VIEW_HEADER}", 4)
    position = require_position(cursor, cursor.number(1, "a finger's code"))
    cursor.take(1, "the number of views")
    view = cursor.number(1, "a view's number")
    quality = cursor.number(1, "a picture's quality")
    impression = known_impression(cursor.number(1, "an impression type"))
    size = cursor.number(2, "the width"), cursor.number(2, "the height")
    cursor.take(1, "a reserved byte")
    ratings = (Rating(quality),) if 0 < quality <= 100 else ()
    data = cursor.take(length - VIEW_HEADER, "a picture")
    checked = checked_picture(data, Stated(kind, *size, bits), "the record", notes, cursor.wrong)
    return FingerImage(*checked, ppi, position, impression, bits, ratings, number=view)


def _decoded_2011(cursor: Cursor) -> ImageRecord:
    length = cursor.number(4, "the record's length")
    cursor.end_at(length, "the record's length")
    count = cursor.number(2, "the number of pictures")
    if not 0 < count <= MOST_PICTURES:
        raise cursor.wrong(f"{count} pictures, a record holds 1 to {MOST_PICTURES}", 2)
    certified = cursor.number(1, "whether there are certificates") == CERTIFIED
    cursor.take(1, "the number of fingers")
    notes: list[str] = []
    images = tuple(_view_2011(cursor, notes, certified=certified) for _ in range(count))
    cursor.require_end("the last picture")
    return ImageRecord(images, format=ISO_2011, source=cursor.source, notes=tuple(dict.fromkeys(notes)))


def _view_2011(cursor: Cursor, notes: list[str], *, certified: bool) -> FingerImage:
    start = cursor.at
    length = cursor.number(4, "a picture's length")
    cursor.take(9 + 5, "time and device")
    ratings = tuple(decode_rating_of_2009(cursor) for _ in range(cursor.number(1, "the number of qualities")))
    if certified:
        cursor.take(3 * cursor.number(1, "the number of certificates"), "certificates")
    position = require_position(cursor, cursor.number(1, "a finger's code"))
    view = cursor.number(1, "a picture's number")
    unit = _unit(cursor)
    cursor.take(4, "the scanner's resolution")
    ppi = _ppi(cursor, unit)
    bits = cursor.number(1, "the bits of a grey level")
    kind = _compression(cursor, ISO_COMPRESSIONS_2011)
    impression = known_impression(cursor.number(1, "an impression type"))
    size = cursor.number(2, "the width"), cursor.number(2, "the height")
    data = cursor.take(cursor.number(4, "the bytes of a picture"), "a picture")
    rest = start + length - cursor.at
    if rest < 0:
        raise UnreadableRecord(
            f"{cursor.source}: byte {start}: a picture of {length} bytes, but it takes {cursor.at - start}"
        )
    if rest:
        cursor.take(rest, "extended data")
        notes.append("extended data of a picture is not read")
    checked = checked_picture(data, Stated(kind, *size, bits), "the record", notes, cursor.wrong)
    return FingerImage(*checked, ppi, position, impression, bits, ratings, number=view)


def _unit(cursor: Cursor) -> int:
    unit = cursor.number(1, "the unit of resolutions")
    if unit not in {PER_INCH, PER_CM}:
        raise cursor.wrong(f"the unit {unit} of resolutions, 1 and 2 are possible", 1)
    return unit


def _ppi(cursor: Cursor, unit: int) -> tuple[float, float] | None:
    across, down = cursor.number(2, "the resolution across"), cursor.number(2, "the resolution down")
    factor = 1.0 if unit == PER_INCH else CM_PER_INCH
    return (across * factor, down * factor) if across and down else None


def _compression(cursor: Cursor, known: tuple[Compression, ...]) -> Compression:
    code = cursor.number(1, "the compression")
    if code >= len(known):
        raise cursor.wrong(f"the compression {code} stands for none", 1)
    return known[code]


# --- written ---------------------------------------------------------------------------------------------------------


def encode_iso_2005(record: ImageRecord) -> bytes:
    """The record in ISO/IEC 19794-4:2005; raises UnwritableRecord."""
    return _encoded_2005(record, b"")


def encode_ansi_2004(record: ImageRecord) -> bytes:
    """The record in ANSI/INCITS 381-2004; raises UnwritableRecord."""
    stated = dict(record.facts).get("product", "").split()
    owner, kind = (int(stated[0]), int(stated[1])) if len(stated) == 2 else (0, 0)
    return _encoded_2005(record, makers((owner, kind)))


def _encoded_2005(record: ImageRecord, product: bytes) -> bytes:
    _require_count(record, LARGEST_UINT8)
    alike = {(one.compression, one.ppi, one.bits) for one in record.images}
    if len(alike) > 1:
        raise UnwritableRecord(
            "the pictures differ in resolution or compression, and this format states one of each: iso2011-image "
            "and an2 state them of each picture"
        )
    first = record.images[0]
    unit, across, down = whole_resolution(first)
    resolution = _uint(across, 2) + _uint(down, 2)
    views = b"".join(_encoded_view_2005(one, record.images) for one in record.images)
    head = bytes(2) + _uint(LEVEL, 2) + bytes([len(record), unit]) + 2 * resolution
    head += bytes([first.bits, ISO_COMPRESSIONS_2005.index(first.compression)]) + bytes(2)
    length = 14 + len(product) + len(head) + len(views)
    return MAGIC + VERSION_2005 + length.to_bytes(6, "big") + product + head + views


def _encoded_view_2005(image: FingerImage, images: tuple[FingerImage, ...]) -> bytes:
    views = sum(one.finger == image.finger for one in images)
    quality = image.ratings[0].value if image.ratings and 0 < image.ratings[0].value <= 100 else NOT_RATED
    head = bytes([image.finger, views, image.number & LARGEST_UINT8, quality, image.impression])
    head += _uint(image.width_px, 2) + _uint(image.height_px, 2) + b"\0"
    return _uint(4 + len(head) + len(image.data), 4) + head + image.data


def encode_iso_2011(record: ImageRecord) -> bytes:
    """The record in ISO/IEC 19794-4:2011; raises UnwritableRecord."""
    _require_count(record, MOST_PICTURES)
    views = b"".join(map(_encoded_view_2011, record.images))
    fingers = len({one.finger for one in record.images})
    head = _uint(len(record), 2) + bytes([0, fingers])
    return MAGIC + VERSION_2011 + _uint(HEADER_2011 + len(views), 4) + head + views


def _encoded_view_2011(image: FingerImage) -> bytes:
    unit, across, down = whole_resolution(image)
    resolution = _uint(across, 2) + _uint(down, 2)
    head = TIME_UNKNOWN + bytes(5) + bytes([len(image.ratings)]) + b"".join(map(rating_of_2009, image.ratings))
    head += bytes([image.finger, image.number & LARGEST_UINT8, unit]) + 2 * resolution
    head += bytes([image.bits, ISO_COMPRESSIONS_2011.index(image.compression), image.impression])
    head += _uint(image.width_px, 2) + _uint(image.height_px, 2) + _uint(len(image.data), 4)
    return _uint(4 + len(head) + len(image.data), 4) + head + image.data


def _require_count(record: ImageRecord, most: int) -> None:
    if not 1 <= len(record) <= most:
        raise UnwritableRecord(f"{len(record)} pictures, a record of this format holds 1 to {most}")


def whole_resolution(image: FingerImage) -> tuple[int, int, int]:
    """The unit in which a resolution is a whole number, or nearly so, and the numbers across and down."""
    if image.ppi is None:
        return PER_INCH, 0, 0
    for unit, factor in ((PER_INCH, 1.0), (PER_CM, 1 / CM_PER_INCH)):
        across, down = (ppi * factor for ppi in image.ppi)
        if max(abs(across - round(across)), abs(down - round(down))) < WHOLE:
            return unit, round(across), round(down)
    return PER_INCH, round(image.ppi[0]), round(image.ppi[1])


def _uint(number: int, size: int) -> bytes:
    if not 0 <= number < 256**size:
        raise UnwritableRecord(f"{number} does not fit the {size} bytes that the format has for it")
    return number.to_bytes(size, "big")


def numbered(images: tuple[FingerImage, ...]) -> Iterator[FingerImage]:
    """Pictures with the number of each among those of its finger, from 1."""
    counts: dict[int, int] = {}
    for one in images:
        counts[one.finger] = counts.get(one.finger, 0) + 1
        yield replace(one, number=counts[one.finger])
