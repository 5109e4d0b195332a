"""From raw similarity to a score that states its false match rate: -10 log10(FMR).

Built in three pieces that meet: where non-mated comparisons are plentiful, their own exceedance rates; beyond the last
of them that enough comparisons stand behind, a generalised Pareto tail; below the first, a straight line. Between knots
the score is linear, which is exact for an exponential distribution.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fpverify.comparison.pareto import fit_rising
from fpverify.errors import CorruptModel, TooFewComparisons
from fpverify.vocabulary import Score, Scores

DECIBEL = 10.0 / np.log(10.0)  # score per natural logarithm of an FMR: -10 log10(p) = -DECIBEL ln(p)

MIN_COMPARISONS = 300  # the fewest that support FMR 1 %: rule of three, ISO/IEC 19795-1
MIN_EXCEEDANCES = 10  # behind the last measured knot: a standard error of a third, 1.4 in score
# Where ten times as many make a tail. The highest of many comparisons come from a few pairs of fingers, another draw
# has others; the tail leans on all that lies before them.
SURE_EXCEEDANCES = 100
BODY_KNOTS = 48  # measured ones, evenly in score: 1.0 apart for 10^6 comparisons, 0.3 for 300
MIN_KNOT_GAP = 1e-6  # raw; nearer values count as tied: less than the grid of the descriptors makes of one comparison

TAIL_FRACTION = 0.01  # of the comparisons, the highest: near enough to the end for the Pareto limit to hold
MIN_TAIL = 30  # comparisons to fit a tail on: a scale known to a fifth
TAIL_KNOTS = 8  # of a curved tail; its score is off by less than 0.3 between them
MIN_TAIL_SCALE = 0.002  # raw; a steeper tail is a tie, not evidence, and Score.fmr would underflow to 0 at raw 1
MAX_RAW = 1.0  # both kinds of model give similarities in [0, 1]
MIN_SLOPE = 1e-3  # score per raw: at any raw in use, values 1e-9 apart still have different scores


@dataclass(frozen=True, slots=True)
class Calibration:
    """A strictly increasing, everywhere finite map from raw similarity to score.

    Piecewise linear through the knots, straight lines beyond both ends. Two raw values at least 1e-9 apart never have
    the same score.

    Attributes:
        knots_raw: k >= 1 raw similarities, strictly increasing.
        knots_score: their scores, -10 log10(FMR), strictly increasing.
        slope_below, slope_above: of the lines beyond the first and the last knot, score per raw, positive.
        evidence_raw: the highest raw similarity whose rate was measured; scores above it are `extrapolated`. (Below the
            first knot the score is negative or near 0 and states an FMR of 1, which needs no evidence.)
        comparisons: the number of non-mated comparisons it was fitted on.

    Raises:
        ValueError: the numbers are not such a map.
    """

    knots_raw: tuple[float, ...]
    knots_score: tuple[float, ...]
    slope_below: float
    slope_above: float
    evidence_raw: float
    comparisons: int

    def __post_init__(self) -> None:
        raw, score = np.array(self.knots_raw, np.float64), np.array(self.knots_score, np.float64)
        rest = np.array([self.slope_below, self.slope_above, self.evidence_raw], np.float64)
        if not (len(raw) == len(score) > 0 and all(np.isfinite(part).all() for part in (raw, score, rest))):
            raise ValueError("a calibration needs as many raw knots as scores, at least one, all finite")
        if not ((np.diff(raw) > 0).all() and (np.diff(score) > 0).all() and min(rest[:2]) > 0):
            raise ValueError("the knots of a calibration must increase strictly, and its slopes be positive")

    @property
    def evidence_score(self) -> float:
        """The highest score whose rate was measured."""
        return float(self.scores(self.evidence_raw)[()])

    def score(self, raw: float) -> Score:
        """The score of one comparison.

        Args:
            raw: finite; usually in [0, 1].
        """
        return self.score_of_each(np.array([raw], np.float64))[0]

    def score_of_each(self, raw: Scores) -> list[Score]:
        """The score of each of k comparisons, (k,); errors as in `scores`."""
        beyond = (raw > self.evidence_raw).tolist()
        return [Score(*each) for each in zip(self.scores(raw).tolist(), beyond, strict=True)]

    def scores(self, raw: ArrayLike) -> Scores:
        """The values of many scores.

        Args:
            raw: any shape, finite.

        Returns:
            The same shape, float64, finite.

        Raises:
            ValueError: a raw similarity is not finite.
        """
        given = np.asarray(raw, np.float64)
        if not np.isfinite(given).all():
            raise ValueError("a raw similarity must be finite; leave failed comparisons out")
        first, last = self.knots_raw[0], self.knots_raw[-1]
        between = np.interp(given, self.knots_raw, self.knots_score)
        below = self.slope_below * np.minimum(given - first, 0.0)
        above = self.slope_above * np.maximum(given - last, 0.0)
        return np.asarray(between + below + above, np.float64)

    def raw_of(self, scores: ArrayLike) -> Scores:
        """The raw similarities that have these scores, the same shape; 0 for scores less than those of 0."""
        given = np.asarray(scores, np.float64)
        between = np.interp(given, self.knots_score, self.knots_raw)
        above = np.maximum(given - self.knots_score[-1], 0.0) / self.slope_above
        below = np.minimum(given - self.knots_score[0], 0.0) / self.slope_below
        return np.asarray(np.clip(between + above + below, 0.0, None), np.float64)

    @classmethod
    def fit(cls, non_mated_raw: ArrayLike) -> Calibration:
        """The calibration that gives non-mated comparisons like these the rates they have.

        The FMR at the r-th highest of n raw similarities is estimated as r / (n + 1), its expectation, ties counting as
        exceedances. A mass of equal values (comparisons without any consensus have raw 0) is one knot: its score is the
        rate of values at least that high, and between it and the next value the stated FMR is too high, never too low.

        Beyond the last knot with `SURE_EXCEEDANCES` behind it (of less than 100,000 comparisons a thousandth, and not
        less than `MIN_EXCEEDANCES`), the score follows a generalised Pareto distribution,
        fitted by maximum likelihood to the excesses of the highest `TAIL_FRACTION`. Its shape is clipped to
        [0, `pareto.MAX_SHAPE`]: a negative shape would end at a finite raw value and give an infinite score above it;
        with 0 (the exponential distribution) the score goes on as a straight line. A positive shape bends the score; it
        is followed by knots up to raw `MAX_RAW` and by its tangent from there.

        Args:
            non_mated_raw: (n,) raw similarities, finite, failures left out.

        Raises:
            TooFewComparisons: n < `MIN_COMPARISONS`.
            ValueError: a similarity is not finite.

        Source: Coles, An Introduction to Statistical Modeling of Extreme Values (2001), chapter 4.
        """
        values = np.sort(np.asarray(non_mated_raw, np.float64).ravel())
        if len(values) < MIN_COMPARISONS:
            raise TooFewComparisons(
                f"a calibration needs at least {MIN_COMPARISONS} non-mated comparisons; {len(values)} were given"
            )
        if not np.isfinite(values).all():
            raise ValueError("a raw similarity must be finite; leave failed comparisons out")
        raw, score = _measured_knots(values)
        tail = _Tail.fit(values, raw[-1])
        beyond = tail.knots()
        return cls(
            knots_raw=(*raw.tolist(), *(raw[-1] + beyond).tolist()),
            knots_score=(*score.tolist(), *(score[-1] + tail.rise(beyond)).tolist()),
            slope_below=_slope_below(raw, score, tail),
            slope_above=tail.slope(float(beyond[-1]) if len(beyond) else 0.0),
            evidence_raw=max(float(raw[-1]), float(values[-MIN_EXCEEDANCES])),
            comparisons=len(values),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and lists, for a model card; `from_dict` gives back exactly the same calibration."""
        return {
            "knots_raw": list(self.knots_raw),
            "knots_score": list(self.knots_score),
            "slope_below": self.slope_below,
            "slope_above": self.slope_above,
            "evidence_raw": self.evidence_raw,
            "comparisons": self.comparisons,
        }

    @classmethod
    def from_dict(cls, numbers: Mapping[str, Any]) -> Calibration:
        """The calibration that `to_dict` was called on.

        Raises:
            CorruptModel: an entry is missing, or the numbers are no calibration.
        """
        try:
            return cls(
                knots_raw=tuple(float(value) for value in numbers["knots_raw"]),
                knots_score=tuple(float(value) for value in numbers["knots_score"]),
                slope_below=float(numbers["slope_below"]),
                slope_above=float(numbers["slope_above"]),
                evidence_raw=float(numbers["evidence_raw"]),
                comparisons=int(numbers["comparisons"]),
            )
        except KeyError as missing:
            raise CorruptModel(f"the model's calibration lacks the entry {missing}") from missing
        except (TypeError, ValueError) as wrong:
            raise CorruptModel(f"the model's calibration cannot be used: {wrong}") from wrong


@dataclass(frozen=True, slots=True)
class _Tail:
    """A generalised Pareto distribution of excesses, continued from the last measured knot."""

    scale: float  # at the last measured knot, raw
    shape: float  # in [0, pareto.MAX_SHAPE]; 0 is exponential
    length: float  # from the last measured knot to MAX_RAW, raw; at least one scale

    @classmethod
    def fit(cls, values: Scores, start: float) -> _Tail:
        """Fitted on the highest of the (sorted) values, and moved to `start`."""
        size = max(int(TAIL_FRACTION * len(values)), MIN_TAIL)
        threshold = float(values[-size - 1])
        excesses = values[values > threshold] - threshold
        if len(excesses) < MIN_EXCEEDANCES:
            return cls._without_evidence(len(values), start)
        scale, shape = fit_rising(excesses)
        scale = max(
            scale + shape * max(start - threshold, 0.0), MIN_TAIL_SCALE
        )  # Coles (4.2): the same tail from `start`
        return cls(scale, shape, max(MAX_RAW - start, scale))

    @classmethod
    def _without_evidence(cls, comparisons: int, start: float) -> _Tail:
        """Almost all values are tied: the rate of a single comparison is granted at `MAX_RAW`, not before."""
        length = max(MAX_RAW - start, MIN_TAIL_SCALE)
        return cls(length / np.log(comparisons + 1), 0.0, length)

    def rise(self, excess: Scores) -> Scores:
        """Score above that of the last measured knot: DECIBEL ln(1 + shape * excess / scale) / shape."""
        if self.shape == 0.0:
            return np.asarray(DECIBEL * excess / self.scale)
        return np.asarray(DECIBEL * np.log1p(self.shape * excess / self.scale) / self.shape)

    def slope(self, excess: float) -> float:
        """Derivative of `rise`."""
        return float(DECIBEL / (self.scale + self.shape * excess))

    def knots(self) -> Scores:
        """Excesses at which a curved tail bends, evenly in score; none for a straight one."""
        if self.shape == 0.0:
            return np.empty(0)
        bend = np.log1p(self.shape * self.length / self.scale)
        steps = np.arange(1, TAIL_KNOTS + 1) / TAIL_KNOTS
        return np.asarray(np.expm1(bend * steps) * self.scale / self.shape)


def _measured_knots(values: Scores) -> tuple[Scores, Scores]:
    """Raw and score at ranks spread evenly in score; (k,) each, strictly increasing."""
    count = len(values)
    behind_last = np.clip(TAIL_FRACTION * count / 10, MIN_EXCEEDANCES, SURE_EXCEEDANCES)
    ranks = np.unique(np.rint(np.geomspace(behind_last, count, BODY_KNOTS)).astype(int))[::-1]
    raw = _spaced(values[count - ranks])
    at_least = count - np.searchsorted(values, raw, side="left")
    return raw, -DECIBEL * np.log(at_least / (count + 1))


def _spaced(raw: Scores) -> Scores:
    """Of increasing values, those at least `MIN_KNOT_GAP` above the last one kept."""
    kept = [float(raw[0])]
    for value in raw[1:].tolist():
        if value >= kept[-1] + MIN_KNOT_GAP:
            kept.append(value)
    return np.array(kept)


def _slope_below(raw: Scores, score: Scores, tail: _Tail) -> float:
    """The body's mean slope: below the least value seen nothing is known but that the score must fall."""
    if len(raw) == 1:
        return tail.slope(0.0)
    return max(float((score[-1] - score[0]) / (raw[-1] - raw[0])), MIN_SLOPE)
