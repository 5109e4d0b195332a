"""Skin that gives way: where a finger's minutiae come to lie once a rigid alignment is bent to fit its partners.

A finger that is pressed and twisted on the plate shows ridges up to 1.5 mm from where a rigid alignment puts them. The
displacement is a quadratic polynomial of the place, fitted to the partners with a prior against bending (ridge
regression). What a pair says about its own place does not count there, so that a chance group cannot bend the skin to
fit itself: with six numbers to fit, a few pairs would.

Source: how skin is distorted, R. Cappelli, D. Maio, D. Maltoni, "Modelling plastic distortion in fingerprint images",
ICAPR 2001; leaving one out by the hat matrix, R. D. Cook, S. Weisberg, "Residuals and Influence in Regression", 1982.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fpverify.comparison.side_by_side import Group, Points
from fpverify.vocabulary import Scores

UNIT_PX = 40.0  # of the polynomial: 4 mm, half of what two prints of ordinary size have in common either way
STIFFNESS = np.array([0.02, 0.3, 0.3, 1.0, 1.0, 1.0])  # in partners of full strength: shifts are free, bends are not
MOST_INFLUENCE = 0.9  # of a pair on its own place: without it, nothing would be known there
TURN_RAD = 2 * np.pi


@dataclass(frozen=True, slots=True, eq=False)
class Bend:
    """A displacement of each of p pairs of prints.

    Attributes:
        middle: (p,) what the polynomial is about; px.
        numbers: (p, 6) complex, of 1, u, v, u^2, uv, v^2 in `UNIT_PX`.
    """

    middle: Points
    numbers: NDArray[np.complex128]

    @classmethod
    def fit(cls, laid: Sequence[Points], there: Sequence[Points], groups: Sequence[Group]) -> tuple[Bend, list[Points]]:
        """The displacement that brings minutiae onto their partners.

        Args:
            laid: of each pair the one print's minutiae, rigidly laid on the other; (n,) px.
            there: the other print's minutiae.
            groups: the partners.

        Returns:
            The displacement, and for each pair what its partners' own say moves their places by; (k,) px.
        """
        most = max(len(strengths) for _, strengths in groups)
        at, gap = np.zeros((2, len(groups), most), np.complex128)
        weight = np.zeros((len(groups), most))
        for number, (pairs, strengths) in enumerate(groups):
            (index, other_index), count = pairs.T, len(strengths)
            at[number, :count] = laid[number][index]
            gap[number, :count] = there[number][other_index] - laid[number][index]
            weight[number, :count] = strengths
        middle = (weight * at).sum(1) / weight.sum(1)
        basis = _basis(at - middle[:, None])
        weighted = basis * weight[..., None]
        normal = weighted.transpose(0, 2, 1) @ basis + np.diag(STIFFNESS)
        inverse = np.linalg.inv(normal)
        numbers = (inverse @ (weighted.transpose(0, 2, 1) @ gap[..., None]))[..., 0]
        influence = np.minimum(((weighted @ inverse) * basis).sum(-1), MOST_INFLUENCE)
        missed = gap - (basis @ numbers[..., None])[..., 0]
        own = influence / (1 - influence) * missed
        return cls(middle, numbers), [one[: len(group[1])] for one, group in zip(own, groups, strict=True)]

    def moved(self, number: int, laid: Points) -> tuple[Points, Scores]:
        """Where points of a pair come to lie, and by how much directions turn there; (n,) px and (n,) turns."""
        away = laid - self.middle[number]
        numbers = self.numbers[number]
        u, v = away.real / UNIT_PX, away.imag / UNIT_PX
        along = (numbers[1] + 2 * numbers[3] * u + numbers[4] * v) / UNIT_PX
        down = (numbers[2] + numbers[4] * u + 2 * numbers[5] * v) / UNIT_PX
        turned = np.angle(2 + along - 1j * down)  # the rotation nearest to what the field does to a small square
        return laid + _basis(away) @ numbers, turned / TURN_RAD


def _basis(away: Points) -> Scores:
    """1, u, v, u^2, uv, v^2 of points about a middle; (..., 6)."""
    u, v = away.real / UNIT_PX, away.imag / UNIT_PX
    return np.stack([np.ones_like(u), u, v, u * u, u * v, v * v], axis=-1)
