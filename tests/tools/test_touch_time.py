"""What a decision about a touch costs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tool_modules import tool

from fpverify.synthesis.touches import TouchSettings, write_touches


def test_each_size_is_a_row_whose_parts_add_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    timed = tool("touch_time")
    monkeypatch.setattr(timed, "ROUNDS", 2)
    settings = TouchSettings(96, references=2, probes=2)
    write_touches(tmp_path / "96" / "set", fingers=1, seed=3, settings=settings)
    assert timed.main([str(tmp_path / "96")]) == 0
    row = re.search(r"\| (\d) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", capsys.readouterr().out.strip())
    assert row is not None
    decisions, *spent = map(float, row.groups())
    assert decisions == 2
    assert 0 < spent[0] < spent[2]
    assert spent[2] == pytest.approx(spent[0] + spent[1], abs=0.11)


def test_a_folder_without_touches_is_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        tool("touch_time").main([str(tmp_path)])
    assert ended.value.code == 2
    assert "no finger" in capsys.readouterr().err
