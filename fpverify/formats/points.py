"""Minutiae as records and cards have them: 6 or 5 bytes each, or 3 on a compact card."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fpverify.errors import UnwritableRecord
from fpverify.formats.cursor import Cursor
from fpverify.formats.grids import (
    BEST,
    Qualities,
    direction,
    direction_steps,
    position_steps,
    quality_of_2005,
    quality_of_2009,
    stored_2005,
    stored_2009,
)
from fpverify.vocabulary import MINUTIA_TYPES, NOT_STATED, ByteArray, FingerView, FloatArray

MOST = 255  # minutiae of a view: their number is a uint8
LARGEST_14_BITS = 0x3FFF
TYPE_SHIFT = 14  # two bits above a coordinate
ISO_ANGLES = 256  # 1.40625 degrees
ANSI_ANGLES = 180  # 2 degrees

_WITH_QUALITY = np.dtype([("x", ">u2"), ("y", ">u2"), ("angle", "u1"), ("quality", "u1")])
_WITHOUT = np.dtype([("x", ">u2"), ("y", ">u2"), ("angle", "u1")])


class Layout(NamedTuple):
    """How a format keeps its minutiae.

    Attributes:
        angles: steps of a turn.
        quality: a byte of it follows each minutia.
        zero_unstated: a quality of 0 says that none is given, as until 2005.
    """

    angles: int
    quality: bool = True
    zero_unstated: bool = True


class Points(NamedTuple):
    """The columns of a `FingerView`."""

    x_px: FloatArray
    y_px: FloatArray
    angle_rad: FloatArray
    types: ByteArray
    quality: Qualities


def decode_points(cursor: Cursor, count: int, layout: Layout, size: tuple[int, int] = (0, 0)) -> Points:
    """The next `count` minutiae.

    Args:
        cursor: at the first.
        count: as the record says.
        layout: of the format.
        size: width and height of the picture; 0 where it is not known, and nothing is held against it.

    Raises:
        UnreadableRecord: truncated, or a number that the format does not allow; names the minutia and its byte.
    """
    form = _WITH_QUALITY if layout.quality else _WITHOUT
    start = cursor.at
    rows = np.frombuffer(cursor.take(count * form.itemsize, f"{count} minutiae"), form)
    x, y = rows["x"] & LARGEST_14_BITS, rows["y"] & LARGEST_14_BITS
    types, angle = (rows["x"] >> TYPE_SHIFT).astype(np.uint8), rows["angle"].astype(np.int64)
    stored = rows["quality"] if layout.quality else np.full(count, 254, np.uint8)
    wrongs = {
        "has the type 3, which is reserved": types >= len(MINUTIA_TYPES),
        "has a bit set that is reserved": (rows["y"] >> TYPE_SHIFT) > 0,
        f"has a direction of more than {layout.angles - 1} steps": angle >= layout.angles,
        f"has a quality from {BEST + 1} to 253": (stored > BEST) & (stored < 254),
        f"lies outside the picture of {size[0]} x {size[1]} px": _outside(x, size[0]) | _outside(y, size[1]),
    }
    for said, wrong in wrongs.items():
        if wrong.any():
            first = int(np.flatnonzero(wrong)[0])
            raise cursor.wrong(f"minutia {first + 1} of {count} {said}", cursor.at - start - first * form.itemsize)
    quality = quality_of_2005(stored) if layout.zero_unstated else quality_of_2009(stored)
    return Points(x.astype(np.float32), y.astype(np.float32), direction(angle, layout.angles), types, quality)


def encode_points(view: FingerView, layout: Layout, size: tuple[int, int]) -> bytes:
    """The minutiae of a view, rounded to the format's steps.

    Args:
        view: whose.
        layout: of the format.
        size: width and height that the record states; 0 for none.

    Raises:
        UnwritableRecord: too many, outside the picture, or farther from the corner than 14 bits can say.
    """
    require_count(view)
    rows = np.zeros(len(view), _WITH_QUALITY if layout.quality else _WITHOUT)
    x = position_steps(view.x_px, size[0], LARGEST_14_BITS, "x")
    rows["x"] = x | view.types.astype(np.int64) << TYPE_SHIFT
    rows["y"] = position_steps(view.y_px, size[1], LARGEST_14_BITS, "y")
    rows["angle"] = direction_steps(view.angle_rad, layout.angles)
    if layout.quality:
        rows["quality"] = stored_2005(view.quality) if layout.zero_unstated else stored_2009(view.quality)
    return rows.tobytes()


def require_count(view: FingerView) -> None:
    """Returns if a record can number the minutiae of a view.

    Raises:
        UnwritableRecord: there are too many.
    """
    if len(view) > MOST:
        raise UnwritableRecord(
            f"{len(view)} minutiae, at most {MOST} go into this format; the profile mina keeps the 128 best"
        )


def without_quality(view: FingerView) -> bool:
    """Whether no minutia of a view has a quality to tell of."""
    return bool((view.quality == NOT_STATED).all())


def _outside(position: NDArray[np.integer], side: int) -> NDArray[np.bool_]:
    return (position >= side) if side else np.zeros(len(position), bool)
