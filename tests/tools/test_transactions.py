"""Records of pictures: a few of what `tools/transactions.py` writes and damages."""

from __future__ import annotations

import sys

import pytest
from tool_modules import TOOLS, tool


def test_what_is_written_comes_back_and_damage_is_never_accepted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(TOOLS), *sys.path])
    assert tool("transactions").main(["--written", "15", "--changed", "300"]) == 0
    out = capsys.readouterr().out
    assert "15 of 15 equal" in out
    assert "refused" in out


def test_a_wrong_acceptance_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(TOOLS), *sys.path])
    transactions = tool("transactions")
    monkeypatch.setattr(transactions, "_judged", lambda *_: "wrongly accepted")
    monkeypatch.setattr(transactions, "changed", lambda _, content: content)
    assert transactions.main(["--written", "5", "--changed", "3"]) == 1
