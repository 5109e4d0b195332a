"""How far apart the ridges are."""

from __future__ import annotations

import numpy as np

from fpverify.synthesis.fields import pixel_grid, smooth_field
from fpverify.synthesis.flow import USUAL, Flow
from fpverify.vocabulary import FloatArray

WITHIN = 0.10  # relative deviation within one finger
TOWARDS_JOINT = 0.10  # ridges widen by this much from the tip to the joint


def draw_period(rng: np.random.Generator, shape: tuple[int, int], flow: Flow = USUAL) -> FloatArray:
    """The ridge period at every pixel; (height, width) float32, pixels at 250 ppi."""
    mean = np.clip(rng.normal(flow.period_px, flow.period_deviation_px), *flow.period_range_px)
    _, y = pixel_grid(shape)
    relative = 1 + WITHIN * smooth_field(rng, shape, 4) + TOWARDS_JOINT * y / shape[0]
    return np.asarray(np.clip(mean * relative, *flow.period_range_px), np.float32)
