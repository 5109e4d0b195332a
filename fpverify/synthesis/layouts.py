"""Where the parts of a picture lie: a label for each pixel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fpverify.synthesis.fields import pixel_grid
from fpverify.vocabulary import FloatArray

Labels = NDArray[np.int8]

NOTHING = -1  # label of what shows no part
SIDE_PX = (80.0, 150.0)  # of a part cut out of a print: 8 to 15 mm


def halves(rng: np.random.Generator, shape: tuple[int, int], most_gap_px: float) -> Labels:
    """Two sides of a line, straight or nearly so."""
    away = away_from_line(rng, shape, rng.uniform(-30, 30))
    gap = _gap(rng, most_gap_px)
    return np.where(away > gap / 2, 1, np.where(away < -gap / 2, 0, NOTHING)).astype(np.int8)


def thirds(rng: np.random.Generator, shape: tuple[int, int], most_gap_px: float) -> Labels:
    """Two sides of a line, one of them parted again."""
    cut, again = halves(rng, shape, most_gap_px), halves(rng, shape, most_gap_px)
    return np.where((cut == 1) & (again == 1), 2, np.where((cut == 1) & (again == NOTHING), NOTHING, cut)).astype(
        np.int8
    )


def grid(rng: np.random.Generator, shape: tuple[int, int], most_gap_px: float) -> Labels:
    """Rows and columns of rectangles, upright or, now and then, not."""
    x, y = pixel_grid(shape)
    if rng.random() < 0.2:
        angle = rng.uniform(-0.3, 0.3)
        x, y = x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)
    gap = _gap(rng, most_gap_px) if rng.random() < 0.5 else 0.0
    counts = [(1, 2), (2, 1), (2, 2), (3, 3)][int(rng.integers(4))]
    sides = rng.uniform(*SIDE_PX, 2)
    if rng.random() < 0.5:
        sides[:] = sides[0]
    bands = []
    for axis, count, side in zip((y, x), counts, sides, strict=True):
        whole = count * side + (count - 1) * gap
        at = axis + whole / 2
        if whole > max(shape):
            at = at + rng.uniform(-1, 1) * (whole - max(shape)) / 2
        band = np.floor(at / (side + gap))
        inside = (band >= 0) & (band < count) & (at - band * (side + gap) < side)
        bands.append(np.where(inside, band, NOTHING))
    row, column = bands
    return np.where((row < 0) | (column < 0), NOTHING, row * counts[1] + column).astype(np.int8)


def inset(rng: np.random.Generator, shape: tuple[int, int], most_gap_px: float) -> Labels:
    """A rectangle or an ellipse within all else."""
    x, y = pixel_grid(shape)
    x, y = x + rng.uniform(-50, 50), y + rng.uniform(-50, 50)
    angle, (wide, high) = rng.uniform(0, np.pi), rng.uniform(35, 75, 2)
    across, down = x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)
    gap = _gap(rng, most_gap_px)
    if rng.random() < 0.6:
        outside = np.maximum(np.abs(across) - wide, np.abs(down) - high)
    else:
        outside = (np.hypot(across / wide, down / high) - 1) * min(wide, high)
    return np.where(outside < 0, 1, np.where(outside < gap, NOTHING, 0)).astype(np.int8)


def two(rng: np.random.Generator, shape: tuple[int, int], most_gap_px: float = 0.0) -> Labels:
    """Two rectangles beside or above each other, edge to edge unless there may be gaps."""
    x, y = pixel_grid(shape)
    along, across = (x, y) if rng.random() < 0.5 else (y, x)
    high, (before, after) = rng.uniform(75, 140), rng.uniform(75, 115, 2)
    half = _gap(rng, most_gap_px) / 2 if most_gap_px > 0 else 0.0
    inside = (np.abs(across) < high / 2) & (along > -before - half) & (along < after + half)
    return np.where(inside & ((along >= half) | (along < -half)), along >= 0, NOTHING).astype(np.int8)


LAYOUTS = (halves, thirds, grid, inset)
SHARES = (0.4, 0.1, 0.35, 0.15)


def away_from_line(rng: np.random.Generator, shape: tuple[int, int], off_px: float) -> FloatArray:
    """From a line; px, negative on one side."""
    x, y = pixel_grid(shape)
    angle = rng.uniform(0, np.pi) if rng.random() < 0.6 else np.pi / 2 * rng.integers(2)
    away, along = x * np.cos(angle) + y * np.sin(angle) + off_px, y * np.cos(angle) - x * np.sin(angle)
    bend = rng.random()
    if bend < 0.3:
        away = away + rng.uniform(-1, 1) * along**2 / 400
    elif bend < 0.5:
        away = away + rng.uniform(0, 6) * np.sin(along / rng.uniform(8, 40) + rng.uniform(0, 6))
    return np.asarray(away, np.float32)


def _gap(rng: np.random.Generator, most_px: float) -> float:
    """None, narrow or wide."""
    kind = rng.random()
    return 0.0 if kind < 0.4 else float(rng.uniform(0, 6) if kind < 0.65 else rng.uniform(0, most_px))
