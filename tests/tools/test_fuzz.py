"""Damaged input for every reader: a few seconds of what `make fuzz` does for as long as one likes."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from effort import tries
from tool_modules import tool

from fpverify.errors import UnreadableScan

fuzz = tool("fuzz")
FILES = tries(15, 40)  # of each reader


@pytest.mark.slow
def test_no_reader_fails_at_damaged_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, release_model: str) -> None:
    monkeypatch.chdir(tmp_path)
    outcomes = {one.name: fuzz.tried(one, seconds=60, seed=8, most=FILES) for one in fuzz.targets()}
    assert len(outcomes) == 24
    assert {name for name, one in outcomes.items() if one.found} == set()
    assert all(one.answered + one.refused == FILES for one in outcomes.values())
    assert sum(one.refused > 0 for one in outcomes.values()) > 15
    assert list(tmp_path.iterdir()) == []


def test_what_fails_is_found_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(fuzz, "SLOWEST_S", 0.05)

    def read(data: bytes) -> None:
        if data[0] == 0:
            time.sleep(0.1)
        if data[0] == 1:
            raise IndexError("beyond")
        if data[0] == 2:
            raise UnreadableScan("two\nlines")
        raise UnreadableScan("one line")

    for first, found in enumerate((1, 1, 1, 0)):
        monkeypatch.setattr(fuzz, "changed", lambda rng, sound, first=first: bytes([first]))
        outcome = fuzz.tried(fuzz.Target("made-up", read, (b"x",)), seconds=60, seed=1, most=1)
        assert outcome.found == found
    assert len(list(tmp_path.glob("fuzz-made-up-*"))) == 3
