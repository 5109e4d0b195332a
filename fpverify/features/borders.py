"""Where one finger's print borders on another's, as the seam map network sees it."""

from __future__ import annotations

import cv2
import numpy as np

from fpverify.features.pieces import APART_CELLS, wide
from fpverify.vocabulary import BoolArray, FloatArray

SQUARE_PX = 4  # side of what the seam map network takes as one place
CELL_PX = 8  # it has one answer for 8 x 8 px
LENGTH_CELLS = 6  # 4 mm of a border that is one or two cells wide
SURE_LOGIT = 4.0  # from here a border counts that does not part the print; none of 1,097 single synthetic prints had it
LEAST_LOGIT = 2.5  # of one that does, where there is one part; 1 of 1,061 that showed one had more
LEAST_LOGIT_BETWEEN = 0.0  # where there are several, near each other; none of 36 such prints had it
PARTING_LOGIT = 1.0  # cells with more are border
RIM_CELLS = 3  # side of the square of foreground that must lie around a cell of it


def folded(image: FloatArray) -> FloatArray:
    """Squares of 4 x 4 px as channels, row by row; (h, w) -> (h/4, w/4, 16), as the seam map network takes it."""
    height, width = (side // SQUARE_PX for side in image.shape)
    squares = image.reshape(height, SQUARE_PX, width, SQUARE_PX).transpose(0, 2, 1, 3)
    return np.asarray(squares.reshape(height, width, SQUARE_PX**2), np.float32)


def border_logit(answer: FloatArray, foreground: BoolArray) -> float:
    """The mean of the highest `LENGTH_CELLS` logits within the print; minus infinity where it has fewer cells.

    Args:
        answer: (h/8, w/8) logits of the seam map network.
        foreground: (h/4, w/4) bool.
    """
    logits = answer[_within(foreground, answer.shape)]
    if len(logits) < LENGTH_CELLS:
        return -np.inf
    return float(np.partition(logits, -LENGTH_CELLS)[-LENGTH_CELLS:].mean())


def without_borders(foreground: BoolArray, answer: FloatArray) -> BoolArray:
    """The foreground but for cells that are a border."""
    kept = (answer <= PARTING_LOGIT).repeat(2, 0).repeat(2, 1)
    return np.asarray(foreground & kept[: foreground.shape[0], : foreground.shape[1]])


def _within(foreground: BoolArray, cells: tuple[int, ...]) -> BoolArray:
    """Which coarse cells lie within the foreground, what is narrow between its parts closed.

    At the rim there is no border to be seen: what lies on its other side is paper, or the ghost of an earlier print.
    """
    room = APART_CELLS  # all around, so that closing does not stop at the rim of the image
    fine = np.zeros((2 * cells[0] + 2 * room, 2 * cells[1] + 2 * room), np.uint8)
    height, width = foreground.shape
    fine[room : room + height, room : room + width] = wide(foreground)
    closed = cv2.morphologyEx(fine, cv2.MORPH_CLOSE, np.ones((APART_CELLS, APART_CELLS), np.uint8))
    inside = cv2.erode(closed, np.ones((RIM_CELLS, RIM_CELLS), np.uint8))[room:-room, room:-room]
    return np.asarray(inside.reshape(cells[0], 2, cells[1], 2).min((1, 3)) > 0)
