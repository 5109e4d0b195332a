"""The small network's answer, held against one place of one kernel after the other."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest

from fpverify.scans.polarity_network import CONVOLUTIONS, SHAPES, WEIGHTS, evidence, weights
from fpverify.vocabulary import FloatArray

SIDE = 48  # leaves 2 x 2 cells


@pytest.fixture(scope="module")
def view() -> FloatArray:
    return np.random.default_rng(3).normal(0, 1, (SIDE, SIDE, 2)).astype(np.float32)


def one_by_one(cells: FloatArray, kernel: FloatArray, offset: FloatArray, side: int, stride: int) -> FloatArray:
    high, wide = ((extent - side) // stride + 1 for extent in cells.shape[:2])
    made = np.zeros((high, wide, len(offset)))
    for row, column in np.ndindex(high, wide):
        patch = cells[row * stride : row * stride + side, column * stride : column * stride + side]
        made[row, column] = np.maximum(patch.ravel() @ kernel + offset, 0)
    return made


def answer(view: FloatArray) -> float:
    *convolutions, hidden, bias, last = weights()
    cells = view
    for number, (side, stride, *_) in enumerate(CONVOLUTIONS):
        cells = one_by_one(cells, *convolutions[2 * number : 2 * number + 2], side, stride)
    return float(np.maximum(cells.mean((0, 1)) @ hidden + bias, 0) @ last)


def test_evidence_is_the_answer_less_that_to_the_negative(view: FloatArray) -> None:
    assert evidence(view) == pytest.approx(answer(view) - answer(-view), abs=1e-3)


def test_the_negative_has_the_opposite_evidence(view: FloatArray) -> None:
    assert evidence(view) == pytest.approx(-evidence(-view), abs=1e-4)
    assert evidence(view) != 0


def test_the_file_has_all_weights_and_no_more() -> None:
    assert np.load(WEIGHTS).shape == (sum(map(prod, SHAPES)),)
