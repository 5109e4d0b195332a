"""Minutiae of a scan in the scan's own pixels, with types read off the picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from fpverify.features import Acquired
from fpverify.features.extraction import NO_DESCRIPTORS
from fpverify.features.minutia_types import BIFURCATION, ENDING, OTHER, minutia_types
from fpverify.features.preparation import normalise, prepare
from fpverify.features.views import finger_view
from fpverify.synthesis.dataset import ORDINARY, master, synthesise
from fpverify.synthesis.impression import draw_impression
from fpverify.synthesis.labels import UPSAMPLING, _endings
from fpverify.vocabulary import Minutiae, Scan, Template


def minutiae(x: list[float], y: list[float], angle: list[float]) -> Minutiae:
    columns = (np.array(column, np.float32) for column in (x, y, angle))
    return Minutiae(*columns, np.linspace(1, 0, len(x)).astype(np.float32))


def ridge_end(shape: tuple[int, int] = (64, 64)) -> np.ndarray:
    """One ridge 2 px wide along row 32, from column 32 to the right; negative, valleys positive."""
    image = np.ones(shape, np.float32)
    image[31:34, 32:] = -1
    return image


def test_ahead_of_an_ending_lies_a_ridge_and_ahead_of_a_bifurcation_a_valley() -> None:
    found = minutiae([32, 32], [32, 32], [0, 0])
    assert minutia_types(ridge_end(), found).tolist() == [ENDING, ENDING]
    assert minutia_types(-ridge_end(), found).tolist() == [BIFURCATION, BIFURCATION]
    turned = minutiae([32], [32], [np.pi])
    assert minutia_types(ridge_end()[:, ::-1].copy(), turned).tolist() == [ENDING]


def test_where_nothing_shows_a_minutia_is_of_another_type() -> None:
    assert minutia_types(np.zeros((64, 64), np.float32), minutiae([32], [32], [0])).tolist() == [OTHER]
    assert len(minutia_types(ridge_end(), minutiae([], [], []))) == 0


def true_types(ridges: np.ndarray, found: Minutiae) -> np.ndarray:
    """By which skeleton each minutia was labelled: that of the ridges, or that of the valleys."""
    fine = cv2.resize(ridges, None, fx=UPSAMPLING, fy=UPSAMPLING, interpolation=cv2.INTER_CUBIC)
    x, y, _ = _endings(fine > 0).T
    apart = np.hypot(found.x_px[:, None] - x, found.y_px[:, None] - y).min(1)
    return np.where(apart < 0.01, ENDING, BIFURCATION)


def test_nine_types_in_ten_are_those_of_the_master_finger() -> None:
    right = []
    for finger in range(1, 9):
        made = master(9, finger)
        truth = true_types(made.ridges, made.minutiae)
        shown = draw_impression(np.random.default_rng(finger), made.ridges, made.minutiae, ORDINARY)
        seen = minutia_types(normalise(shown.image), shown.minutiae)
        right += (seen == truth)[shown.visible].tolist()
    assert np.mean(right) > 0.9


@pytest.mark.parametrize("ppi", [500.0, 250.0, 1000.0, 363.0])
def test_positions_are_those_of_the_scan_at_its_own_resolution(ppi: float) -> None:
    """A dark square in a scan is found by its own pixels, whatever the working resolution."""
    pixels = np.full((371, 293), 255, np.uint8)
    pixels[200:240, 100:140] = 0
    scan = Scan(pixels, ppi)
    prepared = prepare(scan)
    dark = np.argwhere(prepared.image < -0.5)
    top, left = dark.min(0)
    bottom, right = dark.max(0)
    middle = minutiae([(left + right) / 2], [(top + bottom) / 2], [0])
    view = finger_view(Acquired(Template("made-up", 0.87, middle, NO_DESCRIPTORS), prepared, None), scan, 7)
    assert view.x_px[0] == pytest.approx(119.5, abs=max(1.0, 0.6 * ppi / 250))
    assert view.y_px[0] == pytest.approx(219.5, abs=max(1.0, 0.6 * ppi / 250))
    assert (view.width_px, view.height_px, view.finger) == (293, 371, 7)
    assert view.ppcm_x == pytest.approx(ppi / 2.54)
    assert [one.value for one in view.ratings] == [87]


def test_what_was_found_in_a_synthetic_scan_lies_on_its_labels(release_model: str) -> None:
    from fpverify.matching import Matcher

    made = next(synthesise(fingers=1, impressions=1, seed=3))
    view = Matcher.load(release_model).finger_view(made.scan)
    truth = made.minutiae
    apart = np.hypot(view.x_px[:, None] - truth.x_px, view.y_px[:, None] - truth.y_px)
    nearest = apart.argmin(1)
    paired = apart.min(1) < 8  # px at 500 ppi: a ridge
    turn = np.angle(np.exp(1j * (view.angle_rad - truth.angle_rad[nearest])))[paired]
    assert paired.mean() > 0.7
    assert np.median(apart.min(1)[paired]) < 2.5
    assert np.median(np.abs(turn)) < 0.15
    assert (np.diff(view.x_px) >= 0).all()  # the order in which other people's matchers expect them
    offset = np.median([view.x_px - truth.x_px[nearest], view.y_px - truth.y_px[nearest]], axis=1)
    assert np.abs(offset).max() < 1  # no corner, no half pixel gone astray
