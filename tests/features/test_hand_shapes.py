"""How a hand's tips reach out."""

from __future__ import annotations

import numpy as np
import pytest

from fpverify.features.hand_shapes import ODD, places_likelihood, reach_cost
from fpverify.synthesis.slaps import BOTH_THUMBS, LEFT_FOUR, RIGHT_FOUR
from fpverify.vocabulary import FINGERS

RIGHT_DOWN = np.array([7.0, 0.0, 5.0, 21.0])  # mm, index to little finger


def test_a_hand_reaches_out_as_itself_wherever_it_lies_and_not_as_the_other() -> None:
    assert reach_cost(RIGHT_DOWN + 13, RIGHT_FOUR) == 0
    assert reach_cost(RIGHT_DOWN, LEFT_FOUR) > 3
    assert reach_cost(RIGHT_DOWN[::-1], LEFT_FOUR) == 0
    assert reach_cost(np.array([4.0, 4.0]), BOTH_THUMBS) == 0


def test_a_hand_that_nobody_names_may_be_either() -> None:
    unknown = (FINGERS[0],) * 4
    assert reach_cost(RIGHT_DOWN, unknown) == reach_cost(RIGHT_DOWN[::-1], unknown) == 0
    assert reach_cost(np.array([0.0, 30.0, 0.0, 30.0]), unknown) > 3


@pytest.mark.parametrize("gone", range(4))
def test_some_of_the_fingers_may_be_missing(gone: int) -> None:
    assert reach_cost(np.delete(RIGHT_DOWN, gone), RIGHT_FOUR) == 0


def test_one_odd_finger_costs_no_more_than_so_much() -> None:
    odd = RIGHT_DOWN + np.array([0, 0, 0, 40])
    assert reach_cost(odd, RIGHT_FOUR) == pytest.approx(ODD, abs=0.5)


def test_tips_are_likeliest_as_those_whose_gaps_and_reach_they_have() -> None:
    tips = [(0.0, 7.0), (20.0, 0.0), (60.0, 21.0)]
    names = [("right-index", "right-middle", "right-little"), ("right-index", "right-middle", "right-ring")]
    first, second = (places_likelihood(tips, one, RIGHT_FOUR) for one in names)
    assert first == pytest.approx(0)
    assert second < first - 2
