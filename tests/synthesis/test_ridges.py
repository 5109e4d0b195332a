"""Orientation, period, growth and labels: the master finger."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from fpverify.synthesis.finger import MASTER_SHAPE, draw_finger
from fpverify.synthesis.flow import BROAD, CALM, FLOWS, USUAL, Flow
from fpverify.synthesis.growth import PERIODS_PX, gabor_kernel, grow_ridges
from fpverify.synthesis.labels import find_minutiae
from fpverify.synthesis.orientation import CLASS_FREQUENCIES, draw_class, draw_orientation, draw_singular_points
from fpverify.synthesis.period import draw_period


def straight(shape: tuple[int, int] = (96, 96), period: float = 4.5) -> np.ndarray:
    """Horizontal ridges of one period."""
    y = np.arange(shape[0], dtype=np.float32)[:, None]
    return np.broadcast_to(np.cos(2 * np.pi * y / period), shape).astype(np.float32).copy()


def winding(orientation: np.ndarray, x: int, y: int, radius: int) -> float:
    """Turns that the ridge direction makes on a circle around a point: +1/2 around a loop, -1/2 around a delta."""
    angle = np.linspace(0, 2 * np.pi, 400)
    rows = np.rint(y + radius * np.sin(angle)).astype(int)
    columns = np.rint(x + radius * np.cos(angle)).astype(int)
    doubled = np.unwrap(2 * orientation[rows, columns])
    return float((doubled[-1] - doubled[0]) / (4 * np.pi))


def test_classes_come_with_their_natural_frequency() -> None:
    rng = np.random.default_rng(0)
    drawn = [draw_class(rng) for _ in range(4000)]
    for pattern, frequency in CLASS_FREQUENCIES.items():
        assert drawn.count(pattern) / 4000 == pytest.approx(frequency, abs=0.03)


@pytest.mark.parametrize("pattern", ["tented-arch", "left-loop", "right-loop", "whorl", "double-loop"])
def test_a_finger_has_as_many_loops_as_deltas(pattern: str) -> None:
    points = draw_singular_points(np.random.default_rng(3), pattern)
    deltas = sum(point.delta for point in points)
    assert deltas == len(points) - deltas > 0


@pytest.mark.parametrize("pattern", list(CLASS_FREQUENCIES))
def test_far_from_all_singular_points_the_direction_turns_by_nothing(pattern: str) -> None:
    field = draw_orientation(np.random.default_rng(5), pattern, (600, 600))
    assert winding(field, 300, 300, 290) == pytest.approx(0, abs=0.01)


def test_around_the_core_of_a_loop_the_direction_makes_half_a_turn() -> None:
    seed = 11
    rng = np.random.default_rng(seed)
    core = draw_singular_points(np.random.default_rng(seed), "left-loop")[0]
    field = draw_orientation(rng, "left-loop", MASTER_SHAPE)
    x, y = ((side - 1) / 2 for side in MASTER_SHAPE[::-1])
    assert winding(field, round(x + 100 * core.x_cm), round(y + 100 * core.y_cm), 12) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("flow", FLOWS.values(), ids=list(FLOWS))
def test_periods_stay_within_their_range_and_reach_all_of_it(flow: Flow) -> None:
    periods = np.stack([draw_period(np.random.default_rng(seed), MASTER_SHAPE, flow) for seed in range(60)])
    assert (periods.min(), periods.max()) == pytest.approx(flow.period_range_px)
    assert PERIODS_PX[0] <= periods.min() <= periods.max() <= PERIODS_PX[-1]  # of the filters that grow them
    means = periods.mean((1, 2))
    assert means.mean() == pytest.approx(flow.period_px, rel=0.08)
    assert means.std() == pytest.approx(flow.period_deviation_px, rel=0.25)


def test_ridges_of_a_broad_finger_lie_as_far_apart_as_they_should() -> None:
    upright, widest = np.zeros(MASTER_SHAPE, np.float32), np.full(MASTER_SHAPE, BROAD.period_range_px[1], np.float32)
    ridges = grow_ridges(np.random.default_rng(3), upright, widest, BROAD)
    power = np.abs(np.fft.rfft(ridges - ridges.mean(0), axis=0)).mean(1)
    assert MASTER_SHAPE[0] / power.argmax() == pytest.approx(BROAD.period_range_px[1], rel=0.06)


def test_a_gabor_kernel_answers_to_its_own_direction_and_not_to_the_one_across() -> None:
    along = np.cos(2 * np.pi * np.arange(-7, 8) / 4.5)[:, None] * np.ones((1, 15))  # ridges along x
    own, across = (abs(float((gabor_kernel(angle, 4.5) * along).sum())) for angle in (0.0, np.pi / 2))
    assert own > 10 * across
    assert gabor_kernel(0.3, 4.5).sum() == pytest.approx(0, abs=1e-5)


def test_grown_ridges_follow_the_direction_and_period_asked_for() -> None:
    shape = (128, 128)
    angle, period = np.pi / 4, 4.8
    ridges = grow_ridges(np.random.default_rng(1), np.full(shape, angle), np.full(shape, period, np.float32))
    power = np.abs(np.fft.fft2(ridges * np.hanning(128)[:, None] * np.hanning(128)[None])) ** 2
    fy, fx = np.unravel_index(power[:, :64].argmax(), (128, 64))
    fy = fy - 128 if fy > 64 else fy
    assert 128 / np.hypot(fx, fy) == pytest.approx(period, rel=0.1)
    across = np.arctan2(fy, fx)  # the wave vector stands at right angles to the ridges
    assert abs(np.cos(across - angle)) < 0.2


def test_unbroken_ridges_have_no_minutiae() -> None:
    assert len(find_minutiae(straight())) == 0


def test_a_ridge_that_stops_is_one_minutia_with_the_direction_it_runs_away_in() -> None:
    ridges = np.full((96, 96), -1.0, np.float32)
    ridges[46:50, 10:50] = 1.0  # one ridge from the rim of the margin to x = 49
    found = find_minutiae(ridges)
    right = int(found.x_px.argmax())
    assert found.x_px[right] == pytest.approx(49, abs=2.5)
    assert found.y_px[right] == pytest.approx(47.5, abs=1)
    assert np.cos(found.angle_rad[right]) < -0.98  # away from the ending, back along the ridge


def test_a_mirrored_finger_has_the_mirrored_minutiae() -> None:
    ridges = draw_finger(np.random.default_rng(2)).ridges
    found = find_minutiae(ridges)
    mirrored = find_minutiae(np.ascontiguousarray(ridges[:, ::-1]))
    width = ridges.shape[1]
    distance = np.hypot(
        found.x_px[:, None] - (width - 1 - mirrored.x_px)[None], found.y_px[:, None] - mirrored.y_px[None]
    )
    assert (distance.min(1) < 1.5).mean() > 0.9


def test_masters_have_as_many_minutiae_as_real_fingertips() -> None:
    counts = [len(draw_finger(np.random.default_rng(seed)).minutiae) for seed in range(4)]
    assert 60 < np.mean(counts) < 160


def test_ridges_of_a_calm_flow_bend_less() -> None:
    def bend(flow: Flow) -> float:
        fields = [draw_orientation(np.random.default_rng(seed), "left-loop", MASTER_SHAPE, flow) for seed in range(24)]
        return float(np.mean([np.median(np.abs(np.diff(np.exp(2j * field[:, ::20]), n=2))) for field in fields]))

    assert bend(CALM) < 0.9 * bend(USUAL)


def test_a_seed_always_draws_the_same_finger() -> None:
    hashes = {
        hashlib.sha256((draw_finger(np.random.default_rng(7)).ridges > 0).tobytes()).hexdigest() for _ in range(2)
    }
    assert len(hashes) == 1
