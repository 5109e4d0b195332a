"""The parts that the foreground falls into, and how large it is."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fpverify.features.minutiae import CELL_PX, NARROWEST_CELLS
from fpverify.vocabulary import WORKING_PPI, BoolArray, FloatArray

CELL_MM = CELL_PX * 25.4 / WORKING_PPI
LEAST_AREA_MM2 = 40.0  # of a part that is a print: a fifth of a fingertip; what is pressed beside one is smaller
FAINTEST_PRINT = 0.18  # of the strongest part's contrast: what has less is the ghost of an earlier print
GHOST_GREY = 0.055  # contrast, of all greys; 9 of 305 synthetic ghosts have more, 2 of 220 prints beside others less
LEAST_CONTRAST = 0.65  # of the strongest part's, of a part as light as a ghost
GREY_PX = 6.0  # deviation of the Gaussian window for contrast: a ridge and a half to each side
APART_CELLS = 13  # 5.3 mm: a scar or the fold of a joint is narrower, and so are most gaps between parts of one finger
LONGEST_MM, WIDEST_MM = 60.0, 42.0  # a finger from its tip to the second joint; a print rolled from nail to nail
LARGEST_MM2 = 1500.0  # such a rolled print, 40 x 38 mm (box of a ten-print card, ANSI/NIST-ITL)

Parts = list[BoolArray]


def wide(foreground: BoolArray) -> NDArray[np.uint8]:
    """What is nowhere narrower than `NARROWEST_CELLS`; 0 or 1."""
    square = np.ones((NARROWEST_CELLS, NARROWEST_CELLS), np.uint8)
    return np.asarray(cv2.morphologyEx(foreground.astype(np.uint8), cv2.MORPH_OPEN, square, borderValue=0), np.uint8)


def parts(foreground: BoolArray, least_mm2: float = LEAST_AREA_MM2) -> Parts:
    """The connected parts that are large enough, each (h / 4, w / 4) bool."""
    number, labels, statistics, _ = cv2.connectedComponentsWithStats(wide(foreground), connectivity=4)
    areas = CELL_MM**2 * statistics[:, cv2.CC_STAT_AREA]
    return [labels == label for label in range(1, number) if areas[label] >= least_mm2]


def ghosts(found: Parts, grey: FloatArray) -> list[bool]:
    """Which parts are too weak for prints of their own: far lighter than another, or lighter and light by themselves.

    Args:
        found: the parts, some.
        grey: (h, w) float32 in [0, 1], the image at the working resolution before its contrast was made even.
    """
    contrast = _contrast(grey, found[0].shape)
    medians = [float(np.median(contrast[part])) for part in found]
    least = max(medians) * np.where(np.less(medians, GHOST_GREY), LEAST_CONTRAST, FAINTEST_PRINT)
    return [bool(weak) for weak in np.less(medians, least)]


def are_near(found: Parts) -> bool:
    """Whether parts lie as near each other as those of one finger that a scar, a crease or a joint keeps apart."""
    reach = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (APART_CELLS, APART_CELLS))
    number, _ = cv2.connectedComponents(cv2.dilate(np.any(found, axis=0).astype(np.uint8), reach))
    return number == 2  # nothing, and all of them


def exceed_a_finger(foreground: BoolArray) -> bool:
    """Whether the foreground is larger than any print of one finger."""
    cells = wide(foreground)
    if not cells.any():
        return False
    (_, sides_cells, _) = cv2.minAreaRect(cv2.findNonZero(cells))
    short_mm, long_mm = (CELL_MM * side for side in sorted(sides_cells))
    return bool(long_mm > LONGEST_MM or short_mm > WIDEST_MM or CELL_MM**2 * cells.sum() > LARGEST_MM2)


def _contrast(grey: FloatArray, cells: tuple[int, ...]) -> FloatArray:
    """The local deviation of grey in each cell."""
    centred = grey - cv2.GaussianBlur(grey, (0, 0), GREY_PX)
    variance = cv2.GaussianBlur(centred * centred, (0, 0), GREY_PX)
    return np.asarray(np.sqrt(cv2.resize(variance, cells[::-1], interpolation=cv2.INTER_AREA)), np.float32)
