"""The tool that tries strangers' prints at a door."""

from __future__ import annotations

import pytest
from tool_modules import tool


def test_a_door_locks_and_stays_shut(release_model: str, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("fastapi")
    assert tool("door").main(["--targets", "1", "--calls", "20", "--strangers", "3"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("0 of 1 opened in 20 calls")
    assert "10 non-match" in said  # five of the subject's, five identifications of the key's
