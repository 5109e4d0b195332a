"""Touches of synthetic fingers."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fpverify.evaluation.sets.layout import list_touches
from fpverify.synthesis.touches import USUAL_PRESS, TouchSettings, touches_of_finger, write_touches

FEW = TouchSettings(96, references=4, probes=2, press=replace(USUAL_PRESS, faint=0.0))


def test_a_set_is_a_function_of_its_seed_and_reads_as_touches(tmp_path: Path) -> None:
    assert write_touches(tmp_path / "a", fingers=2, seed=3, settings=FEW) == 12
    found = list_touches(tmp_path / "a")
    assert [one.name for one in found[:6]] == ["1_p01", "1_p02", "1_r01", "1_r02", "1_r03", "1_r04"]
    again = dict(touches_of_finger(3, 1, FEW))
    assert all((tmp_path / "a" / name).read_bytes() == content for name, content in again.items())
    assert dict(touches_of_finger(4, 1, FEW)) != again


def test_a_touch_is_as_large_as_the_sensor_and_shows_ridges() -> None:
    for _, content in touches_of_finger(3, 1, FEW):
        picture = Image.open(io.BytesIO(content))
        assert picture.size == (96, 96)
        assert picture.info["dpi"][0] == pytest.approx(500, abs=1)
        assert np.asarray(picture).std() > 10
