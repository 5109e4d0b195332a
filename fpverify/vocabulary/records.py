"""Minutiae as standard records hold them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fpverify.vocabulary.arrays import ByteArray, FloatArray
from fpverify.vocabulary.templates import FINGERS

MINUTIA_TYPES = ("other", "ending", "bifurcation")  # names by code, the same in every standard
NOT_STATED = -1  # where a quality may be: nobody measured it
NOT_COMPUTED = -2  # likewise: it was to be measured, and that failed


@dataclass(frozen=True, slots=True)
class Rating:
    """What somebody's algorithm makes of the quality of a scan.

    Attributes:
        value: 0 to 100 (best), `NOT_STATED` or `NOT_COMPUTED`.
        vendor, algorithm: as registered with IBIA; 0 where a format has no room for them.
    """

    value: int
    vendor: int = 0
    algorithm: int = 0


@dataclass(frozen=True, slots=True)
class Capture:
    """What a minutiae record says of how a finger was captured; numbers as registered, 0 where nothing is said.

    Attributes:
        compliance: bits of certificates of the device, the highest for Appendix F of CJIS-RS-0010.
        device: its type.
        vendor: of the device.
        technology: of the sensor, a code of ISO/IEC 19794-2:2011.
        time: year, month, day, hour, minute, second, millisecond; what is not known is all ones (0xFFFF, 0xFF).
        certificates: (authority, scheme) of each.
    """

    compliance: int = 0
    device: int = 0
    vendor: int = 0
    technology: int = 0
    time: tuple[int, ...] = ()
    certificates: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FingerView:
    """The minutiae of one picture of one finger, as records have them, n of them, in the record's order.

    Positions are those of the picture itself, not of the working resolution: the centre of the first pixel is (0, 0).

    Attributes:
        x_px, y_px: (n,) float32, from the top left corner, x to the right, y down.
        angle_rad: (n,) float32 in (-pi, pi], x towards y, as in `Minutiae`.
        types: (n,) uint8, a place in `MINUTIA_TYPES`.
        quality: (n,) int16, 0 to 100 (best), `NOT_STATED` or `NOT_COMPUTED`.
        width_px, height_px: of the picture; 0 if that is not known.
        ppcm_x, ppcm_y: pixels per centimetre across and down; 0 if that is not known.
        finger: code; up to 10 a place in `FINGERS`, above several fingers (ISO/IEC 19794-2:2011).
        view: 0, 1, ... of the finger within its record.
        impression: code of ISO/IEC 19794-2:2011: 0 plain, 1 rolled, both live, ...
        ratings: of the picture's quality.
        capture: how it was captured.
        ridge_ends: endings lie where the ridge's skeleton ends, not where the valleys around it meet.
        extended: (type, data) of each block of extended data, as it was read.
        extended_format: name of the format the blocks were read from; they mean nothing in another.
    """

    x_px: FloatArray
    y_px: FloatArray
    angle_rad: FloatArray
    types: ByteArray
    quality: NDArray[np.int16]
    width_px: int = 0
    height_px: int = 0
    ppcm_x: float = 0.0
    ppcm_y: float = 0.0
    finger: int = 0
    view: int = 0
    impression: int = 0
    ratings: tuple[Rating, ...] = ()
    capture: Capture = Capture()
    ridge_ends: bool = False
    extended: tuple[tuple[int, bytes], ...] = ()
    extended_format: str = ""

    def __len__(self) -> int:
        return len(self.x_px)

    def __repr__(self) -> str:
        finger = FINGERS[self.finger] if self.finger < len(FINGERS) else f"finger {self.finger}"
        return f"FingerView({finger}, {len(self)} minutiae, {self.width_px} x {self.height_px} px)"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MinutiaRecord:
    """A file of minutiae: one view or several, of one finger or several.

    Attributes:
        views: at least one.
        format: name of the format it was read from; empty if it comes from a scan.
        product: of the software that made it: owner and type, as registered with IBIA; 0 where nothing is said.
        source: where it came from, for messages.
        notes: what was assumed on reading, a sentence each.
    """

    views: tuple[FingerView, ...]
    format: str = ""
    product: tuple[int, int] = (0, 0)
    source: str = "memory"
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.views)

    def __repr__(self) -> str:
        return f"MinutiaRecord({self.source!r}, {list(self.views)})"
