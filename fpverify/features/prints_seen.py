"""How many prints a picture shows: whoever is in it would be let in as the one who enrolled with it.

Four signs, and any one is enough: a size that no finger has, parts of the foreground too far apart for one finger, or
with more loops or deltas than a finger has, and borders that part it, which a network sees. Their limits come from
synthetic prints, single ones and several in one picture (docs/robustness.md).
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from fpverify.features.borders import LEAST_LOGIT, LEAST_LOGIT_BETWEEN, SURE_LOGIT, border_logit, without_borders
from fpverify.features.minutiae import CELL_PX, NARROWEST_CELLS
from fpverify.features.orientation import Ridges, Slopes
from fpverify.features.pieces import CELL_MM, Parts, are_near, exceed_a_finger, ghosts, parts
from fpverify.features.preparation import resampled
from fpverify.features.singularities import singularities
from fpverify.vocabulary import BoolArray, FloatArray, PreparedScan, Scan

LEAST_AREA_MM2 = 70.0  # 8 x 8 mm: of less, no half could be looked at
LEAST_PART_MM2 = 20.0  # beside a border, which takes 2 mm from it; what was cut out is twice as large
AROUND_CELLS = 4  # about the foreground: 16 px, as far as the slopes look
TURNING = Ridges(contrast=0.2, within_px=9, shrunk_px=3, rim_cells=1, deviation_cells=1.5)  # up to the rim, for deltas

Borders = Callable[[], FloatArray]  # (h/8, w/8) logits of the seam map network


def prints_seen(scan: Scan, prepared: PreparedScan, print_: BoolArray, borders: Borders | None) -> int:
    """At least how many prints there are, 1 or more.

    Args:
        scan: as it was taken.
        prepared: from it.
        print_: (h/4, w/4) bool, the foreground without ghosts.
        borders: of the prepared scan; asked when the foreground does not tell already. None where the model has no
            network for them.
    """
    if CELL_MM**2 * print_.sum() < LEAST_AREA_MM2:
        return 1
    found = parts(print_)
    seen = max(2 if exceed_a_finger(print_) else 1, _apart(prepared, print_, found))
    if seen > 1 or borders is None:
        return seen
    logits = borders()
    border = border_logit(logits, print_)
    if border <= (LEAST_LOGIT if len(found) < 2 else LEAST_LOGIT_BETWEEN):
        return 1
    found = parts(without_borders(print_, logits), LEAST_PART_MM2)
    return max(2 if border > SURE_LOGIT else 1, len(found) - len(_faint(found, scan, prepared)))


def without_ghosts(scan: Scan, prepared: PreparedScan, foreground: BoolArray) -> BoolArray:
    """The foreground without the ghosts of earlier prints beside the print.

    Made even in contrast they are prints like others: whoever left one would be let in with the finger.

    Args:
        scan: as it was taken.
        prepared: from it.
        foreground: (h/4, w/4) bool, found by the minutia map network.
    """
    found = parts(foreground)
    faint = _faint(found, scan, prepared)
    if not faint:
        return foreground
    print_ = np.any([part for number, part in enumerate(found) if number not in faint], axis=0)
    ghost = np.any([found[number] for number in faint], axis=0)
    around = cv2.dilate(ghost.astype(np.uint8), np.ones((NARROWEST_CELLS, NARROWEST_CELLS), np.uint8)) > 0
    return np.asarray(foreground & (print_ | ~around))


def _faint(found: Parts, scan: Scan, prepared: PreparedScan) -> list[int]:
    """Which parts are ghosts of earlier prints; none where there is one part."""
    if len(found) < 2:
        return []
    grey = resampled(np.asarray(scan.pixels, np.float32) / np.float32(255), prepared.scale)
    return [number for number, weak in enumerate(ghosts(found, grey)) if weak]


def _apart(prepared: PreparedScan, print_: BoolArray, found: Parts) -> int:
    """How many of the parts of a print are prints of their own."""
    if len(found) < 2:
        return 1
    return _by_turns(prepared.image, print_) if are_near(found) else len(found)


def _by_turns(image: FloatArray, print_: BoolArray) -> int:
    """How many fingers it takes to have the loops and deltas that all parts have together."""
    (top, below), (left, right) = (
        (max(0, int(inside[0]) - AROUND_CELLS), int(inside[-1]) + 1 + AROUND_CELLS)
        for inside in (np.flatnonzero(print_.any(axis)) for axis in (1, 0))
    )
    print_ = print_[top:below, left:right]
    image = image[CELL_PX * top : CELL_PX * below, CELL_PX * left : CELL_PX * right]
    return singularities(Slopes.of(image, print_.shape).field(print_, TURNING)).fingers
