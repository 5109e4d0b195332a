"""The scans in a record of pictures, each with what the record says of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from fpverify.errors import ScanError, UnreadableScan
from fpverify.formats.containers import LARGEST_FINGER, MEMBERS, POSITION_NAMES
from fpverify.scans.acquisition import scan_from_picture
from fpverify.scans.contained import PALMS, decoded_image, record_in
from fpverify.scans.files import file_bytes
from fpverify.scans.images import decode
from fpverify.scans.pictures import Decode
from fpverify.vocabulary import FINGERS, Finger, Scan
from fpverify.vocabulary.images import FingerImage, ImageRecord


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


def finger_scans(
    record: ImageRecord, ppi: float | None = None, decode: Decode = decode
) -> Iterator[FingerScan | Unusable]:
    """The scans of a record, one after the other, so that no more than one picture is in memory decoded.

    Args:
        record: with pictures.
        ppi: resolution, as in `read_scan`; None takes what the record says.
        decode: who decodes pictures, such as a `Decoder` that waits for them.

    Yields:
        A scan of each picture of fingers, or why it is none; palms are passed over.
    """
    gone = dict(record.missing)
    for number, image in enumerate(record.images, 1):
        if image.finger in PALMS:
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
    record = record_in(file_bytes(path), str(path))
    found: list[FingerScan] = []
    for one in finger_scans(record, ppi):
        if isinstance(one, Unusable):
            raise one.reason
        found.append(one)
    if not found:
        raise UnreadableScan(f"{path}: holds no picture of a finger")
    return found
