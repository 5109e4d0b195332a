"""Which examples are paired for training and for measuring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from fpverify.vocabulary import BoolArray, IndexArray

MOST_MEASURED = 2000  # pairs of a side in one measurement: FMR100 hangs on twenty of them


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of examples by index.

    Attributes:
        left: (n,) int32.
        right: (n,) int32.
        mated: (n,) bool, of one identity.
    """

    left: IndexArray
    right: IndexArray
    mated: BoolArray

    def __len__(self) -> int:
        return len(self.left)

    def taken(self, places: np.ndarray) -> Pairs:
        """The pairs at these places."""
        return Pairs(self.left[places], self.right[places], self.mated[places])


class Sampling(Protocol):
    """How a design pairs the examples it learns from.

    Attributes:
        fresh: new pairs in every epoch; else those of the first epoch throughout.
        copies: a mated pair is an example and its changed copy, not two examples of one identity.
    """

    @property
    def fresh(self) -> bool: ...  # noqa: D102

    @property
    def copies(self) -> bool: ...  # noqa: D102

    def draw(self, owners: IndexArray, rng: np.random.Generator) -> Pairs:
        """Pairs among examples with these identities, (n,)."""
        ...


@dataclass(frozen=True, slots=True)
class MinEquals:
    """One pair for each example in turn: the first share of them mated for certain, the others with anybody.

    An example may be paired with itself. Attributes as in `Sampling`.

    Source: `create_pairs` of the forum question on stripes and of the article on digits.
    """

    share: float = 1 / 3
    fresh: bool = False
    copies: bool = False

    def draw(self, owners: IndexArray, rng: np.random.Generator) -> Pairs:
        """As many pairs as examples; the first `share` of them mated."""
        count, sure = len(owners), int(len(owners) * self.share)
        alike = [np.flatnonzero(owners == owner) for owner in owners[:sure]]
        partner = [int(rng.choice(places)) for places in alike]
        right = np.array([*partner, *rng.integers(0, count, count - sure)], np.int32)
        left = np.arange(count, dtype=np.int32)
        return Pairs(left, right, owners[left] == owners[right])


@dataclass(frozen=True, slots=True)
class Balanced:
    """Pairs of two examples, every other one mated; attributes as in `Sampling`."""

    count: int
    fresh: bool = True
    copies: bool = False

    def draw(self, owners: IndexArray, rng: np.random.Generator) -> Pairs:
        """`count` pairs; a mated one never shows one example twice."""
        mated = np.arange(self.count) % 2 == 0
        left, right = _mated(owners, self.count, rng)
        return Pairs(left, np.where(mated, right, _others(owners, left, rng)), mated)


@dataclass(frozen=True, slots=True)
class Copies:
    """Pairs of an example with its copy, or with another identity's example; attributes as in `Sampling`."""

    count: int
    fresh: bool = True
    copies: bool = True

    def draw(self, owners: IndexArray, rng: np.random.Generator) -> Pairs:
        """`count` pairs, every other one mated: left and right the same place."""
        left = rng.integers(0, len(owners), self.count).astype(np.int32)
        mated = np.arange(self.count) % 2 == 0
        return Pairs(left, np.where(mated, left, _others(owners, left, rng)), mated)


@dataclass(frozen=True, slots=True)
class MatedOnly:
    """Mated pairs, for losses that find the wrong candidates themselves; attributes as in `Sampling`."""

    count: int
    fresh: bool = True
    copies: bool = False

    def draw(self, owners: IndexArray, rng: np.random.Generator) -> Pairs:
        """`count` mated pairs of two examples each."""
        left, right = _mated(owners, self.count, rng)
        return Pairs(left, right, np.ones(self.count, bool))


def measured_pairs(owners: IndexArray, rng: np.random.Generator, most: int = MOST_MEASURED) -> Pairs:
    """All pairs of two examples, at most so many mated and so many non-mated, drawn without repetition."""
    left, right = (side.astype(np.int32) for side in np.triu_indices(len(owners), 1))
    mated = owners[left] == owners[right]
    sides = [np.flatnonzero(mated), np.flatnonzero(~mated)]
    kept = [rng.choice(side, most, replace=False) if len(side) > most else side for side in sides]
    chosen = np.sort(np.concatenate(kept))
    return Pairs(left[chosen], right[chosen], mated[chosen])


def strangers(owners: IndexArray, places: IndexArray, rng: np.random.Generator) -> IndexArray:
    """For each place the place of an example of somebody else; same shape, int32."""
    return _others(owners, places, rng)


def _mated(owners: IndexArray, count: int, rng: np.random.Generator) -> tuple[IndexArray, IndexArray]:
    """`count` pairs of different examples of one identity; identities in turn, so that a batch shows many."""
    places = [np.flatnonzero(owners == owner) for owner in np.unique(owners)]
    several = [one for one in places if len(one) > 1]
    turns = np.concatenate([rng.permutation(len(several)) for _ in range(-(-count // len(several)))])[:count]
    drawn = np.array([rng.choice(several[turn], 2, replace=False) for turn in turns], np.int32)
    return drawn[:, 0], drawn[:, 1]


def _others(owners: IndexArray, places: IndexArray, rng: np.random.Generator) -> IndexArray:
    order = np.argsort(owners, kind="stable")
    ranks = owners[order]
    first, after = np.searchsorted(ranks, owners[places], "left"), np.searchsorted(ranks, owners[places], "right")
    among = len(owners) - (after - first)  # examples of others
    step = np.floor(rng.random(len(places)) * among).astype(int)
    return np.asarray(order[(after + step) % len(owners)], np.int32)
