"""Statistics of synthetic prints beside those of real ones."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from tool_modules import tool

from fpverify.synthesis.fields import pixel_grid
from fpverify.vocabulary import FloatArray, Minutiae

SHAPE = (160, 160)
EVERYWHERE = np.ones((40, 40), np.bool_)


@pytest.fixture(scope="module")
def realism() -> ModuleType:
    return tool("realism")


def minutiae(x: list[float], y: list[float], angle: list[float]) -> Minutiae:
    return Minutiae(*(np.array(part, np.float32) for part in (x, y, angle, [1.0] * len(x))))


def waves(angle: float) -> FloatArray:
    """Ridges that run at an angle, 4.5 px apart."""
    x, y = pixel_grid(SHAPE)
    return np.asarray(np.cos(2 * np.pi / 4.5 * (y * np.cos(angle) - x * np.sin(angle))), np.float32)


def directed(angle: FloatArray) -> np.ndarray:
    return np.exp(2j * angle).astype(np.complex64)


@pytest.mark.parametrize("angle", [0.0, 0.4, 1.5, 2.8])
def test_ridge_flow_has_the_direction_of_ridges(realism: ModuleType, angle: float) -> None:
    flow = realism.ridge_flow(waves(angle))[40:120, 40:120]
    off = np.angle(flow * np.exp(-2j * angle)) / 2
    assert np.abs(off).max() < 0.05
    found = minutiae([60, 80, 90], [70, 80, 100], [angle, angle + np.pi, angle + 0.3])
    np.testing.assert_allclose(realism.off_flow_rad(found, realism.ridge_flow(waves(angle))), [0, 0, 0.3], atol=0.05)


def test_ridges_are_coherent_and_noise_and_crossing_lines_are_not(realism: ModuleType) -> None:
    noise = np.random.default_rng(3).normal(size=SHAPE).astype(np.float32)
    for image, least, most in ((waves(0.4), 0.95, 1), (waves(0.4) + waves(0.4 + np.pi / 2), 0, 0.1), (noise, 0, 0.3)):
        found = realism.coherence(image, realism.ridge_flow(image), EVERYWHERE)
        assert found.shape == (1,)
        assert least <= found[0] <= most
    assert not realism.coherence(noise, realism.ridge_flow(noise), ~EVERYWHERE).size
    blank = np.zeros(SHAPE, np.float32)
    assert not realism.coherence(blank, realism.ridge_flow(blank), EVERYWHERE).any()


def test_spacing_is_the_distance_to_the_nearest_other_one(realism: ModuleType) -> None:
    spacing = realism.spacing_mm(minutiae([0, 3, 30], [0, 4, 0], [0, 0, 0]))
    np.testing.assert_allclose(spacing / realism.MM_PER_PX, [5, 5, np.hypot(27, 4)], rtol=1e-5)
    assert not len(realism.spacing_mm(minutiae([1], [1], [0])))


def test_loops_and_deltas_are_counted_where_they_lie_in_the_print(realism: ModuleType) -> None:
    x, y = pixel_grid(SHAPE)
    around = [np.arctan2(y - down - 0.3, x - across - 0.3) for across, down in ((-25, -20), (30, 22))]
    loop_and_delta = directed(0.5 * around[0] - 0.5 * around[1])
    assert realism.singular_points(loop_and_delta, EVERYWHERE) == (1, 1)
    assert realism.singular_points(directed(0.5 * around[0] + 0.5 * around[1]), EVERYWHERE) == (2, 0)
    assert realism.singular_points(directed(np.zeros(SHAPE, np.float32)), EVERYWHERE) == (0, 0)
    left = EVERYWHERE.copy()
    left[:, 22:] = False  # without the delta's side
    assert realism.singular_points(loop_and_delta, left) == (1, 0)


def test_ridges_that_turn_evenly_do_not_bend_and_others_do(realism: ModuleType) -> None:
    x, y = pixel_grid(SHAPE)
    assert realism.flow_bend_rad(directed(0.01 * x - 0.02 * y), EVERYWHERE) == pytest.approx(0, abs=1e-4)
    step_px = realism.BEND_CELLS * 4
    bent = directed(0.5 * 1e-3 * x**2 + 0.5 * 1e-3 * y**2)  # its second derivative is 1e-3 a px both ways
    assert realism.flow_bend_rad(bent, EVERYWHERE) == pytest.approx(1e-3 * step_px**2, rel=1e-3)
    assert not len(realism.flow_bend_rad(bent, ~EVERYWHERE))


def test_the_distance_of_distributions_is_that_of_kolmogorov_and_smirnov(realism: ModuleType) -> None:
    from scipy import stats

    rng = np.random.default_rng(1)
    one, other = rng.normal(0, 1, 300), rng.normal(0.5, 2, 170)
    assert realism.distance(one, other) == pytest.approx(stats.ks_2samp(one, other).statistic)
    assert realism.distance(one, one) == 0
    assert realism.distance(one, one + 100) == 1


@pytest.mark.slow
def test_the_same_prints_differ_in_nothing_and_pictures_are_written(
    realism: ModuleType,
    release_model: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(realism, "IMPRESSIONS", 2)
    sets = realism.synthetic_sets(tmp_path / "made", 2, 1)
    assert realism.main([str(sets), "--fingers", "2", "--workers", "1", "--out", str(tmp_path / "new")]) == 0
    out = capsys.readouterr().out
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in out.splitlines() if line.startswith("| ")]
    statistics = {row[0]: row for row in rows if row[0] in realism.STATISTICS}
    assert set(statistics) == set(realism.STATISTICS)
    assert all(row[-1] == "0.00" and row[1] == row[2] for row in statistics.values())
    difficulty = [row for row in rows if row[0].startswith(("mated", "non-mated"))]
    assert len(difficulty) == 7
    assert all(row[1:3] == row[3:5] for row in difficulty)
    assert {path.suffix for path in (tmp_path / "new").iterdir()} == {".png"}
