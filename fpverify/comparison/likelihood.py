"""From a score to the weight of the evidence: how many times likelier it is under one finger than under two.

The ratio's logarithm is the isotonic regression of mated against non-mated scores, each side weighing the same, so that
it can only rise with the score. One imagined comparison on each end that went wrong keeps it within what the number of
comparisons supports.

Source: N. Brümmer, J. du Preez, "Application-independent evaluation of speaker detection", Computer Speech and Language
20 (2006), section 4; bounds: P. Vergeer et al., "Numerical likelihood ratios outputted by LR systems are often based on
extrapolation: when to stop extrapolating?", Science & Justice 56 (2016).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fpverify.errors import CorruptModel, TooFewComparisons
from fpverify.vocabulary import Scores

LEAST_MATED = 30  # comparisons of a finger with itself: fewer do not place the middle of the curve


@dataclass(frozen=True, slots=True)
class LikelihoodRatio:
    """A map from score to log10 of the likelihood ratio that never falls; linear between knots, level beyond them.

    Attributes:
        knots_score: k >= 1 calibrated scores, strictly increasing.
        knots_llr: log10 of (density of mated scores / density of non-mated scores) there, never falling.
        mated, non_mated: numbers of comparisons it was fitted on.

    Raises:
        ValueError: the numbers are not such a map.
    """

    knots_score: tuple[float, ...]
    knots_llr: tuple[float, ...]
    mated: int
    non_mated: int

    def __post_init__(self) -> None:
        score, llr = np.array(self.knots_score, np.float64), np.array(self.knots_llr, np.float64)
        if not (len(score) == len(llr) > 0 and np.isfinite(score).all() and np.isfinite(llr).all()):
            raise ValueError("a likelihood ratio needs as many scores as ratios, at least one, all finite")
        if not ((np.diff(score) > 0).all() and (np.diff(llr) >= 0).all()):
            raise ValueError("the scores of a likelihood ratio must increase strictly, and its ratios never fall")

    def llr(self, score: float) -> float:
        """log10 of the likelihood ratio at a calibrated score; 0 says nothing either way."""
        return float(self.llrs(score)[()])

    def llrs(self, scores: ArrayLike) -> Scores:
        """The same of scores of any shape."""
        return np.asarray(np.interp(np.asarray(scores, np.float64), self.knots_score, self.knots_llr), np.float64)

    @classmethod
    def fit(cls, mated: ArrayLike, non_mated: ArrayLike) -> LikelihoodRatio:
        """The ratio of these scores.

        Args:
            mated: (m,) calibrated scores of comparisons within fingers, finite.
            non_mated: (n,) likewise between fingers.

        Raises:
            TooFewComparisons: fewer than `LEAST_MATED` on a side.
            ValueError: a score is not finite.
        """
        sides = [np.asarray(side, np.float64).ravel() for side in (mated, non_mated)]
        if min(map(len, sides)) < LEAST_MATED:
            raise TooFewComparisons(
                f"a likelihood ratio needs at least {LEAST_MATED} mated and non-mated comparisons; "
                f"{len(sides[0])} and {len(sides[1])} were given"
            )
        if not all(np.isfinite(side).all() for side in sides):
            raise ValueError("a score must be finite; leave failed comparisons out")
        score, llr = _blocks(*sides)
        return cls(tuple(score.tolist()), tuple(llr.tolist()), len(sides[0]), len(sides[1]))

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and lists, for a model card; `from_dict` gives back exactly the same map."""
        return {
            "knots_score": list(self.knots_score),
            "knots_llr": list(self.knots_llr),
            "mated": self.mated,
            "non_mated": self.non_mated,
        }

    @classmethod
    def from_dict(cls, numbers: Mapping[str, Any]) -> LikelihoodRatio:
        """The map that `to_dict` was called on.

        Raises:
            CorruptModel: an entry is missing, or the numbers are no such map.
        """
        try:
            return cls(
                knots_score=tuple(float(value) for value in numbers["knots_score"]),
                knots_llr=tuple(float(value) for value in numbers["knots_llr"]),
                mated=int(numbers["mated"]),
                non_mated=int(numbers["non_mated"]),
            )
        except KeyError as missing:
            raise CorruptModel(f"the model's likelihood ratio lacks the entry {missing}") from missing
        except (TypeError, ValueError) as wrong:
            raise CorruptModel(f"the model's likelihood ratio cannot be used: {wrong}") from wrong


def _blocks(mated: Scores, non_mated: Scores) -> tuple[Scores, Scores]:
    """Mean score and log10 ratio of each block of the isotonic regression; (k,) each."""
    ends = min(mated.min(), non_mated.min()), max(mated.max(), non_mated.max())
    mated, non_mated = np.append(mated, ends[0]), np.append(non_mated, ends[1])  # the imagined ones that went wrong
    scores = np.concatenate([mated, non_mated])
    values, value = np.unique(scores, return_inverse=True)
    sides = [np.bincount(part, minlength=len(values)) for part in np.split(value, [len(mated)])]
    within, between, length = np.array(_pooled(*(side.tolist() for side in sides))).T
    block = np.repeat(np.arange(len(length)), length)[value]
    ratio = (within / len(mated)) / (between / len(non_mated))
    return np.bincount(block, scores) / np.bincount(block), np.log10(ratio)


def _pooled(mated: list[int], non_mated: list[int]) -> list[tuple[int, int, int]]:
    """Blocks of neighbouring values, each with a greater share of mated ones than the block before.

    In whole numbers, so that blocks of the same share are one, whatever a division would round them to.

    Args:
        mated: how many mated scores have the lowest value, the next one, and so on.
        non_mated: likewise of non-mated ones.

    Returns:
        For each block its mated and non-mated scores and its values.

    Source: M. Ayer et al., "An empirical distribution function for sampling with incomplete information", Annals of
    Mathematical Statistics 26 (1955): neighbours that violate the order are pooled.
    """
    blocks: list[tuple[int, int, int]] = []
    for within, between in zip(mated, non_mated, strict=True):
        values = 1
        while blocks and blocks[-1][0] * between >= within * blocks[-1][1]:
            earlier = blocks.pop()
            within, between, values = within + earlier[0], between + earlier[1], values + earlier[2]  # noqa: PLW2901
        blocks.append((within, between, values))
    return blocks
