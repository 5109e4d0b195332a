"""Which minutiae are endings, and which bifurcations.

The minutia map answers where ridges or valleys end and which way they run from there, but not which of the two ends.
The picture tells: ahead of an ending, in its direction, lies its ridge and behind it a valley; of a bifurcation the
other way round.
"""

from __future__ import annotations

import cv2
import numpy as np

from fpverify.vocabulary import MINUTIA_TYPES, ByteArray, FloatArray, Minutiae

NEAREST_PX = 1.0  # from the minutia: at its very place ridge and valley meet
FARTHEST_PX = 6.0  # 0.6 mm: over this length the direction of a minutia is measured
STEP_PX = 0.5
OTHER, ENDING, BIFURCATION = range(len(MINUTIA_TYPES))


def minutia_types(image: FloatArray, minutiae: Minutiae) -> ByteArray:
    """Places in `MINUTIA_TYPES`, (n,) uint8: endings and bifurcations, other where nothing shows.

    Args:
        image: (height, width) float32, prepared: ridges negative.
        minutiae: n of them, in pixels of `image`.
    """
    contrast = _mean_along(image, minutiae, 1) - _mean_along(image, minutiae, -1)
    types = np.where(contrast < 0, ENDING, BIFURCATION)
    return np.where(contrast == 0, OTHER, types).astype(np.uint8)


def _mean_along(image: FloatArray, minutiae: Minutiae, way: int) -> FloatArray:
    """(n,) the mean along each direction, or (-1) against it."""
    steps = way * np.arange(NEAREST_PX, FARTHEST_PX + STEP_PX / 2, STEP_PX, dtype=np.float32)
    x = minutiae.x_px[:, None] + steps * np.cos(minutiae.angle_rad)[:, None]
    y = minutiae.y_px[:, None] + steps * np.sin(minutiae.angle_rad)[:, None]
    if len(minutiae) == 0:
        return np.zeros(0, np.float32)
    return np.asarray(cv2.remap(image, x, y, cv2.INTER_LINEAR).mean(1), np.float32)
