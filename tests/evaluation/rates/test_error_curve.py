"""The curve for programs: a threshold at every score, its rates, and the thresholds of FVC's indicators."""

from __future__ import annotations

import json

import numpy as np
import pytest

from fpverify.evaluation.rates.error_curve import MOST_ENTRIES, error_curve, indicator_thresholds
from fpverify.evaluation.rates.error_rates import equal_error_rate, fnmr_at_fmr

Sides = tuple[np.ndarray, np.ndarray]


def sides(seed: int, decimals: int, mated: int = 120, non_mated: int = 900) -> Sides:
    """Scores of which some fall together and some failed."""
    rng = np.random.default_rng(seed)
    found = rng.normal(20, 8, mated).round(decimals), rng.normal(3, 5, non_mated).round(decimals)
    found[0][::17], found[1][::31] = -np.inf, -np.inf
    return found


@pytest.mark.parametrize("decimals", [0, 1, 6])
def test_every_score_is_a_threshold_with_the_rates_that_are_counted_there(decimals: int) -> None:
    mated, non_mated = sides(decimals, decimals)
    curve = error_curve(mated, non_mated)
    assert curve["threshold"] == [*sorted({*mated.tolist(), *non_mated.tolist()} - {-np.inf}), None]
    for threshold, fmr, fnmr in zip(*curve.values(), strict=True):
        at = np.inf if threshold is None else threshold
        assert fmr == sum(score >= at for score in non_mated.tolist()) / len(non_mated)
        assert fnmr == sum(not score >= at for score in mated.tolist()) / len(mated)
    assert (curve["fmr"][-1], curve["fnmr"][-1]) == (0.0, 1.0)
    json.dumps(curve, allow_nan=False)


@pytest.mark.parametrize("seed", range(10))
def test_thresholds_are_those_of_the_indicators(seed: int) -> None:
    mated, non_mated = sides(seed, seed % 3)
    curve, thresholds = error_curve(mated, non_mated), indicator_thresholds(mated, non_mated)
    place = {name: curve["threshold"].index(threshold) for name, threshold in thresholds.items()}
    for name, rate in (("fmr100", 0.01), ("fmr1000", 0.001), ("fmr10000", 0.0001)):
        assert curve["fnmr"][place[name]] == fnmr_at_fmr(mated, non_mated, rate)
        assert place[name] == next(k for k, fmr in enumerate(curve["fmr"]) if fmr <= rate)
    at = place["eer"]
    assert (curve["fmr"][at] + curve["fnmr"][at]) / 2 == pytest.approx(equal_error_rate(mated, non_mated), abs=1e-15)


def test_a_threshold_above_every_score_is_null() -> None:
    assert indicator_thresholds(np.array([1.0, 2.0]), np.array([3.0, 3.0]))["fmr100"] is None


def test_a_long_curve_keeps_its_ends_and_what_is_read_off_it() -> None:
    mated, non_mated = sides(3, 12, 4000, 60_000)
    non_mated[1] = 1e9  # far from all others
    curve, thresholds = error_curve(mated, non_mated), indicator_thresholds(mated, non_mated)
    scores = np.concatenate([mated, non_mated])
    kept = curve["threshold"]
    assert len(kept) <= MOST_ENTRIES + 7
    assert (kept[0], kept[-2:]) == (scores[np.isfinite(scores)].min(), [1e9, None])
    assert kept[:-1] == sorted(set(kept[:-1]))
    assert {*thresholds.values()} <= {*kept}
    for rate in (0.1, 0.01, 0.001, 0.0001):
        first = next(k for k, fmr in enumerate(curve["fmr"]) if fmr <= rate)
        assert curve["fnmr"][first] == fnmr_at_fmr(mated, non_mated, rate)
    gaps = np.diff(np.searchsorted(np.sort(scores), kept[:-1]))
    assert gaps.max() < 3 * len(scores) / MOST_ENTRIES
