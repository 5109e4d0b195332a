"""Lists that are killed: what is lost or there twice is told."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tool_modules import tool

from fpverify.enrollment import EnrollmentRow

lists = tool("lists")


@pytest.mark.slow
def test_a_killed_list_loses_nothing(capsys: pytest.CaptureFixture[str], release_model: str) -> None:
    assert lists.main(["--kills", "2", "--prints", "6", "--workers", "1"]) == 0
    assert "told and lost: 0; twice in a store: 0; in one store alone: 0" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        ({"a": 1, "b": 1}, "told and lost: 0; twice in a store: 0; in one store alone: 0"),
        ({"a": 1}, "told and lost: 2; twice in a store: 0; in one store alone: 1"),
        ({"a": 1, "b": 2}, "told and lost: 0; twice in a store: 1; in one store alone: 0"),
    ],
)
def test_what_is_lost_or_there_twice_is_told(
    kept: dict[str, int],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def run(listing: Any, kill_s: float | None = None) -> float:
        listing.told |= {"a", "b"}
        return kill_s or 100.0

    monkeypatch.setattr(lists.Listing, "run", run)
    monkeypatch.setattr(lists.Listing, "kept", lambda one: Counter({"a": 1, "b": 1} if one.name == "whole" else kept))
    rows = [EnrollmentRow("A", "unknown", tmp_path / "a.png", "a.png")]
    assert lists.killed(tmp_path, rows, 2, 1) == (0 if kept == {"a": 1, "b": 1} else 1)
    assert words in capsys.readouterr().out


def test_the_cpu_of_a_row_is_that_since_a_moment() -> None:
    before = lists.spent_s()
    while time.process_time() < before[0] + 0.05:
        pass
    own, others = map(float, lists.took_ms(before, 10).split(", "))
    assert 5 <= own < 50
    assert others >= 0
