"""Whether what looks like foreground holds ridges at all: photographs and textures have no period of their own.

The ridges of a small block are a plane wave, with nearly all power at one frequency (L. Hong, Y. Wan, A. Jain,
"Fingerprint image enhancement", IEEE PAMI 20(8), 1998); natural images have most of theirs at the lowest frequencies.
"""

from __future__ import annotations

import numpy as np

from fpverify.features.minutiae import CELL_PX
from fpverify.vocabulary import BoolArray, FloatArray

BLOCK_PX = 24  # five ridges: enough to tell a period from an edge
STEP_PX = 12
PERIODS_PX = (2.6, 7.0)  # 0.26 to 0.71 mm at 250 ppi: children's finest to the coarsest adult ridges
BETTER_THAN = 0.75  # of the blocks
SILENCE = 1e-6  # power; keeps an empty block's share at 0


def ridge_share(image: FloatArray, foreground: BoolArray) -> float:
    """The share of power at the periods of ridges in the better blocks of the foreground.

    Better than three quarters of the blocks: a finger that is wet, worn or wrinkled nearly all over still has places
    with clear ridges; other images have few.

    Args:
        image: (height, width) float32, normalised.
        foreground: (about height/4, width/4) bool.

    Returns:
        In [0, 1], the upper quartile over blocks; 0 when no block lies in the foreground.
    """
    if min(image.shape) < BLOCK_PX:
        return 0.0
    windows = np.lib.stride_tricks.sliding_window_view(image, (BLOCK_PX, BLOCK_PX))[::STEP_PX, ::STEP_PX]
    row, column = ((np.arange(count) * STEP_PX + BLOCK_PX // 2) // CELL_PX for count in windows.shape[:2])
    blocks = windows[foreground[np.ix_(row, column)]]  # (n, BLOCK_PX, BLOCK_PX)
    if not len(blocks):
        return 0.0
    return float(np.quantile(_share_at_ridge_periods(blocks), BETTER_THAN))


def _share_at_ridge_periods(blocks: FloatArray) -> FloatArray:
    """(n,) for (n, BLOCK_PX, BLOCK_PX)."""
    taper = np.hanning(BLOCK_PX + 2)[1:-1].astype(np.float32)
    centred = blocks - blocks.mean((1, 2), keepdims=True)
    power = np.abs(np.fft.rfft2(centred * taper[:, None] * taper)) ** 2
    power[..., 1:-1] *= 2  # the half of the spectrum that is not stored
    frequency = np.hypot(np.fft.fftfreq(BLOCK_PX)[:, None], np.fft.rfftfreq(BLOCK_PX))
    ridges = (frequency >= 1 / PERIODS_PX[1]) & (frequency <= 1 / PERIODS_PX[0])
    return np.asarray(power[:, ridges].sum(1) / (power.sum((1, 2)) + SILENCE), np.float32)
