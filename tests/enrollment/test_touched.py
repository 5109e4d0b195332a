"""Where a further touch of a finger would add most, and touches that are no finger's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from fpverify.enrollment.touched import ENOUGH_TO_AGREE, joined, next_touch
from fpverify.errors import EnrollmentError
from fpverify.vocabulary import Scan, Skin


def shown(rows: slice, columns: slice, *more: tuple[slice, slice]) -> Skin:
    """Skin of which so much is shown, at 250 ppi."""
    picture = np.zeros((200, 200), np.int8)
    for part in ((rows, columns), *more):
        picture[part] = 1
    nothing, none = np.zeros(0, np.float32), np.zeros((0, 4), np.int8)
    return Skin(nothing, nothing, nothing, none, none, picture, touches=3)


def test_a_low_piece_wants_width_and_a_narrow_one_height() -> None:
    wide = next_touch(shown(slice(20, 80), slice(20, 150)))
    tall = next_touch(shown(slice(20, 150), slice(20, 80)))
    assert wide in {"higher", "lower"}
    assert tall in {"left", "right"}


def test_the_finger_goes_so_that_the_side_that_ends_first_is_shown() -> None:
    little_on_the_left = shown(slice(20, 150), slice(20, 60), (slice(80, 90), slice(60, 110)))
    assert next_touch(little_on_the_left) == "right"
    little_above = shown(slice(20, 60), slice(20, 150), (slice(60, 110), slice(80, 90)))
    assert next_touch(little_above) == "lower"


def test_enough_skin_and_none_want_nothing() -> None:
    assert next_touch(shown(slice(20, 140), slice(20, 140))) is None
    assert next_touch(shown(slice(0, 0), slice(0, 0))) is None


class FakeTouches:
    def __init__(self, groups: tuple[int, ...]) -> None:
        self.groups = groups

    def joined(self, touches: list[object], *, only_joined: bool) -> tuple[str, FakeTouches]:
        return f"{'joined' if only_joined else 'all'} of {len(touches)}", self


@dataclass
class FakeTouch:
    area_mm2: float


class FakeMatcher:
    def __init__(self, *groups: int) -> None:
        self.touches = FakeTouches(groups)

    def acquire(self, scan: Scan) -> FakeTouch:
        return FakeTouch(scan.pixels.size / 100)


def scans(count: int, side: int = 60) -> list[Scan]:
    return [Scan(np.full((side, side), k, np.uint8), 500.0, f"touch {k}") for k in range(count)]


def test_touches_of_which_no_two_agree_are_refused_unless_that_is_meant() -> None:
    apart = FakeMatcher(*[1] * ENOUGH_TO_AGREE)
    with pytest.raises(EnrollmentError, match=r"touch 0 and 3 others: no two of these touches show the same skin"):
        joined(apart, scans(ENOUGH_TO_AGREE), checked=True)  # type: ignore[arg-type]
    assert joined(apart, scans(ENOUGH_TO_AGREE), checked=False).template == "all of 4"  # type: ignore[arg-type]
    assert joined(apart, scans(ENOUGH_TO_AGREE - 1), checked=True).given == 3  # type: ignore[arg-type]
    found = joined(FakeMatcher(2, 1, 1), scans(4), checked=True)  # type: ignore[arg-type]
    assert (found.groups, found.template) == ((2, 1, 1), "joined of 4")


def test_touches_that_look_like_two_fingers_are_refused_where_touches_are_large_enough_to_tell() -> None:
    two = FakeMatcher(5, 3, 1)
    with pytest.raises(EnrollmentError, match=r"5 of these touches agree with each other, and 3 others"):
        joined(two, scans(9), checked=True)  # type: ignore[arg-type]
    assert joined(two, scans(9, side=40), checked=True).template == "all of 9"  # type: ignore[arg-type]
    assert joined(two, scans(9), checked=False).template == "all of 9"  # type: ignore[arg-type]
    assert joined(FakeMatcher(5, 2, 1), scans(8), checked=True).groups == (5, 2, 1)  # type: ignore[arg-type]
