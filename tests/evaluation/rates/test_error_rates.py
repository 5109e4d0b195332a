"""Error rates against slow and obvious ways to count."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpverify.errors import TooFewComparisons
from fpverify.evaluation.rates.error_rates import (
    SystemRates,
    area_under_curve,
    d_prime,
    equal_error_rate,
    error_rates,
    failure_to_acquire_rate,
    failure_to_enroll_rate,
    fnmr_at_fmr,
    fvc_indicators,
    operating_point,
    threshold_at_fmr,
)
from fpverify.evaluation.rates.summary import metrics
from fpverify.vocabulary import Evaluation

FAILED = -np.inf
tied = st.lists(st.one_of(st.integers(0, 9).map(float), st.just(FAILED)), min_size=1, max_size=30)


def evaluation(fingers: int = 6, impressions: int = 4, seed: int = 0, failures: int = 0) -> Evaluation:
    """Scores of a matcher that is right most of the time."""
    rng = np.random.default_rng(seed)
    scans = [(f, i) for f in range(fingers) for i in range(impressions)]
    names = tuple(f"{f}_{i}" for f, i in scans)
    probe, reference = (side.astype(np.int32) for side in np.triu_indices(len(scans), 1))
    finger = np.array([f for f, _ in scans])
    mated = finger[probe] == finger[reference]
    scores = np.where(mated, rng.normal(40, 12, len(mated)), rng.normal(2, 8, len(mated)))
    scores[(probe < failures) | (reference < failures)] = FAILED
    why = dict.fromkeys(names[:failures], "too faint")
    return Evaluation(
        names, tuple(map(str, finger.tolist())), probe, reference, mated, scores, "set", "dense", "", "m", why
    )


def slow_rates(mated: list[float], non_mated: list[float]) -> list[tuple[float, float]]:
    """(FMR, FNMR) at every score that occurs and above all of them, one comparison at a time."""
    thresholds = [*sorted({s for s in mated + non_mated if np.isfinite(s)}), np.inf]
    return [
        (sum(s >= t for s in non_mated) / len(non_mated), sum(not s >= t for s in mated) / len(mated))
        for t in thresholds
    ]


def slow_eer(mated: list[float], non_mated: list[float]) -> float:
    """The centre of the interval at which the steps cross, by the definition of the competitions."""
    points = slow_rates(mated, non_mated)
    not_above = [k for k, (fmr, fnmr) in enumerate(points) if fnmr <= fmr + 1e-12]
    high = next(k for k, (fmr, fnmr) in enumerate(points) if fnmr >= fmr - 1e-12)
    low = not_above[-1] if not_above else high
    nearer = low if sum(points[low]) <= sum(points[high]) + 1e-12 else high
    return sum(points[nearer]) / 2


@settings(max_examples=300, deadline=None)
@given(tied, tied)
def test_rates_agree_with_counting_one_by_one(mated: list[float], non_mated: list[float]) -> None:
    _, fmr, fnmr = error_rates(np.array(mated), np.array(non_mated))
    slow_fmr, slow_fnmr = zip(*slow_rates(mated, non_mated), strict=True)
    assert fmr.tolist() == pytest.approx(list(slow_fmr))
    assert fnmr.tolist() == pytest.approx(list(slow_fnmr))


@settings(max_examples=300, deadline=None)
@given(tied, tied)
def test_the_equal_error_rate_agrees_with_its_definition(mated: list[float], non_mated: list[float]) -> None:
    assert equal_error_rate(np.array(mated), np.array(non_mated)) == pytest.approx(
        slow_eer(mated, non_mated), abs=1e-12
    )


@settings(max_examples=200, deadline=None)
@given(tied, tied, st.sampled_from([0.0, 0.01, 0.1, 0.3]))
def test_fnmr_at_fmr_is_the_best_of_the_thresholds_that_keep_the_rate(
    mated: list[float], non_mated: list[float], rate: float
) -> None:
    best = min(fnmr for fmr, fnmr in slow_rates(mated, non_mated) if fmr <= rate + 1e-12)
    assert fnmr_at_fmr(np.array(mated), np.array(non_mated), rate) == pytest.approx(best)


@settings(max_examples=100, deadline=None)
@given(tied, tied)
def test_a_rising_map_of_the_scores_changes_no_rate(mated: list[float], non_mated: list[float]) -> None:
    sides = np.array(mated), np.array(non_mated)
    assert equal_error_rate(*(np.exp(side / 3) * 2 - 7 for side in sides)) == equal_error_rate(
        *(np.where(np.isfinite(side), side, -1.0) for side in sides)
    )


@pytest.mark.parametrize(
    ("mated", "non_mated", "expected"),
    [
        ([5, 6], [1, 2], 0.0),
        ([1, 1], [1, 1], 0.5),
        ([1, 2], [5, 6], 1.0),
        ([2, 3, 3, 3], [1, 1, 2, 2], 0.125),
        ([3, 5, 5, 6], [1, 2, 3, 4], 0.25),
    ],
)
def test_equal_error_rates_worked_by_hand(mated: list[float], non_mated: list[float], expected: float) -> None:
    assert equal_error_rate(np.array(mated, float), np.array(non_mated, float)) == expected


def test_a_failure_to_acquire_is_always_a_non_match() -> None:
    assert fnmr_at_fmr(np.array([9, 9, 9, FAILED]), np.array([1.0, 2]), 0.0) == 0.25
    assert equal_error_rate(np.array([9.0, 9]), np.array([FAILED] * 4)) == 0


def test_one_side_empty_is_refused() -> None:
    with pytest.raises(TooFewComparisons, match="0 mated"):
        error_rates(np.array([]), np.array([1.0]))


def test_threshold_never_exceeds_target_fmr() -> None:
    rng = np.random.default_rng(0)
    for _ in range(10_000):
        count = int(rng.integers(30, 200))
        scores = rng.integers(0, int(rng.integers(2, 40)), count).astype(float)  # many ties
        target = float(rng.uniform(3.0 / count, 0.5))
        threshold = threshold_at_fmr(scores, target)
        assert (scores >= threshold).mean() <= target


def test_threshold_is_the_lowest_that_keeps_the_rate() -> None:
    scores = np.arange(100, dtype=float)
    threshold = threshold_at_fmr(scores, 0.05)
    assert (scores >= threshold).sum() == 5
    assert (scores >= np.nextafter(threshold, -np.inf)).sum() == 6


def test_a_rate_the_data_cannot_support_is_refused() -> None:
    with pytest.raises(TooFewComparisons, match="at least 3000"):
        threshold_at_fmr(np.arange(2999.0), 0.001)
    threshold_at_fmr(np.arange(3000.0), 0.001)


def test_operating_point_leaves_failures_out_and_states_them() -> None:
    data = evaluation(failures=2)
    point = operating_point(data, 20.0, 0.01, "test")
    made = np.isfinite(data.scores)
    assert point.fmr == (data.scores[made & ~data.mated] >= 20).mean()
    assert point.fnmr == (data.scores[made & data.mated] < 20).mean()
    assert point.fta == failure_to_acquire_rate(data) == 2 / 24
    assert point.far == pytest.approx(point.fmr * (1 - 2 / 24))
    assert point.frr == pytest.approx(2 / 24 + point.fnmr * (1 - 2 / 24))


def test_intervals_hold_the_rate_and_are_no_narrower_than_independent_trials() -> None:
    point = operating_point(evaluation(), 20.0, 0.01, "test")
    for rate, interval in ((point.fmr, point.fmr_interval), (point.fnmr, point.fnmr_interval)):
        assert 0 <= interval.low <= rate <= interval.high <= 1
    none = operating_point(evaluation(), 1000.0, 0.01, "test")
    assert none.fmr == 0
    assert none.fmr_interval.high >= 3 / none.non_mated


def test_indicators_worsen_when_scans_fail() -> None:
    whole, failed = fvc_indicators(evaluation()), fvc_indicators(evaluation(failures=2))
    assert failed["fmr100"] > whole["fmr100"]
    assert failed["zerofmr"] >= failed["fmr1000"] >= failed["fmr100"]


def test_system_rates_follow_their_formulas() -> None:
    one = SystemRates(fmr=0.01, fnmr=0.02, fta=0.1, fte=0.2)
    assert one.far == pytest.approx(0.009)
    assert one.frr == pytest.approx(0.118)
    assert one.gfar == pytest.approx(0.0072)
    assert one.gfrr == pytest.approx(0.2 + 0.8 * 0.1 + 0.8 * 0.9 * 0.02)


def test_what_cannot_be_enrolled_is_counted_by_scan_or_by_finger() -> None:
    data = evaluation(failures=1)
    quality = np.full(24, 0.9, np.float32)
    quality[0], quality[1:4], quality[5] = np.nan, 0.2, 0.2
    data = replace(data, quality=quality)
    assert failure_to_enroll_rate(data, 0.5) == 5 / 24
    assert failure_to_enroll_rate(data, 0.5, of="fingers") == pytest.approx(1 / 6)
    assert failure_to_enroll_rate(replace(data, quality=None), 0.5) == 1 / 24


@settings(max_examples=100, deadline=None)
@given(tied, tied)
def test_the_area_is_the_share_of_pairs_in_order(mated: list[float], non_mated: list[float]) -> None:
    slow = np.mean([(a > b) + (a == b) / 2 for a in mated for b in non_mated])
    assert area_under_curve(np.array(mated), np.array(non_mated)) == pytest.approx(slow)


def test_d_prime_leaves_failures_out_and_is_none_without_spread() -> None:
    assert d_prime(np.array([4.0, 6, FAILED]), np.array([0.0, 2])) == pytest.approx(4.0)
    assert d_prime(np.array([1.0]), np.array([0.0])) is None
    assert d_prime(np.array([FAILED]), np.array([0.0, 1])) is None


@pytest.mark.parametrize("scores", ["usual", "all failed", "all equal"])
def test_metrics_are_finite_json(scores: str) -> None:
    data = evaluation(failures=2)
    if scores != "usual":
        data = replace(data, scores=np.full(len(data.scores), FAILED if scores == "all failed" else 3.0))
    numbers = metrics(data, operating_point(data, 20.0, 0.01, "test"))
    json.dumps(numbers, allow_nan=False)
    assert numbers["fmr100_supported"] is False
    assert {"fmr10000", "auc", "d_prime", "gfar", "gfrr", "fte", "eer_interval", "fmr100_interval"} <= numbers.keys()
    if scores == "usual":
        assert numbers["eer_interval"]["low"] <= numbers["eer"] <= numbers["eer_interval"]["high"]
