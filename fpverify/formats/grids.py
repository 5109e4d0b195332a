"""The steps in which records keep directions, positions, qualities and resolutions.

Directions. Every standard has them counterclockwise from the x axis, pointing from the minutia up the ridge that ends,
or up the valley of a bifurcation: the direction of `FingerView`, which turns clockwise, with its sign changed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fpverify.errors import UnwritableRecord
from fpverify.vocabulary import NOT_COMPUTED, NOT_STATED, FloatArray

CM_PER_INCH = 2.54
BEST = 100  # of a quality, in every standard
STATED_254, STATED_255 = 254, 255  # "not attempted" and "failed", since ANSI/INCITS 378-2009
LARGEST_UINT16 = 65535

Steps = NDArray[np.int64]
Qualities = NDArray[np.int16]


def direction(steps: Steps, per_turn: int) -> FloatArray:
    """(n,) float32 in (-pi, pi], of whole steps counterclockwise, so many a turn."""
    clockwise = (-steps) % per_turn
    signed = np.where(2 * clockwise > per_turn, clockwise - per_turn, clockwise)
    return (signed * (2 * np.pi / per_turn)).astype(np.float32)


def direction_steps(angle_rad: FloatArray, per_turn: int) -> Steps:
    """(n,) in [0, per_turn), the nearest steps counterclockwise."""
    return np.rint(-angle_rad.astype(np.float64) * (per_turn / (2 * np.pi))).astype(np.int64) % per_turn


def position_steps(position: FloatArray, side: int, most: int, what: str) -> Steps:
    """(n,) the nearest whole numbers; one that rounds to just outside the picture is put on its rim.

    Args:
        position: (n,) in these steps.
        side: of the picture; 0 if it is not known.
        most: the largest the format can hold.
        what: for messages.

    Raises:
        UnwritableRecord: outside the picture, or too large.
    """
    steps = np.rint(position.astype(np.float64)).astype(np.int64)
    last = min(side - 1, most) if side else most
    if ((steps < -1) | (steps > last + 1)).any():
        outside = float(position[(steps < -1) | (steps > last + 1)][0])
        raise UnwritableRecord(f"a minutia's {what} is {outside:g}, this format can hold 0 to {last} here")
    return steps.clip(0, last)


def quality_of_2005(stored: NDArray[np.integer]) -> Qualities:
    """Qualities of records in which 0 says that none is given."""
    quality = quality_of_2009(stored)
    return np.where(quality == 0, NOT_STATED, quality).astype(np.int16)


def quality_of_2009(stored: NDArray[np.integer]) -> Qualities:
    """Qualities of records in which 254 says that none is given, and 255 that measuring it failed."""
    quality = stored.astype(np.int16)
    quality = np.where(quality == STATED_254, NOT_STATED, quality)
    return np.where(quality == STATED_255, NOT_COMPUTED, quality).astype(np.int16)


def stored_2005(quality: Qualities) -> Steps:
    """What `quality_of_2005` reads; a quality of 0, which would say that none is given, becomes 1."""
    return np.where(quality < 0, 0, quality.clip(1, BEST)).astype(np.int64)


def stored_2009(quality: Qualities) -> Steps:
    """What `quality_of_2009` reads."""
    stored = np.where(quality == NOT_STATED, STATED_254, quality)
    return np.where(stored == NOT_COMPUTED, STATED_255, stored).astype(np.int64)


def resolution_steps(ppcm: float) -> int:
    """Whole pixels per centimetre.

    Raises:
        UnwritableRecord: none is known, or it cannot be written.
    """
    steps = round(ppcm)
    if not 1 <= steps <= LARGEST_UINT16:
        said = "no resolution is known: give it, such as 500 ppi" if ppcm == 0 else f"{ppcm:g} pixels per centimetre"
        raise UnwritableRecord(f"{said}; this format states 1 to {LARGEST_UINT16} pixels per centimetre")
    return steps


def side_steps(side_px: int, position: FloatArray) -> int:
    """A side of the picture; where it is not known the smallest that holds the minutiae."""
    return side_px or int(np.rint(position.max(initial=0))) + 1
