"""Minutia pairs and their consensus."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_prints import WIDTH, finger, impression, moved_by, on_grid, template

from fpverify.comparison import ConsensusSettings, consensus, similarity
from fpverify.vocabulary import Template

SEEDS = st.integers(0, 10**6)
SIZES = st.integers(0, 60)


@st.composite
def awkward_prints(draw_from: st.DrawFn) -> Template:
    """Prints full of ties: few places, few directions, few descriptors, some of them zero."""
    rng = np.random.default_rng(draw_from(SEEDS))
    count = draw_from(st.integers(0, 20))
    x, y = rng.integers(0, draw_from(st.sampled_from([1, 3, 190])), (2, count))
    few = on_grid(rng.normal(size=(draw_from(st.integers(1, 4)), WIDTH)))
    few[0] *= draw_from(st.sampled_from([0, 1]))
    return template(x, y, rng.integers(-2, 3, count) * np.pi / 2, few[rng.integers(0, len(few), count)])


# --- a slow and obvious second implementation ------------------------------------------------------------------------


def slow_similarity(one: Template, other: Template, constants: ConsensusSettings) -> float:
    n, m = len(one.minutiae), len(other.minutiae)
    if min(n, m) < constants.min_minutiae:
        return 0.0
    cosine = [[slow_cosine(a, b) for b in other.descriptors] for a in one.descriptors]
    pairs = slow_candidates(cosine, constants)
    if not pairs:
        return 0.0
    initial = [cosine[i][j] for i, j in pairs]
    agreement = [[slow_agreement(one, other, p, q, constants) for q in pairs] for p in pairs]
    company = max(min(n, m) - 1, constants.least_company)
    relaxed = initial
    for _ in range(constants.rounds):
        support = [sum(a * r for a, r in zip(row, relaxed, strict=True)) / company for row in agreement]
        own = constants.memory
        relaxed = [own * r + (1 - own) * s for r, s in zip(relaxed, support, strict=True)]
    share = 1 / (1 + math.exp(-constants.pairs_steepness * (min(n, m) - constants.middle_minutiae)))
    wanted = constants.min_pairs + round(share * (constants.max_pairs - constants.min_pairs))
    best: list[int] = []
    for k in sorted(range(len(pairs)), key=lambda k: -relaxed[k] / initial[k]):
        if all(pairs[k][0] != pairs[b][0] and pairs[k][1] != pairs[b][1] for b in best) and len(best) < wanted:
            best.append(k)
    support = [min(1, relaxed[k] * sum(agreement[k][b] for b in best) / (wanted - 1)) for k in best]
    return math.sqrt(sum(support) / wanted)


def slow_cosine(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a.astype(float), b.astype(float)
    length = math.sqrt(a @ a) * math.sqrt(b @ b)
    return float(a @ b) / length if length else 0.0


def slow_candidates(cosine: list[list[float]], constants: ConsensusSettings) -> list[tuple[int, int]]:
    columns = [list(column) for column in zip(*cosine, strict=True)]
    found = []
    for i, row in enumerate(cosine):
        for j, value in enumerate(row):
            rank = min(sum(v > value for v in row), sum(v > value for v in columns[j]))
            if value > 0 and rank < constants.proposals:
                found.append((i, j))
    return sorted(found, key=lambda p: -cosine[p[0]][p[1]])[: constants.max_candidates]


def slow_agreement(one: Template, other: Template, p: tuple, q: tuple, constants: ConsensusSettings) -> float:
    if p[0] == q[0] or p[1] == q[1]:
        return 0.0
    (d, turn, radial), (other_d, other_turn, other_radial) = (
        seen(print_, p[side], q[side]) for side, print_ in enumerate((one, other))
    )
    tolerance = constants.distance_px + constants.distance_growth * (d + other_d) / 2
    return (
        falling(abs(d - other_d) - tolerance, constants.distance_steepness)
        * falling(wrapped(turn - other_turn) - constants.angle_rad, constants.angle_steepness)
        * falling(wrapped(radial - other_radial) - constants.angle_rad, constants.angle_steepness)
    )


def seen(print_: Template, a: int, b: int) -> tuple[float, float, float]:
    """Distance, direction difference and radial angle of minutia b from a."""
    m = print_.minutiae
    x, y = float(m.x_px[b] - m.x_px[a]), float(m.y_px[b] - m.y_px[a])
    angle = float(m.angle_rad[a])
    return math.hypot(x, y), angle - float(m.angle_rad[b]), angle - math.atan2(y, x)


def falling(excess: float, steepness: float) -> float:
    return 1 / (1 + math.exp(min(12.0, steepness * excess)))


def wrapped(angle: float) -> float:
    return abs(math.remainder(angle, 2 * math.pi))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("mated", [True, False])
def test_it_agrees_with_a_slow_and_obvious_implementation(seed: int, mated: bool) -> None:
    one = finger(seed, minutiae=16 + 8 * seed)
    other = impression(one, seed) if mated else finger(seed + 100, minutiae=25)
    slow = slow_similarity(one, other, ConsensusSettings())
    assert consensus(one, other).similarity == pytest.approx(slow, rel=1e-3, abs=1e-6)


# --- rules ---------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(SEEDS, SIZES, SIZES)
def test_it_is_exactly_symmetric(seed: int, size: int, other_size: int) -> None:
    one, other = finger(seed, size), finger(seed + 1, other_size)
    assert similarity(one, other) == similarity(other, one)
    print_ = impression(one, seed)
    forth, back = consensus(one, print_), consensus(print_, one)
    assert forth.similarity == back.similarity
    assert np.array_equal(forth.pairs, back.pairs[:, ::-1])
    assert np.array_equal(forth.support, back.support)


@settings(max_examples=150, deadline=None)
@given(awkward_prints(), awkward_prints())
def test_ties_change_nothing(one: Template, other: Template) -> None:
    found = consensus(one, other)
    assert 0 <= found.similarity <= 1
    assert found.similarity == consensus(other, one).similarity
    assert similarity(other, one) == similarity(one, other)
    assert len(set(found.pairs[:, 0].tolist())) == len(set(found.pairs[:, 1].tolist())) == len(found.pairs)
    assert np.isfinite(found.support).all()


@pytest.mark.parametrize("seed", range(5))
def test_a_turned_and_shifted_print_is_as_similar_as_before(seed: int) -> None:
    one = finger(seed)
    other = impression(one, seed)
    moved = moved_by(other, 0.3 + seed, 1000.0, -500.0)
    assert similarity(one, moved) == pytest.approx(similarity(one, other), abs=2e-3)


def test_mated_prints_are_more_similar_than_non_mated_ones() -> None:
    fingers = [finger(seed) for seed in range(25)]
    mated = [similarity(one, impression(one, seed)) for seed, one in enumerate(fingers)]
    non_mated = [similarity(one, other) for i, one in enumerate(fingers) for other in fingers[:i]]
    assert min(mated) > 2 * max(non_mated)


def test_descriptors_alone_do_not_make_prints_alike() -> None:
    one = finger(1)
    scattered = template(*np.random.default_rng(2).uniform(0, 3, (3, len(one.minutiae))) * 60, one.descriptors)
    assert similarity(one, scattered) < 0.3 * similarity(one, impression(one, 1))


def test_places_alone_do_not_make_prints_alike() -> None:
    one, other = finger(1), finger(2)
    minutiae = one.minutiae
    same_places = template(minutiae.x_px, minutiae.y_px, minutiae.angle_rad, other.descriptors)
    assert similarity(one, same_places) < 0.3 * similarity(one, impression(one, 1))


def test_pairs_supported_by_groups_that_contradict_each_other_count_less() -> None:
    one = finger(3, minutiae=24)
    halves = [moved_by(one, turn, 0, 0).minutiae for turn in (0.0, 2.0)]
    first = np.arange(24) < 12
    x, y, angle = (np.where(first, *(getattr(h, name) for h in halves)) for name in ("x_px", "y_px", "angle_rad"))
    assert similarity(one, template(x, y, angle, one.descriptors)) < 0.6 * similarity(one, one)


@pytest.mark.parametrize("few", [0, 1, 3])
def test_fewer_than_four_minutiae_are_like_nothing(few: int) -> None:
    one = finger(1)
    assert (
        similarity(finger(1, few), one)
        == similarity(one, finger(1, few))
        == similarity(finger(1, few), finger(1, few))
        == 0
    )
    assert similarity(finger(1, 4), finger(1, 4)) > 0


def test_a_large_print_is_almost_entirely_like_itself() -> None:
    assert consensus(finger(5, 50), finger(5, 50)).similarity > 0.9


@pytest.mark.parametrize("seed", range(5))
def test_the_pairs_are_the_ones_that_belong_together(seed: int) -> None:
    one = finger(seed)
    rng = np.random.default_rng(seed)
    order = rng.permutation(40)
    minutiae = moved_by(one, 0.4, 10, -5).minutiae
    other = template(minutiae.x_px[order], minutiae.y_px[order], minutiae.angle_rad[order], one.descriptors[order])
    found = consensus(one, other)
    assert len(found.pairs) == 12
    assert np.array_equal(order[found.pairs[:, 1]], found.pairs[:, 0])


def test_the_similarity_is_the_root_of_the_mean_support() -> None:
    one = finger(6)
    found = consensus(one, impression(one, 6))
    assert len(found.pairs) == 12
    assert found.similarity == pytest.approx(found.support.mean() ** 0.5, rel=1e-6)


def with_decoys(print_: Template, descriptors: np.ndarray, decoys: np.ndarray, seed: int) -> Template:
    """The print with these descriptors, and as many minutiae again in places of no meaning."""
    count = len(print_.minutiae)
    scattered = np.random.default_rng(seed).uniform(0, 190, (3, count))
    old = (print_.minutiae.x_px, print_.minutiae.y_px, print_.minutiae.angle_rad)
    columns = (np.concatenate(pair) for pair in zip(old, scattered, strict=True))
    return template(*columns, np.concatenate([descriptors, decoys]))


def test_the_right_partner_wins_even_where_it_is_only_the_second_best() -> None:
    print_ = finger(7, minutiae=20)
    clean = print_.descriptors
    worse = on_grid(clean + 30 * np.random.default_rng(7).normal(size=clean.shape))
    one, other = with_decoys(print_, clean, worse, seed=8), with_decoys(print_, worse, clean, seed=9)
    found = consensus(one, other)
    assert len(found.pairs) == 12
    assert (found.pairs[:, 0] == found.pairs[:, 1]).all()
    assert found.similarity > 2 * consensus(one, other, replace(ConsensusSettings(), proposals=1)).similarity
