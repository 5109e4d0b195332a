"""The tool that measures what indexes cost, and the prints that it keeps."""

from __future__ import annotations

from pathlib import Path

import pytest
import synthetic_prints
from tool_modules import tool


def test_prints_are_kept_and_mirrored_ones_are_other_fingers(
    release_model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(synthetic_prints, "DRAWN", 1)
    wanted = synthetic_prints.Prints(7, 2, 2)
    made = list(synthetic_prints.synthetic_templates(wanted, tmp_path))
    monkeypatch.setattr(synthetic_prints, "master", None)  # whoever draws again fails
    again = list(synthetic_prints.synthetic_templates(wanted, tmp_path))
    assert [name for name, _ in again] == [name for name, _ in made] == ["0", "0", "0m", "0m"]
    from fpverify.matching import Matcher

    matcher = Matcher.load()
    same, other = (matcher.score(made[0][1], made[k][1]).value for k in (1, 2))
    assert same > 40 > other


def test_it_runs(
    release_model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    indexes = tool("indexes")
    monkeypatch.setattr(synthetic_prints, "DRAWN", 10)
    monkeypatch.setattr(indexes, "SECONDS", 0.1)
    assert indexes.main([str(tmp_path), "--references", "50", "--fingers", "20", "--workers", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[1] for line in lines if line.startswith("| 50")] == ["exact", "ivf"]
