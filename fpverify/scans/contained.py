"""The picture in a record of pictures: what is compressed in it is decoded as any file is.

The record itself is taken apart here, by code that reads numbers and lengths; the picture in it goes where pictures of
files go, under the same limits.
"""

from __future__ import annotations

import numpy as np

from fpverify.errors import UnreadableRecord, UnreadableScan
from fpverify.formats.containers import images_from_bytes
from fpverify.scans.pictures import Decode, Picture, picture_of
from fpverify.scans.work import check_size
from fpverify.vocabulary.images import FingerImage, ImageRecord

PALMS = range(16, 40)  # codes of positions that are no finger
TAKE_ONE = "`fpverify convert {source} FOLDER --to png` makes a file of each"


def record_in(content: bytes, source: str) -> ImageRecord:
    """The record in the bytes of a file; raises UnreadableScan."""
    try:
        return images_from_bytes(content, source=source)
    except UnreadableRecord as error:
        raise UnreadableScan(str(error)) from None


def one_picture(content: bytes, source: str, decode: Decode) -> Picture:
    """The one picture of a record, for whoever wants a scan.

    Raises:
        UnreadableScan: the record is damaged, or holds none or several.
        ScanError: as decoding does.
    """
    record = record_in(content, source)
    fingers = [one for one in record.images if one.finger not in PALMS]
    if len(fingers) != 1:
        what = f"holds {len(fingers)} pictures of fingers" if fingers else "holds no picture of a finger"
        raise UnreadableScan(f"{source}: {what}: give a file with one; {TAKE_ONE.format(source=source)}")
    return decoded_image(fingers[0], source, decode)


def decoded_image(image: FingerImage, source: str, decode: Decode) -> Picture:
    """The pixels of a picture in a record, with the resolution that the record states.

    Raises:
        UnreadableScan, ScanTooLarge: as decoding a file does.
    """
    check_size((image.width_px, image.height_px), source)
    if image.compression in {"none", "packed"}:
        return picture_of(_rows(image), image.ppi, source)._replace(certain=True)
    picture = decode(image.data, source)
    return picture if image.ppi is None else Picture(picture.pixels, image.ppi, certain=True)


def _rows(image: FingerImage) -> np.ndarray:
    shape = (image.height_px, image.width_px)
    if image.compression == "none":
        return np.frombuffer(image.data, np.uint8 if image.bits == 8 else ">u2").reshape(shape)
    bits = np.unpackbits(np.frombuffer(image.data, np.uint8))[: shape[0] * shape[1] * image.bits]
    weights = 2 ** np.arange(image.bits)[::-1]
    levels = bits.reshape(-1, image.bits) @ weights
    white = 2**image.bits - 1
    return np.asarray(np.rint(levels * (255 / white)), np.uint8).reshape(shape)
