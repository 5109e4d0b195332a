"""The tool that counts planted doubles."""

from __future__ import annotations

from pathlib import Path

import pytest
from tool_modules import tool


def test_planted_doubles_are_found_and_counted(
    release_model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gallery, doubles = tool("gallery"), tool("doubles")
    monkeypatch.setattr(gallery, "BLOCK", 2)
    monkeypatch.setattr(gallery, "PROBED", 1)
    assert gallery.main([str(tmp_path), "--fingers", "4"]) == 0
    assert doubles.main([str(tmp_path), "--references", "5", "--doubles", "2", "--workers", "1"]) == 0
    printed = capsys.readouterr().out
    assert "doubles found: 2 of 2" in printed
    assert "pairs of different fingers: 0, expected 0.1" in printed
    with pytest.raises(SystemExit, match="too few templates"):
        doubles.main([str(tmp_path), "--references", "50", "--doubles", "2"])
