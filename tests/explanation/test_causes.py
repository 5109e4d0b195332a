"""What is said about a decision, on prints made so that one cause holds."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from made_up_prints import finger, moved_by
from made_up_sides import both, explained, laid, side

from fpverify.explanation.causes import FEW_MINUTIAE, LITTLE_COMMON_MM2, LOW_SHARE, WEAK_STRENGTH
from fpverify.explanation.explanation import Explanation
from fpverify.features.quality import LEAST_QUALITY


def causes(explanation: Explanation) -> list[str]:
    return [cause.name for cause in explanation.causes]


def test_a_match_is_explained_by_its_partners() -> None:
    one = finger(3)
    told = explained(side("probe", one), side("reference", moved_by(one, 0.2, 3, 4)), score=60.0)
    assert causes(told) == ["partners"]
    assert "40 of the 40 minutiae in the common area have a partner" in told.causes[0].sentence
    assert told.verdict == "match: score 60.0 ≥ threshold 30.0 (false match rate 0.1 %)"


def test_many_minutiae_in_common_with_few_partners_are_two_fingers() -> None:
    told = explained(*both(), found=laid(3, 0.8, 30))
    assert causes(told) == ["few-partners"]
    assert told.causes[0].sentence.startswith("3 of the 30 minutiae in the common area have a partner: two different")


def test_partners_between_mated_and_non_mated_are_not_called_two_fingers() -> None:
    told = explained(*both(), found=laid(13, 0.8, 30))
    assert causes(told) == ["few-partners"]
    assert "two different fingers mostly less" in told.causes[0].sentence


@pytest.mark.parametrize(("partners", "score"), [(3, 5.0), (13, 5.0), (30, 60.0), (12, 11.0)])
def test_what_different_fingers_show_is_told_as_usual_not_as_certain(partners: int, score: float) -> None:
    told = explained(*both(), score=score, found=laid(partners, 0.8, 30))
    for cause in told.causes:
        assert "different fingers" in cause.sentence
        assert re.search(r"different fingers (mostly|seldom)", cause.sentence)


ENOUGH_OF_30 = math.ceil(30 * LOW_SHARE)


@pytest.mark.parametrize(("partners", "few"), [(ENOUGH_OF_30 - 1, True), (ENOUGH_OF_30, False)])
def test_few_partners_are_less_than_the_stated_share(partners: int, few: bool) -> None:
    assert ("few-partners" in causes(explained(*both(), found=laid(partners, 0.8, 30)))) == few


def test_little_common_area_is_told_in_square_millimetres() -> None:
    corner = np.zeros((50, 50), bool)
    corner[:15, :15] = True
    probe, reference = both()
    told = explained(side("probe", probe.template, corner), reference, found=laid(6, 0.8, 6))
    assert causes(told) == ["little-overlap"]
    assert told.common_mm2 == pytest.approx(225 * (4 * 25.4 / 250) ** 2)
    assert told.common_mm2 < LITTLE_COMMON_MM2
    assert "only 37 mm² with 6 minutiae" in told.causes[0].sentence


def test_few_common_minutiae_on_a_large_area_are_little_overlap_too() -> None:
    assert causes(explained(*both(), found=laid(5, 0.8, 7))) == ["little-overlap"]


def test_little_overlap_does_not_prove_two_fingers() -> None:
    told = explained(*both(), found=laid(1, 0.8, 7))
    assert causes(told) == ["little-overlap", "few-partners"]
    assert told.causes[1].sentence == "1 of the 7 minutiae in the common area has a partner."


def test_partners_that_hardly_resemble_each_other_are_named_weak() -> None:
    told = explained(*both(), found=laid(25, WEAK_STRENGTH - 0.1, 30))
    assert causes(told) == ["weak-partners"]
    assert f"only by {WEAK_STRENGTH - 0.1:.2f} of 1" in told.causes[0].sentence


def test_without_consensus_the_prints_cannot_be_laid_on_each_other() -> None:
    told = explained(*both(3))
    assert causes(told)[0] == "no-consensus"
    assert "cannot be laid on each other" in told.causes[0].sentence
    assert told.common_mm2 is None


@pytest.mark.parametrize(("size", "few"), [(FEW_MINUTIAE - 1, True), (FEW_MINUTIAE, False)])
def test_a_print_of_few_minutiae_is_named(size: int, few: bool) -> None:
    told = explained(side("probe", finger(1)), side("reference", finger(2, size)), found=laid(3, 0.8, 30))
    named = [cause.sentence for cause in told.causes if cause.name == "few-minutiae"]
    assert len(named) == few
    assert all("the reference shows only 11 minutiae" in sentence for sentence in named)


@pytest.mark.parametrize("word", ["match", "non-match"])
def test_a_poor_print_is_named_with_its_quality(word: str) -> None:
    probe = side("probe", finger(1), quality=LEAST_QUALITY - 0.15)
    told = explained(probe, side("reference", finger(2)), 60.0 if word == "match" else 5.0, laid(20, 0.8, 30))
    assert told.decision.word == word
    assert causes(told)[-1] == "poor-quality"
    assert "the probe is poor: quality 0.30 of 1" in told.causes[-1].sentence


def test_a_score_below_the_threshold_without_other_cause_fell_just_short() -> None:
    told = explained(*both(), score=27.5, found=laid(20, 0.8, 30))
    assert causes(told) == ["just-short"]
    assert "2.5 short of the threshold" in told.causes[0].sentence


def test_every_sentence_is_one() -> None:
    corner = np.zeros((50, 50), bool)
    corner[0, 0] = True
    poor = both(8, foreground=corner, quality=0.2)
    for told in (explained(*poor), explained(*poor, score=50.0, found=laid(4, 0.1, 8, 8)), explained(*both())):
        for cause in told.causes:
            assert cause.sentence[0].isupper() or cause.sentence[0].isdigit()
            assert cause.sentence.endswith(".")
            assert "\n" not in cause.sentence
