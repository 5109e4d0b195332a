"""What the figures of a report show, in words and numbers, for who cannot see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fpverify.evaluation.rates.error_rates import equal_error_rate, error_rates, fnmr_at_fmr
from fpverify.evaluation.rates.paired import Difference
from fpverify.evaluation.rates.reliability import ReliabilityPoint
from fpverify.evaluation.report.bounds import error_bounds, without_errors
from fpverify.evaluation.report.looks import letters
from fpverify.vocabulary import Evaluation
from fpverify.vocabulary.tables import percent

SAID_RATES = (0.01, 0.001)  # false match rates at which a curve is read off
SAID_NOMINAL = 3  # of the rates that were asked for, the lowest


def det_said(evaluations: Sequence[Evaluation], threshold: float | None = None) -> str:
    """Of DET curves: FNMR at two false match rates, the EER, and both rates at the threshold."""
    return f"DET curve{_s(evaluations)}: {_each(evaluations, [_det(one, threshold) for one in evaluations])}."


def no_errors_said(evaluations: Sequence[Evaluation]) -> str:
    """Which curves of a figure without a legend have no errors, and what that leaves; empty where all have some."""
    named = zip(letters(len(evaluations)), evaluations, strict=True)
    said = [f"{f'{letter} {one.name}'.strip()}: {_bounds(one)[2:]}" for letter, one in named if without_errors(one)]
    return f"{'; '.join(said)}." if said else ""


def roc_said(evaluations: Sequence[Evaluation], threshold: float | None = None) -> str:
    """Of ROC curves: the share of mated comparisons that match at the same rates."""
    return f"ROC curve{_s(evaluations)}: {_each(evaluations, [_roc(one, threshold) for one in evaluations])}."


def histogram_said(evaluation: Evaluation, threshold: float | None) -> str:
    """Of a histogram: where each kind of scores lies, and how much of it is on the wrong side of the threshold."""
    made = np.isfinite(evaluation.scores)
    said = []
    for kind, side in (("mated", evaluation.mated), ("non-mated", ~evaluation.mated)):
        scores = evaluation.scores[made & side]
        if not len(scores):
            continue
        low, middle, high = (f"{value:.4g}" for value in (scores.min(), np.median(scores), scores.max()))
        spread = f"{len(scores):,} {kind} scores from {low} to {high}, half of them above {middle}"
        above = (
            "" if threshold is None else f", {percent(float((scores >= threshold).mean()))} at or above {threshold:.4g}"
        )
        said.append(spread + above)
    return f"Histogram: {'; '.join(said)}."


def rates_said(evaluation: Evaluation, threshold: float) -> str:
    """Of the rates over the threshold: what they are at the chosen one, and from where no false match is left."""
    thresholds, fmr, _ = error_rates(evaluation.mated_scores, evaluation.non_mated_scores)
    without = thresholds[np.flatnonzero(fmr == 0)[0]]
    none = f", and no false match from {without:.4g}" if np.isfinite(without) else ""
    return f"FMR and FNMR over the threshold, from {thresholds[0]:.4g}: {_there(evaluation, threshold)}{none}."


def reliability_said(curves: Mapping[str, Sequence[ReliabilityPoint]]) -> str:
    """Of the realised rates: those at the lowest rates that were asked for."""
    said = []
    for (name, points), letter in zip(curves.items(), letters(len(curves)), strict=True):
        lowest = sorted(points, key=lambda point: point.nominal)[:SAID_NOMINAL]
        pairs = ", ".join(f"{percent(one.realised)} where {percent(one.nominal)} was asked for" for one in lowest)
        said.append(f"{letter} {name}: {pairs}".strip())
    return f"Realised false match rates: {'; '.join(said)}."


def differences_said(names: Sequence[str], found: Sequence[Mapping[str, Difference]], what: str) -> str:
    """Of differences to the best matcher: the last set's, and on how many sets the fingers at hand can tell.

    Args:
        names: of the matchers, the best first.
        found: of every matcher but the best, by set.
        what: rate it is.
    """
    said = []
    for name, its, letter in zip(names[1:], found, letters(len(names))[1:], strict=True):
        last, one = list(its.items())[-1]
        sure = sum(difference.excludes_zero for difference in its.values())
        said.append(
            f"{letter} {name}: {last} {100 * one.value:+.2f} ({100 * one.low:+.2f} to {100 * one.high:+.2f}), "
            f"the interval excludes 0 in {sure} of {len(its)}"
        )
    return f"{what} less that of A {names[0]}, in percentage points: {'; '.join(said)}."


def _det(one: Evaluation, threshold: float | None) -> str:
    mated, non_mated = one.mated_scores, one.non_mated_scores
    at = " and ".join(f"{percent(fnmr_at_fmr(mated, non_mated, rate))} at FMR {percent(rate)}" for rate in SAID_RATES)
    chosen = "" if threshold is None else f"; {_there(one, threshold)}"
    return f"FNMR {at}, EER {percent(equal_error_rate(mated, non_mated))}{chosen}{_bounds(one)}"


def _roc(one: Evaluation, threshold: float | None) -> str:
    accepted = [1 - fnmr_at_fmr(one.mated_scores, one.non_mated_scores, rate) for rate in SAID_RATES]
    at = " and ".join(f"{percent(its)} at FMR {percent(rate)}" for its, rate in zip(accepted, SAID_RATES, strict=True))
    chosen = "" if threshold is None else f"; {_there(one, threshold)}"
    return f"true match rate {at}{chosen}"


def _there(one: Evaluation, threshold: float) -> str:
    """Both rates at a threshold, failures counted as the lowest score, as the curves count them."""
    fmr, fnmr = (one.non_mated_scores >= threshold).mean(), (one.mated_scores < threshold).mean()
    return f"at the threshold {threshold:.4g} FMR {percent(float(fmr))} and FNMR {percent(float(fnmr))}"


def _bounds(one: Evaluation) -> str:
    if not without_errors(one):
        return ""
    fmr, fnmr = (f"{100 * bound:.2g} %" for bound in error_bounds(one))
    return f"; no errors, which leaves FMR below {fmr} and FNMR below {fnmr}"


def _each(evaluations: Sequence[Evaluation], said: Sequence[str]) -> str:
    if len(evaluations) == 1:
        return said[0]
    named = zip(letters(len(evaluations)), evaluations, said, strict=True)
    return "; ".join(f"{letter} {one.name}: {words}" for letter, one, words in named)


def _s(evaluations: Sequence[Evaluation]) -> str:
    return "" if len(evaluations) == 1 else "s"
