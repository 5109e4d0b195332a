"""Pictures of several fingers, taken apart."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from fpverify.errors import FailureToAcquire
from fpverify.features.slaps import _is_solid, separated
from fpverify.synthesis.finger import draw_finger
from fpverify.synthesis.slaps import SHAPES, Slap, SlapSettings, draw_slap, enlarged
from fpverify.vocabulary import Finger, FloatArray, Scan

CALM = SlapSettings(hardness=(0.1, 0.4))


@pytest.fixture(scope="module")
def masters() -> list[FloatArray]:
    return [draw_finger(np.random.default_rng([41, k])).ridges for k in range(4)]


def scan_of(slap: Slap) -> Scan:
    return Scan(enlarged(slap.image), 500.0, "slap")


def share_covered(mask: np.ndarray, tip: np.ndarray) -> float:
    whole = cv2.resize(tip.astype(np.uint8), mask.shape[::-1]) > 0
    return float((mask & whole).sum() / whole.sum())


@pytest.mark.parametrize("shape", SHAPES)
def test_each_finger_is_found_and_named_from_left_to_right(masters: list[FloatArray], shape: str) -> None:
    slap = draw_slap(np.random.default_rng(3), masters[: len(SHAPES[shape])], shape, CALM)
    found = separated(scan_of(slap), SHAPES[shape])
    assert tuple(one.finger for one in found.pieces) == SHAPES[shape]
    for piece, tip in zip(found.pieces, slap.tips, strict=True):
        assert share_covered(piece.mask, tip) > 0.8
        assert piece.scan.ppi == 500
        top, left, bottom, right = piece.box
        assert piece.scan.pixels.shape == (bottom - top, right - left)


def test_fingers_that_touch_are_told_apart_and_named(masters: list[FloatArray]) -> None:
    touching = SlapSettings(hardness=(0.1, 0.3), gap_mm=(-0.8, -0.4), turn_rad=0.1)
    slap = draw_slap(np.random.default_rng(8), masters, "right-four", touching)
    found = separated(scan_of(slap), SHAPES["right-four"])
    assert len(found.pieces) == 4
    assert any(note.startswith("touching: ") for note in found.notes)
    for number, piece in enumerate(found.pieces):
        others = [share_covered(piece.mask, tip) for k, tip in enumerate(slap.tips) if k != number]
        assert max(others) < 0.2


@pytest.mark.parametrize("number", [106, 109, 163])
def test_joints_do_not_stand_for_a_hand_that_is_turned_the_other_way(number: int) -> None:
    """Slaps of `tools/slaps.py --seed 906`, of whose fingers the outer ones' joints show."""
    rng = np.random.default_rng([906, 1, number])
    chosen = rng.choice(32, 4, replace=False)
    own = [draw_finger(np.random.default_rng([906, int(k)])).ridges for k in chosen]
    slap = draw_slap(rng, own, "left-four")
    found = separated(scan_of(slap), SHAPES["left-four"])
    for piece, tip in zip(found.pieces, slap.tips, strict=True):
        assert share_covered(piece.mask, tip) > 0.8


def test_a_fingertip_begins_where_print_does_and_not_a_stroke(masters: list[FloatArray]) -> None:
    settings = SlapSettings(hardness=(0.1, 0.3), turn_rad=0.0, second=1.0, gap_mm=(3.0, 5.0))
    slap = draw_slap(np.random.default_rng(5), masters, "right-four", settings)
    image = enlarged(slap.image)
    little = cv2.resize(slap.tips[3].astype(np.uint8), image.shape[::-1])
    rows, columns = (np.flatnonzero(little.any(axis)) for axis in (1, 0))
    for step in range(320):
        at = int(columns.mean()) + step // 16
        image[int(rows[0]) - 10 - step, at : at + 3] = 20
    found = separated(Scan(image, 500.0), SHAPES["right-four"])
    assert [one.finger for one in found.pieces] == list(SHAPES["right-four"])
    assert share_covered(found.pieces[3].mask, slap.tips[3]) > 0.92


def test_what_is_narrow_before_a_fingertip_is_not_of_its_print() -> None:
    down, across = np.mgrid[:80, :60]
    tip = np.hypot((across - 30) / 18, (down - 50) / 25) < 1
    stroke = (down < 30) & (abs(across - 30) <= 2)
    places = np.argwhere(tip | stroke)
    solid = _is_solid(places, tip.shape)
    assert solid[tip[tuple(places.T)]].mean() > 0.97
    assert not solid[places[:, 0] < 24].any()


@pytest.mark.parametrize(("seed", "number", "hand"), [(77, 4, "right"), (78, 3, "left")])
def test_a_joint_between_two_fingers_does_not_stand_for_the_one_that_is_missing(
    seed: int, number: int, hand: str
) -> None:
    """Nobody says which is missing, and three fingers are wider than the four that the joint makes of them."""
    rng = np.random.default_rng([seed, 0, number])
    chosen = rng.choice(32, 4, replace=False)
    own = [draw_finger(np.random.default_rng([7003, int(k)])).ridges for k in chosen]
    ring = next(one for one in SHAPES[f"{hand}-four"] if "ring" in one)
    slap = draw_slap(rng, own, f"{hand}-four", SlapSettings(), missing=[ring])
    assert separated(scan_of(slap), SHAPES[f"{hand}-four"]).missing == (ring,)


def test_joints_do_not_stand_for_two_fingers_that_are_missing(masters: list[FloatArray]) -> None:
    gone: tuple[Finger, ...] = ("left-ring", "left-middle")
    slap = draw_slap(np.random.default_rng(1), masters, "left-four", missing=gone)
    assert separated(scan_of(slap), SHAPES["left-four"]).missing == gone
    side_by_side = draw_slap(np.random.default_rng(0), masters, "right-four", missing=("right-ring", "right-little"))
    with pytest.raises(FailureToAcquire, match="shows 2 of 4 fingers, and it does not show which"):
        separated(scan_of(side_by_side), SHAPES["right-four"])


def test_a_hand_that_is_turned_is_seen(masters: list[FloatArray]) -> None:
    slap = draw_slap(np.random.default_rng(1), masters, "left-four", SlapSettings((0.1, 0.3), turn_rad=0.0))
    upright = enlarged(slap.image)
    middle = (upright.shape[1] / 2, upright.shape[0] / 2)
    turned = cv2.warpAffine(
        upright, cv2.getRotationMatrix2D(middle, -12, 1.0), upright.shape[::-1], borderMode=cv2.BORDER_REPLICATE
    )
    before, after = (separated(Scan(one, 500.0), SHAPES["left-four"]) for one in (upright, turned))
    assert after.turn_deg - before.turn_deg == pytest.approx(12, abs=3)
    assert [one.finger for one in after.pieces] == list(SHAPES["left-four"])


@pytest.mark.parametrize("gone", ["right-middle", "right-ring"])
def test_a_finger_that_is_known_to_be_missing_is_left_out(masters: list[FloatArray], gone: str) -> None:
    slap = draw_slap(np.random.default_rng(5), masters, "right-four", CALM, missing=[gone])  # type: ignore[list-item]
    rest = tuple(one for one in SHAPES["right-four"] if one != gone)
    assert tuple(one.finger for one in separated(scan_of(slap), rest).pieces) == rest


@pytest.mark.slow
def test_a_missing_finger_is_named_by_its_gap_or_refused(masters: list[FloatArray]) -> None:
    settings = SlapSettings(hardness=(0.1, 0.3), gap_mm=(1.0, 3.0), turn_rad=0.05)
    named = refused = 0
    for seed in range(6):
        gone = SHAPES["right-four"][seed % 4]
        slap = draw_slap(np.random.default_rng([9, seed]), masters, "right-four", settings, missing=[gone])
        try:
            found = separated(scan_of(slap), SHAPES["right-four"])
        except FailureToAcquire as error:
            assert "which of them are missing" in str(error)  # noqa: PT017 - either answer is right
            refused += 1
            continue
        named += 1
        assert found.missing == (gone,)
        assert f"missing: {gone}" in found.notes
    assert named + refused == 6


def test_an_empty_plate_shows_no_fingers() -> None:
    noise = np.random.default_rng(1).normal(230, 3, (600, 700)).astype(np.uint8)
    with pytest.raises(FailureToAcquire, match="no fingers found"):
        separated(Scan(noise, 500.0, "plate"), SHAPES["right-four"])
