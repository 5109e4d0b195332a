"""From the minutia map network's answer to minutiae and foreground."""

from __future__ import annotations

import cv2
import numpy as np

from fpverify.vocabulary import BoolArray, FloatArray, Minutiae

CELL_PX = 4  # one answer for 4 x 4 px
LIKELY = 0.5  # mean probability of a finger in a cell and its neighbours
LEAST_PROBABILITY = 0.3  # of a minutia; lower admits more false ones than true ones on synthetic fingers
MOST_MINUTIAE = 80  # a whole fingertip has about 100, an impression 30 to 60
SAME_PX = 5.0  # two answers nearer than a ridge period ...
SAME_RAD = 0.6  # ... and pointing the same way within 35 degrees are one minutia
NARROWEST_CELLS = 7  # 2.8 mm, six ridges side by side


def foreground_cells(answer: FloatArray) -> BoolArray:
    """Where there is a finger; (h/4, w/4) bool.

    Args:
        answer: (h/4, w/4, 6) of the minutia map network.
    """
    return np.asarray(foreground_around(answer) > LIKELY)


def foreground_around(answer: FloatArray) -> FloatArray:
    """The mean probability of a finger in each cell and its neighbours; (h/4, w/4, 6) -> (h/4, w/4)."""
    return np.asarray(cv2.blur(_sigmoid(answer[..., 5]), (3, 3), borderType=cv2.BORDER_REPLICATE), np.float32)


def foreground_probability(answer: FloatArray) -> FloatArray:
    """Of a finger in each cell; (h/4, w/4, 6) of the minutia map network -> (h/4, w/4)."""
    return _sigmoid(answer[..., 5])


def foreground_certainty(answer: FloatArray, foreground: BoolArray) -> float:
    """The mean probability of a finger in the foreground, in [0, 1].

    Args:
        answer: (h/4, w/4, 6) of the minutia map network.
        foreground: (h/4, w/4) bool, some of it.
    """
    return float(_sigmoid(answer[foreground, 5]).mean())


def largest_piece(cells: BoolArray) -> BoolArray:
    """The largest connected part that is nowhere narrower than `NARROWEST_CELLS`; (h/4, w/4) bool.

    Skin lies on a plate in one piece; in other images what resembles it lies about in scraps.
    """
    square = np.ones((NARROWEST_CELLS, NARROWEST_CELLS), np.uint8)
    wide = cv2.morphologyEx(cells.astype(np.uint8), cv2.MORPH_OPEN, square, borderValue=0)
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(wide, connectivity=4)
    areas = statistics[1:, cv2.CC_STAT_AREA]
    return np.asarray(labels == 1 + areas.argmax()) if len(areas) else np.zeros(cells.shape, bool)


def decode_minutiae(answer: FloatArray, foreground: BoolArray) -> Minutiae:
    """The peaks of the heat map inside the foreground, up to its rim, best first.

    The network has learnt that ridges cut off there are no endings.

    Args:
        answer: (h/4, w/4, 6) of the minutia map network.
        foreground: (h/4, w/4) bool.

    Returns:
        At most `MOST_MINUTIAE` minutiae; quality is the probability the network gives.
    """
    heat = _sigmoid(answer[..., 0])
    highest = cv2.dilate(heat, np.ones((3, 3), np.uint8))
    row, column = np.nonzero((heat == highest) & (heat >= LEAST_PROBABILITY) & foreground)
    best_first = np.argsort(-heat[row, column], kind="stable")
    row, column = row[best_first], column[best_first]
    at = answer[row, column]  # (n, 6)
    x = CELL_PX * (column + _sigmoid(at[:, 1]))
    y = CELL_PX * (row + _sigmoid(at[:, 2]))
    found = Minutiae(*(a.astype(np.float32) for a in (x, y, np.arctan2(at[:, 4], at[:, 3]), heat[row, column])))
    return selected(found, _first_of_each(found)[:MOST_MINUTIAE])


def _first_of_each(found: Minutiae) -> np.ndarray:
    """Indices of minutiae that no better one repeats."""
    across, down = (axis[:, None] - axis for axis in (found.x_px, found.y_px))
    turn = np.cos(found.angle_rad[:, None] - found.angle_rad)
    repeats = np.tril((across**2 + down**2 < SAME_PX**2) & (turn > np.cos(SAME_RAD)), -1)
    kept = np.ones(len(found), bool)
    for number in np.flatnonzero(repeats.any(1)):
        kept[number] = not (repeats[number] & kept).any()
    return np.flatnonzero(kept)


def selected(minutiae: Minutiae, index: np.ndarray) -> Minutiae:
    """The minutiae at these places, or where a mask of all is true."""
    return Minutiae(minutiae.x_px[index], minutiae.y_px[index], minutiae.angle_rad[index], minutiae.quality[index])


def _sigmoid(logit: FloatArray) -> FloatArray:
    exponent = np.minimum(np.maximum(logit, np.float32(-30)), np.float32(30))  # a third of the time of np.clip
    np.exp(np.negative(exponent, out=exponent), out=exponent)
    exponent += np.float32(1)
    return np.asarray(np.reciprocal(exponent, out=exponent), np.float32)
