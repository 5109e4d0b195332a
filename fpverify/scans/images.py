"""Image files decoded: here where that is light work, else in a process with limits."""

from __future__ import annotations

import numpy as np

from fpverify.scans.pictures import Decode, Picture, picture_of
from fpverify.scans.plain_bmp import plain_bmp
from fpverify.scans.work import is_light

IMAGE_SUFFIXES = (  # of the files that are read, in lower case; the content decides what a file is
    *(".bmp", ".dib", ".png", ".tif", ".tiff", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    *(".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx", ".pgm", ".ppm", ".pbm", ".pnm", ".wsq"),
)
RECORD_STARTS = (b"FIR\0", b"1.001:", b"1.01:", b"1.1:")  # of records of pictures, see `fpverify.formats.containers`


def decode(data: bytes, source: str) -> Picture:
    """The one image in the bytes of a file; a file that is not known to be light work costs a process (0.1 s).

    The one picture in a record of pictures is that image, too.

    Args:
        data: of the file.
        source: name for messages.

    Raises:
        UnreadableScan: not an image of a known kind, damaged, truncated, several images, or too much work to decode.
        ScanTooLarge: more than 4000 px a side; found in the header, before anything is decoded.
    """
    return decode_with(_decoded, data, source)


def decode_with(decode: Decode, data: bytes, source: str) -> Picture:
    """The one image in the bytes of a file or a record, by whoever decodes images.

    Args:
        decode: who does, such as a `Decoder` that waits for images.
        data: of the file.
        source: name for messages.

    Raises:
        UnreadableScan, ScanTooLarge: as `decode`; or a record that is damaged, or holds none or several.
    """
    if data.startswith(RECORD_STARTS):
        from fpverify.scans.contained import one_picture

        return one_picture(data, source, decode)
    return decode(data, source)


def _decoded(data: bytes, source: str) -> Picture:
    if (plain := plain_bmp(data, source)) is not None:
        return plain
    if is_light(data):
        from fpverify.scans.decoding import raster  # which loads Pillow

        image, stated_ppi = raster(data, source)
        return picture_of(np.asarray(image), stated_ppi, source)
    from fpverify.scans.isolation import decoded_apart

    return decoded_apart(data, source)
