"""False match rates beyond what was seen: the tail of the non-mated scores as a generalised Pareto distribution.

Of n scores the k highest lie above a start u. Beyond it FMR(x) = k / n (1 + shape (x - u) / scale)^(-1 / shape).
What comes out is an extrapolation and says so. It takes comparisons as independent: fingers in common make the true
interval wider.

Source: Coles, An Introduction to Statistical Modeling of Extreme Values (2001), sections 2.6.6 and 4.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from fpverify.comparison.pareto import MAX_SHAPE, MIN_SHAPE, Pareto
from fpverify.errors import TooFewComparisons
from fpverify.evaluation.rates.intervals import CONFIDENCE
from fpverify.vocabulary import Interval, Scores

TAIL_FRACTION = 0.05  # of the comparisons, the highest
MIN_TAIL = 50  # exceedances: a standard error of the shape of 0.14
LIKELIHOOD_DROP = 1.92  # half the 95 % quantile of chi-squared with one degree of freedom (Coles, 2.6.6)
GRID = 161  # values of shape and of scale that are tried
RESAMPLES = 200  # of the excesses; the ends then move by a tenth of the interval
CHECKS = 99  # samples of the fitted tail: p in steps of 0.01

Method = Literal["likelihood", "bootstrap"]


@dataclass(frozen=True, slots=True)
class ExtrapolatedThreshold:
    """A threshold for a false match rate that the comparisons are too few to show.

    Attributes:
        target_fmr: that was asked for, and the best estimate at the threshold.
        threshold: score at and above which a comparison matches.
        fmr_interval: 95 %, for the FMR at the threshold.
        start: the score above which the tail was fitted.
        shape, scale: of the tail; with a negative shape it ends at start - scale / shape.
        exceedances: scores the tail was fitted on.
        comparisons: all of them.
        goodness: p of the Kolmogorov-Smirnov distance under the fitted tail; below 0.05 the tail does not fit.
    """

    target_fmr: float
    threshold: float
    fmr_interval: Interval
    start: float
    shape: float
    scale: float
    exceedances: int
    comparisons: int
    goodness: float

    @property
    def fits(self) -> bool:
        """Whether the tail describes the scores it was fitted on."""
        return self.goodness >= 1 - CONFIDENCE


def extrapolated_threshold(
    non_mated: Scores,
    target_fmr: float,
    *,
    start: float | None = None,
    method: Method = "likelihood",
    seed: int = 1,
) -> ExtrapolatedThreshold:
    """The threshold at which a Pareto tail reaches a false match rate.

    Args:
        non_mated: (n,) finite scores of non-mated comparisons.
        target_fmr: in (0, 1), below the share of scores above the start.
        start: of the tail; None leaves the highest 5 % of the scores to it, and no fewer than 50.
        method: interval by profile likelihood, or by drawing the excesses with replacement.
        seed: of the bootstrap and of the goodness check.

    Raises:
        TooFewComparisons: fewer than 50 scores above the start, or all of them tied.
        ValueError: the target lies in the body of the scores; a score is not finite.
    """
    values = np.sort(np.asarray(non_mated, np.float64))
    if not np.isfinite(values).all():
        raise ValueError("a tail is fitted on finite scores; leave failed comparisons out")
    start = _start(values) if start is None else start
    excesses = values[values > start] - start
    if len(excesses) < MIN_TAIL:
        raise TooFewComparisons(
            f"{len(excesses)} of {len(values)} non-mated scores lie above {start:.6g}; "
            f"a tail needs at least {MIN_TAIL} to be extrapolated"
        )
    share = len(excesses) / len(values)
    if not 0 < target_fmr < share:
        raise ValueError(f"FMR {target_fmr:.3g} is not in the tail, which begins at FMR {share:.3g}")
    tail = Pareto.fit(excesses)
    excess = float(tail.quantile(np.array(target_fmr / share)))
    rates = _plausible(excesses, tail, excess) if method == "likelihood" else _resampled(excesses, excess, seed)
    return ExtrapolatedThreshold(
        target_fmr=target_fmr,
        threshold=start + excess,
        fmr_interval=Interval(float(rates.min()) * share, float(rates.max()) * share),
        start=start,
        shape=tail.shape,
        scale=tail.scale,
        exceedances=len(excesses),
        comparisons=len(values),
        goodness=goodness(excesses, tail, seed),
    )


def goodness(excesses: Scores, tail: Pareto, seed: int = 1) -> float:
    """How often samples of the tail, fitted anew, lie as far from their fit as the excesses do from theirs: p."""
    rng = np.random.default_rng(seed)
    seen = _distance(excesses, tail)
    drawn = [np.asarray(tail.quantile(rng.uniform(1e-12, 1, len(excesses)))) for _ in range(CHECKS)]
    return (1 + sum(_distance(one, Pareto.fit(one)) >= seen for one in drawn)) / (CHECKS + 1)


def _start(values: Scores) -> float:
    size = max(int(TAIL_FRACTION * len(values)), MIN_TAIL)
    if len(values) <= size:
        raise TooFewComparisons(
            f"{len(values)} non-mated comparisons; a tail of the highest {MIN_TAIL} needs at least {MIN_TAIL + 1}"
        )
    return float(values[-size - 1])


def _distance(excesses: Scores, tail: Pareto) -> float:
    """Kolmogorov-Smirnov's, the largest difference of the distributions."""
    below = 1 - tail.exceedance(np.sort(excesses))
    rank = np.arange(len(excesses) + 1) / len(excesses)
    return float(max((rank[1:] - below).max(), (below - rank[:-1]).max()))


def _plausible(excesses: Scores, tail: Pareto, excess: float) -> Scores:
    """Exceedance rates at `excess` of all tails whose likelihood is near the best: the profile-likelihood interval."""
    worst = tail.log_likelihood(excesses) - LIKELIHOOD_DROP
    scales = tail.scale * np.geomspace(0.4, 2.5, GRID)
    tried = (Pareto(float(a), float(b)) for b in np.linspace(MIN_SHAPE, MAX_SHAPE, GRID // 4) for a in scales[::2])
    near = [float(one.exceedance(np.array(excess))) for one in tried if one.log_likelihood(excesses) >= worst]
    return np.array([*near, float(tail.exceedance(np.array(excess)))])


def _resampled(excesses: Scores, excess: float, seed: int) -> Scores:
    """The two ends of the middle 95 % of the rates at `excess`, over excesses drawn with replacement."""
    rng = np.random.default_rng(seed)
    tails = [Pareto.fit(rng.choice(excesses, len(excesses))) for _ in range(RESAMPLES)]
    rates = [float(one.exceedance(np.array(excess))) for one in tails]
    return np.asarray(np.quantile(rates, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]))
