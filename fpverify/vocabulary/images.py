"""Pictures of fingers as the records that people exchange hold them: as they are stored, not decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fpverify.vocabulary.records import FingerView, Rating

Compression = Literal["none", "packed", "wsq", "jpeg", "jpeg2000", "png"]  # "packed": grey levels of other than 8 bits


@dataclass(frozen=True, slots=True)
class Segment:
    """Where in a picture of several fingers one of them is, as its record says.

    Attributes:
        finger: code, as in `FingerImage`.
        left, right, top, bottom: px, the first and the last column and row.
    """

    finger: int
    left: int
    right: int
    top: int
    bottom: int


@dataclass(frozen=True, slots=True, repr=False)
class FingerImage:
    """One picture of a finger or several, in the bytes that its record has.

    Attributes:
        data: the picture, compressed or as rows of grey levels.
        compression: of `data`.
        width_px, height_px: of the picture.
        ppi: pixels per inch across and down; None where the record states none.
        finger: code; up to 10 a place in `FINGERS`, 13 to 15 the slaps (`formats.containers.POSITION_NAMES`).
        impression: code of ISO/IEC 19794-2:2011: 0 plain, 1 rolled, both live, ...
        bits: of a grey level.
        ratings: of the picture's quality.
        missing: (code of a finger, "amputated" or "unprintable") of a slap.
        segments: where the fingers of a slap are, if the record says it.
        number: of the record in its file: the IDC of ANSI/NIST, the view of ISO/IEC 19794-4.
        type: of an ANSI/NIST record, 4, 13, 14 or 15; 0 elsewhere.
    """

    data: bytes
    compression: Compression
    width_px: int
    height_px: int
    ppi: tuple[float, float] | None = None
    finger: int = 0
    impression: int = 0
    bits: int = 8
    ratings: tuple[Rating, ...] = ()
    missing: tuple[tuple[int, str], ...] = ()
    segments: tuple[Segment, ...] = ()
    number: int = 0
    type: int = 0

    def __repr__(self) -> str:
        return f"FingerImage(finger {self.finger}, {self.width_px} x {self.height_px} px, {self.compression})"


@dataclass(frozen=True, slots=True, repr=False)
class ImageRecord:
    """A file of pictures of fingers, such as an ANSI/NIST transaction or a record of ISO/IEC 19794-4.

    Attributes:
        images: in the file's order.
        minutiae: of records of type 9.
        format: name of the format it was read from.
        facts: (name, value) of what a transaction says of itself: its version, type, date, agencies, number.
        others: (type, how many) of the records that hold no finger.
        missing: (code of a finger, why) that the file says could not be taken at all.
        source: where it came from, for messages.
        notes: what was not as the standard has it and was taken all the same, a sentence each.
    """

    images: tuple[FingerImage, ...]
    minutiae: tuple[FingerView, ...] = ()
    format: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    others: tuple[tuple[int, int], ...] = ()
    missing: tuple[tuple[int, str], ...] = ()
    source: str = "memory"
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        return f"ImageRecord({self.source!r}, {list(self.images)})"
