"""ISO/IEC 19794-2:2005 in record form, and ANSI/INCITS 378-2004, which it came from.

They begin alike and differ in three things: ANSI states its length in two bytes (or, above 65,535, in six of which two
are 0), and the product that made it, and has directions in steps of 2 degrees where ISO has 1.40625.

    "FMR" 0, " 20" 0            8 bytes
    length                      ANSI 2 or 6, ISO 4
    product owner, type         ANSI only: 2, 2
    compliance, device          4 bits, 12 bits
    width, height               2, 2 px
    resolution across, down     2, 2 px/cm
    views, reserved             1, 1
    for each view:
      finger, view and impression, quality, minutiae    1, 4 + 4 bits, 1, 1
      minutiae                  6 each: type 2 bits, x 14, reserved 2, y 14, direction 8, quality 8
      extended data             2, and what they say
"""

from __future__ import annotations

from dataclasses import replace

from fpverify.formats.codes import LARGEST_OF_2005
from fpverify.formats.cursor import Cursor
from fpverify.formats.extended import decode_extended, encode_extended
from fpverify.formats.fields import (
    common_resolution,
    common_size,
    decode_finger,
    decode_makers,
    decode_rating_of_2005,
    decode_view_and_impression,
    finger_of_2005,
    makers,
    rating_of_2005,
    require_views,
    require_writable_views,
    view_and_impression,
)
from fpverify.formats.grids import LARGEST_UINT16
from fpverify.formats.points import ANSI_ANGLES, ISO_ANGLES, Layout, decode_points, encode_points
from fpverify.vocabulary import Capture, FingerView, MinutiaRecord

MAGIC = b"FMR\0"
VERSION = b" 20\0"
ISO, ANSI = "iso2005", "ansi2004"
ISO_HEADER, ANSI_HEADER = 24, 26  # bytes
LONG_LENGTH = 4  # bytes more of a header of ANSI that states more than 65,535
WITHOUT_VIEWS = "the record's header states neither view nor resolution; the resolution has to be given"
LARGEST_DEVICE = 0x0FFF  # 12 bits
LENGTH_AT = len(MAGIC) + len(VERSION)

_LAYOUTS = {ISO: Layout(ISO_ANGLES), ANSI: Layout(ANSI_ANGLES)}


def is_ansi_2004(data: bytes) -> bool:
    """Which of the two a record is, from the bytes of its length: ISO's begins with zeros, or is too small for ANSI."""
    first, second = (int.from_bytes(data[at : at + 2], "big") for at in (LENGTH_AT, LENGTH_AT + 2))
    return first >= ANSI_HEADER if first else second < ISO_HEADER


def decode_iso_2005(data: bytes, source: str) -> MinutiaRecord:
    """A record of ISO/IEC 19794-2:2005; raises UnreadableRecord."""
    cursor = Cursor(data, source, LENGTH_AT)
    length = cursor.number(4, "the record's length")
    cursor.end_at(length, "the record's length")
    return _decoded(cursor, ISO, (0, 0))


def decode_ansi_2004(data: bytes, source: str) -> MinutiaRecord:
    """A record of ANSI/INCITS 378-2004; raises UnreadableRecord."""
    cursor = Cursor(data, source, LENGTH_AT)
    length = cursor.number(2, "the record's length") or cursor.number(4, "the record's length")
    cursor.end_at(length, "the record's length")
    return _decoded(cursor, ANSI, decode_makers(cursor, "the product's owner and type"))


def encode_iso_2005(record: MinutiaRecord) -> bytes:
    """The record in ISO/IEC 19794-2:2005; raises UnwritableRecord."""
    body = _encoded(record, ISO)
    length = len(MAGIC + VERSION) + 4 + len(body)
    return MAGIC + VERSION + length.to_bytes(4, "big") + body


def encode_ansi_2004(record: MinutiaRecord) -> bytes:
    """The record in ANSI/INCITS 378-2004; raises UnwritableRecord."""
    body = makers(record.product) + _encoded(record, ANSI)
    length = len(MAGIC + VERSION) + 2 + len(body)
    if length <= LARGEST_UINT16:
        return MAGIC + VERSION + length.to_bytes(2, "big") + body
    return MAGIC + VERSION + bytes(2) + (length + LONG_LENGTH).to_bytes(4, "big") + body


def _decoded(cursor: Cursor, name: str, product: tuple[int, int]) -> MinutiaRecord:
    device = cursor.number(2, "the device")
    size = cursor.number(2, "the width"), cursor.number(2, "the height")
    resolution = cursor.number(2, "the resolution across"), cursor.number(2, "the resolution down")
    count = cursor.number(1, "the number of views")
    if name == ISO and count == 0 and resolution == (0, 0):
        return _decoded_without_views(cursor, size)
    require_views(cursor, count)
    cursor.take(1, "a reserved byte")
    shared = {
        "width_px": size[0],
        "height_px": size[1],
        "ppcm_x": float(resolution[0]),
        "ppcm_y": float(resolution[1]),
        "capture": Capture(compliance=device >> 12 << 4, device=device & LARGEST_DEVICE),
    }
    views = tuple(replace(_decoded_view(cursor, name, size), **shared) for _ in range(count))  # type: ignore[arg-type]
    cursor.require_end("the last view")
    return MinutiaRecord(views, name, product, cursor.source)


def _decoded_without_views(cursor: Cursor, size: tuple[int, int]) -> MinutiaRecord:
    """A record whose header is two bytes short and says 0 views at 0 px/cm, as nbis-rs 0.1.3 wrote them."""
    cursor.take(2, "a reserved byte and a view's quality")
    points = decode_points(cursor, cursor.number(1, "the number of minutiae"), _LAYOUTS[ISO], size)
    cursor.require_end("the last minutia")
    view = FingerView(*points, width_px=size[0], height_px=size[1])
    return MinutiaRecord((view,), ISO, source=cursor.source, notes=(WITHOUT_VIEWS,))


def _decoded_view(cursor: Cursor, name: str, size: tuple[int, int]) -> FingerView:
    finger = decode_finger(cursor, LARGEST_OF_2005)
    view, impression = decode_view_and_impression(cursor, ansi=name == ANSI)
    ratings = decode_rating_of_2005(cursor)
    count = cursor.number(1, "the number of minutiae")
    points = decode_points(cursor, count, _LAYOUTS[name], size)
    extended, extended_format = decode_extended(cursor, name, either=name == ISO)
    return FingerView(
        *points,
        finger=finger,
        view=view,
        impression=impression,
        ratings=ratings,
        extended=extended,
        extended_format=extended_format,
    )


def _encoded(record: MinutiaRecord, name: str) -> bytes:
    require_writable_views(record)
    size, resolution, capture = common_size(record), common_resolution(record), record.views[0].capture
    device = capture.device if capture.device <= LARGEST_DEVICE else 0
    numbers = (capture.compliance >> 4 << 12 | device, *size, *resolution)
    header = b"".join(number.to_bytes(2, "big") for number in numbers) + bytes((len(record), 0))
    return header + b"".join(_encoded_view(view, name, size) for view in record.views)


def _encoded_view(view: FingerView, name: str, size: tuple[int, int]) -> bytes:
    points = encode_points(view, _LAYOUTS[name], size)
    header = finger_of_2005(view), view_and_impression(view, ansi=name == ANSI), rating_of_2005(view), len(view)
    return bytes(header) + points + encode_extended(view, name)
