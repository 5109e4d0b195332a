"""Fingers that are enrolled twice; prints are made up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from made_up_model import PLAIN
from made_up_prints import finger, impression, moved_by

from fpverify.executors import Workforce
from fpverify.search.doubles import DuplicatePair, duplicate_pairs, pair_threshold
from fpverify.search.register import Registers
from fpverify.store import Store
from fpverify.vocabulary import Score

THRESHOLD = 30.0


def again(number: int, seed: int) -> object:
    return moved_by(impression(finger(number), seed, missing=0.1, noise=0.2), 0, 99, 99)


def found(folder: Path, done: frozenset[str] = frozenset()) -> dict[str, list[DuplicatePair]]:
    with Store.open(folder, key="none") as store, ThreadPoolExecutor(2) as executor:
        register = Registers("exact").current(store, PLAIN)  # type: ignore[arg-type]
        return dict(duplicate_pairs(register, Workforce(executor, 2), THRESHOLD, done))


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """Thirty fingers; S3's is A's too, S4's is its own other finger, and S5 has two impressions."""
    with Store.open(tmp_path, key="none") as store:
        for number in range(30):
            store.add(f"S{number}", "right-index", moved_by(finger(number), 0, 99, 99))
        store.add("A", "left-thumb", again(3, 1))  # type: ignore[arg-type]
        store.add("S4", "left-index", again(4, 2))  # type: ignore[arg-type]
        store.add("S5", "right-index", again(5, 3))  # type: ignore[arg-type]
    return tmp_path


def test_fingers_under_two_ids_or_names_are_found_and_impressions_of_one_are_not(filled: Path) -> None:
    pairs = [one for each in found(filled).values() for one in each]
    assert {one.fingers for one in pairs} == {
        (("A", "left-thumb"), ("S3", "right-index")),
        (("S4", "left-index"), ("S4", "right-index")),
    }
    assert len(pairs) == 4  # each from both sides
    assert min(one.score.value for one in pairs) > THRESHOLD


def test_what_was_searched_for_is_left_out(filled: Path) -> None:
    every = found(filled)
    half = frozenset(list(every)[:20])
    assert found(filled, half) == {number: pairs for number, pairs in every.items() if number not in half}


def test_the_threshold_is_that_of_all_pairs() -> None:
    pairs = 1000 * 999 / 2
    assert 10 ** (-pair_threshold(0.1, 1000) / 10) * pairs == pytest.approx(0.1)
    assert pair_threshold(1.0, 1000) < pair_threshold(0.1, 1000) < pair_threshold(0.1, 2000)
    assert pair_threshold(5.0, 1) == pair_threshold(1e9, 1000) == 0.0


def test_a_pair_is_the_same_from_either_side() -> None:
    one = DuplicatePair("B", "unknown", 1, "A", "unknown", 2, Score(40.0))
    other = DuplicatePair("A", "unknown", 2, "B", "unknown", 1, Score(40.0))
    assert one.fingers == other.fingers
