"""Where a picture shows lines that no skin has left, as the drawn map network sees it.

Whoever has no finger but is told scores draws lines, moves their ends about and keeps what scores no lower. What is
drawn is no foreground, whatever it shows.
"""

from __future__ import annotations

import cv2
import numpy as np

from fpverify.errors import FailureToAcquire
from fpverify.features.acquisition import area_mm2
from fpverify.vocabulary import BoolArray, FloatArray, Scan

DRAWN_LOGIT = 6.0  # mean of the cells around, from which one is drawn; none of 150 synthetic fingers had one
AROUND_CELLS = 5  # side of the square that the mean is of, 4 mm
MOST_DRAWN = 0.5  # of the foreground; a picture with more of it shows no finger


def without_drawn(scan: Scan, answer: FloatArray, foreground: BoolArray) -> BoolArray:
    """The foreground but for what is drawn.

    Args:
        scan: named in errors.
        answer: (h/8, w/8) logits of the drawn map network.
        foreground: (h/4, w/4) bool.

    Raises:
        FailureToAcquire: most of it is drawn.
    """
    skin = foreground & ~drawn(answer, foreground)
    whole, left = area_mm2(foreground), area_mm2(skin)
    if left < (1 - MOST_DRAWN) * whole:
        raise FailureToAcquire(
            f"{scan.source}: the lines on {whole - left:.0f} of {whole:.0f} mm² are drawn, not those of skin"
        )
    return skin


def drawn(answer: FloatArray, foreground: BoolArray) -> BoolArray:
    """Which cells of 4 x 4 px are drawn, (h/4, w/4) bool; arguments as of `without_drawn`."""
    high, wide = foreground.shape
    fine = answer.repeat(2, 0).repeat(2, 1)[:high, :wide]
    side = (2 * AROUND_CELLS, 2 * AROUND_CELLS)
    weight = cv2.blur(foreground.astype(np.float32), side, borderType=cv2.BORDER_CONSTANT)
    mean = cv2.blur(np.where(foreground, fine, np.float32(0)), side, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(mean > DRAWN_LOGIT * weight)
