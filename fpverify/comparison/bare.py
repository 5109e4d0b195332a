"""How alike two prints are of which nothing is known but their minutiae.

They are aligned as others are, by consensus of the pairs that their neighbourhoods propose. The second opinion is
another: neighbourhoods that are told by minutiae say the same as the alignment once more, so that strong partners
prove less, and many weak ones more. A small network judges: of each pair it sees how far apart they lie and point, how
alike their neighbourhoods are, and whether those around moved alike; their sum, and how much of the common area has
a partner, makes the answer. It learnt from synthetic prints with the errors of detectors: `tools/bare_networks.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fpverify.comparison.neighbourhoods import shaped, stored
from fpverify.comparison.overlap import RIGID, Overlap, laid_on_each_other
from fpverify.comparison.prepared import PreparedTemplate
from fpverify.vocabulary import FloatArray, Scores

WEIGHTS = Path(__file__).with_name("bare.npy")  # float32, all in one row
ALIGNING = replace(
    RIGID, chance=0.0, alignments=5
)  # cosine that counts for nothing: the judge sees those of all partners

NEAR_PX = 12.0  # partners lie no farther apart, three ridges ...
TURN_RAD = 0.8  # ... and point no farther apart: 46 degrees
TOLERANCE_PX, TOLERANCE_GROWTH = 4.0, 0.04  # displacement at one deviation: at the middle, and more for each px from it
TOLERANCE_RAD = 0.35  # likewise of the directions
LEAST_COSINE = 0.3  # that a pair has to lend even where its neighbourhoods differ: a print's edge may cut one of them
LEAST_MERIT = 1e-4
COMPANY_PX = 25.0  # deviation of the distance at which pairs are company that should have moved alike
LITTLE_COMPANY = 0.3  # of merit, at which half of a movement is taken for the company's
MOST_COMPANY = 8.0

PARTNER, PRINTS = 6, 9  # numbers that the judge sees of each pair of partners, and of the two prints
SHAPES = ((PRINTS,), (PRINTS,), (PARTNER, 24), (24,), (24, 16), (16,), (16 + PRINTS, 32), (32,), (32, 1), (1,))
PARTNERS_UNIT = 8.0  # sums over partners are divided by it
STEEPNESS = 3.0  # log odds of the judge that raise the similarity by a factor e at its lower end


class Seen(NamedTuple):
    """What the judge sees of two prints laid on each other.

    Attributes:
        partners: (k, 6) float32: displacement, difference of directions, cosine, displacement against the company's,
            company, distance from the middle.
        prints: (9,) float32: sizes, partners, and how much of the common area has one.
    """

    partners: FloatArray
    prints: FloatArray


def bare_similarities(probe: PreparedTemplate, references: Sequence[PreparedTemplate]) -> Scores:
    """The similarity of a probe and each of many references, (k,) in [0, 1]; 0 without a consensus to align by.

    Exactly symmetric: of two prints always the same is laid on the other.
    """
    return np.array([_similarity(*pair) for pair in zip_laid(probe, references)], np.float64)


def zip_laid(
    probe: PreparedTemplate, references: Sequence[PreparedTemplate]
) -> list[tuple[PreparedTemplate, PreparedTemplate, Overlap]]:
    """The two prints of each comparison in their order, and the first laid on the second."""
    laid = laid_on_each_other(probe, references, ALIGNING, _similarity)
    ordered = ((probe, one) if probe.order <= one.order else (one, probe) for one in references)
    return [(*pair, found) for pair, found in zip(ordered, laid, strict=True)]


def _similarity(one: PreparedTemplate, other: PreparedTemplate, laid: Overlap) -> float:
    seen = look(one, other, laid)
    return 0.0 if seen is None else 1 / (1 + float(np.exp(-judged(seen) / STEEPNESS)))


def look(one: PreparedTemplate, other: PreparedTemplate, laid: Overlap) -> Seen | None:
    """What there is to judge of two prints in their order; None if they cannot be laid on each other."""
    if laid.alignment is None:
        return None
    middle = laid.alignment.here
    apart = laid.alignment.laid(one.position)[:, None] - other.position[None]
    turns = one.direction_turns[:, None] + np.angle(laid.alignment.turn) / (2 * np.pi) - other.direction_turns[None]
    turn_rad = 2 * np.pi * np.abs(turns - np.rint(turns))
    cosine = (one.descriptors @ other.descriptors.T) * (one.inverse_norm[:, None] * other.inverse_norm)
    merit = _merit(np.abs(apart), turn_rad, cosine, TOLERANCE_PX + TOLERANCE_GROWTH * np.abs(one.position - middle))
    mutual = (merit > LEAST_MERIT) & (merit == merit.max(1, keepdims=True)) & (merit == merit.max(0, keepdims=True))
    i, j = np.nonzero(mutual)
    moved, strength = apart[i, j], merit[i, j]
    against, company = _against_company(moved, other.position[j], strength)
    columns = (
        np.abs(moved) / (NEAR_PX / 2),
        turn_rad[i, j] / 0.3,
        cosine[i, j],
        against / TOLERANCE_PX,
        np.minimum(company, MOST_COMPANY) / (MOST_COMPANY / 2),
        np.abs(one.position[i] - middle) / 60,
    )
    partners = np.stack(columns, axis=1).astype(np.float32)
    return Seen(partners, _of_prints(sorted((len(one), len(other))), laid, len(i), float(strength.sum())))


def _merit(
    apart_px: NDArray[np.float64], turn_rad: NDArray[np.float64], cosine: FloatArray, tolerance_px: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Of all pairs, by which each minutia chooses its partner; 0 for those too far apart."""
    cost = (apart_px / tolerance_px[:, None]) ** 2 + (turn_rad / TOLERANCE_RAD) ** 2
    merit = np.exp(-cost / 2) * (LEAST_COSINE + np.maximum(cosine, 0))
    return np.where((apart_px < NEAR_PX) & (turn_rad < TURN_RAD), merit, 0.0)


def _against_company(
    moved: NDArray[np.complex128], place: NDArray[np.complex128], strength: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far each pair moved against those around it, px, and how much company that is; (k,) each."""
    weight = np.exp(-((np.abs(place[:, None] - place) / COMPANY_PX) ** 2) / 2) * strength
    np.fill_diagonal(weight, 0)
    company = weight.sum(1)
    usual = weight @ moved / np.maximum(company, 1e-3) * (company / (company + LITTLE_COMPANY))
    return np.abs(moved - usual), company


def _of_prints(sizes: Sequence[int], laid: Overlap, partners: int, strength: float) -> FloatArray:
    common = laid.common
    numbers = (
        np.log1p(common),
        partners / 10,
        partners / (common + 4),
        np.log(sizes[0]),
        np.log(sizes[1]),
        5 * laid.similarity,
        strength / np.sqrt(common + 4),
        common / sizes[0],
        laid.total / 10,
    )
    return np.array(numbers, np.float32)


def judged(seen: Seen) -> float:
    """Log odds (natural) that the prints are of one finger, among as many mated ones as others."""
    mean, deviation, *layers = weights()
    first, first_bias, second, second_bias, third, third_bias, last, bias = layers
    hidden = np.maximum(seen.partners @ first + first_bias, 0)
    partners = np.maximum(hidden @ second + second_bias, 0).sum(0) / np.float32(PARTNERS_UNIT)
    both = np.concatenate([partners, (seen.prints - mean) / deviation])
    return float((np.maximum(both @ third + third_bias, 0) @ last + bias)[0])


@cache
def weights() -> tuple[FloatArray, ...]:
    """Of the judge: mean and deviation of what it sees of the prints, then its layers."""
    return shaped(stored(WEIGHTS.name).astype(np.float32), SHAPES)
