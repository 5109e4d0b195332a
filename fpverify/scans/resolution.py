"""Pixels per inch: as stated, or estimated from how far apart the ridges are.

Ridges lie 0.46 mm apart on average, 9 px at 500 ppi (Maltoni et al., Handbook of Fingerprint Recognition; H. Cummins
et al., American Journal of Anatomy 68 (1941) have 0.48 mm for young men). From print to print the mean goes from 0.30
to 0.69 mm, so an estimate is good to a factor of 1.6. That cannot tell 400 from 500 ppi, but scanners for prints come
at 500, a few at 1000 or 250, and between these it decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np

from fpverify.vocabulary import BoolArray, ByteArray, FloatArray

GIVEN_PPI = (100.0, 2000.0)  # what a caller may insist on
PLAUSIBLE_PPI = (150.0, 2000.0)  # what a header may say; below are the 1, 72 and 96 of software that does not know
ROUNDING = 1e-3  # relative; headers count whole pixels per metre or centimetre: 500 ppi reads 499.9987, or 500.38
RIDGE_PERIOD_MM = 0.46
STANDARDS_PPI = (500.0, 1000.0, 250.0)  # the commonest first
NEAR = 1.6  # factor by which the ridge period of a print may differ from the mean
# The shorter side of what scanners for one finger capture: 0.5 inches with FAP 10, 0.8 with FAP 30, and an inch at most
# (NIST SP 500-280, Mobile ID Device Best Practice Recommendation). It decides where a period fits two standards.
CAPTURED_MM = (12.7, 25.4)

BLOCK_PX = 32  # four to twelve ridges on the scale that sees them
BLOCKS_A_SIDE = 10  # at most, spread evenly: enough for a median
HALVINGS = (0, 1, 2, 3)  # the image down to its eighth, between them from 140 to 3500 ppi
PERIODS_PX = (2.5, 8.0)  # what one scale can tell; of less than four waves in a block the period comes out too short
PASSED_PX = (2.4, 24.0)  # faster is noise, slower shading
CLEAR = 0.3  # share of a block's power in one wave; noise has under 0.1, ridges 0.3 to 0.8
LEAST_CONTRAST = 3.0  # deviation of a block, grey levels
LEAST_BLOCKS = 4  # with clear ridges
LEAST_SHARE = 0.4  # of the clear blocks, by weight, that agree on the period; in prints 0.45 and more
SAME_PERIOD = 0.2  # relative difference of the periods within a print
SHORTER = 0.5  # share of the best at which a shorter period wins: smudges repeat more slowly than ridges, never faster


class _Waves(NamedTuple):
    """The strongest wave of each block: (n,) periods in pixels, and (n,) weights, 0 for no clear wave."""

    period_px: FloatArray
    weight: FloatArray


def tidy_ppi(ppi: float) -> float:
    """The nearest whole number, where that is within a header's rounding."""
    whole = float(round(ppi))
    return whole if abs(ppi - whole) <= ROUNDING * ppi else float(ppi)


def estimate_ppi(pixels: ByteArray) -> float | None:
    """The resolution at which the ridges have their usual period.

    Args:
        pixels: (height, width) uint8, of either polarity.

    Returns:
        500, 1000 or 250 where the estimate is within a factor 1.6 of it, tried in this order, so that impressions of
        a finger agree; of two, the first at which the image has the size that scanners capture. Else the estimate as a
        whole number. None without clear ridges, or outside 150 to 2000.
    """
    period_px = ridge_period_px(pixels)
    if period_px is None:
        return None
    ppi = period_px * 25.4 / RIDGE_PERIOD_MM
    fitting = [standard for standard in STANDARDS_PPI if standard / NEAR <= ppi <= standard * NEAR]
    if fitting:
        return next((one for one in fitting if _is_captured(min(pixels.shape) / one * 25.4)), fitting[0])
    return float(round(ppi)) if PLAUSIBLE_PPI[0] <= ppi <= PLAUSIBLE_PPI[1] else None


def _is_captured(side_mm: float) -> bool:
    return CAPTURED_MM[0] <= side_mm <= CAPTURED_MM[1]


def ridge_period_px(pixels: ByteArray) -> float | None:
    """The distance from ridge to ridge: the median over the blocks that show one clear wave and agree on it.

    Args:
        pixels: (height, width) uint8, of either polarity.

    Returns:
        In pixels; None without clear ridges.
    """
    waves = [_waves(blocks, 2**halvings) for halvings, blocks in _blocks_of_scales(pixels)]
    if not waves:
        return None
    period, weight = (np.concatenate(parts) for parts in zip(*waves, strict=True))
    clear = weight > 0
    return _common_period(period[clear], weight[clear]) if clear.sum() >= LEAST_BLOCKS else None


def _common_period(period_px: FloatArray, weight: FloatArray) -> float | None:
    """The median of the periods around the most supported one, or around a shorter one with half the support."""
    logarithm = np.log(period_px)
    alike: BoolArray = np.abs(logarithm[:, None] - logarithm[None]) < SAME_PERIOD
    support = alike @ weight
    shortest = np.argmin(np.where(support >= SHORTER * support.max(), logarithm, np.inf))
    chosen = np.argmax(np.where(alike[shortest], support, 0))
    if support[chosen] < LEAST_SHARE * weight.sum():
        return None
    return float(np.median(period_px[alike[chosen]]))


def _blocks_of_scales(pixels: ByteArray) -> Iterator[tuple[int, FloatArray]]:
    """How often the image was halved, and its blocks (n, 32, 32)."""
    image = pixels.astype(np.float32)
    for halvings in HALVINGS:
        if min(image.shape) < BLOCK_PX:
            return
        yield halvings, _blocks(image)
        image = np.asarray(cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.float32)


def _blocks(image: FloatArray) -> FloatArray:
    """(n, 32, 32) with mean 0, those with some contrast."""
    rows, columns = (_starts(side) for side in image.shape)
    blocks = np.lib.stride_tricks.sliding_window_view(image, (BLOCK_PX, BLOCK_PX))[np.ix_(rows, columns)]
    blocks = blocks.reshape(-1, BLOCK_PX, BLOCK_PX)
    blocks = blocks - blocks.mean(axis=(1, 2), keepdims=True)
    return np.asarray(blocks[blocks.std(axis=(1, 2)) > LEAST_CONTRAST], np.float32)


def _starts(side: int) -> np.ndarray:
    """Where blocks begin along a side: every half block, or fewer."""
    last = side - BLOCK_PX
    return np.linspace(0, last, min(BLOCKS_A_SIDE, 1 + 2 * last // BLOCK_PX)).astype(int)


def _waves(blocks: FloatArray, scale: int) -> _Waves:
    """The strongest wave of each block, its period in pixels of the whole image."""
    power, frequency = _power(blocks), _frequency()
    near = _sum_3x3(power)  # (n, 32, 32), at each frequency its own power and that of its neighbours
    peak = near.reshape(len(near), BLOCK_PX * BLOCK_PX).argmax(axis=1)[:, None]
    height = np.take_along_axis(near.reshape(len(near), BLOCK_PX * BLOCK_PX), peak, axis=1)[:, 0]
    moment = np.take_along_axis(_sum_3x3(power * frequency).reshape(len(near), BLOCK_PX * BLOCK_PX), peak, axis=1)[:, 0]
    period = height / np.maximum(moment, np.float32(1e-9))  # one over the mean frequency of the peak
    share = 2 * height / np.maximum(power.sum(axis=(1, 2)), np.float32(1e-9))  # and its mirror image
    seen = (share > CLEAR) & (period >= PERIODS_PX[0]) & (period <= PERIODS_PX[1])
    contrast = np.sqrt(np.sqrt((blocks * blocks).mean(axis=(1, 2))))  # a smudge does not outweigh faint ridges
    weight = np.where(seen, (share - CLEAR / 2) * contrast, 0)
    return _Waves((period * scale).astype(np.float32), weight.astype(np.float32))


def _power(blocks: FloatArray) -> FloatArray:
    """(n, 32, 32) power spectra, weighted by frequency to level the 1/f of all images, and band-passed."""
    frequency = _frequency()
    passed = (frequency <= 1 / PASSED_PX[0]) & (frequency >= 1 / PASSED_PX[1])
    spectrum = np.fft.fft2(blocks * _window())
    return np.asarray((spectrum.real**2 + spectrum.imag**2) * (frequency * passed), np.float32)


def _frequency() -> FloatArray:
    """(32, 32) cycles per pixel, as `np.fft.fft2` orders them."""
    along = np.fft.fftfreq(BLOCK_PX)
    return np.asarray(np.hypot(along[:, None], along[None]), np.float32)


def _window() -> FloatArray:
    """(32, 32), Hann."""
    hann = np.hanning(BLOCK_PX + 1)[:BLOCK_PX]
    return np.asarray(np.outer(hann, hann), np.float32)


def _sum_3x3(spectra: FloatArray) -> FloatArray:
    """(n, 32, 32), each frequency summed with its eight neighbours; spectra wrap around."""
    rows = spectra + np.roll(spectra, 1, axis=1) + np.roll(spectra, -1, axis=1)
    return np.asarray(rows + np.roll(rows, 1, axis=2) + np.roll(rows, -1, axis=2), np.float32)
