"""Scraps, slits, nets and glare: what each does, and what it leaves alone."""

from __future__ import annotations

import hashlib

import cv2
import numpy as np
import pytest

from fpverify.synthesis.finger import MasterFinger, draw_finger
from fpverify.synthesis.harsh_skin import _along, _flow, draw_glare, draw_net, draw_scraps, draw_slits
from fpverify.synthesis.impression import ImpressionSettings, draw_impression
from fpverify.synthesis.skin import draw_ink
from fpverify.vocabulary import FloatArray

HARSH = ("scraps", "slits", "nets", "glare")
OPENCV = int(cv2.__version__.split(".")[0])  # 4 rounds the places that skin is bent from to 1/32 px
PLAIN = {4: "bbd419b4039c22c9", 5: "e0e10ed21bcda914"}  # of three impressions, drawn before these settings were


@pytest.fixture(scope="module")
def finger() -> MasterFinger:
    return draw_finger(np.random.default_rng(42))


@pytest.fixture(scope="module")
def ink(finger: MasterFinger) -> FloatArray:
    return draw_ink(np.random.default_rng(0), finger.ridges, 0.0)


def test_impressions_without_harsh_skin_stay_what_they_were(finger: MasterFinger) -> None:
    """Rounded to grey levels of 1/50, so that another processor's last bit does not count."""
    found = hashlib.sha256()
    for seed in range(3):
        made = draw_impression(np.random.default_rng(seed), finger.ridges, finger.minutiae, ImpressionSettings())
        blocks = made.image.reshape(24, 8, 24, 8).mean((1, 3))
        found.update(np.rint(50 * blocks).astype(np.uint8).tobytes())
    assert found.hexdigest()[:16] == PLAIN[OPENCV]


@pytest.mark.parametrize("what", HARSH)
def test_harsh_skin_moves_nothing(what: str, finger: MasterFinger) -> None:
    """The map to the master is drawn before the skin, so that what corresponds still does."""
    for seed in range(3):
        plain, harsh = (
            draw_impression(np.random.default_rng(seed), finger.ridges, finger.minutiae, settings)
            for settings in (ImpressionSettings(), ImpressionSettings(**{what: 1.0}))
        )
        np.testing.assert_array_equal(plain.placement.x, harsh.placement.x)
        np.testing.assert_array_equal(plain.placement.y, harsh.placement.y)
        assert 0 <= harsh.image.min() <= harsh.image.max() <= 1


def test_scraps_break_crests_and_fill_no_valley(finger: MasterFinger) -> None:
    crest, valley = finger.ridges > 0.6, finger.ridges < 0
    broken = []
    for seed in range(12):
        relief = draw_scraps(np.random.default_rng(seed), finger.ridges)
        assert (relief[valley] <= finger.ridges[valley] + 1e-6).all()
        broken.append((relief[crest] < 0).mean())
    assert np.median(broken) > 0.1
    assert min(broken) < 0.7


def test_slits_close_valleys_and_break_no_crest(finger: MasterFinger) -> None:
    valley = finger.ridges < -0.6
    closed = []
    for seed in range(12):
        relief = draw_slits(np.random.default_rng(seed), finger.ridges)
        assert (relief >= finger.ridges - 1e-6).all()
        closed.append((relief[valley] > 0).mean())
    assert np.median(closed) > 0.05
    assert min(closed) < 0.7


def test_a_closed_part_of_a_valley_is_longer_than_wide(finger: MasterFinger) -> None:
    """Noise drawn out along the ridges is more alike 4 px along them than 4 px across."""
    noise = _along(np.random.default_rng(1), finger.ridges, 1.2, 2)
    angle = _flow(finger.ridges)
    row, column = np.mgrid[8 : noise.shape[0] - 8, 8 : noise.shape[1] - 8]
    here = angle[row, column]

    def alike(turn: float) -> float:
        down, across = (np.rint(4 * f(here + turn)).astype(int) for f in (np.sin, np.cos))
        return float(np.corrcoef(noise[row, column].ravel(), noise[row + down, column + across].ravel())[0, 1])

    assert alike(0.0) > alike(np.pi / 2) + 0.2


def test_the_flow_runs_along_the_ridges() -> None:
    x = np.mgrid[0:64, 0:64][1].astype(np.float32)
    upright = np.sin(2 * np.pi * x / 9)
    assert np.abs(np.cos(_flow(upright)[8:-8, 8:-8])).max() < 0.05
    assert np.abs(np.sin(_flow(np.ascontiguousarray(upright.T))[8:-8, 8:-8])).max() < 0.05


def test_nets_only_take_ink_away(ink: FloatArray) -> None:
    lost = []
    for seed in range(8):
        netted = draw_net(np.random.default_rng(seed), ink)
        assert (netted <= ink + 1e-6).all()
        assert netted.min() >= 0
        lost.append((netted < ink - 0.1).mean())
    assert 0.02 < np.median(lost) < 0.4


def test_glare_leaves_ridges_and_makes_valleys_unlike(ink: FloatArray) -> None:
    ridge, valley = ink > 0.9, ink < 0.1
    for seed in range(8):
        shown = draw_glare(np.random.default_rng(seed), ink)
        assert (shown >= ink - 1e-6).all()
        assert shown.max() <= 1
        assert np.abs(shown - ink)[ridge].max() <= 0.1
        assert shown[valley].std() > ink[valley].std() + 0.05
