"""Where there is print of fingers in a picture of several: ridges by local contrast, without what else has some.

Printed lines of a card's box, and borders of what was cut out of a scan, are straight over more than fingers and the
gaps between them are wide; words lie low along a border; a palm fills the lower border from side to side.
"""

from __future__ import annotations

import cv2
import numpy as np

from fpverify.vocabulary import WORKING_PPI, BoolArray, FloatArray

CELL_PX = 4  # of the working resolution
CELL_MM = CELL_PX * 25.4 / WORKING_PPI
FINE_PX, BROAD_PX, AROUND_PX = 0.8, 5.0, 6.0  # deviations of Gaussians: a ridge's period is 4.5 px, its noise 1
LEAST_CONTRAST, CLEAR_CONTRAST = 0.11, 0.22  # of what is strongest: a light finger has a third of a firm one's
NEAR_CELLS, NEAR_CONTRAST = 13, 0.42  # within 5 mm: of less there is a gap between fingers that nearly touch
FAINTEST = 0.005  # deviation of grey in [0, 1]: one level of a picture is 0.004
NOISE_SHARE, NOISE_CELLS = 15, 3.0  # per cent of a picture that is paper at least; deviation of a Gaussian over it
ABOVE_NOISE, NOISE_MOST = 1.9, 0.3  # of the paper's contrast is a print's; of the strongest is the paper's at most
SIDE = 0.02  # deviation of grey, on the one or the other side of what is about a place
OPEN_CELLS = 5  # narrower than 2 mm is dirt, an edge or a crease
SPECK_MM2, SPECK_APART_MM = (
    14.0,
    1.6,
)  # a speck's contrast reaches 1.5 mm; patches of a light print are no farther apart
LINE_MM = 36.0  # a straight line this long is no ridge: fingers are 22 mm wide at most, with gaps between them
LINE_STEP_PX = 8  # along a line, that are taken together
STRAIGHT = 0.8  # of so long a line's pixels, on the same side of what is about them
TILTS = np.linspace(-0.06, 0.06, 13)  # of lines against the borders: 3.5 degrees either way
LINE_BESIDE_PX = 9  # about a line, that its contrast reaches
WORDS_WITHIN_MM, WORDS_HIGH_MM = 9.0, 5.5  # of the border; of a row of words, with what their contrast reaches
EDGE_WITHIN_MM, EDGE_HIGH_MM = 4.0, 3.5  # of the left or right border; of a line there that is short, or not straight
PALM_EDGE_MM = 2.5  # by which its edge goes up and down
PALM_ABOVE_MM = 8.0  # above the border at most: a card's line, with what it takes along, may lie below it
PALM_MM, PALM_BEHIND_MM = 34.0, 34.0  # from side to side without a gap, and behind the foremost tip


def points_of(cells: BoolArray) -> FloatArray:
    """(n, 2) places of cells in millimetres, across and down."""
    down, across = np.nonzero(cells)
    return np.stack([across, down], axis=1).astype(np.float32) * np.float32(CELL_MM)


def print_cells(grey: FloatArray) -> tuple[BoolArray, BoolArray]:
    """(h/4, w/4) bool: where ridges are by local contrast, and where they are clear against those beside them.

    Args:
        grey: (height, width) in [0, 1], 250 ppi.
    """
    band = cv2.GaussianBlur(grey, (0, 0), FINE_PX) - cv2.GaussianBlur(grey, (0, 0), BROAD_PX)
    band[straight_lines(band)] = 0
    size = (max(1, grey.shape[1] // CELL_PX), max(1, grey.shape[0] // CELL_PX))
    power = cv2.resize(band * band, size, interpolation=cv2.INTER_AREA)
    contrast = np.sqrt(cv2.GaussianBlur(power, (0, 0), AROUND_PX / CELL_PX / 2))
    strongest = float(np.percentile(contrast, 97))
    around = cv2.dilate(contrast, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (NEAR_CELLS, NEAR_CELLS)))
    near = cv2.GaussianBlur(around, (0, 0), NEAR_CELLS / 4)
    noise = float(np.percentile(cv2.GaussianBlur(contrast, (0, 0), NOISE_CELLS), NOISE_SHARE))
    paper = min(ABOVE_NOISE * noise, NOISE_MOST * strongest)
    weak = contrast > max(LEAST_CONTRAST * strongest, FAINTEST, paper)
    clear = weak & (contrast > CLEAR_CONTRAST * strongest) & (contrast > NEAR_CONTRAST * near)
    weak, clear = _without_dirt(weak), _without_dirt(clear)
    other = _low(weak, WORDS_WITHIN_MM, WORDS_HIGH_MM) | _low(weak.T, EDGE_WITHIN_MM, EDGE_HIGH_MM).T
    other |= _palm(clear) | _specks(weak)
    return weak & ~other, clear & ~other


def straight_lines(band: FloatArray) -> BoolArray:
    """Where there are long straight lines, nearly along the borders, with what their contrast reaches.

    Args:
        band: (height, width), how much brighter a place is than what is about it.
    """
    sides = np.where(np.abs(band) > SIDE, np.sign(band), 0).astype(np.float32)
    return _level_lines(sides) | _level_lines(np.ascontiguousarray(sides.T)).T


def _level_lines(sides: FloatArray) -> BoolArray:
    height, width = sides.shape
    steps = max(1, width // LINE_STEP_PX)
    small = cv2.resize(sides, (steps, height), interpolation=cv2.INTER_AREA)
    length = round(LINE_MM * WORKING_PPI / 25.4 / LINE_STEP_PX)
    if steps < length:
        return np.zeros(sides.shape, np.bool_)
    found = np.zeros((height, steps), np.uint8)
    along = np.ones((1, length), np.uint8)
    for tilt in TILTS:
        rise = tilt * LINE_STEP_PX
        to = np.array([[1, 0, 0], [rise, 1, -rise * steps / 2]], np.float32)  # from the tilted to the level picture
        level = cv2.warpAffine(small, to, (steps, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        share = np.abs(cv2.blur(level, (length, 1), borderType=cv2.BORDER_CONSTANT))
        hits = (share > STRAIGHT).astype(np.uint8)
        if hits.any():
            whole = cv2.dilate(hits, along)
            found |= cv2.warpAffine(whole, to, (steps, height), flags=cv2.INTER_NEAREST)
    if not found.any():
        return np.zeros(sides.shape, np.bool_)
    beside = cv2.dilate(found, np.ones((2 * LINE_BESIDE_PX + 1, 1), np.uint8))
    return np.asarray(cv2.resize(beside, (width, height), interpolation=cv2.INTER_NEAREST) > 0)


def _without_dirt(cells: BoolArray) -> BoolArray:
    square = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (OPEN_CELLS, OPEN_CELLS))
    closed = cv2.morphologyEx(cells.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    return np.asarray(cv2.morphologyEx(closed, cv2.MORPH_OPEN, square) > 0)


def _specks(cells: BoolArray) -> BoolArray:
    """What is small and lies alone."""
    side = 2 * round(SPECK_APART_MM / 2 / CELL_MM) + 1
    joined = cv2.morphologyEx(cells.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    small = statistics[:, cv2.CC_STAT_AREA] * CELL_MM**2 < SPECK_MM2
    return np.asarray(small[labels])


def _low(cells: BoolArray, within_mm: float, high_mm: float) -> BoolArray:
    """What is low along the upper or the lower border: rows of printed words, even where they touch a finger."""
    within, high = round(within_mm / CELL_MM), round(high_mm / CELL_MM)
    whole = cells.astype(np.uint8)
    low = whole - cv2.morphologyEx(whole, cv2.MORPH_OPEN, np.ones((high + 1, 1), np.uint8), borderValue=0)
    low[within:-within] = 0
    return np.asarray(low > 0)


def _palm(cells: BoolArray) -> BoolArray:
    """What fills the lower border without a gap that parts fingers, far behind the foremost tip."""
    wide = round(PALM_MM / CELL_MM)
    if cells.shape[1] <= wide or not cells.any():
        return np.zeros(cells.shape, np.bool_)
    level = cv2.morphologyEx(cells.astype(np.uint8), cv2.MORPH_OPEN, np.ones((1, wide), np.uint8))
    tip = int(np.flatnonzero(cells.any(1))[0])
    level[: tip + round(PALM_BEHIND_MM / CELL_MM)] = 0
    _, labels = cv2.connectedComponents(level, connectivity=8)
    at_border = np.unique(labels[-round(PALM_ABOVE_MM / CELL_MM) :])
    whole = np.isin(labels, at_border[at_border > 0])
    if not whole.any():
        return whole
    upper = int(np.flatnonzero(whole.any(1))[0]) - round(PALM_EDGE_MM / CELL_MM)
    return np.asarray(np.arange(cells.shape[0])[:, None] >= upper) & np.ones(cells.shape, np.bool_)
