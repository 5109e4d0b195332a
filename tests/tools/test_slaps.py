"""Slaps and rolled prints: a few of what the tools measure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tool_modules import tool


def test_fingers_of_slaps_are_counted(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    slaps = tool("slaps")
    monkeypatch.setattr(slaps, "MASTERS", 4)
    assert slaps.main(["--slaps", "3", "--fingers", "0"]) == 0
    assert "of 10 fingers right" in capsys.readouterr().out


def test_missing_fingers_that_are_told_are_counted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    slaps = tool("slaps")
    monkeypatch.setattr(slaps, "MASTERS", 4)
    apart = slaps.separated
    monkeypatch.setattr(slaps, "separated", lambda *given: replace(apart(*given), missing=()))
    assert slaps.main(["--slaps", "2", "--missing", "1", "--fingers", "0"]) == 0
    first, *others = capsys.readouterr().out.splitlines()
    assert first.startswith("of 2 slaps 0 named rightly")
    assert all("missing right-" in one or "missing left-" in one for one in others)


def test_a_cut_that_misses_its_finger_is_wrong() -> None:
    slaps = tool("slaps")
    counted = slaps.Counted()
    rng = np.random.default_rng(2)
    masters = [slaps.draw_finger(np.random.default_rng([1, k])).ridges for k in range(2)]
    slap, _ = slaps.composed(rng, masters, "both-thumbs")
    swapped = slaps.Slap(slap.image, slap.fingers, slap.tips[::-1])
    slaps.judged(counted, swapped, "swapped", "both-thumbs")
    assert (counted.fingers, counted.right) == (2, 0)


def test_rolled_prints_are_compared_with_plain_ones(capsys: pytest.CaptureFixture[str], release_model: str) -> None:
    assert tool("rolled").main(["--fingers", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["plain against rolled", "plain against plain"]
    assert all("FNMR 0.00%" in line for line in lines)
