"""What every minutia that two prints should share says about how they were laid on each other.

`comparison/bare` asks those alone that have a partner. Here those that have none speak too: one that lies deep within
the other print, among many that have partners, speaks against the alignment; at the edge, in a crowd of doubtful ones,
or where the other print holds nothing at all, hardly. The skin between the minutiae may bend. A judge, a small network,
hears each, adds up what they say and judges; of several alignments the likeliest counts. Of several judges the mean of
their log odds does: each errs a little otherwise.

They learnt from synthetic prints, from what two detectors found in the same pictures, ours and NIST's mindtct:
`tools/bare_witnesses.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fpverify.comparison.bending import Bend
from fpverify.comparison.neighbourhoods import shaped, stored
from fpverify.comparison.overlap import RIGID, Alignment, Overlap, laid_on_each_other
from fpverify.comparison.prepared import PreparedTemplate
from fpverify.comparison.side_by_side import Points
from fpverify.vocabulary import AlignmentKind, BoolArray, FloatArray, Scores

WEIGHTS: Mapping[AlignmentKind, Path] = {  # of the judges, by the alignment of a model's card; float32, a row for each
    "bent": Path(__file__).with_name("witnesses.npy"),
    "bounded": Path(__file__).with_name("judges.npy"),
}
ALIGNING = replace(RIGID, chance=0.0, alignments=5)  # cosine that counts for nothing, as in `comparison/bare`

NEAR_PX = 12.0  # partners lie no farther apart, three ridges ...
TURN_RAD = 0.8  # ... and point no farther apart: 46 degrees
TOLERANCE_PX, TOLERANCE_GROWTH = 4.0, 0.04  # displacement at one deviation: at the middle, and more for each px from it
TOLERANCE_RAD = 0.35  # likewise of the directions
LEAST_COSINE = 0.3  # that a pair has to lend even where its neighbourhoods differ: a print's edge may cut one of them
LEAST_MERIT = 1e-4
BENT_FROM = 4  # partners: fewer cannot tell bending from chance
COMPANY_PX = 20.0  # deviation of the distance at which minutiae are company: they move alike, and show how ridges run
LITTLE_COMPANY = 0.3  # of merit, at which half of a movement is taken for the company's
MOST_COMPANY = 8.0
MARGIN_PX = 6.0  # beyond the other print's hull, to which a minutia is still asked
SURE_UNIT = 16.0  # witnesses whose sum counts as one

WITNESS, PRINTS = 18, 14  # numbers that are heard of each minutia, and of the two prints
Shapes = tuple[tuple[int, ...], ...]


def _shapes(first: int, second: int, third: int) -> Shapes:
    """Of a judge's weights: two layers hear each witness, the third all of them and what is heard of the prints."""
    return (
        *((PRINTS,), (PRINTS,)),
        *((WITNESS, first), (first,), (first, second), (second,)),
        *((2 * second + PRINTS, third), (third,), (third, 1), (1,)),
    )


SHAPES: Mapping[AlignmentKind, Shapes] = {"bent": _shapes(32, 24, 40), "bounded": _shapes(64, 40, 64)}

STEEPNESS = 4.0  # log odds of the judge that raise the similarity by a factor e at its lower end


Judge = tuple[FloatArray, ...]  # mean and deviation of what it hears of the prints, then its layers


class Heard(NamedTuple):
    """What is heard about two prints laid on each other.

    Attributes:
        witnesses: (k, 18) float32, of each minutia that the other print should show.
        prints: (14,) float32: sizes, partners, how much of the common area has one, how far the skin had to bend.
    """

    witnesses: FloatArray
    prints: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class _Print:
    """One of two prints in their common frame, n minutiae.

    Attributes:
        place: (n,) px.
        direction: (n,) rad.
        quality: (n,) how likely another print shows the minutia, too.
        depth: (n,) how far within the other print, px; negative beyond it.
        company: (n, n) how near each lies to the others of its print, in [0, 1]; 0 to itself.
    """

    place: Points
    direction: NDArray[np.float64]
    quality: FloatArray
    depth: NDArray[np.float64]
    company: NDArray[np.float64]

    @property
    def asked(self) -> BoolArray:
        """Which of them the other print should show."""
        return np.asarray(self.depth > -MARGIN_PX)


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """How all pairs of minutiae of two prints fit, (n, m) each, and which of them are partners.

    Attributes:
        apart: displacement, px.
        turn_rad: difference of directions, in [0, pi].
        cosine: of what lies around them.
        merit: by which each minutia chooses its partner; 0 for those too far apart.
        i, j: (k,) the partners, each the other's best.
        bend_px: by how much bending moves the partners, the root of the mean square.
    """

    apart: Points
    turn_rad: NDArray[np.float64]
    cosine: FloatArray
    merit: NDArray[np.float64]
    i: NDArray[np.intp]
    j: NDArray[np.intp]
    bend_px: float

    @property
    def strength(self) -> NDArray[np.float64]:
        """Merit of the partners, (k,)."""
        return np.asarray(self.merit[self.i, self.j])


def witnessed_similarities(
    probe: PreparedTemplate, references: Sequence[PreparedTemplate], alignment: AlignmentKind
) -> Scores:
    """The similarity of a probe and each of many references, (k,) in [0, 1]; 0 without a consensus to align by.

    Exactly symmetric: of two prints always the same is laid on the other.

    Args:
        probe: minutiae alone.
        references: likewise.
        alignment: of the model's card, which says who judges: one if `bent`, several if `bounded`.
    """
    asked = judges(alignment)
    known = dict[int, tuple[Overlap, float]]()  # what was heard of each alignment, which lives as long

    def merit(one: PreparedTemplate, other: PreparedTemplate, laid: Overlap) -> float:
        if id(laid) not in known:
            known[id(laid)] = laid, witnessed(one, other, laid, asked)
        return known[id(laid)][1]

    laid = laid_on_each_other(probe, references, ALIGNING, merit)
    ordered = ((probe, one) if probe.order <= one.order else (one, probe) for one in references)
    return np.array([merit(*pair, found) for pair, found in zip(ordered, laid, strict=True)], np.float64)


def witnessed(one: PreparedTemplate, other: PreparedTemplate, laid: Overlap, asked: Sequence[Judge]) -> float:
    """How likely the judges find that an alignment of two prints in their order is right, in [0, 1]."""
    heard = hear(one, other, laid)
    if heard is None:
        return 0.0
    odds = sum(judged(heard, judge) for judge in asked) / len(asked)
    return 1 / (1 + float(np.exp(-odds / STEEPNESS)))


def hear(one: PreparedTemplate, other: PreparedTemplate, laid: Overlap) -> Heard | None:
    """What is heard about two prints in their order; None if they cannot be laid on each other."""
    if laid.alignment is None or not (len(one.hull_offsets_px) and len(other.hull_offsets_px)):
        return None
    first, second, pairs = _met(one, other, laid.alignment)
    told = _told(pairs, second)
    across = _near(np.abs(pairs.apart))
    middle = laid.alignment.there
    sides = (
        _witnesses(first, second, (across, pairs.merit.max(1)), (pairs.i, pairs.j, told), middle),
        _witnesses(second, first, (across.T, pairs.merit.max(0)), (pairs.j, pairs.i, told), middle),
    )
    asked = int(first.asked.sum()), int(second.asked.sum())
    return Heard(np.concatenate(sides).astype(np.float32), _of_prints((one, other), laid, pairs, asked))


def _met(one: PreparedTemplate, other: PreparedTemplate, alignment: Alignment) -> tuple[_Print, _Print, _Pairs]:
    """Both in one frame: laid on each other as they are, then bent as the partners say."""
    here, there = alignment.laid(one.position), other.position
    turned = 2 * np.pi * one.direction_turns.astype(np.float64) + alignment.rotation_rad
    pointing = 2 * np.pi * other.direction_turns.astype(np.float64)
    tolerance_px = (TOLERANCE_PX + TOLERANCE_GROWTH * np.abs(one.position - alignment.here))[:, None]
    cosine = (one.descriptors @ other.descriptors.T) * (one.inverse_norm[:, None] * other.inverse_norm)
    pairs = _pairs(here[:, None] - there, turned[:, None] - pointing, cosine, tolerance_px)
    if len(pairs.i) >= BENT_FROM:
        strength = pairs.strength.astype(np.float32)
        bend, (own,) = Bend.fit([here], [there], [(np.stack([pairs.i, pairs.j], 1), strength)])
        moved, turns = bend.moved(0, here)
        bend_px = float(np.sqrt((strength * np.abs(moved - here)[pairs.i] ** 2).sum() / strength.sum()))
        moved[pairs.i] -= own
        here, turned = moved, turned + 2 * np.pi * turns
        pairs = _pairs(here[:, None] - there, turned[:, None] - pointing, cosine, tolerance_px, bend_px)
    first = _Print(here, turned, one.expected, _depth(here, other), _company(one))
    lifted = _depth(alignment.lifted(there), one)
    return first, _Print(there, pointing, other.expected, lifted, _company(other)), pairs


def _pairs(
    apart: Points, turn: NDArray[np.float64], cosine: FloatArray, tolerance_px: NDArray[np.float64], bend_px: float = 0
) -> _Pairs:
    turn_rad = np.abs(turn - 2 * np.pi * np.rint(turn / (2 * np.pi)))
    merit = _merit(np.abs(apart), turn_rad, cosine, tolerance_px)
    best = (merit > LEAST_MERIT) & (merit == merit.max(1, keepdims=True)) & (merit == merit.max(0, keepdims=True))
    i, j = np.nonzero(best)
    return _Pairs(apart, turn_rad, cosine, merit, i, j, bend_px)


def _merit(
    apart_px: NDArray[np.float64], turn_rad: NDArray[np.float64], cosine: FloatArray, tolerance_px: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Of all pairs, by which each minutia chooses its partner; 0 for those too far apart."""
    cost = (apart_px / tolerance_px) ** 2 + (turn_rad / TOLERANCE_RAD) ** 2
    merit = np.exp(-cost / 2) * (LEAST_COSINE + np.maximum(cosine, 0))
    return np.where((apart_px < NEAR_PX) & (turn_rad < TURN_RAD), merit, 0.0)


def _depth(places: Points, print_: PreparedTemplate) -> NDArray[np.float64]:
    """How far within the hull of a print's minutiae points lie, px; negative beyond it."""
    beyond = (places[:, None] * print_.hull_normals.conj()).real - print_.hull_offsets_px
    return np.asarray(-beyond.max(1))


def _near(apart_px: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray(np.exp(apart_px**2 * (-0.5 / COMPANY_PX**2)), np.float64)


def _company(print_: PreparedTemplate) -> NDArray[np.float64]:
    company = _near(print_.distance_px)
    np.fill_diagonal(company, 0)
    return company


def _told(pairs: _Pairs, second: _Print) -> NDArray[np.float64]:
    """Of each pair of partners what both say; (7, k)."""
    i, j, strength = pairs.i, pairs.j, pairs.strength
    cosine, moved = pairs.cosine[i, j], pairs.apart[i, j]
    weight = second.company[np.ix_(j, j)] * strength
    company = weight.sum(1)
    usual = weight @ moved / np.maximum(company, 1e-3) * (company / (company + LITTLE_COMPANY))
    rivals = pairs.cosine.copy()
    rivals[i, j] = -1
    rival = np.maximum(rivals.max(1, initial=-1)[i], rivals.max(0, initial=-1)[j])
    return np.stack(
        [
            np.ones(len(i)),
            np.abs(moved) / (NEAR_PX / 2),
            pairs.turn_rad[i, j] / 0.3,
            cosine,
            cosine - rival,
            np.abs(moved - usual) / TOLERANCE_PX,
            np.minimum(company, MOST_COMPANY) / (MOST_COMPANY / 2),
        ]
    )


def _witnesses(
    mine: _Print,
    theirs: _Print,
    across: tuple[NDArray[np.float64], NDArray[np.float64]],
    partners: tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]],
    middle: complex,
) -> NDArray[np.float64]:
    """What the minutiae of one print say that the other should show; (asked, 18).

    Args:
        mine: the print.
        theirs: the other.
        across: how near its minutiae lie to the other's, (n, m), and the best merit of each, (n,).
        partners: its minutiae that have one, these, and what both say.
        middle: of the alignment, px.
    """
    near, merit = across
    index, other_index, told = partners
    partnered, beside = np.zeros((len(told), len(mine.place))), np.zeros(len(mine.place))
    partnered[:, index], beside[index] = told, theirs.quality[other_index]
    crowd, other_crowd = mine.company.sum(1), near.sum(1)
    back = np.exp(-2j * mine.direction)
    run = (near @ np.exp(2j * theirs.direction)) * back / (other_crowd + LITTLE_COMPANY)
    own_run = (mine.company @ back.conj()) * back / (crowd + LITTLE_COMPANY)
    columns = (
        *partnered,
        merit,
        crowd / 4,
        other_crowd / 4,
        np.clip(mine.depth / 20, -0.5, 3),
        run.real,
        np.abs(run),
        own_run.real,
        mine.company @ partnered[0] / (crowd + LITTLE_COMPANY),
        np.abs(mine.place - middle) / 60,
        mine.quality,
        beside,
    )
    return np.stack(columns, axis=1)[mine.asked]


def _of_prints(
    both: tuple[PreparedTemplate, PreparedTemplate], laid: Overlap, pairs: _Pairs, asked: tuple[int, int]
) -> FloatArray:
    sizes, common = sorted(map(len, both)), (asked[0] + asked[1]) / 2
    strength, partners = float(pairs.strength.sum()), len(pairs.i)
    numbers = (
        np.log1p(common),
        partners / 10,
        partners / (common + 4),
        np.log(sizes[0]),
        np.log(sizes[1]),
        5 * laid.similarity,
        strength / np.sqrt(common + 4),
        strength / (common + 4),
        common / sizes[0],
        laid.total / 10,
        pairs.bend_px / 3,
        min(asked) / max(*asked, 1),
        laid.agreed / 10,
        np.log1p(laid.proposed) / 4,
    )
    return np.array(numbers, np.float32)


def judged(heard: Heard, judge: Judge) -> float:
    """Log odds (natural) that the alignment is right, as one judge finds."""
    mean, deviation, *layers = judge
    first, first_bias, second, second_bias, third, third_bias, last, bias = layers
    hidden = np.maximum(heard.witnesses @ first + first_bias, 0)
    summed = np.maximum(hidden @ second + second_bias, 0).sum(0)
    usual = summed / np.float32(len(heard.witnesses) + 4)
    both = np.concatenate([summed / np.float32(SURE_UNIT), usual, (heard.prints - mean) / deviation])
    return float((np.maximum(both @ third + third_bias, 0) @ last + bias)[0])


@cache
def judges(alignment: AlignmentKind) -> tuple[Judge, ...]:
    """Those who judge for a model whose card has this alignment."""
    rows = np.atleast_2d(stored(WEIGHTS[alignment].name).astype(np.float32))
    return tuple(shaped(row, SHAPES[alignment]) for row in rows)
