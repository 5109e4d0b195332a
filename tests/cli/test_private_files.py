"""Pictures of prints, reports on them and templates are written for their owner only, whatever lay there."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fpverify import read_scan, write_scan

Call = Callable[..., Any]
ROOT = Path(__file__).parents[2]
WRITERS = re.compile(r"\.savefig\((?!private\(|out\b|buffer\b|file\b)")  # to a path; the others are in memory
ROOMS = ("evaluation", "explanation", "formats", "scans", "cli")

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes")


def others_may_read(folder: Path) -> list[str]:
    return [one.name for one in folder.rglob("*") if one.is_file() and stat.S_IMODE(one.stat().st_mode) != 0o600]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


@pytest.mark.slow
def test_everything_that_an_evaluation_writes(evaluate: Call, call: Call, out: Path) -> None:
    (out / "report.html").touch(mode=0o644)
    words = {
        "--report": "report.html",
        "--scores": "s.csv",
        "--metrics": "m.json",
        "--roc": "roc.png",
        "--figures": "f",
    }
    assert evaluate(*(word for name, file in words.items() for word in (name, out / file)), "--no-cache").code == 0
    assert call("report", out / "s.csv", "--out", out / "matchers.html").code == 0
    assert call("report", out / "s.csv", "--out", out / "matchers.json").code == 0
    assert len(list(out.rglob("*"))) > 8
    assert others_may_read(out) == []


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["png", "svg"])
def test_a_picture_of_two_prints_and_a_record_of_one(call: Call, out: Path, ending: str) -> None:
    one, other = sorted((ROOT / "fpverify" / "samples").glob("*.bmp"))[:2]
    assert call("explain", one, other, "--out", out / f"pair.{ending}").code == 0
    assert call("convert", one, out / "one.iso").code == 0
    assert others_may_read(out) == []


def test_a_scan(stripes: Path, out: Path) -> None:
    write_scan(read_scan(stripes / "A_00.bmp"), out / "scan.png")
    assert others_may_read(out) == []


def test_no_room_that_has_prints_writes_a_figure_in_another_way() -> None:
    for room in ROOMS:
        for path in (ROOT / "fpverify" / room).rglob("*.py"):
            assert not WRITERS.search(path.read_text(encoding="utf-8")), path
