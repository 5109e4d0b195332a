"""Bright ridges on dark are recognised, and nothing else is taken for them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from drawn import draw_print
from hypothesis import given, settings
from hypothesis import strategies as st

from fpverify.scans.polarity import LARGEST_PX, VIEW_PX, is_inverted, seen
from fpverify.synthesis.dataset import synthesise
from fpverify.synthesis.impression import ImpressionSettings
from fpverify.synthesis.nonprints import draw_nonprint
from fpverify.synthesis.stripes import draw_stripes, render_stripes
from fpverify.vocabulary import ByteArray


def surrounded(pixels: ByteArray, grey: int, *, round_window: bool = False) -> ByteArray:
    """A window in the middle, all around it filled with one grey."""
    y, x = np.mgrid[-1 : 1 : pixels.shape[0] * 1j, -1 : 1 : pixels.shape[1] * 1j]
    window = np.hypot(x, y) < 0.85 if round_window else np.maximum(np.abs(x), np.abs(y)) < 0.75
    return np.where(window, pixels, np.uint8(grey))


@pytest.mark.parametrize("duty", [-0.7, 0.0, 0.7])
@pytest.mark.parametrize(("ppi", "size_px"), [(250, 150), (500, 300), (1000, 600)])
def test_negatives_are_recognised_wet_or_dry(duty: float, ppi: int, size_px: int) -> None:
    drawn = draw_print(9 * ppi / 500, size_px, duty=duty)
    assert not is_inverted(drawn, ppi)
    assert is_inverted(255 - drawn, ppi)


@pytest.mark.parametrize("low", [0, 60])
def test_faint_negatives_are_recognised(low: int) -> None:
    assert is_inverted(low + (255 - draw_print(noise=2)) // 6, 500)


def test_synthetic_prints_are_never_inverted_and_nearly_all_negatives_are_recognised() -> None:
    scans = [made.scan for made in synthesise(fingers=8, impressions=4, seed=31)]
    assert not any(is_inverted(scan.pixels, scan.ppi) for scan in scans)
    assert np.mean([is_inverted(255 - scan.pixels, scan.ppi) for scan in scans]) >= 0.9


@pytest.mark.parametrize("grey", [0, 20, 90, 255])
@pytest.mark.parametrize("round_window", [False, True])
@pytest.mark.parametrize("radius", [0.3, 1])
def test_the_filling_around_a_window_inverts_nothing(grey: int, round_window: bool, radius: float) -> None:
    assert not is_inverted(surrounded(draw_print(radius=radius), grey, round_window=round_window), 500)


@pytest.mark.parametrize("grey", [0, 255])
def test_a_window_does_not_hide_a_negative(grey: int) -> None:
    assert is_inverted(surrounded(255 - draw_print(radius=0.25), grey), 500)


def test_a_bright_filling_does_not_hide_a_negative_that_it_cuts() -> None:
    negative = 255 - draw_print(radius=0.4)
    assert is_inverted(negative, 500)
    assert is_inverted(surrounded(negative, 255), 500)


@pytest.fixture(scope="module")
def prints() -> list[ByteArray]:
    """As sensors of all kinds deliver them, from perfect presses to bad ones, wet and dry."""
    usual = synthesise(fingers=8, impressions=2, seed=32)
    hard = ImpressionSettings(
        hardness=(0.2, 1.9), wrinkles=0.2, beads=0.3, blotches=0.2, specks=0.3, roughness=(0, 0.6)
    )
    return [made.scan.pixels for made in (*usual, *synthesise(fingers=8, impressions=2, seed=33, settings=hard))]


Frame = tuple[float, float, float]  # grey, deviation of its noise, deviation of the blur of its edge in pixels
FRAMES: dict[str, Frame] = {
    "noisy": (40, 8, 2),
    "dark": (35, 0, 2),
    "hardly noisy": (20, 3, 1.5),
    "grey": (70, 0, 4),
    "black": (0, 0, 2),
    "black with soft edges": (0, 0, 3),
}


def framed(pixels: ByteArray, frame: Frame, rng: np.random.Generator, *, border: int = 0) -> ByteArray:
    """A bright finger of 13 x 16 mm with dark all around it, in a white border."""
    grey, noise, blur_px = frame
    height, width = pixels.shape
    y, x = (np.arange(side, dtype=np.float32) - side / 2 for side in pixels.shape)
    finger = (np.hypot(x[None] / (0.34 * width), y[:, None] / (0.41 * height)) <= 1).astype(np.float32)
    inside = cv2.GaussianBlur(finger, (0, 0), blur_px)
    picture = pixels * inside + (1 - inside) * (grey + noise * rng.standard_normal(pixels.shape))
    if border:
        picture = np.pad(picture[border:-border, border:-border], border, constant_values=255)
    return np.clip(picture, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("border", [0, 12])
def test_a_dark_frame_around_a_finger_inverts_nothing(frame: str, border: int, prints: list[ByteArray]) -> None:
    rng = np.random.default_rng(5)
    inverted = [is_inverted(framed(pixels, FRAMES[frame], rng, border=border), 500) for pixels in prints]
    assert sum(inverted) <= 0.05 * len(prints)  # one


@pytest.mark.parametrize("grey", [0, 90, 255])
def test_margins_invert_nothing(grey: int, prints: list[ByteArray]) -> None:
    assert not any(is_inverted(np.pad(pixels, 40, constant_values=grey), 500) for pixels in prints)


def test_negatives_stay_recognised_where_frames_do_not_invert(prints: list[ByteArray]) -> None:
    assert np.mean([is_inverted(255 - pixels, 500) for pixels in prints]) >= 0.95


@pytest.mark.parametrize("grey", [0, 90, 255])
def test_margins_hide_no_negatives(grey: int, prints: list[ByteArray]) -> None:
    assert np.mean([is_inverted(255 - np.pad(one, 40, constant_values=grey), 500) for one in prints]) >= 0.9


def test_frames_that_cut_ridges_on_all_sides_hide_few_negatives(prints: list[ByteArray]) -> None:
    rng = np.random.default_rng(6)
    pictures = [framed(pixels, frame, rng) for frame in FRAMES.values() for pixels in prints]
    assert np.mean([is_inverted(255 - picture, 500) for picture in pictures]) >= 0.85


def test_a_filling_is_seen_beside_bare_plate() -> None:
    """The plate reaches one edge of the image, as the filling reaches the others."""
    drawn = draw_print(size_px=300, radius=0.3, noise=4)
    windowed = np.full((384, 384), 40, np.uint8)
    windowed[80:300, :300] = drawn[40:260]
    assert not is_inverted(windowed, 500)


def test_prints_that_fill_the_image_are_left_alone() -> None:
    for seed in range(5):
        filled = draw_print(radius=1, duty=seed / 2 - 1, seed=seed)
        assert not is_inverted(filled, 500)
        assert not is_inverted(255 - filled, 500)


@given(
    finger=st.sampled_from(["A", "B"]),
    width=st.integers(3, 20),  # narrower ones are finer than any ridge
    shift=st.integers(-20, 20),
    angle=st.floats(-20, 20),
)
@settings(deadline=None, max_examples=50)
def test_stripes_are_never_inverted(finger: str, width: int, shift: int, angle: float) -> None:
    stripes = render_stripes(finger, width_px=width, shift_px=shift, angle_deg=angle)  # type: ignore[arg-type]
    assert not is_inverted(stripes, 500)


def test_noisy_stripes_are_never_inverted() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        stripes = draw_stripes("A", rng, width_px=(3, 12), angle_deg=(-10, 10), shift_px=(0, 12), noise=(0, 0.3))
        assert not is_inverted(stripes, 500)


@given(seed=st.integers(0, 10**6))
@settings(deadline=None, max_examples=60)
def test_an_image_and_its_negative_are_not_both_inverted(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(30, 260)), int(rng.integers(30, 260)))
    pixels = (255 * np.clip(draw_nonprint(rng, shape), 0, 1)).astype(np.uint8)
    ppi = float(rng.choice([200, 250, 500]))
    assert not (is_inverted(pixels, ppi) and is_inverted(255 - pixels, ppi))


def test_a_print_larger_than_a_view_is_seen_whole() -> None:
    large = seen(draw_print(size_px=620, radius=0.36), 500)
    assert large is not None
    assert min(large.shape[:2]) > VIEW_PX
    assert max(large.shape[:2]) <= LARGEST_PX


@pytest.mark.parametrize("shape", [(20, 20), (1, 50), (300, 300)])
def test_blanks_are_left_alone(shape: tuple[int, int]) -> None:
    assert not is_inverted(np.zeros(shape, np.uint8), 500)
    assert not is_inverted(np.full(shape, 255, np.uint8), 250)
