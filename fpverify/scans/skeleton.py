"""Whether an image shows ridges thinned to lines, as programs hand them on: a drawing of a print, not a scan."""

from __future__ import annotations

import math

import cv2
import numpy as np

from fpverify.vocabulary import BoolArray, ByteArray

LEAST_DECIDED = 0.97  # of the pixels within an eighth of black or white; compression blurs a few
DECIDED = 0.125  # of the range from the darkest to the brightest
DRAWN = (0.01, 0.2)  # share of the image that lines may cover; with ridges 5 px apart they cover a fifth
# Along a line a pixel has two neighbours. Of thinned synthetic prints half to nine tenths of the pixels do, the others
# being dots, ends and forks; of prints in black and white, down to 200 ppi, a fifth at most.
LEAST_ALONG = 0.5


def is_skeleton(pixels: ByteArray) -> bool:
    """Whether an image consists of lines one pixel wide, dark on bright or bright on dark.

    Args:
        pixels: (height, width) uint8.

    Returns:
        False for a scan in black and white, whose ridges are broader.
    """
    low, high = (int(grey) for grey in cv2.minMaxLoc(pixels)[:2])
    margin = DECIDED * (high - low)
    between = cv2.inRange(pixels, math.floor(low + margin) + 1.0, math.ceil(high - margin) - 1.0)
    if cv2.countNonZero(between) > (1 - LEAST_DECIDED) * pixels.size:
        return False
    dark = pixels < (low + high) / 2
    return _is_of_lines(dark if dark.mean() < 0.5 else ~dark)


def _is_of_lines(drawn: BoolArray) -> bool:
    if not DRAWN[0] <= drawn.mean() <= DRAWN[1]:
        return False
    around = cv2.filter2D(drawn.astype(np.uint8), -1, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT)
    return bool(np.mean(around[drawn] == 3) >= LEAST_ALONG)  # itself and two neighbours
