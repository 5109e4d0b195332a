"""The tool that tells what a wrong resolution costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tool_modules import tool


@pytest.fixture(scope="module")
def resolution() -> Any:
    return tool("resolution")


def test_a_line_for_every_factor(resolution: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    resolution.write_ridges(tmp_path / "a", fingers=3, impressions=2, seed=5)
    assert resolution.main([str(tmp_path), "--ppi", "500", "--factors", "0.5", "1", "--workers", "1"]) == 0
    heads, _, half, right = capsys.readouterr().out.splitlines()
    assert heads.split(" | ")[0] == "| read at"
    assert half.startswith("| 0.5 times |")
    assert half.endswith("| 1 of 1 |")
    assert right.startswith("| 1 times | 0.00 |")
    assert right.endswith("| 0 of 1 |")
