"""BMPs as sensors write them, 8 bits a pixel, grey and uncompressed: their levels lie in the file as they are.

They are read without Pillow, which takes 25 ms to load. All others, and all that is odd about one, is Pillow's.

Source: Windows' BITMAPFILEHEADER, BITMAPINFOHEADER and RGBQUAD.
"""

from __future__ import annotations

import struct

import numpy as np

from fpverify.scans.pictures import Picture, picture_of
from fpverify.scans.work import MOST_SIDE_PX

START = b"BM"
# Of both headers: where the levels begin; length of the second, width, height, bits a pixel, compression, pixels a
# metre across and down, colours of the table.
HEADER = struct.Struct("<10xIIii2xHI4xIII4x")
INFO = 40  # bytes of the second header
TABLE = bytes(level for grey in range(256) for level in (grey, grey, grey, 0))
INCHES_PER_METRE = 39.3701  # as Pillow has it


def plain_bmp(data: bytes, source: str) -> Picture | None:
    """The picture of such a file; None of any other.

    Args:
        data: of the file.
        source: name for messages.
    """
    if not data.startswith(START) or len(data) < HEADER.size + len(TABLE):
        return None
    start, info, width, height, bits, compression, across, down, colours = HEADER.unpack_from(data)
    if (info, bits, compression) != (INFO, 8, 0) or colours not in {0, 256}:
        return None
    rows, row = abs(height), (width + 3) // 4 * 4  # bytes of a row: a multiple of four
    if not (0 < width <= MOST_SIDE_PX and 0 < rows <= MOST_SIDE_PX):
        return None
    if data[HEADER.size : HEADER.size + len(TABLE)] != TABLE:
        return None
    if start < HEADER.size + len(TABLE) or start + rows * row > len(data):
        return None
    levels = np.frombuffer(data, np.uint8, rows * row, start).reshape(rows, row)[:, :width]
    stated_ppi = (across / INCHES_PER_METRE, down / INCHES_PER_METRE) if across or down else None
    return picture_of(levels[::-1] if height > 0 else levels, stated_ppi, source)
