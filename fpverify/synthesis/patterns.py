"""Regular patterns that are no print: what is drawn, or bred, to pass for one.

Whoever climbs towards a score without a finger begins with lines side by side: bent gratings, rings, sums of a few
waves, with lines that end where the phase winds about a point (the phase model of K. G. Larkin and P. A. Fletcher, "A
coherent framework for fingerprint analysis", Optics Express 15 (2007)). Unlike those of skin they are even: one
profile, no pores, no ridge that is drier or wider than the next.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np

from fpverify.synthesis.fields import pixel_grid, smooth_field
from fpverify.vocabulary import FloatArray

PERIOD_PX = (2.8, 9.0)  # at 250 ppi, 0.28 to 0.9 mm: ridges have 0.35 to 0.65, and what is near them misleads most
BEND_PX = (0.0, 14.0)  # deviation of the phase's bending, up to three periods
DISLOCATIONS = (0, 40)  # in a whole picture of 192 px
Pattern = Callable[[np.random.Generator, tuple[int, int]], FloatArray]


def draw_pattern(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """A pattern of about unit amplitude before light and noise; (height, width) float32."""
    kinds: tuple[Pattern, ...] = (_arches, _arches, _rings, _rings, _waves, _waves, _plaid, _spots, _ellipses)
    return kinds[int(rng.integers(len(kinds)))](rng, shape)


def draw_lines(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """A pattern of lines of which some end, as one who climbs towards a score moves them about.

    Returns:
        the picture as `draw_pattern` has it, and x and y of the ends, (n,) float32 px each; n may be 0.
    """
    kinds: tuple[Pattern, ...] = (_arch_phase, _ring_phase, _wave_phase)
    phase = kinds[int(rng.integers(len(kinds)))](rng, shape)
    return _profiled(rng, phase), *_windings(phase)


def _arches(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """A grating bent to arches, with dislocations."""
    return _profiled(rng, _arch_phase(rng, shape))


def _rings(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Rings or a spiral about a point in the picture or beside it, drawn out to ellipses."""
    return _profiled(rng, _ring_phase(rng, shape))


def _arch_phase(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    x, y = _turned_grid(rng, shape)
    height, width = rng.uniform(0, 80), rng.uniform(15, 100)
    path = y + rng.uniform(-0.6, 0.6) * x + height * np.exp(-(((x - rng.normal(0, 20)) / width) ** 2) - (y / 90) ** 2)
    return _phase(rng, np.asarray(path, np.float32))


def _ring_phase(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    x, y = _turned_grid(rng, shape)
    centre_x, centre_y = rng.normal(0, 0.6, 2) * shape[::-1]
    across, along = (x - centre_x) * rng.uniform(0.6, 1.7), y - centre_y
    phase = _phase(rng, np.hypot(across, along))
    return np.asarray(phase + int(rng.integers(-2, 3)) * np.arctan2(along, across), np.float32)


def _wave_phase(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Of a sum of waves of much the same direction, which winds where they cancel."""
    x, y = _turned_grid(rng, shape)
    period, spread, field = rng.uniform(*PERIOD_PX), rng.uniform(0.1, 0.8), np.zeros(shape, np.complex64)
    for _ in range(int(rng.integers(3, 9))):
        turn, own = rng.normal(0, spread), period * np.exp(rng.normal(0, 0.15))
        along = x * np.cos(turn) + y * np.sin(turn)
        field += rng.uniform(0.3, 1) * np.exp(1j * (2 * np.pi / own * along + rng.uniform(0, 2 * np.pi)))
    return np.asarray(np.angle(field), np.float32)


def _waves(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """A sum of a few plane waves, much of one direction or of any; where two beat, lines end."""
    x, y = _turned_grid(rng, shape)
    period, spread = rng.uniform(*PERIOD_PX), rng.uniform(0.05, 1.6)  # radians
    image = np.zeros(shape, np.float32)
    for _ in range(int(rng.integers(1, 7))):
        turn, own = rng.normal(0, spread), period * np.exp(rng.normal(0, 0.15))
        wave = np.cos(2 * np.pi * (x * np.cos(turn) + y * np.sin(turn)) / own + rng.uniform(0, 2 * np.pi))
        image += np.float32(rng.uniform(0.3, 1)) * wave
    return _sharpened(rng, image / max(float(np.abs(image).max()), 1e-6))


def _plaid(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Two bent gratings over each other: cloth, mats, grids."""
    gratings = []
    for _ in range(2):
        _, y = _turned_grid(rng, shape)
        gratings.append(_profiled(rng, _phase(rng, y)))
    one, other = gratings
    kind = int(rng.integers(3))
    return np.asarray((np.maximum(one, other), one * other, one + rng.uniform(0.2, 1) * other)[kind], np.float32)


def _spots(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Spots in rows: three waves 60 degrees apart, pulled to ovals."""
    x, y = _turned_grid(rng, shape)
    y = y * rng.uniform(0.4, 1) + rng.uniform(*BEND_PX) / 2 * smooth_field(rng, shape, 3)
    frequency = 2 * np.pi / rng.uniform(*PERIOD_PX)
    waves = [np.cos(frequency * (x * np.cos(turn) + y * np.sin(turn))) for turn in np.pi * np.arange(3) / 3]
    return _sharpened(rng, np.asarray(sum(waves) / 3 * rng.choice([-1, 1]), np.float32))


def _ellipses(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Many ellipses, filled or not, of any direction or along a common one."""
    page = np.full(shape, 255, np.uint8)
    common, spread = rng.uniform(0, 180), rng.choice([5.0, 25.0, 180.0])  # degrees
    size, width = rng.uniform(2, 14), int(rng.choice([-1, 1, 2]))  # px
    for _ in range(int(rng.uniform(0.3, 1.0) * shape[0] * shape[1] / size**2 / 2)):
        centre = tuple(int(v) for v in rng.uniform(0, shape[::-1]))
        axes = (max(1, round(size * rng.uniform(0.6, 1.6))), max(1, round(size * rng.uniform(0.15, 0.6))))
        turn = common + spread * rng.standard_normal()
        cv2.ellipse(page, centre, axes, turn, 0, 360, int(rng.integers(0, 120)), width, cv2.LINE_AA)
    return np.asarray(page / 127.5 - 1, np.float32)


def _turned_grid(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
    """Coordinates about the picture's middle, turned by any angle; px."""
    x, y = pixel_grid(shape)
    turn = rng.uniform(0, 2 * np.pi)
    return x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)


def _phase(rng: np.random.Generator, path: FloatArray) -> FloatArray:
    """Of lines of one period along a path in px, bent, and winding about some points; radians."""
    shape = path.shape
    knots = int(rng.integers(2, 5))
    bent = path + rng.uniform(*BEND_PX) / 2 * smooth_field(rng, (shape[0], shape[1]), knots)
    phase = 2 * np.pi / rng.uniform(*PERIOD_PX) * bent
    x, y = pixel_grid((shape[0], shape[1]))
    winding = np.ones(shape, np.complex128)
    for _ in range(int(rng.integers(*DISLOCATIONS)) if rng.random() < 0.7 else 0):
        centre_x, centre_y = (rng.uniform(-side / 2, side / 2) for side in (shape[1], shape[0]))
        winding *= (x - centre_x) + 1j * rng.choice([-1, 1]) * (y - centre_y)
    return np.asarray(phase + np.angle(winding), np.float32)


def _windings(phase: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Where a phase winds about a point, and a line ends: the middles of four pixels, x and y."""
    around = phase[:-1, :-1], phase[:-1, 1:], phase[1:, 1:], phase[1:, :-1], phase[:-1, :-1]
    turned = sum((after - before + np.pi) % (2 * np.pi) - np.pi for before, after in pairwise(around))
    y, x = np.nonzero(np.abs(turned) > np.pi)
    return x.astype(np.float32) + 0.5, y.astype(np.float32) + 0.5


def _profiled(rng: np.random.Generator, phase: FloatArray) -> FloatArray:
    """Lines of one profile: a sine, or steeper, or narrower than the gaps."""
    return _sharpened(rng, np.sin(phase))


def _sharpened(rng: np.random.Generator, wave: FloatArray) -> FloatArray:
    if rng.random() < 0.5:
        return np.asarray(wave, np.float32)
    return np.asarray(np.tanh(rng.uniform(1, 5) * (wave + rng.uniform(-0.5, 0.5))), np.float32)
