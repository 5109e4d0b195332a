"""convert and inspect, as people type them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fpverify.formats import minutiae_to_bytes, read_minutiae, write_minutiae
from fpverify.vocabulary import FingerView, MinutiaRecord, Rating

Call = Callable[..., Any]


@pytest.fixture
def finger(call: Call) -> Path:
    """A record of three minutiae in the working directory."""
    view = FingerView(
        np.array([100, 387, 0], np.float32),
        np.array([14, 373, 0], np.float32),
        np.array([-np.pi / 2, np.pi, 0], np.float32),
        np.array([1, 2, 0], np.uint8),
        np.array([90, 1, -1], np.int16),
        *(388, 374, 197.0, 197.0),
        finger=2,
        ratings=(Rating(85),),
    )
    path = Path("finger.fmr").absolute()
    write_minutiae(MinutiaRecord((view,)), path)
    return path


def test_a_record_is_converted_by_the_ending_and_what_is_lost_is_named(call: Call, finger: Path) -> None:
    ended = call("convert", finger, "finger.xyt")
    assert ended.code == 0
    assert Path("finger.xyt").read_text() == "100 360 270 90\n387 1 0 1\n0 374 180\n"
    assert "wrote finger.xyt: 3 minutiae in 1 view" in ended.out
    assert "the types of minutiae, the finger" in ended.out


def test_inspect_says_what_a_record_holds(call: Call, finger: Path) -> None:
    lines = call("inspect", finger.name, "--minutiae").out.splitlines()
    assert lines[0] == "finger.fmr: ISO/IEC 19794-2:2005, 1 view"
    assert lines[2].split()[4:] == ["85", "3", "1", "1", "388", "x", "374", "500", "none"]
    assert lines[5].split() == ["100", "14", "90.0", "ending", "90"]
    answer = call("inspect", finger.name, "--json").answer
    assert (answer["format"], answer["views"][0]["minutiae"][1]["type"]) == ("iso2005", "bifurcation")


def test_a_card_is_read_when_its_format_is_named(call: Call, finger: Path) -> None:
    content, _ = minutiae_to_bytes(read_minutiae(finger), format="iso2005-compact-card")
    Path("card.bin").write_bytes(content)
    assert "name the format" in call("inspect", "card.bin").err
    assert call("inspect", "card.bin", "--from", "iso2005-compact-card").code == 0
    assert call("convert", "card.bin", "card.ansi", "--from", "iso2005-compact-card").code == 0


def test_size_and_resolution_fill_what_an_xyt_file_does_not_state(call: Call, finger: Path) -> None:
    call("convert", finger, "finger.xyt")
    assert "no resolution is known" in call("convert", "finger.xyt", "back.fmr").err
    assert call("convert", "finger.xyt", "back.fmr", "--ppi", 500, "--size", "388x374").code == 0
    back, first = read_minutiae("back.fmr").views[0], read_minutiae(finger).views[0]
    assert back.y_px.tolist() == first.y_px.tolist()
    assert (back.width_px, back.height_px) == (388, 374)


def test_a_folder_needs_a_format_and_gets_a_record_for_each_file(call: Call, finger: Path) -> None:
    Path("in").mkdir()
    for name in ("a.fmr", "b.iso"):
        (Path("in") / name).write_bytes(finger.read_bytes())
    assert call("convert", "in", "out").code == 2
    ended = call("convert", "in", "out", "--to", "ansi2004", "--json")
    assert [one["file"] for one in ended.answer["records"]] == ["out/a.ansi", "out/b.ansi"]
    (Path("in") / "c.fmr").write_bytes(b"FMR\0 20\0nothing")
    ended = call("convert", "in", "out", "--profile", "mina")
    assert (ended.code, len(ended.err.splitlines())) == (3, 1)
    assert "wrote 2 records to out" in ended.out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["convert", "finger.fmr", "x.foo"], 3, "its ending names no format"),
        (["convert", "gone.fmr", "x.xyt"], 3, "there is no such file"),
        (["convert", "finger.fmr", "x.xyt", "--to", "iso"], 2, "none of iso2005"),
        (["convert", "finger.fmr", "gone/x.xyt"], 2, "cannot be written"),
        (["convert", "finger.fmr", "x.iso", "--profile", "mina", "--to", "iso2005"], 3, "not of iso2005"),
        (["convert", "finger.fmr", "x.iso", "--size", "388"], 2, "no size in pixels"),
        (["inspect", "short.fmr"], 3, "byte 10: the record ends here"),
        (["inspect", "."], 3, "not a regular file"),
    ],
)
def test_what_goes_wrong_is_said_in_one_line(call: Call, finger: Path, words: list[str], code: int, said: str) -> None:
    Path("short.fmr").write_bytes(b"FMR\0 20\0\0\0")
    ended = call(*words)
    assert (ended.code, ended.out) == (code, "")
    assert said in ended.err
    assert len(ended.err.splitlines()) == 1


def test_a_wrong_length_is_taken_only_when_that_is_asked_for(call: Call, finger: Path) -> None:
    data = bytearray(finger.read_bytes())
    data[11] += 1
    finger.write_bytes(data)
    assert "but the file has" in call("inspect", finger.name).err
    assert "wrong length" in call("inspect", finger.name, "--lenient").out
