"""Cutoffs on distances: their errors counted one by one, and where each comes from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fpverify.comparison import Calibration
from fpverify.evaluation.rates.cutoffs import cutoffs, distances, plot_cutoffs
from fpverify.vocabulary import Evaluation, Interval, OperatingPoint

CALIBRATION = Calibration.fit(np.random.default_rng(0).uniform(0.2, 0.8, 3000))
POINT = OperatingPoint(0.01, 20.0, 0.01, 0.0, Interval(0, 1), Interval(0, 1), 0.0, 9, 9, "made up", "m")


def evaluation(mated_distance: np.ndarray, non_mated_distance: np.ndarray) -> Evaluation:
    distance = np.concatenate([mated_distance, non_mated_distance])
    mated = np.arange(len(distance)) < len(mated_distance)
    sides = np.zeros(len(distance), np.int32), np.ones(len(distance), np.int32)
    return Evaluation(("1_1", "2_1"), ("1", "2"), *sides, mated, 1 - distance**2 / 4, "set", "dense", "", "m")


def test_a_similarity_is_half_of_one_and_the_cosine() -> None:
    angle = np.array([0.0, 0.3, np.pi / 2, np.pi])
    chord = np.hypot(1 - np.cos(angle), np.sin(angle))
    assert distances((1 + np.cos(angle)) / 2) == pytest.approx(chord)


def test_the_errors_of_a_fixed_cutoff_are_counted() -> None:
    raw = evaluation(np.array([0.1, 0.2, 0.6]), np.array([0.4, 0.7, 0.8, 0.9]))
    fixed = cutoffs(raw, CALIBRATION, POINT)[0]
    assert (fixed.distance, fixed.fmr, fixed.fnmr) == (0.5, 1 / 4, pytest.approx(1 / 3))
    assert fixed.accuracy == pytest.approx(5 / 7)


def test_the_cutoff_of_the_evidence_is_where_the_score_reaches_the_threshold() -> None:
    raw = evaluation(np.array([0.1]), np.array([1.0]))
    chosen = cutoffs(raw, CALIBRATION, POINT)[1]
    similarity = 1 - chosen.distance**2 / 4
    assert float(CALIBRATION.scores(similarity)) == pytest.approx(20.0, abs=1e-6)


def test_the_cutoff_of_the_curve_keeps_its_rate_wherever_the_distances_lie() -> None:
    rng = np.random.default_rng(1)
    for scale in (0.2, 1.0):
        raw = evaluation(scale * rng.uniform(0, 0.5, 200), scale * rng.uniform(0.6, 1.8, 1000))
        fixed, _, own = cutoffs(raw, CALIBRATION, POINT)
        assert own.fmr <= 0.01
        assert own.fnmr == 0
        assert own.accuracy > fixed.accuracy or scale == 1.0
    assert fixed.fmr == 0


def test_failures_are_left_out() -> None:
    raw = evaluation(np.array([0.1, 0.2]), np.array([1.0, 1.1]))
    raw.scores[0] = -np.inf
    assert cutoffs(raw, CALIBRATION, POINT)[0].fnmr == 0


def test_the_distances_are_drawn(tmp_path: Path) -> None:
    raw = evaluation(np.linspace(0, 0.4, 50), np.linspace(0.3, 1.5, 50))
    plot_cutoffs(raw, cutoffs(raw, CALIBRATION, POINT), tmp_path / "cutoffs.png")
    with Image.open(tmp_path / "cutoffs.png") as picture:
        assert min(picture.size) > 400
