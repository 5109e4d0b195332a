"""Drawn prints: enough of a print to have a period, a polarity and an outline."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from fpverify.vocabulary import ByteArray

FADING = 0.015  # of the side: how gradually skin ceases to touch, half a ridge in ordinary prints


def draw_print(
    period_px: float = 9.0,
    size_px: int = 300,
    *,
    radius: float = 0.4,
    noise: float = 6.0,
    duty: float = 0.0,
    seed: int = 0,
) -> ByteArray:
    """Dark rings about a centre below the middle, in a blot on a bright plate; `radius` 1 fills the image.

    `duty` above 0 makes the ridges broad, as in a wet print, below 0 narrow.
    """
    rng = np.random.default_rng(seed)
    y, x = (axis / size_px - 0.5 for axis in np.mgrid[:size_px, :size_px])
    wobble = 0.3 * np.sin(5 * np.arctan2(y - 0.1, x) + seed)
    wave = np.cos(2 * np.pi * np.hypot(x, y - 0.1) * size_px / period_px + wobble)
    ridges = 1 / (1 + np.exp(-6 * (wave + duty)))
    angle = np.arctan2(y, x)
    outline = radius * (1 + 0.05 * np.sin(3 * angle + seed) + 0.04 * np.sin(11 * angle))
    contact = 1 / (1 + np.exp(np.minimum((np.hypot(x, 0.85 * y) - outline) / FADING, 50)))
    grey = 225 - 180 * ridges * contact
    return np.clip(np.rint(grey + rng.normal(0, noise, grey.shape)), 0, 255).astype(np.uint8)


def encoded(pixels: ByteArray, kind: str, **options: Any) -> bytes:
    """An image file in memory."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()
