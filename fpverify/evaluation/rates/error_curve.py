"""Errors at every threshold, for programs: the curve behind FVC's indicators, and the thresholds that they stand at.

Failures to acquire count as the lowest score, as they do in the indicators: they are never a match, and both
denominators count them. So EER, FMR100 and the others can be read off the curve.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fpverify.evaluation.rates.error_rates import FVC_RATES, ROUNDING, equal_error_place, error_rates
from fpverify.vocabulary import IndexArray, Scores

MOST_ENTRIES = 4000  # of a curve: all scores of a set of FVC (3,160 comparisons), 200 KB of JSON
READ_OFF = (0.1, *FVC_RATES.values())  # false match rates whose thresholds a thinned curve keeps


def error_curve(mated: Scores, non_mated: Scores) -> dict[str, list[Any]]:
    """FMR and FNMR of a threshold at every distinct score, and of one above them all.

    Args:
        mated: (m,) scores, failures -inf.
        non_mated: (n,) scores, failures -inf.

    Returns:
        `threshold`, rising, the last None: nothing matches; `fmr`, falling; `fnmr`, rising; of one length. Of more than
        `MOST_ENTRIES` scores some are left out, evenly; what is left is exact.

    Raises:
        TooFewComparisons: one of the sides is empty.
    """
    thresholds, fmr, fnmr = error_rates(mated, non_mated)
    places = _kept(thresholds, [_place(fmr, rate) for rate in READ_OFF] + [equal_error_place(mated, non_mated)])
    return {
        "threshold": [_finite(one) for one in thresholds[places].tolist()],
        "fmr": fmr[places].tolist(),
        "fnmr": fnmr[places].tolist(),
    }


def indicator_thresholds(mated: Scores, non_mated: Scores) -> dict[str, float | None]:
    """The threshold of EER and of FMR100, FMR1000 and FMR10000: the lowest whose FMR is at most the rate.

    None stands for a threshold above every score.
    """
    thresholds, fmr, _ = error_rates(mated, non_mated)
    places = {"eer": equal_error_place(mated, non_mated), **{name: _place(fmr, r) for name, r in FVC_RATES.items()}}
    return {name: _finite(float(thresholds[place])) for name, place in places.items()}


def _place(fmr: Scores, rate: float) -> int:
    return int(np.flatnonzero(fmr <= rate + ROUNDING)[0])


def _finite(threshold: float) -> float | None:
    return threshold if np.isfinite(threshold) else None


def _kept(thresholds: Scores, wanted: list[int]) -> IndexArray:
    """Places of a curve: all of a short one; of a long one the ends, what is wanted, and evenly spaced others.

    Half are even in the score, so that a tail of few comparisons keeps its shape; half in the number of scores, so that
    one score far away from all others does not thin out these.
    """
    last = len(thresholds) - 1
    if last < MOST_ENTRIES:
        return np.arange(last + 1, dtype=np.int32)
    finite = thresholds[:last]
    even = np.searchsorted(finite, np.linspace(finite[0], finite[-1], MOST_ENTRIES // 2))
    ranks = np.linspace(0, last - 1, MOST_ENTRIES // 2).astype(int)
    return np.unique(np.concatenate([even, ranks, wanted, [last]])).astype(np.int32)
