"""Fingers as ellipses: which places belong together."""

from __future__ import annotations

import numpy as np
import pytest

from fpverify.errors import FailureToAcquire
from fpverify.features.finger_ellipses import _is_better, _worth, finger_ellipses, rotated
from fpverify.synthesis.slaps import SHAPES
from fpverify.vocabulary import FloatArray


def hand(steps_mm: list[float], turn_deg: float, joints: bool) -> tuple[FloatArray, np.ndarray]:
    """(n, 2) places of fingers 15 mm wide whose tips lie so far apart, and whose each is; mm."""
    rng = np.random.default_rng(5)
    places, whose = [], []
    for number, x in enumerate(steps_mm):
        for y, half in ((0.0, 10.0), *([(24.0, 11.0)] if joints else [])):
            inside = rng.uniform(-1, 1, (900, 2))
            inside = inside[(inside**2).sum(1) < 1] * (7.5, half) + (x, y + 4 * abs(number - 1))
            places.append(inside)
            whose.append(np.full(len(inside), number))
    turned = rotated(np.concatenate(places).astype(np.float32), -turn_deg)
    return turned, np.concatenate(whose)


@pytest.mark.parametrize("joints", [False, True])
@pytest.mark.parametrize("turn_deg", [-20.0, 0.0, 20.0])
def test_fingers_keep_their_joints_however_the_hand_is_turned(turn_deg: float, joints: bool) -> None:
    places, whose = hand([0, 17, 33, 50], turn_deg, joints)
    found = finger_ellipses(places, SHAPES["right-four"], "slap")
    if joints:  # fingertips alone are hardly longer than wide
        assert found.turn_deg == pytest.approx(turn_deg, abs=6)
    assert (found.owners(rotated(places, found.turn_deg)) == whose).mean() > 0.97


def test_a_joint_does_not_stand_for_a_finger_that_is_missing() -> None:
    places, whose = hand([0, 17, 33], 0, joints=True)
    found = finger_ellipses(places, SHAPES["right-four"], "slap")
    assert len(found.means) == 3
    assert (found.owners(rotated(places, found.turn_deg)) == whose).mean() > 0.97


def test_what_is_as_wide_as_two_fingers_is_refused() -> None:
    places, _ = hand([0, 4, 8, 12, 16, 20, 24, 28], 0, joints=True)
    with pytest.raises(FailureToAcquire, match="cannot be told apart"):
        finger_ellipses(places, ("right-index",), "slap")


def test_a_left_hand_is_worth_more_as_a_left_hand_than_as_a_right_one() -> None:
    places, _ = hand([0, 17, 33, 50], 0, joints=True)
    little = places[:, 0] < 8
    places[little, 1] += 15
    found = finger_ellipses(places, SHAPES["left-four"], "slap")
    nothing = places[:0]
    upright = rotated(places, found.turn_deg)
    left, right = (_worth(found, upright, nothing, SHAPES[one]) for one in ("left-four", "right-four"))
    assert left > right + 0.05


def test_what_lies_behind_no_finger_is_beside_them_all() -> None:
    places, _ = hand([0, 20, 40, 60], 0, joints=False)
    found = finger_ellipses(places, SHAPES["right-four"], "slap")
    behind = rotated(np.array([[20.0, 50.0], [30.0, 50.0], [75.0, 50.0]], np.float32), found.turn_deg)
    assert found.are_beside(behind).tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("by", "wider", "is_better"),
    [(0.05, 1.01, True), (0.02, 1.01, False), (0.05, 1.1, False), (0.2, 1.3, True), (0.2, 2.0, False)],
)
def test_a_finger_fewer_has_to_be_worth_more_the_wider_it_makes_the_others(
    by: float, wider: float, is_better: bool
) -> None:
    assert _is_better(by, wider) is is_better
