"""The tool that measures decisions by two fingers."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from tool_modules import tool

from fpverify.synthesis.dataset import write_ridges
from fpverify.synthesis.finger import draw_finger


@pytest.fixture(scope="module")
def fingers() -> ModuleType:
    return tool("fingers")


def compared(fingers: ModuleType, prints: int, each: int) -> object:
    """Prints of which each has 50 with those of its finger and 1 with others."""
    finger = np.repeat(np.arange(prints), each)
    return fingers.Compared(finger, np.where(finger[:, None] == finger, 50.0, 1.0))


def test_persons_are_compared_with_all_others_and_never_with_themselves(fingers: ModuleType) -> None:
    trials = fingers._persons(compared(fingers, 6, 1), np.array([[0, 3], [1, 4], [2, 5]]))
    assert trials.values.shape == (6, 2, 2)
    assert (trials.values == 1).all()
    assert all(len(set(four)) == 4 for four in trials.fingers.tolist())


def test_pairs_of_a_finger_are_never_of_one_impression(fingers: ModuleType) -> None:
    of = compared(fingers, 3, 4)
    np.fill_diagonal(of.values, 99.0)  # type: ignore[attr-defined]
    trials = fingers._pairs(of, np.random.default_rng(0))
    assert len(trials.values) == 3 * fingers.DRAWN
    assert (np.diagonal(trials.values, axis1=1, axis2=2) == 50).all()
    assert {tuple(two) for two in trials.fingers.tolist()} == set(combinations(range(3), 2))


def test_strangers_share_no_finger(fingers: ModuleType) -> None:
    trials = fingers._strangers_drawn(compared(fingers, 5, 2), np.random.default_rng(0))
    assert len(trials.values) == 30 * fingers.STRANGERS
    assert (trials.values == 1).all()


def test_what_was_not_acquired_is_left_out(fingers: ModuleType) -> None:
    of = compared(fingers, 6, 1)
    of.values[3] = np.nan  # type: ignore[attr-defined]
    trials = fingers._persons(of, np.array([[0, 3], [1, 4], [2, 5]]))
    assert len(trials.values) == 4
    assert len(fingers._strangers(of).values) == 25


def test_persons_of_one_pattern_are_that(fingers: ModuleType) -> None:
    patterns = np.array([fingers._pattern(fingers.SEED, finger) for finger in range(1, 31)])
    pairs = fingers._of_one_pattern(patterns, np.random.default_rng(0))
    assert len(pairs) > 8
    assert (patterns[pairs[:, 0]] == patterns[pairs[:, 1]]).all()
    assert draw_finger(np.random.default_rng([fingers.SEED, 1]), (64, 64)).pattern == patterns[0]


def test_fingers_that_are_alike_or_not_together_are_seen_to_be(fingers: ModuleType) -> None:
    rng, four = np.random.default_rng(0), np.zeros((100_000, 4), int)
    apart = 10 / np.log(10) * rng.exponential(size=(100_000, 2, 2))
    together = np.repeat(np.repeat(apart[:, :1, :1], 2, 1), 2, 2)
    said = [fingers._resembling("x", [fingers.Trials(four, values)]) for values in (apart, together)]
    low, high = ([float(cell) for cell in line.split("|")[2:5]] for line in said)
    assert low == pytest.approx([1, 1, 1], rel=0.2)
    assert high == pytest.approx([1 / rate for rate in fingers.BOTH_REACH], rel=0.1)


def test_an_interval_over_few_fingers_is_wider_than_one_over_many(fingers: ModuleType) -> None:
    rng, widths = np.random.default_rng(0), []
    for count in (8, 80):
        trials = fingers.Trials(rng.integers(0, count, (4000, 4)), np.zeros(4000))
        rate = trials.rate(np.isin(trials.fingers, range(count // 4)).sum(1) >= 3)
        assert rate.interval.low <= rate.value <= rate.interval.high
        widths.append(rate.interval.high - rate.interval.low)
    assert widths[0] > 2 * widths[1]


@pytest.mark.slow
def test_it_runs_and_goes_on_where_it_was(
    fingers: ModuleType,
    release_model: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = ["--workers", "1", "--cache", str(tmp_path / "cache")]
    assert fingers.main(["--synthetic", "--fingers", "4", "--pairings", "2", *words]) == 0
    said = capsys.readouterr().out
    assert "| by chance: 12 comparisons | 0.1 | " in said
    monkeypatch.setattr(fingers, "_scan", None)  # would be called for a print that is not kept
    assert fingers.main(["--synthetic", "--fingers", "4", "--pairings", "2", *words]) == 0
    assert capsys.readouterr().out == said


@pytest.mark.slow
def test_it_runs_on_sets(
    fingers: ModuleType,
    release_model: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fingers, "DRAWN", 3)
    monkeypatch.setattr(fingers, "STRANGERS", 2)
    write_ridges(tmp_path / "sets" / "one", fingers=4, impressions=2)
    assert fingers.main([str(tmp_path / "sets"), "--workers", "1", "--cache", str(tmp_path / "cache")]) == 0
    said = capsys.readouterr().out
    assert "| 12 comparisons | 1 | " in said
    assert "| as they are | 18 | 0.000 (" in said
    assert (said.count("8.1 x 8.1 mm"), said.count("`keep_skin`")) == (4, 2)
