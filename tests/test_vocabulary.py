"""The nouns that cross rooms."""

from __future__ import annotations

import pytest

from fpverify.vocabulary import Candidate, Decision, Identification, Interval, OperatingPoint, Score

UNKNOWN = Interval(0.0, 1.0)
POINT = OperatingPoint(0.001, 30.0, 0.001, 0.0, UNKNOWN, UNKNOWN, 0.0, 1, 1, "made up", "made-up-1")


@pytest.mark.parametrize(("value", "match"), [(29.9, False), (30.0, True)])
def test_what_answers_yes_or_no_is_true_if_and_only_if_it_is_a_match(value: float, match: bool) -> None:
    candidate = Candidate("A", "unknown", Score(value), match)
    found = Identification((candidate,), 0.01, 30.0, 1, extrapolated=False)
    assert [bool(one) for one in (Decision(Score(value), POINT), candidate, found)] == [match] * 3


def test_a_score_alone_is_no_answer() -> None:
    with pytest.raises(TypeError, match="no decision"):
        bool(Score(80.0))
