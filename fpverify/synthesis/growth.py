"""Ridges grown out of white noise by oriented filters.

Source: R. Cappelli, "SFinGe: synthetic fingerprint generation", in the Handbook of Fingerprint Recognition, ch. 6:
iterated Gabor filters, each pixel with the filter of its own direction and period. Minutiae appear of themselves where
the growing ridges have to fit together.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from fpverify.synthesis.flow import USUAL, Flow
from fpverify.vocabulary import FloatArray

DIRECTIONS = 24  # filters over half a turn: 7.5 degrees apart, well within a filter's own width
PERIODS_PX = (3.1, 3.6, 4.2, 4.8, 5.5, 6.2, 7.0)  # covers `Flow.period_range_px` in steps of a seventh
FILTER_PX = 15  # side; on each side 2.3 periods of the finest ridges, 1.0 of the coarsest
GAIN = 6.0  # drives the saturation; ridges are nearly binary after the last pass
PASSES = (7, 12)  # range: more passes, fewer minutiae


@dataclass(frozen=True, slots=True)
class _Patch:
    """The pixels that share one filter, and the box to filter for them."""

    kernel: FloatArray
    box: tuple[slice, slice]
    inside: np.ndarray


def grow_ridges(
    rng: np.random.Generator, orientation: FloatArray, period: FloatArray, flow: Flow = USUAL
) -> FloatArray:
    """A ridge pattern that follows a direction and a period.

    Args:
        rng: source of randomness.
        orientation: (height, width) radians in [0, pi).
        period: (height, width) pixels.
        flow: how calmly ridges run.

    Returns:
        (height, width) float32 in (-1, 1); ridges are positive.
    """
    patches = _patches(orientation, period, flow.envelope)
    ridges = rng.standard_normal(orientation.shape, dtype=np.float32)
    for _ in range(int(rng.integers(*PASSES))):
        ridges = np.tanh(GAIN * _filtered(ridges, patches))
    return ridges


def gabor_kernel(angle_rad: float, period_px: float, envelope_periods: float = USUAL.envelope) -> FloatArray:
    """A zero-mean cosine across ridges of a direction; (FILTER_PX, FILTER_PX) float32, absolute sum 1."""
    radius = FILTER_PX // 2
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1].astype(np.float32)
    across = y * np.cos(angle_rad) - x * np.sin(angle_rad)
    envelope = np.exp(-(x * x + y * y) / (2 * (envelope_periods * period_px) ** 2))
    kernel = envelope * np.cos(2 * np.pi * across / period_px)
    kernel -= envelope * kernel.sum() / envelope.sum()
    return np.asarray(kernel / np.abs(kernel).sum(), np.float32)


def _filtered(image: FloatArray, patches: list[_Patch]) -> FloatArray:
    out = np.zeros_like(image)
    for patch in patches:
        response = cv2.filter2D(image[patch.box], -1, patch.kernel, borderType=cv2.BORDER_REFLECT)
        np.copyto(out[patch.box], response, where=patch.inside)
    return out


def _patches(orientation: FloatArray, period: FloatArray, envelope: float) -> list[_Patch]:
    direction = np.round(orientation / np.pi * DIRECTIONS).astype(int) % DIRECTIONS
    nearest = np.abs(period[..., None] - np.array(PERIODS_PX, np.float32)).argmin(-1)
    filter_number = nearest * DIRECTIONS + direction
    return [_patch(filter_number == number, int(number), envelope) for number in np.unique(filter_number)]


def _patch(pixels: np.ndarray, number: int, envelope: float) -> _Patch:
    kernel = gabor_kernel(np.pi * (number % DIRECTIONS) / DIRECTIONS, PERIODS_PX[number // DIRECTIONS], envelope)
    rows, columns = np.flatnonzero(pixels.any(1)), np.flatnonzero(pixels.any(0))
    margin = FILTER_PX // 2
    box = (
        slice(max(int(rows[0]) - margin, 0), int(rows[-1]) + margin + 1),
        slice(max(int(columns[0]) - margin, 0), int(columns[-1]) + margin + 1),
    )
    return _Patch(kernel, box, pixels[box])
