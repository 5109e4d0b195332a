"""Decodes a WSQ image from standard input to bare pixels on standard output: a program, see `fpverify.scans.wsq`."""

from __future__ import annotations

import io
import sys

from PIL import Image


def main() -> None:
    """Reads, decodes, writes."""
    import wsq  # noqa: F401 - teaches Pillow to read WSQ

    with Image.open(io.BytesIO(sys.stdin.buffer.read()), formats=("WSQ",)) as image:
        sys.stdout.buffer.write(image.tobytes())


if __name__ == "__main__":
    main()
