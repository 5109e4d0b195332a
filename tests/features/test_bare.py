"""Records as templates, and templates by their minutiae alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fpverify.errors import UnreadableRecord
from fpverify.features.bare import MINUTIAE_MODEL, bare, template_of_view
from fpverify.testing.made_up_prints import finger
from fpverify.vocabulary import NOT_STATED, FingerView, Rating


def view(count: int = 100, ppcm: float = 500 / 2.54) -> FingerView:
    rng = np.random.default_rng(1)
    x, y = rng.integers(0, 388, (2, count)).astype(np.float32)
    angle = rng.uniform(-np.pi, np.pi, count).astype(np.float32)
    quality = rng.permutation(count).clip(0, 100).astype(np.int16)
    types = np.zeros(count, np.uint8)
    return FingerView(x, y, angle, types, quality, 388, 388, ppcm, ppcm, ratings=(Rating(70),))


def test_positions_come_to_the_working_resolution_edge_upon_edge() -> None:
    given = view(20)
    made = template_of_view(given, "a.iso")
    order = np.argsort(-given.quality, kind="stable")
    assert np.abs(made.minutiae.x_px - ((given.x_px[order] + 0.5) / 2 - 0.5).clip(0)).max() <= 1 / 16
    assert np.abs(made.minutiae.angle_rad - given.angle_rad[order]).max() < 1e-4
    assert (made.model_id, made.descriptors.shape) == (MINUTIAE_MODEL, (20, 0))
    assert made.quality == pytest.approx(0.7, abs=0.002)


def test_of_many_minutiae_the_best_are_kept() -> None:
    made = template_of_view(view(100), "a.iso")
    assert len(made.minutiae) == 80
    assert made.minutiae.quality.min() >= 0.2 - 1 / 255


def test_qualities_that_nobody_stated_lower_none() -> None:
    unstated = replace(view(10), quality=np.full(10, NOT_STATED, np.int16), ratings=())
    made = template_of_view(unstated, "a.iso")
    assert made.minutiae.quality.tolist() == [1] * 10
    assert made.quality == 1


def test_a_record_without_resolution_or_with_three_minutiae_is_refused() -> None:
    with pytest.raises(UnreadableRecord, match=r"a\.iso: states no resolution: give it, such as --ppi 500"):
        template_of_view(view(10, ppcm=0.0), "a.iso")
    with pytest.raises(UnreadableRecord, match="holds 3 minutiae, at least 4"):
        template_of_view(view(3), "a.iso")


def test_a_template_by_its_minutiae_alone_keeps_nothing_of_the_picture() -> None:
    full = finger(1)
    alone = bare(full)
    assert alone.minutiae is full.minutiae
    assert (alone.model_id, alone.descriptors.shape, alone.quality) == (MINUTIAE_MODEL, (40, 0), full.quality)
