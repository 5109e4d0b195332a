"""Minutia pairs that agree with each other: how two prints are compared.

Pairs are proposed by their descriptors alone; then each is supported by the others in as far as the two prints agree
about where these lie (relaxation); at last the best supported are asked how far they agree among themselves.

Source: Cappelli, Ferrara and Maltoni, "Minutia Cylinder-Code: A New Representation and Matching Technique for
Fingerprint Recognition", IEEE PAMI 32(12), 2010, section 4, "local similarity sort with relaxation"; below "MCC".
Different from it:

- Several partners are proposed for each minutia; they compete during relaxation and are made one-to-one after it.
  One-to-one pairs chosen by descriptors alone lose a minutia for good when its right partner is only the second best.
- Support is divided by the size of the smaller print, and not by less than `least_company`: a few pairs of two small
  prints support each other by chance more easily than they could lose support.
- A pair counts by its agreement with the other pairs finally chosen. Without that, pairs supported by several groups
  that contradict each other count as much as one group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fpverify.comparison.prepared import TURN_RAD, PreparedTemplate, prepare_template, require_comparable
from fpverify.vocabulary import FloatArray, Template

IndexArray = NDArray[np.intp]

NO_AGREEMENT = 12.0  # exponent of a sigmoid at 6e-6; further out, products of small numbers would only cost time


@dataclass(frozen=True, slots=True)
class ConsensusSettings:
    """Constants of the comparison, at 250 ppi.

    MCC's own values are for 500 ppi and hand-made descriptors.
    """

    min_minutiae: int = 4  # a print with fewer has similarity 0 to all: three pairs agree by chance
    proposals: int = 2  # best partners of each minutia of either print: the right one is often second in a poor print
    max_candidates: int = 100  # pairs: relaxation costs their square, 0.1 ms
    distance_px: float = 3.0  # mismatch of half agreement: detection errs by 1 px a minutia (MCC: 5 at 500 ppi)
    distance_growth: float = 0.03  # px more for each px between the minutiae: skin stretches by some 3 %
    distance_steepness: float = 1.5  # per px (MCC: 8/5 at 500 ppi)
    angle_rad: float = np.pi / 10  # mismatch of half agreement: detection errs by 0.1 rad a minutia (MCC: pi/12)
    angle_steepness: float = 25.0  # per rad (MCC: 30)
    rounds: int = 5  # of relaxation (MCC: 5)
    memory: float = 0.5  # weight of a pair's own value in a round (MCC: 1/2)
    least_company: int = 20  # pairs that full support takes, at least: minutiae of a print of a third of a fingertip
    min_pairs: int = 6  # that the mean is over, in small prints (MCC: 4)
    max_pairs: int = 12  # in large ones (MCC: 12)
    middle_minutiae: float = 20.0  # of the smaller print, half way between (MCC: 20)
    pairs_steepness: float = 0.4  # per minutia (MCC: 2/5)


SETTINGS = ConsensusSettings()


@dataclass(frozen=True, slots=True, eq=False)
class Proposals:
    """The pairs that the descriptors propose, k of them, and what the others make of each.

    Attributes:
        pairs: (k, 2), indices of a probe's and a reference's minutia.
        relaxed: (k,) float32, similarity of the descriptors after the pairs have supported each other.
        agreement: (k, k) float32 in [0, 1], how far the prints agree where the second pair lies seen from the first.
    """

    pairs: IndexArray
    relaxed: FloatArray
    agreement: FloatArray

    def __len__(self) -> int:
        """The number of pairs."""
        return len(self.pairs)


@dataclass(frozen=True, slots=True, eq=False)
class Consensus:
    """What two prints agree about.

    Attributes:
        pairs: (k, 2), indices of a probe's and a reference's minutia; no minutia twice; the one that gained most first.
        support: (k,) float32 in [0, 1]: the pair's relaxed similarity (of its descriptors, and as the others agree)
            times its mean agreement with the other pairs here.
        similarity: raw, in [0, 1]: the root of the mean support of as many pairs as prints of this size should have in
            common; the root because support is a product, agreement counting twice.
        proposals: that the pairs were chosen from.
    """

    pairs: IndexArray
    support: FloatArray
    similarity: float
    proposals: Proposals

    @property
    def proposed(self) -> int:
        """Number of pairs that the descriptors proposed."""
        return len(self.proposals)


def consensus(
    probe: Template | PreparedTemplate, reference: Template | PreparedTemplate, settings: ConsensusSettings = SETTINGS
) -> Consensus:
    """The pairs of minutiae on which two prints agree, and how alike that makes the prints.

    Exactly symmetric: the two are put in an order of their own before anything is computed. Deterministic: of equally
    good pairs the one whose minutiae come first in that order is taken.

    Args:
        probe: of a `minutiae` model; with fewer than `settings.min_minutiae` on either side the similarity is 0.
        reference: of the same model.
        settings: constants.

    Raises:
        ModelMismatch: the templates come from two models.
    """
    one, other = prepare_template(probe), prepare_template(reference)
    require_comparable(one, other)
    if one.order <= other.order:
        return consensus_in_order(one, other, None, settings)
    swapped = consensus_in_order(other, one, None, settings)
    exchanged = replace(swapped.proposals, pairs=swapped.proposals.pairs[:, ::-1])
    return Consensus(swapped.pairs[:, ::-1], swapped.support, swapped.similarity, exchanged)


def consensus_in_order(
    one: PreparedTemplate,
    other: PreparedTemplate,
    cosine: FloatArray | None = None,
    settings: ConsensusSettings = SETTINGS,
) -> Consensus:
    """The same of two templates that can be compared, of which the one comes first in their order.

    Args:
        one: the first.
        other: the second.
        cosine: `descriptor_similarity` of the two, if that is known already.
        settings: constants.
    """
    size = min(len(one), len(other))
    if size < settings.min_minutiae:
        return _no_consensus()
    pairs, initial = _candidates(descriptor_similarity(one, other) if cosine is None else cosine, settings)
    if len(pairs) == 0:
        return _no_consensus()
    agreement = _agreement(one, other, pairs, settings)
    relaxed = _relaxed(initial, agreement / np.float32(max(size - 1, settings.least_company)), settings)
    wanted = _wanted_pairs(size, settings)
    best = _best_one_to_one(pairs, relaxed / initial, wanted)
    among_best = _among(agreement, best).sum(axis=1) / np.float32(max(wanted - 1, 1))
    support = np.minimum(relaxed[best] * among_best, np.float32(1.0))
    similarity = float(np.sqrt(support.sum(dtype=np.float64) / wanted))
    return Consensus(pairs[best], support, similarity, Proposals(pairs, relaxed, agreement))


def _no_consensus() -> Consensus:
    pairs, numbers = np.empty((0, 2), np.intp), np.empty(0, np.float32)
    return Consensus(pairs, numbers, 0.0, Proposals(pairs, numbers, np.empty((0, 0), np.float32)))


def descriptor_similarity(one: PreparedTemplate, other: PreparedTemplate) -> FloatArray:
    """Cosine similarity of all descriptors; (n, m) float32 in [-1, 1]."""
    products = one.descriptors @ other.descriptors.T  # integers below 2^24: exact, whatever order they are added in
    return np.asarray(products * (one.inverse_norm[:, None] * other.inverse_norm))


def descriptor_similarities(probe: PreparedTemplate, references: Sequence[PreparedTemplate]) -> list[FloatArray]:
    """The same of a probe and each of many references of its model, all of which have minutiae; in one product.

    Returns:
        For each reference the similarities of the two, that one's minutiae first which comes first in their order.
    """
    if not references:
        return []
    descriptors = np.concatenate([reference.descriptors for reference in references])
    inverse_norm = np.concatenate([reference.inverse_norm for reference in references])
    cosine = descriptors @ probe.descriptors.T
    cosine *= inverse_norm[:, None] * probe.inverse_norm
    parts, end = [], 0
    for reference in references:
        start, end = end, end + len(reference)
        part = cosine[start:end]
        parts.append(np.ascontiguousarray(part.T) if probe.order <= reference.order else part)
    return parts


def _candidates(similarity: FloatArray, settings: ConsensusSettings) -> tuple[IndexArray, FloatArray]:
    """Pairs that a minutia of either print ranks among its best, and their positive similarities; (k, 2) and (k,)."""
    proposed = similarity >= _kth_largest(similarity, 1, settings.proposals)
    proposed |= similarity >= _kth_largest(similarity, 0, settings.proposals)
    proposed &= similarity > 0
    chosen = np.flatnonzero(proposed)
    values = similarity.ravel()[chosen]
    if len(chosen) > settings.max_candidates:
        best = np.argsort(-values, kind="stable")[: settings.max_candidates]
        chosen, values = chosen[best], values[best]
    pairs = np.empty((len(chosen), 2), np.intp)
    np.divmod(chosen, similarity.shape[1], out=(pairs[:, 0], pairs[:, 1]))
    return pairs, values


def _kth_largest(similarity: FloatArray, axis: int, k: int) -> FloatArray:
    """Along an axis, which is kept with length 1."""
    index = max(similarity.shape[axis] - k, 0)
    ordered = np.partition(similarity, index, axis)
    return ordered[index : index + 1] if axis == 0 else ordered[:, index : index + 1]


def _agreement(
    one: PreparedTemplate, other: PreparedTemplate, pairs: IndexArray, settings: ConsensusSettings
) -> FloatArray:
    """How far both prints agree about where pair j lies seen from pair i; (k, k) float32 in [0, 1].

    The product of three sigmoids, of the mismatch of distances, of direction differences and of radial angles (rho in
    MCC). Pairs that share a minutia contradict each other: 0.
    """
    i, j = pairs[:, 0], pairs[:, 1]
    distance, other_distance = _among(one.distance_px, i), _among(other.distance_px, j)
    different = (distance > 0) & (other_distance > 0)
    turn = one.direction_turns[i] - other.direction_turns[j]
    excess = np.empty((3, *distance.shape), np.float32)  # of the mismatches beyond what is tolerated, px, rad and rad
    turns = excess[1:]
    np.subtract(turn[:, None], turn, out=turns[0])
    np.subtract(_among(one.radial_turns, i), _among(other.radial_turns, j), out=turns[1])
    turns -= np.rint(turns)
    np.abs(turns, out=turns)
    turns *= TURN_RAD
    turns -= np.float32(settings.angle_rad)
    turns *= np.float32(settings.angle_steepness)
    tolerance = distance + other_distance
    tolerance *= np.float32(settings.distance_growth / 2)
    tolerance += np.float32(settings.distance_px)
    np.abs(np.subtract(distance, other_distance, out=distance), out=distance)
    np.subtract(distance, tolerance, out=excess[0])
    excess[0] *= np.float32(settings.distance_steepness)
    denominator, *others = _inverse_sigmoid(excess)
    for factor in others:
        denominator *= factor
    return np.asarray(different / denominator)


def _among(table: FloatArray, chosen: IndexArray) -> FloatArray:
    """Entries of an (n, n) table between the chosen; (k, k)."""
    return table.take(chosen, axis=1).take(chosen, axis=0)  # k is greater than n: columns first is half the work


def _inverse_sigmoid(exponent: FloatArray) -> FloatArray:
    """1 + exp(exponent), one over MCC's Z: from 1 upwards as the mismatch grows. Overwrites `exponent`, (..., k, k)."""
    furthest = np.full(exponent.shape[-2:], NO_AGREEMENT, np.float32)  # NumPy is three times as fast as with a scalar
    np.minimum(exponent, furthest, out=exponent)
    np.exp(exponent, out=exponent)
    exponent += np.float32(1)
    return exponent


def _relaxed(initial: FloatArray, weight: FloatArray, settings: ConsensusSettings) -> FloatArray:
    """Similarities after the pairs have supported each other; (k,)."""
    relaxed = initial
    for _ in range(settings.rounds):
        relaxed = settings.memory * relaxed + (1 - settings.memory) * (weight @ relaxed)
    return relaxed


def _wanted_pairs(size: int, settings: ConsensusSettings) -> int:
    """Pairs that the similarity is a mean of, by the size of the smaller print (MCC, section 4: n_P)."""
    share = 1 / (1 + np.exp(-settings.pairs_steepness * (size - settings.middle_minutiae)))
    return settings.min_pairs + round(float(share) * (settings.max_pairs - settings.min_pairs))


def _best_one_to_one(pairs: IndexArray, merit: FloatArray, wanted: int) -> IndexArray:
    """The first `wanted` pairs by merit that share no minutia; at most as many steps as are skipped or taken."""
    taken: list[int] = []
    used_one: set[int] = set()
    used_other: set[int] = set()
    order = np.argsort(-merit, kind="stable")
    for index, (i, j) in zip(order.tolist(), pairs[order].tolist(), strict=True):
        if i not in used_one and j not in used_other:
            taken.append(index)
            used_one.add(i)
            used_other.add(j)
            if len(taken) == wanted:
                break
    return np.array(taken, np.intp)
