"""Width and height that a compressed picture states of itself, found in its first bytes without decoding it.

Sources: FBI IAFIS-IC-0110 (WSQ); ITU-T T.81, annex B (JPEG); ISO/IEC 15948 (PNG); ISO/IEC 15444-1, annex A (JPEG 2000).
"""

from __future__ import annotations

import struct

from fpverify.vocabulary.images import Compression

LOOKED_AT = 1 << 20  # bytes of headers; a JPEG may have a profile of half a megabyte before its frame
MOST_SEGMENTS = 1000
WSQ_FRAME = 0xFFA2
JPEG_FRAMES = {*range(0xFFC0, 0xFFD0)} - {0xFFC4, 0xFFC8, 0xFFCC}
JPEG2000_START = b"\xff\x4f\xff\x51"
JPEG2000_SIZE = struct.Struct(">4x4xIIII")

Size = tuple[int, int]  # width and height


def coded_size(data: bytes, kind: Compression) -> Size | None:
    """The size; None where the header is damaged.

    Args:
        data: of the picture.
        kind: what it is compressed with.
    """
    size = {"wsq": _wsq, "jpeg": _jpeg, "png": _png, "jpeg2000": _jpeg2000}[kind](data[:LOOKED_AT])
    return size if size is not None and min(size) > 0 else None


def _wsq(data: bytes) -> Size | None:
    at = 2
    for _ in range(MOST_SEGMENTS):
        if at + 10 > len(data):
            return None
        marker, length = struct.unpack_from(">HH", data, at)
        if marker == WSQ_FRAME:
            height, width = struct.unpack_from(">HH", data, at + 6)
            return width, height
        at += 2 + max(length, 2)
    return None


def _jpeg(data: bytes) -> Size | None:
    at = 2
    for _ in range(MOST_SEGMENTS):
        if at + 9 > len(data) or data[at] != 0xFF:
            return None
        marker, length = struct.unpack_from(">HH", data, at)
        if marker == 0xFFFF:
            at += 1
            continue
        if marker in JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        at += 2 + max(length, 2)
    return None


def _png(data: bytes) -> Size | None:
    return struct.unpack_from(">II", data, 16) if len(data) >= 33 and data[12:16] == b"IHDR" else None


def _jpeg2000(data: bytes) -> Size | None:
    start = data.find(JPEG2000_START)
    if start < 0 or len(data) - start < JPEG2000_SIZE.size:
        return None
    right, lower, left, upper = JPEG2000_SIZE.unpack_from(data, start)
    return right - left, lower - upper
