from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from fpverify.features import grid
from fpverify.features.grid import descriptors_on_grid, minutiae_on_grid, quality_on_grid
from fpverify.store import template_format
from fpverify.store.template_format import decode_template, encode_template
from fpverify.vocabulary import FloatArray, Minutiae, Template

PI = float(np.float32(np.pi))
COUNTS = st.shared(st.integers(0, 12), key="n")


def column(low: float, high: float) -> st.SearchStrategy[FloatArray]:
    elements = st.floats(np.float32(low).item(), np.float32(high).item(), width=32)
    return COUNTS.flatmap(lambda n: npst.arrays(np.float32, n, elements=elements))


MINUTIAE = st.builds(Minutiae, column(-1, 9000), column(-1, 9000), column(-PI, PI), column(0, 1))


@given(minutiae=MINUTIAE, quality=st.floats(0, 1), seed=st.integers(0, 99))
@settings(max_examples=100, deadline=None)
def test_a_template_on_the_grid_is_not_changed_by_storing_it(minutiae: Minutiae, quality: float, seed: int) -> None:
    descriptors = np.random.default_rng(seed).normal(size=(len(minutiae), 64)).astype(np.float32)
    template = Template("m-1", quality_on_grid(quality), minutiae_on_grid(minutiae), descriptors_on_grid(descriptors))
    stored = decode_template(encode_template(template))
    assert stored.quality == template.quality
    np.testing.assert_array_equal(stored.descriptors, template.descriptors)
    for name in ("x_px", "y_px", "angle_rad", "quality"):
        here, there = getattr(template.minutiae, name), getattr(stored.minutiae, name)
        assert here.dtype == there.dtype == np.float32
        np.testing.assert_array_equal(here.view(np.uint32) & 0x7FFFFFFF, there.view(np.uint32) & 0x7FFFFFFF)


@given(minutiae=MINUTIAE)
@settings(max_examples=100, deadline=None)
def test_rounding_moves_a_minutia_by_half_a_step_at_most(minutiae: Minutiae) -> None:
    rounded = minutiae_on_grid(minutiae)
    inside = (np.clip(minutiae.x_px, 0, 65535 / 8), np.clip(minutiae.y_px, 0, 65535 / 8))
    assert np.abs(rounded.x_px - inside[0]).max(initial=0) <= 1 / 16
    assert np.abs(rounded.y_px - inside[1]).max(initial=0) <= 1 / 16
    assert np.abs(rounded.quality - minutiae.quality).max(initial=0) <= 0.5 / 255 + 1e-6
    turn = np.abs(rounded.angle_rad.astype(np.float64) - minutiae.angle_rad)
    assert np.minimum(turn, 2 * np.pi - turn).max(initial=0) <= np.pi / 65536 + 1e-6
    assert (rounded.angle_rad > -np.pi).all()


def test_backwards_is_one_direction_not_two() -> None:
    angles = np.array([np.pi, -np.pi], np.float32)
    rounded = minutiae_on_grid(Minutiae(angles * 0, angles * 0, angles, angles * 0))
    assert rounded.angle_rad[0] == rounded.angle_rad[1] > 0


@given(seed=st.integers(0, 999), size=st.sampled_from([2, 64]))
@settings(max_examples=50, deadline=None)
def test_descriptors_keep_their_direction_and_use_the_whole_range(seed: int, size: int) -> None:
    descriptors = np.random.default_rng(seed).normal(size=(9, size)).astype(np.float32)
    descriptors /= np.linalg.norm(descriptors, axis=1, keepdims=True)
    steps = descriptors_on_grid(descriptors)
    assert steps.dtype == np.int8
    assert (np.abs(steps.astype(int)).max(axis=1) == 15).all()
    back = steps / np.linalg.norm(steps.astype(float), axis=1, keepdims=True)
    assert (back * descriptors).sum(axis=1).min() > 0.99


def test_nothing_is_rounded_to_nothing() -> None:
    assert descriptors_on_grid(np.zeros((0, 64), np.float32)).shape == (0, 64)
    assert not descriptors_on_grid(np.zeros((2, 64), np.float32)).any()


def test_the_grid_is_that_of_the_stored_form() -> None:
    for name in ("POSITION_STEPS_PER_PX", "ANGLE_STEPS_PER_TURN", "QUALITY_STEPS"):
        assert getattr(grid, name) == getattr(template_format, name)
