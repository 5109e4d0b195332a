"""The grid that a template's numbers are rounded to, so that a stored template scores exactly as a fresh one.

The binary form of a template (`fpverify.store.template_format`) keeps these steps and no finer ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fpverify.vocabulary import FloatArray, Minutiae

POSITION_STEPS_PER_PX = 8  # 13 µm
ANGLE_STEPS_PER_TURN = 65536
QUALITY_STEPS = 255
DESCRIPTOR_STEPS = 15  # for the largest component: 5 bits; finer steps move no error rate, a template has 4 KB


def minutiae_on_grid(minutiae: Minutiae) -> Minutiae:
    """Positions to 1/8 px, angles to 1/65536 turn in (-pi, pi], qualities to 1/255."""
    turn = np.rint(minutiae.angle_rad.astype(np.float64) * ANGLE_STEPS_PER_TURN / (2 * np.pi))
    turn = np.where(turn <= -ANGLE_STEPS_PER_TURN // 2, ANGLE_STEPS_PER_TURN // 2, turn)
    return Minutiae(
        _position(minutiae.x_px),
        _position(minutiae.y_px),
        (turn * (2 * np.pi / ANGLE_STEPS_PER_TURN)).astype(np.float32),
        np.rint(np.clip(minutiae.quality, 0, 1) * QUALITY_STEPS).astype(np.float32) / np.float32(QUALITY_STEPS),
    )


def quality_on_grid(quality: float) -> float:
    """A scan quality in [0, 1] to 1/255."""
    return float(np.rint(np.clip(quality, 0, 1) * QUALITY_STEPS)) / QUALITY_STEPS


def descriptors_on_grid(descriptors: FloatArray) -> NDArray[np.int8]:
    """Unit vectors (n, d) as int8, each in steps of 1/15 of its largest component."""
    largest = np.abs(descriptors).max(axis=1, keepdims=True, initial=1e-12)
    return np.asarray(np.rint(descriptors / largest * DESCRIPTOR_STEPS), np.int8)


def _position(position: FloatArray) -> FloatArray:
    steps = np.clip(np.rint(position * POSITION_STEPS_PER_PX), 0, 65535)
    return np.asarray(steps.astype(np.float32) / POSITION_STEPS_PER_PX)
