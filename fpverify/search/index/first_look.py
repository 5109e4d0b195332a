"""A first look at many references at once: how promising is each?

A full comparison takes a millisecond, the first look a fiftieth of that: the minutiae whose neighbourhoods choose each
other, and how far these few pairs agree about where the others lie.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fpverify.comparison.prepared import PreparedTemplate
from fpverify.vocabulary import BoolArray, FloatArray, IndexArray, Template


@dataclass(frozen=True, slots=True)
class FirstLookSettings:
    """Constants of the first look, at 250 ppi."""

    pairs: int = 24  # at most, of each reference, the likeliest: twice as many as the consensus is a mean of
    least_alike: float = 0.3  # cosine of two neighbourhoods, for a pair to be looked at
    distance_px: float = 5.0  # displacement of another minutia that ends agreement: a ridge period
    growth: float = 0.12  # px more for each px between the minutiae: stretch of the skin, and 0.1 rad of direction
    best: int = 8  # pairs that the outcome is a sum over: a chance group of three or four stays low


SETTINGS = FirstLookSettings()


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Some references side by side, about 5 KB each; m minutiae in all. It does not change.

    Attributes:
        ids: k of them.
        descriptors: (m, d) int8.
        inverse_norm: (m,) float32, makes the descriptors unit length.
        position: (m,) complex64, px.
        direction: (m,) complex64 of length 1.
        minutiae: (k,) int32, how many each reference has, at least 1.
    """

    ids: tuple[int, ...]
    descriptors: NDArray[np.int8]
    inverse_norm: FloatArray
    position: NDArray[np.complex64]
    direction: NDArray[np.complex64]
    minutiae: IndexArray

    @classmethod
    def of(cls, ids: Sequence[int], templates: Sequence[Template]) -> Block:
        """The block of some references of one model, at least one, none of them without minutiae."""
        rows = np.concatenate([one.descriptors for one in templates])
        norm = np.sqrt(np.einsum("md,md->m", rows, rows, dtype=np.float32))
        minutiae = [one.minutiae for one in templates]
        return cls(
            ids=tuple(ids),
            descriptors=rows,
            inverse_norm=np.divide(1, norm, out=np.zeros_like(norm), where=norm > 0),
            position=np.concatenate([one.x_px + 1j * one.y_px for one in minutiae]).astype(np.complex64),
            direction=np.concatenate([np.exp(1j * one.angle_rad) for one in minutiae]).astype(np.complex64),
            minutiae=np.array(list(map(len, minutiae)), np.int32),
        )

    def __len__(self) -> int:
        """The number of references."""
        return len(self.ids)

    @property
    def first(self) -> IndexArray:
        """(k + 1,) where each reference's minutiae begin; the last is m."""
        return np.concatenate([[0], np.cumsum(self.minutiae)]).astype(np.int32)

    def and_(self, other: Block) -> Block:
        """The references of both."""
        return Block(
            self.ids + other.ids,
            np.concatenate([self.descriptors, other.descriptors]),
            np.concatenate([self.inverse_norm, other.inverse_norm]),
            np.concatenate([self.position, other.position]),
            np.concatenate([self.direction, other.direction]),
            np.concatenate([self.minutiae, other.minutiae]),
        )

    def kept(self, chosen: BoolArray) -> Block:
        """Those of the references that are chosen, (k,)."""
        rows = np.repeat(chosen, self.minutiae)
        return Block(
            tuple(one for one, stays in zip(self.ids, chosen.tolist(), strict=True) if stays),
            self.descriptors[rows],
            self.inverse_norm[rows],
            self.position[rows],
            self.direction[rows],
            self.minutiae[chosen],
        )


def first_look(probe: PreparedTemplate, block: Block, settings: FirstLookSettings = SETTINGS) -> FloatArray:
    """How promising each reference of a block is.

    Args:
        probe: of the same `minutiae` model, with minutiae.
        block: k references.
        settings: constants.

    Returns:
        (k,) float32, 0 or more.
    """
    mine, theirs, reference, alike = _mutual(probe, block, settings)
    order = np.lexsort((-alike, reference))
    mine, theirs, reference, alike = mine[order], theirs[order], reference[order], alike[order]
    rank = np.arange(len(reference)) - np.searchsorted(reference, np.arange(len(block)))[reference]
    kept = rank < settings.pairs
    place = reference[kept], rank[kept]
    weight = np.zeros((len(block), settings.pairs), np.float32)
    weight[place] = alike[kept]
    one, other = np.zeros((2, 2, *weight.shape), np.complex64)
    direction = np.exp(2j * np.pi * probe.direction_turns)
    one[:, *place] = probe.position[mine[kept]], direction[mine[kept]]
    other[:, *place] = block.position[theirs[kept]], block.direction[theirs[kept]]
    merit = weight * (_agreement(one, other, settings) @ weight[..., None])[..., 0]
    return np.asarray(np.sort(merit, -1)[:, -settings.best :].sum(-1), np.float32)


def _mutual(
    probe: PreparedTemplate, block: Block, settings: FirstLookSettings
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp], FloatArray]:
    """Pairs that are each other's best: minutia of the probe, minutia of the block, reference, cosine; (p,) each."""
    products = probe.descriptors @ block.descriptors.astype(np.float32).T
    alike = products * (probe.inverse_norm[:, None] * block.inverse_norm)  # (n, m)
    reference = np.repeat(np.arange(len(block)), block.minutiae)
    mine = alike.argmax(0)
    best = alike[mine, np.arange(len(mine))]
    best_of_mine = np.maximum.reduceat(alike, block.first[:-1], axis=1)  # (n, references)
    theirs = np.flatnonzero((best >= settings.least_alike) & (best >= best_of_mine[mine, reference]))
    return mine[theirs], theirs, reference[theirs], best[theirs]


def _agreement(one: NDArray[np.complex64], other: NDArray[np.complex64], settings: FirstLookSettings) -> FloatArray:
    """How far two prints agree about where pair l lies seen from pair k, and back; (r, pairs, pairs) in [0, 1]."""
    seen, other_seen = _seen(*one), _seen(*other)
    apart, far = _squared(seen - other_seen), _squared(seen) + _squared(other_seen)
    tolerance = np.float32(settings.distance_px**2) + np.float32(settings.growth**2 / 2) * far
    agreed = np.maximum(1 - apart / tolerance, 0) * (far > 0)
    return np.asarray(agreed * agreed.transpose(0, 2, 1))


def _seen(position: NDArray[np.complex64], direction: NDArray[np.complex64]) -> NDArray[np.complex64]:
    """Where pair l lies as seen from pair k, in k's own axes; (r, pairs, pairs)."""
    return np.asarray((position[:, None, :] - position[:, :, None]) * direction.conj()[..., None])


def _squared(z: NDArray[np.complex64]) -> FloatArray:
    return np.asarray(z.real**2 + z.imag**2)
