"""A straight line across which the ridges do not go on: where two prints were laid against each other.

The directions on either side are continued up to the line, and how much they differ there is summed along it.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from fpverify.features.orientation import Field
from fpverify.vocabulary import FloatArray

WAYS = 12  # of lines: every 15 degrees
CELL_MM = 0.8128  # 8 px at 250 ppi
LONGEST_MM = 6.5  # of full difference; hardly any single synthetic print reaches it, by a core or a crease
LEAST_AREA_MM2 = 35.0  # on either side of the line; less is no other print
NEVER = np.int16(-99)  # stands for the column of no cell, farther off than any seam reaches
LEAST_WEIGHT = 0.05  # rounding and interpolation leave less
CLEAR, CLEAREST = 0.25, 0.5  # of how alike the directions are: below it a cell does not count, from it on it does fully
REACH_CELLS = 5  # between the cells that are continued: 4 mm, the widest seam
SPAN_CELLS = 3  # over which the curvature of the ridges is taken, to continue it
MOST_BEND_RAD = 0.5  # per cell, of the doubled angle: a radius of 3 mm, the bend next to a core
UNBENT = 0.3  # how much counts what is continued without knowing the curvature
BY_CHANCE = 0.6  # of 1 - cos of the doubled difference: 33 degrees, what a crease or a core makes along a line

Index = NDArray[np.intp]


class _Side(NamedTuple):
    """What comes up to upright lines from the left, the field turned n ways.

    Attributes:
        field: (n, h, w).
        weights: how much each cell counts, in [0, 1].
        last: (n, h, w) column of the last cell that counts before the one next to the line, which is mixed.
    """

    field: Field
    weights: NDArray[np.float32]
    last: NDArray[np.int16]

    @classmethod
    def of(cls, field: Field, weights: NDArray[np.float32]) -> _Side:
        """The last cells of each row up to each column."""
        column = np.arange(weights.shape[2], dtype=np.int16)
        last = np.full(weights.shape, NEVER, np.int16)
        np.maximum.accumulate(np.where(weights > 0, column, NEVER)[:, :, :-2], 2, out=last[:, :, 2:])
        return cls(field, weights, last)

    def distance(self) -> NDArray[np.int16]:
        """Of each column from the last cell that counts, in cells."""
        return np.arange(self.last.shape[2], dtype=np.int16) - self.last

    def at(self, way: Index, row: Index, column: Index) -> tuple[Field, FloatArray, FloatArray]:
        """What is continued to lines left of these columns, how far it bends up to there in radians, and its weight."""
        last = self.last[way, row, column]
        before = np.maximum(last - SPAN_CELLS, 0)
        there, earlier = self.field[way, row, last], self.field[way, row, before]
        bent = (self.weights[way, row, before] > 0) & (last >= SPAN_CELLS)
        bend = np.where(bent, np.angle(there * earlier.conj()) / np.float32(SPAN_CELLS), np.float32(0))
        onward = np.clip(bend, -MOST_BEND_RAD, MOST_BEND_RAD) * (column - last - np.float32(0.5))
        weight = self.weights[way, row, last] * np.where(bent, np.float32(1), np.float32(UNBENT))
        return there, onward, weight


def shows_seam(field: Field) -> bool:
    """Whether directions differ along a piece of a line that parts the print, by more than `LONGEST_MM` in all.

    Args:
        field: on cells of 8 px, see `fpverify.features.orientation.halved`.
    """
    columns = _differences(*_turned(field))
    columns = columns[np.maximum(columns, 0).sum(1) * CELL_MM > LONGEST_MM]  # hardly any, and no other can reach it
    sums = np.pad(np.cumsum(columns, 1), ((0, 0), (1, 0)))
    return bool(((sums - np.minimum.accumulate(sums, 1)) * CELL_MM > LONGEST_MM).any())


def _differences(turned: Field, shown: NDArray[np.float32]) -> NDArray[np.float32]:
    """Across the left side of each cell, less what comes by chance; the columns of every way, (n * w, h)."""
    weights = np.asarray(np.clip((np.abs(turned) - CLEAR) / (CLEAREST - CLEAR), 0, 1), np.float32)
    weights[weights <= LEAST_WEIGHT] = 0
    left, right = _Side.of(turned, weights), _Side.of(turned[:, :, ::-1], weights[:, :, ::-1])
    gap = left.distance()[:, :, 1:] + right.distance()[:, :, :0:-1] - 1
    way, row, column = np.nonzero((gap <= REACH_CELLS + 1) & _parting(shown)[:, None, 1:])
    one, onward, weight = left.at(way, row, column + 1)
    other, backward, weight_of_other = right.at(way, row, weights.shape[2] - 1 - column)
    differ = 1 - np.cos(np.angle(one * other.conj()) + onward - backward)
    values = np.zeros((len(weights), weights.shape[2], weights.shape[1]), np.float32)
    values[way, column + 1, row] = np.minimum(weight, weight_of_other) * (differ - np.float32(BY_CHANCE))
    return values.reshape(-1, weights.shape[1])


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


def _parting(shown: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether enough of the print lies to the left and to the right of each column; (n, h, w) -> (n, w)."""
    columns = CELL_MM**2 * shown.sum(1)
    left = np.cumsum(columns, 1) - columns
    return np.asarray((left >= LEAST_AREA_MM2) & (columns.sum(1, keepdims=True) - left >= LEAST_AREA_MM2))
