"""The highest of many numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fpverify.comparison.highest import GROUP, highest, least_of_highest
from fpverify.vocabulary import FloatArray

NUMBERS = st.integers(-6, 6).map(float)  # few, so that many are equal


@given(st.data())
def test_the_highest_are_what_sorting_finds(data: st.DataObject) -> None:
    columns = data.draw(st.integers(1, 6 * GROUP))
    shape = data.draw(st.integers(0, 4)), columns
    values = data.draw(arrays(np.float32, shape, elements=NUMBERS))
    count = data.draw(st.integers(1, columns))
    np.testing.assert_array_equal(highest(values, count), np.sort(values, axis=1)[:, -count:])


def test_few_others_reach_what_the_highest_are_at_least() -> None:
    values: FloatArray = np.random.default_rng(0).standard_normal((50, 3072)).astype(np.float32)
    reached = (values >= least_of_highest(values, 30)[:, None]).sum(1)
    assert reached.min() >= 30
    assert reached.mean() < 40


@pytest.mark.parametrize("many", [30, 30 * GROUP, 31 * GROUP - 1])
def test_high_ones_may_lie_together(many: int) -> None:
    values = np.zeros((1, many), np.float32)
    values[0, :30] = np.arange(1, 31)
    np.testing.assert_array_equal(highest(values, 30)[0], np.arange(1, 31, dtype=np.float32))
