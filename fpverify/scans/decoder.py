"""Turns a WSQ, JPEG 2000 or TIFF image from standard input into a plain TIFF on standard output.

A program of its own, see `fpverify.scans.isolation`.
"""

from __future__ import annotations

import io
import sys

from PIL import Image
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.TiffImagePlugin import TiffImageFile

WSQ_START = b"\xff\xa0"
JPEG2000_STARTS = (b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51")


def main() -> None:
    """Reads, decodes, writes."""
    data, plain = sys.stdin.buffer.read(), io.BytesIO()
    kind = Jpeg2KImageFile.format if data.startswith(JPEG2000_STARTS) else TiffImageFile.format
    if data.startswith(WSQ_START):
        import wsq  # noqa: F401 - teaches Pillow to read WSQ

        kind = "WSQ"
    with Image.open(io.BytesIO(data), formats=(kind,)) as image:
        image.save(plain, TiffImageFile.format, compression="raw")
    sys.stdout.buffer.write(plain.getvalue())


if __name__ == "__main__":
    main()
