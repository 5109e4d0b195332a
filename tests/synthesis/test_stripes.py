"""The stripe set."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from fpverify.synthesis.stripes import draw_stripes, render_stripes, write_stripes

GOLDEN = {  # SHA-256 of the 160 x 160 pixels of the published script
    "A": "900d7ee16c0b403898c528e6b2b93620c79196eec2385e3bc121f4768173261b",
    "B": "5b4626eb5c84c557cb1c638ccf86a8009c9b166ebe41b4a242a0848ac08fac0f",
}


def published(width: int = 6, size: int = 160, shift: int = 0) -> Image.Image:
    """The stripes drawn one rectangle after the other, both ends of each included."""
    image = Image.new("L", (size, size), "white")
    first = -(-shift // width)
    for i in range(-first, (size - shift) // width):
        x0 = i * width + shift
        ImageDraw.Draw(image).rectangle([x0, 0, x0 + width, size], fill=0 if i % 2 else 255)
    return image


def test_stripes_are_those_of_the_published_script() -> None:
    drawn = published()
    np.testing.assert_array_equal(render_stripes("A"), np.asarray(drawn))
    np.testing.assert_array_equal(render_stripes("B"), np.asarray(drawn.rotate(90)))


@pytest.mark.parametrize("finger", ["A", "B"])
def test_stripes_keep_their_golden_hash(finger) -> None:
    assert hashlib.sha256(render_stripes(finger).tobytes()).hexdigest() == GOLDEN[finger]


@given(width=st.integers(1, 160), size=st.integers(160, 200), shift=st.integers(-100, 100))
def test_any_width_and_shift_draws_as_rectangles_would(width: int, size: int, shift: int) -> None:
    fast = render_stripes("A", width_px=width, size_px=size, shift_px=shift)
    np.testing.assert_array_equal(fast, np.asarray(published(width, size, shift)))


def test_a_shift_by_two_widths_changes_nothing_but_the_right_edge() -> None:
    np.testing.assert_array_equal(render_stripes("A", shift_px=12)[:, :150], render_stripes("A")[:, :150])
    assert (render_stripes("A", shift_px=6)[:, :150] != render_stripes("A")[:, :150]).all()


def test_b_is_a_turned_by_a_quarter() -> None:
    np.testing.assert_array_equal(render_stripes("B", angle_deg=-90, shift_px=3), render_stripes("A", shift_px=3))


def test_an_angle_turns_the_stripes_counter_clockwise() -> None:
    middle = render_stripes("A", angle_deg=10)[40:120, 40:120] / 255.0
    spectrum = np.abs(np.fft.fft2(middle - middle.mean()))
    row, column = np.unravel_index(spectrum[:40, :].argmax(), (40, 80))
    column = column - 80 if column >= 40 else column
    assert np.rad2deg(np.arctan2(row, column)) % 180 == pytest.approx(180 - 10, abs=4)  # of the normal, y down


def test_noise_has_the_deviation_asked_for() -> None:
    clean, noisy = render_stripes("A"), render_stripes("A", noise=0.1, rng=np.random.default_rng(0))
    off = noisy.astype(float) - clean
    assert np.sqrt((off**2).mean()) / 255 == pytest.approx(0.1 / np.sqrt(2), rel=0.05)  # half is cut off at the ends


def test_two_scans_with_ranges_differ_and_one_seed_repeats() -> None:
    ranges = {"width_px": (4, 9), "angle_deg": (-8, 8), "shift_px": (0, 11), "noise": (0, 0.1)}
    first, again, other = (draw_stripes("A", np.random.default_rng(s), **ranges) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_the_default_set_is_fifteen_identical_scans_of_each_finger(tmp_path: Path) -> None:
    assert write_stripes(tmp_path) == 30
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"{f}_{i:02d}.bmp" for f in "AB" for i in range(15)]
    for finger in "AB":
        for path in tmp_path.glob(f"{finger}_*.bmp"):
            with Image.open(path) as image:
                np.testing.assert_array_equal(np.asarray(image), render_stripes(finger))
                assert image.info["dpi"][0] == pytest.approx(500, abs=0.01)


def test_a_varied_set_follows_its_seed_and_holds_no_two_equal_scans(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_stripes(tmp_path / name, count=4, seed=seed, shift_px=(0, 5), noise=(0.05, 0.05))
    digests = [[p.read_bytes() for p in sorted((tmp_path / name).iterdir())] for name in "abc"]
    assert digests[0] == digests[1] != digests[2]
    assert len(set(digests[0])) == 8


@pytest.mark.parametrize(
    ("asked", "said"),
    [({"finger": "C"}, "'C'"), ({"finger": "A", "width_px": 0}, "0 px"), ({"finger": "A", "noise": 0.1}, "rng")],
)
def test_what_cannot_be_drawn_is_refused(asked: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        render_stripes(**asked)
