"""Scans turned, resampled, inverted, faded, twisted, wet and cut."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import scan_changes

from fpverify.synthesis.dataset import synthesise
from fpverify.vocabulary import Scan

RNG = np.random.default_rng(1)


def blob() -> Scan:
    """Grey 200 with a dark disc off the middle."""
    pixels = np.full((120, 200), 200, np.uint8)
    cv2.circle(pixels, (150, 40), 20, (30,), cv2.FILLED)
    return Scan(pixels, 500.0)


@pytest.mark.parametrize("angle", [90, 180])
def test_quarter_turns_are_exact(angle: int) -> None:
    turned = scan_changes.turned_by(angle)(blob(), RNG).pixels
    np.testing.assert_array_equal(turned, np.rot90(blob().pixels, -angle // 90))


@pytest.mark.parametrize("angle", [15, 45, 135])
def test_nothing_is_cut_by_a_turn_and_corners_have_the_grey_of_the_border(angle: int) -> None:
    turned = scan_changes.turned_by(angle)(blob(), RNG).pixels
    dark, before = (turned < 115).sum(), (blob().pixels < 115).sum()
    assert dark == pytest.approx(before, rel=0.02)
    assert (turned[0] == 200).all()
    back = scan_changes.turned_by(-angle)(Scan(turned, 500.0), RNG).pixels
    y, x = ((side - inner) // 2 for side, inner in zip(back.shape, (120, 200), strict=True))
    again = back[y : y + 120, x : x + 200].astype(int)
    assert np.abs(again - blob().pixels).mean() < 5


@pytest.mark.parametrize("ppi", [250.0, 1000.0])
def test_a_copy_shows_the_same_at_another_resolution(ppi: float) -> None:
    copy = scan_changes.resampled_to(ppi)(blob(), RNG)
    assert (copy.ppi, copy.pixels.shape) == (ppi, (round(120 * ppi / 500), round(200 * ppi / 500)))
    assert (copy.pixels < 115).mean() == pytest.approx((blob().pixels < 115).mean(), rel=0.05)


def test_the_negative_of_the_negative_is_the_print() -> None:
    twice = scan_changes.inverted(scan_changes.inverted(blob(), RNG), RNG)
    np.testing.assert_array_equal(twice.pixels, blob().pixels)


def test_a_faded_print_keeps_the_grey_of_its_border_and_part_of_its_contrast() -> None:
    scan = blob()
    made = scan_changes.faded(scan, np.random.default_rng(1)).pixels.astype(float)
    grey, paper = 200, scan.pixels == 200
    assert made[paper].mean() == pytest.approx(grey, abs=1)
    assert made[paper].std() == pytest.approx(scan_changes.NOISE_GREY, rel=0.05)
    dark = grey + scan_changes.FADED * (30 - grey)
    assert made[~paper].mean() == pytest.approx(dark, abs=4)


def test_cuts_lie_within_the_foreground_where_there_is_enough() -> None:
    foreground = np.zeros((60, 50), np.bool_)
    foreground[20:50, 10:45] = True
    share = scan_changes.foreground_share(foreground)
    assert share.shape == (41, 31)
    assert share[20, 10] == share.max() == 1
    assert share[0, 0] == pytest.approx(0.0)
    assert share[15, 10] == pytest.approx(15 / 20)
    scan = Scan(RNG.integers(0, 256, (480, 400), np.uint8), 500.0)
    np.testing.assert_array_equal(scan_changes.cut(scan, 20, 10).pixels, scan.pixels[160:320, 80:240])
    np.testing.assert_array_equal(scan_changes.cut(scan, 40, 30).pixels, scan.pixels[320:480, 240:400])
    small = Scan(scan.pixels[:100], 500.0)
    assert scan_changes.cut(small, 0, 40).pixels.shape == (100, 160)


def test_cuts_of_a_finger_are_taken_where_it_lies(release_model: str) -> None:
    from fpverify.matching import Matcher

    cutter = scan_changes.Cutter(Matcher.load(release_model))
    scan = next(synthesise(1, 1, seed=91)).scan
    beside = replace(scan, pixels=np.pad(scan.pixels, ((0, 0), (400, 0)), constant_values=255))
    for change in (cutter.middle, cutter.anywhere):
        pixels = change(beside, np.random.default_rng(2)).pixels
        assert pixels.shape == (160, 160)
        assert pixels.std() > 20  # paper has nothing


@pytest.fixture(scope="module")
def skin(release_model: str) -> scan_changes.Skin:
    from fpverify.matching import Matcher

    return scan_changes.Skin(Matcher.load(release_model))


def test_a_twist_of_nothing_changes_nothing(skin: scan_changes.Skin) -> None:
    scan = next(synthesise(1, 1, seed=91)).scan
    same = skin.twisted(0, 0)(scan, np.random.default_rng(1)).pixels
    assert np.abs(same.astype(int) - scan.pixels).max() <= 1


@pytest.mark.parametrize("ppi", [500.0, 1000.0])
def test_the_middle_of_a_twisted_print_stays_and_its_rim_moves(skin: scan_changes.Skin, ppi: float) -> None:
    scan = next(synthesise(1, 1, seed=91)).scan
    scan = scan_changes.resampled_to(ppi)(scan, RNG)
    pushed = skin.twisted(0, 2)(scan, np.random.default_rng(1)).pixels
    rows, columns = np.nonzero(scan_changes.found_foreground(skin.matcher, scan))
    side = ppi / 250 * 4  # of a cell
    y, x = (int((cells.mean() + 0.5) * side) for cells in (rows, columns))
    changed = np.abs(pushed.astype(int) - scan.pixels)
    near = round(0.3 / 25.4 * ppi)
    assert changed.mean() > 5
    assert changed[y - near : y + near, x - near : x + near].mean() < changed.mean() / 2


def test_both_ways_of_a_twist_are_drawn(skin: scan_changes.Skin) -> None:
    scan = next(synthesise(1, 1, seed=91)).scan
    made = {skin.twisted(20, 0)(scan, np.random.default_rng(seed)).pixels.tobytes() for seed in range(4)}
    assert len(made) == 4


def test_wet_prints_are_the_darker_the_wetter_and_stay_what_they_were_beside_the_finger(
    skin: scan_changes.Skin,
) -> None:
    scan = next(synthesise(1, 1, seed=92)).scan
    found = scan_changes.found_foreground(skin.matcher, scan).astype(np.uint8)
    there = cv2.resize(found, scan.pixels.shape[::-1], interpolation=cv2.INTER_NEAREST)
    far = cv2.dilate(there, np.ones((129, 129))) == 0
    dry, little, very = (
        skin.wet(*how)(scan, np.random.default_rng(1)).pixels.astype(float) for how in ((0, 0), (0.2, 0.4), (0.7, 1.6))
    )
    assert dry[there > 0].mean() > little[there > 0].mean() + 3 > very[there > 0].mean() + 6
    before = cv2.GaussianBlur(scan.pixels.astype(np.float32), (0, 0), 2)
    after = cv2.GaussianBlur(very.astype(np.float32), (0, 0), 2)
    assert not far.any() or np.abs(before - after)[far].mean() < 4
