from __future__ import annotations

from platform import machine

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fpverify.features.patches import PATCH_PX, sample_patches
from fpverify.features.turned_squares import EXACT, interpolated, turned_squares
from fpverify.vocabulary import FloatArray

CENTRE = (PATCH_PX - 1) / 2
ALIKE = 5e-4  # of values up to 6


def smooth_image(seed: int, height: int = 90, width: int = 110) -> FloatArray:
    noise = np.random.default_rng(seed).normal(size=(height, width)).astype(np.float32)
    return np.asarray(8 * cv2.GaussianBlur(noise, (0, 0), 2.0), np.float32)


def one_patch(image: FloatArray, x: float, y: float, angle: float) -> FloatArray:
    return sample_patches(image, *(np.array([value], np.float32) for value in (x, y, angle)))[0]


def patch_by_hand(image: FloatArray, x: float, y: float, angle: float) -> np.ndarray:
    """Slow and obvious: every pixel of the patch by itself, zero beyond the image."""

    def pixel(column: int, row: int) -> float:
        inside = 0 <= row < image.shape[0] and 0 <= column < image.shape[1]
        return float(image[row, column]) if inside else 0.0

    patch = np.zeros((PATCH_PX, PATCH_PX))
    for row in range(PATCH_PX):
        for column in range(PATCH_PX):
            ahead, aside = column - CENTRE, row - CENTRE
            at_x = x + ahead * np.cos(angle) - aside * np.sin(angle)
            at_y = y + ahead * np.sin(angle) + aside * np.cos(angle)
            left, top = int(np.floor(at_x)), int(np.floor(at_y))
            right_part, lower_part = at_x - left, at_y - top
            upper = (1 - right_part) * pixel(left, top) + right_part * pixel(left + 1, top)
            lower = (1 - right_part) * pixel(left, top + 1) + right_part * pixel(left + 1, top + 1)
            patch[row, column] = (1 - lower_part) * upper + lower_part * lower
    return patch


@given(
    seed=st.integers(0, 99),
    x=st.floats(-20, 130, width=32),
    y=st.floats(-20, 110, width=32),
    angle=st.floats(-4, 4, width=32),
)
@example(seed=42, x=101.0, y=10.0, angle=0.3)  # over the border, where the steps to zero are steepest
@example(seed=3, x=60.0, y=40.0, angle=0.0)
@settings(max_examples=20, deadline=None)
def test_patches_agree_with_the_definition_inside_and_beyond_the_image(
    seed: int, x: float, y: float, angle: float
) -> None:
    image = smooth_image(seed)
    wanted = patch_by_hand(image, x, y, angle)
    np.testing.assert_allclose(one_patch(image, x, y, angle), wanted, atol=ALIKE)
    cos, sin = np.cos(angle), np.sin(angle)
    to_image = [[cos, -sin, x - (cos - sin) * CENTRE], [sin, cos, y - (sin + cos) * CENTRE]]
    (of_numpy,) = interpolated(image, np.array([to_image]), PATCH_PX)
    np.testing.assert_allclose(of_numpy, wanted, atol=ALIKE)


@pytest.mark.skipif(not EXACT, reason="OpenCV 4 rounds places to 1/32 px")
@pytest.mark.skipif(machine() not in {"x86_64", "AMD64"}, reason="other compilers may fuse one more sum")
@pytest.mark.parametrize("side", [32, 64])
def test_numpy_makes_the_bits_that_opencv_makes(side: int) -> None:
    image = smooth_image(5)
    x, y, angle = np.random.default_rng(5).uniform((-40, -40, -4), (150, 130, 4), (60, 3)).astype(np.float32).T
    wanted = turned_squares(image, x, y, angle, side)
    assert (np.abs(wanted).max(axis=(1, 2)) > 0).sum() > 30
    cos, sin, middle = np.cos(angle, dtype=float), np.sin(angle, dtype=float), (side - 1) / 2
    first, second = [cos, -sin, x - (cos - sin) * middle], [sin, cos, y - (sin + cos) * middle]
    maps = np.stack([np.stack(first, 1), np.stack(second, 1)], 1)
    np.testing.assert_array_equal(interpolated(image, maps, side), wanted)


def test_the_minutia_is_the_centre_and_its_direction_points_right() -> None:
    y, x = np.mgrid[:200, :200].astype(np.float32)
    angle = 0.7
    ahead = (x - 103.25) * np.cos(angle) + (y - 96.5) * np.sin(angle)  # distance from the minutia in its direction
    patch = one_patch(ahead.astype(np.float32), 103.25, 96.5, angle)
    np.testing.assert_allclose(patch, np.broadcast_to(np.arange(PATCH_PX) - CENTRE, patch.shape), atol=0.05)


@given(seed=st.integers(0, 99), turn=st.floats(-3.1, 3.1), direction=st.floats(-3.1, 3.1))
@settings(max_examples=30, deadline=None)
def test_turning_the_finger_changes_the_patch_by_little(seed: int, turn: float, direction: float) -> None:
    image = cv2.GaussianBlur(smooth_image(seed, 161, 161), (0, 0), 1.0)
    to_turned = cv2.getRotationMatrix2D((80, 80), -np.degrees(turn), 1.0)
    turned = cv2.warpAffine(image, to_turned, (161, 161), flags=cv2.INTER_CUBIC)
    at = (85.0, 78.0)
    x, y = to_turned @ [*at, 1.0]
    before, after = one_patch(image, *at, direction), one_patch(turned, x, y, direction + turn)
    assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.97


def test_each_minutia_has_its_own_patch() -> None:
    image = smooth_image(7)
    minutiae = np.random.default_rng(7).uniform((0, 0, -3), (110, 90, 3), (5, 3)).astype(np.float32)
    patches = sample_patches(image, *minutiae.T)
    for patch, (x, y, angle) in zip(patches, minutiae, strict=True):
        np.testing.assert_array_equal(patch, one_patch(image, x, y, angle))


def test_no_minutiae_have_no_patches() -> None:
    nothing = np.zeros(0, np.float32)
    assert sample_patches(smooth_image(1), nothing, nothing, nothing).shape == (0, PATCH_PX, PATCH_PX)
