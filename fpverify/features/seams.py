"""A straight line across which the ridges do not go on: where two prints were laid against each other.

The directions on either side are continued up to the line, and how much they differ there is summed along it.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from fpverify.features.orientation import Field

WAYS = 12  # of lines: every 15 degrees
CELL_MM = 0.8128  # 8 px at 250 ppi
LEAST_AREA_MM2 = 35.0  # on either side of the line; less is no other print
CLEAR, CLEAREST = 0.25, 0.5  # of how alike the directions are: below it a cell does not count, from it on it does fully
REACH_CELLS = 5  # between the cells that are continued: 4 mm, the widest seam
SPAN_CELLS = 3  # over which the curvature of the ridges is taken, to continue it
MOST_BEND_RAD = 0.5  # per cell, of the doubled angle: a radius of 3 mm, the bend next to a core
UNBENT = 0.3  # how much counts what is continued without knowing the curvature
BY_CHANCE = 0.6  # of 1 - cos of the doubled difference: 33 degrees, what a crease or a core makes along a line


class _Continued(NamedTuple):
    """What comes up to each cell from its left.

    Attributes:
        direction: of modulus 1, (n, h, w).
        distance: in cells, since the last clear cell.
        weight: in [0, 1].
    """

    direction: Field
    distance: NDArray[np.int32]
    weight: NDArray[np.float32]

    def mirrored(self) -> _Continued:
        """From the right, up to the line on the left of each cell."""
        return _Continued(*(np.roll(part[:, :, ::-1], 1, 2) for part in self))


def strongest_seam(field: Field) -> float:
    """The most that directions differ along a piece of a line that parts the print, in mm of full difference.

    Args:
        field: on cells of 8 px, see `fpverify.features.orientation.halved`.
    """
    turned, shown = _turned(field)
    left, right = _continued(turned), _continued(turned[:, :, ::-1]).mirrored()
    near = left.distance + right.distance - 1 <= REACH_CELLS + 1
    weight = np.where(near, np.minimum(left.weight, right.weight), np.float32(0))
    weight[:, :, 0] = 0
    differ = 1 - (left.direction * right.direction.conj()).real
    most = _best_sums(weight * (differ - np.float32(BY_CHANCE)))
    return CELL_MM * float(np.where(_parting(shown), most, 0).max(initial=0.0))


def _turned(field: Field) -> tuple[Field, NDArray[np.float32]]:
    """The field by `WAYS` rotations up to half a turn, so that every line stands upright, and where it is not 0."""
    height, width = field.shape
    side = int(np.ceil(np.hypot(height, width))) + 1
    parts = np.dstack([field.real, field.imag, (field != 0).astype(np.float32)])
    turned = np.zeros((WAYS, side, side, 3), np.float32)
    for way in range(WAYS):
        rotation = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), 180 * way / WAYS, 1)
        rotation[:, 2] += (side - width) / 2, (side - height) / 2
        turned[way] = cv2.warpAffine(parts, rotation, (side, side), flags=cv2.INTER_LINEAR)
    return turned[..., 0] + 1j * turned[..., 1], turned[..., 2]


def _continued(field: Field) -> _Continued:
    modulus = np.abs(field)
    weight = np.clip((modulus - CLEAR) / (CLEAREST - CLEAR), 0, 1)
    good = weight > 0.05
    direction = np.where(good, field / np.maximum(modulus, np.float32(1e-6)), np.complex64(0))
    column = np.arange(field.shape[2], dtype=np.int32)
    last = np.maximum.accumulate(np.where(good, column, np.int32(-99)), 2)
    last = np.pad(last, ((0, 0), (0, 0), (2, 0)), constant_values=-99)[:, :, :-2]  # a cell next to the line is mixed
    at, before = np.maximum(last, 0), np.maximum(last - SPAN_CELLS, 0)
    there, earlier = np.take_along_axis(direction, at, 2), np.take_along_axis(direction, before, 2)
    bent = (earlier != 0) & (last >= SPAN_CELLS)
    bend = np.where(bent, np.angle(there * earlier.conj()) / np.float32(SPAN_CELLS), np.float32(0))
    distance = column - last
    onward = np.clip(bend, -MOST_BEND_RAD, MOST_BEND_RAD) * (distance - np.float32(0.5))
    trust = np.take_along_axis(weight, at, 2) * np.where(bent, np.float32(1), np.float32(UNBENT))
    return _Continued(there * (np.cos(onward) + 1j * np.sin(onward)), distance, trust)


def _best_sums(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The largest sum of a run in each column (n, h, w) -> (n, w), none below 0."""
    sums = np.pad(np.cumsum(values, 1), ((0, 0), (1, 0), (0, 0)))
    return np.asarray((sums - np.minimum.accumulate(sums, 1)).max(1))


def _parting(shown: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether enough of the print lies to the left and to the right of each column; (n, h, w) -> (n, w)."""
    columns = CELL_MM**2 * shown.sum(1)
    left = np.cumsum(columns, 1) - columns
    return np.asarray((left >= LEAST_AREA_MM2) & (columns.sum(1, keepdims=True) - left >= LEAST_AREA_MM2))
