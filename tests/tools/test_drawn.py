"""What becomes of drawn pictures, and of prints beside them."""

from __future__ import annotations

import pytest
from tool_modules import tool


@pytest.mark.slow
def test_drawn_pictures_are_refused_and_prints_are_not(release_model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool("drawn").main([release_model, "--number", "12"]) == 0
    drawn, prints = capsys.readouterr().out.split("\n\n")
    shares = {}
    for line in drawn.splitlines()[2:]:
        kind, size, *each = (cell.strip() for cell in line.strip("|").split("|"))
        shares[kind, size] = [int(one) for one in each]
    assert len(shares) == 12
    assert all(sum(each[:3]) in range(98, 103) for each in shares.values())  # rounded
    assert all(each[2] <= each[3] for each in shares.values())
    assert shares["lines", "whole"][2] == 0
    assert [cell.strip() for cell in prints.splitlines()[-1].strip("|").split("|")][:3] == ["synthetic", "12", "0"]
