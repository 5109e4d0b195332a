from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fpverify.lab.measures import accuracy, fewest_errors_threshold, questions, top_ranks

MATED = np.array([True, True, True, False, False, False])


def test_accuracy_counts_matches_at_and_above_the_threshold() -> None:
    scores = np.array([0.9, 0.5, 0.1, 0.5, 0.2, 0.0])
    assert accuracy(scores, MATED, 0.5) == 4 / 6


@given(st.lists(st.integers(0, 9), min_size=6, max_size=6))
def test_no_other_threshold_makes_fewer_errors(drawn: list[int]) -> None:
    scores = np.array(drawn, float)
    best = accuracy(scores, MATED, fewest_errors_threshold(scores, MATED))
    assert best >= max(accuracy(scores, MATED, cut) for cut in np.arange(-0.5, 10))


def test_the_threshold_of_separate_scores_lies_in_the_middle_between_them() -> None:
    assert fewest_errors_threshold(np.array([5.0, 4, 4, 1, 2, 2]), MATED) == 3


def test_a_question_has_one_mate_and_nineteen_different_strangers() -> None:
    owners = np.repeat(np.arange(30), 3).astype(np.int32)
    probes, rows = questions(owners, np.random.default_rng(1))
    assert rows.shape == (30, 20)
    assert (owners[rows[:, 0]] == owners[probes]).all()
    assert not (rows[:, 0] == probes).any()
    assert all(len(set(owners[row].tolist())) == 20 for row in rows)


def test_ranks_count_strangers_before_the_mate_and_ties_against_it() -> None:
    scores = np.array([[3.0, 2, 1, 0, 0], [2, 3, 1, 0, 0], [1, 1, 1, 0, 0], [0, 1, 2, 3, 4]])
    assert top_ranks(scores) == {"top1": 0.25, "top2": 0.5, "top3": 0.75, "top4": 0.75}


def test_a_design_that_gives_every_pair_one_score_finds_nobody() -> None:
    assert top_ranks(np.zeros((9, 20)))["top4"] == 0
