"""ISO/IEC 19794-2:2011 in record form.

"FMR" 0, "030" 0            8 bytes
length                      4
representations             2
certificates follow         1: 0 or 1
for each representation:
  length                    4
  capture time              9: year 2, month, day, hour, minute, second 1 each, millisecond 2
  sensor technology, vendor, device    1, 2, 2
  ratings                   1, and 5 each: value 1, vendor 2, algorithm 2
  certificates              where they follow 1, and 3 each: authority 2, scheme 1
  finger, view              1, 1
  resolution across, down   2, 2 px/cm
  impression                1
  width, height             2, 2 px
  bytes of a minutia, ridge ending type    4 bits (5 or 6), 4 bits
  minutiae                  1, and 5 or 6 each, the sixth its quality
  extended data             2, and what they say
"""

from __future__ import annotations

from fpverify.errors import UnwritableRecord
from fpverify.formats.cursor import Cursor
from fpverify.formats.extended import decode_extended, encode_extended
from fpverify.formats.fields import (
    decode_finger,
    decode_rating_of_2009,
    decode_view,
    rating_of_2009,
    require_impression,
    require_view,
    require_views,
    require_writable_views,
    resolution_of,
    size_of,
)
from fpverify.formats.points import (
    ISO_ANGLES,
    LARGEST_14_BITS,
    Layout,
    decode_points,
    encode_points,
    without_quality,
)
from fpverify.formats.records_2005 import LENGTH_AT, MAGIC
from fpverify.vocabulary import Capture, FingerView, MinutiaRecord, Rating

NAME = "iso2011"
VERSION = b"030\0"
HEADER = 15  # bytes
LEAST_VIEW = 35  # bytes of a representation without ratings, certificates and minutiae
TIME = (2, 1, 1, 1, 1, 1, 2)  # bytes of year, month, day, hour, minute, second, millisecond
TIME_RANGES = ((1, 0xFFFE), (1, 12), (1, 31), (0, 23), (0, 59), (0, 60), (0, 999))
UNKNOWN_TIME = tuple(256**size - 1 for size in TIME)
MINUTIA_BYTES = (5, 6)
MOST_COUNTED = 255  # ratings, certificates: their number is a uint8


def is_iso_2011(data: bytes) -> bool:
    """Whether the lengths of the representations add up to that of the record; ANSI/INCITS 378-2009 begins alike."""
    at, count = HEADER, int.from_bytes(data[12:14], "big")
    for _ in range(count):
        length = int.from_bytes(data[at : at + 4], "big")
        if length < LEAST_VIEW or at + length > len(data):
            return False
        at += length
    return count > 0 and at == int.from_bytes(data[LENGTH_AT : LENGTH_AT + 4], "big")


def decode_iso_2011(data: bytes, source: str) -> MinutiaRecord:
    """A record of ISO/IEC 19794-2:2011; raises UnreadableRecord."""
    cursor = Cursor(data, source, LENGTH_AT)
    cursor.end_at(cursor.number(4, "the record's length"), "the record's length")
    count = require_views(cursor, cursor.number(2, "the number of representations"))
    certified = cursor.number(1, "the flag for certificates")
    if certified > 1:
        raise cursor.wrong(f"the flag for certificates is {certified}, 0 and 1 are possible", 1)
    views = tuple(_decoded_view(cursor, certified=bool(certified)) for _ in range(count))
    cursor.require_end("the last representation")
    return MinutiaRecord(views, NAME, source=source)


def encode_iso_2011(record: MinutiaRecord) -> bytes:
    """The record in ISO/IEC 19794-2:2011; raises UnwritableRecord."""
    require_writable_views(record)
    certified = any(view.capture.certificates for view in record.views)
    body = len(record).to_bytes(2, "big") + bytes((certified,))
    body += b"".join(_encoded_view(view, certified=certified) for view in record.views)
    length = LENGTH_AT + 4 + len(body)
    return MAGIC + VERSION + length.to_bytes(4, "big") + body


def _decoded_view(cursor: Cursor, *, certified: bool) -> FingerView:
    start, length = cursor.at, cursor.number(4, "a representation's length")
    if length - 4 > cursor.left:
        raise cursor.wrong(f"a representation of {length} bytes, but only {cursor.left + 4} are left", 4)
    time = _decoded_time(cursor)
    technology, vendor, device = (cursor.number(size, "the device") for size in (1, 2, 2))
    ratings = tuple(decode_rating_of_2009(cursor) for _ in range(cursor.number(1, "the number of ratings")))
    certificates = _decoded_certificates(cursor) if certified else ()
    capture = Capture(0, device, vendor, technology, time, certificates)
    view = _decoded_minutiae(cursor, ratings, capture)
    if cursor.at != start + length:
        raise cursor.wrong(f"a representation ends here, but its length says byte {start + length}")
    return view


def _decoded_minutiae(cursor: Cursor, ratings: tuple[Rating, ...], capture: Capture) -> FingerView:
    finger, view = decode_finger(cursor), decode_view(cursor)
    resolution = cursor.number(2, "the resolution across"), cursor.number(2, "the resolution down")
    impression = require_impression(cursor, cursor.number(1, "an impression type"))
    size = cursor.number(2, "the width"), cursor.number(2, "the height")
    if max(size) > LARGEST_14_BITS:
        raise cursor.wrong(f"a picture of {size[0]} x {size[1]} px, at most {LARGEST_14_BITS} a side are possible", 4)
    minutia_bytes, ridge_ends = divmod(cursor.number(1, "the size of a minutia"), 16)
    if minutia_bytes not in MINUTIA_BYTES or ridge_ends > 1:
        raise cursor.wrong(
            f"minutiae of {minutia_bytes} bytes with endings of type {ridge_ends}, 5 or 6 with 0 or 1", 1
        )
    count = cursor.number(1, "the number of minutiae")
    points = decode_points(cursor, count, _layout(quality=minutia_bytes == MINUTIA_BYTES[1]), size)
    extended, extended_format = decode_extended(cursor, NAME)
    return FingerView(
        *points,
        width_px=size[0],
        height_px=size[1],
        ppcm_x=float(resolution[0]),
        ppcm_y=float(resolution[1]),
        finger=finger,
        view=view,
        impression=impression,
        ratings=ratings,
        capture=capture,
        ridge_ends=bool(ridge_ends),
        extended=extended,
        extended_format=extended_format,
    )


def _decoded_time(cursor: Cursor) -> tuple[int, ...]:
    time = tuple(cursor.number(size, "the capture time") for size in TIME)
    for number, (least, most), unknown in zip(time, TIME_RANGES, UNKNOWN_TIME, strict=True):
        if not (least <= number <= most or number == unknown):
            raise cursor.wrong(f"the capture time holds {number} where {least} to {most} are possible", sum(TIME))
    return () if time == UNKNOWN_TIME else time


def _decoded_certificates(cursor: Cursor) -> tuple[tuple[int, int], ...]:
    count = cursor.number(1, "the number of certificates")
    return tuple((cursor.number(2, "a certificate"), cursor.number(1, "a certificate")) for _ in range(count))


def _encoded_view(view: FingerView, *, certified: bool) -> bytes:
    require_view(view)
    size, capture = size_of(view), view.capture
    if max(size) > LARGEST_14_BITS:
        raise UnwritableRecord(f"a picture of {size[0]} x {size[1]} px, {NAME} states at most {LARGEST_14_BITS} a side")
    quality = not without_quality(view)
    points = encode_points(view, _layout(quality=quality), size)
    parts = [
        *(number.to_bytes(bytes_, "big") for number, bytes_ in zip(capture.time or UNKNOWN_TIME, TIME, strict=True)),
        capture.technology.to_bytes(1, "big"),
        *(number.to_bytes(2, "big") for number in (capture.vendor, capture.device)),
        _counted([rating_of_2009(rating) for rating in view.ratings], "ratings"),
        _certificates(capture) if certified else b"",
        bytes((view.finger, view.view)),
        *(number.to_bytes(2, "big") for number in resolution_of(view)),
        view.impression.to_bytes(1, "big"),
        *(number.to_bytes(2, "big") for number in size),
        bytes((MINUTIA_BYTES[quality] << 4 | view.ridge_ends, len(view))),
        points,
        encode_extended(view, NAME),
    ]
    body = b"".join(parts)
    return (4 + len(body)).to_bytes(4, "big") + body


def _certificates(capture: Capture) -> bytes:
    rows = [authority.to_bytes(2, "big") + scheme.to_bytes(1, "big") for authority, scheme in capture.certificates]
    return _counted(rows, "certificates")


def _counted(rows: list[bytes], what: str) -> bytes:
    if len(rows) > MOST_COUNTED:
        raise UnwritableRecord(f"{len(rows)} {what}, {NAME} holds at most {MOST_COUNTED}")
    return len(rows).to_bytes(1, "big") + b"".join(rows)


def _layout(*, quality: bool) -> Layout:
    return Layout(ISO_ANGLES, quality, zero_unstated=False)
