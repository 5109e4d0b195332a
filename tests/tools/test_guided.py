"""What guided enrollment keeps, measured."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from tool_modules import tool

from fpverify.evaluation.sets.layout import read_set
from fpverify.matching import Matcher
from fpverify.synthesis.dataset import write_ridges


@pytest.fixture(scope="module")
def guided() -> ModuleType:
    return tool("guided")


@pytest.fixture(scope="module")
def enrolled(guided: ModuleType, tmp_path_factory: pytest.TempPathFactory, release_model: str) -> tuple[object, ...]:
    folder = tmp_path_factory.mktemp("prints")
    write_ridges(folder, fingers=2, impressions=4, seed=5)
    matcher = Matcher.load(release_model)
    reading = guided.Reading(matcher, False)
    return matcher, list(guided.enroll_set(read_set(folder).prints, reading, 2))


def test_every_finger_is_enrolled_twice_and_no_touch_is_a_probe(enrolled: tuple[object, ...]) -> None:
    _, fingers = enrolled
    assert len(fingers) == 4
    for one in fingers:
        assert len(one.probes) == 2
        assert [len(references) for references in one.references] == [1, 1, one.kept, one.kept, one.kept, 2]
        sizes = [len(reference) for reference in one.references[5]]
        assert sizes != [len(probe.minutiae) for probe in one.probes]


def test_scores_are_of_all_impressions_together(guided: ModuleType, enrolled: tuple[object, ...]) -> None:
    matcher, fingers = enrolled
    mated, names, non_mated = guided.scores([fingers], 4, matcher)
    assert (len(mated), len(names), len(non_mated)) == (8, 8, 16)
    assert mated.min() > non_mated.max()


def test_an_interval_over_fingers_holds_the_rate(guided: ModuleType) -> None:
    missed = np.array([True] * 10 + [False] * 90)
    low, high = guided.interval(missed, [str(number // 4) for number in range(100)])
    assert low < 0.1 < high


def test_a_cut_is_the_same_each_time(guided: ModuleType, release_model: str, tmp_path: Path) -> None:
    write_ridges(tmp_path, fingers=2, impressions=1, seed=6)
    reading, print_ = guided.Reading(Matcher.load(release_model), True), read_set(tmp_path).prints[0]
    first, second = reading.scan(print_), reading.scan(print_)
    assert first.pixels.shape == (160, 160)  # 8.1 mm at 500 ppi
    assert np.array_equal(first.pixels, second.pixels)
