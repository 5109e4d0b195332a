"""Intervals over fingers: against drawing fingers one by one, and by how often they hold the truth."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from effort import tries
from tool_modules import tool

from fpverify.errors import ScanError
from fpverify.evaluation.rates.intervals import Curves, clopper_pearson, measured_rate
from fpverify.evaluation.rates.paired import aligned, eer_difference, fnmr_difference


@pytest.fixture(scope="module")
def coverage() -> ModuleType:
    return tool("coverage")


def test_curves_are_those_of_comparisons_repeated_by_their_weights(coverage: ModuleType) -> None:
    data = coverage.simulated(5, 3, 0.1, np.random.default_rng(0))
    data = replace(data, scores=np.where(np.arange(len(data.scores)) % 9 == 0, -np.inf, data.scores.round(1)))
    curves = Curves.of(data, resamples=40, seed=3)
    drawn = np.random.default_rng(3).multinomial(5, np.full(5, 0.2), size=40)
    finger = np.array(data.fingers).astype(int)
    for row, weight in enumerate(drawn):
        one, other = weight[finger[data.probe]], weight[finger[data.reference]]
        times = np.where(data.mated, one, one * other)
        mated, non_mated = (np.repeat(data.scores[s], times[s]) for s in (data.mated, ~data.mated))
        for k, threshold in enumerate(curves.thresholds):
            assert curves.fmr[row, k] == pytest.approx((non_mated >= threshold).mean(), abs=1e-6)
            assert curves.fnmr[row, k] == pytest.approx((mated < threshold).mean(), abs=1e-6)


def test_the_interval_of_the_eer_holds_it_as_often_as_it_says(coverage: ModuleType) -> None:
    experiments = tries(100, 500)
    covered, _ = coverage.coverage(fingers=50, impressions=4, eer=0.05, experiments=experiments, resamples=200)
    spread = min(0.045, 3 * np.sqrt(0.95 * 0.05 / experiments))
    assert 0.95 - spread <= covered <= 0.95 + spread


def test_no_error_leaves_the_rule_of_three_and_few_leave_the_rule_of_thirty(coverage: ModuleType) -> None:
    data = coverage.simulated(10, 8, 0.05, np.random.default_rng(1))
    none = measured_rate(data, np.zeros(len(data.mated), bool), data.mated)
    assert none.rule_of_3
    assert not none.rule_of_30
    assert none.interval.low == 0
    assert none.interval.high >= 3 / none.trials
    many = measured_rate(data, data.mated & (data.scores < np.median(data.scores[data.mated])), data.mated)
    assert many.rule_of_30
    alone = clopper_pearson(many.errors, many.trials)
    assert many.interval.high - many.interval.low >= alone.high - alone.low


def test_a_better_matcher_is_told_from_a_worse_and_none_from_itself(coverage: ModuleType) -> None:
    data = coverage.simulated(30, 4, 0.02, np.random.default_rng(3))
    noise = np.random.default_rng(4).normal(0, 2, len(data.scores))
    worse = replace(data, scores=data.scores + noise)
    assert eer_difference(data, data, 200).value == 0
    assert not eer_difference(data, data, 200).excludes_zero
    for found in (eer_difference(data, worse, 200), fnmr_difference(data, worse, 0.01, 200)):
        assert found.low <= found.value <= found.high < 0
        assert found.excludes_zero


def test_pairs_are_found_by_name_in_any_order_or_refused(coverage: ModuleType) -> None:
    data = coverage.simulated(4, 3, 0.1, np.random.default_rng(5))
    order = np.random.default_rng(6).permutation(len(data.scores))
    shuffled = replace(
        data,
        probe=data.reference[order],
        reference=data.probe[order],
        mated=data.mated[order],
        scores=data.scores[order],
    )
    assert (aligned(shuffled, data).scores == data.scores).all()
    fewer = replace(
        data, probe=data.probe[1:], reference=data.reference[1:], mated=data.mated[1:], scores=data.scores[1:]
    )
    with pytest.raises(ScanError, match="same pairs"):
        eer_difference(data, fewer)
    with pytest.raises(ScanError, match="mated"):
        eer_difference(data, replace(data, mated=~data.mated))
