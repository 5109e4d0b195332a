from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpverify.errors import FailureToAcquire
from fpverify.features import prepare
from fpverify.features.preparation import CLIP, NEIGHBOURHOOD_PX, NOISE_FLOOR, normalise
from fpverify.vocabulary import FloatArray, Scan

RIDGE_PERIOD_MM = 0.45


def waves(height: int, width: int, period_px: float, angle: float = 0.4) -> FloatArray:
    """Ridges of full contrast, in [0, 1]."""
    y, x = np.mgrid[:height, :width]
    phase = 2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / period_px
    return (0.5 + 0.5 * np.sin(phase)).astype(np.float32)


def scan_of(image: FloatArray, ppi: float) -> Scan:
    return Scan(np.rint(255 * image).astype(np.uint8), ppi, "finger.bmp")


def gaussian_mean(image: np.ndarray) -> np.ndarray:
    """Slow and obvious: a matrix for each axis, the image mirrored at its border."""

    def weights(size: int) -> np.ndarray:
        matrix = np.zeros((size, size))
        radius = round(4 * NEIGHBOURHOOD_PX)
        for centre in range(size):
            for offset in range(-radius, radius + 1):
                at = (centre + offset) % (2 * size)
                matrix[centre, min(at, 2 * size - 1 - at)] += np.exp(-(offset**2) / (2 * NEIGHBOURHOOD_PX**2))
        return np.asarray(matrix / matrix.sum(axis=1, keepdims=True))

    return np.asarray(weights(image.shape[0]) @ image @ weights(image.shape[1]).T)


def test_normalising_agrees_with_the_definition() -> None:
    image = np.random.default_rng(0).random((70, 95)).astype(np.float32)
    centred = image - gaussian_mean(image.astype(np.float64))
    expected = centred / np.sqrt(gaussian_mean(centred**2) + NOISE_FLOOR)
    np.testing.assert_allclose(normalise(image), np.clip(expected, -CLIP, CLIP), atol=0.02)


@given(offset=st.floats(-0.5, 0.5), seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_brightness_changes_nothing(offset: float, seed: int) -> None:
    image = np.random.default_rng(seed).random((50, 60)).astype(np.float32)
    np.testing.assert_allclose(normalise(image + np.float32(offset)), normalise(image), atol=1e-4)


@given(contrast=st.floats(0.4, 1.0), brightness=st.floats(0, 0.5))
@settings(max_examples=25, deadline=None)
def test_contrast_and_shading_change_ridges_by_little(contrast: float, brightness: float) -> None:
    ridges = waves(160, 150, 4.5)
    shading = np.linspace(0, brightness, 150, dtype=np.float32)
    inside = (slice(40, -40), slice(40, -40))  # the mirrored border turns the shading about
    changed, plain = normalise(np.float32(contrast) * ridges + shading)[inside], normalise(ridges)[inside]
    np.testing.assert_allclose(changed, plain, atol=0.1)


@pytest.mark.parametrize("grey", [0.0, 0.5, 1.0])
def test_what_is_flat_stays_flat(grey: float) -> None:
    noise = np.random.default_rng(1).normal(0, 1 / 255, (64, 64)).astype(np.float32)  # one grey level
    assert np.abs(normalise(np.full((64, 64), grey, np.float32))).max() < 1e-3
    assert normalise(np.float32(grey) + noise).std() < 0.1


@given(seed=st.integers(0, 999), power=st.floats(0.1, 8), height=st.integers(1, 40), width=st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_every_image_of_any_size_stays_within_the_limits(seed: int, power: float, height: int, width: int) -> None:
    image = np.random.default_rng(seed).random((height, width)).astype(np.float32) ** np.float32(power)
    normalised = normalise(image)
    assert normalised.shape == image.shape
    assert normalised.dtype == np.float32
    assert np.isfinite(normalised).all()
    assert np.abs(normalised).max() <= CLIP


def test_ridges_are_negative() -> None:
    ridges = waves(100, 100, 5.0)
    assert normalise(ridges)[ridges < 0.05].max() < -0.5
    assert normalise(ridges)[ridges > 0.95].min() > 0.5


@pytest.mark.parametrize("ppi", [150.0, 250.0, 500.0, 569.0, 1000.0])
def test_ridges_have_the_same_period_whatever_the_resolution(ppi: float) -> None:
    side, period = round(15 / 25.4 * ppi), RIDGE_PERIOD_MM / 25.4 * ppi
    prepared = prepare(scan_of(waves(side, side + 7, period, angle=0.0), ppi))
    assert prepared.image.shape == (round(side * 250 / ppi), round((side + 7) * 250 / ppi))
    assert prepared.scale == 250 / ppi
    spectrum = np.abs(np.fft.rfft(prepared.image.mean(axis=0), n=4096))
    assert 1 / np.fft.rfftfreq(4096)[spectrum.argmax()] == pytest.approx(RIDGE_PERIOD_MM / 25.4 * 250, rel=0.01)


@pytest.mark.parametrize("ppi", [125.0, 500.0, 1000.0])
def test_resampling_moves_nothing(ppi: float) -> None:
    """A pixel is a square: the centre of pixel x of the scan lies at (x + 1/2) scale - 1/2."""
    y, x = np.mgrid[:200, :240]
    place = (130.0, 90.0)
    spot = 1 - np.exp(-((x - place[0]) ** 2 + (y - place[1]) ** 2) / (2 * 8.0**2))
    prepared = prepare(scan_of(spot.astype(np.float32), ppi))
    dark = np.where(prepared.image < -1, -prepared.image, 0)
    rows, columns = np.indices(dark.shape)
    found = (columns * dark).sum() / dark.sum(), (rows * dark).sum() / dark.sum()
    assert found == pytest.approx([(at + 0.5) * prepared.scale - 0.5 for at in place], abs=0.1)


def test_the_scan_is_left_as_it_was() -> None:
    scan = scan_of(waves(80, 80, 9.0), 250.0)
    before = scan.pixels.copy()
    prepare(scan)
    np.testing.assert_array_equal(scan.pixels, before)


@pytest.mark.parametrize("deviation", [0.0, 1.0])
def test_an_image_without_contrast_is_refused_with_the_reason(deviation: float) -> None:
    pixels = np.random.default_rng(2).normal(128, deviation, (100, 100)).round().astype(np.uint8)
    with pytest.raises(FailureToAcquire, match=rf"^finger\.bmp: ridges too faint: .* by {deviation:.1f} of 255"):
        prepare(Scan(pixels, 500.0, "finger.bmp"))
