"""What the skin and the press make of ridges: dry, wet, worn, wrinkled, faint.

`hardness` scales every effect: 0 is a perfect press, 1 an ordinary one, 2 a bad one.
"""

from __future__ import annotations

import cv2
import numpy as np

from fpverify.synthesis.fields import grain, smooth_field
from fpverify.vocabulary import FloatArray

ROUGH_GRAIN_PX = (0.7, 1.3)  # a quarter of a ridge: edges turn ragged, pores and buds show

DRY_SHARE = 0.7  # of beaded prints; the others are wet
BEAD_GRAIN_PX = (0.9, 1.7)  # most gaps 8 to 15 px apart: pores of a ridge are 1.2 mm (Nagesh et al. 2011), 12 px
BEAD_DEPTH = (0.4, 1.4)  # deviation at the crest, in units of `ridges`: from notches to gaps
BEAD_THINNING = (0.1, 0.6)  # in units of `ridges`: crests alone touch


def draw_ink(rng: np.random.Generator, ridges: FloatArray, hardness: float, roughness: float = 0.0) -> FloatArray:
    """Where the finger leaves a mark.

    Args:
        rng: source of randomness.
        ridges: (height, width) float32 in [-1, 1], ridges positive, as placed on the sensor.
        hardness: 0 perfect, 1 ordinary, 2 bad.
        roughness: of the skin itself, which no press smooths, as a deviation in units of `ridges`.

    Returns:
        (height, width) float32 in [0, 1]; 1 is full contact.
    """
    relief = ridges + _pressure(rng, ridges.shape, hardness) + _roughness(rng, ridges.shape, hardness)
    if roughness > 0:
        relief = relief + np.float32(roughness) * grain(rng, ridges.shape, rng.uniform(*ROUGH_GRAIN_PX))
    if rng.random() < 0.45 * hardness:
        relief = relief + _dryness(rng, ridges.shape, hardness)
    if rng.random() < 0.3:
        relief = relief + _wet_blobs(rng, ridges.shape)
    ink = 1 / (1 + np.exp(-relief * rng.uniform(2, 6)))
    if rng.random() < 0.5:
        ink = ink * _pores(rng, ridges.shape)
    if rng.random() < 0.25 * hardness:
        ink = ink * _dry_patches(rng, ridges.shape)
    return np.asarray(ink * _creases(rng, ridges.shape, hardness), np.float32)


def _pressure(rng: np.random.Generator, shape: tuple[int, int], hardness: float) -> FloatArray:
    """Thick or thin ridges over the whole print, and more here than there."""
    return 0.25 * hardness * smooth_field(rng, shape, 4) + np.float32(rng.normal(0, 0.3 * hardness))


def _roughness(rng: np.random.Generator, shape: tuple[int, int], hardness: float) -> FloatArray:
    return np.float32(rng.uniform(0.05, 0.35) * hardness) * grain(rng, shape, 1.0)


def _dryness(rng: np.random.Generator, shape: tuple[int, int], hardness: float) -> FloatArray:
    """Noise as coarse as ridges, which breaks them into dots."""
    return np.float32(rng.uniform(0.4, 1.1) * hardness) * grain(rng, shape, rng.uniform(1.0, 1.9))


def _wet_blobs(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    blobs = smooth_field(rng, shape, int(rng.integers(8, 20)))
    return np.asarray(3 * np.maximum(blobs - rng.uniform(0.6, 1.5), 0), np.float32)


def _pores(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    speckle = grain(rng, shape, 0.8) > rng.uniform(1.0, 2.4)
    return 1 - np.float32(rng.uniform(0, 0.9)) * speckle.astype(np.float32)


def _dry_patches(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Smooth regions where the print all but fades away."""
    fade = smooth_field(rng, shape, int(rng.integers(3, 9))) - np.float32(rng.uniform(0.3, 1.2))
    return np.asarray(1 - rng.uniform(0.5, 1.0) / (1 + np.exp(-6 * fade)), np.float32)


def draw_beads(rng: np.random.Generator, ridges: FloatArray) -> FloatArray:
    """Ridges in dots, as of dry skin, or valleys in dots, as of wet skin; never both, so the flow stays clear.

    Args:
        rng: source of randomness.
        ridges: (height, width) float32 in [-1, 1], ridges positive, as placed on the sensor.

    Returns:
        (height, width) float32 for `draw_ink`, in about [-3, 3].
    """
    side = np.float32(1 if rng.random() < DRY_SHARE else -1)
    crests = np.clip(side * ridges, 0, 1)
    broken = rng.uniform(*BEAD_DEPTH) * grain(rng, ridges.shape, rng.uniform(*BEAD_GRAIN_PX))
    return np.asarray(ridges + side * (crests * broken - rng.uniform(*BEAD_THINNING)), np.float32)


def draw_blotches(rng: np.random.Generator, ink: FloatArray) -> FloatArray:
    """Sweat between the ridges: full contact with hard edges here and there, ridges in dots between.

    Args:
        rng: source of randomness.
        ink: (height, width) float32 in [0, 1].

    Returns:
        (height, width) float32 in [0, 1].
    """
    dots = 1 / (1 + np.exp(-6 * (grain(rng, ink.shape, rng.uniform(1.0, 1.6)) + rng.uniform(0.0, 1.2))))
    wet = grain(rng, ink.shape, rng.uniform(2.0, 6.0)) - rng.uniform(0.7, 1.8)
    return np.asarray(np.maximum(ink * dots, 1 / (1 + np.exp(-np.clip(12 * wet, -50, 50)))), np.float32)


def draw_wrinkles(rng: np.random.Generator, ink: FloatArray) -> FloatArray:
    """Skin all covered by fine wrinkles, in one or two families that cross each other.

    Args:
        rng: source of randomness.
        ink: (height, width) float32 in [0, 1].

    Returns:
        (height, width) float32 in [0, 1].
    """
    gaps = np.zeros(ink.shape, np.float32)
    for _ in range(int(rng.integers(1, 3))):
        family, depth = rng.uniform(0, np.pi), rng.uniform(0.4, 1.0)
        for _ in range(int(rng.integers(20, 70))):
            middle = rng.uniform(0, ink.shape[::-1])
            direction, half = family + rng.normal(0, 0.12), rng.uniform(10, 60)
            reach = half * np.array([np.cos(direction), np.sin(direction)])
            ends = [tuple(int(v) for v in middle + side * reach) for side in (-1, 1)]
            cv2.line(gaps, ends[0], ends[1], float(depth * rng.uniform(0.5, 1.0)), 1, cv2.LINE_AA)
    return np.asarray(ink * (1 - gaps), np.float32)


def _creases(rng: np.random.Generator, shape: tuple[int, int], hardness: float) -> FloatArray:
    """Scratches of any direction, and families of roughly parallel wrinkles; 0 where skin does not touch."""
    gaps = np.zeros(shape, np.float32)
    family = rng.uniform(0, np.pi)
    wrinkles = int(rng.integers(5, 25)) if rng.random() < 0.25 * hardness else 0
    for number in range(int(rng.poisson(2.0 * hardness)) + wrinkles):
        start = rng.uniform(0, shape[::-1])
        if number < wrinkles:
            direction = family + rng.normal(0, 0.25)
            end = start + rng.normal(0, 60) * np.array([np.cos(direction), np.sin(direction)])
        else:
            end = start + rng.normal(0, 50, 2)
        ends = [tuple(int(v) for v in point) for point in (start, end)]
        cv2.line(gaps, ends[0], ends[1], float(rng.uniform(0.5, 1.0)), int(rng.integers(1, 3)), cv2.LINE_AA)
    return 1 - gaps
