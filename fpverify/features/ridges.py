"""Whether what looks like foreground holds ridges at all: lines that run side by side, a ridge's period apart.

The ridges of a small block are a plane wave: nearly all power lies at one frequency and, of course, in one direction
(L. Hong, Y. Wan, A. Jain, "Fingerprint image enhancement", IEEE PAMI 20(8), 1998). A photograph has most of its power
at lower frequencies; noise and grains have it in all directions, and a weave has it in two that cancel. And ridges
bend slowly: the next block's run almost the same way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fpverify.features.minutiae import CELL_PX
from fpverify.vocabulary import BoolArray, FloatArray

BLOCK_PX = 24  # five ridges: enough to tell a period from an edge
STEP_PX = 12
PERIODS_PX = (2.6, 7.0)  # 0.26 to 0.71 mm at 250 ppi: children's finest to the coarsest adult ridges
# Fourier transforms of a block's columns and rows, tapered: as matrices, quicker than an FFT for blocks so small.
TAPER = np.hanning(BLOCK_PX + 2)[1:-1]
DOWN = np.fft.fft(np.diag(TAPER)).T.astype(np.complex64)
ACROSS = np.fft.rfft(np.diag(TAPER)).astype(np.complex64)
SILENCE = 1e-6  # power; keeps an empty block's share at 0


@dataclass(frozen=True, slots=True)
class RidgeSigns:
    """What speaks for ridges.

    Attributes:
        share: of the power that belongs to parallel lines with the period of ridges, the median over blocks; in [0, 1].
        flow: how well the directions of blocks side by side agree, the mean of the cosine of twice the angle between
            them; in [-1, 1], 0 for directions at random.
    """

    share: float
    flow: float


def ridge_signs(image: FloatArray, foreground: BoolArray) -> RidgeSigns:
    """What speaks for ridges in the foreground; both are 0 when no block lies in it.

    Args:
        image: (height, width) float32, normalised.
        foreground: (about height/4, width/4) bool.
    """
    if min(image.shape) < BLOCK_PX:
        return RidgeSigns(0.0, 0.0)
    windows = np.lib.stride_tricks.sliding_window_view(image, (BLOCK_PX, BLOCK_PX))[::STEP_PX, ::STEP_PX]
    row, column = ((np.arange(count) * STEP_PX + BLOCK_PX // 2) // CELL_PX for count in windows.shape[:2])
    inside = foreground[np.ix_(row, column)]
    if not inside.any():
        return RidgeSigns(0.0, 0.0)
    waves = np.zeros(inside.shape, np.complex64)
    waves[inside] = _parallel_part(_power(windows[inside]))
    return RidgeSigns(float(np.median(np.abs(waves[inside]))), _agreement(waves, inside))


def _power(blocks: FloatArray) -> FloatArray:
    """(n, BLOCK_PX, BLOCK_PX / 2 + 1): the half of the plane that is not stored counts with the other."""
    centred = blocks - blocks.mean((1, 2), keepdims=True)
    spectrum = DOWN @ (centred @ ACROSS)
    power: FloatArray = spectrum.real**2 + spectrum.imag**2
    power[..., 1:-1] *= 2
    return power


def _parallel_part(power: FloatArray) -> NDArray[np.complex64]:
    """(n,): the sum of the power at ridge periods, as vectors at twice their angle, as a share of all power."""
    wave = np.fft.rfftfreq(BLOCK_PX) + 1j * np.fft.fftfreq(BLOCK_PX)[:, None]
    frequency = np.abs(wave)
    ridges = (frequency >= 1 / PERIODS_PX[1]) & (frequency <= 1 / PERIODS_PX[0])
    twice = np.where(ridges, wave, 0) ** 2 / np.maximum(frequency, SILENCE) ** 2  # a direction and its opposite are one
    along, across = ((power * part.astype(np.float32)).sum((1, 2)) for part in (twice.real, twice.imag))
    return np.asarray((along + 1j * across) / (power.sum((1, 2)) + SILENCE), np.complex64)


def _agreement(waves: NDArray[np.complex64], inside: BoolArray) -> float:
    """The mean over blocks that lie side by side or one below the other; 0 when there are none."""
    turns = np.concatenate(
        [
            (waves[1:] * waves[:-1].conj())[inside[1:] & inside[:-1]],
            (waves[:, 1:] * waves[:, :-1].conj())[inside[:, 1:] & inside[:, :-1]],
        ]
    )
    return float(np.mean(turns.real / np.maximum(np.abs(turns), SILENCE))) if len(turns) else 0.0
