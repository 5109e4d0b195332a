"""Our own matcher, and one as users write it, keep the contract that others are given; one that does not is seen."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from fpverify.errors import FailureToAcquire
from fpverify.matching import Matcher
from fpverify.testing import MatcherContract
from fpverify.testing.matcher_contract import print_of
from fpverify.vocabulary import Scan

SIZE_PX = 96  # of what `Pixels` compares


@pytest.mark.usefixtures("release_model")
class TestRelease(MatcherContract):
    def new_matcher(self) -> Any:
        return Matcher.load()


class Rounded:
    """A matcher whose templates are numbers: how far the ridges of a small print are apart, and which way they go."""

    def template(self, scan: Scan) -> Any:
        if np.ptp(scan.pixels) < 50:
            raise FailureToAcquire(f"{scan.source}: nothing to see")
        return cv2.resize(scan.pixels, (SIZE_PX, SIZE_PX)).astype(float)

    def score(self, probe: Any, reference: Any) -> float:
        return float(np.corrcoef(probe.ravel(), reference.ravel())[0, 1])


WRONG: dict[str, tuple[str, Any]] = {
    "guesses": (
        "test_mates_are_more_alike_than_others",
        lambda self, one, other: float(np.sin(one.sum() * other.sum())),
    ),
    "gives no number": ("test_a_score_is_a_finite_number", lambda self, one, other: float("nan")),
    "counts calls": (
        "test_comparing_changes_no_template",
        lambda self, one, other: float(vars(self).setdefault("calls", []).append(1) or len(self.calls)),
    ),
    "is lopsided": (
        "test_exchanging_the_two_gives_the_same",
        lambda self, one, other: float(one.sum() - 2 * other.sum()),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_matcher_that_is_none_is_seen(name: str) -> None:
    test, score = WRONG[name]
    matcher = type("Wrong", (Rounded,), {"score": score})()
    with pytest.raises(AssertionError):
        getattr(MatcherContract(), test)(matcher)


def test_one_that_writes_into_a_scan_is_seen() -> None:
    def template(self: Any, scan: Scan) -> Any:
        scan.pixels[:10] = 0
        return Rounded.template(self, scan)

    before = print_of(0, 1).pixels.copy()
    try:
        with pytest.raises((AssertionError, ValueError)):
            MatcherContract().test_making_a_template_changes_no_scan(
                type("Wrong", (Rounded,), {"template": template})()
            )
    finally:
        if print_of(0, 1).pixels.flags.writeable:
            print_of(0, 1).pixels[:] = before
