"""Two matchers on the same pairs of scans: how much better is one, and can the fingers at hand tell?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fpverify.errors import ScanError
from fpverify.evaluation.rates.distributions import student_quantile
from fpverify.evaluation.rates.error_rates import FVC_RATES, equal_error_rate, fnmr_at_fmr
from fpverify.evaluation.rates.intervals import CONFIDENCE, RESAMPLES, Curves
from fpverify.vocabulary import Evaluation


@dataclass(frozen=True, slots=True)
class Difference:
    """A rate of the first matcher less that of the second, in [-1, 1], with its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the fingers at hand can tell the two apart."""
        return not self.low <= 0 <= self.high


def eer_difference(first: Evaluation, second: Evaluation, resamples: int = RESAMPLES, seed: int = 1) -> Difference:
    """EER of the first less EER of the second, the same fingers drawn for both.

    Raises:
        ScanError: the two did not compare the same pairs.
    """
    second = aligned(second, first)
    ours, theirs = (equal_error_rate(one.mated_scores, one.non_mated_scores) for one in (first, second))
    drawn = Curves.of(first, resamples, seed), Curves.of(second, resamples, seed)
    return _difference(ours - theirs, drawn[0].eer - drawn[1].eer, drawn[0].fingers)


def fnmr_difference(
    first: Evaluation, second: Evaluation, fmr: float, resamples: int = RESAMPLES, seed: int = 1
) -> Difference:
    """The same for the FNMR at an FMR, each matcher at its own threshold."""
    second = aligned(second, first)
    ours, theirs = (fnmr_at_fmr(one.mated_scores, one.non_mated_scores, fmr) for one in (first, second))
    drawn = Curves.of(first, resamples, seed), Curves.of(second, resamples, seed)
    return _difference(ours - theirs, drawn[0].fnmr_at(fmr) - drawn[1].fnmr_at(fmr), drawn[0].fingers)


def indicator_differences(
    first: Evaluation, second: Evaluation, resamples: int = RESAMPLES, seed: int = 1
) -> dict[str, Difference]:
    """Both at once: `eer`, and `fmr1000`, the FNMR at an FMR of 0.1 %.

    Raises:
        ScanError: the two did not compare the same pairs.
    """
    both = first, aligned(second, first)
    drawn = [Curves.of(one, resamples, seed) for one in both]
    rate = FVC_RATES["fmr1000"]
    eers = [equal_error_rate(one.mated_scores, one.non_mated_scores) for one in both]
    fnmrs = [fnmr_at_fmr(one.mated_scores, one.non_mated_scores, rate) for one in both]
    fnmrs_drawn = [one.fnmr_at(rate) for one in drawn]
    fingers = drawn[0].fingers
    return {
        "eer": _difference(eers[0] - eers[1], drawn[0].eer - drawn[1].eer, fingers),
        "fmr1000": _difference(fnmrs[0] - fnmrs[1], fnmrs_drawn[0] - fnmrs_drawn[1], fingers),
    }


def aligned(evaluation: Evaluation, to: Evaluation) -> Evaluation:
    """The scores of an evaluation in another's order of pairs and scans; probe and reference may be exchanged.

    That changes scores of prints that resemble many (`comparison/cohort.py`), and of no others.

    Raises:
        ScanError: the pairs differ, or are mated in one and non-mated in the other.
    """
    theirs = dict(zip(_pairs(evaluation), zip(evaluation.mated, evaluation.scores, strict=True), strict=True))
    wanted = _pairs(to)
    if len(theirs) != len(wanted) or theirs.keys() != set(wanted):
        common = len(theirs.keys() & set(wanted))
        raise ScanError(
            f"{to.name} has {len(wanted)} comparisons and {evaluation.name} {len(theirs)}, {common} of them the same; "
            "two matchers are compared on the same pairs of scans"
        )
    mated = np.array([theirs[pair][0] for pair in wanted])
    if (mated != to.mated).any():
        raise ScanError(f"{to.name} and {evaluation.name} do not agree on which pairs are mated")
    return replace(
        to, scores=np.array([theirs[pair][1] for pair in wanted]), name=evaluation.name, model_id=evaluation.model_id
    )


def _pairs(evaluation: Evaluation) -> list[tuple[str, str]]:
    """Each pair's names in order of the alphabet."""
    sides = zip(evaluation.probes, evaluation.references, strict=True)
    return [(one, other) if one < other else (other, one) for one, other in sides]


def _difference(value: float, drawn: np.ndarray, fingers: int) -> Difference:
    """Student's interval of F - 1 degrees about the value; the whole range for a single finger."""
    if fingers < 2:
        return Difference(value, -1.0, 1.0)
    spread = float(np.sqrt(np.var(drawn, dtype=np.float64) * fingers / (fingers - 1)))
    reach = student_quantile((1 + CONFIDENCE) / 2, fingers - 1) * spread
    return Difference(value, max(value - reach, -1.0), min(value + reach, 1.0))
