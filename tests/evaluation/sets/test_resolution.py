"""A set has one resolution: its files' or its caller's, or the one at which its ridges are usual."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from fpverify.evaluation.sets.resolution import Agreed, agree, merged
from fpverify.scans.acquisition import Surveyed
from fpverify.scans.ridges import Ridges
from fpverify.vocabulary import SetResolution

IMPRESSIONS = 2


def periods_mm(fingers: int, mean_mm: float = 0.46, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean_mm, 0.055, fingers)


def agreed(
    mm: Sequence[float], ppi: float, stated: float | Sequence[float | None] | None = None, given: float | None = None
) -> Agreed:
    """What a set of fingers with these periods agrees on, two scans each, truly at `ppi`."""
    fingers = [str(finger) for finger in range(len(mm)) for _ in range(IMPRESSIONS)]
    states = list(stated) if isinstance(stated, list) else [stated] * len(fingers)
    ridges = [Ridges(float(period) / 25.4 * ppi, 0.6 * ppi) for period in mm for _ in range(IMPRESSIONS)]
    names = [f"{finger}_{number}" for number, finger in enumerate(fingers)]
    return agree(names, fingers, [Surveyed(*one) for one in zip(states, ridges, strict=True)], given)


@pytest.mark.parametrize("ppi", [250, 500, 508, 1000])
@pytest.mark.parametrize("seed", range(5))
def test_a_set_that_states_nothing_gets_one_standard_by_all_of_its_ridges(ppi: int, seed: int) -> None:
    found = agreed(periods_mm(10, seed=seed), ppi)
    assert found.resolution.used == pytest.approx(ppi, rel=0.02)
    assert set(found.ppi) == {found.resolution.used}
    assert (found.resolution.source, found.resolution.stated, found.resolution.doubtful) == ("estimated", None, False)
    assert "estimated from the ridges of all" in (found.resolution.note or "")


@pytest.mark.parametrize("seed", range(5))
def test_between_the_standards_the_estimate_itself_is_taken(seed: int) -> None:
    found = agreed(periods_mm(10, seed=seed), 360)
    assert found.resolution.used == pytest.approx(360, rel=0.12)


def test_scans_that_alone_would_be_split_agree() -> None:
    found = agreed([0.58, 0.39, 0.39], 345)
    assert len(set(found.ppi)) == 1
    assert found.resolution.used == pytest.approx(345, rel=0.1)


def test_a_wrong_resolution_is_doubted_and_a_right_one_is_not() -> None:
    sets = [periods_mm(80, seed=seed) for seed in range(200)]
    for factor, least, most in ((1.0, 0.0, 0.0), (1.19, 0.95, 1.0), (1 / 1.19, 0.95, 1.0)):
        doubted = np.mean([agreed(mm, 500, given=500 * factor).resolution.doubtful for mm in sets])
        assert least <= doubted <= most, factor


@pytest.mark.parametrize("fingers", [1, 3, 10, 30])
def test_few_fingers_at_their_right_resolution_are_hardly_ever_doubted(fingers: int) -> None:
    doubted = [agreed(periods_mm(fingers, seed=seed), 500, 500.0).resolution.doubtful for seed in range(300)]
    assert np.mean(doubted) <= 0.01


@pytest.mark.parametrize("fingers", [3, 10])
@pytest.mark.parametrize("factor", [1.19, 1 / 1.19])
def test_a_given_resolution_is_doubted_where_files_and_ridges_side_against_it(fingers: int, factor: float) -> None:
    doubted = [
        agreed(periods_mm(fingers, seed=seed), 500, 500.0, given=500 * factor).resolution.doubtful
        for seed in range(100)
    ]
    assert np.mean(doubted) >= (0.8 if fingers == 3 else 0.95)


def test_the_doubt_names_period_and_resolution() -> None:
    resolution = agreed(periods_mm(80), 500, given=595).resolution
    assert resolution.used == 595
    assert "mm apart at 595 ppi, usual is 0.46: is --ppi right?" in (resolution.note or "")
    assert resolution.period_mm == pytest.approx(0.46 * 500 / 595, rel=0.05)


def test_the_commonest_statement_is_used_and_the_share_of_others_is_told() -> None:
    found = agreed(periods_mm(10), 500, [500.0] * 16 + [569.0] * 4)
    assert set(found.ppi) == {500.0}
    assert (found.resolution.stated, found.resolution.source) == (500.0, "file")
    assert found.resolution.disagreeing == pytest.approx(0.2)


def test_a_statement_that_all_ridges_refute_is_overruled() -> None:
    found = agreed(periods_mm(10), 500, 250.0)
    assert set(found.ppi) == {500.0}
    assert found.resolution.stated == 250
    assert found.resolution.disagreeing == 1
    assert "state 250 ppi, but their ridges say 500" in (found.resolution.note or "")


def test_copies_at_another_resolution_that_state_it_rightly_are_read_at_it() -> None:
    fingers = [str(k // 2) for k in range(20)]
    ppi = [500.0] * 16 + [1000.0] * 4
    surveyed = [Surveyed(one, Ridges(0.46 / 25.4 * one, 0.6 * one)) for one in ppi]
    found = agree([str(k) for k in range(20)], fingers, surveyed, None)
    assert found.ppi == ppi
    assert found.resolution.used == 500
    assert found.resolution.own_ppi == {str(k): 1000.0 for k in range(16, 20)}


def test_nothing_overrules_the_caller() -> None:
    found = agreed(periods_mm(10), 500, 500.0, given=250)
    assert set(found.ppi) == {250}
    assert found.resolution.source == "given"
    assert found.resolution.doubtful


def test_without_statement_and_ridges_each_scan_is_left_to_itself() -> None:
    found = agree(["1", "2"], ["1", "2"], [Surveyed(None, None)] * 2, None)
    assert found.ppi == [None, None]
    assert found.resolution.used is None


def test_pooled_sets_keep_what_they_share_and_every_doubt() -> None:
    right = SetResolution(500.0, "file", 500.0, 500.0, 0.0, False, 0.46)
    wrong = SetResolution(595.0, "given", None, 500.0, 0.5, True, 0.38, "is --ppi right?")
    both = merged([("a", 30, right), ("b", 10, wrong)])
    assert (both.used, both.doubtful, both.note) == (None, True, "b: is --ppi right?")
    assert both.disagreeing == pytest.approx(0.125)
    assert merged([("a", 1, right), ("b", 1, right)]).used == 500
