"""Fitting a calibration on an operator's own prints, and how wrong the shipped one would have been there."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from fpverify.comparison import Calibration, LikelihoodRatio
from fpverify.comparison.calibration import MIN_COMPARISONS
from fpverify.errors import TooFewComparisons
from fpverify.evaluation.rates.error_rates import failure_to_acquire_rate, operating_point
from fpverify.evaluation.rates.reliability import ReliabilityPoint, reliability
from fpverify.evaluation.runner import calibrated
from fpverify.matching.sensor_calibration import SensorCalibration
from fpverify.vocabulary import Evaluation

FOLDS = 10  # of the fingers: a curve is fitted on four fifths of them, and judged on the others
LEAST_FINGERS = 10  # fewer are no sample of fingers: the intervals draw them anew
ENOUGH = "10 fingers with 4 impressions each are enough, or 11 with 3, or 15 with 2"
SEED = 1  # of the folds


@dataclass(frozen=True, slots=True)
class SensorFit:
    """A calibration fitted on an operator's own prints, beside the one it replaces.

    Attributes:
        fitted: the new one.
        shipped: nominal against realised rates of the model's own calibration, on these prints.
        own: the same for the new one, every comparison judged by a curve fitted on other fingers.
        fta: failure-to-acquire rate of these prints.
    """

    fitted: SensorCalibration
    shipped: list[ReliabilityPoint]
    own: list[ReliabilityPoint]
    fta: float


def fit_sensor(raw: Evaluation, shipped: Calibration, evidence: str) -> SensorFit:
    """Fits a calibration on the comparisons of an operator's own prints.

    Args:
        raw: the comparisons, raw similarities for scores.
        shipped: the model's calibration, to be compared with.
        evidence: which data, in words.

    Raises:
        TooFewComparisons: fewer than `LEAST_FINGERS` fingers, or fewer comparisons than a curve takes.
    """
    own = cross_fitted(raw)
    curve = Calibration.fit(_made(raw, mated=False))
    with_curve = calibrated(raw, curve)
    supported = reliability(own)
    points = tuple(operating_point(own, float(-10 * np.log10(one.nominal)), one.nominal, evidence) for one in supported)
    fitted = SensorCalibration(
        model_id=raw.model_id,
        calibration=curve,
        likelihood=LikelihoodRatio.fit(_made(with_curve, mated=True), _made(with_curve, mated=False)),
        operating_points=points,
        evidence=evidence,
        data_hash=raw.data_hash,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    return SensorFit(fitted, reliability(calibrated(raw, shipped)), supported, failure_to_acquire_rate(raw))


def cross_fitted(raw: Evaluation) -> Evaluation:
    """The evaluation with scores of which each comes from a curve fitted on comparisons of other fingers.

    Fingers are dealt into `FOLDS` folds, or make one each if they are few; the comparisons between two folds (or within
    one) are scored by the curve of the comparisons among all the other folds.

    Raises:
        TooFewComparisons: fewer than `LEAST_FINGERS` fingers, or too few comparisons without two folds.
    """
    probe_fold, reference_fold = _folds(raw)
    scores = np.full(len(raw.scores), -np.inf)
    made = np.isfinite(raw.scores)
    for pair in combinations_with_replacement(range(probe_fold.max(initial=0) + 1), 2):
        judged = made & (np.minimum(probe_fold, reference_fold) == pair[0])
        judged &= np.maximum(probe_fold, reference_fold) == pair[1]
        others = made & ~raw.mated & ~np.isin(probe_fold, pair) & ~np.isin(reference_fold, pair)
        if np.count_nonzero(others) < MIN_COMPARISONS:
            raise _too_few(raw, int(np.count_nonzero(others)))
        scores[judged] = Calibration.fit(raw.scores[others]).scores(raw.scores[judged])
    return replace(raw, scores=scores)


def _folds(raw: Evaluation) -> tuple[np.ndarray, np.ndarray]:
    """The fold of the probe's and of the reference's finger of every comparison."""
    names, finger = np.unique(raw.fingers, return_inverse=True)
    if len(names) < LEAST_FINGERS:
        raise TooFewComparisons(
            f"{len(names)} fingers; a calibration of one's own needs at least {LEAST_FINGERS}: {ENOUGH}"
        )
    folds = FOLDS if len(names) >= 2 * FOLDS else len(names)
    fold = np.random.default_rng(SEED).permutation(len(names)) % folds
    return fold[finger[raw.probe]], fold[finger[raw.reference]]


def _too_few(raw: Evaluation, fitted: int) -> TooFewComparisons:
    non_mated = len(_made(raw, mated=False))
    return TooFewComparisons(
        f"{non_mated} non-mated comparisons: a curve is fitted without the fingers it judges, on {fitted} of them, "
        f"and takes {MIN_COMPARISONS} at least; {ENOUGH}"
    )


def _made(evaluation: Evaluation, *, mated: bool) -> np.ndarray:
    scores = evaluation.scores[evaluation.mated == mated]
    return np.asarray(scores[np.isfinite(scores)])


def fields(fit: SensorFit) -> dict[str, Any]:
    """The fit as plain values, for JSON."""
    return {
        "model": fit.fitted.model_id,
        "evidence": fit.fitted.evidence,
        "data_hash": fit.fitted.data_hash,
        "non_mated": fit.fitted.calibration.comparisons,
        "mated": fit.fitted.likelihood.mated,
        "fta": fit.fta,
        "rates": [
            {
                "nominal": one.nominal,
                "shipped": {"realised": one.realised, "interval": asdict(one.interval), "fnmr": one.fnmr},
                "own": {"realised": other.realised, "interval": asdict(other.interval), "fnmr": other.fnmr},
            }
            for one, other in zip(fit.shipped, fit.own, strict=True)
        ],
    }
