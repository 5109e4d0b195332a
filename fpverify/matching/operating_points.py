"""A threshold for any rate within the evidence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fpverify.errors import UnsupportedRate
from fpverify.vocabulary import Interval, OperatingPoint

SAME = 1e-9  # relative difference of two rates that are one, written twice


def point_at(points: Sequence[OperatingPoint], fmr: float, model_id: str) -> OperatingPoint:
    """The operating point of a rate: a measured one, or what lies between the two measured beside it.

    Between two points the threshold is linear in the logarithm of the target rate, which for scores of -10 log10(FMR)
    is exact; so are the rates, and the intervals reach from the lower end of both to the upper end of both.

    Args:
        points: measured, of one model.
        fmr: false match rate, in (0, 1).
        model_id: for the message.

    Raises:
        UnsupportedRate: the rate lies outside those that were measured; names them.
    """
    for point in points:
        if abs(point.target_fmr - fmr) <= SAME * fmr:
            return point
    above = min((one for one in points if one.target_fmr > fmr), key=lambda one: one.target_fmr, default=None)
    below = max((one for one in points if one.target_fmr < fmr), key=lambda one: one.target_fmr, default=None)
    if above is None or below is None:
        rates = [one.target_fmr for one in points]
        known = f"from {min(rates):g} to {max(rates):g}" if points else "of no rate yet"
        raise UnsupportedRate(f"model {model_id} has evidence {known}; a false match rate of {fmr:g} lies outside it")
    return _between(above, below, fmr)


def _between(above: OperatingPoint, below: OperatingPoint, fmr: float) -> OperatingPoint:
    share = float(np.log(fmr / above.target_fmr) / np.log(below.target_fmr / above.target_fmr))

    def mixed(one: float, other: float) -> float:
        return one + share * (other - one)

    return OperatingPoint(
        target_fmr=fmr,
        threshold=mixed(above.threshold, below.threshold),
        fmr=mixed(above.fmr, below.fmr),
        fnmr=mixed(above.fnmr, below.fnmr),
        fmr_interval=_hull(above.fmr_interval, below.fmr_interval),
        fnmr_interval=_hull(above.fnmr_interval, below.fnmr_interval),
        fta=above.fta,
        mated=above.mated,
        non_mated=above.non_mated,
        evidence=f"{above.evidence}; between the points at FMR {above.target_fmr:g} and {below.target_fmr:g}",
        model_id=above.model_id,
    )


def _hull(one: Interval, other: Interval) -> Interval:
    return Interval(min(one.low, other.low), max(one.high, other.high))
