from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fpverify.features.quality import ENOUGH_MINUTIAE, FULL_AREA_MM2, scan_quality
from fpverify.vocabulary import Minutiae

NUMBERS = st.integers(1, 90)
SURENESS = st.floats(0.3, 1.0)
AREAS = st.floats(0.0, 400.0)


def minutiae(number: int, sureness: float) -> Minutiae:
    nowhere = np.zeros(number, np.float32)
    return Minutiae(nowhere, nowhere, nowhere, np.full(number, sureness, np.float32))


@given(st.tuples(NUMBERS, SURENESS, AREAS), st.tuples(NUMBERS, SURENESS, AREAS))
def test_more_of_anything_never_lowers_the_quality(
    one: tuple[int, float, float], other: tuple[int, float, float]
) -> None:
    (few, many), (doubt, trust), (small, large) = (sorted(pair) for pair in zip(one, other, strict=True))
    worse, better = scan_quality(minutiae(few, doubt), small), scan_quality(minutiae(many, trust), large)
    assert 0 <= worse <= better + 1e-6 <= 1 + 1e-5


def test_a_full_sure_print_is_perfect_and_an_empty_one_worth_nothing() -> None:
    assert scan_quality(minutiae(int(ENOUGH_MINUTIAE), 1.0), FULL_AREA_MM2) == pytest.approx(1.0)
    assert scan_quality(minutiae(0, 1.0), FULL_AREA_MM2) == 0.0


def test_the_three_count_alike() -> None:
    halves = [
        scan_quality(minutiae(30, 1.0), FULL_AREA_MM2 / 2),
        scan_quality(minutiae(15, 1.0), FULL_AREA_MM2),
        scan_quality(minutiae(30, 0.5), FULL_AREA_MM2),
    ]
    assert halves == pytest.approx([0.5 ** (1 / 3)] * 3)
