"""How many prints a picture shows: whoever is in it would be let in as the one who enrolled with it.

Four signs, and any one is enough: parts of the foreground too far apart for one finger, more loops or deltas than a
finger has, a line at which the ridges stop and others begin, and a size that no finger has. Their limits come from
synthetic prints, single ones and several in one picture (docs/robustness.md).
"""

from __future__ import annotations

import numpy as np

from fpverify.features.minutiae import CELL_PX
from fpverify.features.orientation import Ridges, Slopes, halved
from fpverify.features.pieces import CELL_MM, exceed_a_finger, fill_their_hull, ghosts, parts, wide
from fpverify.features.preparation import resampled
from fpverify.features.seams import shows_seam
from fpverify.features.singularities import singularities
from fpverify.vocabulary import BoolArray, FloatArray, PreparedScan, Scan

LEAST_AREA_MM2 = 70.0  # 8 x 8 mm: of less, no half could be looked at
AROUND_CELLS = 4  # about the foreground: 16 px, as far as the slopes look
TURNING = Ridges(contrast=0.2, within_px=9, shrunk_px=3, rim_cells=1, deviation_cells=1.5)  # up to the rim, for deltas
ENDING = Ridges(contrast=0.25, within_px=7, shrunk_px=5, rim_cells=3, deviation_cells=1.2)  # sharp on either side


def prints_seen(scan: Scan, prepared: PreparedScan, foreground: BoolArray) -> int:
    """At least how many prints there are, 1 or more.

    Args:
        scan: as it was taken.
        prepared: from it.
        foreground: (h / 4, w / 4) bool, where the minutia map network sees a finger.
    """
    if CELL_MM**2 * foreground.sum() < LEAST_AREA_MM2:
        return 1
    size = 2 if exceed_a_finger(foreground) else 1
    return max(size, _apart(scan, prepared, foreground), _in_the_ridges(prepared, foreground))


def _apart(scan: Scan, prepared: PreparedScan, foreground: BoolArray) -> int:
    """By the parts of the foreground."""
    found = parts(foreground)
    if len(found) < 2:
        return 1
    weak = ghosts(found, resampled(np.asarray(scan.pixels, np.float32) / np.float32(255), prepared.scale))
    rest = wide(foreground).astype(bool) & ~np.any(found, axis=0, where=np.reshape(weak, (-1, 1, 1)))
    return 1 if fill_their_hull(rest) else weak.count(False)


def _in_the_ridges(prepared: PreparedScan, foreground: BoolArray) -> int:
    """By their directions."""
    image, foreground = _cropped(prepared.image, foreground)
    slopes = Slopes.of(image, foreground.shape)
    by_turns = singularities(slopes.field(foreground, TURNING)).fingers
    if by_turns > 1:
        return by_turns
    return 2 if shows_seam(halved(slopes.field(foreground, ENDING))) else 1


def _cropped(image: FloatArray, foreground: BoolArray) -> tuple[FloatArray, BoolArray]:
    """What lies around the foreground."""
    (top, below), (left, right) = (
        (max(0, int(inside[0]) - AROUND_CELLS), int(inside[-1]) + 1 + AROUND_CELLS)
        for inside in (np.flatnonzero(foreground.any(axis)) for axis in (1, 0))
    )
    part = image[CELL_PX * top : CELL_PX * below, CELL_PX * left : CELL_PX * right]
    return part, foreground[top:below, left:right]
