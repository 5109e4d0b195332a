"""What was found in a scan as a finger view: minutiae in the pixels of the scan itself."""

from __future__ import annotations

import numpy as np

from fpverify.features.extraction import Acquired
from fpverify.features.minutia_types import minutia_types
from fpverify.features.minutiae import selected
from fpverify.vocabulary import FingerView, FloatArray, Rating, Scan

CM_PER_INCH = 2.54
BEST = 100  # of a quality, as records have it
LEAST = 1  # likewise: records of 2005 have 0 for none given


def finger_view(acquired: Acquired, scan: Scan, finger: int = 0) -> FingerView:
    """The minutiae of a scan, by x and then by y, with its size, resolution and quality.

    In this order mindtct lists them, and bozorth3 expects them: where it is built in without its reader of files, which
    sorts, other orders cost it mated pairs.

    Args:
        acquired: what was found in it.
        scan: the same.
        finger: code, a place in `FINGERS`.
    """
    found, (height, width) = acquired.template.minutiae, scan.pixels.shape
    minutiae = selected(found, np.lexsort((found.y_px, found.x_px)))
    worked_height, worked_width = acquired.prepared.image.shape
    ppcm = scan.ppi / CM_PER_INCH
    return FingerView(
        _in_scan(minutiae.x_px, width, worked_width),
        _in_scan(minutiae.y_px, height, worked_height),
        minutiae.angle_rad,
        minutia_types(acquired.prepared.image, minutiae),
        np.rint(BEST * minutiae.quality).clip(LEAST, BEST).astype(np.int16),
        width_px=width,
        height_px=height,
        ppcm_x=ppcm,
        ppcm_y=ppcm,
        finger=finger,
        ratings=(Rating(max(LEAST, round(BEST * acquired.template.quality))),),
        ridge_ends=True,
    )


def _in_scan(position: FloatArray, side: int, worked_side: int) -> FloatArray:
    """Positions along a side in pixels of the scan; both pictures show the same, so their outer edges coincide."""
    moved = (position + 0.5) * (side / worked_side) - 0.5
    return np.asarray(moved.clip(0, side - 1), np.float32)
