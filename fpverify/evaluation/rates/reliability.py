"""Whether a stated false match rate is the one that happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fpverify.evaluation.rates.error_rates import operating_point, supported
from fpverify.vocabulary import Evaluation, Interval

NOMINAL = (0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001, 0.00005, 0.00002, 0.00001)


@dataclass(frozen=True, slots=True)
class ReliabilityPoint:
    """A nominal false match rate and the one that was realised at its threshold.

    Attributes:
        nominal: the rate the scores state, in (0, 1).
        realised: the share of non-mated comparisons at or above its score.
        interval: 95 %, resampled over fingers.
        fnmr: false non-match rate at the same score.
        fnmr_interval: 95 %, resampled over fingers.
    """

    nominal: float
    realised: float
    interval: Interval
    fnmr: float
    fnmr_interval: Interval

    @property
    def ratio(self) -> float:
        """Realised over nominal: above 1 the scores promise too much, below 1 they are stricter than they say."""
        return self.realised / self.nominal


def reliability(evaluation: Evaluation, nominal: Sequence[float] = NOMINAL) -> list[ReliabilityPoint]:
    """Nominal against realised rates, for the nominal rates that the data can show (rule of three).

    Args:
        evaluation: comparisons with calibrated scores; failures to acquire are left out.
        nominal: rates, each in (0, 1).
    """
    non_mated = int(np.isfinite(evaluation.non_mated_scores).sum())
    return [_point(evaluation, rate) for rate in nominal if supported(non_mated, rate)]


def _point(evaluation: Evaluation, rate: float) -> ReliabilityPoint:
    measured = operating_point(evaluation, float(-10 * np.log10(rate)), rate, "this evaluation")
    return ReliabilityPoint(rate, measured.fmr, measured.fmr_interval, measured.fnmr, measured.fnmr_interval)
