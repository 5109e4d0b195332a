"""What a sensor shows that is no print: dust of dry skin, and lines of cells that differ."""

from __future__ import annotations

import cv2
import numpy as np

from fpverify.synthesis.fields import pixel_grid
from fpverify.vocabulary import FloatArray

SPECK_SHARE = (0.02, 0.25)  # of the pixels where dust lies thickest
SPECK_SPREAD = (0.15, 0.6)  # deviation of where it lies, in sides of the image
SPECK_INK = (0.3, 1.0)  # of full contact
STREAK_LENGTH_PX = (4.0, 60.0)  # deviation along the lines, 0.4 to 6 mm: from smeared noise to whole lines
STREAK_WIDTH_PX = (0.3, 1.5)  # deviation across them: from one line of cells to the width of a ridge
STREAK_INK = (0.02, 0.25)  # of full contact; the eye sees the least only after local normalisation
ALONG_THE_SENSOR = 0.6  # of the streaks: the others are those of a scan that somebody has turned


def draw_specks(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Dust on and around a print, thickest somewhere in the middle; ink in [0, 1], (height, width) float32."""
    x, y = pixel_grid(shape)
    side = max(shape)
    centre_x, centre_y = rng.normal(0, side / 6, 2)
    spread = side * rng.uniform(*SPECK_SPREAD)
    share = rng.uniform(*SPECK_SHARE) * np.exp(-((x - centre_x) ** 2 + (y - centre_y) ** 2) / (2 * spread**2))
    specks = rng.random(shape, dtype=np.float32) < share
    return np.asarray(specks * np.float32(rng.uniform(*SPECK_INK)), np.float32)


def draw_streaks(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Noise drawn out along the lines of the sensor; ink in [0, 1], (height, width) float32."""
    side = int(np.ceil(np.hypot(*shape)))  # so that it can be turned
    white = rng.standard_normal((side, side), dtype=np.float32)
    noise = cv2.GaussianBlur(white, (0, 0), rng.uniform(*STREAK_WIDTH_PX), sigmaY=rng.uniform(*STREAK_LENGTH_PX))
    quarter_turns = 90.0 * int(rng.integers(0, 2))
    turn_deg = quarter_turns if rng.random() < ALONG_THE_SENSOR else rng.uniform(0, 180)
    middle = (side - 1) / 2
    turned = cv2.warpAffine(noise, cv2.getRotationMatrix2D((middle, middle), turn_deg, 1.0), (side, side))
    top, left = ((side - extent) // 2 for extent in shape)
    lines = turned[top : top + shape[0], left : left + shape[1]]
    strength = np.clip(0.5 + 0.25 * lines / max(float(lines.std()), 1e-6), 0, 1)
    return np.asarray(np.float32(rng.uniform(*STREAK_INK)) * strength, np.float32)
