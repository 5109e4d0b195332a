"""The resolution is estimated from how far apart the ridges are."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from drawn import draw_print
from hypothesis import given
from hypothesis import strategies as st

from fpverify.scans.resolution import RIDGE_PERIOD_MM, estimate_ppi, tidy_ppi
from fpverify.scans.ridges import BLOCK_PX, PASSED_PX, _strongest, find_ridges, quick_period_px
from fpverify.synthesis.dataset import ORDINARY, synthesise
from fpverify.synthesis.nonprints import draw_nonprint
from fpverify.synthesis.sensor import SENSORS
from fpverify.vocabulary import ByteArray, FloatArray

USUAL_PX = RIDGE_PERIOD_MM / 25.4  # ridge period in pixels, for each pixel per inch


def ridge_period_px(pixels: ByteArray) -> float | None:
    ridges = find_ridges(pixels)
    return None if ridges is None else ridges.period_px


@pytest.mark.parametrize("period_px", [3.2, 4.4, 6.0, 9.0, 13.0, 18.0, 25.0, 33.0])
@pytest.mark.parametrize("duty", [-0.5, 0.0, 0.5])
def test_the_period_is_measured(period_px: float, duty: float) -> None:
    size_px = max(96, round(30 * period_px))
    measured = ridge_period_px(draw_print(period_px, size_px, duty=duty))
    assert measured == pytest.approx(period_px, rel=0.06)


def strongest_by_hand(block: FloatArray) -> tuple[float, float]:
    """Period and share of a block's strongest wave, by the fast Fourier transform, one wave after the other."""
    hann = np.hanning(BLOCK_PX + 1)[:BLOCK_PX]
    cycles = np.rint(np.fft.fftfreq(BLOCK_PX, 1 / BLOCK_PX)).astype(int)
    spectrum = np.abs(np.fft.fft2(block.astype(np.float64) * np.outer(hann, hann))) ** 2
    frequency = {(y, x): float(np.hypot(y, x)) / BLOCK_PX for y in cycles for x in cycles}
    power = {
        place: spectrum[place] * frequency[place] if 1 / PASSED_PX[1] <= frequency[place] <= 1 / PASSED_PX[0] else 0.0
        for place in frequency
    }
    sides = range(-1, 2)
    peaks = {
        (y, x): [(y + dy, x + dx) for dy in sides for dx in sides]
        for y, x in frequency
        if max(abs(y), abs(x)) < BLOCK_PX // 2 - 1
    }
    peak = max(peaks.values(), key=lambda places: sum(power[place] for place in places))
    height = sum(power[place] for place in peak)
    return height / sum(power[place] * frequency[place] for place in peak), 2 * height / sum(power.values())


def test_the_strongest_waves_are_those_of_the_fourier_transform() -> None:
    rng = np.random.default_rng(8)
    ridges = draw_print(5, 200, noise=40)[60:92, 60:92].astype(np.float32)
    blocks = np.stack([ridges, ridges.T, *rng.normal(0, 30, (6, BLOCK_PX, BLOCK_PX))]).astype(np.float32)
    blocks -= blocks.mean(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(np.transpose(_strongest(blocks)), [strongest_by_hand(one) for one in blocks], rtol=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_the_period_does_not_depend_on_polarity_contrast_or_place(seed: int) -> None:
    drawn = draw_print(9 + seed, seed=seed)
    measured = ridge_period_px(drawn)
    assert measured is not None
    for changed in (255 - drawn, drawn // 3 + 60, drawn[::-1], drawn.T, np.pad(drawn, 40, mode="edge")):
        assert ridge_period_px(np.ascontiguousarray(changed)) == pytest.approx(measured, rel=0.05)


def test_the_period_survives_noise_and_shading() -> None:
    shaded = draw_print(9, noise=30) * np.linspace(0.3, 1, 300)
    assert ridge_period_px(shaded.astype(np.uint8)) == pytest.approx(9, rel=0.05)


@pytest.mark.slow
def test_a_copy_of_a_dry_print_at_twice_the_resolution_has_twice_the_period() -> None:
    dry = replace(ORDINARY, sensor=SENSORS["capacitive"], hardness=(1.6, 2.2))
    compared = 0
    for made in synthesise(fingers=30, impressions=1, seed=3, settings=dry):
        twice = cv2.resize(made.scan.pixels, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        period_px, period_of_twice_px = ridge_period_px(made.scan.pixels), ridge_period_px(twice)
        if period_px is not None and period_of_twice_px is not None:  # some are too dry to tell
            assert period_of_twice_px == pytest.approx(2 * period_px, rel=0.25)
            compared += 1
    assert compared > 20


@pytest.mark.parametrize(
    ("ppi", "factor"),
    [
        *((500, factor) for factor in (0.64, 0.7, 0.85, 1.0, 1.2, 1.45)),
        (250, 0.64),
        (250, 0.8),
        (250, 1.25),
        (1000, 0.8),
        (1000, 1.4),
    ],
)
def test_usual_ridges_give_the_standard_resolution(ppi: int, factor: float) -> None:
    drawn = draw_print(USUAL_PX * ppi * factor, round(0.6 * ppi))
    assert estimate_ppi(drawn) == ppi


@pytest.mark.parametrize(
    ("side_mm", "factor", "ppi"), [(19, 1.35, 250), (24, 0.7, 500), (22, 1.45, 500), (22, 0.75, 1000)]
)
def test_of_two_standards_that_fit_the_one_at_which_the_print_has_a_fingers_size_is_taken(
    side_mm: float, factor: float, ppi: int
) -> None:
    drawn = draw_print(USUAL_PX * ppi * factor, round(side_mm / 25.4 * ppi))
    assert estimate_ppi(drawn) == ppi


def test_in_doubt_500_ppi_is_taken() -> None:
    for ppi in (353, 707):  # half way to 250 and to 1000
        assert estimate_ppi(draw_print(USUAL_PX * ppi, round(18 / 25.4 * ppi))) == 500


@pytest.mark.parametrize("surroundings", ["white", "grey", "black", "noise"])
@pytest.mark.parametrize("margin_px", [60, 150, 300])
@pytest.mark.parametrize("ppi", [250, 500, 1000])
def test_what_surrounds_a_print_does_not_count(ppi: int, margin_px: int, surroundings: str) -> None:
    drawn = draw_print(USUAL_PX * ppi * 1.2, round(0.6 * ppi))
    height, width = (side + 2 * margin_px for side in drawn.shape)
    canvas = np.full((height, width), {"white": 255, "grey": 200}.get(surroundings, 0), np.uint8)
    if surroundings == "noise":
        canvas = np.random.default_rng(1).integers(0, 256, (height, width)).astype(np.uint8)
    canvas[margin_px:-margin_px, margin_px:-margin_px] = drawn
    alone, found = find_ridges(drawn), find_ridges(canvas)
    assert alone is not None
    assert found is not None
    assert found.period_px == pytest.approx(alone.period_px, rel=0.05)
    assert found.side_px < 1.5 * alone.side_px
    assert estimate_ppi(canvas) == ppi


@pytest.mark.parametrize("seed", range(4))
def test_a_quick_look_finds_the_same_period(seed: int) -> None:
    drawn = draw_print(9, seed=seed)
    assert quick_period_px(drawn, 500) == pytest.approx(ridge_period_px(drawn), rel=0.05)


def test_an_estimate_that_is_near_no_standard_is_kept() -> None:
    estimate = estimate_ppi(draw_print(USUAL_PX * 1750, 1000))
    assert estimate == pytest.approx(1750, rel=0.06)
    assert estimate == round(estimate)


def test_ridges_too_fine_or_coarse_for_any_scanner_give_none() -> None:
    assert estimate_ppi(draw_print(USUAL_PX * 142, 200, noise=1)) is None
    assert estimate_ppi(draw_print(USUAL_PX * 2150, 1300)) is None


@pytest.mark.parametrize("shape", [(300, 300), (31, 300), (33, 33)])
def test_noise_and_small_images_give_none(shape: tuple[int, int]) -> None:
    assert ridge_period_px(np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)) is None


def test_blanks_and_edges_give_none() -> None:
    assert ridge_period_px(np.full((300, 300), 200, np.uint8)) is None
    half = np.zeros((300, 300), np.uint8)
    half[:, 150:] = 255
    assert ridge_period_px(half) is None


@pytest.mark.parametrize("seed", range(40))
def test_images_that_are_no_print_give_none_or_a_resolution(seed: int) -> None:
    rng = np.random.default_rng(seed)
    estimate = estimate_ppi((255 * np.clip(draw_nonprint(rng, (200, 240)), 0, 1)).astype(np.uint8))
    assert estimate is None or 150 <= estimate <= 2000


@given(ppi=st.integers(100, 2000))
def test_headers_in_whole_pixels_per_metre_are_tidied(ppi: int) -> None:
    if ppi >= 500:
        assert tidy_ppi(round(ppi / 0.0254) * 0.0254) == ppi


@given(ppi=st.floats(100, 2000))
def test_tidying_changes_little(ppi: float) -> None:
    assert abs(tidy_ppi(ppi) - ppi) <= 1e-3 * ppi


def test_known_roundings_are_tidied() -> None:
    assert [tidy_ppi(ppi) for ppi in (499.9987, 500.38, 999.998, 363.5)] == [500, 500, 1000, 363.5]
