"""Pictures on which polarity is measured, and its table."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from tool_modules import TOOLS, tool

from fpverify.synthesis.dataset import synthesise
from fpverify.vocabulary import ByteArray


@pytest.fixture(scope="module")
def polarity() -> ModuleType:
    return _beside("polarity")


@pytest.fixture(scope="module")
def print_() -> ByteArray:
    return next(synthesise(1, 1, seed=93)).scan.pixels


def _beside(name: str) -> ModuleType:
    """A script that imports another one of `tools/`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TOOLS))
        return tool(name)


def test_every_kind_is_drawn_anew_and_the_same_of_a_seed(polarity: ModuleType, print_: ByteArray) -> None:
    for kind in polarity.KINDS:
        drawn, again, other = (polarity.drawn(kind, print_, [seed]) for seed in (1, 1, 2))
        assert drawn[0].dtype == np.uint8
        assert drawn[0].ndim == 2
        assert (drawn[0] == again[0]).all()
        if kind != "plain" and not kind.endswith("ppi"):
            assert drawn[0].shape != other[0].shape or (drawn[0] != other[0]).any()


def test_kinds_keep_the_ridges_dark(polarity: ModuleType, print_: ByteArray) -> None:
    """Whatever is around: where the print's ridges are darkest, pictures of its own size are darker than beside."""
    middle = (slice(150, 234), slice(150, 234))
    ridges = print_[middle] < np.quantile(print_[middle], 0.3)
    for kind in ("wet", "dry", "faint", "dark oval frame", "bright oval frame", "JPEG or WSQ"):
        picture = polarity.drawn(kind, print_, [3])[0]
        if picture.shape == print_.shape:
            assert picture[middle][ridges].mean() < picture[middle][~ridges].mean(), kind


def test_a_line_counts_right_answers_of_pictures_and_negatives(polarity: ModuleType) -> None:
    assert polarity.row("some", [(True, False), (True, True)], 0.001) == "| some | 2 | 100.0 | 50.0 | 1.00 |"
