"""Which way the ridges run: a zero-pole field with a class of its own.

Sources: B. Sherlock, D. Monro, "A model for interpreting fingerprint topology", Pattern Recognition 26 (1993), eq. 1;
P. Vizcaya, L. Gerhardt, "A nonlinear orientation model for global description of fingerprints", Pattern Recognition
29 (1996): each singular point's angle passes through a piecewise linear map of the circle. Class frequencies:
C. Wilson, G. Candela, C. Watson, "Neural network fingerprint classification", J. Artif. Neural Networks 1 (1993).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from fpverify.synthesis.fields import pixel_grid, smooth_field
from fpverify.vocabulary import FloatArray

CLASS_FREQUENCIES = {
    "arch": 0.037,
    "tented-arch": 0.029,
    "left-loop": 0.338,
    "right-loop": 0.317,
    "whorl": 0.200,
    "double-loop": 0.079,
}
PX_PER_CM = 100.0  # close enough to 250 ppi (98.4) to read positions below as centimetres
CORRECTION_KNOTS = 8  # Vizcaya and Gerhardt's number of angles for the piecewise linear map
CORRECTION_RAD = 0.14  # deviation at a knot; keeps the map of the circle monotone (spacing 0.79 rad)
CROWN_RAD_PER_CM = (0.2, 0.8)  # range: above the core ridges follow the outline of the fingertip
WANDER_RAD = 0.12  # smooth deviation from the model, about 7 degrees
WANDER_KNOTS = 5  # over the width of a finger: one bend in 4 mm


@dataclass(frozen=True, slots=True)
class SingularPoint:
    """A loop (core) or a delta, in centimetres from the centre of the finger, y down."""

    x_cm: float
    y_cm: float
    delta: bool


def draw_class(rng: np.random.Generator) -> str:
    """A pattern class with its natural frequency; a key of `CLASS_FREQUENCIES`."""
    weights = np.array(list(CLASS_FREQUENCIES.values()))
    return str(rng.choice(list(CLASS_FREQUENCIES), p=weights / weights.sum()))


def draw_orientation(rng: np.random.Generator, pattern: str, shape: tuple[int, int]) -> FloatArray:
    """The ridge direction at every pixel.

    Args:
        rng: source of randomness.
        pattern: a key of `CLASS_FREQUENCIES`.
        shape: (height, width) in pixels.

    Returns:
        (height, width) float32 in [0, pi), an angle that turns x towards y.
    """
    model = _arch(rng, shape) if pattern == "arch" else _zero_pole(rng, draw_singular_points(rng, pattern), shape)
    return _smoothed(model + _crown(rng, shape) + WANDER_RAD * smooth_field(rng, shape, WANDER_KNOTS))


def draw_singular_points(rng: np.random.Generator, pattern: str) -> list[SingularPoint]:
    """Loops and deltas of a class, as many of the one as of the other; none for an arch."""

    def loop(x: float, y: float) -> SingularPoint:
        return SingularPoint(x, y, delta=False)

    def delta(x: float, y: float) -> SingularPoint:
        return SingularPoint(x + rng.normal(0, 0.1), y + rng.normal(0, 0.1), delta=True)

    x, y = rng.normal(0, 0.06), rng.normal(-0.12, 0.09)
    if pattern == "tented-arch":
        return [loop(x, y), SingularPoint(x + rng.normal(0, 0.03), y + rng.uniform(0.35, 0.7), delta=True)]
    if pattern in ("left-loop", "right-loop"):
        side = 1.0 if pattern == "left-loop" else -1.0  # the delta lies opposite to where the loop opens
        return [loop(x, y), delta(side * 0.55, 0.62)]
    if pattern == "whorl":
        half, lean = rng.uniform(0.025, 0.16), rng.normal(0, 0.3)
    else:
        half, lean = rng.uniform(0.12, 0.25), rng.choice([-1.0, 1.0]) * rng.uniform(0.3, 1.0)
    cores = [loop(x + lean * half, y - half), loop(x - lean * half, y + half)]
    return [*cores, delta(-0.65, 0.68), delta(0.65, 0.68)]


def _zero_pole(rng: np.random.Generator, points: list[SingularPoint], shape: tuple[int, int]) -> FloatArray:
    x, y = pixel_grid(shape)
    field = np.zeros(shape, np.float32)
    for point in points:
        angle = np.arctan2(y / PX_PER_CM - point.y_cm, x / PX_PER_CM - point.x_cm)
        field += (-0.5 if point.delta else 0.5) * _corrected(rng, angle)
    return field


def _corrected(rng: np.random.Generator, angle: FloatArray) -> FloatArray:
    knots = np.linspace(-np.pi, np.pi, CORRECTION_KNOTS + 1)
    offsets = rng.normal(0, CORRECTION_RAD, CORRECTION_KNOTS)
    return np.asarray(angle + np.interp(angle, knots, np.append(offsets, offsets[0])), np.float32)


def _crown(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    x, y = (axis / PX_PER_CM for axis in pixel_grid(shape))
    above_core = 1 / (1 + np.exp((y + 0.2) / 0.15))
    return np.asarray(rng.uniform(*CROWN_RAD_PER_CM) * x * above_core, np.float32)


def _arch(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    x, y = (axis / PX_PER_CM for axis in pixel_grid(shape))
    height, centre = rng.uniform(0.4, 1.2), rng.uniform(-0.2, 0.2)
    slope = height * np.exp(-((y - centre) ** 2) / 0.5) * np.sin(np.clip(x, -1, 1) * np.pi)
    return np.asarray(np.arctan(slope), np.float32)


def _smoothed(angle: FloatArray) -> FloatArray:
    """Rounds off the model's creases, on the doubled angle, where direction has no sign."""
    cos, sin = (cv2.GaussianBlur(part(2 * angle), (0, 0), 1.5) for part in (np.cos, np.sin))
    return np.asarray(np.mod(0.5 * np.arctan2(sin, cos), np.pi), np.float32)
