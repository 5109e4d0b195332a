"""Climbing towards a score with drawn lines."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from tool_modules import tool

from fpverify.errors import FailureToAcquire
from fpverify.matching import Matcher
from fpverify.vocabulary import ByteArray


@pytest.fixture(scope="module")
def climb() -> ModuleType:
    return tool("climb")


@pytest.mark.parametrize("worn", [False, True])
def test_a_change_is_small_and_the_same_picture_looks_the_same(climb: ModuleType, worn: bool) -> None:
    rng = np.random.default_rng(4)
    lines = climb.Lines.drawn(rng, worn)
    first = lines.pixels()
    assert first.shape == climb.SHAPE
    np.testing.assert_array_equal(lines.pixels(), first)
    changes = [lines.changed(rng) for _ in range(30)]
    assert all(not np.array_equal(one.pixels(), first) for one in changes)
    assert all((one.shape >= climb.LOWEST).all() and (one.shape <= climb.HIGHEST).all() for one in changes)
    assert all((one.wear is None) is not worn for one in changes)


def test_what_scores_no_lower_is_kept_and_enough_is_enough(climb: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = iter([-np.inf, 3.0, *[2.0] * 58, 4.0, 1.0, 60.0, 70.0])
    monkeypatch.setattr(climb, "_answer", lambda *_: next(asked))
    scores = climb.climbed(None, None, 100, np.random.default_rng(1))
    assert scores.tolist() == [-np.inf, 3.0, *[2.0] * 58, 4.0, 1.0, 60.0]


def test_a_refusal_scores_lower_than_any_score(climb: ModuleType) -> None:
    class Refusing:
        def template(self, _scan: object) -> None:
            raise FailureToAcquire("the lines are drawn")

    pixels: ByteArray = np.zeros(climb.SHAPE, np.uint8)
    assert climb._answer(Refusing(), pixels, None) == -np.inf


def test_the_release_refuses_what_is_climbed_with(
    climb: ModuleType, release_model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert climb.main([release_model, "--targets", "1", "--queries", "30"]) == 0
    said = capsys.readouterr().out
    assert "| 1 | none | 1 | 30 of 30 |" in said
    assert "reached 40: 0 of 1, by chance 0.0" in said
    assert Matcher.load(release_model).bundle.has_network("drawn_map")
