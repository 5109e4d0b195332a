"""Scans in the records that hold pictures of fingers: what is compressed in them is decoded as any file is.

The record itself is taken apart here, by code that reads numbers and lengths; the picture in it goes where pictures of
files go, under the same limits.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fpverify.errors import ScanError, UnreadableRecord, UnreadableScan
from fpverify.formats.containers import LARGEST_FINGER, MEMBERS, POSITION_NAMES, images_from_bytes
from fpverify.scans.decoding import check_size
from fpverify.scans.pictures import Decode, Picture, picture_of
from fpverify.vocabulary import FINGERS, Finger, Scan
from fpverify.vocabulary.images import FingerImage, ImageRecord

LARGEST_SHOWN = 50  # code of the last picture of several fingers
TAKE_ONE = "`fpverify convert {source} FOLDER --to png` makes a file of each"


class FingerScan(NamedTuple):
    """A scan out of a record, and what the record says of it.

    Attributes:
        scan: the picture.
        finger: which it shows; "unknown" where that is not said, or where it shows several.
        image: as the record has it; `image.finger` is above 10 for several fingers.
        missing: (finger, why) that the record says this picture lacks.
    """

    scan: Scan
    finger: Finger
    image: FingerImage
    missing: tuple[tuple[Finger, str], ...] = ()

    @property
    def fingers(self) -> tuple[Finger, ...]:
        """Which the picture shows, from left to right, without those that are missing."""
        gone = {finger for finger, _ in self.missing}
        members = MEMBERS.get(self.image.finger, ())
        return tuple(FINGERS[code] for code in members if FINGERS[code] not in gone) if members else (self.finger,)

    @property
    def is_slap(self) -> bool:
        """Whether it shows several fingers."""
        return self.image.finger in MEMBERS


class Unusable(NamedTuple):
    """A picture of a record that is no scan, and why."""

    image: FingerImage
    reason: ScanError


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
    fingers = [one for one in record.images if one.finger <= LARGEST_SHOWN and not 16 <= one.finger < 40]
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
        return picture_of(_rows(image), image.ppi, source)
    picture = decode(image.data, source)
    return picture if image.ppi is None else Picture(picture.pixels, image.ppi)


def _rows(image: FingerImage) -> np.ndarray:
    shape = (image.height_px, image.width_px)
    if image.compression == "none":
        return np.frombuffer(image.data, np.uint8 if image.bits == 8 else ">u2").reshape(shape)
    bits = np.unpackbits(np.frombuffer(image.data, np.uint8))[: shape[0] * shape[1] * image.bits]
    weights = 2 ** np.arange(image.bits)[::-1]
    levels = bits.reshape(-1, image.bits) @ weights
    white = 2**image.bits - 1
    return np.asarray(np.rint(levels * (255 / white)), np.uint8).reshape(shape)


def finger_scans(record: ImageRecord, ppi: float | None = None) -> Iterator[FingerScan | Unusable]:
    """The scans of a record, one after the other, so that no more than one picture is in memory decoded.

    Args:
        record: with pictures.
        ppi: resolution, as in `read_scan`; None takes what the record says.

    Yields:
        A scan of each picture of fingers, or why it is none; palms are passed over.
    """
    from fpverify.scans.acquisition import scan_from_picture
    from fpverify.scans.images import decode

    gone = dict(record.missing)
    for number, image in enumerate(record.images, 1):
        if 16 <= image.finger < 40:
            continue
        source = f"{record.source}, picture {number} ({POSITION_NAMES[image.finger]})"
        try:
            scan = scan_from_picture(decoded_image(image, source, decode), ppi, source)
        except ScanError as error:
            yield Unusable(image, error)
            continue
        named = FINGERS[image.finger] if image.finger <= LARGEST_FINGER else FINGERS[0]
        own = gone | dict(image.missing)
        missing = tuple(
            (FINGERS[code], own[code]) for code in MEMBERS.get(image.finger, (image.finger,)) if code in own
        )
        yield FingerScan(scan, named, image, missing)


def scans_in(path: str | Path, ppi: float | None = None) -> list[FingerScan]:
    """The scans in a file of pictures of fingers; one that cannot be used ends it.

    Args:
        path: of the file: ANSI/NIST-ITL, ISO/IEC 19794-4 or ANSI/INCITS 381.
        ppi: resolution, as in `read_scan`.

    Raises:
        UnreadableScan: no such file, or damaged, or without a finger.
        ScanError: a picture in it cannot be used; the message names it.
    """
    from fpverify.scans.files import file_bytes

    record = record_in(file_bytes(path), str(path))
    found: list[FingerScan] = []
    for one in finger_scans(record, ppi):
        if isinstance(one, Unusable):
            raise one.reason
        found.append(one)
    if not found:
        raise UnreadableScan(f"{path}: holds no picture of a finger")
    return found
