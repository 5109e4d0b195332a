"""Photographs, told from prints by their outlines."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from fpverify.errors import FailureToAcquire
from fpverify.features.photographs import MOST_OUTLINE, outline, require_contact
from fpverify.synthesis.finger import draw_finger
from fpverify.vocabulary import FloatArray, Scan

SHAPE = (320, 280)  # px at 250 ppi: 32 x 28 mm


@pytest.fixture(scope="module")
def ridges() -> FloatArray:
    return np.asarray(cv2.resize(draw_finger(np.random.default_rng([43, 1])).ridges, SHAPE[::-1]), np.float32)


@pytest.fixture(scope="module")
def finger() -> FloatArray:
    """In [0, 1], where the finger is; its outline is a pixel or two wide."""
    whole = np.zeros(SHAPE, np.float32)
    cv2.ellipse(whole, (SHAPE[1] // 2, SHAPE[0] // 2), (75, 110), 0, 0, 360, 1, -1)
    return np.asarray(cv2.GaussianBlur(whole, (0, 0), 1.5), np.float32)


def foreground_of(finger: FloatArray) -> np.ndarray:
    return cv2.resize(finger, (SHAPE[1] // 4, SHAPE[0] // 4), interpolation=cv2.INTER_AREA) > 0.5


def scan_of(grey: FloatArray) -> Scan:
    return Scan(np.clip(np.rint(grey), 0, 255).astype(np.uint8), 250.0, "picture")


def photographed(ridges: FloatArray, finger: FloatArray, depth: float, back: float) -> Scan:
    """Skin of a grey of 150 whose ridges are so much darker, as a fraction, before a background."""
    rng = np.random.default_rng(3)
    skin = 150 * (1 - depth * (ridges + 1) / 2)
    return scan_of(np.asarray(finger * skin + (1 - finger) * back + rng.normal(0, 2, SHAPE), np.float32))


def printed(ridges: FloatArray, finger: FloatArray, ink: float) -> Scan:
    """Ridges that are so many grey levels darker than paper."""
    return scan_of(np.asarray(240 - finger * ink * (ridges + 1) / 2, np.float32))


@pytest.mark.parametrize("back", [30.0, 235.0])
def test_a_finger_before_a_background_is_a_photograph(ridges: FloatArray, finger: FloatArray, back: float) -> None:
    scan, foreground = photographed(ridges, finger, 0.08, back), foreground_of(finger)
    assert outline(scan, foreground) > MOST_OUTLINE
    with pytest.raises(FailureToAcquire, match="a photograph, not a print"):
        require_contact(scan, foreground)


@pytest.mark.parametrize("ink", [12.0, 60.0, 220.0])
def test_a_print_is_none_however_faint(ridges: FloatArray, finger: FloatArray, ink: float) -> None:
    assert outline(printed(ridges, finger, ink), foreground_of(finger)) < MOST_OUTLINE / 2


def test_nothing_is_said_of_a_small_sensor(ridges: FloatArray, finger: FloatArray) -> None:
    whole = photographed(ridges, finger, 0.08, 30.0)
    touch = Scan(np.ascontiguousarray(whole.pixels[100:180, 50:130]), 250.0, "touch")  # 8 mm, with the finger's side
    require_contact(touch, np.ones((20, 20), bool))


def test_nothing_is_said_without_ridges_away_from_outlines(ridges: FloatArray, finger: FloatArray) -> None:
    assert outline(photographed(ridges, finger, 0.08, 30.0), np.zeros((80, 70), bool)) == 0


def test_a_black_frame_around_a_print_is_no_outline(ridges: FloatArray, finger: FloatArray) -> None:
    framed = printed(ridges, finger, 40.0).pixels.astype(np.float32) + np.random.default_rng(2).normal(0, 3, SHAPE)
    framed[:60] = framed[:, :50] = 0
    assert outline(scan_of(np.asarray(framed, np.float32)), foreground_of(finger)) < MOST_OUTLINE
