"""What every matcher keeps to that `evaluate(matcher=)` is given, as a class of tests for pytest.

    class TestMyMatcher(MatcherContract):
        def new_matcher(self) -> OwnMatcher:
            return MyMatcher()

A matcher has `template(scan)`, which raises a `ScanError` where it finds no print, and `score(probe, reference)`,
higher for more alike. The prints are synthetic, of fingers that no model of fpverify learnt from.
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from fpverify.errors import ScanError
from fpverify.vocabulary import Scan

if TYPE_CHECKING:
    from fpverify.evaluation.own_matchers import OwnMatcher

FINGERS = 4
SEED = 20261  # of the fingers: from one that no training and no calibration draws from
ABOVE = 0.9  # of all pairs of a mated and a non-mated score: guessing has 0.5


class MatcherContract:
    """Subclass it in a test module and give `new_matcher`.

    Attributes:
        symmetric: exchanging probe and reference gives the same score.
    """

    symmetric: bool = True

    def new_matcher(self) -> OwnMatcher:
        """The matcher."""
        raise NotImplementedError

    @pytest.fixture
    def matcher(self) -> OwnMatcher:
        """A matcher for one test."""
        return self.new_matcher()

    def test_a_score_is_a_finite_number(self, matcher: OwnMatcher) -> None:
        first, second = (matcher.template(print_of(one, 1)) for one in range(2))
        assert math.isfinite(number(matcher.score(first, second)))

    def test_the_same_scans_have_the_same_score(self, matcher: OwnMatcher) -> None:
        def scored() -> float:
            return number(matcher.score(matcher.template(print_of(0, 1)), matcher.template(print_of(0, 2))))

        assert scored() == scored()

    def test_comparing_changes_no_template(self, matcher: OwnMatcher) -> None:
        probe, mate, other = (matcher.template(print_of(*which)) for which in ((0, 1), (0, 2), (1, 1)))
        before = number(matcher.score(probe, mate))
        matcher.score(probe, other)
        matcher.score(other, mate)
        assert number(matcher.score(probe, mate)) == before

    def test_making_a_template_changes_no_scan(self, matcher: OwnMatcher) -> None:
        scan = print_of(0, 1)
        before = scan.pixels.copy()
        matcher.template(scan)
        assert np.array_equal(scan.pixels, before)

    def test_mates_are_more_alike_than_others(self, matcher: OwnMatcher) -> None:
        probes, references = ([matcher.template(print_of(one, k)) for one in range(FINGERS)] for k in (1, 2))
        scores = [[number(matcher.score(one, other)) for other in references] for one in probes]
        mated = [scores[k][k] for k in range(FINGERS)]
        others = [scores[k][j] for k in range(FINGERS) for j in range(FINGERS) if k != j]
        above = [(one > other) + 0.5 * (one == other) for one in mated for other in others]
        assert sum(above) / len(above) >= ABOVE

    def test_exchanging_the_two_gives_the_same(self, matcher: OwnMatcher) -> None:
        if not self.symmetric:
            pytest.skip("probe and reference differ")
        one, other = matcher.template(print_of(0, 1)), matcher.template(print_of(0, 2))
        assert number(matcher.score(one, other)) == pytest.approx(number(matcher.score(other, one)))

    def test_a_picture_without_a_print_is_refused_or_like_nobody(self, matcher: OwnMatcher) -> None:
        try:
            blank = matcher.template(Scan(np.full((300, 300), 255, np.uint8), 500.0, source="blank"))
        except ScanError:  # what any other error is: a defect
            return
        mated = number(matcher.score(matcher.template(print_of(0, 1)), matcher.template(print_of(0, 2))))
        assert number(matcher.score(blank, matcher.template(print_of(0, 2)))) < mated

    def test_it_can_be_evaluated(self, matcher: OwnMatcher, tmp_path: Path) -> None:
        from fpverify.evaluation.own_matchers import compared_by
        from fpverify.evaluation.rates.error_rates import equal_error_rate
        from fpverify.evaluation.sets.protocol import make_plans
        from fpverify.scans import write_scan

        for finger in range(FINGERS):
            for k in (1, 2):
                write_scan(print_of(finger, k), tmp_path / f"{finger + 1}_{k}.bmp")
        (plan,) = make_plans([tmp_path], "dense")
        found = compared_by(matcher, plan)
        assert equal_error_rate(found.mated_scores, found.non_mated_scores) <= 1 - ABOVE
        assert len(found.scans) == 2 * FINGERS


def number(score: Any) -> float:
    """A score, which is a number or has one as `value`."""
    return float(getattr(score, "value", score))


@cache
def print_of(finger: int, impression: int) -> Scan:
    """A synthetic print at 500 ppi."""
    from fpverify.synthesis.dataset import labelled_scan, master

    return labelled_scan(master(SEED, finger + 1), SEED, finger + 1, impression).scan
