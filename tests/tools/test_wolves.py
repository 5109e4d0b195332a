"""How unevenly false matches are spread."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom
from tool_modules import tool

wolves = tool("wolves")


def test_a_wolf_is_seen_beside_prints_that_are_alike() -> None:
    scores = np.zeros((200, 1000))
    scores[:, :1] = 35.0  # each matches one of the others
    scores[7, :40] = 35.0
    cells = [cell.strip() for cell in list(wolves.table(scores, [(0.001, 30.0)]))[2].strip("|").split("|")]
    assert cells[:4] == ["0.1 %", "0.12 %", "4.0 %", "1 of 200"]
    assert float(cells[4]) == pytest.approx(200 * binom.sf(10, 1000, 239 / 200_000), rel=0.05)
    assert cells[5] == "17 %"  # 40 and one of 239


def test_how_many_wolves_chance_makes_is_that_of_the_binomial() -> None:
    assert wolves.expected_wolves(1000, 0.004) == pytest.approx(binom.sf(10, 1000, 0.004), rel=1e-9)


def test_a_table_is_printed(tmp_path: Path, release_model: str, capsys: pytest.CaptureFixture[str]) -> None:
    call = [str(tmp_path), "--prints", "3", "--others", "3", "--model", release_model]
    assert wolves.main(call) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == ["1 %", "0.1 %", "0.01 %"]
    assert wolves.main(call) == 0  # from the cache
    assert capsys.readouterr().out.splitlines() == lines
