from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

Call = Callable[..., Any]


def contents(folder: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


def test_stripes_are_the_two_finger_set(call: Call) -> None:
    ended = call("synth", "stripes", "--out", "stripes")
    assert (ended.code, ended.out, ended.err) == (0, "wrote 30 scans of 2 fingers to stripes\n", "")
    names = [f"{finger}_{number:02d}.bmp" for finger in "AB" for number in range(15)]
    assert list(contents("stripes")) == names
    assert len(set(contents("stripes").values())) == 2


def test_ranges_make_stripes_that_differ(call: Call) -> None:
    flags = ("--count", 4, "--width", "4:9", "--angle=-20:20", "--shift", "0:9", "--noise", "0.1")
    assert call("synth", "stripes", "--out", "one", *flags).code == 0
    assert len(set(contents("one").values())) == 8
    call("synth", "stripes", "--out", "two", *flags)
    call("synth", "stripes", "--out", "other", *flags, "--seed", 8)
    assert contents("one") == contents("two")
    assert contents("one") != contents("other")


def test_ridges_are_bitmaps_at_500_ppi_the_same_for_any_number_of_workers(call: Call) -> None:
    flags = ("--fingers", 2, "--impressions", 2, "--seed", 3)
    ended = call("synth", "ridges", "--out", "one", *flags, "--workers", 1)
    assert (ended.code, ended.out, ended.err) == (0, "wrote 4 scans of 2 fingers to one\n", "")
    assert list(contents("one")) == ["1_1.bmp", "1_2.bmp", "2_1.bmp", "2_2.bmp"]
    with Image.open("one/1_1.bmp") as image:
        assert image.info["dpi"] == pytest.approx((500, 500), abs=0.1)
    call("synth", "ridges", "--out", "two", *flags, "--workers", 2)
    assert contents("one") == contents("two")


def test_labels_lie_beside_the_prints(call: Call) -> None:
    call("synth", "ridges", "--out", "prints", "--fingers", 1, "--impressions", 1, "--labels", "--workers", 1)
    labels = json.loads(Path("prints/1_1.json").read_text())
    assert labels["ppi"] == 500
    assert len(labels["minutiae"]) > 5
