"""The header of JPEG 2000: the size of its picture, and the resolution that it states.

A file is a row of boxes, or the codestream alone. Its size stands in the codestream, which is what is decoded, and
again in the box `ihdr`, for which Pillow makes room: both have to be checked. The resolution has a box for capture and
one for display, in pixels per metre.

Source: ISO/IEC 15444-1, annexes A.5.1 (SIZ) and I (boxes).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from fpverify.errors import UnreadableScan

SIGNATURE = b"\0\0\0\x0cjP  \r\n\x87\n"
CODESTREAM = b"\xff\x4f\xff\x51"  # its first two markers, SOC and SIZ
SIZE = struct.Struct(">4x4xIIII16xH")  # after the markers: right and lower edge, left and upper edge, components
RESOLUTION = struct.Struct(">HHHHbb")  # numerators and denominators down and across, and their powers of ten
RESOLUTIONS = (b"resc", b"resd")  # of capture, and of display where that is all
MOST_COMPONENTS = 4  # red, green, blue, alpha
METRES_PER_INCH = 0.0254
MOST_BOXES = 100  # in a row; usual are five

Span = tuple[int, int]  # of bytes: from, and up to
NOWHERE: Span = (0, 0)


class Jpeg2000Header(NamedTuple):
    """Size in pixels, the pixels per inch stated across and down, if they are, and how many values a pixel has."""

    width: int
    height: int
    stated_ppi: tuple[float, float] | None
    components: int = 1


def is_jpeg2000(data: bytes) -> bool:
    """Whether the bytes of a file begin as JPEG 2000 does."""
    return data.startswith((SIGNATURE, CODESTREAM))


def jpeg2000_header(data: bytes, source: str) -> Jpeg2000Header:
    """What the header of a JPEG 2000 image says.

    Raises:
        UnreadableScan: it has no codestream, is cut short, or has more components than colours need.
    """
    if data.startswith(CODESTREAM):
        width, height, components = _size(data, source)
        return Jpeg2000Header(width, height, None, components)
    boxes = _boxes(data, 0, len(data))
    start, end = boxes.get(b"jp2c", NOWHERE)
    width, height, components = _size(data[start : min(end, start + SIZE.size)], source)
    header = _boxes(data, *boxes.get(b"jp2h", NOWHERE))
    stated = header.get(b"ihdr", NOWHERE)[0]
    if data[stated : stated + 8] != struct.pack(">II", height, width):
        raise UnreadableScan(f"{source}: damaged: JPEG 2000 of two sizes")
    stated_ppi = _stated_ppi(data, _boxes(data, *header.get(b"res ", NOWHERE)))
    return Jpeg2000Header(width, height, stated_ppi, components)


def _size(codestream: bytes, source: str) -> tuple[int, int, int]:
    if not codestream.startswith(CODESTREAM) or len(codestream) < SIZE.size:
        raise UnreadableScan(f"{source}: damaged or truncated: JPEG 2000 without a codestream")
    right, lower, left, upper, components = SIZE.unpack_from(codestream)
    if right <= left or lower <= upper:
        raise UnreadableScan(f"{source}: damaged: JPEG 2000 without pixels")
    if components > MOST_COMPONENTS:
        raise UnreadableScan(f"{source}: {components} colours: save the image as grey")
    return right - left, lower - upper, components


def _stated_ppi(data: bytes, stated: dict[bytes, Span]) -> tuple[float, float] | None:
    start, end = next((stated[kind] for kind in RESOLUTIONS if kind in stated), NOWHERE)
    if end - start < RESOLUTION.size:
        return None
    down, below_down, across, below_across, power_down, power_across = RESOLUTION.unpack_from(data, start)
    if not (below_down and below_across):
        return None
    return (
        across / below_across * 10.0**power_across * METRES_PER_INCH,
        down / below_down * 10.0**power_down * METRES_PER_INCH,
    )


def _boxes(data: bytes, start: int, end: int) -> dict[bytes, Span]:
    """The first box of each kind between two places, up to the codestream."""
    found: dict[bytes, Span] = {}
    for kind, span in islice(_row(data, start, end), MOST_BOXES):
        found.setdefault(kind, span)
        if kind == b"jp2c":
            break
    return found


def _row(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, Span]]:
    """Box after box, until one is cut short."""
    while start + 8 <= end:
        length, kind = struct.unpack_from(">I4s", data, start)
        content = start + 8
        if length == 1 and content + 8 <= end:  # the length follows, in 64 bits
            (length,) = struct.unpack_from(">Q", data, content)
            content += 8
        after = end if length == 0 else start + length  # the last box may go on to the end
        if not content <= after <= end:
            return
        yield kind, (content, after)
        start = after
