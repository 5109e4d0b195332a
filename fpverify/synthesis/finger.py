"""A master finger: the whole skin of a fingertip, noiseless, with its minutiae."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fpverify.synthesis.flow import USUAL, Flow
from fpverify.synthesis.growth import grow_ridges
from fpverify.synthesis.labels import find_minutiae
from fpverify.synthesis.orientation import draw_class, draw_orientation
from fpverify.synthesis.period import draw_period
from fpverify.vocabulary import FloatArray, Minutiae

MASTER_SHAPE = (264, 216)  # (height, width) px: 26.8 x 21.9 mm at 250 ppi, more than any one impression shows


@dataclass(frozen=True, slots=True, eq=False)
class MasterFinger:
    """What every impression of a finger is taken from.

    Attributes:
        ridges: (height, width) float32 in (-1, 1), ridges positive.
        minutiae: in pixels of `ridges`.
        pattern: its class, a key of `orientation.CLASS_FREQUENCIES`.
    """

    ridges: FloatArray
    minutiae: Minutiae
    pattern: str


def draw_finger(rng: np.random.Generator, shape: tuple[int, int] = MASTER_SHAPE, flow: Flow = USUAL) -> MasterFinger:
    """A new finger; about 0.15 s.

    Args:
        rng: source of randomness.
        shape: (height, width) in pixels.
        flow: how calmly its ridges run, and how far apart.
    """
    pattern = draw_class(rng)
    orientation = draw_orientation(rng, pattern, shape, flow)
    ridges = grow_ridges(rng, orientation, draw_period(rng, shape, flow), flow)
    return MasterFinger(ridges, find_minutiae(ridges), pattern)
