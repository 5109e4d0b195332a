from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpverify.features.extraction import LEAST_RIDGE_SHARE, MOST_RIDGE_SHARE
from fpverify.features.preparation import normalise
from fpverify.features.ridges import BLOCK_PX, PERIODS_PX, ridge_share
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


def cells(foreground: BoolArray) -> BoolArray:
    return foreground[2::4, 2::4]


@given(period=st.floats(3.2, 5.8), angle=st.floats(0, np.pi))
@settings(max_examples=40, deadline=None)
def test_parallel_lines_of_a_ridge_period_are_nearly_all_ridge(period: float, angle: float) -> None:
    assert ridge_share(waves(period, angle), EVERYWHERE) > 0.75


@pytest.mark.parametrize("period", [2.0, 14.0, 30.0])
def test_lines_of_another_period_are_not(period: float) -> None:
    assert ridge_share(waves(period, 0.3), EVERYWHERE) < LEAST_RIDGE_SHARE


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0, 3.0])
@pytest.mark.parametrize("seed", range(3))
def test_noise_and_clouds_have_no_ridges(power: float, seed: int) -> None:
    assert ridge_share(clouds(seed, power), EVERYWHERE) < LEAST_RIDGE_SHARE


@pytest.mark.parametrize("angle", [0.0, 0.5])
def test_a_weave_has_no_ridges(angle: float) -> None:
    assert ridge_share(waves(4.4, angle) + waves(4.4, angle + np.pi / 2), EVERYWHERE) < LEAST_RIDGE_SHARE


@pytest.mark.parametrize("period", [3.0, 4.4, 5.0])
def test_drawn_lines_are_more_regular_than_grown_ones(period: float) -> None:
    assert ridge_share(waves(period, 0.8), EVERYWHERE) > MOST_RIDGE_SHARE


@pytest.mark.parametrize("finger", range(1, 7))
def test_fingers_have_more_than_is_asked_for(finger: int) -> None:
    drawn = master(31, finger)
    made = draw_impression(np.random.default_rng([31, finger]), drawn.ridges, drawn.minutiae, ORDINARY)
    assert 2 * LEAST_RIDGE_SHARE < ridge_share(normalise(made.image), cells(made.foreground)) < MOST_RIDGE_SHARE


def test_only_the_foreground_counts() -> None:
    left = EVERYWHERE.copy()
    left[:, SIDE_PX // 8 :] = False
    half = np.where(np.arange(SIDE_PX) < SIDE_PX / 2 + BLOCK_PX / 2, waves(4.4, 1.0), clouds(1))
    assert ridge_share(half, left) > 0.9
    assert ridge_share(half, ~left) < 0.3


def test_the_share_agrees_with_a_sum_over_the_plane_of_frequencies() -> None:
    block = np.random.default_rng(4).normal(size=(BLOCK_PX, BLOCK_PX)).astype(np.float32)
    taper = np.hanning(BLOCK_PX + 2)[1:-1]
    power = np.abs(np.fft.fft2((block - block.mean()) * np.outer(taper, taper))) ** 2
    resultant, total = np.zeros(2), 0.0
    for row, fy in enumerate(np.fft.fftfreq(BLOCK_PX)):
        for column, fx in enumerate(np.fft.fftfreq(BLOCK_PX)):
            total += power[row, column]
            if (fx or fy) and PERIODS_PX[0] <= 1 / np.hypot(fx, fy) <= PERIODS_PX[1]:
                angle = np.arctan2(fy, fx)
                resultant += power[row, column] * np.array([np.cos(2 * angle), np.sin(2 * angle)])
    expected = np.hypot(*resultant) / total
    assert ridge_share(block, np.ones((6, 6), bool)) == pytest.approx(expected, rel=1e-4)


def test_where_nothing_can_be_seen_there_are_no_ridges() -> None:
    assert ridge_share(waves(4.4, 0), ~EVERYWHERE) == 0
    assert ridge_share(np.zeros((SIDE_PX, SIDE_PX), np.float32), EVERYWHERE) == 0
    assert ridge_share(waves(4.4, 0)[: BLOCK_PX - 1], EVERYWHERE) == 0
