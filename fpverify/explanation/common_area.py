"""What two prints have in common when one is laid on the other."""

from __future__ import annotations

import math

import cv2
import numpy as np

from fpverify.comparison import Alignment, Overlap
from fpverify.features import Acquired
from fpverify.features.acquisition import CELL_MM2
from fpverify.features.minutiae import CELL_PX
from fpverify.vocabulary import BoolArray


def common_mm2(probe: Acquired, reference: Acquired, alignment: Alignment | None) -> float | None:
    """Common area of the two foregrounds; None where the prints were not aligned, or have none."""
    here, there = probe.foreground, reference.foreground
    if alignment is None or here is None or there is None:
        return None
    return float((laid_cells(here, there.shape, alignment) & there).sum()) * CELL_MM2


def laid_cells(cells: BoolArray, shape: tuple[int, int], alignment: Alignment) -> BoolArray:
    """The probe's foreground on the reference; (h/4, w/4) bool of that shape."""
    matrix = alignment.matrix
    half = np.array([0.5, 0.5])  # cell k spans k to k + 1; warping has its middle at k
    matrix[:, 2] = matrix[:, :2] @ half + matrix[:, 2] / CELL_PX - half
    laid = cv2.warpAffine(cells.astype(np.uint8), matrix, shape[::-1], flags=cv2.INTER_NEAREST)
    return np.asarray(laid > 0)


def common_minutiae(found: Overlap) -> int:
    """Of the common area, the mean of both prints in whole numbers; partners just outside count as inside."""
    return max(math.ceil(found.common), len(found.pairs))
