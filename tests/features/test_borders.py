"""Where a border counts, and what is left of a foreground without it."""

from __future__ import annotations

import numpy as np

from fpverify.features.borders import LEAST_LOGIT, LENGTH_CELLS, border_logit, folded, without_borders
from fpverify.features.pieces import parts
from fpverify.vocabulary import BoolArray, FloatArray

HIGH, WIDE = 30, 20  # cells of 8 px: 24 x 16 mm
PRINT = np.ones((2 * HIGH, 2 * WIDE), bool)


def answer(rows: slice, columns: slice, logit: float = LEAST_LOGIT + 1) -> FloatArray:
    logits = np.full((HIGH, WIDE), -5, np.float32)
    logits[rows, columns] = logit
    return logits


def shows_border(logits: FloatArray, print_: BoolArray) -> bool:
    return border_logit(logits, print_) > LEAST_LOGIT


def test_folding_keeps_every_square_in_its_place() -> None:
    image = np.arange(8 * 12, dtype=np.float32).reshape(8, 12)
    squares = folded(image)
    assert squares.shape == (2, 3, 16)
    for row in range(2):
        for column in range(3):
            square = image[4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
            np.testing.assert_array_equal(squares[row, column], square.ravel())


def test_a_border_right_across_the_print_is_seen() -> None:
    assert shows_border(answer(slice(14, 16), slice(None)), PRINT)
    assert not shows_border(answer(slice(14, 16), slice(None), LEAST_LOGIT - 0.5), PRINT)


def test_a_few_cells_are_no_border() -> None:
    assert not shows_border(answer(slice(14, 16), slice(8, 8 + LENGTH_CELLS // 4)), PRINT)
    assert not shows_border(answer(slice(None), slice(None)), np.zeros_like(PRINT))


def test_a_border_at_the_rim_of_the_print_does_not_count() -> None:
    print_ = PRINT.copy()
    print_[:28] = False  # what is above is a ghost
    assert not shows_border(answer(slice(12, 14), slice(None)), print_)


def test_a_border_counts_in_a_narrow_gap_of_the_foreground() -> None:
    parted = PRINT.copy()
    parted[28:33] = False  # 2 mm
    assert shows_border(answer(slice(14, 16), slice(None)), parted)
    apart = PRINT.copy()
    apart[20:42] = False  # 9 mm
    assert not shows_border(answer(slice(14, 16), slice(None)), apart)


def test_a_border_parts_the_foreground() -> None:
    def count(left: BoolArray) -> int:
        return len(parts(left))

    assert count(PRINT) == 1
    assert count(without_borders(PRINT, answer(slice(14, 16), slice(None)))) == 2
    assert count(without_borders(PRINT[:-1, :-1], answer(slice(14, 16), slice(None)))) == 2  # an odd number of cells
