"""The second opinion: how well the pictures agree, block by block, where the places have laid a touch."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from fpverify.comparison.touches.alignment import Lain
from fpverify.comparison.touches.prepared import Ground, Touch
from fpverify.vocabulary import Scores

SIDE_PX, STRIDE_PX = 18, 9  # 1.8 mm, four ridges; each block half over the next
REACH_PX = 4  # that skin is moved by, either way: nearly a ridge period
LEAST_SHOWN = 0.9  # of a block of the touch
MOST_MISSING = 0.1  # of what the ground shows there


def block_correlations(touch: Touch, ground: Ground, lain: Lain) -> Scores:
    """The highest correlation of each block of a touch with what the ground shows about there; (b,) in [-1, 1]."""
    around = _laid_on(touch, ground, lain)
    found = []
    for row, column in _corners(touch):
        end_row, end_column = row + SIDE_PX, column + SIDE_PX
        area = around[row : end_row + 2 * REACH_PX, column : end_column + 2 * REACH_PX]
        inner = area[REACH_PX:-REACH_PX, REACH_PX:-REACH_PX]
        if np.count_nonzero(inner) >= (1 - MOST_MISSING) * inner.size:
            block = touch.picture[row:end_row, column:end_column]
            found.append(float(cv2.matchTemplate(area, block, cv2.TM_CCOEFF_NORMED).max()))
    return np.array(found, np.float64)


def _corners(touch: Touch) -> Iterator[tuple[int, int]]:
    """Of blocks that show the finger."""
    height, width = touch.picture.shape
    total = cv2.integral(touch.shown.astype(np.uint8))
    for row in range(0, height - SIDE_PX + 1, STRIDE_PX):
        for column in range(0, width - SIDE_PX + 1, STRIDE_PX):
            end_row, end_column = row + SIDE_PX, column + SIDE_PX
            shown = total[end_row, end_column] - total[row, end_column] - total[end_row, column] + total[row, column]
            if shown >= LEAST_SHOWN * SIDE_PX**2:
                yield row, column


def _laid_on(touch: Touch, ground: Ground, lain: Lain) -> np.ndarray:
    """What the ground shows where the touch lies, with `REACH_PX` around it."""
    height, width = touch.picture.shape
    cos, sin = np.cos(lain.turn), np.sin(lain.turn)
    corner = lain.x - REACH_PX * (cos - sin), lain.y - REACH_PX * (sin + cos)
    matrix = np.array([[cos, -sin, corner[0]], [sin, cos, corner[1]]])
    size = width + 2 * REACH_PX, height + 2 * REACH_PX
    return cv2.warpAffine(ground.picture, matrix, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
