"""Pictures of one finger and of several, and what is said of them."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from fpverify.synthesis.dataset import ORDINARY, master
from fpverify.synthesis.impression import draw_impression
from fpverify.synthesis.layouts import LAYOUTS, NOTHING, two
from fpverify.synthesis.montage import MOST_PRINTS, Montage, Print, Prints, draw_montage

SHAPE = (192, 192)


@pytest.fixture(scope="module")
def prints() -> Prints:
    drawn = []
    for finger in range(MOST_PRINTS):
        of = master(61, finger)
        made = draw_impression(np.random.default_rng([61, finger]), of.ridges, of.minutiae, ORDINARY)
        drawn.append(Print(made.image, made.foreground))
    return [partial(drawn.__getitem__, number) for number in range(MOST_PRINTS)]


def montages(prints: Prints, count: int, *, several: bool, hard: float = 0.0) -> list[Montage]:
    return [
        draw_montage(np.random.default_rng([62, number]), prints, SHAPE, several=several, hard=hard)
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
