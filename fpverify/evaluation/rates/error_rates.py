"""Error rates from scores.

A comparison is a match if and only if its score is at or above the threshold. A failure to acquire has the score
-inf: it is never a match. EER, FMR100, FMR1000, FMR10000 and ZeroFMR follow the Fingerprint Verification Competition
(FVC) and count failures; FMR and FNMR of an operating point leave them out, FAR and FRR count them (ISO/IEC 19795-1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, overload

import numpy as np
from numpy.typing import NDArray

from fpverify.errors import TooFewComparisons
from fpverify.evaluation.rates.extremes import ExtrapolatedThreshold, extrapolated_threshold
from fpverify.evaluation.rates.intervals import measured_rate
from fpverify.vocabulary import Evaluation, OperatingPoint, Scores

RULE_OF_THREE = 3.0  # no error in n trials: the rate is below 3/n with 95 % confidence (ISO/IEC 19795-1, B.1.2)
FVC_RATES = {"fmr100": 0.01, "fmr1000": 0.001, "fmr10000": 0.0001}  # one false match in so many
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
    fmr, fnmr = _exact_rates(mated, non_mated)
    nearer = equal_error_place(mated, non_mated)
    return float(fnmr[nearer] + fmr[nearer]) / (2 * len(mated) * len(non_mated))


def equal_error_place(mated: Scores, non_mated: Scores) -> int:
    """Which of the thresholds of `error_counts` the EER stands at."""
    fmr, fnmr = _exact_rates(mated, non_mated)
    not_above = np.flatnonzero(fnmr <= fmr)
    high = np.flatnonzero(fnmr >= fmr)[0]
    low = not_above[-1] if len(not_above) else high
    return int(low if fnmr[low] + fmr[low] <= fnmr[high] + fmr[high] else high)


def _exact_rates(mated: Scores, non_mated: Scores) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """FMR and FNMR at every threshold, both over the denominator len(mated) * len(non_mated): whole numbers."""
    _, false_matches, false_non_matches = error_counts(mated, non_mated)
    return false_matches * len(mated), false_non_matches * len(non_mated)


def fnmr_at_fmr(mated: Scores, non_mated: Scores, fmr: float) -> float:
    """The lowest FNMR of the thresholds whose FMR is at most `fmr`; 0 gives FVC's ZeroFMR."""
    _, false_match_rate, false_non_match_rate = error_rates(mated, non_mated)
    return float(false_non_match_rate[np.flatnonzero(false_match_rate <= fmr + ROUNDING)[0]])


def supported(comparisons: int, rate: float) -> bool:
    """Whether so many comparisons can show so low a rate: at least three errors are expected (rule of three)."""
    return comparisons * rate >= RULE_OF_THREE * (1 - ROUNDING)


@overload
def threshold_at_fmr(non_mated: Scores, target_fmr: float, *, extrapolate: Literal[False] = False) -> float: ...


@overload
def threshold_at_fmr(non_mated: Scores, target_fmr: float, *, extrapolate: bool) -> float | ExtrapolatedThreshold: ...


def threshold_at_fmr(
    non_mated: Scores, target_fmr: float, *, extrapolate: bool = False
) -> float | ExtrapolatedThreshold:
    """The lowest threshold whose false match rate is at most `target_fmr`.

    Args:
        non_mated: (n,) finite scores of non-mated comparisons.
        target_fmr: in (0, 1].
        extrapolate: continue the tail where the comparisons are too few.

    Returns:
        A number just above a score that occurs; -inf when every score may match. What was extrapolated comes as an
        `ExtrapolatedThreshold`, with the interval of its rate.

    Raises:
        TooFewComparisons: n * target_fmr < 3, so the rate cannot be supported; or too few even to extrapolate.

    Source: ISO/IEC 19795-1, rule of three.
    """
    count = len(non_mated)
    if not supported(count, target_fmr):
        if extrapolate:
            return extrapolated_threshold(non_mated, target_fmr)
        raise TooFewComparisons(
            f"{count} non-mated comparisons cannot support FMR {target_fmr:.3g}: "
            f"at least {int(np.ceil(RULE_OF_THREE / target_fmr * (1 - ROUNDING)))} are needed"
        )
    allowed = int(np.floor(target_fmr * count))
    if (allowed + 1) / count <= target_fmr:  # 0.29 * 100 is a little less than 29, but 29 / 100 is 0.29
        allowed += 1
    if allowed >= count:
        return -np.inf
    highest_rejected = np.sort(non_mated)[count - 1 - allowed]
    return float(np.nextafter(highest_rejected, np.inf))


def operating_point(evaluation: Evaluation, threshold: float, target_fmr: float, evidence: str) -> OperatingPoint:
    """What was measured at a threshold, with 95 % intervals.

    FMR = false matches / non-mated comparisons made, FNMR = false non-matches / mated comparisons made; comparisons
    with a failure to acquire were not made.

    Args:
        evaluation: the comparisons.
        threshold: score at and above which a comparison matches.
        target_fmr: the rate that was asked for.
        evidence: which data, in words.
    """
    made = np.isfinite(evaluation.scores)
    matches = evaluation.scores >= threshold
    non_mated, mated = made & ~evaluation.mated, made & evaluation.mated
    fmr = measured_rate(evaluation, matches & non_mated, non_mated)
    fnmr = measured_rate(evaluation, ~matches & mated, mated)
    return OperatingPoint(
        target_fmr=target_fmr,
        threshold=threshold,
        fmr=fmr.value,
        fnmr=fnmr.value,
        fmr_interval=fmr.interval,
        fnmr_interval=fnmr.interval,
        fta=failure_to_acquire_rate(evaluation),
        mated=fnmr.trials,
        non_mated=fmr.trials,
        evidence=evidence,
        model_id=evaluation.model_id,
    )


def measured(evaluation: Evaluation) -> bool:
    """Whether comparisons of both kinds were made: without, there are no rates."""
    made = np.isfinite(evaluation.scores)
    return bool((made & evaluation.mated).any() and (made & ~evaluation.mated).any())


def failure_to_acquire_rate(evaluation: Evaluation) -> float:
    """FTA = scans that gave no template / scans."""
    return len(evaluation.failures) / len(evaluation.scans)


def failure_to_enroll_rate(
    evaluation: Evaluation, min_quality: float, *, of: Literal["scans", "fingers"] = "scans"
) -> float:
    """FTE = scans (or fingers) that cannot be enrolled / scans (or fingers).

    A scan cannot be enrolled if it failed to acquire or its quality is below `min_quality`; a finger, if none of its
    scans can. Where nobody measured quality, failures alone count.
    """
    poor = np.array([scan in evaluation.failures for scan in evaluation.scans])
    if evaluation.quality is not None:
        poor |= ~(evaluation.quality >= min_quality)
    if of == "scans":
        return float(poor.mean())
    fingers, number = np.unique(evaluation.fingers, return_inverse=True)
    return 1 - len(np.unique(number[~poor])) / len(fingers)


@dataclass(frozen=True, slots=True)
class SystemRates:
    """Rates of a whole system from those of its parts (ISO/IEC 19795-1); all in [0, 1]."""

    fmr: float
    fnmr: float
    fta: float
    fte: float = 0.0

    @property
    def far(self) -> float:
        """FMR (1 - FTA)."""
        return self.fmr * (1 - self.fta)

    @property
    def frr(self) -> float:
        """FTA + FNMR (1 - FTA)."""
        return self.fta + self.fnmr * (1 - self.fta)

    @property
    def gfar(self) -> float:
        """FMR (1 - FTA) (1 - FTE)."""
        return self.far * (1 - self.fte)

    @property
    def gfrr(self) -> float:
        """FTE + (1 - FTE) FTA + (1 - FTE) (1 - FTA) FNMR."""
        return self.fte + (1 - self.fte) * self.frr


def area_under_curve(mated: Scores, non_mated: Scores) -> float:
    """AUC: how often a mated score is above a non-mated one, ties counting half; failures are the lowest score."""
    ordered = np.sort(non_mated)
    below, not_above = (np.searchsorted(ordered, mated, side=side) for side in ("left", "right"))
    return float((below + not_above).sum()) / (2 * len(mated) * len(non_mated))


def d_prime(mated: Scores, non_mated: Scores) -> float | None:
    """D' = (mean mated - mean non-mated) / sqrt((variance mated + variance non-mated) / 2), failures left out.

    None where neither side varies or one is empty.
    """
    mated, non_mated = mated[np.isfinite(mated)], non_mated[np.isfinite(non_mated)]
    if not len(mated) or not len(non_mated):
        return None
    spread = np.sqrt((mated.var() + non_mated.var()) / 2)
    return float((mated.mean() - non_mated.mean()) / spread) if spread > 0 else None


def fvc_indicators(evaluation: Evaluation) -> dict[str, float]:
    """EER, FMR100, FMR1000, FMR10000 and ZeroFMR, failures counted as the lowest score."""
    sides = evaluation.mated_scores, evaluation.non_mated_scores
    return {
        "eer": equal_error_rate(*sides),
        **{name: fnmr_at_fmr(*sides, rate) for name, rate in FVC_RATES.items()},
        "zerofmr": fnmr_at_fmr(*sides, 0.0),
    }
