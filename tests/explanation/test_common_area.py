from __future__ import annotations

import numpy as np

from fpverify.comparison import Alignment
from fpverify.explanation.common_area import laid_cells


def test_the_foreground_is_laid_where_the_minutiae_are() -> None:
    cells = np.zeros((40, 40), bool)
    cells[10:20, 5:12] = True
    shift = Alignment(1 + 0j, 0j, 16 + 8j)  # 4 cells to the right, 2 down
    expected = np.zeros((40, 40), bool)
    expected[12:22, 9:16] = True
    np.testing.assert_array_equal(laid_cells(cells, (40, 40), shift), expected)
    quarter = Alignment(1j, 80 + 80j, 80 + 80j)  # about the middle: x becomes y
    np.testing.assert_array_equal(laid_cells(cells, (40, 40), quarter), np.rot90(cells, -1))
