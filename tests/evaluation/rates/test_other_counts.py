"""The rates against other people's programs."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from fpverify.evaluation.rates.error_curve import error_curve, indicator_thresholds
from fpverify.evaluation.rates.error_rates import (
    area_under_curve,
    d_prime,
    equal_error_rate,
    error_rates,
    fvc_indicators,
)
from fpverify.evaluation.scores_file import read_scores

ORACLE = os.environ.get("FPVERIFY_ORACLE")
PEERS = os.environ.get("FPVERIFY_PEER_SCORES")
LOWEST = np.finfo(np.float64).min  # what the oracle makes of a failure: a threshold of its own, below every score
needs_oracle = pytest.mark.skipif(not ORACLE, reason="FPVERIFY_ORACLE names no other evaluation")


@pytest.fixture(scope="module")
def oracle() -> ModuleType:
    spec = importlib.util.spec_from_file_location("oracle", str(ORACLE))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sides(seed: int, *, tied: bool = True) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    found = rng.normal(2, 1, int(rng.integers(5, 300))), rng.normal(0, 1, int(rng.integers(5, 3000)))
    return (found[0].round(1), found[1].round(1)) if tied else found


@needs_oracle
def test_random_scores_with_ties_and_failures_agree_with_the_oracle(oracle: ModuleType) -> None:
    from fpverify.evaluation.rates.error_rates import fnmr_at_fmr

    for seed in range(300):
        mated, non_mated = sides(seed)
        mated[::7] = -np.inf
        non_mated[::11] = -np.inf
        theirs = oracle.metrics(mated, non_mated)
        assert equal_error_rate(mated, non_mated) == pytest.approx(theirs["eer"], abs=1e-12)
        for name, rate in (("fmr100", 0.01), ("fmr1000", 0.001), ("zerofmr", 0.0)):
            assert fnmr_at_fmr(mated, non_mated, rate) == pytest.approx(theirs[name], abs=1e-12)


@needs_oracle
@pytest.mark.skipif(not PEERS, reason="FPVERIFY_PEER_SCORES names no folder of scores")
def test_every_scores_file_agrees_with_the_oracle(oracle: ModuleType) -> None:
    files = sorted(Path(str(PEERS)).glob("*.csv"))
    assert files
    for path in files:
        ours, theirs = fvc_indicators(read_scores(path)), oracle.evaluate(str(path))
        for name in ("eer", "fmr100", "fmr1000", "zerofmr"):
            assert ours[name] == pytest.approx(theirs[name], abs=1e-12), (path.name, name)


@needs_oracle
@pytest.mark.skipif(not PEERS, reason="FPVERIFY_PEER_SCORES names no folder of scores")
def test_curve_and_thresholds_of_every_scores_file_agree_with_the_oracle(oracle: ModuleType) -> None:
    for path in sorted(Path(str(PEERS)).glob("*.csv")):
        scores = read_scores(path)
        sides = scores.mated_scores, scores.non_mated_scores
        curve, thresholds = error_curve(*sides), indicator_thresholds(*sides)
        rows = [row for row in zip(*oracle.error_rates(*sides), strict=True) if row[0] > LOWEST]
        ours = [np.inf if one is None else one for one in curve["threshold"]], curve["fmr"], curve["fnmr"]
        assert list(zip(*ours, strict=True)) == rows, path.name
        for name, rate in (("", 0.1), ("fmr100", 0.01), ("fmr1000", 0.001)):
            fnmr, threshold = oracle.fnmr_at_fmr(*sides, rate)
            first = next(k for k, fmr in enumerate(curve["fmr"]) if fmr <= rate)
            assert (curve["fnmr"][first], curve["threshold"][first]) == (fnmr, threshold), (path.name, rate)
            assert not name or thresholds[name] == threshold


@pytest.mark.parametrize("seed", range(20))
def test_curve_and_area_agree_with_scikit_learn(seed: int) -> None:
    from sklearn.metrics import roc_auc_score, roc_curve

    mated, non_mated = sides(seed)
    truth, scores = np.repeat([1, 0], [len(mated), len(non_mated)]), np.concatenate([mated, non_mated])
    fmr, tmr, thresholds = roc_curve(truth, scores, drop_intermediate=False)
    ours = error_rates(mated, non_mated)
    assert ours[0] == pytest.approx(thresholds[::-1])
    assert ours[1] == pytest.approx(fmr[::-1])
    assert 1 - ours[2] == pytest.approx(tmr[::-1])
    assert area_under_curve(mated, non_mated) == pytest.approx(roc_auc_score(truth, scores))


@pytest.mark.parametrize("seed", range(5))
def test_eer_and_d_prime_agree_with_pyeer(seed: int) -> None:
    """PyEER takes the EER where the two rates are nearest, so at most one comparison lies between."""
    report = pytest.importorskip("pyeer.eer_stats")
    import pyeer.eer_info

    mated, non_mated = sides(seed, tied=False)
    theirs = pyeer.eer_info.get_eer_stats(mated.tolist(), non_mated.tolist())
    assert report
    assert equal_error_rate(mated, non_mated) == pytest.approx(theirs.eer, abs=1 / len(mated) + 1 / len(non_mated))
    assert area_under_curve(mated, non_mated) == pytest.approx(theirs.auc, abs=1e-3)
    assert d_prime(mated, non_mated) == pytest.approx(theirs.decidability, rel=1e-6)


@pytest.mark.skipif(not PEERS, reason="FPVERIFY_PEER_SCORES names no folder of scores")
def test_eer_and_zero_fmr_of_every_scores_file_agree_with_pyeer() -> None:
    """Its FMR100 and FMR1000 are another thing: at the threshold nearest to the rate, which may be above it."""
    from pyeer.eer_info import get_eer_stats

    for path in sorted(Path(str(PEERS)).glob("*.csv")):
        scores = read_scores(path)
        made = np.isfinite(scores.scores)
        ranked = np.where(made, scores.scores, scores.scores[made].min() - 1)  # a failure is the lowest score
        theirs = get_eer_stats(ranked[scores.mated].tolist(), ranked[~scores.mated].tolist())
        ours = fvc_indicators(scores)
        assert ours["eer"] == pytest.approx(theirs.eer, abs=1e-12), path.name
        assert ours["zerofmr"] == pytest.approx(theirs.fmr0, abs=1e-12), path.name


@pytest.mark.parametrize("seed", range(5))
def test_the_det_curve_agrees_with_scikit_learn(seed: int) -> None:
    from sklearn.metrics import det_curve

    mated, non_mated = sides(seed)
    truth, scores = np.repeat([1, 0], [len(mated), len(non_mated)]), np.concatenate([mated, non_mated])
    fmr, fnmr, thresholds = det_curve(truth, scores)
    ours = {threshold: rates for threshold, *rates in zip(*error_rates(mated, non_mated), strict=True)}
    assert len(thresholds)
    for row in zip(thresholds, fmr, fnmr, strict=True):
        assert ours[row[0]] == pytest.approx(row[1:])
