"""Several comparisons, one decision, at the false match rate it states."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fpverify.comparison.calibration import DECIBEL
from fpverify.vocabulary import Score

HALF = DECIBEL * np.log(2.0)  # 3.01, the score of an FMR of one half: below it the curve is continued by its tangent
UNDERFLOW = 690.0  # -ln(FMR) up to which the FMR is a normal double; by far enough for 1 - (1 - FMR)^k to be k FMR


def fuse(scores: Sequence[Score]) -> Score:
    """The best of k comparisons, as the score of the whole decision.

    A threshold at score s is passed by one non-mated comparison at the rate p = 10^(-s/10), and by at least one of k
    independent ones at the rate 1 - (1 - p)^k. The fused score states the latter, so that a decision against k
    references has the FMR it was asked for. References of one finger are dependent; the rate is then lower, and
    the decision stricter than stated.

    It rises strictly and smoothly with the best score, is that score for k = 1, and lies 10 log10(k) below it
    for high ones. Where it would state an FMR above one half (a score below 3.01), the curve flattens towards 0, and
    single scores can be negative; there it is continued by its tangent, which lies below the curve: finite, strictly
    increasing, and on the safe side. (Far below 0, where every FMR stated is 1, only the order means something.)

    The likelihood ratio is divided by k: had each comparison an equal chance to be the mated one, that would be its
    least value.

    Args:
        scores: k >= 1 calibrated scores of one probe against the references of a decision.

    Returns:
        The fused score, `extrapolated` if the best one is.

    Raises:
        ValueError: no scores.
    """
    if not scores:
        raise ValueError("no scores to fuse; at least one comparison is needed")
    best = max(scores, key=lambda score: (score.value, score.extrapolated))
    if len(scores) == 1:
        return best
    llr = None if best.llr is None else best.llr - float(np.log10(len(scores)))
    return Score(_fused(best.value, len(scores)), best.extrapolated, llr)


def joint_threshold(rate: float, count: int) -> float:
    """The score that the best of `count` non-mated comparisons reaches at a rate.

    Up to one half it is what `fuse` takes to the rate's own score.

    Args:
        rate: of the whole decision, in (0, 1): a false positive identification rate, say.
        count: comparisons, at least 1.
    """
    return float(-DECIBEL * np.log(-np.expm1(np.log1p(-rate) / count)))


def _fused(best: float, count: int) -> float:
    joint = _score_where_half_match(count)
    if best >= joint:
        return _exact(best, count)
    return float(HALF + _slope_where_half_match(count) * (best - joint))


def _exact(best: float, count: int) -> float:
    """-10 log10(1 - (1 - p)^count) for p = 10^(-best/10) < 1."""
    log_rate = -best / DECIBEL
    if log_rate < -UNDERFLOW:
        return float(best - DECIBEL * np.log(count))
    return float(-DECIBEL * np.log(-np.expm1(count * np.log1p(-np.exp(log_rate)))))


def _score_where_half_match(count: int) -> float:
    """The single score at which one of `count` comparisons passes with probability one half."""
    return float(-DECIBEL * np.log(-np.expm1(-np.log(2.0) / count)))


def _slope_where_half_match(count: int) -> float:
    """Derivative of `_exact` there: k p (1 - p)^(k-1) / (1 - (1 - p)^k), and (1 - p)^k is one half."""
    rate = -np.expm1(-np.log(2.0) / count)
    return float(count * rate / (1 - rate))
