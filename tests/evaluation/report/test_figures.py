"""Curves go through every point that the scores give, and say what is known where there is no error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fpverify.evaluation.report import figures
from fpverify.evaluation.report.plots import plot_roc
from fpverify.vocabulary import Evaluation, Interval, OperatingPoint

POINT = OperatingPoint(0.01, 12.0, 0.01, 0.02, Interval(0, 1), Interval(0, 1), 0.0, 9, 9, "made up", "m")


def evaluation_of(mated: np.ndarray, non_mated: np.ndarray, name: str = "made up") -> Evaluation:
    """Comparisons of two fingers with these scores; which scan is compared with which does not matter here."""
    count = len(mated) + len(non_mated)
    truth = np.repeat([True, False], [len(mated), len(non_mated)])
    scans = tuple(f"{finger}_{k}" for finger in "ab" for k in range(2))
    probe = np.zeros(count, np.int32)
    reference = np.where(truth, 1, 2).astype(np.int32)
    scores = np.concatenate([mated, non_mated]).astype(np.float64)
    return Evaluation(scans, ("a", "a", "b", "b"), probe, reference, truth, scores, name, "dense", "0" * 64, "m")


def tied(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers, of which many fall together, some failed."""
    rng = np.random.default_rng(seed)
    mated, non_mated = rng.gamma(4, 8, 280).round(), rng.gamma(1.5, 2.5, 2880).round()
    mated[::50], non_mated[::90] = -np.inf, -np.inf
    return mated, non_mated


def counted(mated: np.ndarray, non_mated: np.ndarray) -> list[tuple[float, float]]:
    """(FMR, FNMR) at every score and above them all, slowly."""
    scores = [*sorted({*mated, *non_mated} - {-np.inf}), np.inf]
    at = ((sum(s >= one for s in non_mated), sum(s < one for s in mated)) for one in scores)
    return [(wrong / len(non_mated), missed / len(mated)) for wrong, missed in at]


@pytest.mark.parametrize("seed", range(3))
def test_a_curve_of_tied_scores_goes_through_every_threshold(seed: int) -> None:
    sides = tied(seed)
    drawn = np.stack(figures._corners(evaluation_of(*sides)), 1)
    assert drawn == pytest.approx(np.array(counted(*sides)))


def on_the_way(points: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """(n,) how far each point lies from the nearest piece of a line; (n, 2), (d, 2)."""
    start, piece = drawn[:-1], np.diff(drawn, axis=0)
    length = np.maximum((piece**2).sum(1), 1e-30)
    part = np.clip(((points[:, None] - start) * piece).sum(2) / length, 0, 1)
    return np.asarray(np.linalg.norm(points[:, None] - start - part[..., None] * piece, axis=2).min(1))


@pytest.mark.parametrize(("mated", "non_mated", "within"), [(280, 2880, 1e-12), (20_000, 40_000, 2e-3)])
def test_points_that_are_left_out_of_a_long_curve_lie_on_its_line(mated: int, non_mated: int, within: float) -> None:
    rng = np.random.default_rng(5)
    sides = rng.normal(2, 1, mated), rng.normal(0, 1, non_mated)
    fmr, fnmr = figures._corners(evaluation_of(*sides))
    thresholds = np.sort(np.concatenate(sides))[:: (mated + non_mated) // 1500]
    others, owners = np.sort(sides[1]), np.sort(sides[0])
    true = 1 - np.searchsorted(others, thresholds) / non_mated, np.searchsorted(owners, thresholds) / mated
    points, drawn = (np.stack([figures._deviate(one) for one in both], 1) for both in (true, (fmr, fnmr)))
    assert len(fmr) <= figures.MOST_POINTS + 2
    assert on_the_way(points, drawn).max() <= within * figures.DET_WIDTH


def test_the_roc_promises_no_more_than_the_table() -> None:
    """At an FMR between two thresholds it shows what the stricter one gives, as FMR100 and FMR1000 do."""
    from fpverify.evaluation.rates.error_rates import fnmr_at_fmr

    sides = tied(1)
    (axes,) = figures.roc([evaluation_of(*sides)]).axes
    line = axes.lines[0]
    assert line.get_drawstyle() == "steps-pre"
    fmr, accepted = (np.asarray(side, float) for side in line.get_data())
    for target in (0.1, 0.01, 0.001):
        left = accepted[fmr <= target].max()  # a step keeps it up to the next point to the right
        assert 1 - left == pytest.approx(fnmr_at_fmr(*sides, target))


def test_errors_over_the_threshold_are_steps_that_end_at_their_scores() -> None:
    sides = np.array([5.0, 9.0, 9.0, 14.0]), np.array([1.0, 1.0, 5.0, 9.0, 2.0])
    (axes,) = figures.rates_over_threshold(evaluation_of(*sides), POINT).axes
    for line, rates in zip(axes.lines[:2], zip(*counted(*sides), strict=True), strict=True):
        across, up = line.get_data()
        assert line.get_drawstyle() == "steps-pre"
        assert list(across)[:-1] == [1, 2, 5, 9, 14]
        assert across[-1] > 14
        assert list(up) == pytest.approx(np.maximum(rates, 0.3 / 5))


def test_a_set_without_errors_says_what_is_known(tmp_path: Path) -> None:
    sides = np.linspace(30, 40, 48), np.linspace(0, 10, 448)
    one = evaluation_of(*sides, "small")
    said = "small: no errors,\nFMR below 0.82 %, FNMR below 7.4 %"
    for figure in (figures.det([one]), figures.roc([one])):
        (axes,) = figure.axes
        assert said in [str(text.get_text()) for text in axes.get_legend().get_texts()]  # type: ignore[union-attr]
    (axes,) = figures.det([one]).axes
    assert len(axes.collections) == 1
    corner = axes.collections[0].get_paths()[0].get_extents().max
    assert corner == pytest.approx(figures._deviate(np.array([1 - 0.025 ** (1 / 448), 1 - 0.025 ** (1 / 48)])))
    plot_roc(one, 20.0, tmp_path / "roc.png")
    with Image.open(tmp_path / "roc.png") as picture:
        assert picture.width > 300


def test_a_single_error_takes_the_words_back() -> None:
    one = evaluation_of(np.array([30.0, 31.0, 8.0]), np.array([1.0, 9.0]))
    (axes,) = figures.det([one]).axes
    assert "no errors" not in " ".join(text.get_text() for text in axes.get_legend().get_texts())  # type: ignore[union-attr]


def test_the_cross_of_a_threshold_without_errors_stands_on_the_edge() -> None:
    one = evaluation_of(np.linspace(30, 40, 48), np.linspace(0, 10, 448))
    (axes,) = figures.det([one], 20.0).axes
    (cross,) = (line for line in axes.lines if line.get_marker() == "X")
    low = figures._deviate(figures.TICKS[0])
    assert [float(side[0]) for side in cross.get_data()] == [low, low]  # type: ignore[index]
    assert axes.get_xlim()[0] == axes.get_ylim()[0] == low
