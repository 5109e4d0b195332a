"""Pictures of one finger and of several, and what is said of them."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from fpverify.synthesis.dataset import ORDINARY, master
from fpverify.synthesis.impression import draw_impression
from fpverify.synthesis.layouts import LAYOUTS, NOTHING, two
from fpverify.synthesis.montage import MOST_PRINTS, Montage, Print, Prints, _borders, _placed, draw_montage

SHAPE = (192, 192)


@pytest.fixture(scope="module")
def prints() -> Prints:
    drawn = []
    for finger in range(MOST_PRINTS):
        of = master(61, finger)
        made = draw_impression(np.random.default_rng([61, finger]), of.ridges, of.minutiae, ORDINARY)
        drawn.append(Print(made.image, made.foreground))
    return [partial(drawn.__getitem__, number) for number in range(MOST_PRINTS)]


def montages(prints: Prints, count: int, *, several: bool, hard: float = 0.0, across_px: float = 0.0) -> list[Montage]:
    return [
        draw_montage(
            np.random.default_rng([62, number]), prints, SHAPE, several=several, hard=hard, across_px=across_px
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("hard", [0.0, 1.0])
def test_a_picture_of_one_finger_has_no_border(prints: Prints, hard: float) -> None:
    for made in montages(prints, 40, several=False, hard=hard):
        assert made.several is False
        assert not (made.border | made.doubtful).any()
        assert made.image.dtype == np.float32
        assert 0 <= made.image.min() <= made.image.max() <= 1


@pytest.mark.parametrize("hard", [0.0, 1.0])
def test_most_pictures_of_several_fingers_show_them(prints: Prints, hard: float) -> None:
    made = montages(prints, 40, several=True, hard=hard)
    assert sum(one.several is True for one in made) > 28
    for one in made:
        assert one.several is not True or one.border.any()
        assert not (one.border & one.doubtful).any()
        assert one.image.shape == one.border.shape


def test_two_that_face_each_other_across_a_gap_have_a_border_in_its_middle() -> None:
    left, right = np.zeros((100, 160), bool), np.zeros((100, 160), bool)
    left[:, :60], right[:, 100:] = True, True
    border, doubtful, several = _borders([left, right], 0.0)
    assert not border.any()
    assert several is None
    border, doubtful, several = _borders([left, right], 50.0)
    assert set(np.flatnonzero(border.all(0))) == set(range(73, 87))  # 14 px
    assert not (border & doubtful).any()
    assert several is True
    assert not _borders([left, right], 30.0)[0].any()


def test_a_print_is_placed_by_where_it_is_darkest() -> None:
    image = np.full((300, 300), 0.9, np.float32)
    image[40:138, 160:258] = 0.1
    one = Print(image, np.ones((300, 300), bool))
    placed = _placed(np.random.default_rng(1), one, SHAPE, np.array([96.0, 96.0]), by_darkness=True)
    down, across = np.nonzero(placed.image < 0.5)
    assert (down.min(), down.max(), across.min(), across.max()) == pytest.approx((47, 144, 47, 144), abs=1)


def test_gaps_are_as_wide_as_is_asked_for(prints: Prints) -> None:
    usual, wide = (montages(prints, 60, several=True, hard=0.5, across_px=gap) for gap in (0.0, 50.0))
    assert sum(one.several is True for one in wide) > 42
    assert sum(not np.array_equal(one.image, other.image) for one, other in zip(usual, wide, strict=True)) > 10
    for made in montages(prints, 40, several=False, hard=0.5, across_px=50.0):
        assert made.several is False
        assert not (made.border | made.doubtful).any()


def test_a_montage_is_a_function_of_its_generator(prints: Prints) -> None:
    for several in (False, True):
        first, again = (montages(prints, 4, several=several) for _ in range(2))
        for one, other in zip(first, again, strict=True):
            np.testing.assert_array_equal(one.image, other.image)
            np.testing.assert_array_equal(one.border, other.border)


def test_parts_do_not_touch_where_there_is_a_gap() -> None:
    rng = np.random.default_rng(63)
    for layout in LAYOUTS:
        shown = [layout(rng, SHAPE, 20.0) for _ in range(20)]
        assert all(cut.min() >= NOTHING for cut in shown)
        assert any(len(np.unique(cut[cut != NOTHING])) > 1 for cut in shown)
    assert set(np.unique(two(rng, SHAPE))) <= {NOTHING, 0, 1}
    gaps = [two(rng, SHAPE, 40.0) for _ in range(20)]
    assert any((cut[:, 96] == NOTHING).all() or (cut[96] == NOTHING).all() for cut in gaps)
