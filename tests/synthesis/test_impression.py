"""Placement, skin, sensor and impression."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from fpverify.synthesis.fields import pixel_grid
from fpverify.synthesis.finger import MasterFinger, draw_finger
from fpverify.synthesis.impression import ImpressionSettings, draw_impression
from fpverify.synthesis.nonprints import draw_nonprint
from fpverify.synthesis.placement import Map, _swept, draw_placement
from fpverify.synthesis.plate import STREAK_INK, draw_specks, draw_streaks
from fpverify.synthesis.sensor import SENSORS, Sensor, draw_image, draw_window
from fpverify.synthesis.skin import draw_beads, draw_blotches, draw_ink, draw_wrinkles
from fpverify.vocabulary import Minutiae

CORNERS = (slice(0, 24), slice(-24, None))  # rows or columns of an image


@pytest.fixture(scope="module")
def finger() -> MasterFinger:
    return draw_finger(np.random.default_rng(42))


def points(x: list[float], y: list[float], angle: list[float]) -> Minutiae:
    rows = [np.array(values, np.float32) for values in (x, y, angle)]
    return Minutiae(*rows, np.ones(len(x), np.float32))


def test_a_map_by_hand_moves_and_turns_minutiae_exactly() -> None:
    row, column = np.mgrid[0:64, 0:64].astype(np.float32)
    quarter_turn = Map(x=row + 5, y=63 - column + 7)  # x' = y + 5, y' = 70 - x
    projected, inside = quarter_turn.project(points([25.0], [50.0], [0.0]))
    assert projected.x_px[0] == pytest.approx(20.0, abs=1e-3)
    assert projected.y_px[0] == pytest.approx(20.0, abs=1e-3)
    assert projected.angle_rad[0] == pytest.approx(np.pi / 2, abs=1e-3)
    assert inside[0]


@pytest.mark.parametrize("seed", range(8))
def test_projected_minutiae_map_back_to_the_master(seed: int, finger: MasterFinger) -> None:
    placement = draw_placement(
        np.random.default_rng(seed), (192, 192), finger.ridges.shape, rotation_rad=np.pi, shift_px=30
    )
    projected, inside = placement.project(finger.minutiae)
    x, y = projected.x_px[inside], projected.y_px[inside]
    column, row = np.rint(x).astype(int), np.rint(y).astype(int)
    step = 1.5  # px: rounding to the next pixel moves by at most 0.71, stretched a little
    assert np.abs(placement.x[row, column] - finger.minutiae.x_px[inside]).max() < step
    assert np.abs(placement.y[row, column] - finger.minutiae.y_px[inside]).max() < step
    assert inside.sum() > 10


def test_a_minutia_far_off_the_image_is_not_inside() -> None:
    row, column = np.mgrid[0:64, 0:64].astype(np.float32)
    _, inside = Map(column, row).project(points([200.0, 30.0], [30.0, 30.0], [0.0, 0.0]))
    assert inside.tolist() == [False, True]


def test_a_perfect_press_keeps_the_ridges(finger: MasterFinger) -> None:
    rng = np.random.default_rng(0)
    correlations = [
        np.corrcoef(draw_ink(rng, finger.ridges, 0.0).ravel(), finger.ridges.ravel())[0, 1] for _ in range(6)
    ]
    assert np.median(correlations) > 0.8


def test_harder_presses_keep_less_of_the_ridges(finger: MasterFinger) -> None:
    def kept(hardness: float) -> float:
        inks = [draw_ink(np.random.default_rng(seed), finger.ridges, hardness) for seed in range(12)]
        return float(np.mean([np.corrcoef(ink.ravel(), finger.ridges.ravel())[0, 1] for ink in inks]))

    assert kept(0.2) > kept(1.0) > kept(2.0) > 0.1


def test_outside_the_window_the_sensor_sees_nothing() -> None:
    always = Sensor("cut", (1.0, 1.0), (0.0, 0.0), (1.0, 1.0), (0.3, 0.3), (0.0, 0.0), 0.0, 0.0, window=1.0)
    rng = np.random.default_rng(4)
    window = next(w for w in (draw_window(rng, (96, 96), always) for _ in range(20)) if not w.all())
    with_ink = draw_image(np.random.default_rng(1), np.ones((96, 96), np.float32), window, always)
    without = draw_image(np.random.default_rng(1), np.zeros((96, 96), np.float32), window, always)
    far_outside = ~window
    np.testing.assert_array_equal(with_ink[far_outside], without[far_outside])
    assert np.abs(with_ink[window] - without[window]).mean() > 0.5


@pytest.mark.parametrize("name", list(SENSORS))
def test_every_sensor_draws_ridges_dark(name: str) -> None:
    ink = np.zeros((64, 64), np.float32)
    ink[:, 32:] = 1
    window = np.ones((64, 64), np.bool_)
    for seed in range(5):
        image = draw_image(np.random.default_rng(seed), ink, window, SENSORS[name])
        assert image[:, 36:].mean() < image[:, :28].mean() - 0.1
        assert 0 <= image.min() <= image.max() <= 1


def test_visible_minutiae_lie_in_the_foreground(finger: MasterFinger) -> None:
    for seed in range(6):
        made = draw_impression(np.random.default_rng(seed), finger.ridges, finger.minutiae, ImpressionSettings())
        x, y = made.minutiae.x_px[made.visible], made.minutiae.y_px[made.visible]
        assert made.foreground[np.rint(y).astype(int), np.rint(x).astype(int)].all()


def test_minutiae_of_an_easy_impression_sit_on_ridge_ends(finger: MasterFinger) -> None:
    """The labels are found again by running the labeller on the placed, noiseless ridges."""
    from fpverify.synthesis.labels import find_minutiae

    settings = ImpressionSettings(hardness=(0.0, 0.0))
    made = draw_impression(np.random.default_rng(9), finger.ridges, finger.minutiae, settings)
    again = find_minutiae(made.placement.taken(finger.ridges))
    x, y = made.minutiae.x_px[made.visible], made.minutiae.y_px[made.visible]
    distance = np.hypot(x[:, None] - again.x_px[None], y[:, None] - again.y_px[None])
    turn = made.minutiae.angle_rad[made.visible] - again.angle_rad[distance.argmin(1)]
    found = distance.min(1) < 3
    assert found.mean() > 0.75
    assert np.median(np.abs(np.angle(np.exp(1j * turn[found])))) < 0.2


def test_nonprints_are_grey_images() -> None:
    rng = np.random.default_rng(0)
    for _ in range(30):
        image = draw_nonprint(rng, (96, 96))
        assert image.shape == (96, 96)
        assert image.dtype == np.float32
        assert 0 <= image.min() <= image.max() <= 1


@pytest.mark.parametrize(
    "what",
    ["faint", "ghosts", "blotches", "wrinkles", "beads", "specks", "streaks", "scraps", "slits", "nets", "glare"],
)
def test_what_happens_to_a_print_changes_the_image_and_no_label(what: str, finger: MasterFinger) -> None:
    for seed in range(4):
        plain, changed = (
            draw_impression(np.random.default_rng(seed), finger.ridges, finger.minutiae, settings)
            for settings in (ImpressionSettings(), ImpressionSettings(**{what: 1.0}))
        )
        np.testing.assert_array_equal(plain.minutiae.x_px, changed.minutiae.x_px)
        assert (plain.image != changed.image).any()


def test_ghosts_lie_beside_the_print_and_are_faint(finger: MasterFinger) -> None:
    clean = Sensor("clean", (1.0, 1.0), (0.0, 0.0), (1.0, 1.0), (0.3, 0.3), (0.0, 0.0), 0.0, 0.0, window=0.0)
    settings = ImpressionSettings(sensor=clean, ghosts=1.0)
    darkest = []
    for seed in range(8):
        made = draw_impression(np.random.default_rng(seed), finger.ridges, finger.minutiae, settings)
        beside = cv2.dilate(made.foreground.astype(np.uint8), np.ones((17, 17), np.uint8)) == 0
        darkest.append(made.image[beside].min())
    assert np.median(darkest) < 0.97
    assert min(darkest) > 0.6


def test_blotches_merge_ridges_and_leave_dots(finger: MasterFinger) -> None:
    ink = draw_ink(np.random.default_rng(0), finger.ridges, 0.0)
    blotched = draw_blotches(np.random.default_rng(1), ink)
    assert ((blotched > 0.9) & (ink < 0.3)).mean() > 0.005
    assert ((blotched < 0.3) & (ink > 0.7)).mean() > 0.005


def test_specks_are_dots_that_thin_out() -> None:
    for seed in range(8):
        specks = draw_specks(np.random.default_rng(seed), (192, 192)) > 0
        assert 0.0005 < specks.mean() < 0.25
        corners = np.mean([specks[rows, columns].mean() for rows in CORNERS for columns in CORNERS])
        assert corners <= specks.mean()


def test_streaks_run_along_one_line_of_the_sensor() -> None:
    """Neighbours on one axis, or on some slanting one, are far more alike than those across."""
    for seed in range(8):
        streaks = draw_streaks(np.random.default_rng(seed), (192, 192))
        assert 0 <= streaks.min() < streaks.max() <= STREAK_INK[1]
        steps = [(0, 2), (2, 0), (2, 2), (2, -2)]
        differ = [np.square(streaks - np.roll(streaks, step, (0, 1)))[2:-2, 2:-2].mean() for step in steps]
        assert min(differ) < 0.7 * max(differ)


def test_beads_break_ridges_or_valleys_and_never_both(finger: MasterFinger) -> None:
    crest, valley = finger.ridges > 0.6, finger.ridges < -0.6
    broken = set()
    for seed in range(12):
        relief = draw_beads(np.random.default_rng(seed), finger.ridges)
        gaps, bridges = (relief[crest] < 0).mean(), (relief[valley] > 0).mean()
        assert min(gaps, bridges) == 0 < max(gaps, bridges)
        broken.add("ridges" if gaps > bridges else "valleys")
    assert broken == {"ridges", "valleys"}


def test_wrinkles_only_take_ink_away(finger: MasterFinger) -> None:
    ink = draw_ink(np.random.default_rng(0), finger.ridges, 0.0)
    wrinkled = draw_wrinkles(np.random.default_rng(1), ink)
    assert (wrinkled <= ink).all()
    assert 0.01 < (wrinkled < ink - 0.1).mean() < 0.6


def test_skin_bends_as_far_as_it_is_told(finger: MasterFinger) -> None:
    def bent(bend_px: float) -> float:
        draw = {"rotation_rad": 0.0, "shift_px": 0.0}
        maps = [
            draw_placement(np.random.default_rng(3), (192, 192), finger.ridges.shape, bend_px=bend, **draw)
            for bend in (0.0, bend_px)
        ]
        return float(np.abs(maps[1].x - maps[0].x).max())

    assert bent(0.0) == 0
    assert bent(8.0) == pytest.approx(2 * bent(4.0), rel=0.01)


def test_rough_skin_stays_rough_under_a_perfect_press(finger: MasterFinger) -> None:
    def kept(roughness: float) -> float:
        inks = [draw_ink(np.random.default_rng(seed), finger.ridges, 0.0, roughness) for seed in range(8)]
        return float(np.mean([np.corrcoef(ink.ravel(), finger.ridges.ravel())[0, 1] for ink in inks]))

    assert kept(0.0) > kept(0.6) + 0.05 > kept(0.9) + 0.1
    assert kept(0.9) > 0.5


def test_a_swept_finger_has_its_rows_moved_as_one(finger: MasterFinger) -> None:
    draw = {"rotation_rad": 0.0, "shift_px": 0.0, "bend_px": 0.0, "stretch": 0.0}
    for seed in range(6):
        x, y = _swept(np.random.default_rng(seed), (192, 192))
        np.testing.assert_allclose(np.diff(x, axis=1), 1, atol=1e-3)
        np.testing.assert_allclose(np.diff(y, axis=1), 0, atol=1e-3)
        assert 0.3 < np.diff(y, axis=0).min() < np.diff(y, axis=0).max() < 1.7, "rows stay in order"
        assert np.abs(x - pixel_grid((192, 192))[0]).max() > 0.05
        placement = draw_placement(np.random.default_rng(seed), (192, 192), finger.ridges.shape, swept=True, **draw)
        projected, inside = placement.project(finger.minutiae)
        column, row = (np.rint(axis[inside]).astype(int) for axis in (projected.x_px, projected.y_px))
        assert np.abs(placement.x[row, column] - finger.minutiae.x_px[inside]).max() < 1.5
        assert np.abs(placement.y[row, column] - finger.minutiae.y_px[inside]).max() < 1.5


def test_faint_prints_have_less_contrast(finger: MasterFinger) -> None:
    def contrast(faint: float) -> float:
        settings = ImpressionSettings(faint=faint)
        made = [draw_impression(np.random.default_rng(k), finger.ridges, finger.minutiae, settings) for k in range(6)]
        return float(np.mean([one.image[one.foreground].std() for one in made]))

    assert contrast(1.0) < 0.7 * contrast(0.0)
