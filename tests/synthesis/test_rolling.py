"""Rolled prints and slaps, as they are drawn."""

from __future__ import annotations

import numpy as np

from fpverify.synthesis.dataset import ORDINARY, ROLLED, master
from fpverify.synthesis.impression import draw_impression
from fpverify.synthesis.slaps import SHAPES, SlapSettings, draw_slap


def test_a_rolled_print_shows_more_of_the_finger_than_a_plain_one() -> None:
    drawn = master(31, 1)
    areas = {}
    for name, settings in (("plain", ORDINARY), ("rolled", ROLLED)):
        made = [draw_impression(np.random.default_rng(k), drawn.ridges, drawn.minutiae, settings) for k in range(4)]
        areas[name] = np.mean([one.foreground.sum() for one in made])
        for one in made:
            there = one.placement.taken(drawn.ridges)
            assert there.shape == one.image.shape
    assert areas["rolled"] > 1.4 * areas["plain"]


def test_minutiae_of_a_rolled_print_lie_where_the_map_says() -> None:
    drawn = master(31, 2)
    made = draw_impression(np.random.default_rng(5), drawn.ridges, drawn.minutiae, ROLLED)
    x, y = (getattr(made.minutiae, name)[made.visible] for name in ("x_px", "y_px"))
    row, column = np.rint(y).astype(int), np.rint(x).astype(int)
    off = np.hypot(
        made.placement.x[row, column] - drawn.minutiae.x_px[made.visible],
        made.placement.y[row, column] - drawn.minutiae.y_px[made.visible],
    )
    assert np.median(off) < 1.0
    assert made.visible.sum() > 20


def test_a_slap_is_the_same_for_the_same_seed_and_lacks_what_is_missing() -> None:
    masters = [master(31, k).ridges for k in range(1, 3)]
    first, again = (draw_slap(np.random.default_rng(7), masters, "both-thumbs", SlapSettings()) for _ in range(2))
    assert np.array_equal(first.image, again.image)
    assert first.fingers == SHAPES["both-thumbs"]
    alone = draw_slap(np.random.default_rng(7), masters, "both-thumbs", missing=["left-thumb"])
    assert alone.fingers == ("right-thumb",)
    assert len(alone.tips) == 1
