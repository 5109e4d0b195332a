"""Creases that last: all impressions of a finger show them, more or less, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest

from fpverify.synthesis.creases import LAYERS, creased, draw_creases, pressed
from fpverify.synthesis.finger import MasterFinger, draw_finger
from fpverify.synthesis.impression import ImpressionSettings, draw_impression
from fpverify.vocabulary import FloatArray

SHAPE = (240, 200)
CLEAR = ImpressionSettings(hardness=(0.0, 0.0), bend_px=0.0, rotation_rad=0.0, shift_px=0.0)


@pytest.fixture(scope="module")
def finger() -> MasterFinger:
    return draw_finger(np.random.default_rng(42))


@pytest.fixture(scope="module")
def lifted() -> list[FloatArray]:
    """What twelve presses show of the creases of each of six fingers, one after the other."""
    found = []
    for number in range(6):
        creases = draw_creases(np.random.default_rng(number), SHAPE)
        found += [pressed(np.random.default_rng([number, press]), creases) for press in range(12)]
    return found


def test_a_finger_has_layers_of_lines(lifted: list[FloatArray]) -> None:
    creases = draw_creases(np.random.default_rng(0), SHAPE)
    assert creases.shape == (LAYERS, *SHAPE)
    assert creases.dtype == np.float32
    assert 0 == creases.min() < creases.max() <= 1
    assert all(one.shape == SHAPE and 0 <= one.min() <= one.max() <= 1 for one in lifted)


def test_presses_of_a_finger_show_the_same_creases_and_not_all_alike(lifted: list[FloatArray]) -> None:
    alike = np.corrcoef([one.ravel() for one in lifted])
    own = np.kron(np.eye(6), np.ones((12, 12))) > 0
    assert np.median(alike[own & (alike < 1)]) > 0.5
    assert np.quantile(alike[~own], 0.95) < 0.2
    assert np.quantile(alike[own], 0.05) < 0.8


def test_creases_lift_skin_and_add_no_contact() -> None:
    lifted = pressed(np.random.default_rng(1), draw_creases(np.random.default_rng(0), SHAPE))
    ink = np.ones(SHAPE, np.float32)
    cut = creased(np.random.default_rng(2), ink, lifted)
    assert (cut <= ink).all()
    assert (cut[lifted == 0] == 1).all()
    assert cut[lifted > 0.9].mean() < 0.2


def test_an_impression_shows_them_where_the_master_has_them(finger: MasterFinger) -> None:
    creases = draw_creases(np.random.default_rng(3), finger.ridges.shape)
    for seed in range(3):
        plain, cut = (
            draw_impression(np.random.default_rng(seed), finger.ridges, finger.minutiae, CLEAR, given)
            for given in (None, creases)
        )
        np.testing.assert_array_equal(plain.placement.x, cut.placement.x)
        lines = plain.placement.taken(creases.max(axis=0))
        inside = plain.foreground & cut.foreground
        assert (cut.image - plain.image)[inside & (lines > 0.5)].mean() > 0.05
