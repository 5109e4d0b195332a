"""Whether what looks like foreground holds ridges at all: lines that run side by side, a ridge's period apart.

The ridges of a small block are a plane wave: nearly all power lies at one frequency and, of course, in one direction
(L. Hong, Y. Wan, A. Jain, "Fingerprint image enhancement", IEEE PAMI 20(8), 1998). A photograph has most of its power
at lower frequencies; noise and grains have it in all directions, and a weave has it in two that cancel.
"""

from __future__ import annotations

import numpy as np

from fpverify.features.minutiae import CELL_PX
from fpverify.vocabulary import BoolArray, FloatArray

BLOCK_PX = 24  # five ridges: enough to tell a period from an edge
STEP_PX = 12
PERIODS_PX = (2.6, 7.0)  # 0.26 to 0.71 mm at 250 ppi: children's finest to the coarsest adult ridges
SILENCE = 1e-6  # power; keeps an empty block's share at 0


def ridge_share(image: FloatArray, foreground: BoolArray) -> float:
    """The share of power that belongs to parallel lines with the period of ridges.

    Args:
        image: (height, width) float32, normalised.
        foreground: (about height/4, width/4) bool.

    Returns:
        In [0, 1], the median over blocks of the foreground; 0 when no block lies in it.
    """
    if min(image.shape) < BLOCK_PX:
        return 0.0
    windows = np.lib.stride_tricks.sliding_window_view(image, (BLOCK_PX, BLOCK_PX))[::STEP_PX, ::STEP_PX]
    row, column = ((np.arange(count) * STEP_PX + BLOCK_PX // 2) // CELL_PX for count in windows.shape[:2])
    blocks = windows[foreground[np.ix_(row, column)]]  # (n, BLOCK_PX, BLOCK_PX)
    if not len(blocks):
        return 0.0
    return float(np.median(_parallel_share(_power(blocks))))


def _power(blocks: FloatArray) -> FloatArray:
    """(n, BLOCK_PX, BLOCK_PX / 2 + 1): the half of the plane that is not stored counts with the other."""
    taper = np.hanning(BLOCK_PX + 2)[1:-1].astype(np.float32)
    centred = blocks - blocks.mean((1, 2), keepdims=True)
    power = np.asarray(np.abs(np.fft.rfft2(centred * taper[:, None] * taper)) ** 2, np.float32)
    power[..., 1:-1] *= 2
    return power


def _parallel_share(power: FloatArray) -> FloatArray:
    """(n,): the length of the sum of the power at ridge periods, taken as vectors at twice their angle."""
    wave = np.fft.rfftfreq(BLOCK_PX) + 1j * np.fft.fftfreq(BLOCK_PX)[:, None]
    frequency = np.abs(wave)
    ridges = (frequency >= 1 / PERIODS_PX[1]) & (frequency <= 1 / PERIODS_PX[0])
    twice = np.where(ridges, wave, 0) ** 2 / np.maximum(frequency, SILENCE) ** 2  # a direction and its opposite are one
    along, across = ((power * part.astype(np.float32)).sum((1, 2)) for part in (twice.real, twice.imag))
    return np.asarray(np.hypot(along, across) / (power.sum((1, 2)) + SILENCE), np.float32)
