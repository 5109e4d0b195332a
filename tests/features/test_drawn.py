"""What is drawn is no foreground."""

from __future__ import annotations

import numpy as np
import pytest

from fpverify.errors import FailureToAcquire
from fpverify.features.drawn import AROUND_CELLS, DRAWN_LOGIT, drawn, without_drawn
from fpverify.vocabulary import FloatArray, Scan

HIGH, WIDE = 24, 20  # cells of 8 px
PRINT = np.ones((2 * HIGH, 2 * WIDE), bool)
SCAN = Scan(np.zeros((4, 4), np.uint8), 500.0, "door.bmp")


def answer(rows: slice) -> FloatArray:
    logits = np.full((HIGH, WIDE), -5, np.float32)
    logits[rows] = 3 * DRAWN_LOGIT
    return logits


def test_what_is_drawn_is_taken_away_and_the_rest_stays() -> None:
    left = without_drawn(SCAN, answer(slice(16, None)), PRINT)
    assert not left[40:].any()
    assert left[:24].all()


def test_a_few_cells_take_nothing_away() -> None:
    logits = answer(slice(0))
    logits[10, 10] = 3 * DRAWN_LOGIT
    assert without_drawn(SCAN, logits, PRINT).all()


def test_a_picture_that_is_drawn_is_refused_with_how_much_of_it_is() -> None:
    with pytest.raises(FailureToAcquire, match=r"door.bmp: the lines on 317 of 317 mm² are drawn, not those of skin"):
        without_drawn(SCAN, answer(slice(None)), PRINT)


def test_what_lies_beside_the_foreground_says_nothing() -> None:
    print_ = PRINT.copy()
    print_[24:] = False
    assert not drawn(answer(slice(12 + AROUND_CELLS // 2, None)), print_)[print_].any()
    assert without_drawn(SCAN, answer(slice(12, None)), print_)[:20].all()


def test_an_odd_number_of_cells_fits() -> None:
    assert drawn(answer(slice(None)), PRINT[:-1, :-1]).shape == (2 * HIGH - 1, 2 * WIDE - 1)


def test_no_foreground_is_nobodys_fault_here() -> None:
    assert not without_drawn(SCAN, answer(slice(None)), np.zeros_like(PRINT)).any()
