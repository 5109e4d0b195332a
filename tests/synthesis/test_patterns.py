"""Even patterns that are no print."""

from __future__ import annotations

import numpy as np
import pytest

from fpverify.synthesis import patterns
from fpverify.synthesis.nonprints import draw_nonprint, pictured
from fpverify.synthesis.patterns import PERIOD_PX, draw_lines, draw_pattern

SHAPE = (96, 128)
GOLDEN = [0.50101, 0.50398, 0.15262]  # means of three images


def test_a_pattern_is_a_function_of_its_generator() -> None:
    one, again, other = (draw_pattern(np.random.default_rng(seed), SHAPE) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("kind", ["_arches", "_rings", "_waves", "_plaid", "_spots", "_ellipses"])
def test_every_kind_of_pattern_fills_the_picture(kind: str) -> None:
    for seed in range(10):
        drawn = getattr(patterns, kind)(np.random.default_rng(seed), SHAPE)
        assert drawn.shape == SHAPE
        assert np.isfinite(drawn).all()
        assert 0.5 < float(np.ptp(drawn)) < 10
        seen = pictured(np.random.default_rng(seed), drawn)
        assert seen.dtype == np.float32
        assert 0 <= seen.min() < seen.max() <= 1


def test_all_kinds_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = ["_arches", "_rings", "_waves", "_plaid", "_spots", "_ellipses"]
    seen = set()
    for kind in kinds:
        monkeypatch.setattr(patterns, kind, lambda *_, kind=kind: seen.add(kind))
    for seed in range(60):
        draw_pattern(np.random.default_rng(seed), SHAPE)
    assert seen == set(kinds)


def test_lines_of_gratings_are_as_far_apart_as_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "BEND_PX", (0.0, 0.0))
    monkeypatch.setattr(patterns, "DISLOCATIONS", (0, 1))
    path = np.tile(np.arange(512, dtype=np.float32), (8, 1))
    for seed in range(20):
        phase = patterns._phase(np.random.default_rng(seed), path)[0]
        period = 2 * np.pi / float(np.diff(phase).mean())
        assert PERIOD_PX[0] <= period <= PERIOD_PX[1]


def test_lines_end_where_it_is_said() -> None:
    y, x = np.mgrid[:96, :128].astype(np.float32)
    ends = np.array([[20.5, 30.5], [60.5, 31.5], [100.5, 70.5]])
    phase = 2 * np.pi / 6 * y
    for sign, (end_x, end_y) in zip((1, -1, 1), ends, strict=True):
        phase = phase + sign * np.arctan2(y - end_y, x - end_x)
    assert np.stack(patterns._windings(phase), 1).tolist() == sorted(ends.tolist(), key=lambda end: end[1])


def test_lines_of_every_kind_end_within_the_picture() -> None:
    counts = []
    for seed in range(30):
        picture, x, y = draw_lines(np.random.default_rng(seed), SHAPE)
        assert picture.shape == SHAPE
        assert ((x > 0) & (x < SHAPE[1] - 1) & (y > 0) & (y < SHAPE[0] - 1)).all()
        counts.append(len(x))
    assert min(counts) == 0 < np.median(counts)


def test_images_without_a_print_are_what_they_were_before_there_were_patterns() -> None:
    drawn = [float(draw_nonprint(np.random.default_rng(seed), (64, 64)).mean()) for seed in (1, 2, 3)]
    np.testing.assert_allclose(drawn, GOLDEN, atol=1e-4)
