"""Loops and deltas: where the directions of the ridges turn once around a place (Kawagoe and Tojo, 1984).

A finger has at most two loops, those of a whorl, and two deltas (Maltoni et al., Handbook of Fingerprint Recognition).
They are counted as charges: cells around a singularity have its sign, and their number over that of the disc of the
ring is one for a whole singularity, less for one at the rim, two for the loops of a whorl close together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from fpverify.features.orientation import Field
from fpverify.features.pieces import CELL_MM

RING_CELLS = 4  # radius of the ring of cells around which the turns are summed: 1.6 mm, three to four ridges
LEAST_MEAN, LEAST = 0.25, 0.05  # of how alike the directions are, over a ring and everywhere on it
MOST_CHARGE = 2.35  # two, and a third more for what noise adds; single synthetic prints stay below
WHOLE_LOOP = 0.6  # charge of a loop that is believed in by itself
WHORL = 1.4  # charge of one place from which it is no single loop, and has no direction
FARTHEST_MM = 12.0  # the two loops of a whorl are nearer each other: 3 mm as a rule, 8 mm in a wide double loop
NEAREST_MM = 4.0  # loops nearer than this may be one that is disturbed
SAME_WAY_RAD = np.radians(115.0)  # the two loops of a whorl open opposite ways; two that differ by less are no whorl


class Loop(NamedTuple):
    """A place around which the directions turn by half a turn or more.

    Attributes:
        charge: 1 for a loop seen whole.
        x_mm, y_mm: its middle.
        way_rad: which way it opens, by an arbitrary zero.
    """

    charge: float
    x_mm: float
    y_mm: float
    way_rad: float

    def is_of_another_finger_than(self, other: Loop) -> bool:
        """No finger has both."""
        apart = np.hypot(self.x_mm - other.x_mm, self.y_mm - other.y_mm)
        turn = abs(np.angle(np.exp(1j * (self.way_rad - other.way_rad))))
        directed = max(self.charge, other.charge) < WHORL
        return bool(apart > FARTHEST_MM or (apart > NEAREST_MM and turn < SAME_WAY_RAD and directed))


@dataclass(frozen=True, slots=True)
class Singularities:
    """What turns in a print.

    Attributes:
        loops, deltas: their charges in all.
        wholes: the loops that are seen nearly whole.
    """

    loops: float
    deltas: float
    wholes: tuple[Loop, ...]

    @property
    def fingers(self) -> int:
        """That it takes to have so many."""
        most = max(self.loops, self.deltas)
        apart = any(one.is_of_another_finger_than(other) for one, other in combinations(self.wholes, 2))
        return max(2 if apart else 1, int(np.ceil((most - (MOST_CHARGE - 2)) / 2)))


def singularities(field: Field) -> Singularities:
    """Those of a field on the cells of the minutia map."""
    modulus = _around(np.abs(field))
    clear = (modulus.min(0) > LEAST) & (modulus.mean(0) > LEAST_MEAN)
    charge = np.zeros(field.shape, np.float32)
    charge[clear] = _turns(_around(np.angle(field))[:, clear]) / np.float32(np.pi * RING_CELLS**2)
    loops, deltas = (float(np.maximum(sign * charge, 0).sum()) for sign in (1, -1))
    return Singularities(loops, deltas, tuple(_wholes(charge, field)) if loops >= 2 * WHOLE_LOOP else ())


def _ring() -> NDArray[np.int64]:
    """(n, 2) offsets (down, across) of the cells of the ring, in order of their angle."""
    number = round(2 * np.pi * RING_CELLS / 1.2)  # a step a cell or little more
    angles = 2 * np.pi * np.arange(number) / number
    cells = {(round(RING_CELLS * np.sin(one)), round(RING_CELLS * np.cos(one))) for one in angles}
    return np.array(sorted(cells, key=lambda cell: np.arctan2(*cell)))


RING = _ring()
UNTURNED = np.exp(-1j * np.arctan2(*RING.T)).astype(np.complex64)  # what a loop that opens one way has on the ring


def _around(cells: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, height, width): what lies at each offset of the ring from each cell; 0 outside."""
    height, width = cells.shape
    wide = cv2.copyMakeBorder(cells, RING_CELLS, RING_CELLS, RING_CELLS, RING_CELLS, cv2.BORDER_CONSTANT, value=0)
    return np.stack([wide[RING_CELLS + y :, RING_CELLS + x :][:height, :width] for y, x in RING])


def _turns(angles: NDArray[np.float32]) -> NDArray[np.float32]:
    """How often the angles (n, m) turn by going once round: the steps add up to nothing but for their wraps."""
    steps = np.roll(angles, -1, 0) - angles
    return np.asarray(-np.rint(steps / np.float32(2 * np.pi)).sum(0))


def _wholes(charge: NDArray[np.float32], field: Field) -> Iterator[Loop]:
    wide = np.pad(field, RING_CELLS)
    number, labels = cv2.connectedComponents((charge > 0).astype(np.uint8), connectivity=8)
    for label in range(1, number):
        cells = np.argwhere(labels == label)  # (m, 2)
        whole = float(charge[tuple(cells.T)].sum())
        if whole >= WHOLE_LOOP:
            down, across = (cells[:, None] + RING + RING_CELLS).transpose(2, 0, 1)
            middle = CELL_MM * cells.mean(0)
            yield Loop(whole, middle[1], middle[0], float(np.angle((wide[down, across] @ UNTURNED).sum())))
