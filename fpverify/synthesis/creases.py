"""Creases that last: lines of a finger where its ridges are cut, which all of its prints show, more or less.

Fine wrinkles and wide creases belong to a finger as its ridges do; those of `skin` and `harsh_skin` are of one press
alone. Sizes are read off published prints by eye, as ranges; nothing is fitted to them.
"""

from __future__ import annotations

import cv2
import numpy as np

from fpverify.synthesis.fields import grain
from fpverify.synthesis.harsh_skin import draw_line
from fpverify.vocabulary import FloatArray

LAYERS = 3  # of lines that a press shows or hides together
WIDE = (1, 6)  # wide creases of a finger
WIDE_PX = (2, 4)  # their width: half a ridge period to one
WIDE_HALF_PX = (15, 110)  # half of their length: 3 to 22 mm
WIDE_DEPTH = (0.7, 1.0)  # share of the skin that the middle of one lifts off the plate
FAMILIES = (0, 2)  # of fine wrinkles, each with a direction
FINE = (6, 45)  # wrinkles of a family: a few, or skin that is all wrinkled
FINE_PX = (1, 2)  # their width: less than a valley's
FINE_HALF_PX = (8, 50)  # half of their length: 2 to 10 mm
FINE_DEPTH = (0.5, 1.0)
STRAYING_RAD = 0.2  # deviation of a wrinkle from its family's direction
LEAST_SHOWN = 0.15  # strength below which a press hides a layer
STRENGTH = (0.0, 1.3)  # of a layer in a press: of three, one or two show well
SPREAD_PX = (0.3, 1.0)  # deviation of what a press blurs
SHARPENED = 1.3  # times what is left of a thin line's depth after that
RAGGED = 0.35  # deviation of the edges, relative


def draw_creases(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """The creases of a finger.

    Args:
        rng: source of randomness.
        shape: (height, width) of the master; px at 250 ppi.

    Returns:
        (LAYERS, height, width) float32 in [0, 1]: how far each lifts the skin off the plate.
    """
    layers = np.zeros((LAYERS, *shape), np.float32)
    for _ in range(int(rng.integers(*WIDE, endpoint=True))):
        pen = rng.uniform(*WIDE_DEPTH), int(rng.integers(*WIDE_PX, endpoint=True))
        draw_line(rng, layers[rng.integers(LAYERS)], rng.uniform(0, np.pi), rng.uniform(*WIDE_HALF_PX), pen)
    for _ in range(int(rng.integers(*FAMILIES, endpoint=True))):
        family = rng.uniform(0, np.pi)
        for _ in range(int(rng.integers(*FINE, endpoint=True))):
            pen = rng.uniform(*FINE_DEPTH), int(rng.integers(*FINE_PX, endpoint=True))
            direction = family + rng.normal(0, STRAYING_RAD)
            draw_line(rng, layers[rng.integers(LAYERS)], direction, rng.uniform(*FINE_HALF_PX), pen)
    return layers


def pressed(rng: np.random.Generator, creases: FloatArray) -> FloatArray:
    """What a press shows of them.

    Args:
        rng: source of randomness.
        creases: (n, height, width) as `draw_creases` has them.

    Returns:
        (height, width) float32 in [0, 1]: how far the skin is lifted off the plate.
    """
    strength = rng.uniform(*STRENGTH, len(creases)).astype(np.float32)
    strength = np.where(strength < LEAST_SHOWN, np.float32(0), strength)
    lifted = (creases * strength[:, None, None]).max(axis=0)
    return np.asarray(np.clip(cv2.GaussianBlur(lifted, (0, 0), rng.uniform(*SPREAD_PX)) * SHARPENED, 0, 1), np.float32)


def creased(rng: np.random.Generator, ink: FloatArray, lifted: FloatArray) -> FloatArray:
    """Ink without what creases lift off the plate, with ragged edges; all (height, width) float32 in [0, 1]."""
    ragged = np.clip(lifted * (1 + RAGGED * grain(rng, ink.shape, 1.0)), 0, 1)
    return np.asarray(ink * (1 - ragged), np.float32)
