"""What it is worth that a place, or a block of the pictures, agrees: log likelihood ratios.

They are learnt on synthetic touches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fpverify.vocabulary import FloatArray, Scores

COSINES = np.round(np.linspace(-0.2, 1.0, 13), 1)  # knots
COMMON = np.array([0.45, 0.55, 0.65, 0.75, 0.85])  # knots of commonness
CORRELATIONS = np.linspace(0.2, 0.95, 16)  # knots, of a block
FINE = 0.01  # steps of cosines, when places are looked up
MOST_WORTH = 4.0  # either way
DAMAGED = 0.2  # of the places in common that say nothing, as skin or press differ there: none costs more than 1.6
PRIOR = 30.0  # places' worth of what holds for all commonness
PRIOR_BLOCKS = 10.0  # added to each count


@dataclass(frozen=True, slots=True, eq=False)
class PlaceWorths:
    """Worth of a place by its cosine with the reference's, and by how common it is.

    Attributes:
        table: (5, 13) at `COMMON` and `COSINES`.
        mismatch: (5,) where the reference's ridges run another way.
    """

    table: Scores
    mismatch: Scores

    def rows(self, common: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The worth of each place at cosines from -1 to 1 in steps of `FINE`, (n, 201), and where none fits, (n,)."""
        at = np.clip((common - COMMON[0]) / (COMMON[1] - COMMON[0]), 0, len(COMMON) - 1.001)
        low = at.astype(int)
        share = (at - low)[:, None]
        own = self.table[low] * (1 - share) + self.table[low + 1] * share
        missed = self.mismatch[low] * (1 - share[:, 0]) + self.mismatch[low + 1] * share[:, 0]
        fine = np.interp(np.arange(-1, 1 + FINE / 2, FINE), COSINES, np.arange(len(COSINES)))
        left = np.minimum(fine.astype(int), len(COSINES) - 2)
        part = fine - left
        return (
            np.asarray(own[:, left] * (1 - part) + own[:, left + 1] * part, np.float32),
            np.asarray(missed, np.float32),
        )

    @classmethod
    def learnt(cls, mated: FloatArray, non_mated: FloatArray) -> PlaceWorths:
        """From places of alignments of touches with the same finger, and with others.

        Args:
            mated: (2, n) cosine, -2 where ridges run another way, and commonness.
            non_mated: likewise.
        """
        cosines = np.concatenate([[-2.5, -1.5], (COSINES[1:] + COSINES[:-1]) / 2, [1.1]])
        edges = np.concatenate([[-1], (COMMON[1:] + COMMON[:-1]) / 2, [2]])
        counted = [np.histogram(side[0], cosines)[0] + 1.0 for side in (mated, non_mated)]
        share = (counted[0] / counted[0].sum()) / (counted[1] / counted[1].sum())
        worths = []
        for low, high in pairwise(edges):
            own, other = (
                np.histogram(side[0][(side[1] >= low) & (side[1] < high)], cosines)[0] for side in (mated, non_mated)
            )
            chance = (other + 1) / (other.sum() + len(other))
            same = (own + PRIOR * share * chance / (share * chance).sum()) / (own.sum() + PRIOR)
            worth = np.log((1 - DAMAGED) * same + DAMAGED * chance) - np.log(chance)
            worths.append(np.concatenate([worth[:1], rising(worth[1:], (own + other + 1.0)[1:])]))
        clipped = np.clip(np.array(worths), -MOST_WORTH, MOST_WORTH)
        return cls(clipped[:, 1:], clipped[:, 0])

    @classmethod
    def first(cls) -> PlaceWorths:
        """What places are taken to be worth before anything was learnt."""
        by_cosine = np.interp(COSINES, [-1, 0.2, 0.4, 0.6, 0.8, 1.0], [-0.3, -0.3, -0.1, 0.5, 1.3, 1.8])
        return cls(np.tile(by_cosine, (len(COMMON), 1)), np.full(len(COMMON), -0.3))

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers."""
        return {"table": self.table.round(4).tolist(), "mismatch": self.mismatch.round(4).tolist()}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> PlaceWorths:
        """What `to_dict` was called on; ValueError if the numbers are none."""
        return cls(
            _table(plain["table"], (len(COMMON), len(COSINES))),
            _table(plain["mismatch"], (len(COMMON),)),
        )


@dataclass(frozen=True, slots=True, eq=False)
class BlockWorths:
    """Worth of a block of a picture by its correlation with what the reference shows there.

    Attributes:
        table: (16,) at `CORRELATIONS`.
    """

    table: Scores

    def of(self, correlations: Scores) -> float:
        """All of them together."""
        return float(np.interp(correlations, CORRELATIONS, self.table).sum())

    @classmethod
    def learnt(cls, mated: Scores, non_mated: Scores) -> BlockWorths:
        """From correlations of blocks of touches laid on the same finger, and on others."""
        edges = np.concatenate([[-1.1], (CORRELATIONS[1:] + CORRELATIONS[:-1]) / 2, [1.1]])
        own, other = (np.histogram(side, edges)[0] + PRIOR_BLOCKS for side in (mated, non_mated))
        return cls(rising(np.log(own / own.sum()) - np.log(other / other.sum()), own + other))

    @classmethod
    def first(cls) -> BlockWorths:
        """Before anything was learnt: nothing."""
        return cls(np.zeros(len(CORRELATIONS)))

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers."""
        return {"table": self.table.round(4).tolist()}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> BlockWorths:
        """What `to_dict` was called on; ValueError if the numbers are none."""
        return cls(_table(plain["table"], (len(CORRELATIONS),)))


def rising(values: Scores, weights: Scores) -> Scores:
    """The nearest values that never fall; (n,) each.

    Source: pooling of adjacent violators; Ayer et al., Annals of Mathematical Statistics 26, 1955.
    """
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        pool = (value, weight, 1)
        while pools and pools[-1][0] > pool[0]:
            mean, heavy, many = pools.pop()
            both = heavy + pool[1]
            pool = ((mean * heavy + pool[0] * pool[1]) / both, both, many + pool[2])
        pools.append(pool)
    return np.repeat([pool[0] for pool in pools], [pool[2] for pool in pools])


def _table(numbers: ArrayLike, shape: tuple[int, ...]) -> Scores:
    table = np.asarray(numbers, np.float64)
    if table.shape != shape or not np.isfinite(table).all():
        raise ValueError(f"a table of {shape} finite numbers was expected")
    return table
