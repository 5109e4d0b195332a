"""Several fingers, one decision: who is taken for whom, and at which rate."""

from __future__ import annotations

from itertools import combinations, permutations
from math import comb, factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpverify.comparison import assign, combine
from fpverify.comparison.assignment import LEAST_EVIDENCE, MOST_PROBES, RESEMBLANCE
from fpverify.vocabulary import Score

DECIBEL = 10 / np.log(10)
VALUES = st.floats(-50.0, 500.0)
GRIDS = [(2, 2), (2, 3), (3, 2), (3, 3), (2, 10)]


def rows(values: np.ndarray) -> list[list[Score]]:
    return [[Score(float(value)) for value in row] for row in values]


def excess(values: np.ndarray, named: bool = False) -> np.ndarray:
    """Evidence of (..., probes, fingers) scores, or of (..., probes) ones of named fingers."""
    chance = 0.0 if named else np.log(max(values.shape[-2:]))
    return np.maximum(values / DECIBEL - LEAST_EVIDENCE - chance, 0)


def best_evidence(values: np.ndarray) -> float:
    """The greatest sum over all assignments, one by one."""
    gained = excess(values if len(values) <= len(values.T) else values.T)
    return max(
        sum(gained[k, at] for k, at in enumerate(way)) for way in permutations(range(gained.shape[1]), len(gained))
    )


def strangers(shape: tuple[int, ...], seed: int, resemblance: float = 1.0) -> np.ndarray:
    """Scores of non-mated comparisons, which state the rates they have, the first axis the pairs of persons.

    With a `resemblance` of r one in r pairs of persons resemble each other, and then with all fingers r times as often:
    two fingers both do so r times as often as independent ones.
    """
    rng = np.random.default_rng(seed)
    alike = rng.random((shape[0], *[1] * (len(shape) - 1))) < 1 / resemblance
    return np.where(alike, DECIBEL * (rng.exponential(size=shape) + np.log(resemblance)), -50.0)


def reaching(w: float, shape: tuple[int, int]) -> np.ndarray:
    """Scores whose evidence is w."""
    values = np.zeros(shape)
    values[0, 0] = DECIBEL * (w + LEAST_EVIDENCE + np.log(max(shape)))
    return values


@pytest.mark.parametrize("shape", [*GRIDS, (4, 3), (3, 5)])
def test_the_assignment_is_the_best_of_all_and_gives_no_finger_twice(shape: tuple[int, int]) -> None:
    for seed in range(30):
        values = strangers(shape, seed)
        finger = assign(rows(values)).finger
        taken = [at for at in finger if at is not None]
        assert len(finger) == shape[0]
        assert len(set(taken)) == len(taken)
        gained = sum(excess(values)[k, at] for k, at in enumerate(finger) if at is not None)
        assert gained == pytest.approx(best_evidence(values), abs=1e-6)


def test_a_probe_without_evidence_is_taken_for_no_finger() -> None:
    assert assign(rows(np.array([[50.0, 3.0], [2.0, 4.0]]))).finger == (0, None)
    assert assign(rows(np.array([[50.0, 3.0], [49.0, 4.0], [2.0, 30.0]]))).finger == (0, None, 1)


@pytest.mark.parametrize("resemblance", [1.0, RESEMBLANCE])
@pytest.mark.parametrize("shape", GRIDS)
@pytest.mark.parametrize(("threshold", "draws"), [(10.0, 20_000), (20.0, 100_000), (30.0, 400_000)])
def test_strangers_reach_a_score_at_no_more_than_the_rate_it_states(
    shape: tuple[int, int], threshold: float, draws: int, resemblance: float
) -> None:
    values = strangers((draws, *shape), 1, resemblance)
    least = next(w for w in np.arange(0, 20, 0.01) if assign(rows(reaching(w, shape))).score.value >= threshold)
    likely = values[excess(values).max(2).sum(1) >= least - 0.01]  # as if two probes might be taken for one finger
    matches = sum(assign(rows(one)).score.value >= threshold for one in likely)
    stated = 10 ** (-threshold / 10)
    assert 0.4 * stated <= matches / draws <= stated + 3 * np.sqrt(stated / draws)


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize(("threshold", "draws"), [(10.0, 20_000), (20.0, 100_000), (30.0, 400_000)])
def test_likewise_where_the_fingers_are_named(count: int, threshold: float, draws: int) -> None:
    values = strangers((draws, count), 2, RESEMBLANCE)
    likely = values[excess(values, named=True).sum(1) >= threshold / DECIBEL - LEAST_EVIDENCE]
    matches = sum(combine([Score(float(value)) for value in one]).value >= threshold for one in likely)
    stated = 10 ** (-threshold / 10)
    assert 0.4 * stated <= matches / draws <= stated + 3 * np.sqrt(stated / draws)


def test_without_resemblance_the_rate_of_named_fingers_is_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fpverify.comparison.assignment.RESEMBLANCE", 1.0)
    for count, threshold, draws in ((2, 5.0, 10_000), (3, 20.0, 200_000), (5, 20.0, 200_000)):
        values = strangers((draws, count), seed=2)
        likely = values[excess(values, named=True).sum(1) >= threshold / DECIBEL - LEAST_EVIDENCE]
        matches = sum(combine([Score(float(value)) for value in one]).value >= threshold for one in likely)
        stated = 10 ** (-threshold / 10)
        assert abs(matches / draws - stated) <= 3.5 * np.sqrt(stated / draws)


def test_the_rate_of_the_sum_alone_would_not_hold() -> None:
    """What the bound over assignments is for: with ten fingers to choose from, the best two are high by chance."""
    values = strangers((20_000, 2, 10), seed=3)
    best = np.sort(values.max(2)[:2000])
    as_if_named = [combine([Score(float(value)) for value in one]).value for one in best]
    assert np.mean(np.array(as_if_named) >= 20.0) > 10 * 0.01


@settings(deadline=None)
@given(st.lists(VALUES, min_size=4, max_size=4), st.integers(0, 3), st.floats(0.01, 100.0))
def test_a_higher_score_never_lowers_that_of_the_whole(values: list[float], at: int, more: float) -> None:
    grid = np.array(values).reshape(2, 2)
    before = assign(rows(grid)).score.value
    grid.flat[at] += more
    assert assign(rows(grid)).score.value >= before - 1e-6


@settings(deadline=None)
@given(VALUES, VALUES, st.floats(0.01, 100.0))
def test_the_best_finger_strictly_raises_the_score(best: float, other: float, more: float) -> None:
    best = max(best, other)
    assert combine([Score(best + more), Score(other)]).value > combine([Score(best), Score(other)]).value


def test_the_score_does_not_jump_where_evidence_begins() -> None:
    edge = LEAST_EVIDENCE * DECIBEL  # of named fingers
    below, above = (combine([Score(edge + step), Score(0.0)]).value for step in (-1e-6, 1e-6))
    assert above == pytest.approx(below, abs=1e-5)
    assert above > below


def test_two_middling_fingers_match_where_neither_does_and_one_put_down_badly_does_no_harm() -> None:
    assert combine([Score(23.0), Score(23.0)]).value > 30.0
    assert combine([Score(60.0), Score(-5.0)]).value > 48.0
    assert assign(rows(np.array([[60.0, 0.0], [0.0, -20.0]]))).score.value > 47.0


def test_one_finger_gains_nothing_by_being_shown_twice() -> None:
    """Both scans resemble the same enrolled finger; only one of them can be taken for it."""
    once = assign(rows(np.array([[40.0, 0.0], [0.0, 0.0]]))).score.value
    assert assign(rows(np.array([[40.0, 0.0], [40.0, 0.0]]))).score.value == pytest.approx(once)
    assert assign(rows(np.array([[40.0, 0.0], [0.0, 40.0]]))).score.value > once + 20


@pytest.mark.parametrize("value", [25.0, 60.0, 400.0])
def test_more_fingers_to_choose_from_never_raise_a_score(value: float) -> None:
    wide = [
        assign(rows(np.array([[value] + [0.0] * more, [0.0, value] + [0.0] * (more - 1)]))) for more in range(1, 10)
    ]
    scores = [one.score.value for one in wide]
    assert scores == sorted(scores, reverse=True)
    assert combine([Score(value), Score(value)]).value > scores[0]


def test_the_likelihood_ratios_of_all_fingers_multiply_divided_by_the_ways() -> None:
    first, second, none = Score(50.0, llr=3.0), Score(40.0, llr=2.0), Score(0.0, llr=-2.0)
    assert combine([first, second]).llr == pytest.approx(5.0)
    assert assign([[first, none, none], [none, second, none]]).score.llr == pytest.approx(5.0 - np.log10(6))
    assert combine([first, none]).llr == pytest.approx(1.0)  # a finger that fails speaks against
    assert combine([first, Score(3.0)]).llr is None


def test_the_score_is_extrapolated_if_a_comparison_that_counts_is() -> None:
    far, near, weak = Score(90.0, extrapolated=True), Score(30.0), Score(0.0)
    assert assign([[far, weak], [weak, near]]).score.extrapolated
    assert not assign([[near, weak], [weak, near]]).score.extrapolated
    assert not assign([[Score(40.0), far, weak], [weak, Score(99.0), weak], [weak, weak, near]]).score.extrapolated


@settings(deadline=None, max_examples=20)
@given(st.integers(2, MOST_PROBES), st.integers(2, 11), st.floats(-1000.0, 3000.0))
def test_every_hand_has_a_finite_score(probes: int, fingers: int, value: float) -> None:
    assert np.isfinite(assign(rows(np.full((probes, fingers), value))).score.value)


def test_one_finger_is_no_matter_of_assignment() -> None:
    for shape in ((1, 2), (2, 1), (0, 0), (MOST_PROBES + 1, 2)):
        with pytest.raises(ValueError, match="2 to 10 probes"):
            assign(rows(np.zeros(shape)))
    with pytest.raises(ValueError, match="at least two"):
        combine([Score(1.0)])


def test_the_ways_to_choose_pairs_are_counted() -> None:
    """The formula of the docstring against a count of all sets of pairs."""
    for rows_, columns in GRIDS:
        pairs = [(row, column) for row in range(rows_) for column in range(columns)]
        for k in range(1, min(rows_, columns) + 1):
            if comb(len(pairs), k) > 5000:
                continue
            chosen = [
                one for one in combinations(pairs, k) if len({r for r, _ in one}) == len({c for _, c in one}) == k
            ]
            assert len(chosen) == comb(rows_, k) * comb(columns, k) * factorial(k)
