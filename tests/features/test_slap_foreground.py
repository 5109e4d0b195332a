"""Where there is print in a picture of several fingers, whatever else is in it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from fpverify.features.slap_foreground import CELL_MM, print_cells, straight_lines
from fpverify.synthesis.finger import draw_finger
from fpverify.synthesis.slap_surroundings import Surroundings
from fpverify.synthesis.slaps import WIDE, SlapSettings, draw_slap
from fpverify.vocabulary import WORKING_PPI, BoolArray, FloatArray

PX_PER_MM = WORKING_PPI / 25.4
CALM = SlapSettings(hardness=(0.1, 0.4), turn_rad=0.1, second=1.0)


@pytest.fixture(scope="module")
def masters() -> list[FloatArray]:
    return [draw_finger(np.random.default_rng([41, k])).ridges for k in range(4)]


@pytest.fixture(scope="module")
def plain(masters: list[FloatArray]) -> FloatArray:
    """A slap with nothing but fingers."""
    return draw_slap(np.random.default_rng(3), masters, "right-four", CALM).image


def shares(plain: FloatArray, image: FloatArray) -> tuple[float, float]:
    """How much of the print of a picture is found in another, and how much besides, of the print."""
    before, after = print_cells(plain)[1], print_cells(image)[1]
    near = cv2.dilate(before.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return float((after & before).sum() / before.sum()), float((after & ~near).sum() / before.sum())


def test_fingers_alone_have_no_straight_lines(plain: FloatArray) -> None:
    band = cv2.GaussianBlur(plain, (0, 0), 0.8) - cv2.GaussianBlur(plain, (0, 0), 5.0)
    assert not straight_lines(band).any()


@pytest.mark.parametrize("tilt", [-0.05, 0.0, 0.03])
@pytest.mark.parametrize("upright", [False, True])
def test_lines_of_a_card_are_no_print(plain: FloatArray, tilt: float, upright: bool) -> None:
    image = plain.copy()
    height, width = image.shape
    at = round(3 * PX_PER_MM)
    if upright:
        cv2.line(image, (at, 0), (at + round(tilt * height), height), 0.1, 2)
    else:
        cv2.line(image, (0, height - at), (width, height - at - round(abs(tilt) * width)), 0.1, 2)
    found, besides = shares(plain, image)
    assert found > 0.93
    assert besides < 0.01


@pytest.mark.parametrize(("at", "size"), [((20, 735), 0.9), ((450, 26), 0.7)])
def test_a_row_of_words_at_the_border_is_no_print(plain: FloatArray, at: tuple[int, int], size: float) -> None:
    """Where they reach a fingertip they are one with it, and OpenCV 4 and 5 write letters of other widths."""
    letters = np.zeros(plain.shape, np.uint8)
    cv2.putText(letters, "LEFT FOUR FINGERS", at, cv2.FONT_HERSHEY_SIMPLEX, size, 255, 2)
    found, besides = shares(plain, np.where(letters > 0, np.float32(0.1), plain))
    assert found > 0.97
    assert besides < 0.01


def test_words_are_no_print_where_a_fingertip_lies_beside_them(masters: list[FloatArray]) -> None:
    """But for a letter that reaches the tip, where OpenCV writes them narrower."""
    raised = SlapSettings(hardness=(0.1, 0.3), turn_rad=0.0, shift_mm=(0.0, 7.0))
    slap = draw_slap(np.random.default_rng(4), masters, "right-four", raised)
    letters = np.zeros(slap.image.shape, np.uint8)
    cv2.putText(letters, "FOUR FINGERS", (20, 26), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 255, 2)
    weak = print_cells(np.where(letters > 0, np.float32(0.1), slap.image))[0].astype(np.uint8)
    found = cv2.resize(weak, letters.shape[::-1], interpolation=cv2.INTER_NEAREST)
    tips = cv2.dilate(np.any(slap.tips, axis=0).astype(np.uint8), np.ones((25, 25), np.uint8))
    beside = (letters > 0) & (tips == 0)
    assert found[beside].mean() < 0.15


@pytest.mark.parametrize("at_mm", [0.5, 2.0])
def test_a_piece_of_a_line_at_the_side_is_no_print(plain: FloatArray, at_mm: float) -> None:
    image = plain.copy()
    at = round(at_mm * PX_PER_MM)
    cv2.line(image, (at, 0), (at, 200), 0.1, 3)
    found, besides = shares(plain, image)
    assert found > 0.97
    assert besides < 0.002


def test_specks_are_no_print(plain: FloatArray) -> None:
    image = plain.copy()
    for at in ((30, 60), (400, 30), (700, 90)):
        cv2.circle(image, at, 6, 0.0, -1)
    found, besides = shares(plain, image)
    assert found > 0.97
    assert besides < 0.01


def test_grain_of_paper_is_no_print(plain: FloatArray) -> None:
    rng = np.random.default_rng(5)
    grain = cv2.GaussianBlur(rng.standard_normal(plain.shape, dtype=np.float32), (0, 0), 1.2)
    found, besides = shares(plain, plain + 0.04 * grain / grain.std())
    assert found > 0.9
    assert besides < 0.01


def test_a_faint_picture_shows_what_a_strong_one_does(plain: FloatArray) -> None:
    found, besides = shares(plain, 0.9 - 0.15 * (0.9 - plain))
    assert found > 0.95
    assert besides < 0.02


def test_a_palm_is_no_finger(masters: list[FloatArray]) -> None:
    with_palm = SlapSettings(hardness=(0.1, 0.3), turn_rad=0.05, palm=1.0)
    cells: BoolArray = print_cells(draw_slap(np.random.default_rng(4), masters, "right-four", with_palm).image)[0]
    assert not cells[-round(2 / CELL_MM) :].any()
    assert cells.any()


def test_a_palm_is_no_finger_where_a_line_crosses_it(masters: list[FloatArray]) -> None:
    with_palm = SlapSettings(hardness=(0.1, 0.3), turn_rad=0.05, palm=1.0)
    image = draw_slap(np.random.default_rng(4), masters, "right-four", with_palm).image
    height, width = image.shape
    cv2.line(image, (0, height - 35), (width, height - 30), 0.1, 3)
    assert not print_cells(image)[0][-round(2 / CELL_MM) :].any()
    assert print_cells(image)[0].any()


def test_wide_slaps_are_the_same_for_a_seed_and_have_all_of_it(masters: list[FloatArray]) -> None:
    first, again = (draw_slap(np.random.default_rng(7), masters, "right-four", WIDE) for _ in range(2))
    assert np.array_equal(first.image, again.image)
    plain = draw_slap(np.random.default_rng(7), masters, "right-four", SlapSettings())
    everything = SlapSettings(around=Surroundings(1, 1, 1, 1, 1, 1))
    around = draw_slap(np.random.default_rng(7), masters, "right-four", everything)
    assert all(np.array_equal(one, other) for one, other in zip(plain.tips, around.tips, strict=True))
    assert not np.array_equal(plain.image, around.image)
    assert around.image.min() >= 0
    assert around.image.max() <= 1
