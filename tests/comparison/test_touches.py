"""Touches of small sensors: laid on each other, joined into one reference, and compared with it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st
from made_up_touches import cells_of, cohort, described, finger, given, model, skin, touch, window

from fpverify.comparison.calibration import Calibration
from fpverify.comparison.touches.alignment import ANYHOW, Upright, aligned
from fpverify.comparison.touches.blocks import block_correlations
from fpverify.comparison.touches.comparison import NO_PICTURE, Doubt, Opinions, Scale, TouchModel, sum_of
from fpverify.comparison.touches.finger import (
    MOST_BYTES,
    MOST_MINUTIAE,
    SCATTERED_BYTES,
    Keeping,
    coarse,
    joined_finger,
    print_skin,
)
from fpverify.comparison.touches.joining import Pose, groups
from fpverify.comparison.touches.prepared import STEP_PX, Ground, Places, commonness, interpolated
from fpverify.comparison.touches.worths import BlockWorths, PlaceWorths, rising
from fpverify.errors import CorruptModel
from fpverify.features.places import neighbourhoods
from fpverify.features.touches import kept_places
from fpverify.models import load_bundle
from fpverify.store import template_format
from fpverify.store.skin_format import encode_skin
from fpverify.vocabulary import Minutiae

AT = ((70, 80), (82, 88), (64, 92), (76, 100))  # corners of touches of a finger that lie over each other
WORTHS = PlaceWorths.first()


@pytest.mark.parametrize(("x", "y", "turn"), [(0, 0, 0.0), (7, -5, 0.0), (-6, 8, 0.3), (4, 4, 2.8)])
def test_a_touch_lies_where_it_was_taken(x: float, y: float, turn: float) -> None:
    middle = np.array([30.0, 30.0])  # of the window, about which it is turned
    rotated = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ middle
    corner = middle - rotated + np.array([x, y])
    probe = touch(window(1, 70 + corner[0], 80 + corner[1], turn))
    lain = aligned(probe, given(window(1, 70, 80)).ground, WORTHS)
    assert lain is not None
    assert np.angle(np.exp(1j * (lain.turn - turn))) == pytest.approx(0, abs=0.15)  # places lie 5 px apart
    laid = np.array([[np.cos(lain.turn), -np.sin(lain.turn)], [np.sin(lain.turn), np.cos(lain.turn)]]) @ middle
    assert laid + np.array([lain.x, lain.y]) == pytest.approx(middle + np.array([x, y]), abs=2.5)


@pytest.mark.parametrize("anyhow", [0.05, 0.2, 1.0])
def test_how_fingers_come_down_is_a_density_over_turns(anyhow: float) -> None:
    turns = np.linspace(-np.pi, np.pi, 20_001)
    likelier = np.exp(Upright(0.35, anyhow).evidence(turns).astype(float))
    assert likelier[:-1].mean() == pytest.approx(1, abs=1e-3)
    assert likelier.min() == pytest.approx(anyhow, rel=1e-3)
    assert Upright(0.35, anyhow).evidence(turns + 2 * np.pi) == pytest.approx(np.log(likelier), abs=1e-4)


def test_what_knows_nothing_of_turns_minds_none() -> None:
    assert (ANYHOW.evidence(np.linspace(-4, 4, 9)) == 0).all()


def test_the_more_a_touch_is_turned_the_less_it_is_worth() -> None:
    upright, known = Upright(0.35, 0.2), replace(model(), upright=Upright(0.35, 0.2))
    ground = Ground.of(skin(window(1, 70, 80)))
    level, turned = (known.opinions(touch(window(1, 70, 80, turn)), ground, 0.0) for turn in (0.0, 1.2))
    assert level.turn == pytest.approx(upright.evidence(np.zeros(1))[0], abs=0.2)
    assert turned.turn < 0 < level.turn
    assert model().opinions(touch(window(1, 70, 80)), ground, 0.0).turn == 0


def test_a_joined_finger_is_level_where_turns_count() -> None:
    touches = [given(window(1, *at, turn)) for at, turn in zip(AT, (0.5, 0.5, 0.5, 0.1), strict=True)]
    upright = Upright(0.35, 0.2)
    (level,), (first,) = groups(touches, WORTHS, upright), groups(touches, WORTHS)
    turns = [np.mean([bent.turn for _, bent in one.members]) for one in (level, first)]
    assert turns[0] == pytest.approx(0, abs=0.02)
    assert len(level) == len(first) == 4


def test_the_same_skin_is_worth_more_than_another_finger_s() -> None:
    probe = touch(window(1, 74, 84))
    own, other = (aligned(probe, Ground.of(skin(window(number, 70, 80))), WORTHS) for number in (1, 2))
    assert own is not None
    assert other is not None
    assert own.worth > 2 * max(other.worth, 1.0)
    mine, theirs = (
        block_correlations(probe, Ground.of(skin(window(number, 70, 80))), lain)
        for number, lain in ((1, own), (2, other))
    )
    assert np.median(mine) > 0.8
    assert len(theirs) == 0 or np.median(theirs) < np.median(mine)


def test_a_touch_without_places_lies_nowhere() -> None:
    empty = np.zeros(0, np.float32)
    nothing = Ground.at(empty, empty, empty, np.zeros((0, 48), np.float32), np.zeros((4, 4), np.float32))
    assert aligned(touch(window(1, 70, 80)), nothing, WORTHS) is None


def test_touches_of_a_finger_come_together_and_another_s_stays_apart() -> None:
    touches = [given(window(1, x, y)) for x, y in AT] + [given(window(2, 70, 80))]
    found = groups(touches, WORTHS)
    assert [len(one) for one in found] == [4, 1]
    assert found[1].members[0][0] is touches[-1]


def test_a_joined_finger_shows_what_its_touches_show() -> None:
    finger = joined_finger([given(window(1, x, y)) for x, y in AT], WORTHS, described)
    one = skin(window(1, *AT[0]))
    assert finger.groups == (4,)
    assert finger.skin.touches == 4
    assert 1.2 * one.area_mm2 < finger.skin.area_mm2 < 2.2 * one.area_mm2
    assert set(np.unique(finger.skin.picture)) <= {-1, 0, 1}
    lain = aligned(touch(window(1, 72, 92)), Ground.of(finger.skin), WORTHS)
    assert lain is not None
    assert np.count_nonzero(lain.common) > 0.9 * len(lain.common)


@pytest.mark.slow
def test_a_joined_finger_keeps_as_many_places_as_there_is_room_for() -> None:
    touches = [given(window(number, x, y)) for number in (1, 2, 3, 4) for x, y in AT]
    small, large, all_of_it = (
        joined_finger(touches, WORTHS, described, most_bytes=size).skin for size in (6_000, MOST_BYTES, 10**6)
    )
    assert 100 < len(small) < len(large) < len(all_of_it)
    for skin_of_size, size in ((small, 6_000), (large, MOST_BYTES)):
        assert 0.85 * size < len(encode_skin(skin_of_size)) <= size


def test_poses_go_there_and_back() -> None:
    pose = Pose(0.4, 5.0, -3.0)
    assert pose.then(pose.inverse) == pytest.approx((0, 0, 0), abs=1e-9)
    assert Pose(0.1, 1.0, 0.0).then(Pose(0.2, 0.0, 2.0)).turn == pytest.approx(0.3)


@pytest.mark.parametrize(("bits", "numbers", "least"), [(2, range(-3, 4, 2), 0.88), (3, range(-7, 8, 2), 0.95)])
def test_few_bits_keep_a_direction(bits: int, numbers: range, least: float) -> None:
    vectors = np.random.default_rng(1).normal(size=(50, 48))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    kept = coarse(vectors.astype(np.float32), bits).astype(float)
    assert set(np.unique(kept)) <= set(numbers)
    cosines = (vectors * kept).sum(1) / np.linalg.norm(kept, axis=1)
    assert cosines.min() > least


@pytest.mark.slow
def test_fewer_bits_are_room_for_more_places() -> None:
    touches = [given(window(number, x, y)) for number in (1, 2) for x, y in AT]
    few, many = (
        joined_finger(touches, WORTHS, described, most_bytes=6_000, keeping=Keeping(bits)).skin for bits in (2, 3)
    )
    assert len(few) > 1.3 * len(many)
    assert max(len(encode_skin(one)) for one in (few, many)) <= 6_000


def test_worth_rises_with_the_cosine_and_falls_with_commonness() -> None:
    rng = np.random.default_rng(5)
    common = rng.uniform(0.45, 0.85, 40_000)
    mated = np.stack([np.clip(rng.normal(0.75, 0.15, 40_000), -0.2, 1), common])
    chance = np.stack([np.clip(rng.normal(common - 0.4, 0.2), -0.2, 1), common])
    learnt = PlaceWorths.learnt(mated.astype(np.float32), chance.astype(np.float32))
    rows, _ = learnt.rows(np.array([0.5, 0.8], np.float32))
    at = {cosine: round((1 + cosine) / 0.01) for cosine in (0.0, 0.5, 0.8)}
    assert rows[0, at[0.8]] > rows[0, at[0.5]] > rows[0, at[0.0]]
    assert rows[0, at[0.8]] > rows[1, at[0.8]]
    assert rows.min() > -1.7  # what a damaged place can cost


def test_a_place_like_those_of_other_fingers_is_common() -> None:
    known = cohort()
    rare = np.eye(1, 48, dtype=np.float32) - known.mean(0)
    rare /= np.linalg.norm(rare)
    assert commonness(known[:5], known).min() > commonness(rare, known)[0]


def scale(area_mm2: float, at: float) -> Scale:
    return Scale(
        area_mm2, 300.0, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), Calibration((0.0, 1.0), (at, at + 10), 10, 10, 1.0, 500)
    )


def test_scores_lie_between_those_of_the_two_areas_beside() -> None:
    known = replace(model(), scales=(scale(16.0, 0.0), scale(36.0, 20.0)))
    opinions = [Opinions(0.2, 0.2, 0.1)]
    small, middle, large, beyond = (known.score(opinions, area, [300])[0] for area in (16.0, 25.0, 36.0, 90.0))
    assert (small, large, beyond) == pytest.approx((5.0, 25.0, 25.0))
    assert middle == pytest.approx(15.0)  # by the root of the area


def test_a_larger_finger_has_more_chances() -> None:
    known = replace(model(), scales=(scale(16.0, 0.0),))
    same, twice, half = known.score([Opinions(0.2, 0.2, 0.1)] * 3, 16.0, [300, 600, 150])
    assert same - twice == pytest.approx(10 * np.log10(2))
    assert half == same


def test_a_whole_print_has_scales_of_its_own_and_no_picture_to_compare() -> None:
    known = replace(model(), scales=(scale(16.0, 0.0),), print_scales=(scale(16.0, 20.0),))
    opinions = [Opinions(0.2, 0.2, 0.1)]
    assert known.score(opinions, 16.0, [300], whole=True)[0] == pytest.approx(
        known.score(opinions, 16.0, [300])[0] + 20
    )
    one = touch(window(1, 70, 80))
    pictured = Ground.of(skin(finger(1)))
    bare = replace(pictured, picture=np.zeros((0, 0), np.float32))
    assert known.opinions(one, bare, 0.1) == known.opinions(one, pictured, 0.1)._replace(blocks=NO_PICTURE)
    nowhere = Ground.at(*(np.zeros(0, np.float32) for _ in range(3)), np.zeros((0, 48), np.float32), bare.picture)
    assert known.opinions(one, nowhere, 0.1).blocks == NO_PICTURE


def test_the_places_that_go_first_are_every_second_one() -> None:
    x, y, angle = kept_places(finger(1), cells_of(finger(1)), staggered=False)
    vectors = described(finger(1), x, y, angle)
    roomy, tight = (print_skin(x, y, angle, vectors, minutiae=minutiae) for minutiae in (0, 80))
    assert len(tight) < len(roomy) <= len(x)
    first = (x // 5 + y // 5) % 2 == 0
    kept = set(zip(tight.x_px.tolist(), tight.y_px.tolist(), strict=True))
    missing = [at for at in zip(x[first].tolist(), y[first].tolist(), strict=True) if at not in kept]
    assert not missing or len(tight) < np.count_nonzero(first)


def test_former_models_name_bits_alone() -> None:
    known = model()
    plain = known.to_dict() | {"bits": 2}
    del plain["keeping"]
    assert TouchModel.from_dict(plain, known.cohort).keeping == Keeping(bits=2)


def test_places_that_were_left_out_are_interpolated(release_model: str) -> None:
    network = load_bundle(release_model).network("places")
    x, y, angle = kept_places(finger(1), cells_of(finger(1)), staggered=False)
    vectors = network(neighbourhoods(finger(1), x, y, angle)[..., None])
    every = Places(x, y, angle, vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    second = (x // STEP_PX + y // STEP_PX) % 2 == 1
    made = interpolated(Places(*(part[~second] for part in every)))
    left_out = {at: k for k, at in enumerate(zip(x.tolist(), y.tolist(), strict=True)) if second[k]}
    own = [left_out.pop(at, -1) for at in zip(made.x.tolist(), made.y.tolist(), strict=True)]
    assert len(own) > 0.9 * np.count_nonzero(second)
    assert min(own) >= 0  # nothing where there was nothing
    assert np.median(np.einsum("nd,nd->n", made.descriptors, every.descriptors[own])) > 0.85
    assert np.quantile(np.abs(np.sin(made.angle - angle[own])), 0.9) < 0.2
    np.testing.assert_allclose(np.linalg.norm(made.descriptors, axis=1), 1, atol=1e-5)


def test_places_of_two_senses_are_not_mixed() -> None:
    """Three beside a field that is left out, around the direction where angles begin anew; one of the other sense."""
    x, y = (np.array(part, np.float32) for part in ((5, 0, 10, 5), (0, 5, 5, 10)))
    one, other = np.eye(2, 48, dtype=np.float32)
    for angles, made in (((0.02, 0.03, 0.04, 3.1), 1), ((0.01, 0.01, 0.01, 3.1), 1), ((0.02, 0.03, 3.1, 3.12), 0)):
        descriptors = np.stack([one if angle < 1 else other for angle in angles])
        found = interpolated(Places(x, y, np.array(angles, np.float32), descriptors))
        assert len(found.x) == made
        assert (np.cos(found.angle) > 0.9).all()
        np.testing.assert_allclose(found.descriptors, np.repeat(one[None], made, axis=0), atol=1e-6)


def test_nothing_is_interpolated_at_a_rim_or_where_all_is_known() -> None:
    x, y = (part.ravel().astype(np.float32) for part in np.meshgrid([0, 5, 10], [0, 5, 10]))
    known = Places(x, y, np.zeros(9, np.float32), np.eye(9, 48, dtype=np.float32))
    assert len(interpolated(known).x) == 0


TIGHT = SCATTERED_BYTES + 800 + 13 * 120  # a picture of 60 mm², and two places of three


def test_a_finger_within_few_bytes_has_its_places_all_the_same() -> None:
    touches = [given(window(1, x, y)) for x, y in AT]
    wide, tight = (
        joined_finger(touches, WORTHS, described, most_bytes=size, keeping=KEEPING).skin for size in (10**6, TIGHT)
    )
    ground = replace(model(), keeping=KEEPING).ground(tight)
    assert len(tight) < 0.75 * len(wide) < 0.9 * len(wide) < len(ground) <= len(wide)
    assert len(model().ground(tight)) == len(tight)


def test_what_is_restored_best_is_left_out_first() -> None:
    touches = [given(window(1, x, y)) for x, y in AT]
    wide, tight = (
        joined_finger(touches, WORTHS, described, most_bytes=size, keeping=KEEPING).skin for size in (10**6, TIGHT)
    )
    every = Ground.of(wide)
    second = (wide.x_px // STEP_PX + wide.y_px // STEP_PX) % 2 == 1
    parts = (every.x, every.y, every.angle, every.descriptors)
    made = Ground.at(*interpolated(Places(*(part[~second] for part in parts))), every.picture)
    kept = Ground.of(tight).nearest(wide.x_px, wide.y_px) >= 0
    found = made.nearest(wide.x_px, wide.y_px)
    cosines = np.einsum("nd,nd->n", made.descriptors[found], every.descriptors)
    known = second & (found >= 0)
    assert kept[~second].all()
    assert np.median(cosines[known & ~kept]) > np.median(cosines[known & kept]) + 0.2


def test_a_finger_keeps_so_many_minutiae_at_most() -> None:
    numbers = np.arange(30, dtype=np.float32)
    some = Minutiae(5 + numbers % 6 * 9, 5 + numbers // 6 * 9, numbers, 0.5 + numbers / 100)
    touches = [
        replace(given(window(1, x, y)), minutiae=some, descriptors=np.ones((30, 64), np.int8)) for x, y in AT[:3]
    ]
    few = joined_finger(touches, WORTHS, described, keeping=replace(KEEPING, most_minutiae=20))
    assert len(few.minutiae) == len(few.descriptors) == 20
    assert few.minutiae.quality.min() > 0.7  # the best of them


def test_a_single_touch_and_a_finger_without_places_stay_as_they_are() -> None:
    one = skin(window(1, 70, 80))
    assert len(Ground.of(one, interpolate=True)) == len(one)
    none = np.zeros(0, np.float32)
    empty = replace(one, x_px=none, y_px=none, angle_rad=none, descriptors=one.descriptors[:0], touches=2)
    assert len(Ground.of(empty, interpolate=True)) == 0


def test_finger_and_template_have_as_many_minutiae_at_most() -> None:
    assert MOST_MINUTIAE == template_format.MOST_MINUTIAE


def test_what_a_model_knows_comes_back_from_plain_numbers() -> None:
    known = replace(
        model(),
        scales=(scale(16.0, 0.0),),
        print_scales=(scale(36.0, 5.0),),
        blocks=BlockWorths(np.linspace(-1, 2, 16)),
    )
    again = TouchModel.from_dict(known.to_dict(), cohort())
    assert again.to_dict() == known.to_dict()


@pytest.mark.parametrize("name", ["places", "blocks", "scales"])
def test_what_is_no_knowledge_is_refused(name: str) -> None:
    plain = model().to_dict()
    with pytest.raises(CorruptModel):
        TouchModel.from_dict({**plain, name: [1]}, cohort())
    del plain[name]
    with pytest.raises(CorruptModel):
        TouchModel.from_dict(plain, cohort())


def test_what_should_rise_and_does_not_is_pooled() -> None:
    found = rising(np.array([1.0, 3.0, 2.0, 4.0, -5.0]), np.array([1.0, 1.0, 3.0, 1.0, 0.25]))
    assert found[0] == 1.0
    assert (np.diff(found) >= 0).all()
    assert rising(np.array([2.0, 1.0]), np.array([1.0, 3.0])) == pytest.approx([1.25, 1.25])


def test_where_places_may_be_wrong_minutiae_tell_by_themselves() -> None:
    doubt = Doubt(astray=-1.0, minutiae=2.0, least_blocks=-0.5)
    sure = np.array([8.0, 2.0, 1.0])
    assert doubt.total(sure) == pytest.approx(11, abs=1e-3)
    assert doubt.total(np.array([8.0, -9.0, 1.0])) == pytest.approx(8.5, abs=1e-2)
    assert doubt.total(np.array([-6.0, -9.0, 4.0])) == pytest.approx(7, abs=1e-3)


@drawn(st.tuples(*[st.floats(-20, 20)] * 3), st.sampled_from(range(3)), st.floats(0, 5))
def test_whoever_is_more_alike_in_anything_is_no_less_alike(
    opinions: tuple[float, float, float], which: int, more: float
) -> None:
    doubt, higher = Doubt(astray=-1.0, minutiae=2.0, least_blocks=-0.5), list(opinions)
    higher[which] += more
    assert doubt.total(np.array(higher)) >= doubt.total(np.array(opinions)) - 1e-9


def test_a_turn_is_added_whoever_is_doubted() -> None:
    start, spread, opinions = np.array([0.1, 0.2, -4.0]), np.array([0.5, 2.0, 1.0]), np.array([0.6, 0.2, -3.0, 0.7])
    doubt = Doubt(astray=-1.0, minutiae=2.0, least_blocks=-0.5)
    assert sum_of(opinions, start, spread, None) == pytest.approx(1 + 0 + 1 + 0.7)
    assert sum_of(opinions, start, spread, doubt) == pytest.approx(np.logaddexp(2, 1) + 0.7)


KEPT = {"bits": 2, "most_minutiae": 65, "interpolate": True}
KEEPING = Keeping(2, most_minutiae=65, interpolate=True)
DOUBT = {"astray": -1.0, "minutiae": 2.0, "least_blocks": -0.5}


@pytest.mark.parametrize(
    "wrong",
    [
        {"keeping": KEPT | {"bits": 4}},
        {"keeping": KEPT | {"bits": 2.0}},
        {"keeping": KEPT | {"most_minutiae": 0}},
        {"keeping": KEPT | {"most_minutiae": 81}},
        {"keeping": KEPT | {"interpolate": 1}},
        {"keeping": {"bits": 2}},
        {"keeping": None},
        {"upright": {"deviation_rad": 0, "anyhow": 0.2}},
        {"upright": {}},
        {"doubt": DOUBT | {"minutiae": 0}},
        {"doubt": DOUBT | {"astray": float("nan")}},
        {"doubt": {"astray": -1.0}},
        {"doubt": None},
    ],
)
def test_a_model_says_how_fingers_come_down_and_are_kept_or_is_refused(wrong: dict[str, object]) -> None:
    known = replace(model(), upright=Upright(0.35, 0.2), keeping=KEEPING, doubt=Doubt(**DOUBT))
    again = TouchModel.from_dict(known.to_dict(), known.cohort)
    assert (again.upright, again.keeping, again.doubt) == (known.upright, known.keeping, known.doubt)
    assert TouchModel.from_dict(model().to_dict(), known.cohort).doubt is None
    with pytest.raises(CorruptModel, match="cannot be used"):
        TouchModel.from_dict(known.to_dict() | wrong, known.cohort)
