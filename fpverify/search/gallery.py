"""One probe against many references: a first look at all of them, and a full comparison of the likeliest.

A full comparison takes a millisecond, and most of one probe with many references find nothing. The first look takes a
fiftieth of that, for all references at once: the minutiae whose neighbourhoods choose each other, and how far these few
pairs agree about where the others lie. ISO/IEC 19795-1 calls it pre-selection; the share of references that are
compared in full is its penetration rate, the share of mates that are not among them its pre-selection error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fpverify.comparison.overlap import overlap_similarity
from fpverify.comparison.prepared import PreparedTemplate, prepare_template, require_comparable
from fpverify.comparison.whole_print import vector_similarities
from fpverify.vocabulary import FloatArray, IndexArray, Scores, Template

COMPARED_IN_FULL = 20  # of a gallery, at least: 20 ms. Mates are nearly always among the first three
SHARE_IN_FULL = 0.005  # of a large gallery: a hundredth of a millisecond for each of all its references
BLOCK = 64  # references at a time: their tables of pairs then stay in a core's cache (150 KB each)


@dataclass(frozen=True, slots=True)
class FirstLookSettings:
    """Constants of the first look, at 250 ppi."""

    pairs: int = 24  # at most, of each reference, the likeliest: twice as many as the consensus is a mean of
    least_alike: float = 0.3  # cosine of two neighbourhoods, for a pair to be looked at
    distance_px: float = 5.0  # displacement of another minutia that ends agreement: a ridge period
    growth: float = 0.12  # px more for each px between the minutiae: stretch of the skin, and 0.1 rad of direction
    best: int = 8  # pairs that the outcome is a sum over: a chance group of three or four stays low


SETTINGS = FirstLookSettings()


@dataclass(frozen=True, slots=True)
class Found:
    """References of a gallery that were compared in full, the likeliest first.

    Attributes:
        index: (c,) int32, of the reference in the gallery.
        similarity: (c,) float64, exactly what `similarity` gives; none increases.
    """

    index: IndexArray
    similarity: Scores


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """References side by side, about 5 KB each; m minutiae in all.

    Attributes:
        templates: k references of one model.
        descriptors: (m, d) int8.
        inverse_norm: (m,) float32, makes the descriptors unit length.
        position: (m,) complex64, px.
        direction: (m,) complex64 of length 1.
        first: (k + 1,) int32, where each reference's minutiae begin; the last is m. A reference without minutiae has
            one that resembles nothing.
    """

    templates: tuple[Template, ...]
    descriptors: NDArray[np.int8]
    inverse_norm: FloatArray
    position: NDArray[np.complex64]
    direction: NDArray[np.complex64]
    first: IndexArray

    @classmethod
    def of(cls, templates: Sequence[Template]) -> Gallery:
        """The gallery of some references.

        Args:
            templates: k of them, of one model; none is a gallery too.
        """
        size = max((template.descriptors.shape[1] for template in templates), default=0)
        nothing = np.zeros((1, size), np.int8)
        descriptors = [one.descriptors if len(one.descriptors) else nothing for one in templates]
        rows = np.concatenate([nothing[:0], *descriptors])
        norm = np.sqrt(np.einsum("md,md->m", rows, rows, dtype=np.float32))
        return cls(
            templates=tuple(templates),
            descriptors=rows,
            inverse_norm=np.divide(1, norm, out=np.zeros_like(norm), where=norm > 0),
            position=_side_by_side([one.minutiae.x_px + 1j * one.minutiae.y_px for one in templates]),
            direction=_side_by_side([np.exp(1j * one.minutiae.angle_rad) for one in templates]),
            first=np.cumsum([0, *map(len, descriptors)], dtype=np.int32),
        )

    def __len__(self) -> int:
        """The number of references."""
        return len(self.templates)

    @property
    def in_full(self) -> int:
        """References that a search compares in full."""
        return max(COMPARED_IN_FULL, round(SHARE_IN_FULL * len(self)))

    def search(self, probe: Template, most: int | None = None) -> Found:
        """The references that resemble a probe most.

        Args:
            probe: of the references' model.
            most: references to compare in full; `in_full` if not given.

        Raises:
            ModelMismatch: the probe comes from another model than the references.
        """
        one = prepare_template(probe)
        chosen = self._likeliest(one, self.in_full if most is None else most)
        references = [prepare_template(self.templates[k]) for k in chosen.tolist()]
        for reference in references:
            require_comparable(one, reference)
        if one.whole_print:
            raw = vector_similarities(one, references)
        else:
            raw = np.array([overlap_similarity(one, reference) for reference in references], np.float64)
        order = np.argsort(-raw, kind="stable")
        return Found(chosen[order], raw[order])

    def _likeliest(self, probe: PreparedTemplate, count: int) -> IndexArray:
        if len(self) <= count or probe.whole_print:  # vectors are as quickly compared as looked at
            return np.arange(len(self), dtype=np.int32)
        require_comparable(probe, prepare_template(self.templates[0]))
        look = self.first_look(probe)
        return np.argpartition(-look, count - 1)[:count].astype(np.int32)

    def first_look(self, probe: PreparedTemplate, settings: FirstLookSettings = SETTINGS) -> FloatArray:
        """How promising each reference is.

        Args:
            probe: of the same `minutiae` model.
            settings: constants.

        Returns:
            (k,) float32, 0 or more.
        """
        if len(probe) == 0 or probe.descriptors.shape[1] != self.descriptors.shape[1]:  # nothing on one side
            return np.zeros(len(self), np.float32)
        direction = np.exp(2j * np.pi * probe.direction_turns)
        looked = [_looked(probe, direction, block, settings) for block in self._blocks()]
        return np.concatenate(looked) if looked else np.empty(0, np.float32)

    def _blocks(self) -> Iterator[Gallery]:
        """The same in parts of at most `BLOCK` references."""
        for start, end in pairwise([*range(0, len(self), BLOCK), len(self)]):
            inside = slice(int(self.first[start]), int(self.first[end]))
            yield Gallery(
                self.templates[start:end],
                self.descriptors[inside],
                self.inverse_norm[inside],
                self.position[inside],
                self.direction[inside],
                self.first[start : end + 1] - self.first[start],
            )


def _side_by_side(parts: Sequence[NDArray[np.complexfloating]]) -> NDArray[np.complex64]:
    """All parts in one, an empty one as a single 0."""
    filled = [part if len(part) else np.zeros(1) for part in parts]
    return np.concatenate([np.empty(0, np.complex64), *filled]).astype(np.complex64)


def _looked(
    probe: PreparedTemplate, direction: NDArray[np.complexfloating], block: Gallery, settings: FirstLookSettings
) -> FloatArray:
    mine, theirs, reference, alike = _mutual(probe, block, settings)
    order = np.lexsort((-alike, reference))
    mine, theirs, reference, alike = mine[order], theirs[order], reference[order], alike[order]
    rank = np.arange(len(reference)) - np.searchsorted(reference, np.arange(len(block)))[reference]
    kept = rank < settings.pairs
    place = reference[kept], rank[kept]
    weight = np.zeros((len(block), settings.pairs), np.float32)
    weight[place] = alike[kept]
    one, other = np.zeros((2, 2, *weight.shape), np.complex64)
    one[:, *place] = probe.position[mine[kept]], direction[mine[kept]]
    other[:, *place] = block.position[theirs[kept]], block.direction[theirs[kept]]
    merit = weight * (_agreement(one, other, settings) @ weight[..., None])[..., 0]
    return np.asarray(np.sort(merit, -1)[:, -settings.best :].sum(-1), np.float32)


def _mutual(
    probe: PreparedTemplate, block: Gallery, settings: FirstLookSettings
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp], FloatArray]:
    """Pairs that are each other's best: minutia of the probe, minutia of the block, reference, cosine; (p,) each."""
    products = probe.descriptors @ block.descriptors.astype(np.float32).T
    alike = products * (probe.inverse_norm[:, None] * block.inverse_norm)  # (n, m)
    reference = np.repeat(np.arange(len(block)), np.diff(block.first))
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
