"""What decoding yields: grey levels, and the resolution that a file states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fpverify.scans.levels import grey_from_array, grey_from_floats, grey_from_integers
from fpverify.vocabulary import ByteArray


class Picture(NamedTuple):
    """A decoded image: (height, width) uint8 grey levels, and the pixels per inch it states across and down.

    `certain` says that ridges do not overrule what is stated: it is a record's, or the picture shows several fingers,
    so that its size says little.
    """

    pixels: ByteArray
    stated_ppi: tuple[float, float] | None
    certain: bool = False

    def __repr__(self) -> str:
        return f"Picture({self.pixels.shape[1]} x {self.pixels.shape[0]} px, {self.stated_ppi})"


Decode = Callable[[bytes, str], Picture]  # of the bytes of a file, and a name for messages


def picture_of(values: NDArray[Any], stated_ppi: tuple[float, float] | None, source: str) -> Picture:
    """The picture of a raster's values.

    Args:
        values: (height, width), or (height, width, 3 or 4); uint8 levels, other integers, or fractions.
        stated_ppi: across and down.
        source: name for messages.

    Raises:
        UnreadableScan: values out of range.
        FailureToAcquire: a photograph of skin.
    """
    if values.dtype == np.uint8:
        if values.ndim == 3:
            from fpverify.scans.skin import require_no_photograph

            require_no_photograph(values, source)
        return Picture(grey_from_array(values, source), stated_ppi)
    if values.dtype.kind == "f":
        return Picture(grey_from_floats(values, source), stated_ppi)
    return Picture(grey_from_integers(values, source), stated_ppi)
