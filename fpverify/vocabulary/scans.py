"""What a sensor saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fpverify.vocabulary.arrays import ByteArray, FloatArray

WORKING_PPI = 250.0  # every scan is resampled to this: a ridge period is then 3.2 to 5.8 px

PpiSource = Literal["file", "reader", "given", "estimated", "set"]  # who says what a scan's resolution is


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """One image of one finger, as a sensor or a file gave it.

    Attributes:
        pixels: (height, width) uint8, ridges dark.
        ppi: pixels per inch of `pixels`; finite, positive.
        source: where it came from, for messages: a file name, "synthetic", ...
        ppi_estimated: the resolution was estimated from the ridges, not stated.
        inverted: the image had bright ridges on dark and was inverted on reading.
        ppi_source: who says what the resolution is: the file, the reader, the caller, the ridges, or the scan's
            set.
        ppi_note: what there is to say about it, in words: that it was estimated, or that the ridges contradict it.
    """

    pixels: ByteArray
    ppi: float
    source: str = "memory"
    ppi_estimated: bool = False
    inverted: bool = False
    ppi_source: PpiSource = "given"
    ppi_note: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PreparedScan:
    """A scan as the networks see it.

    Attributes:
        image: (height, width) float32, locally normalised (zero mean, unit deviation, within ±3),
            ridges negative.
        scale: working pixels per pixel of the scan it was made from.
        source: as in `Scan`.
    """

    image: FloatArray
    scale: float
    source: str = "memory"
