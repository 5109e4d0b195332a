"""Prints refused and images without a finger taken, counted."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from effort import tries
from tool_modules import tool

from fpverify.matching import Matcher
from fpverify.synthesis.dataset import synthesise
from fpverify.vocabulary import Scan


@pytest.fixture(scope="module")
def refusals() -> ModuleType:
    return tool("refusals")


def test_a_line_counts_what_is_taken_and_says_why_the_rest_is_not(refusals: ModuleType, release_model: str) -> None:
    print_ = next(synthesise(1, 1, seed=91)).scan
    blank = Scan(np.full((360, 360), 200, np.uint8), 500.0, "blank: really.png")
    line = refusals.row("some", Matcher.load(release_model), [print_, blank, blank])
    assert line == "| some | 3 | 1 | 66.7 % | ridges too faint 2 |"


def test_parts_of_pictures_are_many_and_none_is_there_twice(refusals: ModuleType) -> None:
    parts = list(refusals.parts_of_pictures())
    assert len(parts) > 300
    assert all(refusals.LEAST_SIDE_PX <= min(one.pixels.shape) <= refusals.SIDE_PX for one in parts)
    assert len({one.pixels.tobytes() for one in parts}) == len(parts)


def test_drawings_are_scans_of_500_ppi(refusals: ModuleType) -> None:
    first = next(refusals.drawings())
    assert first.ppi == 500
    assert first.pixels.shape == (refusals.SIDE_PX, refusals.SIDE_PX)
    assert (first.pixels[::2, ::2] == first.pixels[1::2, 1::2]).all()


@pytest.mark.slow
def test_the_release_takes_ordinary_prints_and_hardly_anything_else(
    refusals: ModuleType, release_model: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(refusals, "PARTS", tries(1, 3))
    monkeypatch.setattr(refusals, "DRAWINGS", tries(50, 150))
    assert refusals.main(["--model", release_model, "--fingers", str(tries(8, 20))]) == 0
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in capsys.readouterr().out.splitlines()[2:]]
    share = {row[0]: float(row[3].removesuffix(" %")) for row in rows}
    assert share["ordinary impressions"] == 0
    assert share["poor impressions"] < 20
    assert share["parts of pictures"] > 99
    assert share["drawn, without a finger"] > 99
