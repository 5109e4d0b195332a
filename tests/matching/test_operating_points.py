"""Thresholds at rates that were measured, at rates between, and at rates outside the evidence."""

from __future__ import annotations

import numpy as np
import pytest

from fpverify.errors import ModelError
from fpverify.matching.operating_points import point_at
from fpverify.vocabulary import Interval, OperatingPoint


def measured(rate: float, fnmr: float) -> OperatingPoint:
    threshold = float(-10 * np.log10(rate))
    around = Interval(rate / 2, rate * 2), Interval(fnmr / 2, fnmr * 2)
    return OperatingPoint(rate, threshold, rate * 1.1, fnmr, *around, 0.01, 900, 300_000, "made-up fingers", "m")


POINTS = (measured(0.01, 0.02), measured(0.001, 0.04), measured(0.0001, 0.08))


def test_a_measured_rate_gives_its_point() -> None:
    assert point_at(POINTS, 0.001, "m") is POINTS[1]
    assert point_at(POINTS, 1 / 1000, "m") is POINTS[1]


@pytest.mark.parametrize("rate", [0.009, 0.005, 0.0005, 0.00011])
def test_between_two_points_the_threshold_is_exact_and_the_rates_lie_between(rate: float) -> None:
    point = point_at(POINTS, rate, "m")
    assert point.threshold == pytest.approx(-10 * np.log10(rate))
    above, below = (POINTS[0], POINTS[1]) if rate > 0.001 else (POINTS[1], POINTS[2])
    assert below.fmr < point.fmr < above.fmr
    assert above.fnmr < point.fnmr < below.fnmr
    assert (point.fmr_interval.low, point.fmr_interval.high) == (below.fmr_interval.low, above.fmr_interval.high)
    assert f"between the points at FMR {above.target_fmr:g} and {below.target_fmr:g}" in point.evidence


@pytest.mark.parametrize("rate", [0.02, 0.00009, 1e-9])
def test_outside_the_evidence_there_is_no_threshold(rate: float) -> None:
    with pytest.raises(ModelError, match=r"from 0.0001 to 0.01; a false match rate of"):
        point_at(POINTS, rate, "m")


def test_a_model_without_points_has_no_threshold() -> None:
    with pytest.raises(ModelError, match="no rate"):
        point_at((), 0.001, "m")
