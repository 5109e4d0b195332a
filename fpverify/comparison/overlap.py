"""The second opinion: once consensus has aligned two prints, how much of what their common area holds has a partner.

Consensus asks for a dozen pairs that agree. Two different fingers of one pattern sometimes offer them; but laid on each
other they leave most minutiae of the common area alone, or beside one with another neighbourhood.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fpverify.comparison.consensus import SETTINGS as CONSENSUS_SETTINGS
from fpverify.comparison.consensus import (
    Consensus,
    IndexArray,
    Proposals,
    consensus_in_order,
    descriptor_similarities,
)
from fpverify.comparison.prepared import PreparedTemplate, prepare_template, require_comparable
from fpverify.vocabulary import BoolArray, FloatArray, Scores, Template

Points = NDArray[np.complex128]  # x + iy, so that a rotation is a product
FAR = 12.0  # cost at which a pair is no partner: 6e-6 of its strength is left
AT_ONCE = 32  # references whose descriptors are multiplied together: 0.5 MB
Group = tuple[IndexArray, FloatArray]  # pairs (k, 2) and their weights (k,)


@dataclass(frozen=True, slots=True)
class OverlapSettings:
    """Constants of the alignment, at 250 ppi."""

    least_pairs: int = 3  # of the consensus, to align by: two always fit
    distance_px: float = 5.0  # displacement that costs 1/e at the middle of the alignment: a ridge period
    distance_growth: float = 0.05  # px more for each px from the middle: skin stretches and twists by some 5 %
    angle_rad: float = 0.5  # turn that costs 1/e: 29 degrees; the directions of detection err most in poor prints
    chance: float = 0.3  # cosine that counts for nothing: one in 23 pairs of minutiae of two synthetic fingers has more
    refits: int = 2  # alignments with all partners found so far
    least_partner: float = 0.1  # strength of a pair that a refit leans on
    alignments: int = 3  # that are tried: where few minutiae are common, consensus sometimes favours a chance group
    explained_px: float = 10.0  # a proposed pair that an alignment brings so near is no reason to try another
    least_agreement: float = 0.05  # both ways between the pair that another alignment starts from, and its company
    margin_px: float = 6.0  # by which the edges of the hull of the other print's minutiae are moved out
    prior_minutiae: float = 4.0  # in the common area beyond those found: a few partners there prove little
    most_minutiae: float = 80.0  # of a template: scales the similarity to [0, 1]


SETTINGS = OverlapSettings()


@dataclass(frozen=True, slots=True)
class Alignment:
    """A rotation and shift that lays one print on another: z -> (z - here) * turn + there.

    Attributes:
        turn: of length 1.
        here: the point it turns about, on the one print; px.
        there: where that point comes to lie on the other; px.
    """

    turn: complex
    here: complex
    there: complex

    @classmethod
    def fit(cls, one: Points, other: Points, weight: FloatArray) -> Alignment:
        """The weighted least squares of pairs of points (k,)."""
        share = weight / weight.sum(dtype=np.float64)
        here, there = complex(share @ one), complex(share @ other)
        product = complex(share @ ((one - here).conj() * (other - there)))
        return cls(product / abs(product) if product else 1.0 + 0j, here, there)

    def laid(self, points: Points) -> Points:
        """Points of the one print on the other."""
        return (points - self.here) * self.turn + self.there

    def lifted(self, points: Points) -> Points:
        """Points of the other print on the one."""
        return (points - self.there) / self.turn + self.here

    @property
    def inverse(self) -> Alignment:
        """Lays the other print on the one."""
        return Alignment(self.turn.conjugate(), self.there, self.here)

    @property
    def rotation_rad(self) -> float:
        """In (-pi, pi], x towards y."""
        return float(np.angle(self.turn))

    @property
    def matrix(self) -> NDArray[np.float64]:
        """(2, 3): (x, y, 1) of the one print to (x, y) on the other."""
        shift = self.there - self.here * self.turn
        cos, sin = self.turn.real, self.turn.imag
        return np.array([[cos, -sin, shift.real], [sin, cos, shift.imag]])


@dataclass(frozen=True, slots=True, eq=False)
class Overlap:
    """Two prints laid on each other, and what their common area shows.

    Attributes:
        proposed: pairs of minutiae whose descriptors were alike enough to be asked for consensus.
        agreed: pairs that consensus chose.
        alignment: lays the probe on the reference; None without a consensus to align by, and then nothing below
            was computed: the arrays are empty and the similarity is 0.
        pairs: (k, 2), indices of a probe's and a reference's minutia: the mutual partners; no minutia twice.
        strengths: (k,) float32 in (0.1, 1] of the pairs; weaker partners count, but are not listed.
        probe_common: (n,) which of the probe's minutiae lie within the reference.
        reference_common: (m,) which of the reference's lie within the probe.
        total: sum of the squared strengths of all partners, the weaker ones too.
        similarity: raw, in [0, 1].
    """

    proposed: int
    agreed: int
    alignment: Alignment | None
    pairs: IndexArray
    strengths: FloatArray
    probe_common: BoolArray
    reference_common: BoolArray
    total: float
    similarity: float

    @property
    def common(self) -> float:
        """Mean number of either print's minutiae that lie within the other."""
        return (np.count_nonzero(self.probe_common) + np.count_nonzero(self.reference_common)) / 2

    @property
    def mirrored(self) -> Overlap:
        """The same with probe and reference exchanged."""
        return Overlap(
            self.proposed,
            self.agreed,
            self.alignment and self.alignment.inverse,
            self.pairs[:, ::-1],
            self.strengths,
            self.reference_common,
            self.probe_common,
            self.total,
            self.similarity,
        )


def overlap(
    probe: Template | PreparedTemplate, reference: Template | PreparedTemplate, settings: OverlapSettings = SETTINGS
) -> Overlap:
    """One print laid on another: how they align, and which minutiae of their common area are partners.

    Exactly symmetric: exchanging the two gives `Overlap.mirrored`.

    Args:
        probe: of a `minutiae` model.
        reference: of the same model.
        settings: constants.

    Raises:
        ModelMismatch: the templates come from two models.
    """
    one, other = prepare_template(probe), prepare_template(reference)
    require_comparable(one, other)
    (pair,) = _in_order(one, [other])
    found = _overlap(*pair, settings)
    return found if one.order <= other.order else found.mirrored


def overlap_similarity(
    probe: PreparedTemplate, reference: PreparedTemplate, settings: OverlapSettings = SETTINGS
) -> float:
    """How much of the common area of two prints agrees, raw.

    The squared strengths of mutual partners are summed and divided by the root of the number of minutiae in the common
    area: as the sum of n independent opinions of which each is worth 1/sqrt(n) of the whole's deviation. A doubtful
    minutia counts there as what it is expected to show (`PreparedTemplate.expected`). Strengths
    begin where chance mostly ends, and are squared, since chance finds many weak partners and hardly a strong one. Of
    several alignments that groups of pairs propose the one with the greatest similarity counts.

    Exactly symmetric, as `consensus` is.

    Args:
        probe: of a `minutiae` model.
        reference: of the same model.
        settings: constants.

    Returns:
        In [0, 1]; 0 without a consensus to align by.
    """
    return float(overlap_similarities(probe, [reference], settings)[0])


def overlap_similarities(
    probe: PreparedTemplate, references: Sequence[PreparedTemplate], settings: OverlapSettings = SETTINGS
) -> Scores:
    """`overlap_similarity` of a probe and each of many references, (k,), at what can be shared."""
    found = (_overlap(*pair, settings) for pair in _in_order(probe, references))
    return np.array([one.similarity for one in found], np.float64)


def _in_order(
    probe: PreparedTemplate, references: Sequence[PreparedTemplate]
) -> Iterator[tuple[PreparedTemplate, PreparedTemplate, FloatArray | None]]:
    """The probe and each reference in their order, with the similarities of their descriptors; none for a few."""
    least = CONSENSUS_SETTINGS.min_minutiae
    for start in range(0, len(references), AT_ONCE):
        block = references[start : start + AT_ONCE]
        full = [one for one in block if min(len(probe), len(one)) >= least]
        cosines = iter(descriptor_similarities(probe, full) if full else ())
        for one in block:
            cosine = next(cosines) if min(len(probe), len(one)) >= least else None
            yield (probe, one, cosine) if probe.order <= one.order else (one, probe, cosine)


def _overlap(
    one: PreparedTemplate, other: PreparedTemplate, cosine: FloatArray | None, settings: OverlapSettings
) -> Overlap:
    """Of two templates in their order, with the similarities of their descriptors; without, if there are too few."""
    if cosine is None:
        return _not_aligned(0, 0)
    found = consensus_in_order(one, other, cosine)
    if len(found.pairs) < settings.least_pairs or found.similarity == 0:
        return _not_aligned(found.proposed, len(found.pairs))
    likely = _likely(cosine, settings)
    best = laid = _laid(one, other, found, (found.pairs, found.support), likely, settings=settings)
    unexplained = ~_explained(one, other, laid.alignment, found.proposals, settings)
    for _ in range(settings.alignments - 1):
        start = _next_group(found.proposals, unexplained, settings)
        if start is None:
            break
        if len(start[0]) < settings.least_pairs:
            continue
        laid = _laid(one, other, found, start, likely, settings=settings)
        best = max(best, laid, key=lambda tried: tried.similarity)
        unexplained &= ~_explained(one, other, laid.alignment, found.proposals, settings)
    return best


def _likely(cosine: FloatArray, settings: OverlapSettings) -> Group:
    """The pairs whose neighbourhoods are more alike than any two may be, from there (0) to the same (1)."""
    chosen = np.flatnonzero(cosine > np.float32(settings.chance))
    alike = (cosine.ravel()[chosen] - np.float32(settings.chance)) / np.float32(1 - settings.chance)
    pairs = np.empty((2, len(chosen)), np.intp)
    np.divmod(chosen, cosine.shape[1], out=(pairs[0], pairs[1]))
    return pairs.T, np.asarray(alike, np.float32)


def _laid(
    one: PreparedTemplate,
    other: PreparedTemplate,
    found: Consensus,
    start: Group,
    likely: Group,
    *,
    settings: OverlapSettings,
) -> Overlap:
    """The prints laid on each other by a group of pairs, then by all partners found so far."""
    pairs, strengths = start
    for _ in range(settings.refits + 1):
        alignment = Alignment.fit(one.position[pairs[:, 0]], other.position[pairs[:, 1]], strengths)
        partners, strength = _partners(one, other, alignment, likely, settings)
        strong = strength > settings.least_partner
        pairs, strengths = partners[strong], strength[strong]
        if len(pairs) < settings.least_pairs:
            break
    common = _in_common(one, other, alignment, settings)
    total = float((strength * strength).sum(dtype=np.float64))
    expected = (one.expected[common[0]].sum(dtype=np.float64) + other.expected[common[1]].sum(dtype=np.float64)) / 2
    scale = np.sqrt((expected + settings.prior_minutiae) * (settings.most_minutiae + settings.prior_minutiae))
    similarity = min(1.0, total / float(scale))
    return Overlap(found.proposed, len(found.pairs), alignment, pairs, strengths, *common, total, similarity)


def _explained(
    one: PreparedTemplate,
    other: PreparedTemplate,
    alignment: Alignment | None,
    proposals: Proposals,
    settings: OverlapSettings,
) -> BoolArray:
    """Which proposed pairs an alignment brings together; (k,)."""
    if alignment is None:
        return np.zeros(len(proposals), bool)
    index, other_index = proposals.pairs.T
    apart = np.abs(alignment.laid(one.position[index]) - other.position[other_index])
    return np.asarray(apart < settings.explained_px)


def _next_group(proposals: Proposals, unexplained: BoolArray, settings: OverlapSettings) -> Group | None:
    """The best supported pair that no alignment explains, and all that agree with it; it is not taken twice."""
    if not unexplained.any():
        return None
    first = int(np.argmax(np.where(unexplained, proposals.relaxed, -np.inf)))
    unexplained[first] = False
    both_ways = proposals.agreement[first] * proposals.agreement[:, first]
    both_ways[first] = 1
    company = np.flatnonzero(both_ways > settings.least_agreement)
    return proposals.pairs[company], proposals.relaxed[company] * np.sqrt(both_ways[company])


def _not_aligned(proposed: int, agreed: int) -> Overlap:
    nothing = np.empty(0, bool)
    pairs, strengths = np.empty((0, 2), np.intp), np.empty(0, np.float32)
    return Overlap(proposed, agreed, None, pairs, strengths, nothing, nothing, 0.0, 0.0)


def _partners(
    one: PreparedTemplate, other: PreparedTemplate, alignment: Alignment, likely: Group, settings: OverlapSettings
) -> Group:
    """The likely pairs of which each is the other's best, and their strengths, float32 in (0, 1]."""
    tolerance = settings.distance_px + settings.distance_growth * np.abs(one.position - alignment.here)
    index, other_index = likely[0].T
    displacement = alignment.laid(one.position)[index] - other.position[other_index]
    cost = (displacement.real**2 + displacement.imag**2) / tolerance[index] ** 2
    near = np.flatnonzero(cost < FAR)
    index, other_index = index[near], other_index[near]
    turn = np.float32(np.angle(alignment.turn) / (2 * np.pi))
    turns = one.direction_turns[index] + turn - other.direction_turns[other_index]
    turn_rad = 2 * np.pi * (turns - np.rint(turns))
    strength = likely[1][near] * np.exp(-cost[near] - (turn_rad / settings.angle_rad) ** 2)
    mutual = strength == _best(index, strength, len(one))
    mutual &= strength == _best(other_index, strength, len(other))
    return likely[0][near[mutual]], np.asarray(strength[mutual], np.float32)


def _best(index: IndexArray, strength: Scores, minutiae: int) -> Scores:
    """Of each pair, the most strength that its minutia, of so many, has in any; (k,)."""
    most = np.zeros(minutiae)
    np.maximum.at(most, index, strength)
    return most[index]


def _in_common(
    one: PreparedTemplate, other: PreparedTemplate, alignment: Alignment, settings: OverlapSettings
) -> tuple[BoolArray, BoolArray]:
    """Which of either print's minutiae lie within the other."""
    laid, lifted = alignment.laid(one.position), alignment.lifted(other.position)
    return _inside(laid, other, settings.margin_px), _inside(lifted, one, settings.margin_px)


def _inside(points: Points, prepared: PreparedTemplate, margin_px: float) -> BoolArray:
    """Which points lie within the convex hull of a print's minutiae, every edge moved out by the margin."""
    beyond = (points[:, None] * prepared.hull_normals.conj()).real - prepared.hull_offsets_px  # (n, edges)
    return np.asarray(beyond.max(1, initial=-np.inf) <= margin_px)
