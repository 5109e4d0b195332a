from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpverify.features import ridges
from fpverify.features.acquisition import LEAST_RIDGE_SHARE, MOST_RIDGE_SHARE, least_flow
from fpverify.features.preparation import normalise
from fpverify.features.ridges import BLOCK_PX, PERIODS_PX, STEP_PX, RidgeSigns, ridge_signs
from fpverify.synthesis.dataset import ORDINARY, master
from fpverify.synthesis.impression import draw_impression
from fpverify.vocabulary import BoolArray, FloatArray

SIDE_PX = 120
EVERYWHERE = np.ones((SIDE_PX // 4, SIDE_PX // 4), bool)


def waves(period_px: float, angle: float) -> FloatArray:
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX]
    return np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / period_px).astype(np.float32)


def clouds(seed: int, power: float = 2.0) -> FloatArray:
    """Noise whose power falls with a power of the frequency: 0 is white, 2 as in photographs."""
    spectrum = np.fft.rfft2(np.random.default_rng(seed).normal(size=(SIDE_PX, SIDE_PX)))
    frequency = np.hypot(np.fft.fftfreq(SIDE_PX)[:, None], np.fft.rfftfreq(SIDE_PX)) + 1 / SIDE_PX
    image = np.fft.irfft2(spectrum / frequency ** (power / 2), (SIDE_PX, SIDE_PX))
    return normalise(((image - image.min()) / np.ptp(image)).astype(np.float32))


def test_the_power_of_blocks_agrees_with_an_fft() -> None:
    blocks = np.random.default_rng(3).normal(2, 1, (7, BLOCK_PX, BLOCK_PX)).astype(np.float32)
    taper = np.hanning(BLOCK_PX + 2)[1:-1]
    centred = blocks - blocks.mean((1, 2), keepdims=True)
    whole = np.abs(np.fft.fft2(centred * np.outer(taper, taper))) ** 2
    half = ridges._power(blocks)
    np.testing.assert_allclose(half.sum((1, 2)), whole.sum((1, 2)), rtol=1e-5)
    np.testing.assert_allclose(half[..., 0], whole[..., 0], rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(half[..., 1:-1], 2 * whole[..., 1 : BLOCK_PX // 2], rtol=1e-3, atol=1e-3)


def cells(foreground: BoolArray) -> BoolArray:
    return foreground[2::4, 2::4]


@given(period=st.floats(3.2, 5.8), angle=st.floats(0, np.pi))
@settings(max_examples=40, deadline=None)
def test_parallel_lines_of_a_ridge_period_are_nearly_all_ridge(period: float, angle: float) -> None:
    assert ridge_signs(waves(period, angle), EVERYWHERE).share > 0.75


@pytest.mark.parametrize("period", [2.0, 14.0, 30.0])
def test_lines_of_another_period_are_not(period: float) -> None:
    assert ridge_signs(waves(period, 0.3), EVERYWHERE).share < LEAST_RIDGE_SHARE


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0, 3.0])
@pytest.mark.parametrize("seed", range(3))
def test_noise_and_clouds_have_no_ridges(power: float, seed: int) -> None:
    assert ridge_signs(clouds(seed, power), EVERYWHERE).share < LEAST_RIDGE_SHARE


@pytest.mark.parametrize("angle", [0.0, 0.5])
def test_a_weave_has_no_ridges(angle: float) -> None:
    assert ridge_signs(waves(4.4, angle) + waves(4.4, angle + np.pi / 2), EVERYWHERE).share < LEAST_RIDGE_SHARE


@pytest.mark.parametrize("period", [3.0, 4.4, 5.0])
def test_drawn_lines_are_more_regular_than_grown_ones(period: float) -> None:
    assert ridge_signs(waves(period, 0.8), EVERYWHERE).share > MOST_RIDGE_SHARE


@pytest.mark.parametrize("finger", range(1, 7))
def test_fingers_show_more_of_both_signs_than_is_asked_for(finger: int) -> None:
    drawn = master(31, finger)
    made = draw_impression(np.random.default_rng([31, finger]), drawn.ridges, drawn.minutiae, ORDINARY)
    signs = ridge_signs(normalise(made.image), cells(made.foreground))
    assert 2 * LEAST_RIDGE_SHARE < signs.share < MOST_RIDGE_SHARE
    assert signs.flow > least_flow(signs.share) + 0.15


@given(period=st.floats(3.2, 5.8), angle=st.floats(0, np.pi))
@settings(max_examples=20, deadline=None)
def test_straight_lines_flow_perfectly(period: float, angle: float) -> None:
    assert ridge_signs(waves(period, angle), EVERYWHERE).flow > 0.99


@pytest.mark.parametrize("seed", range(4))
def test_blocks_of_lines_at_random_do_not_flow(seed: int) -> None:
    angles = np.random.default_rng(seed).uniform(0, np.pi, (10, 10))
    tiles = [[waves(4.4, angle)[:STEP_PX, :STEP_PX] for angle in row] for row in angles]
    signs = ridge_signs(np.block(tiles), EVERYWHERE)
    assert abs(signs.flow) < least_flow(signs.share)


def test_fainter_lines_must_run_on_better() -> None:
    needed = [least_flow(share) for share in (LEAST_RIDGE_SHARE, 0.2, 0.4, MOST_RIDGE_SHARE)]
    assert needed == sorted(needed, reverse=True)
    assert needed[1] == pytest.approx(0.55, abs=0.01)
    assert needed[0] < 0.7  # the faintest prints flow no better
    assert needed[-1] > 0.35  # directions at random agree to 0


def test_flow_agrees_with_a_loop_over_neighbours() -> None:
    image = clouds(3, 1.0)
    foreground = np.random.default_rng(3).random(EVERYWHERE.shape) < 0.7
    at = [(np.array([0, STEP_PX, 2 * STEP_PX]) + BLOCK_PX // 2) // 4 for _ in range(2)]
    size = 2 * STEP_PX + BLOCK_PX  # three blocks by three
    agreements = []
    for row in range(3):
        for column in range(3):
            for down, right in ((1, 0), (0, 1)):
                if row + down < 3 and column + right < 3:
                    here, there = (row, column), (row + down, column + right)
                    if foreground[at[0][here[0]], at[1][here[1]]] and foreground[at[0][there[0]], at[1][there[1]]]:
                        agreements.append(np.cos(direction(image, *here) - direction(image, *there)))
    assert len(agreements) > 3
    got = ridge_signs(np.ascontiguousarray(image[:size, :size]), foreground[:12, :12]).flow
    assert got == pytest.approx(np.mean(agreements), abs=1e-3)


def direction(image: FloatArray, row: int, column: int) -> float:
    """Twice the angle of the strongest direction in a block, from the whole plane of frequencies."""
    block = image[row * STEP_PX :, column * STEP_PX :][:BLOCK_PX, :BLOCK_PX].astype(np.float64)
    return float(np.angle(resultant(block)[0]))


def resultant(block: np.ndarray) -> tuple[complex, float]:
    """The vectors of the power at ridge periods summed, and all power."""
    taper = np.hanning(BLOCK_PX + 2)[1:-1]
    power = np.abs(np.fft.fft2((block - block.mean()) * np.outer(taper, taper))) ** 2
    total = 0j
    for row, fy in enumerate(np.fft.fftfreq(BLOCK_PX)):
        for column, fx in enumerate(np.fft.fftfreq(BLOCK_PX)):
            if (fx or fy) and PERIODS_PX[0] <= 1 / np.hypot(fx, fy) <= PERIODS_PX[1]:
                total += power[row, column] * np.exp(2j * np.arctan2(fy, fx))
    return total, float(power.sum())


def test_only_the_foreground_counts() -> None:
    left = EVERYWHERE.copy()
    left[:, SIDE_PX // 8 :] = False
    half = np.where(np.arange(SIDE_PX) < SIDE_PX / 2 + BLOCK_PX / 2, waves(4.4, 1.0), clouds(1))
    assert ridge_signs(half, left).share > 0.9
    assert ridge_signs(half, ~left).share < 0.3


def test_the_share_agrees_with_a_sum_over_the_plane_of_frequencies() -> None:
    block = np.random.default_rng(4).normal(size=(BLOCK_PX, BLOCK_PX)).astype(np.float32)
    vector, total = resultant(block)
    assert ridge_signs(block, np.ones((6, 6), bool)).share == pytest.approx(abs(vector) / total, rel=1e-4)


def test_where_nothing_can_be_seen_there_are_no_ridges() -> None:
    nothing = RidgeSigns(0.0, 0.0)
    assert ridge_signs(waves(4.4, 0), ~EVERYWHERE) == nothing
    assert ridge_signs(np.zeros((SIDE_PX, SIDE_PX), np.float32), EVERYWHERE) == nothing
    assert ridge_signs(waves(4.4, 0)[: BLOCK_PX - 1], EVERYWHERE) == nothing
