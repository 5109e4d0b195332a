"""Extrapolated thresholds against distributions whose tail is known."""

from __future__ import annotations

import numpy as np
import pytest

from fpverify.comparison.pareto import Pareto
from fpverify.errors import TooFewComparisons
from fpverify.evaluation.rates.error_rates import threshold_at_fmr
from fpverify.evaluation.rates.extremes import ExtrapolatedThreshold, extrapolated_threshold


@pytest.mark.parametrize("shape", [-0.3, -0.1, 0.0, 0.2])
def test_a_fit_finds_scale_and_shape_of_either_sign(shape: float) -> None:
    drawn = np.asarray(Pareto(2.0, shape).quantile(np.random.default_rng(0).uniform(0, 1, 20_000)))
    found = Pareto.fit(drawn)
    assert (found.scale, found.shape) == pytest.approx((2.0, shape), abs=0.08)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["likelihood", "bootstrap"])
def test_the_interval_holds_the_true_rate_of_an_exponential_tail(method: str) -> None:
    held = 0
    for seed in range(20):
        scores = np.random.default_rng(seed).exponential(1.0, 1000)
        found = extrapolated_threshold(scores, 1e-4, method=method)  # type: ignore[arg-type]
        assert found.fmr_interval.low <= 1e-4 <= found.fmr_interval.high
        held += found.fmr_interval.low <= np.exp(-found.threshold) <= found.fmr_interval.high
    assert held >= 16


def test_a_tail_that_is_none_is_seen() -> None:
    rng = np.random.default_rng(1)
    assert extrapolated_threshold(rng.exponential(1, 2000), 1e-4).fits
    lumps = np.concatenate([rng.uniform(0, 1, 1900), rng.normal(3, 0.01, 100)])
    assert not extrapolated_threshold(lumps, 1e-4, start=1.0).fits


def test_a_rate_beyond_the_evidence_is_extrapolated_only_when_asked() -> None:
    scores = np.random.default_rng(2).exponential(1, 1000)
    assert isinstance(threshold_at_fmr(scores, 1e-4, extrapolate=True), ExtrapolatedThreshold)
    assert isinstance(threshold_at_fmr(scores, 0.01, extrapolate=True), float)
    with pytest.raises(TooFewComparisons, match="at least 30000"):
        threshold_at_fmr(scores, 1e-4)
    with pytest.raises(TooFewComparisons, match="at least"):
        threshold_at_fmr(scores[:40], 1e-4, extrapolate=True)
    with pytest.raises(ValueError, match="finite"):
        extrapolated_threshold(np.append(scores, -np.inf), 1e-4)
