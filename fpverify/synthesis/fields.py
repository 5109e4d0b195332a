"""Smooth random fields, the common raw material of every step."""

from __future__ import annotations

import cv2
import numpy as np

from fpverify.vocabulary import FloatArray


def smooth_field(rng: np.random.Generator, shape: tuple[int, int], knots: int) -> FloatArray:
    """A smooth random surface of zero mean and about unit deviation at its knots.

    Args:
        rng: source of randomness.
        shape: (height, width) in pixels.
        knots: control points along the shorter side; more is rougher.

    Returns:
        (height, width) float32, bicubic through normally distributed knots.
    """
    height, width = shape
    step = min(height, width) / knots
    grid = (max(2, round(height / step)), max(2, round(width / step)))
    coarse = rng.standard_normal(grid, dtype=np.float32)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def grain(rng: np.random.Generator, shape: tuple[int, int], sigma_px: float) -> FloatArray:
    """White noise blurred to a grain of `sigma_px`, scaled back to unit deviation; (height, width) float32."""
    noise = cv2.GaussianBlur(rng.standard_normal(shape, dtype=np.float32), (0, 0), sigma_px)
    return np.asarray(noise / max(float(noise.std()), 1e-6), np.float32)


def pixel_grid(shape: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
    """(x, y) coordinates of every pixel, each (height, width) float32, origin in the centre of the image."""
    height, width = shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return x - (width - 1) / 2, y - (height - 1) / 2
