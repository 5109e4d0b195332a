"""Guided enrollment on synthetic fingers, of which it is known how they were put down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from effort import tries

from fpverify.enrollment import coverage
from fpverify.enrollment.guidance import WORDS, Advice, Guide
from fpverify.enrollment.touches import how_to_press, plate_is_dirty
from fpverify.errors import FailureToAcquire
from fpverify.matching import Matcher
from fpverify.synthesis import impression, skin
from fpverify.synthesis.dataset import ORDINARY, master
from fpverify.synthesis.finger import MasterFinger
from fpverify.synthesis.impression import Impression, ImpressionSettings, draw_impression
from fpverify.synthesis.placement import Map
from fpverify.synthesis.sensor import VARIED
from fpverify.vocabulary import Scan

SEED = 83261129
GUIDED = replace(ORDINARY, sensor=replace(VARIED, window=0.0), rotation_rad=0.2, shift_px=0.0, hardness=(0.2, 0.9))
SMALL = replace(GUIDED, shape=(96, 96), bend_px=2.0)  # 9.8 mm
RIGHT_AT_LEAST = 0.95
PPI = 250.0

# Which part of the finger a touch shows, px to the right and down of its middle, and what shows it.
SIDES = {"left": (-42, 0), "right": (42, 0), "top": (0, -52), "bottom": (0, 52)}  # 4.3 and 5.3 mm
SHOWN_BY = {"left": "right", "right": "left", "top": "lower", "bottom": "higher"}


@pytest.fixture(scope="module")
def matcher(release_model: str) -> Matcher:
    return Matcher.load(release_model)


@cache
def finger(number: int) -> MasterFinger:
    return master(SEED, number)


def put_down(
    monkeypatch: pytest.MonkeyPatch, number: int, seed: int, shift_px: tuple[float, float], how: ImpressionSettings
) -> tuple[Impression, Scan]:
    """A touch that shows the finger this far from its middle, x to the right and y down."""
    drawn = finger(number)
    place = impression.draw_placement

    def moved(*given: Any, **named: Any) -> Map:
        placed = place(*given, **named)
        return Map(placed.x + np.float32(shift_px[0]), placed.y + np.float32(shift_px[1]))

    with monkeypatch.context() as patched:
        patched.setattr(impression, "draw_placement", moved)
        made = draw_impression(np.random.default_rng([SEED, number, seed]), drawn.ridges, drawn.minutiae, how)
    pixels = np.rint(255 * np.clip(made.image, 0, 1)).astype(np.uint8)
    return made, Scan(pixels, PPI, f"{number}_{seed}")


@pytest.fixture
def wherever_skin_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skin meets the plate wherever there is skin: a small sensor is smaller than any contact."""

    def everywhere(_: object, placement: Map, master_shape: tuple[int, int], *__: object, **___: object) -> Any:
        height, width = master_shape
        across = (placement.x > 2) & (placement.x < width - 3)
        return (across & (placement.y > 2) & (placement.y < height - 3)).astype(np.float32)

    monkeypatch.setattr(impression, "_contact_area", everywhere)


def cut_px(made: Impression, side: str) -> int:
    """How much print there is at this border of the picture."""
    near = {"left": made.foreground[:, :6].any(1), "right": made.foreground[:, -6:].any(1)}
    near |= {"top": made.foreground[:6].any(0), "bottom": made.foreground[-6:].any(0)}
    return int(near[side].sum())


def clearly_cut(made: Impression, side: str) -> bool:
    """The finger lies over this border for 7 mm and more, and half as far over another at most."""
    others = [cut_px(made, other) for other in SIDES if other != side]
    return cut_px(made, side) >= 70 and max(others) <= cut_px(made, side) / 2


def first_advice(guide: Guide, scan: Scan) -> Advice | None:
    try:
        return guide.add(scan)
    except FailureToAcquire:
        return None


@pytest.mark.slow
def test_a_finger_beside_a_large_sensor_is_moved_onto_it(matcher: Matcher, monkeypatch: pytest.MonkeyPatch) -> None:
    said = list[tuple[str, str | None]]()
    fingers = tries(10, 25)
    for number in range(1, fingers + 1):
        for seed, (side, (x, y)) in enumerate(SIDES.items()):
            # what is shown is the other side, so that this one lies beyond the border
            made, scan = put_down(monkeypatch, number, seed, (-1.2 * x, -1.1 * y), GUIDED)
            advice = first_advice(Guide(matcher), scan) if clearly_cut(made, side) else None
            if advice is not None:
                said.append((SHOWN_BY[side], advice.move))
    assert len(said) >= 1.6 * fingers
    assert np.mean([wanted == move for wanted, move in said]) >= RIGHT_AT_LEAST


@pytest.mark.slow
@pytest.mark.usefixtures("wherever_skin_is")
def test_the_side_that_no_touch_of_a_small_sensor_shows_is_asked_for(
    matcher: Matcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = list[tuple[str, str | None]]()
    fingers = tries(4, 12)
    for number in range(1, fingers + 1):
        for missing in SIDES:
            guide = Guide(matcher, most_touches=99)
            advices = list(touches(guide, monkeypatch, number, missing))
            if advices[-1] is not None and not (advices[-1].other or advices[-1].poor):
                said.append((SHOWN_BY[missing], advices[-1].move))
    assert len(said) >= 3 * fingers
    assert np.mean([wanted == move for wanted, move in said]) >= RIGHT_AT_LEAST


def touches(guide: Guide, monkeypatch: pytest.MonkeyPatch, number: int, missing: str) -> Iterator[Advice | None]:
    """The middle of a finger and all of its sides but one, within 0.4 mm, in any order."""
    rng = np.random.default_rng([SEED, number, list(SIDES).index(missing)])
    shown = [SIDES[side] for side in rng.permutation([side for side in SIDES if side != missing])]
    for seed, (x, y) in enumerate([(0, 0), *shown]):
        where = (x + rng.normal(0, 4), y + rng.normal(0, 4))
        yield first_advice(guide, put_down(monkeypatch, number, seed, where, SMALL)[1])


@pytest.mark.parametrize(("offset", "wanted"), [(-1.2, "firmer"), (0.0, None), (1.2, "lighter")])
def test_how_to_press_is_told_from_the_width_of_ridges(
    matcher: Matcher, monkeypatch: pytest.MonkeyPatch, offset: float, wanted: str | None
) -> None:
    pressure = skin._pressure
    monkeypatch.setattr(skin, "_pressure", lambda *given: pressure(*given) + np.float32(offset))
    said = list[str | None]()
    for number in range(1, 11):
        try:
            said.append(how_to_press(matcher.acquire(put_down(monkeypatch, number, 0, (0, 0), GUIDED)[1])))
        except FailureToAcquire:
            continue
    assert len(said) >= 6
    assert said.count(wanted) >= 0.6 * len(said)
    assert set(said) <= {wanted, None}  # never the opposite


def test_what_an_earlier_finger_left_is_to_be_wiped_off(matcher: Matcher, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, wide = {"clean": 0, "dirty": 0}, replace(GUIDED, shape=(192, 448))
    for number in range(1, 11):
        clean = put_down(monkeypatch, number, 0, (0, 0), wide)[1].pixels.astype(float)
        other = put_down(monkeypatch, number + 1, 1, (0, 0), GUIDED)[1].pixels
        mark = np.clip(1 - other / np.percentile(other, 95), 0, 1)
        stained = clean.copy()
        stained[:, -192:] *= 1 - 0.35 * mark
        for name, plate in (("clean", clean), ("dirty", stained)):
            seen[name] += dirty(matcher, Scan(plate.astype(np.uint8), PPI, name))
    assert seen["clean"] <= 1
    assert seen["dirty"] >= 8


def dirty(matcher: Matcher, scan: Scan) -> bool:
    try:
        return plate_is_dirty(matcher.acquire(scan))
    except FailureToAcquire:  # taken for two prints: refused anyway
        return scan.source == "dirty"


def test_another_finger_is_seen_and_not_kept(matcher: Matcher, monkeypatch: pytest.MonkeyPatch) -> None:
    guide = Guide(matcher)
    for seed in (0, 1):
        guide.add(put_down(monkeypatch, 1, seed, (0, 0), GUIDED)[1])
    advice = guide.add(put_down(monkeypatch, 2, 0, (0, 0), GUIDED)[1])
    assert advice.other
    assert 2 not in guide.kept_numbers
    assert "the same finger" in advice.words


def test_a_finger_that_is_covered_well_is_enough(matcher: Matcher, monkeypatch: pytest.MonkeyPatch) -> None:
    guide = Guide(matcher)
    assert guide.advice.hints == ("first",)
    covered = []
    while not guide.advice.done:
        guide.add(put_down(monkeypatch, 3, len(guide.touches), (0, 0), GUIDED)[1])
        covered.append(guide.advice.covered)
    assert 2 <= len(covered) <= 8
    assert covered == sorted(covered)
    assert guide.advice.words == WORDS["done"]
    assert 2 <= len(guide.kept) <= len(covered)


def test_the_same_touch_again_is_not_kept_for_ever(matcher: Matcher, monkeypatch: pytest.MonkeyPatch) -> None:
    guide = Guide(matcher, most_touches=99)
    scan = put_down(monkeypatch, 4, 0, (0, 0), GUIDED)[1]
    for _ in range(8):
        guide.add(scan)
    assert len(guide.kept) <= 4


def test_nobody_is_kept_waiting_for_ever(matcher: Matcher, monkeypatch: pytest.MonkeyPatch) -> None:
    guide = Guide(matcher, most_touches=1)
    assert guide.add(put_down(monkeypatch, 5, 0, (0, 0), GUIDED)[1]).done


def test_a_picture_without_a_print_does_not_count(matcher: Matcher) -> None:
    guide = Guide(matcher)
    with pytest.raises(FailureToAcquire):
        guide.add(Scan(np.full((200, 200), 255, np.uint8), PPI, "nothing"))
    assert guide.advice.hints == ("first",)
    assert guide.touches == []


def test_advice_is_one_line_in_words() -> None:
    assert Advice(move="higher", press="lighter", wipe=True, count=1).words == (
        "wipe the plate, a little higher, press more lightly"
    )
    assert Advice(count=1).words == "once more"
    assert Advice(poor=True, count=1).words == "once more, clean and flat"
    assert all(words.isprintable() for words in WORDS.values())


def test_the_map_shows_how_well_each_part_is_covered() -> None:
    tip, found = np.zeros((coverage.CANVAS, coverage.CANVAS), bool), np.zeros((coverage.CANVAS, coverage.CANVAS))
    tip[20:40, 30:50] = True
    found[20:40, 30:40] = 0.75
    assert coverage.map_rows(found, tip) == ("7777700000",) * 10
    assert coverage.map_rows(found, np.zeros_like(tip)) == ()
    tip[20:22, 30:32] = False
    found[22:24, 30:50] = 1.0
    assert coverage.map_rows(found, tip)[:2] == (" 777700000", "9999999999")


def test_a_guide_has_a_map_as_soon_as_a_touch_is_kept(monkeypatch: pytest.MonkeyPatch, matcher: Matcher) -> None:
    guide = Guide(matcher)
    assert guide.map == ()
    for seed in range(3):
        guide.add(put_down(monkeypatch, 0, seed, (0.0, 0.0), GUIDED)[1])
        tenths = [int(one) for row in guide.map for one in row if one != " "]
        assert len({len(row) for row in guide.map}) == 1
        assert guide.advice.covered == pytest.approx((np.mean(tenths) + 0.5) / 10, abs=0.06)
