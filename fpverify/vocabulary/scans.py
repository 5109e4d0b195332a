"""What a sensor saw."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from typing import IO, TYPE_CHECKING, Any, Literal, TypeAlias

from fpverify.vocabulary.arrays import ByteArray, FloatArray

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

WORKING_PPI = 250.0  # every scan is resampled to this: a ridge period is then 3.2 to 5.8 px

PpiSource = Literal["file", "reader", "given", "estimated", "set"]  # who says what a scan's resolution is


@dataclass(frozen=True, slots=True)
class TakenScan:
    """How a scan was taken; attributes as in `Scan`, without its pixels."""

    source: str
    ppi: float
    ppi_estimated: bool = False
    ppi_source: PpiSource = "given"
    ppi_note: str | None = None
    inverted: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for programs."""
        return {
            "ppi": self.ppi,
            "ppi_estimated": self.ppi_estimated,
            "ppi_source": self.ppi_source,
            "ppi_note": self.ppi_note,
            "inverted": self.inverted,
        }


@dataclass(frozen=True, slots=True, eq=False, repr=False)
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

    @property
    def taken(self) -> TakenScan:
        """How it was taken."""
        return TakenScan(self.source, self.ppi, self.ppi_estimated, self.ppi_source, self.ppi_note, self.inverted)

    def to_dict(self) -> dict[str, Any]:
        """Its name, its size, and how it was taken, as plain values; no pixels."""
        height, width = self.pixels.shape
        return {"file": self.source, "width_px": width, "height_px": height, **self.taken.to_dict()}

    def __repr__(self) -> str:
        height, width = self.pixels.shape
        return f"Scan({self.source!r}, {width} x {height} px, {self.ppi:g} ppi, {self.ppi_source})"

    def _repr_png_(self) -> bytes:
        """The picture, for a notebook."""
        import cv2

        return cv2.imencode(".png", self.pixels)[1].tobytes()


# What a scan can be read from: a path, the bytes of an image file, a binary file, a picture of Pillow, an array
ScanSource: TypeAlias = "Scan | str | PathLike[str] | bytes | bytearray | memoryview | IO[bytes] | Image | NDArray[Any]"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
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

    def __repr__(self) -> str:
        height, width = self.image.shape
        return f"PreparedScan({self.source!r}, {width} x {height} px)"
