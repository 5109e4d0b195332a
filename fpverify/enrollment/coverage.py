"""Touches of one finger laid on each other: what of the finger they show, and how well.

All in cells of `CELL_MM`, seen as the first touch lies. Alignments are those of comparison; foregrounds those of
features.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from fpverify.comparison import overlap
from fpverify.features.extraction import Acquired
from fpverify.features.minutiae import CELL_PX
from fpverify.features.pieces import CELL_MM
from fpverify.vocabulary import BoolArray, FloatArray

CANVAS = 128  # cells a side: 52 mm, a finger and as much again to every side
BORDER_CELLS = 3  # 1.2 mm: a print that ends so near the picture's border is cut off by it
APART_CELLS = 2  # 0.8 mm: the foreground's edge is not surer than that
TRUST = 0.75  # share of what a perfect touch shows that a probe finds again: skin stretches, edges are poor
HALF_WIDTH_MM, HALF_HEIGHT_MM = 7.5, 9.5  # of a fingertip that is put down flat: 15 x 19 mm
MIDDLE = 0.4  # share of the half extent to both sides of the middle, where a rim is followed
CELL_MM2 = CELL_MM**2
MAP_CELLS = 2  # a side of what a map shows as one: 0.8 mm, so that a fingertip is some twenty wide
TURNED: Mapping[str, Callable[[BoolArray], BoolArray]] = MappingProxyType(  # so that the side lies to the left
    {
        "left": lambda cells: cells,
        "right": lambda cells: cells[:, ::-1],
        "top": lambda cells: cells.T,
        "bottom": lambda cells: cells[::-1].T,
    }
)
OPPOSITE: Mapping[str, str] = MappingProxyType({"left": "right", "right": "left", "top": "bottom", "bottom": "top"})

Matrix = NDArray[np.float64]  # (2, 3): (x, y, 1) in cells or pixels of one frame to (x, y) of another


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """One touch on the canvas.

    Attributes:
        shown: (CANVAS, CANVAS) bool, where it shows print.
        empty: (CANVAS, CANVAS) bool, where it shows that there is none.
        trust: share of `shown` that a probe finds again, in [0, 1].
    """

    shown: BoolArray
    empty: BoolArray
    trust: float


def lay(touches: Sequence[Acquired], links: Mapping[tuple[int, int], float]) -> dict[int, Laid]:
    """The touches that hang together with most others, as the first of them lies.

    Args:
        touches: of a minutiae model, with their foregrounds.
        links: score of each two that agree, the earlier one first.

    Returns:
        By their places in `touches`, the first of them at the front.
    """
    found = max(_companies(len(touches), links), key=lambda company: (len(company), -min(company)))
    first = min(found)
    places = {first: _centring(touches[first])}
    while len(places) < len(found):
        new, known = max(
            ((one, other) for one in found - set(places) for other in places if _pair(one, other) in links),
            key=lambda pair: links[_pair(*pair)],
        )
        alignment = overlap(touches[new].template, touches[known].template).alignment
        assert alignment is not None  # noqa: S101 - they agree, by an alignment
        places[new] = _after(places[known], _in_cells(alignment.matrix))
    return {number: _laid(touches[number], places[number]) for number in sorted(places)}


def _pair(one: int, other: int) -> tuple[int, int]:
    return min(one, other), max(one, other)


def _companies(number: int, links: Mapping[tuple[int, int], float]) -> list[set[int]]:
    """Which touches hang together."""
    companies = [{one} for one in range(number)]
    for pair in links:
        touched = [company for company in companies if company & set(pair)]
        companies = [company for company in companies if company not in touched] + [set().union(*touched)]
    return companies


def _centring(touch: Acquired) -> Matrix:
    """Lays the middle of a print on the middle of the canvas."""
    assert touch.foreground is not None  # noqa: S101 - of a minutiae model
    y, x = np.argwhere(touch.foreground).mean(0)
    return np.array([[1, 0, CANVAS / 2 - x], [0, 1, CANVAS / 2 - y]])


def _in_cells(matrix: Matrix) -> Matrix:
    """The same map between cells, whose middles lie at `CELL_PX` * cell + `half`."""
    half = (CELL_PX - 1) / 2
    turn, shift = matrix[:, :2], matrix[:, 2]
    return np.column_stack([turn, (turn @ [half, half] + shift - half) / CELL_PX])


def _after(later: Matrix, first: Matrix) -> Matrix:
    """One map after another."""
    return np.column_stack([later[:, :2] @ first[:, :2], later[:, :2] @ first[:, 2] + later[:, 2]])


def _laid(touch: Acquired, place: Matrix) -> Laid:
    assert touch.foreground is not None  # noqa: S101 - of a minutiae model
    print_ = touch.foreground.astype(np.uint8)
    inner = np.zeros_like(print_)
    inner[BORDER_CELLS:-BORDER_CELLS, BORDER_CELLS:-BORDER_CELLS] = 1
    near = _grown(touch.foreground, APART_CELLS)
    shown, empty = (
        cv2.warpAffine(np.asarray(cells, np.uint8), place, (CANVAS, CANVAS), flags=cv2.INTER_NEAREST) > 0
        for cells in (print_, inner * ~near)
    )
    return Laid(shown, empty, TRUST * touch.template.quality)


def chances(laid: Sequence[Laid]) -> FloatArray:
    """How likely a probe finds each cell again that touches show; (CANVAS, CANVAS) in [0, 1]."""
    missed = np.ones((CANVAS, CANVAS), np.float32)
    for one in laid:
        missed[one.shown] *= 1 - one.trust
    return 1 - missed


def map_rows(found: FloatArray, tip: BoolArray) -> tuple[str, ...]:
    """A small map of a fingertip, as rows of characters: how likely each part of it is found again.

    Args:
        found: (CANVAS, CANVAS) in [0, 1], of `chances`.
        tip: (CANVAS, CANVAS) bool, the fingertip.

    Returns:
        A row for each `MAP_CELLS` cells from top to bottom, all of one length: "0" to "9" for tenths, a blank beside
        the fingertip.
    """
    squares = (CANVAS // MAP_CELLS, MAP_CELLS, CANVAS // MAP_CELLS, MAP_CELLS)
    share = tip.reshape(squares).mean((1, 3))
    mean = (found * tip).reshape(squares).sum((1, 3)) / np.maximum(tip.reshape(squares).sum((1, 3)), 1)
    there = share >= 0.5  # of a square, from which on it is part of the fingertip
    if not there.any():
        return ()
    rows, columns = (np.flatnonzero(there.any(axis)) for axis in (1, 0))
    tenths = np.minimum((10 * mean).astype(int), 9)
    return tuple(
        "".join(
            str(tenths[row, column]) if there[row, column] else " " for column in range(columns[0], columns[-1] + 1)
        )
        for row in range(rows[0], rows[-1] + 1)
    )


@dataclass(frozen=True, slots=True, eq=False)
class Fingertip:
    """Where the fingertip lies, as far as touches tell.

    Attributes:
        cells: (CANVAS, CANVAS) bool, all of it that can be shown.
        unseen_mm2: how much of it lies beyond the left, right, upper and lower rim of what was shown, where that is cut
            off by the picture's border; where print ends by itself, nothing lies beyond.
    """

    cells: BoolArray
    unseen_mm2: Mapping[str, float]

    @classmethod
    def of(cls, laid: Sequence[Laid]) -> Fingertip:
        """From touches, some.

        A touch that ends by itself on one side and is cut off on the other was put down beside the middle: how long the
        cut is tells how much is beyond. One that is cut off on both sides was taken by a small sensor, and its middle
        is that of the finger, as it was to be.
        """
        shown = np.any([one.shown for one in laid], axis=0)
        empty = np.any([one.empty for one in laid], axis=0) & ~shown
        ends = {side: _end(turned(laid[0].shown), turned(laid[0].empty)) for side, turned in TURNED.items()}
        y, x = np.argwhere(laid[0].shown).mean(0)
        across = _extent(ends["left"], _mirrored(ends["right"]), x, HALF_WIDTH_MM / CELL_MM)
        along = _extent(ends["top"], _mirrored(ends["bottom"]), y, HALF_HEIGHT_MM / CELL_MM)
        places = np.arange(CANVAS)
        within = np.add.outer(((places - along[0]) / along[1]) ** 2, ((places - across[0]) / across[1]) ** 2) <= 1
        unseen = {
            side: _beyond(turned(shown), turned(empty), ends[OPPOSITE[side]], *_turned_sizes(side, across[0], along[0]))
            for side, turned in TURNED.items()
        }
        return cls((within & ~empty) | shown, unseen)


class _Size(NamedTuple):
    """Half the extents of a fingertip, mm."""

    across: float
    down: float


def _turned_sizes(side: str, x: float, y: float) -> tuple[tuple[float, float], _Size]:
    """Middle and size of a fingertip, turned so that a side lies to the left."""
    last = CANVAS - 1
    middle = {"left": (x, y), "right": (last - x, y), "top": (y, x), "bottom": (last - y, x)}[side]
    wide, high = HALF_WIDTH_MM, HALF_HEIGHT_MM
    return middle, _Size(wide, high) if side in ("left", "right") else _Size(high, wide)


def _end(shown: BoolArray, empty: BoolArray) -> float | None:
    """Where print ends by itself on the left: the column; None where it is cut off.

    Of the rows the middle half counts: an ellipse is nearly as wide there.
    """
    rows = np.flatnonzero(shown.any(1))
    rows = rows[len(rows) // 4 : len(rows) - len(rows) // 4]
    firsts, cut = _rim(shown[rows], empty[rows])
    return float(np.median(firsts[~cut])) if np.count_nonzero(cut) < len(rows) / 2 else None


def _rim(shown: BoolArray, empty: BoolArray) -> tuple[NDArray[np.intp], BoolArray]:
    """For each row its first column with print, and whether the picture cuts it off there."""
    firsts = shown.argmax(1)
    reach = BORDER_CELLS + APART_CELLS + 1
    free = [empty[row, max(0, first - reach) : first].any() for row, first in enumerate(firsts)]
    return firsts, ~np.array(free, bool)


def _beyond(shown: BoolArray, empty: BoolArray, end: float | None, about: tuple[float, float], size: _Size) -> float:
    """How much of a fingertip lies to the left of what was shown, where that is cut off; mm².

    It is the part of an ellipse beyond a chord: either its length is known, or how far from the middle it lies.

    Args:
        shown: what was.
        empty: where there is no print.
        end: where the first touch ends on the right, None if it is cut off there.
        about: column and row of the middle.
        size: half the extent of the fingertip from left to right and from top to bottom, mm.
    """
    rows = np.flatnonzero(shown.any(1))
    firsts, cut = _rim(shown[rows], empty[rows])
    if end is not None:
        chord = min(CELL_MM * np.count_nonzero(cut) / (2 * size.down), 1.0)
        return _segment_mm2(np.sqrt(1 - chord**2), size)
    middle = np.abs(rows - about[1]) <= MIDDLE * size.down / CELL_MM
    if np.count_nonzero(cut & middle) <= np.count_nonzero(middle) / 2:
        return 0.0
    reach = CELL_MM * (about[0] - float(np.median(firsts[cut & middle]))) / size.across
    return _segment_mm2(min(max(reach, 0.0), 1.0), size)


def _segment_mm2(reach: float, size: _Size) -> float:
    """Of an ellipse, beyond a chord that lies this share of its half extent from the middle; as of a parabola."""
    return float(2 / 3 * size.across * (1 - reach) * 2 * size.down * np.sqrt(1 - reach**2))


def _mirrored(column: float | None) -> float | None:
    return None if column is None else CANVAS - 1 - column


def _extent(low: float | None, high: float | None, middle: float, half: float) -> tuple[float, float]:
    """Middle and half the extent along an axis, from the ends that are known; cells."""
    if low is not None and high is not None and high > low:
        return (low + high) / 2, (high - low) / 2
    if low is not None:
        return low + half, half
    if high is not None:
        return high - half, half
    return middle, half


def _grown(cells: BoolArray, by: int) -> BoolArray:
    return np.asarray(cv2.dilate(cells.astype(np.uint8), np.ones((2 * by + 1, 2 * by + 1), np.uint8)) > 0)
