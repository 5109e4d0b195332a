"""The second opinion: once consensus has aligned two prints, how much of what their common area holds has a partner.

Consensus asks for a dozen pairs that agree. Two different fingers of one pattern sometimes offer them; but laid on each
other they leave most minutiae of the common area alone, or beside one with another neighbourhood.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fpverify.comparison.bending import Bend
from fpverify.comparison.consensus import SETTINGS as CONSENSUS_SETTINGS
from fpverify.comparison.consensus import (
    IndexArray,
    Proposals,
    consensus_in_order,
    descriptor_similarities,
)
from fpverify.comparison.prepared import PreparedTemplate, prepare_template, require_comparable
from fpverify.comparison.side_by_side import Group, Pair, Points, Together, joined, spread
from fpverify.vocabulary import AlignmentKind, BoolArray, FloatArray, Scores, Template

FAR = 12.0  # cost at which a pair is no partner: 6e-6 of its strength is left
AT_ONCE = 32  # references that a probe is compared with together: 2 MB, two thirds of it who agrees with whom


@dataclass(frozen=True, slots=True)
class OverlapSettings:
    """Constants of the alignment, at 250 ppi."""

    least_pairs: int = 3  # of the consensus, to align by: two always fit
    distance_px: float = 5.0  # displacement that costs 1/e at the middle of the alignment: a ridge period
    distance_growth: float = 0.05  # px more for each px from the middle: skin stretches and twists by some 5 %
    angle_rad: float = 0.5  # turn that costs 1/e: 29 degrees; the directions of detection err most in poor prints
    chance: float = 0.3  # cosine that counts for nothing: one in 23 pairs of minutiae of two synthetic fingers has more
    refits: int = 2  # alignments with all partners found so far
    bends: int = 0  # rounds in which the skin is bent after that
    bent_from: float = 0.5  # total of the partners found till then: one in twenty pairs of two fingers has more
    least_partner: float = 0.1  # strength of a pair that a refit leans on
    alignments: int = 3  # that are tried: where few minutiae are common, consensus sometimes favours a chance group
    explained_px: float = 10.0  # a proposed pair that an alignment brings so near is no reason to try another
    least_agreement: float = 0.05  # both ways between the pair that another alignment starts from, and its company
    margin_px: float = 6.0  # by which the edges of the hull of the other print's minutiae are moved out
    prior_minutiae: float = 4.0  # in the common area beyond those found: a few partners there prove little
    most_minutiae: float = 80.0  # of a template: scales the similarity to [0, 1]
    most_worth: float = 1.0  # of a pair's squared strength what counts at most
    beyond_root: float = 0.0  # added to the power 1/2 of the minutiae in common that the total is divided by


# From a strength of 0.55 on all partners are worth the same: who makes up a picture finds a few that are strong sooner
# than many. Opinions of neighbours are not independent: prints are told apart better with the power 0.6 than with 1/2.
SETTINGS: dict[AlignmentKind, OverlapSettings] = {
    "rigid": OverlapSettings(),
    "bent": OverlapSettings(bends=2),
    "bounded": OverlapSettings(bends=2, most_worth=0.3, beyond_root=0.1),
}
RIGID = SETTINGS["rigid"]


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
        total: what all partners are worth, the weaker ones too: their squared strengths, as far as these count.
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


Merit = Callable[[PreparedTemplate, PreparedTemplate, Overlap], float]  # of two prints in their order, laid on another


@dataclass(frozen=True, slots=True, eq=False)
class Lying:
    """Where the one prints' minutiae of some pairs come to lie on the others, n in all.

    Attributes:
        position: (n,) px.
        turned: (n,) float32, turns by which their directions are turned.
        away_px: (n,) from the middle of the alignment.
    """

    position: Points
    turned: FloatArray
    away_px: Scores

    @classmethod
    def rigid(cls, together: Together, alignments: Sequence[Alignment]) -> Lying:
        """As the alignments say."""
        one = together.one
        here, turn, there = _numbers(alignments)
        away = one.position - spread(here, one.of)
        turned = np.broadcast_to(spread(np.asarray(np.angle(turn) / (2 * np.pi), np.float32), one.of), one.turns.shape)
        return cls(away * spread(turn, one.of) + spread(there, one.of), turned, np.abs(away))

    def bent(self, together: Together, groups: Sequence[Group]) -> Lying:
        """With the skin between them as the partners say."""
        laid = list(self.by_pair(together))
        bend, own = Bend.fit(laid, [pair.other.position for pair in together.pairs], groups)
        position, turned = self.position.copy(), self.turned.copy()
        for number, first in enumerate(together.one.first.tolist()):
            here = slice(first, first + len(laid[number]))
            position[here], turns = bend.moved(number, laid[number])
            position[first + groups[number][0][:, 0]] -= own[number]
            turned[here] += turns.astype(np.float32)
        return Lying(position, turned, self.away_px)

    def by_pair(self, together: Together) -> Iterator[Points]:
        """The positions of each pair."""
        for pair, first in zip(together.pairs, together.one.first.tolist(), strict=True):
            yield self.position[first : first + len(pair.one)]


def overlap(
    probe: Template | PreparedTemplate, reference: Template | PreparedTemplate, settings: OverlapSettings = RIGID
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
    (found,) = laid_on_each_other(one, [other], settings)
    return found if one.order <= other.order else found.mirrored


def overlap_similarity(
    probe: PreparedTemplate, reference: PreparedTemplate, settings: OverlapSettings = RIGID
) -> float:
    """How much of the common area of two prints agrees, raw.

    The squared strengths of mutual partners are summed and divided by the root of the number of minutiae in the common
    area: as the sum of n independent opinions of which each is worth 1/sqrt(n) of the whole's deviation. A doubtful
    minutia counts there as what it is expected to show (`PreparedTemplate.expected`). Strengths
    begin where chance mostly ends, and are squared, since chance finds many weak partners and hardly a strong one; if
    the model says `bounded`, beyond a strength no more counts, so that no few partners are worth what many are.
    Of several alignments that groups of pairs propose the one with the greatest similarity counts.

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
    probe: PreparedTemplate, references: Sequence[PreparedTemplate], settings: OverlapSettings = RIGID
) -> Scores:
    """`overlap_similarity` of a probe and each of many references, (k,), at what can be shared."""
    blocks = (references[start : start + AT_ONCE] for start in range(0, len(references), AT_ONCE))
    found = (one.similarity for block in blocks for one in laid_on_each_other(probe, block, settings))
    return np.fromiter(found, np.float64, len(references))


def laid_on_each_other(
    probe: PreparedTemplate,
    references: Sequence[PreparedTemplate],
    settings: OverlapSettings,
    merit: Merit | None = None,
) -> list[Overlap]:
    """The probe laid on each reference, or it on the probe: of two templates the first in their order on the second.

    What is done with few numbers is done for all references at once: NumPy's calls would take longer than the work.

    Args:
        probe: of a `minutiae` or `bare` model.
        references: of the same model.
        settings: constants.
        merit: of the alignments that are tried, the one that has most of it counts; None is the similarity.
    """
    least, results, pairs = CONSENSUS_SETTINGS.min_minutiae, [_not_aligned(0, 0)] * len(references), dict[int, Pair]()
    full = [number for number, one in enumerate(references) if min(len(probe), len(one)) >= least]
    for number, cosine in zip(full, descriptor_similarities(probe, [references[one] for one in full]), strict=True):
        one, other = probe, references[number]
        if one.order > other.order:
            one, other = other, one
        found = consensus_in_order(one, other, cosine)
        if len(found.pairs) < settings.least_pairs or found.similarity == 0:
            results[number] = _not_aligned(found.proposed, len(found.pairs))
        else:
            pairs[number] = Pair(one, other, found, _likely(cosine, settings))
    if pairs:
        for number, best in zip(pairs, _best_laid(list(pairs.values()), settings, merit), strict=True):
            results[number] = best
    return results


def _best_laid(pairs: Sequence[Pair], settings: OverlapSettings, merit: Merit | None) -> list[Overlap]:
    """Of each pair the best of several alignments."""
    chosen_by = merit or (lambda _one, _other, laid: laid.similarity)
    together = Together.of_pairs(pairs)
    best = _laid(together, [(pair.found.pairs, pair.found.support) for pair in pairs], settings)
    unexplained = [~_explained(*each, settings) for each in zip(pairs, best, strict=True)]
    for _ in range(settings.alignments - 1):
        starts = dict[int, Group]()
        for number, pair in enumerate(pairs):
            start = _next_group(pair.found.proposals, unexplained[number], settings)
            if start is not None and len(start[0]) >= settings.least_pairs:
                starts[number] = start
        laid = _laid(together.only(list(starts)), list(starts.values()), settings) if starts else ()
        for number, tried in zip(starts, laid, strict=True):
            one, other = pairs[number].one, pairs[number].other
            best[number] = max(best[number], tried, key=lambda laid: chosen_by(one, other, laid))
            unexplained[number] &= ~_explained(pairs[number], tried, settings)
    return best


def _likely(cosine: FloatArray, settings: OverlapSettings) -> Group:
    """The pairs whose neighbourhoods are more alike than any two may be, from there (0) to the same (1)."""
    chosen = np.flatnonzero(cosine > np.float32(settings.chance))
    alike = (cosine.ravel()[chosen] - np.float32(settings.chance)) / np.float32(1 - settings.chance)
    pairs = np.empty((2, len(chosen)), np.intp)
    np.divmod(chosen, cosine.shape[1], out=(pairs[0], pairs[1]))
    return pairs.T, np.asarray(alike, np.float32)


def _laid(together: Together, starts: Sequence[Group], settings: OverlapSettings) -> list[Overlap]:
    """The prints of each pair laid on each other by a group of pairs, then by all partners found so far."""
    pairs, groups, laying = together.pairs, list(starts), list(range(len(starts)))
    alignments, squares, totals = [Alignment(1, 0, 0)] * len(pairs), [0.0] * len(pairs), [0.0] * len(pairs)
    positions: list[Points] = [pair.one.position for pair in pairs]
    for step in range(settings.refits + 1 + settings.bends):
        for number in laying:
            (index, other_index), strengths = groups[number][0].T, groups[number][1]
            one, other = pairs[number].one, pairs[number].other
            alignments[number] = Alignment.fit(one.position[index], other.position[other_index], strengths)
        those = together.only(laying)
        lying = Lying.rigid(those, [alignments[number] for number in laying])
        if step > settings.refits:
            lying = lying.bent(those, [groups[number] for number in laying])
        found = _partners(those, lying, settings)
        for number, (partners, strength), where in zip(laying, found, lying.by_pair(those), strict=True):
            strong = strength > settings.least_partner
            groups[number] = partners[strong], strength[strong]
            squared = strength * strength
            squares[number] = float(squared.sum(dtype=np.float64))
            totals[number] = float(np.minimum(squared, np.float32(settings.most_worth)).sum(dtype=np.float64))
            positions[number] = where
        laying = [number for number in laying if len(groups[number][0]) >= settings.least_pairs]
        if step == settings.refits:
            laying = [number for number in laying if squares[number] >= settings.bent_from]
        if not laying:
            break
    common = _in_common(together, alignments, positions, settings)
    return [_shown(*each, settings=settings) for each in zip(pairs, alignments, groups, common, totals, strict=True)]


def _shown(
    pair: Pair,
    alignment: Alignment,
    partners: Group,
    common: tuple[BoolArray, BoolArray],
    total: float,
    *,
    settings: OverlapSettings,
) -> Overlap:
    """What two prints that are laid on each other show."""
    one, other = pair.one.expected[common[0]], pair.other.expected[common[1]]
    expected = (one.sum(dtype=np.float64) + other.sum(dtype=np.float64)) / 2
    here, most = expected + settings.prior_minutiae, settings.most_minutiae + settings.prior_minutiae
    scale = np.sqrt(here * most) * (here / most) ** settings.beyond_root
    similarity = min(1.0, total / float(scale))
    return Overlap(pair.found.proposed, len(pair.found.pairs), alignment, *partners, *common, total, similarity)


def _explained(pair: Pair, laid: Overlap, settings: OverlapSettings) -> BoolArray:
    """Which proposed pairs an alignment brings together; (k,)."""
    assert laid.alignment is not None  # noqa: S101 - it was laid
    index, other_index = pair.found.proposals.pairs.T
    apart = np.abs(laid.alignment.laid(pair.one.position[index]) - pair.other.position[other_index])
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


def _partners(together: Together, lying: Lying, settings: OverlapSettings) -> Iterator[Group]:
    """Of each pair the likely pairs of minutiae of which each is the other's best, and their strengths in (0, 1]."""
    one, other = together.one, together.other
    tolerance = settings.distance_px + settings.distance_growth * lying.away_px
    index, other_index = together.place
    displacement = lying.position[index] - other.position[other_index]
    cost = (displacement.real**2 + displacement.imag**2) / tolerance[index] ** 2
    near = np.flatnonzero(cost < FAR)
    index, other_index, of = index[near], other_index[near], together.of[near]
    turns = one.turns[index] + lying.turned[index] - other.turns[other_index]
    turn_rad = 2 * np.pi * (turns - np.rint(turns))
    strength = together.alike[near] * np.exp(-cost[near] - (turn_rad / settings.angle_rad) ** 2)
    mutual = strength == _best(index, strength, len(one.position))
    mutual &= strength == _best(other_index, strength, len(other.position))
    partners, strengths = together.likely[near[mutual]], np.asarray(strength[mutual], np.float32)
    count = len(together.pairs)
    ends = np.searchsorted(of[mutual], range(count - 1), side="right").tolist() if count > 1 else []
    for start, end in pairwise([0, *ends, len(partners)]):
        yield partners[start:end], strengths[start:end]


def _numbers(alignments: Sequence[Alignment]) -> tuple[Points, Points, Points]:
    """Where each turns about, how far, and where that comes to lie; (p,) each."""
    here, turn, there = np.array([(one.here, one.turn, one.there) for one in alignments], np.complex128).T
    return here, turn, there


def _best(index: IndexArray, strength: Scores, minutiae: int) -> Scores:
    """Of each pair, the most strength that its minutia, of so many, has in any; (k,)."""
    most = np.zeros(minutiae)
    np.maximum.at(most, index, strength)
    return most[index]


def _in_common(
    together: Together, alignments: Sequence[Alignment], positions: Sequence[Points], settings: OverlapSettings
) -> Iterator[tuple[BoolArray, BoolArray]]:
    """Of each pair, which of either print's minutiae lie within the other."""
    one, other = together.one, together.other
    here, turn, there = _numbers(alignments)
    lifted = (other.position - spread(there, other.of)) / spread(turn, other.of) + spread(here, other.of)
    within = _inside(joined(positions), one.of, other.prints, settings.margin_px)
    other_within = _inside(lifted, other.of, one.prints, settings.margin_px)
    for pair, start, other_start in zip(together.pairs, one.first.tolist(), other.first.tolist(), strict=True):
        yield within[start : start + len(pair.one)], other_within[other_start : other_start + len(pair.other)]


def _inside(points: Points, of: IndexArray, prints: Sequence[PreparedTemplate], margin_px: float) -> BoolArray:
    """Which points lie within the convex hull of the minutiae of their print, every edge moved out by the margin.

    Args:
        points: (n,) px.
        of: (n,) place of each point's print.
        prints: with the edges of their hulls.
        margin_px: by which every edge is moved out.
    """
    normals, offsets_px = _hulls(prints)
    beyond = (points[:, None] * spread(normals, of)).real - spread(offsets_px, of)  # (n, edges)
    return np.asarray(beyond.max(1, initial=-np.inf) <= margin_px)


def _hulls(prints: Sequence[PreparedTemplate]) -> tuple[Points, Scores]:
    """Of each print the normals, conjugate, and offsets of its hull's edges, (p, e); no point is beyond one more."""
    if len(prints) == 1:
        return prints[0].hull_normals.conj()[None], prints[0].hull_offsets_px[None]
    edges = max(len(one.hull_normals) for one in prints)
    normals, offsets_px = np.zeros((len(prints), edges), np.complex128), np.full((len(prints), edges), np.inf)
    for number, one in enumerate(prints):
        normals[number, : len(one.hull_normals)] = one.hull_normals.conj()
        offsets_px[number, : len(one.hull_normals)] = one.hull_offsets_px
    return normals, offsets_px
