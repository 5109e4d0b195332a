"""Whether a grey picture is a photograph of a finger, and not the print that one leaves.

Of a print all greys lie between the paper's and full contact: where it ends, the mean grey goes from the valleys' to
that of ridges and valleys, half a ridge's contrast away. On a photograph ridges differ from valleys by a few per cent
of the skin's brightness, and skin from what is behind it by any amount. So it shows in outlines that are far
stronger than the ridges within.
"""

from __future__ import annotations

import cv2
import numpy as np

from fpverify.errors import FailureToAcquire
from fpverify.features.minutiae import CELL_PX
from fpverify.features.preparation import resampled
from fpverify.vocabulary import WORKING_PPI, BoolArray, FloatArray, Scan

LEAST_AREA_MM2 = 120.0  # of the picture: a smaller sensor is all covered by skin and shows no outline
FINE_PX, BROAD_PX = 0.8, 5.0  # deviations of Gaussians: a ridge's period is 4.5 px, its noise 1
SMOOTH_CELLS = 1.5  # deviation: the mean grey of a ridge and a valley or two, 2.4 mm
OUTLINE_PER_CENT, RIDGES_PER_CENT = 98, 75  # of outlines and of ridges: both as they are where they are plain
OUTLINE_SHARE, OUTLINE_CELLS = 0.5, 7  # of the strongest outlines: so near them contrast is not that of ridges
FLAT_PX, FLAT_GREY = 9, 1.5  # a square of such a side in which greys are as equal is part of a frame ...
FRAME_CELLS = 13  # ... whose edge is seen as a step so far around, 2.5 mm to each side
LEAST_CELLS = 30  # away from outlines, 5 mm2; of fewer nothing is said ...
LEAST_SHARE = 0.3  # ... and of less of the foreground: a print in pieces is all outlines, with holes between
MOST_OUTLINE = 4.0  # of the ridges' contrast, a cell: the most of 994 synthetic prints, 474 of them poor, is 3.9
CELL_MM2 = (CELL_PX * 25.4 / WORKING_PPI) ** 2


def require_contact(scan: Scan, foreground: BoolArray) -> None:
    """Refuses a photograph.

    Args:
        scan: as it was taken.
        foreground: (h/4, w/4) bool, where ridges are.

    Raises:
        FailureToAcquire: it is one; the message says what to do.
    """
    if CELL_MM2 * foreground.size < LEAST_AREA_MM2:
        return
    found = outline(scan, foreground)
    if found > MOST_OUTLINE:
        raise FailureToAcquire(
            f"{scan.source}: a photograph, not a print: its outlines are {found:.0f} times as strong as its ridges, "
            f"those of a print at most {MOST_OUTLINE:.0f} times: capture the finger on a reader"
        )


def outline(scan: Scan, foreground: BoolArray) -> float:
    """How strong outlines are, in the contrast of ridges; 0 where there are too few ridges away from them."""
    grey = resampled(np.asarray(scan.pixels, np.float32), WORKING_PPI / scan.ppi)
    contrast, steps = _maps(grey, foreground.shape)
    steps[_by_frames(grey, foreground.shape)] = 0
    strongest = _percentile(steps, OUTLINE_PER_CENT)
    near = np.ones((OUTLINE_CELLS, OUTLINE_CELLS), np.uint8)
    beside = cv2.dilate((steps > OUTLINE_SHARE * strongest).astype(np.uint8), near) > 0
    within = foreground & ~beside
    if np.count_nonzero(within) < max(LEAST_CELLS, LEAST_SHARE * np.count_nonzero(foreground)):
        return 0.0
    return strongest / max(_percentile(contrast[within], RIDGES_PER_CENT), 1e-3)


def _by_frames(grey: FloatArray, cells: tuple[int, ...]) -> BoolArray:
    """(h/4, w/4) where one and the same grey is near: what a sensor or a program puts around prints, and no camera."""
    square = np.ones((FLAT_PX, FLAT_PX), np.uint8)
    flat = (cv2.dilate(grey, square) - cv2.erode(grey, square) < FLAT_GREY).astype(np.uint8)
    near = np.ones((FRAME_CELLS, FRAME_CELLS), np.uint8)
    return np.asarray(cv2.dilate(cv2.resize(flat, cells[::-1], interpolation=cv2.INTER_NEAREST), near) > 0)


def _maps(grey: FloatArray, cells: tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
    """(h/4, w/4) deviation by ridges, and by how much the mean grey changes from a cell to the next; grey levels."""
    size = cells[::-1]
    band = cv2.GaussianBlur(grey, (0, 0), FINE_PX) - cv2.GaussianBlur(grey, (0, 0), BROAD_PX)
    power = cv2.GaussianBlur(cv2.resize(band * band, size, interpolation=cv2.INTER_AREA), (0, 0), 1)
    mean = cv2.GaussianBlur(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), (0, 0), SMOOTH_CELLS)
    down, across = np.gradient(mean)
    return np.sqrt(power), np.asarray(np.hypot(down, across), np.float32)


def _percentile(values: FloatArray, per_cent: int) -> float:
    """As NumPy's, between two values the line from one to the other; NumPy's first call loads `numpy.ma`, for 10 ms."""
    place = (values.size - 1) * per_cent / 100
    below = int(place)
    above = min(below + 1, values.size - 1)
    ordered = np.partition(values, (below, above), axis=None)
    return float(ordered[below] + (place - below) * (ordered[above] - ordered[below]))
