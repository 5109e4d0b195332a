"""ANSI/NIST-ITL transactions written: a first record, and one of type 14 or 4 for each picture.

Source: ANSI/NIST-ITL 1-2011 (NIST Special Publication 500-290), records of types 1, 4, 14 and annex B.
"""

from __future__ import annotations

from datetime import date

from fpverify.errors import UnwritableRecord
from fpverify.formats.containers.codes import (
    AMPUTATIONS,
    NIST_COMPRESSIONS,
    PLAIN_IMPRESSIONS,
    PLAIN_THUMBS,
)
from fpverify.formats.containers.image_records import whole_resolution
from fpverify.formats.containers.tagged import FS, GS, RS, US
from fpverify.formats.containers.transaction import LEAST_PPMM, MM_PER_INCH
from fpverify.vocabulary import Rating
from fpverify.vocabulary.images import FingerImage, ImageRecord

VERSIONS = {4: "0300", 14: "0500"}  # of 2000, which most systems that want type 4 know; and of 2011
UNSTATED = "00.00"  # resolution of a transaction without type 4
MOST_IMAGES = 99  # numbers have two digits
LARGEST_UINT16, LARGEST_UINT32 = 65535, 2**32 - 1
REASONS = {reason: code for code, reason in AMPUTATIONS.items()}
FACT_FIELDS = {"type": 4, "date": 5, "to": 7, "from": 8, "number": 9, "reference": 10, "domain": 13}
DEFAULTS = {"type": "FPR", "to": "UNKNOWN", "from": "UNKNOWN", "number": "1"}
NEEDED = (4, 5, 7, 8, 9)


def encode_type_14(record: ImageRecord) -> bytes:
    """A transaction with a record of type 14 for each picture; raises UnwritableRecord."""
    _require(record)
    dated = _date(record)
    bodies = [_type_14(one, number, dated) for number, one in enumerate(record.images, 1)]
    return _first(record, 14, UNSTATED, dated) + b"".join(bodies)


def encode_type_4(record: ImageRecord) -> bytes:
    """A transaction with a record of type 4 for each picture; raises UnwritableRecord."""
    _require(record)
    stated = {one.ppi for one in record.images}
    if len(stated) > 1 or None in stated:
        raise UnwritableRecord("records of type 4 have one resolution in a transaction: type 14 states one of each")
    across, down = next(iter(stated)) or (0.0, 0.0)
    if across != down:
        raise UnwritableRecord("records of type 4 have square pixels")
    ppmm = f"{across / MM_PER_INCH:05.2f}"
    code = 0 if ppmm == f"{LEAST_PPMM:05.2f}" else 1
    bodies = [_type_4(one, number, code) for number, one in enumerate(record.images, 1)]
    return _first(record, 4, ppmm, _date(record)) + b"".join(bodies)


def _require(record: ImageRecord) -> None:
    if not 1 <= len(record) <= MOST_IMAGES:
        raise UnwritableRecord(f"{len(record)} pictures, a transaction is written with 1 to {MOST_IMAGES}")
    for one in record.images:
        if one.compression == "packed" or (one.compression == "none" and one.bits != 8):
            raise UnwritableRecord("grey levels of other than 8 bits: write them as PNG")
        if not (0 < one.width_px <= LARGEST_UINT16 and 0 < one.height_px <= LARGEST_UINT16):
            raise UnwritableRecord(f"a picture of {one.width_px} x {one.height_px} px")


def _date(record: ImageRecord) -> str:
    stated = dict(record.facts).get("date", "")
    return stated if len(stated) == 8 and stated.isdigit() else date.today().strftime("%Y%m%d")


def _first(record: ImageRecord, kind: int, resolution: str, dated: str) -> bytes:
    stated = DEFAULTS | dict(record.facts) | {"date": dated}
    count = len(record)
    listed = RS.join(
        [b"1" + US + str(count).encode(), *(f"{kind}\x1f{number:02d}".encode() for number in range(1, count + 1))]
    )
    fields: dict[int, bytes] = {2: VERSIONS[kind].encode(), 3: listed}
    for name, field in FACT_FIELDS.items():
        if stated.get(name):
            fields[field] = _plain(stated[name])
    fields |= {11: resolution.encode(), 12: resolution.encode()}
    return _text_record(1, fields)


def _type_14(image: FingerImage, number: int, dated: str) -> bytes:
    unit, across, down = _resolution(image)
    fields: dict[int, bytes] = {
        2: f"{number:02d}".encode(),
        3: str(image.impression).encode(),
        4: DEFAULTS["from"].encode(),
        5: dated.encode(),
        6: str(image.width_px).encode(),
        7: str(image.height_px).encode(),
        8: str(unit).encode(),
        9: across.encode(),
        10: down.encode(),
        11: _compression_name(image),
        12: str(image.bits).encode(),
        13: str(_position(image)).encode(),
    }
    if image.missing:
        fields[18] = RS.join(f"{finger:02d}\x1f{REASONS[reason]}".encode() for finger, reason in image.missing)
    if image.segments:
        fields[21] = RS.join(
            US.join(str(n).encode() for n in (one.finger, one.left, one.right, one.top, one.bottom))
            for one in image.segments
        )
    if image.ratings:
        fields[24] = RS.join(_rating(image, one) for one in image.ratings)
    return _text_record(14, fields, image.data)


def _rating(image: FingerImage, rating: Rating) -> bytes:
    parts = (str(image.finger), str(max(rating.value, 0)), f"{rating.vendor:04X}", str(rating.algorithm))
    return US.join(one.encode() for one in parts)


def _type_4(image: FingerImage, number: int, code: int) -> bytes:
    kinds = [kind for _, kind in NIST_COMPRESSIONS]
    head = bytes([number, image.impression, _position(image), *[255] * 5, code])
    head += image.width_px.to_bytes(2, "big") + image.height_px.to_bytes(2, "big")
    head += bytes([kinds.index(image.compression)])
    length = 4 + len(head) + len(image.data)
    if length > LARGEST_UINT32:
        raise UnwritableRecord("a picture that is larger than a record of type 4 can be")
    return length.to_bytes(4, "big") + head + image.data


def _position(image: FingerImage) -> int:
    """The code of a finger: plain thumbs have numbers of their own."""
    plain = {finger: code for code, finger in PLAIN_THUMBS.items()}
    return plain.get(image.finger, image.finger) if image.impression in PLAIN_IMPRESSIONS else image.finger


def _compression_name(image: FingerImage) -> bytes:
    return next(name for name, kind in NIST_COMPRESSIONS if kind == image.compression).encode()


def _resolution(image: FingerImage) -> tuple[int, str, str]:
    """Unit, across and down: whole numbers per inch or centimetre."""
    if image.ppi is None:
        return 0, "1", "1"
    unit, across, down = whole_resolution(image)
    return unit, str(across), str(down)


def _text_record(kind: int, fields: dict[int, bytes], picture: bytes | None = None) -> bytes:
    """A record of text, its length found so that it counts its own digits."""
    body = b"".join(GS + f"{kind}.{field:03d}:".encode() + fields[field] for field in sorted(fields))
    if picture is not None:
        body += GS + f"{kind}.999:".encode() + picture
    tag = f"{kind}.001:".encode()
    length = len(tag) + len(body) + len(FS)
    digits = len(str(length + len(str(length))))
    return tag + str(length + digits).encode() + body + FS


def _plain(text: str) -> bytes:
    """A value without separators."""
    return "".join(one for one in text if one.isprintable()).encode("ascii", "replace")
