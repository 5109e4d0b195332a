"""Accuracy on real prints, where a folder of sets is given: `<finger>_<impression>` files at 500 ppi."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest

from fpverify.evaluation import evaluate, fvc_indicators, write_scores
from fpverify.evaluation.rates.pooling import pooled
from fpverify.evaluation.rates.reliability import reliability
from fpverify.matching import Matcher
from fpverify.vocabulary import Evaluation

ORACLE = os.environ.get("FPVERIFY_ORACLE")
FOLDER = os.environ.get("FPVERIFY_REAL_PRINTS")
SETS = sorted(path for path in Path(FOLDER).iterdir() if path.is_dir()) if FOLDER else []
PPI = 500.0

pytestmark = [
    pytest.mark.real_prints,
    pytest.mark.skipif(not SETS, reason="FPVERIFY_REAL_PRINTS names no folder of sets of real prints"),
]


@pytest.fixture(scope="module")
def evaluations() -> dict[str, Evaluation]:
    return {one.name: evaluate(one, ppi=PPI, workers=2) for one in SETS}


@pytest.fixture(scope="module")
def indicators(evaluations: dict[str, Evaluation]) -> dict[str, dict[str, float]]:
    return {name: fvc_indicators(one) for name, one in evaluations.items()}


def test_every_real_print_is_acquired(evaluations: dict[str, Evaluation]) -> None:
    assert {name: dict(one.failures) for name, one in evaluations.items() if one.failures} == {}


@pytest.mark.skipif(not ORACLE, reason="FPVERIFY_ORACLE names no other evaluation")
def test_our_figures_are_those_of_another_evaluation(
    evaluations: dict[str, Evaluation], indicators: dict[str, dict[str, float]], tmp_path: Path
) -> None:
    spec = importlib.util.spec_from_file_location("oracle", str(ORACLE))
    assert spec is not None
    assert spec.loader is not None
    oracle = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(oracle)
    for name, one in evaluations.items():
        write_scores(one, tmp_path / f"{name}.csv")
        theirs = oracle.evaluate(str(tmp_path / f"{name}.csv"))
        for figure in ("eer", "fmr100", "fmr1000", "zerofmr"):
            assert indicators[name][figure] == pytest.approx(theirs[figure], abs=1e-12), (name, figure)


def test_nominal_rates_are_realised_within_a_fifth_and_twice(evaluations: dict[str, Evaluation]) -> None:
    points = reliability(pooled(list(evaluations.values())), (0.01, 0.001))
    assert [point.nominal for point in points] == [0.01, 0.001]
    for point in points:
        assert 1 / 5 <= point.ratio <= 2, point


def test_mean_error_rates_stay_low(indicators: dict[str, dict[str, float]]) -> None:
    assert np.mean([one["eer"] for one in indicators.values()]) <= 0.007
    assert np.mean([one["fmr1000"] for one in indicators.values()]) <= 0.015


def test_no_set_is_bad(indicators: dict[str, dict[str, float]]) -> None:
    assert max(one["eer"] for one in indicators.values()) <= 0.02


def test_the_default_threshold_keeps_its_rate_on_all_sets_together(evaluations: dict[str, Evaluation]) -> None:
    threshold = Matcher.load().operating_point(0.001).threshold
    mated = np.concatenate([one.mated_scores for one in evaluations.values()])
    non_mated = np.concatenate([one.non_mated_scores for one in evaluations.values()])
    assert (non_mated >= threshold).mean() <= 0.003
    assert (mated < threshold).mean() <= 0.04
