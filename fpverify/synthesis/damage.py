"""What happens to pictures of prints: scars, ghosts, other grey curves, blots, lines, resampling, packing."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fpverify.synthesis.fields import smooth_field
from fpverify.synthesis.layouts import away_from_line
from fpverify.vocabulary import BoolArray, FloatArray

MOST_SCAR_PX = 32.0  # 3.2 mm
GHOST_CONTRAST = (0.1, 0.4)  # of the print's


def scarred(rng: np.random.Generator, image: FloatArray) -> FloatArray:
    """A band without ridges across the print, its width and grey changing along it, ridges displaced on one side."""
    shape = image.shape
    away = away_from_line(rng, (shape[0], shape[1]), rng.uniform(-60, 60))
    half = rng.uniform(1, MOST_SCAR_PX / 2) * (1 + 0.4 * smooth_field(rng, (shape[0], shape[1]), 6))
    share = 1 / (1 + np.exp(np.clip((np.abs(away) - half) / rng.uniform(0.3, 2), -30, 30)))
    if rng.random() < 0.5:
        slip = rng.uniform(-4, 4, 2)
        image = np.where(away > 0, moved(image, slip), image)
    if rng.random() < 0.3:  # not all the way
        share = share * (smooth_field(rng, (shape[0], shape[1]), 3) > rng.uniform(-1, 0))
    level = float(np.percentile(image, 90)) if rng.random() < 0.8 else rng.uniform(0, 1)
    return np.asarray(image + share * (np.float32(level) - image), np.float32)


def haunted(rng: np.random.Generator, image: FloatArray, mark: FloatArray) -> FloatArray:
    """With another print beneath, faintly, whole or cut off; `mark` is how much darker than its paper that is."""
    faint = np.asarray(rng.uniform(*GHOST_CONTRAST) * mark, np.float32)
    if rng.random() < 0.6:
        faint = np.asarray(cv2.GaussianBlur(faint, (0, 0), rng.uniform(0.3, 1.2)), np.float32)
    if rng.random() < 0.4:
        faint = faint * (away_from_line(rng, (image.shape[0], image.shape[1]), rng.uniform(-50, 50)) > 0)
    level = np.float32(np.percentile(image, 90))
    return np.asarray(np.clip(np.minimum(image, level - faint), 0, 1), np.float32)


def photographed(rng: np.random.Generator, image: FloatArray) -> FloatArray:
    """With another grey curve, blur and noise."""
    image = np.clip(image, 0, 1) ** np.float32(rng.uniform(0.6, 1.6))
    low, high = rng.uniform(0, 0.2), rng.uniform(0.75, 1)
    image = low + (high - low) * image
    if rng.random() < 0.4:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 0.8)))
    return np.asarray(image + rng.uniform(0, 0.04) * rng.standard_normal(image.shape, dtype=np.float32), np.float32)


def spoilt(rng: np.random.Generator, image: FloatArray, shown: list[BoolArray]) -> tuple[FloatArray, list[BoolArray]]:
    """What happens to any picture: cut to a smaller one, drawn or lost in places, resampled, packed."""
    if rng.random() < 0.35:
        high, wide = (int(min(side, rng.uniform(90, 256))) for side in image.shape)
        top, left = (int(rng.integers(0, side - own + 1)) for side, own in zip(image.shape, (high, wide), strict=True))
        box = slice(top, top + high), slice(left, left + wide)
        image, shown = image[box], [part[box] for part in shown]
    if rng.random() < 0.2:
        lost = _blot(rng, (image.shape[0], image.shape[1]))
        level = np.float32(np.percentile(image, rng.choice([5, 50, 90])))
        image, shown = np.where(lost, level, image), [part & ~lost for part in shown]
    if rng.random() < 0.15:
        image = _framed(rng, image)
    if rng.random() < 0.4:
        image = _resampled(rng, image)
    if rng.random() < 0.3:
        image = _packed(rng, image)
    return np.asarray(np.clip(image, 0, 1), np.float32), shown


def _packed(rng: np.random.Generator, image: FloatArray) -> FloatArray:
    """As JPEG."""
    coded = np.rint(255 * np.clip(image, 0, 1)).astype(np.uint8)
    _, packed = cv2.imencode(".jpg", coded, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 96))])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.float32) / np.float32(255)


def _blot(rng: np.random.Generator, shape: tuple[int, int]) -> BoolArray:
    """Where something covers the print."""
    if rng.random() < 0.5:
        return np.asarray(smooth_field(rng, shape, int(rng.integers(3, 8))) > rng.uniform(1.0, 2.0))
    mask = np.zeros(shape, np.uint8)
    middle = rng.uniform(0, shape[::-1])
    corners = middle + rng.uniform(8, 45) * rng.standard_normal((4, 2))
    cv2.fillConvexPoly(mask, cv2.convexHull(np.rint(corners).astype(np.int32)), 1)
    return np.asarray(mask > 0)


def _framed(rng: np.random.Generator, image: FloatArray) -> FloatArray:
    """With a line or a rectangle drawn over it."""
    ends = [tuple(int(v) for v in rng.uniform(-20, np.array(image.shape[::-1]) + 20)) for _ in range(2)]
    drawn = np.ascontiguousarray(image, np.float32).copy()
    draw = cv2.line if rng.random() < 0.5 else cv2.rectangle
    draw(drawn, ends[0], ends[1], float(rng.uniform(0, 1)), int(rng.integers(1, 5)), cv2.LINE_AA)
    return drawn


def _resampled(rng: np.random.Generator, image: FloatArray) -> FloatArray:
    """By way of another resolution, a fraction of a pixel off."""
    factor = rng.uniform(0.8, 2.2)
    high, wide = image.shape
    method = int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_AREA]))
    other = cv2.resize(image, None, fx=factor, fy=factor, interpolation=method)
    return np.asarray(cv2.resize(other, (wide, high), interpolation=cv2.INTER_AREA), np.float32)


def moved(image: FloatArray, by_px: NDArray[np.float64]) -> FloatArray:
    """Shifted down and across, its rim drawn out."""
    matrix = np.array([[1, 0, by_px[1]], [0, 1, by_px[0]]], np.float32)
    return np.asarray(
        cv2.warpAffine(image, matrix, image.shape[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        np.float32,
    )
