"""Pictures written as WSQ, by the optional package `wsq`, whose compression is NIST's.

It compresses to 0.75 bits a pixel, as the FBI asks for at 500 ppi, and states 500 ppi in its comment whatever the
picture has: the resolution is put right here.

Source: FBI IAFIS-IC-0110; the comment NISTCOM of NIST's encoder.
"""

from __future__ import annotations

import struct

from fpverify.errors import ScanError
from fpverify.extras import require
from fpverify.scans.work import check_size
from fpverify.scans.wsq import COMMENT, NIST_PPI, START
from fpverify.vocabulary import ByteArray

RATIO = 12.0  # of the package's scale: 0.75 bits a pixel


def wsq_bytes(pixels: ByteArray, ppi: float | None, source: str) -> bytes:
    """A picture as WSQ. What is lost are a few grey levels.

    Args:
        pixels: (height, width) uint8.
        ppi: that the file states; None states none.
        source: name for messages.

    Raises:
        MissingExtra: the package is not installed.
        ScanError: more than 4000 px a side, or it cannot be compressed: a side of less than about 40 px cannot.
    """
    require("wsq", "writing WSQ")
    height, width = pixels.shape
    check_size((width, height), source)
    import _wsq
    import wsq  # noqa: F401 - what is imported is not looked for again

    try:
        content = bytes(_wsq.compress(pixels.tobytes(), height, width, RATIO))
    except Exception as error:  # the package raises what it likes
        raise ScanError(f"{source}: cannot be written as WSQ: {error}") from error
    return _stating(content, ppi)


def _stating(content: bytes, ppi: float | None) -> bytes:
    """The file with another resolution in its first comment, or without one."""
    marker, length = struct.unpack_from(">HH", content, len(START))
    start, end = len(START) + 4, len(START) + 2 + length
    if marker != COMMENT:
        return content
    stated = NIST_PPI.sub(b"" if ppi is None else b"PPI %d" % round(ppi), content[start:end])
    return START + struct.pack(">HH", COMMENT, len(stated) + 2) + stated + content[end:]
