"""How far a measured rate can be trusted: 95 % intervals over fingers.

Comparisons that share a finger are not independent, so fingers are drawn, with replacement. A finger drawn w times
gives its mated comparisons the weight w, and a non-mated comparison the product of the weights of its two fingers.
The spread of the drawn rates, multiplied by F / (F - 1) in variance, says how many independent trials the data are
worth; the interval is the exact binomial one of so many trials (Korn and Graubard, Survey Methodology 24, 1998), with
Student's t of F - 1 degrees in place of the normal. `docs/rates.md` has the coverage that was measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpverify.evaluation.rates.distributions import beta_quantile, normal_quantile, student_quantile
from fpverify.vocabulary import Evaluation, Interval, Scores

CONFIDENCE = 0.95
RESAMPLES = 2000  # of the fingers; the spread is then known to 1.6 %
GRID = 256  # thresholds from each side's scores: steps of 0.4 % of the mated, and evenly in the logarithm of the FMR
CHUNK_WEIGHTS = 8_000_000  # weights of pairs held at once, float32: 32 MB
RULE_OF_30 = (
    30  # errors from which a rate is within 30 % with 90 % confidence (Doddington et al., Speech Comm. 31, 2000)
)


@dataclass(frozen=True)
class Curves:
    """FMR and FNMR of every resample at every threshold of a grid.

    Attributes:
        thresholds: (t,) rising, the last +inf.
        fmr, fnmr: (b, t) in [0, 1]; failures count as the lowest score.
        fingers: how many there were to draw from.
    """

    thresholds: Scores
    fmr: NDArray[np.float32]
    fnmr: NDArray[np.float32]
    fingers: int

    @classmethod
    def of(cls, evaluation: Evaluation, resamples: int = RESAMPLES, seed: int = 1) -> Curves:
        """Of the fingers of an evaluation, drawn with replacement; resamples without both kinds are left out."""
        return cls.at(evaluation, _grid(evaluation), resamples, seed)

    @classmethod
    def at(cls, evaluation: Evaluation, thresholds: Scores, resamples: int = RESAMPLES, seed: int = 1) -> Curves:
        """The same at given thresholds, (t,) rising."""
        pairs = _Pairs.of(evaluation)
        weights = _weights(pairs.fingers, resamples, seed)  # (b, f)
        matches = pairs.totals(weights, evaluation.scores, thresholds, ~evaluation.mated)  # (b, t + 1)
        mated = pairs.totals(weights, evaluation.scores, thresholds, evaluation.mated)
        used = (matches.sum(1) > 0) & (mated.sum(1) > 0)
        return cls(thresholds, 1 - _share_below(matches[used]), _share_below(mated[used]), pairs.fingers)

    @cached_property
    def eer(self) -> NDArray[np.float32]:
        """(b,) where FMR and FNMR cross, on straight lines between thresholds."""
        rise = self.fnmr - self.fmr  # from -1 to 1
        after = np.minimum(np.maximum((rise >= 0).argmax(1), 1), rise.shape[1] - 1)
        row = np.arange(len(rise))
        below, above = rise[row, after - 1], rise[row, after]
        part = np.clip(-below / np.maximum(above - below, 1e-12), 0, 1)
        centre = (self.fmr + self.fnmr) / 2
        return np.asarray(centre[row, after - 1] * (1 - part) + centre[row, after] * part)

    def fnmr_at(self, fmr: float) -> NDArray[np.float32]:
        """(b,) the lowest FNMR of the thresholds whose FMR is at most `fmr`."""
        keeps = (self.fmr <= fmr + 1e-6).argmax(1)  # float32 rounds to 6e-8 of a rate
        return np.asarray(self.fnmr[np.arange(len(keeps)), keeps])

    def band(self) -> tuple[Scores, Scores]:
        """(t, 2) FMR and (t, 2) FNMR: the middle 95 % of the resamples at every threshold, for drawing a DET curve."""
        ends = [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]
        fmr, fnmr = (np.quantile(side.astype(np.float64), ends, axis=0).T for side in (self.fmr, self.fnmr))
        return fmr, fnmr


@dataclass(frozen=True, slots=True)
class MeasuredRate:
    """A rate with what stands behind it.

    Attributes:
        value: in [0, 1]; 0 if there were no trials.
        interval: 95 %.
        errors, trials: numbers of comparisons.
    """

    value: float
    interval: Interval
    errors: int
    trials: int

    @property
    def rule_of_3(self) -> bool:
        """No error was seen: the rate is below 3 / trials with 95 % confidence, and that is all that is known."""
        return self.errors == 0

    @property
    def rule_of_30(self) -> bool:
        """There are 30 errors or more: were they independent, the rate is within 30 % with 90 % confidence."""
        return self.errors >= RULE_OF_30


def measured_rate(evaluation: Evaluation, errors: NDArray[np.bool_], trials: NDArray[np.bool_]) -> MeasuredRate:
    """The share of errors among trials, with its interval over fingers.

    Args:
        evaluation: the n comparisons.
        errors: (n,) which of the trials were errors.
        trials: (n,) mated alone or non-mated alone.
    """
    count, wrong = int(trials.sum()), int(errors.sum())
    if count == 0:
        return MeasuredRate(0.0, Interval(0.0, 1.0), 0, 0)
    pairs = _Pairs.of(evaluation)
    totals = pairs.totals(_weights(pairs.fingers, RESAMPLES, 1), errors.astype(float), np.array([0.5]), trials)
    totals = totals[totals.sum(1) > 0]
    interval = interval_of(wrong / count, totals[:, 1] / totals.sum(1), count, pairs.fingers)
    return MeasuredRate(wrong / count, interval, wrong, count)


def interval_of(rate: float, resampled: NDArray[Any], trials: int, fingers: int, *, crossing: bool = False) -> Interval:
    """The exact binomial interval of as many independent trials as the resampled spread says there are.

    Args:
        rate: as measured, in [0, 1].
        resampled: (b,) over fingers.
        trials: comparisons behind the rate.
        fingers: that were drawn from; with one, nothing is known beyond the trials.
        crossing: the rate is where two curves cross (EER): both stand behind it, so it can be worth more than `trials`.
    """
    variance = float(np.var(resampled, dtype=np.float64)) if len(resampled) else 0.0
    if fingers < 2 or variance <= 0 or not 0 < rate < 1:
        return clopper_pearson(rate * trials, trials)
    tail = (1 + CONFIDENCE) / 2
    worth = rate * (1 - rate) / (variance * fingers / (fingers - 1))
    worth *= (normal_quantile(tail) / student_quantile(tail, fingers - 1)) ** 2
    if not crossing:
        worth = min(worth, float(trials))
    return clopper_pearson(rate * worth, worth)


def clopper_pearson(errors: float, trials: float) -> Interval:
    """The exact interval of independent trials; both numbers may be broken, as an effective number of trials is.

    Source: Clopper and Pearson, Biometrika 26 (1934); ISO/IEC 19795-1, annex B.
    """
    tail = (1 - CONFIDENCE) / 2
    low = beta_quantile(tail, errors, trials - errors + 1) if errors > 0 else 0.0
    high = beta_quantile(1 - tail, errors + 1, trials - errors) if errors < trials else 1.0
    return Interval(low, high)


@dataclass(frozen=True, slots=True)
class _Pairs:
    """The pairs of fingers that were compared, each once."""

    first: NDArray[np.int64]  # (p,) finger
    second: NDArray[np.int64]  # (p,) finger, the same for mated comparisons
    of_comparison: NDArray[np.int64]  # (n,) index into the pairs
    fingers: int

    @classmethod
    def of(cls, evaluation: Evaluation) -> _Pairs:
        names, numbers = np.unique(evaluation.fingers, return_inverse=True)
        probe, reference = numbers[evaluation.probe], numbers[evaluation.reference]
        keys, pair = np.unique(
            np.minimum(probe, reference) * len(names) + np.maximum(probe, reference), return_inverse=True
        )
        return cls(keys // len(names), keys % len(names), pair, len(names))

    def totals(
        self, weights: NDArray[np.float32], values: Scores, thresholds: Scores, chosen: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """(b, t + 1) weight of the chosen comparisons between each two thresholds."""
        bins = np.searchsorted(thresholds, values[chosen], side="right")
        used, pair = np.unique(self.of_comparison[chosen], return_inverse=True)
        filled = _counts_by_bin(bins, pair, len(used))
        first, second = self.first[used], self.second[used]
        totals = np.zeros((len(weights), len(thresholds) + 1))
        step = max(CHUNK_WEIGHTS // max(len(used), 1), 1)
        for start in range(0, len(weights), step):
            drawn = weights[start : start + step].T  # (f, c)
            product = drawn[first] * np.where((first == second)[:, None], np.float32(1), drawn[second])
            for number, pairs, count in filled:
                totals[start : start + step, number] = count @ (product if len(pairs) == len(used) else product[pairs])
        return totals


def _counts_by_bin(
    bins: NDArray[np.int64], pair: NDArray[np.int64], pairs: int
) -> list[tuple[int, NDArray[np.int64], NDArray[np.float32]]]:
    """Each bin in which there is a comparison, the pairs of fingers that have some there, and how many.

    Args:
        bins: (n,) of the comparisons.
        pair: (n,) likewise.
        pairs: how many pairs there are.
    """
    cells, counts = np.unique(bins * pairs + pair, return_counts=True)
    of_bin = cells // max(pairs, 1)
    starts = np.flatnonzero(np.diff(of_bin, prepend=-1))
    parts = zip(np.split(cells % max(pairs, 1), starts[1:]), np.split(counts, starts[1:]), strict=True)
    return [
        (int(number), its_pairs, its_counts.astype(np.float32))
        for number, (its_pairs, its_counts) in zip(of_bin[starts], parts, strict=True)
    ]


def _weights(fingers: int, resamples: int, seed: int) -> NDArray[np.float32]:
    """(b, f) how often each finger was drawn."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(fingers, np.full(fingers, 1 / fingers), size=resamples).astype(np.float32)


def _share_below(totals: NDArray[np.float64]) -> NDArray[np.float32]:
    """(b, t) of the (b, t + 1) totals: the share below each threshold."""
    return np.asarray(totals[:, :-1].cumsum(1) / totals.sum(1, keepdims=True), np.float32)


def _grid(evaluation: Evaluation) -> Scores:
    """Thresholds that tell the resamples apart: every score of a few, else quantiles, the highest non-mated densest."""
    mated, non_mated = (np.sort(side[np.isfinite(side)]) for side in _sides(evaluation))
    ranks = np.unique(np.geomspace(1, max(len(non_mated), 1), GRID).round().astype(int))
    spread = np.linspace(0, max(len(mated) - 1, 0), min(GRID, max(len(mated), 1))).round().astype(int)
    chosen = [mated[spread] if len(mated) else mated, non_mated[-ranks] if len(non_mated) else non_mated]
    above = np.nextafter(chosen[1], np.inf)  # where the comparison at a rank is just rejected
    return np.append(np.unique(np.concatenate([*chosen, above])), np.inf)


def _sides(evaluation: Evaluation) -> tuple[Scores, Scores]:
    return evaluation.mated_scores, evaluation.non_mated_scores
