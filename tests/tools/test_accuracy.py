"""The table of error rates."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from tool_modules import tool

from fpverify.vocabulary import Evaluation, Interval, OperatingPoint

POINT = OperatingPoint(0.01, 20.0, 0.01, 0.0, Interval(0, 1), Interval(0, 1), 0.0, 9, 9, "none", "m")


@pytest.fixture(scope="module")
def accuracy() -> ModuleType:
    return tool("accuracy")


def evaluated(name: str, mated: list[float], non_mated: list[float], failures: int = 0) -> Evaluation:
    scores = np.array([*mated, *non_mated])
    truth = np.arange(len(scores)) < len(mated)
    scans = tuple(f"{number}_1" for number in range(4))
    lost = dict.fromkeys(scans[:failures], "too little foreground")
    sides = np.arange(len(scores), dtype=np.int32) % 4
    return Evaluation(scans, scans, sides, sides, truth, scores, name, "dense", "", "m", lost)


def test_pooled_rates_are_those_of_all_comparisons_together(accuracy: ModuleType) -> None:
    sets = [evaluated("a", [10, 30, 30, -np.inf], [0, 0, 30, 30], failures=1), evaluated("b", [30, 10], [0, 30, 0, 0])]
    assert accuracy.pooled_figures(sets, POINT) == pytest.approx({"fta": 1 / 8, "fmr": 3 / 8, "fnmr": 2 / 5})


def test_the_table_has_a_line_for_each_set_their_mean_and_the_pool(accuracy: ModuleType) -> None:
    sets = [evaluated("a", [30, 30], [0, 0, 0, 25]), evaluated("b", [10, 30], [0, 0, 0, 0])]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in accuracy.table(sets, POINT).splitlines()]
    assert [row[0] for row in rows[2:]] == ["a", "b", "**mean**", "**pooled**"]
    assert rows[2][-3:-1] == ["25.00", "0.00"]
    assert rows[3][-3:-1] == ["0.00", "50.00"]
    assert rows[4][-3:-1] == rows[5][-3:-1] == ["12.50", "25.00"]
    assert len({len(row) for row in rows}) == 1


def test_rates_asked_for_stand_beside_those_realised(accuracy: ModuleType) -> None:
    sets = evaluated("a", [30] * 99 + [10], [25] * 6 + [0] * 294)
    asked = [replace(POINT, target_fmr=rate, fmr=rate * 1.1, fnmr=0.005) for rate in (0.01, 0.001)]
    lines = accuracy.operating_points(sets, asked).splitlines()
    assert len(lines) == 3  # 300 comparisons say nothing about 0.1 %
    assert [cell.strip() for cell in lines[2].strip("|").split("|")][:3] == ["1", "1.1", "0.5"]
    assert "| 2.00 (" in lines[2]
    assert "| 1.00 (" in lines[2]
