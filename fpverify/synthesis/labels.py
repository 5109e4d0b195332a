"""Where ridges and valleys end: exact minutiae, read off the noiseless master.

An ending of the skeleton of the valleys is a bifurcation of the ridges, so both kinds come from one rule and carry the
same direction whichever way the finger is pressed.
"""

from __future__ import annotations

import cv2
import numpy as np

from fpverify.synthesis.thinning import thinned
from fpverify.vocabulary import BoolArray, FloatArray, Minutiae

UPSAMPLING = 2  # skeletons of ridges 2 px wide need finer pixels
TRACE_STEPS = 12  # 6 px at 250 ppi: over this length the direction of a ridge is measured
BORDER_PX = 8  # endings nearer to the master's rim are cuts, not minutiae
MIN_DISTANCE_PX = 3.0  # two closer ones are a spur or a break


def find_minutiae(ridges: FloatArray) -> Minutiae:
    """The minutiae of a master finger.

    Args:
        ridges: (height, width) float32, ridges positive, valleys negative.

    Returns:
        Minutiae in the pixels of `ridges`, quality 1.
    """
    fine = cv2.resize(ridges, None, fx=UPSAMPLING, fy=UPSAMPLING, interpolation=cv2.INTER_CUBIC)
    found = _without_close_pairs(np.concatenate([_endings(fine > 0), _endings(fine < 0)]))
    return Minutiae(found[:, 0], found[:, 1], found[:, 2], np.ones(len(found), np.float32))


def _endings(pattern: BoolArray) -> FloatArray:
    """(n, 3) x, y in master pixels and direction of every skeleton ending whose ridge is long enough."""
    skeleton = thinned(pattern)
    ones = skeleton.astype(np.uint8)
    neighbours = cv2.filter2D(ones, cv2.CV_8U, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT) - ones
    margin = UPSAMPLING * BORDER_PX
    tips = skeleton & (neighbours == 1)
    tips[:margin] = tips[-margin:] = tips[:, :margin] = tips[:, -margin:] = False
    traced = [(x, y, _trace(skeleton, y, x)) for y, x in np.argwhere(tips).tolist()]
    centre = (UPSAMPLING - 1) / 2  # the centre of a fine pixel, in fine pixels from a coarse one's
    rows = [
        ((x - centre) / UPSAMPLING, (y - centre) / UPSAMPLING, np.arctan2(end[0] - y, end[1] - x))
        for x, y, end in traced
        if end is not None
    ]
    return np.array(rows, np.float32).reshape(-1, 3)


def _trace(skeleton: BoolArray, y: int, x: int) -> tuple[int, int] | None:
    """Where one gets by following the ridge for `TRACE_STEPS`; None when it is shorter."""
    visited = {(y, x)}
    for _ in range(TRACE_STEPS):
        steps = [
            (y + dy, x + dx)
            for dy, dx in ((0, 1), (1, 0), (0, -1), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1))
            if skeleton[y + dy, x + dx] and (y + dy, x + dx) not in visited
        ]
        if not steps:
            return None
        y, x = steps[0]
        visited.add((y, x))
    return y, x


def _without_close_pairs(found: FloatArray) -> FloatArray:
    distance = np.hypot(*(found[:, None, :2] - found[None, :, :2]).transpose(2, 0, 1))
    np.fill_diagonal(distance, np.inf)
    kept: FloatArray = found[distance.min(1, initial=np.inf) > MIN_DISTANCE_PX]
    return kept
