"""Pairs of prints side by side: a step of laying them on each other is then one call for all pairs.

A print has so few minutiae that NumPy's calls would take longer than the work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from fpverify.comparison.consensus import Consensus, IndexArray
from fpverify.comparison.prepared import PreparedTemplate
from fpverify.vocabulary import FloatArray

Points = NDArray[np.complex128]  # x + iy, so that a rotation is a product
Group = tuple[IndexArray, FloatArray]  # pairs (k, 2) and their weights (k,)


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two prints to be laid on each other.

    Attributes:
        one, other: the templates in their order.
        found: what they agree about.
        likely: pairs of minutiae whose neighbourhoods are alike, and how far beyond chance.
    """

    one: PreparedTemplate
    other: PreparedTemplate
    found: Consensus
    likely: Group


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One print of each of p pairs, n minutiae in all, one print after the other.

    Attributes:
        prints: p of them.
        of: (n,) place of each minutia's print.
        first: (p,) where each print begins.
        position, turns: (n,) as in `PreparedTemplate`.
    """

    prints: tuple[PreparedTemplate, ...]
    of: IndexArray
    first: IndexArray
    position: Points
    turns: FloatArray

    @classmethod
    def by_side(cls, prints: tuple[PreparedTemplate, ...]) -> Side:
        """Of these prints, at least one."""
        counts = np.array([len(one) for one in prints])
        of = np.repeat(np.arange(len(prints)), counts)
        position, turns = joined([one.position for one in prints]), joined([one.direction_turns for one in prints])
        return cls(prints, of, np.cumsum(counts) - counts, position, turns)


@dataclass(frozen=True, slots=True, eq=False)
class Together:
    """Pairs of prints whose minutiae stand one pair after the other, so that one call does a step for all of them.

    Attributes:
        pairs: p of them, at least one.
        one, other: the sides of the pairs.
        likely: (k, 2) the likely pairs of minutiae of all, as they count within their prints.
        place: (2, k) where these minutiae stand among all of the one and of the other side.
        alike: (k,) their weights.
        of: (k,) place of the pair of prints that each belongs to.
    """

    pairs: Sequence[Pair]
    one: Side
    other: Side
    likely: IndexArray
    place: IndexArray
    alike: FloatArray
    of: IndexArray

    @classmethod
    def of_pairs(cls, pairs: Sequence[Pair]) -> Together:
        """Of these pairs."""
        one, other = Side.by_side(tuple(pair.one for pair in pairs)), Side.by_side(tuple(pair.other for pair in pairs))
        of = np.repeat(np.arange(len(pairs)), [len(pair.likely[1]) for pair in pairs])
        likely, alike = joined([pair.likely[0] for pair in pairs]), joined([pair.likely[1] for pair in pairs])
        place = (
            likely.T if len(pairs) == 1 else np.array([likely[:, 0] + one.first[of], likely[:, 1] + other.first[of]])
        )
        return cls(pairs, one, other, likely, place, alike, of)

    def only(self, numbers: Sequence[int]) -> Together:
        """Some of the pairs, in their order."""
        return self if len(numbers) == len(self.pairs) else Together.of_pairs([self.pairs[one] for one in numbers])


Number = TypeVar("Number", bound=np.generic)


def joined(parts: Sequence[NDArray[Number]]) -> NDArray[Number]:
    """One after the other; a single one as it is."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def spread(values: NDArray[Number], of: IndexArray) -> NDArray[Number]:
    """For each minutia what its print has.

    Args:
        values: (p, ...) of the prints.
        of: (n,) place of each minutia's print.

    Returns:
        (n, ...); if there is one print, (1, ...), which NumPy repeats by itself.
    """
    return values if len(values) == 1 else values[of]
