"""Pictures of several fingers and of one, and how many of each are refused."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from tool_modules import tool

from fpverify.matching import Matcher
from fpverify.synthesis.dataset import synthesise


@pytest.fixture(scope="module")
def several() -> ModuleType:
    return tool("several")


def test_a_line_counts_why_pictures_are_refused(several: ModuleType, release_model: str) -> None:
    print_ = next(synthesise(1, 1, seed=91)).scan.pixels
    blank = np.full((360, 360), 200, np.uint8)
    pictures = iter([print_, np.hstack([print_] * 3), blank])
    assert several.row("some", Matcher.load(release_model), pictures) == "| some | 3 | 1 | 1 | 1 |"


def test_every_kind_is_drawn_anew(several: ModuleType) -> None:
    pool = [made.scan.pixels for made in synthesise(several.MOST, 1, seed=92)]
    for picture in {**several.SEVERAL, **several.SINGLE}.values():
        drawn = several.pictures(picture, pool, 1)
        first, second = next(drawn), next(drawn)
        assert first.dtype == np.uint8
        assert first.shape != second.shape or (first != second).any()
