"""Error rates from scores.

A comparison is a match if and only if its score is at or above the threshold. A failure to acquire has the score
-inf: it is never a match. EER, FMR100, FMR1000 and ZeroFMR follow the Fingerprint Verification Competition (FVC) and
count failures; FMR and FNMR of an operating point leave them out (ISO/IEC 19795-1).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fpverify.errors import TooFewComparisons
from fpverify.vocabulary import Evaluation, Interval, OperatingPoint, Scores

RULE_OF_THREE = 3.0  # no error in n trials: the rate is below 3/n with 95 % confidence (ISO/IEC 19795-1, B.1.2)
CONFIDENCE = 0.95
RESAMPLES = 500  # of the fingers; the interval's ends then move by a few per cent of its width
ROUNDING = 1e-12  # of a count divided by a count


def error_counts(mated: Scores, non_mated: Scores) -> tuple[Scores, NDArray[np.int64], NDArray[np.int64]]:
    """Errors at every threshold that makes a difference.

    Args:
        mated: (m,) scores, failures -inf.
        non_mated: (n,) scores, failures -inf.

    Returns:
        thresholds (t,), every distinct finite score and +inf; false matches (t,); false non-matches (t,).

    Raises:
        TooFewComparisons: one of the sides is empty.
    """
    if not len(mated) or not len(non_mated):
        raise TooFewComparisons(
            f"{len(mated)} mated and {len(non_mated)} non-mated comparisons; at least one of each is needed"
        )
    mated, non_mated = np.sort(mated), np.sort(non_mated)
    both = np.concatenate([mated, non_mated])
    thresholds = np.append(np.unique(both[np.isfinite(both)]), np.inf)
    false_matches = len(non_mated) - np.searchsorted(non_mated, thresholds, side="left")
    return thresholds, false_matches, np.searchsorted(mated, thresholds, side="left")


def error_rates(mated: Scores, non_mated: Scores) -> tuple[Scores, Scores, Scores]:
    """(thresholds, FMR, FNMR), each (t,), of `error_counts`."""
    thresholds, false_matches, false_non_matches = error_counts(mated, non_mated)
    return thresholds, false_matches / len(non_mated), false_non_matches / len(mated)


def equal_error_rate(mated: Scores, non_mated: Scores) -> float:
    """The EER as FVC defines it, in [0, 1].

    Where the two steps cross between thresholds, the centre of the nearer end counts.

    Source: D. Maio et al., "FVC2000: Fingerprint Verification Competition", IEEE PAMI 24 (2002), sec. 4.
    """
    _, false_matches, false_non_matches = error_counts(mated, non_mated)
    fmr = false_matches * len(mated)  # both over the denominator len(mated) * len(non_mated): exact whole numbers
    fnmr = false_non_matches * len(non_mated)
    not_above = np.flatnonzero(fnmr <= fmr)
    high = np.flatnonzero(fnmr >= fmr)[0]
    low = not_above[-1] if len(not_above) else high
    nearer = low if fnmr[low] + fmr[low] <= fnmr[high] + fmr[high] else high
    return float(fnmr[nearer] + fmr[nearer]) / (2 * len(mated) * len(non_mated))


def fnmr_at_fmr(mated: Scores, non_mated: Scores, fmr: float) -> float:
    """The lowest FNMR of the thresholds whose FMR is at most `fmr`; 0 gives FVC's ZeroFMR."""
    _, false_match_rate, false_non_match_rate = error_rates(mated, non_mated)
    return float(false_non_match_rate[np.flatnonzero(false_match_rate <= fmr + ROUNDING)[0]])


def threshold_at_fmr(non_mated: Scores, target_fmr: float) -> float:
    """The lowest threshold whose false match rate is at most `target_fmr`.

    Args:
        non_mated: (n,) finite scores of non-mated comparisons.
        target_fmr: in (0, 1].

    Returns:
        A number just above a score that occurs, or that score itself; -inf when every score may match.

    Raises:
        TooFewComparisons: n * target_fmr < 3, so the rate cannot be supported.

    Source: ISO/IEC 19795-1, rule of three.
    """
    count = len(non_mated)
    if count * target_fmr < RULE_OF_THREE:
        raise TooFewComparisons(
            f"{count} non-mated comparisons cannot support FMR {target_fmr:.3g}: "
            f"at least {int(np.ceil(RULE_OF_THREE / target_fmr))} are needed"
        )
    allowed = int(np.floor(target_fmr * count + ROUNDING * count))
    if allowed >= count:
        return -np.inf
    highest_rejected = np.sort(non_mated)[count - 1 - allowed]
    return float(np.nextafter(highest_rejected, np.inf))


def operating_point(evaluation: Evaluation, threshold: float, target_fmr: float, evidence: str) -> OperatingPoint:
    """What was measured at a threshold, with 95 % intervals.

    Args:
        evaluation: the comparisons.
        threshold: score at and above which a comparison matches.
        target_fmr: the rate that was asked for.
        evidence: which data, in words.
    """
    made = np.isfinite(evaluation.scores)
    matches = evaluation.scores >= threshold
    false_match, false_non_match = matches & ~evaluation.mated, ~matches & evaluation.mated & made
    non_mated, mated = made & ~evaluation.mated, made & evaluation.mated
    fmr, fmr_interval = _rate(evaluation, false_match, non_mated)
    fnmr, fnmr_interval = _rate(evaluation, false_non_match, mated)
    return OperatingPoint(
        target_fmr=target_fmr,
        threshold=threshold,
        fmr=fmr,
        fnmr=fnmr,
        fmr_interval=fmr_interval,
        fnmr_interval=fnmr_interval,
        fta=failure_to_acquire_rate(evaluation),
        mated=int(mated.sum()),
        non_mated=int(non_mated.sum()),
        evidence=evidence,
        model_id=evaluation.model_id,
    )


def failure_to_acquire_rate(evaluation: Evaluation) -> float:
    """The fraction of scans that gave no template."""
    return len(evaluation.failures) / len(evaluation.scans)


def fvc_indicators(evaluation: Evaluation) -> dict[str, float]:
    """EER, FMR100, FMR1000 and ZeroFMR, failures counted as the lowest score."""
    sides = evaluation.mated_scores, evaluation.non_mated_scores
    return {
        "eer": equal_error_rate(*sides),
        "fmr100": fnmr_at_fmr(*sides, 0.01),
        "fmr1000": fnmr_at_fmr(*sides, 0.001),
        "zerofmr": fnmr_at_fmr(*sides, 0.0),
    }


def _rate(evaluation: Evaluation, errors: np.ndarray, trials: np.ndarray) -> tuple[float, Interval]:
    """The share of errors among trials, with its 95 % interval.

    Fingers are resampled on both sides of a comparison; the interval is at least as wide as that of independent trials.
    """
    count = int(trials.sum())
    if count == 0:
        return 0.0, Interval(0.0, 1.0)
    rate = float(errors.sum()) / count
    probe, reference, fingers = _finger_numbers(evaluation)
    rng = np.random.default_rng(1)
    rates = []
    for _ in range(RESAMPLES):
        times = np.bincount(rng.integers(0, fingers, fingers), minlength=fingers)
        weight = np.where(evaluation.mated, times[probe], times[probe] * times[reference])
        total = float(weight[trials].sum())
        if total:
            rates.append(float(weight[errors].sum()) / total)
    resampled = np.quantile(rates or [rate], [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    binomial = _clopper_pearson(int(errors.sum()), count)
    return rate, Interval(float(min(resampled[0], binomial.low)), float(max(resampled[1], binomial.high)))


def _clopper_pearson(errors: int, trials: int) -> Interval:
    """The exact interval of independent trials: what few fingers, or no error, leave the resampling blind to."""
    from scipy.stats import beta

    tail = (1 - CONFIDENCE) / 2
    low = float(beta.ppf(tail, errors, trials - errors + 1)) if errors else 0.0
    high = float(beta.ppf(1 - tail, errors + 1, trials - errors)) if errors < trials else 1.0
    return Interval(low, high)


def _finger_numbers(evaluation: Evaluation) -> tuple[np.ndarray, np.ndarray, int]:
    names, numbers = np.unique(evaluation.fingers, return_inverse=True)
    return numbers[evaluation.probe], numbers[evaluation.reference], len(names)
