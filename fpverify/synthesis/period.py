"""How far apart the ridges are."""

from __future__ import annotations

import numpy as np

from fpverify.synthesis.fields import pixel_grid, smooth_field
from fpverify.vocabulary import FloatArray

MEAN_PX = 4.5  # 0.46 mm at 250 ppi, the adult mean (Maltoni et al., Handbook of Fingerprint Recognition)
DEVIATION_PX = 0.6  # between fingers: children and women finer, men coarser
RANGE_PX = (3.1, 6.2)  # 0.31 to 0.63 mm
WITHIN = 0.10  # relative deviation within one finger
TOWARDS_JOINT = 0.10  # ridges widen by this much from the tip to the joint


def draw_period(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """The ridge period at every pixel; (height, width) float32, pixels at 250 ppi."""
    mean = np.clip(rng.normal(MEAN_PX, DEVIATION_PX), *RANGE_PX)
    _, y = pixel_grid(shape)
    relative = 1 + WITHIN * smooth_field(rng, shape, 4) + TOWARDS_JOINT * y / shape[0]
    return np.asarray(np.clip(mean * relative, *RANGE_PX), np.float32)
