"""WSQ, the FBI's compression for prints, by the optional package `wsq`.

Its decoder (NIST's, in C) crashes on some damaged files, so it runs in a process of its own.

Source: FBI IAFIS-IC-0110, "WSQ gray-scale fingerprint image compression specification"; the resolution comes from the
comment that NIST's encoder writes (NISTCOM).
"""

from __future__ import annotations

import re
import struct
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fpverify.errors import UnreadableScan
from fpverify.vocabulary import ByteArray

START = b"\xff\xa0"
FRAME = 0xFFA2  # its header: black and white of the scanner, then height and width
COMMENT = 0xFFA8
SLOWEST_S = 20.0  # an image takes 0.1 s
DECODER = Path(__file__).with_name("wsq_decoder.py")
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


def decode_wsq(data: bytes, header: WsqHeader, source: str) -> ByteArray:
    """The pixels of a WSQ image.

    Args:
        data: of the file.
        header: of the same.
        source: name for messages.

    Returns:
        (height, width) uint8.

    Raises:
        UnreadableScan: damaged or truncated, or the package `wsq` is not installed.
    """
    if find_spec("wsq") is None:
        raise UnreadableScan(f"{source}: WSQ files need an extra: pip install 'fpverify[wsq]'")
    pixels = _decoded(data)
    if pixels is None or len(pixels) != header.width * header.height or not pixels:
        raise UnreadableScan(f"{source}: damaged or truncated: not to be decoded as WSQ")
    return np.frombuffer(pixels, np.uint8).reshape(header.height, header.width).copy()


def _decoded(data: bytes) -> bytes | None:
    """The pixels in row order; None where the decoder crashed, hung, or complained."""
    command = [sys.executable, "-P", str(DECODER)]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=SLOWEST_S, check=True)  # noqa: S603
    except (subprocess.SubprocessError, OSError):
        return None
    return None if b"ERROR" in done.stderr else done.stdout


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The marker and content of each segment of the header."""
    position = len(START)
    while position + 4 <= len(data):
        marker, length = struct.unpack_from(">HH", data, position)
        yield marker, data[position + 4 : position + 2 + length]
        position += 2 + max(length, 2)
