"""Which way the ridges run: a zero-pole field with a class of its own.

Sources: B. Sherlock, D. Monro, "A model for interpreting fingerprint topology", Pattern Recognition 26 (1993), eq. 1;
P. Vizcaya, L. Gerhardt, "A nonlinear orientation model for global description of fingerprints", Pattern Recognition
29 (1996): each singular point's angle passes through a map of the circle. Sizes of patterns: S. Holt, The Genetics of
Dermal Ridges (1968): a dozen ridges between the core and the delta of a loop, with a deviation of five. Class
frequencies: C. Wilson, G. Candela, C. Watson, "Neural network fingerprint classification", J. Artif. Neural Networks 1
(1993).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from fpverify.synthesis.fields import pixel_grid, smooth_field
from fpverify.synthesis.flow import USUAL, Flow
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
ROUNDING = (0.2, 0.9)  # range: 0 fans out like a parabola, 1 turns at the top and runs on in parallel, as a U
DELTA_CM = 0.8  # from the core: twelve ridges of 0.46 mm, crossed aslant
DELTA_DEVIATION_CM = 0.22  # five ridges
DELTA_RANGE_CM = (0.35, 1.3)
DELTA_SLOPE_RAD = 0.91  # of the line from core to delta below the horizontal: 52 degrees
DELTA_SLOPE_DEVIATION_RAD = 0.19  # 11 degrees
CROWN_RAD_PER_CM = (0.2, 0.8)  # range: above the core ridges follow the outline of the fingertip
WANDER_RAD = 0.18  # smooth deviation from the model, about 10 degrees


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


def draw_orientation(rng: np.random.Generator, pattern: str, shape: tuple[int, int], flow: Flow = USUAL) -> FloatArray:
    """The ridge direction at every pixel.

    Args:
        rng: source of randomness.
        pattern: a key of `CLASS_FREQUENCIES`.
        shape: (height, width) in pixels.
        flow: how calmly they run.

    Returns:
        (height, width) float32 in [0, pi), an angle that turns x towards y.
    """
    if pattern == "arch":
        model = _arch(rng, shape)
    else:
        model = _zero_pole(rng, draw_singular_points(rng, pattern), shape, flow.correction_rad)
    return _smoothed(model + _crown(rng, shape) + WANDER_RAD * smooth_field(rng, shape, flow.wander_knots))


def draw_singular_points(rng: np.random.Generator, pattern: str) -> list[SingularPoint]:
    """Loops and deltas of a class, as many of the one as of the other; none for an arch."""

    def loop(x: float, y: float) -> SingularPoint:
        return SingularPoint(x, y, delta=False)

    def delta(x: float, y: float, side: float) -> SingularPoint:
        distance = np.clip(rng.normal(DELTA_CM, DELTA_DEVIATION_CM), *DELTA_RANGE_CM)
        slope = rng.normal(DELTA_SLOPE_RAD, DELTA_SLOPE_DEVIATION_RAD)
        return SingularPoint(x + side * distance * np.cos(slope), y + distance * np.sin(slope), delta=True)

    x, y = rng.normal(0, 0.06), rng.normal(-0.12, 0.09)
    if pattern == "tented-arch":
        return [loop(x, y), SingularPoint(x + rng.normal(0, 0.05), y + rng.uniform(0.3, 0.8), delta=True)]
    if pattern in ("left-loop", "right-loop"):
        side = 1.0 if pattern == "left-loop" else -1.0  # the delta lies opposite to where the loop opens
        return [loop(x, y), delta(x, y, side)]
    if pattern == "whorl":
        half, lean = rng.uniform(0.02, 0.2), rng.normal(0, 0.5)
    else:
        half, lean = rng.uniform(0.1, 0.3), rng.choice([-1.0, 1.0]) * rng.uniform(0.3, 1.2)
    cores = [loop(x + lean * half, y - half), loop(x - lean * half, y + half)]
    return [*cores, delta(x, y + half, -1.0), delta(x, y + half, 1.0)]


def _zero_pole(
    rng: np.random.Generator, points: list[SingularPoint], shape: tuple[int, int], correction_rad: float
) -> FloatArray:
    x, y = (axis / PX_PER_CM for axis in pixel_grid(shape))
    rounding = rng.uniform(*ROUNDING)
    field = np.zeros(shape, np.float32)
    for point in points:
        angle = np.arctan2(y - point.y_cm, x - point.x_cm)
        if not point.delta:
            angle -= rounding * np.sin(angle - _opening(point, points))
        field += _turn(point) * _corrected(rng, np.mod(angle + np.pi, 2 * np.pi) - np.pi, correction_rad)
    return field


def _turn(point: SingularPoint) -> float:
    """By how much the ridges turn on the way around a point."""
    return -0.5 if point.delta else 0.5


def _opening(loop: SingularPoint, points: list[SingularPoint]) -> float:
    """The direction in which a loop opens: where the ridges that all other points leave it run away from it."""
    others = [one for one in points if one is not loop]
    return float(2 * sum(_turn(one) * np.arctan2(loop.y_cm - one.y_cm, loop.x_cm - one.x_cm) for one in others))


def _corrected(rng: np.random.Generator, angle: FloatArray, deviation_rad: float) -> FloatArray:
    knots = np.linspace(-np.pi, np.pi, CORRECTION_KNOTS + 1)
    offsets = rng.normal(0, deviation_rad, CORRECTION_KNOTS)
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
