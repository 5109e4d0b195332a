"""Whether what looks like foreground holds ridges at all: photographs and textures have no period of their own."""

from __future__ import annotations

import numpy as np

from fpverify.features.minutiae import CELL_PX
from fpverify.vocabulary import BoolArray, FloatArray

BLOCK_PX = 24  # five ridges: enough to tell a period from an edge
STEP_PX = 12
PERIODS_PX = (2.6, 7.0)  # 0.26 to 0.71 mm at 250 ppi: children's finest to the coarsest adult ridges
SILENCE = 1e-6  # power of an empty block


def ridge_share(image: FloatArray, foreground: BoolArray) -> float:
    """The median, over blocks of the foreground, of the share of power at the periods of ridges.

    Args:
        image: (height, width) float32, normalised.
        foreground: (about height/4, width/4) bool.

    Returns:
        In [0, 1]; 0 when no block lies in the foreground.
    """
    if min(image.shape) < BLOCK_PX:
        return 0.0
    windows = np.lib.stride_tricks.sliding_window_view(image, (BLOCK_PX, BLOCK_PX))[::STEP_PX, ::STEP_PX]
    row, column = ((np.arange(count) * STEP_PX + BLOCK_PX // 2) // CELL_PX for count in windows.shape[:2])
    blocks = windows[foreground[np.ix_(row, column)]]  # (n, BLOCK_PX, BLOCK_PX)
    if not len(blocks):
        return 0.0
    return float(np.median(_share_at_ridge_periods(blocks)))


def _share_at_ridge_periods(blocks: FloatArray) -> FloatArray:
    """(n,) for (n, BLOCK_PX, BLOCK_PX)."""
    taper = np.hanning(BLOCK_PX + 2)[1:-1].astype(np.float32)
    centred = blocks - blocks.mean((1, 2), keepdims=True)
    power = np.abs(np.fft.rfft2(centred * taper[:, None] * taper)) ** 2
    power[..., 1:-1] *= 2  # the half of the spectrum that is not stored
    frequency = np.hypot(np.fft.fftfreq(BLOCK_PX)[:, None], np.fft.rfftfreq(BLOCK_PX))
    ridges = (frequency >= 1 / PERIODS_PX[1]) & (frequency <= 1 / PERIODS_PX[0])
    return np.asarray(power[:, ridges].sum(1) / (power.sum((1, 2)) + SILENCE), np.float32)
