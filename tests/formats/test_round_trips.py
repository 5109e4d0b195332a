"""What is written and read again is the same, within the steps of the format."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from effort import tries
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_records import ANGLES, CARDS, STANDARDS, TEXTS, difference, full_record, record, turned, view

from fpverify.errors import UnwritableRecord
from fpverify.formats import FORMATS, joined, minutiae_from_bytes, minutiae_to_bytes
from fpverify.vocabulary import NOT_STATED, FingerView, MinutiaRecord

PX_PER_STEP = {"iso2005-normal-card": 197 / 1000, "iso2005-compact-card": 197 / 100, "csv": 1e-3, "json": 1e-3}
ALL = (*STANDARDS, *CARDS, *TEXTS)


def again(made: MinutiaRecord, name: str) -> MinutiaRecord:
    size = (made.views[0].width_px, made.views[0].height_px)
    content, _ = minutiae_to_bytes(made, format=name)
    return minutiae_from_bytes(content, format=name, size=size, ppi=197 * 2.54)


def check_round_trip(seed: int, name: str) -> None:
    made = record(np.random.default_rng(seed), name)
    back = again(made, name)
    assert [len(one) for one in back.views] == [len(one) for one in made.views]
    for before, after in zip(made.views, back.views, strict=True):
        check_view(before, after, name)
    twice = again(back, name)
    assert difference(back, twice) == []  # what lies on the format's steps stays there


def check_view(before: FingerView, after: FingerView, name: str) -> None:
    scale = before.ppcm_x / after.ppcm_x
    moved = np.abs(np.array([after.x_px * scale - before.x_px, after.y_px * scale - before.y_px]))
    assert moved.max() <= PX_PER_STEP.get(name, 1.0) / 2 + 1e-4
    assert turned(before.angle_rad, after.angle_rad).max() <= np.pi / ANGLES[name] + 1e-5
    assert name == "xyt" or after.types.tolist() == before.types.tolist()
    if name not in CARDS:
        assert after.quality.tolist() == before.quality.tolist()
        assert (after.width_px, after.height_px) == (before.width_px, before.height_px)
    if name not in {*CARDS, "xyt"}:
        assert after.ppcm_x == before.ppcm_x
        assert (after.finger, after.view, after.ratings) == (before.finger, before.view, before.ratings)


@pytest.mark.parametrize("name", ALL)
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_record_comes_back_within_the_steps_of_its_format(name: str, seed: int) -> None:
    check_round_trip(seed, name)


@pytest.mark.parametrize("name", ALL)
def test_records_of_many_seeds_come_back(name: str) -> None:
    for seed in range(tries(100, 1_000)):
        check_round_trip(seed, name)


def test_the_standard_that_holds_most_loses_nothing() -> None:
    made = full_record(np.random.default_rng(1))
    content, lost = minutiae_to_bytes(made, format="iso2011")
    back = minutiae_from_bytes(content)
    assert difference(made, back) == ["angle_rad", "capture", "x_px", "y_px"]  # rounded; compliance has no room
    assert lost == ("how it was captured", "who made it")
    assert minutiae_to_bytes(back, format="iso2011")[0] == content


def test_json_loses_nothing_at_all() -> None:
    made = full_record(np.random.default_rng(1))
    content, lost = minutiae_to_bytes(made, format="json")
    back = minutiae_from_bytes(content)
    assert (difference(made, back), lost, back.product) == ([], (), made.product)


@pytest.mark.parametrize("name", STANDARDS)
def test_a_record_goes_through_json_and_back_byte_by_byte(name: str) -> None:
    made = record(np.random.default_rng(3), name)
    content, _ = minutiae_to_bytes(made, format=name)
    text, _ = minutiae_to_bytes(minutiae_from_bytes(content), format="json")
    assert minutiae_to_bytes(minutiae_from_bytes(text), format=name)[0] == content


@pytest.mark.parametrize("name", STANDARDS)
def test_extended_data_stay_in_their_own_format_and_are_dropped_from_others(name: str) -> None:
    made = view(np.random.default_rng(4), 3)
    own = MinutiaRecord((replace(made, extended=((1, b"\x01\x01\x02\x05"),), extended_format=name),))
    for other in STANDARDS:
        content, lost = minutiae_to_bytes(own, format=other)
        kept = minutiae_from_bytes(content).views[0].extended
        assert (kept, lost) == ((own.views[0].extended, ()) if other == name else ((), ("extended data",)))


@pytest.mark.parametrize("name", CARDS)
def test_a_print_far_from_the_corner_is_moved_to_fit_a_card(name: str) -> None:
    made = view(np.random.default_rng(5), 30, (251, 249))
    far = replace(made, x_px=made.x_px + 40_000, y_px=made.y_px + 40_000, width_px=0, height_px=0)
    near, moved = (again(MinutiaRecord((one,)), name).views[0] for one in (made, far))
    assert np.ptp(near.x_px - moved.x_px) <= 1
    assert np.ptp(near.y_px - moved.y_px) <= 1


@pytest.mark.parametrize("wrong", ["where", "resolution", "many", "none", "views", "apart"])
@pytest.mark.parametrize("name", FORMATS)
def test_what_a_format_cannot_hold_is_refused_in_one_line(name: str, wrong: str) -> None:
    made = view(np.random.default_rng(6), 40)
    views = {
        "where": (replace(made, x_px=made.x_px + 400),),
        "resolution": (replace(made, ppcm_x=0.0, ppcm_y=0.0),),
        "many": (view(np.random.default_rng(6), 1001),),
        "none": (),
        "views": (made, replace(made, ppcm_x=394.0)),
        "apart": (replace(made, x_px=made.x_px * 1000, width_px=0),),
    }[wrong]
    holds = {
        "csv": {"where", "resolution", "many", "views", "apart"},
        "json": {"where", "resolution", "many", "views", "apart"},
        "iso2011": {"views"},
        "ansi2009": {"views"},
        "ansi2009am1": {"views"},
        "xyt": {"resolution"},
        "iso2005-normal-card": {"where"},
        "iso2005-compact-card": set(),
    }.get(name, set())
    given = MinutiaRecord(views, source="made up")
    if name in CARDS and wrong == "where":  # a length from the corner, whatever the picture
        return
    if wrong in holds:
        minutiae_to_bytes(given, format=name)
        return
    with pytest.raises(UnwritableRecord, match="made up: ") as refusal:
        minutiae_to_bytes(given, format=name)
    assert "\n" not in str(refusal.value)


def test_without_a_picture_size_the_smallest_that_holds_the_minutiae_is_stated() -> None:
    made = replace(view(np.random.default_rng(7), 5), width_px=0, height_px=0)
    back = again(MinutiaRecord((made,)), "iso2005").views[0]
    assert (back.width_px, back.height_px) == (int(back.x_px.max()) + 1, int(back.y_px.max()) + 1)


def test_a_quality_of_zero_becomes_one_where_zero_says_that_none_is_given() -> None:
    made = view(np.random.default_rng(8), 2)
    made = replace(made, quality=np.array([0, NOT_STATED], np.int16))
    qualities = {name: again(MinutiaRecord((made,)), name).views[0].quality.tolist() for name in STANDARDS}
    assert {name for name, quality in qualities.items() if quality == [1, NOT_STATED]} == {"iso2005", "ansi2004"}
    assert {name for name, quality in qualities.items() if quality == [0, NOT_STATED]} == set(STANDARDS[1::2]) | {
        "ansi2009am1"
    } - {"ansi2004"}


def test_views_that_are_joined_are_numbered_within_their_finger() -> None:
    rng = np.random.default_rng(9)
    parts = [MinutiaRecord((view(rng, 2, finger=finger),)) for finger in (1, 2, 1, 1, 2)]
    assert [(one.finger, one.view) for one in joined(parts, "all").views] == [(1, 0), (2, 0), (1, 1), (1, 2), (2, 1)]
