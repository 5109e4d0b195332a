"""Twisted skin: what is held stays, what is outside goes along, and labels follow exactly."""

from __future__ import annotations

import hashlib
import math

import cv2
import numpy as np
import pytest

from fpverify.synthesis.fields import pixel_grid
from fpverify.synthesis.finger import MasterFinger, draw_finger
from fpverify.synthesis.impression import ImpressionSettings, draw_impression
from fpverify.synthesis.placement import Map, draw_placement
from fpverify.synthesis.twist import LEAST_SCALE, SIDE_PX, Twist, draw_twist

SHAPE = (264, 216)
TURN_RAD, PUSH_PX = math.radians(20), 30.0  # the most that a recipe may ask for
UNTWISTED = "828052e5927f3042"  # of two impressions, drawn before skin could be twisted
ELSE = ("faint", "ghosts", "blotches", "wrinkles", "swept", "small", "beads", "specks", "streaks", "slits")
ALL_ELSE = dict.fromkeys(ELSE, 1.0)


@pytest.fixture(scope="module")
def finger() -> MasterFinger:
    return draw_finger(np.random.default_rng(42))


def straight() -> Map:
    """A finger as it is, in an image of its own size."""
    x, y = pixel_grid(SHAPE)
    return Map(x + np.float32((SHAPE[1] - 1) / 2), y + np.float32((SHAPE[0] - 1) / 2))


def moved(twist: Twist) -> tuple[np.ndarray, np.ndarray]:
    plain, twisted = straight(), twist(straight())
    return twisted.x - plain.x, twisted.y - plain.y


def test_impressions_without_a_twist_stay_what_they_were(finger: MasterFinger) -> None:
    """Rounded to grey levels of 1/50, so that another processor's last bit does not count."""
    found = hashlib.sha256()
    for seed in range(2):
        made = draw_impression(
            np.random.default_rng(seed), finger.ridges, finger.minutiae, ImpressionSettings(**ALL_ELSE)
        )
        blocks = made.image.reshape(made.image.shape[0] // 8, 8, -1, 8).mean((1, 3))
        found.update(np.rint(50 * blocks).astype(np.uint8).tobytes())
    assert found.hexdigest()[:16] == UNTWISTED


def test_held_skin_stays_and_skin_outside_the_ring_goes_with_the_finger() -> None:
    twist = Twist((110.0, 130.0), (20.0, 25.0), 2.0, 0.3, (5.0, -3.0))
    dx, dy = moved(twist)
    place = straight()
    out = np.hypot((place.x - 110) / 20, (place.y - 130) / 25)
    assert np.abs(dx[out <= 1]).max() == np.abs(dy[out <= 1]).max() == 0
    x, y = place.x[out >= 3] - 110, place.y[out >= 3] - 130
    np.testing.assert_allclose(dx[out >= 3], math.cos(0.3) * x - math.sin(0.3) * y + 5 - x, atol=1e-3)
    np.testing.assert_allclose(dy[out >= 3], math.sin(0.3) * x + math.cos(0.3) * y - 3 - y, atol=1e-3)
    ring = (out > 1.3) & (out < 2.7)
    shares = (
        np.hypot(dx, dy)[ring]
        / np.hypot(
            math.cos(0.3) * (place.x - 110) - math.sin(0.3) * (place.y - 130) + 5 - (place.x - 110),
            math.sin(0.3) * (place.x - 110) + math.cos(0.3) * (place.y - 130) - 3 - (place.y - 130),
        )[ring]
    )
    assert 0 < shares.min() < shares.max() < 1


def test_skin_gives_way_to_the_side_that_is_said() -> None:
    dx, _ = moved(Twist((108.0, 132.0), (15.0, 15.0), 2.0, 0.0, (10.0, 0.0), side_rad=0.0))
    assert dx[132, 108 + round(3 * SIDE_PX)] == pytest.approx(10 / (1 + math.exp(-3)), abs=0.3)
    assert abs(dx[132, 108 - round(3 * SIDE_PX)]) < 1


@pytest.mark.parametrize("one_sided", [True, False])
def test_skin_never_lies_over_itself(one_sided: bool) -> None:
    for seed in range(60):
        rng = np.random.default_rng(seed)
        turn = TURN_RAD * rng.choice([-1, 1])
        made = draw_twist(rng, SHAPE, turn, PUSH_PX, one_sided=one_sided)(straight())
        (xy, xx), (yy, yx) = np.gradient(made.x), np.gradient(made.y)
        assert (xx * yy - xy * yx).min() > 0


def test_a_push_leaves_skin_most_of_its_length() -> None:
    for seed in range(30):
        made = draw_twist(np.random.default_rng(seed), SHAPE, 0.0, PUSH_PX, one_sided=False)(straight())
        (xy, xx), (yy, yx) = np.gradient(made.x), np.gradient(made.y)
        scale = np.linalg.svd(np.stack([xx, xy, yx, yy], -1).reshape(-1, 2, 2), compute_uv=False)
        assert scale.min() > LEAST_SCALE - 0.02


def test_minutiae_of_twisted_skin_map_back_to_the_master_exactly(finger: MasterFinger) -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        plain = draw_placement(rng, (192, 192), SHAPE, rotation_rad=math.pi, shift_px=30)
        placement = draw_twist(rng, SHAPE, TURN_RAD, PUSH_PX)(plain)
        projected, inside = placement.project(finger.minutiae)
        x, y = projected.x_px[inside][None], projected.y_px[inside][None]
        back_x, back_y = (cv2.remap(side, x, y, cv2.INTER_LINEAR)[0] for side in (placement.x, placement.y))
        assert np.abs(back_x - finger.minutiae.x_px[inside]).max() < 0.1
        assert np.abs(back_y - finger.minutiae.y_px[inside]).max() < 0.1


def test_directions_turn_with_the_skin(finger: MasterFinger) -> None:
    """A short step along a minutia in the impression leads along it on the master."""
    plain = draw_placement(np.random.default_rng(1), (192, 192), SHAPE, rotation_rad=0.5, shift_px=10)
    placement = draw_twist(np.random.default_rng(2), SHAPE, TURN_RAD, 20.0)(plain)
    projected, inside = placement.project(finger.minutiae)
    well = inside & (np.abs(projected.x_px - 96) < 90) & (np.abs(projected.y_px - 96) < 90)
    ends = []
    for step in (-1, 1):
        x = (projected.x_px + step * np.cos(projected.angle_rad))[well].astype(np.float32)[None]
        y = (projected.y_px + step * np.sin(projected.angle_rad))[well].astype(np.float32)[None]
        ends.append([cv2.remap(side, x, y, cv2.INTER_LINEAR)[0] for side in (placement.x, placement.y)])
    went = np.arctan2(ends[1][1] - ends[0][1], ends[1][0] - ends[0][0])
    assert np.abs(np.angle(np.exp(1j * (went - finger.minutiae.angle_rad[well])))).max() < 0.1


def test_how_often_and_how_far_are_as_asked(finger: MasterFinger) -> None:
    def placed(seed: int, **asked: float) -> Map:
        settings = ImpressionSettings(**asked)
        return draw_impression(np.random.default_rng(seed), finger.ridges, finger.minutiae, settings).placement

    def farthest(seed: int, **asked: float) -> float:
        plain, twisted = placed(seed), placed(seed, **asked)
        return float(np.hypot(twisted.x - plain.x, twisted.y - plain.y).max())

    assert farthest(3, twisted=1.0, twist_rad=0.0, push_px=0.0) == 0
    pushes = [farthest(seed, twisted=1.0, twist_rad=0.0, push_px=12.0) for seed in range(12)]
    assert 6 < max(pushes) <= 12.01
    assert farthest(3, twisted=1.0, twist_rad=0.35, push_px=0.0) > 1
    changed = [farthest(seed, twisted=0.5) > 0 for seed in range(24)]
    assert 4 < sum(changed) < 20
