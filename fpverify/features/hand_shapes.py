"""How the fingertips of a hand lie: how far from one to the next, and how far each reaches out.

Lengths are those of adults' hands; deviations are wide enough for others'.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from fpverify.vocabulary import FINGERS, Finger, FloatArray

PITCH_MM = 20.0  # from finger to finger
REACH = {"index": -7.0, "middle": 0.0, "ring": -5.0, "little": -21.0, "thumb": 0.0}  # mm, against the middle finger
REACH_MM, GAP_MM = 6.0, 5.0  # deviations of that, and of the distance of two neighbours
ODD = 3.0  # log likelihood that one finger costs at most: one may be short or bent, and the others still tell
NOBODY = FINGERS[0]
OF_A_HAND = ("index", "middle", "ring", "little")


def places_likelihood(tips: Sequence[tuple[float, float]], names: Sequence[Finger], fingers: Sequence[Finger]) -> float:
    """Log likelihood of tips (across, down; mm) as those of these fingers, whatever the hand's place.

    Args:
        tips: from left to right, upright.
        names: whose they are.
        fingers: all of the hand, from left to right; who is not named is missing.
    """
    places = np.array([fingers.index(name) * PITCH_MM for name in names])
    gaps = np.diff([across for across, _ in tips]) - np.diff(places)
    off = np.array([down for _, down in tips]) + [REACH[_kind(name)] for name in names]
    off = off - off.mean()
    return float(-(gaps**2).sum() / (2 * GAP_MM**2) - (off**2).sum() / (2 * REACH_MM**2))


def reach_cost(down: FloatArray, fingers: Sequence[Finger]) -> float:
    """How little tips reach out as a hand's do, whichever of the fingers they are: log likelihood below the best.

    Args:
        down: (n,) mm, of tips from left to right, in an upright hand.
        fingers: who is expected, at least n; `unknown` for each where it is not known which hand it is.
    """
    hands = [OF_A_HAND, OF_A_HAND[::-1]] if NOBODY in fingers else [[_kind(name) for name in fingers]]
    reaches = np.array([[REACH[kind] for kind in kept] for hand in hands for kept in combinations(hand, len(down))])
    off = down + reaches
    off = off - np.median(off, axis=1, keepdims=True)
    return float(np.minimum(off**2 / (2 * REACH_MM**2), ODD).sum(1).min())


def _kind(name: Finger) -> str:
    return name.split("-")[1]
