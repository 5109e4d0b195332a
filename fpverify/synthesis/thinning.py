"""Lines one pixel wide along the middle of what is thick.

The two passes of T. Y. Zhang and C. Y. Suen, "A fast parallel algorithm for thinning digital patterns", Communications
of the ACM 27 (1984), with other answers for 25 neighbourhoods: corners of staircases go, which the paper leaves two
pixels thick, and slanting lines of two pixels stay, which the paper loses. They are those of scikit-image's
`skeletonize`, by which the fingers of all releases are labelled, so a seed goes on giving the same minutiae.
"""

from __future__ import annotations

import cv2
import numpy as np

from fpverify.vocabulary import BoolArray, ByteArray

# A pixel's eight neighbours as the bits of a byte, clockwise from the upper left one.
BITS = np.array([[1, 2, 4], [128, 0, 8], [64, 32, 16]], np.float32)
NORTH, EAST, SOUTH, WEST = 1, 3, 5, 7  # the bits' numbers
FEWEST, MOST = 2, 6  # neighbours of a pixel that goes: with fewer it is a tip, with more it is inside
# Neighbourhoods that are answered otherwise than in the paper, by the passes in which their middle goes.
IN_NEITHER = (48, 129)
IN_THE_FIRST = (3, 6, 11, 12, 14, 131, 134, 161, 194, 198)
IN_THE_SECOND = (24, 26, 56, 96, 104, 108, 176, 192, 224)
IN_BOTH = (10, 40, 130, 160)


def thinned(pattern: BoolArray) -> BoolArray:
    """The skeleton of a pattern: its lines keep their tips and how they hang together.

    Args:
        pattern: (height, width); beyond its rim there is nothing.
    """
    left = pattern.astype(np.uint8)
    passes, before = _passes(), -1
    while before != (before := cv2.countNonZero(left)):
        for goes in passes:
            around = cv2.filter2D(left, cv2.CV_8U, BITS, borderType=cv2.BORDER_CONSTANT)
            left[cv2.LUT(around, goes) > 0] = 0
    return left.astype(bool)


def _passes() -> tuple[ByteArray, ByteArray]:
    """For each pass and neighbourhood whether its middle goes; (256,) of 1 and 0."""
    first, second = _by_the_paper((EAST, SOUTH), (NORTH, WEST)), _by_the_paper((NORTH, WEST), (EAST, SOUTH))
    for numbers, answers in ((IN_NEITHER, (0, 0)), (IN_THE_FIRST, (1, 0)), (IN_THE_SECOND, (0, 1)), (IN_BOTH, (1, 1))):
        first[list(numbers)], second[list(numbers)] = answers
    return first, second


def _by_the_paper(sides: tuple[int, int], others: tuple[int, int]) -> ByteArray:
    """The same by the paper's rule.

    Args:
        sides: the pass is for pixels that lack a neighbour here,
        others: or both of these.
    """
    there = (np.arange(256)[:, None] >> np.arange(8) & 1).astype(bool)
    count = there.sum(1)
    runs = (there & ~np.roll(there, 1, axis=1)).sum(1)  # of neighbours around it
    turn = ~there[:, sides].all(1) | ~there[:, others].any(1)
    return np.asarray((count >= FEWEST) & (count <= MOST) & (runs == 1) & turn, np.uint8)
