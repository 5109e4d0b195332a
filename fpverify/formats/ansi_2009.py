"""ANSI/INCITS 378-2009, and its amendment 1, which changes the version alone as far as minutiae go.

"FMR" 0, "030" 0 or "035" 0     8 bytes
length                          4
product owner, type             2, 2
compliance, device              1, 2
views, reserved                 1, 1
for each view:
  finger, view, impression      1, 1, 1
  quality, its vendor and algorithm    1, 2, 2
  width, height, resolution across, down    2, 2, 2, 2
  minutiae                      1, and 6 each, as in 2004
  extended data                 2, and what they say
"""

from __future__ import annotations

from functools import partial

from fpverify.formats.cursor import Cursor
from fpverify.formats.extended import decode_extended, encode_extended
from fpverify.formats.fields import (
    decode_finger,
    decode_makers,
    decode_rating_of_2009,
    decode_view,
    makers,
    rating_of_2009,
    require_impression,
    require_view,
    require_views,
    require_writable_views,
    resolution_of,
    size_of,
)
from fpverify.formats.points import ANSI_ANGLES, Layout, decode_points, encode_points
from fpverify.formats.records_2005 import LENGTH_AT, MAGIC
from fpverify.vocabulary import NOT_STATED, Capture, FingerView, MinutiaRecord, Rating

BASE, AMENDED = "ansi2009", "ansi2009am1"
VERSIONS = {BASE: b"030\0", AMENDED: b"035\0"}

_LAYOUT = Layout(ANSI_ANGLES, zero_unstated=False)


def decode_ansi_2009(data: bytes, source: str) -> MinutiaRecord:
    """A record of ANSI/INCITS 378-2009 or its amendment; raises UnreadableRecord."""
    name = AMENDED if data[len(MAGIC) : LENGTH_AT] == VERSIONS[AMENDED] else BASE
    cursor = Cursor(data, source, LENGTH_AT)
    cursor.end_at(cursor.number(4, "the record's length"), "the record's length")
    product = decode_makers(cursor, "the product's owner and type")
    capture = Capture(compliance=cursor.number(1, "the compliance"), device=cursor.number(2, "the device"))
    count = require_views(cursor, cursor.number(1, "the number of views"))
    cursor.take(1, "a reserved byte")
    views = tuple(_decoded_view(cursor, name, capture) for _ in range(count))
    cursor.require_end("the last view")
    return MinutiaRecord(views, name, product, source)


def _decoded_view(cursor: Cursor, name: str, capture: Capture) -> FingerView:
    finger, view = decode_finger(cursor), decode_view(cursor)
    impression = require_impression(cursor, cursor.number(1, "an impression type"))
    rating = decode_rating_of_2009(cursor)
    size = cursor.number(2, "the width"), cursor.number(2, "the height")
    resolution = cursor.number(2, "the resolution across"), cursor.number(2, "the resolution down")
    count = cursor.number(1, "the number of minutiae")
    points = decode_points(cursor, count, _LAYOUT, size)
    extended, extended_format = decode_extended(cursor, name)
    return FingerView(
        *points,
        width_px=size[0],
        height_px=size[1],
        ppcm_x=float(resolution[0]),
        ppcm_y=float(resolution[1]),
        finger=finger,
        view=view,
        impression=impression,
        ratings=() if rating == Rating(NOT_STATED) else (rating,),
        capture=capture,
        extended=extended,
        extended_format=extended_format,
    )


def _encode(record: MinutiaRecord, name: str) -> bytes:
    require_writable_views(record)
    capture = record.views[0].capture
    device = capture.compliance.to_bytes(1, "big") + capture.device.to_bytes(2, "big")
    body = makers(record.product) + device + bytes((len(record), 0))
    body += b"".join(_encoded_view(view, name) for view in record.views)
    length = LENGTH_AT + 4 + len(body)
    return MAGIC + VERSIONS[name] + length.to_bytes(4, "big") + body


def _encoded_view(view: FingerView, name: str) -> bytes:
    require_view(view)
    size = size_of(view)
    points = encode_points(view, _LAYOUT, size)
    numbers = b"".join(number.to_bytes(2, "big") for number in (*size, *resolution_of(view)))
    rating = rating_of_2009(view.ratings[0] if view.ratings else Rating(NOT_STATED))
    header = bytes((view.finger, view.view, view.impression)) + rating + numbers + bytes((len(view),))
    return header + points + encode_extended(view, name)


encode_ansi_2009 = partial(_encode, name=BASE)
encode_ansi_2009_amended = partial(_encode, name=AMENDED)
