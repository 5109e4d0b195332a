"""The header of WSQ, the FBI's compression for prints; the optional package `wsq` decodes the rest.

Source: FBI IAFIS-IC-0110, "WSQ gray-scale fingerprint image compression specification"; the resolution comes from the
comment that NIST's encoder writes (NISTCOM).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from importlib.util import find_spec
from typing import NamedTuple

from fpverify.errors import UnreadableScan

START = b"\xff\xa0"
FRAME = 0xFFA2  # its header: black and white of the scanner, then height and width
COMMENT = 0xFFA8
FRAME_SIZE = struct.Struct(">2xHH")
NIST_PPI = re.compile(rb"\bPPI (\d{1,5})\b")


class WsqHeader(NamedTuple):
    """Size in pixels, and the pixels per inch stated across and down, if they are."""

    width: int
    height: int
    stated_ppi: tuple[float, float] | None


def is_wsq(data: bytes) -> bool:
    """Whether the bytes of a file begin as WSQ does."""
    return data.startswith(START)


def wsq_header(data: bytes, source: str) -> WsqHeader:
    """What the header of a WSQ image says.

    Raises:
        UnreadableScan: it has no frame, or is cut short.
    """
    stated_ppi = None
    for marker, content in _segments(data):
        if marker == COMMENT and (found := NIST_PPI.search(content)):
            stated_ppi = (float(found[1]), float(found[1]))
        if marker == FRAME and len(content) >= FRAME_SIZE.size:
            height, width = FRAME_SIZE.unpack_from(content)
            return WsqHeader(width, height, stated_ppi)
    raise UnreadableScan(f"{source}: damaged or truncated: WSQ without a frame")


def check_wsq_installed(source: str) -> None:
    """Refuses where the package `wsq` is missing.

    Raises:
        UnreadableScan: it is; the message says how to get it.
    """
    if find_spec("wsq") is None:
        from fpverify.extras import install_line

        raise UnreadableScan(f"{source}: WSQ files need an extra: {install_line('wsq')}")


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The marker and content of each segment of the header."""
    position = len(START)
    while position + 4 <= len(data):
        marker, length = struct.unpack_from(">HH", data, position)
        yield marker, data[position + 4 : position + 2 + length]
        position += 2 + max(length, 2)
