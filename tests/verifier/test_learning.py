"""What a verifier learns from matches, and what it does not; with a model whose template is the mean grey of a scan."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from greys import GreyExtractor, audit, grey, grey_matcher

from fpverify.comparison import fuse
from fpverify.errors import StoreReadOnly
from fpverify.evaluation.sets.enrolled import enrolled_plan
from fpverify.matching import Matcher, Matchers
from fpverify.store import Store
from fpverify.store.inspection import inspect
from fpverify.verifier import Verifier
from fpverify.vocabulary import Reference

INDEX, THUMB = "right-index", "left-thumb"


@pytest.fixture
def verifier(tmp_path: Path) -> Iterator[Verifier]:
    """A is enrolled with black; a score is 40 at a grey of 37, 30 at 46 and 20 at 53."""
    with Verifier(Store.open(tmp_path / "db"), grey_matcher(zero=0.7), 0.001, learns=True) as opened:
        opened.enroll(grey(0), "A", INDEX)
        yield opened


def learnt(verifier: Verifier, subject: str = "A") -> list[Reference]:
    return [one for one in verifier.references(subject) if one.learnt]


def score_of(verifier: Verifier, level: int) -> float:
    one, other = (verifier.matcher.template(grey(each)) for each in (level, 0))
    return verifier.matcher.score(one, other).value


def test_nothing_is_learnt_unless_it_is_wanted(verifier: Verifier) -> None:
    assert not Verifier(verifier.store, verifier.matcher, 0.001).learns
    assert verifier.verify(grey(10), "A", learn=False).match
    assert learnt(verifier) == []
    assert [one.action for one in audit(verifier)][-1] == "verify"


def test_a_strong_match_is_learnt_and_told(verifier: Verifier) -> None:
    decision = verifier.verify(grey(30), "A")
    (kept,) = learnt(verifier)
    assert [(one.finger, one.impression) for one in decision.learnt] == [(INDEX, 2)]
    assert (kept.impression, kept.finger) == (2, INDEX)
    assert [one.action for one in audit(verifier)][-2:] == ["verify", "learn"]
    assert inspect(verifier.store).findings == ()


def test_a_match_is_learnt_if_and_only_if_it_is_ten_times_surer_than_the_threshold(verifier: Verifier) -> None:
    for level in range(60, 0, -3):
        score = score_of(verifier, level)
        decision = verifier.verify(grey(level), "A")
        assert bool(decision.learnt) == (score >= 40.0), score
        verifier.store.forget("A")


def test_what_was_learnt_vouches_for_nothing(verifier: Verifier) -> None:
    step = next(level for level in range(60, 0, -1) if score_of(verifier, level) >= 40)
    assert verifier.verify(grey(step), "A").learnt
    for level in range(step + 1, 2 * step):  # all are near what was learnt
        assert verifier.verify(grey(level), "A").learnt == ()
    assert len(learnt(verifier)) == 1


def test_a_match_that_the_finger_knows_already_is_not_learnt(verifier: Verifier) -> None:
    verifier.fmr = 0.01
    strong = next(level for level in range(60) if score_of(verifier, level) < 50)
    assert verifier.verify(grey(strong - 1), "A").learnt == ()  # 30 above the threshold
    assert verifier.verify(grey(strong + 1), "A").learnt
    assert verifier.verify(grey(strong + 1), "A").learnt == ()  # by what was learnt of it


def test_a_poor_print_is_not_learnt(verifier: Verifier) -> None:
    assert verifier.verify(grey(20, "0.1"), "A").match
    assert learnt(verifier) == []


def test_a_score_beyond_the_evidence_counts_as_far_as_the_evidence_goes(tmp_path: Path) -> None:
    for evidence, expected in ((0.95, 1), (0.8, 0)):
        matcher = grey_matcher()
        matcher.bundle.card.calibration["evidence_raw"] = evidence  # type: ignore[index]
        with Verifier(Store.open(tmp_path / f"{evidence}"), matcher, 0.0001, learns=True) as opened:
            opened.enroll(grey(0), "A", INDEX)
            decision = opened.verify(grey(3), "A")
            assert decision.match
            assert decision.score.extrapolated
            assert len(decision.learnt) == expected


def test_of_several_scans_each_has_to_be_strong(verifier: Verifier) -> None:
    verifier.enroll(grey(200), "A", THUMB, unchecked=True)
    weak = next(level for level in range(20, 60) if 30 <= score_of(verifier, level) < 40)
    decision = verifier.verify([grey(weak, "weak"), grey(190, "strong")], "A", [INDEX, THUMB])
    assert decision.match
    assert decision.learnt == ()
    decision = verifier.verify([grey(25, "one"), grey(190, "other")], "A", [INDEX, THUMB])
    assert [one.finger for one in decision.learnt] == [INDEX, THUMB]


def test_a_proof_counts_what_was_enrolled_alone_and_teaches_nothing(verifier: Verifier) -> None:
    assert verifier.verify(grey(35), "A").learnt
    near = next(level for level in range(36, 80) if score_of(verifier, level) < 25)
    assert verifier.verify(grey(near), "A").match  # by what was learnt
    assert not verifier.verify(grey(near), "A", as_enrolled=True).match
    assert verifier.verify(grey(36), "A", as_enrolled=True, learn=True).learnt == ()


def test_an_enrollment_has_to_agree_with_what_was_enrolled(verifier: Verifier) -> None:
    from fpverify.errors import EnrollmentError

    assert verifier.verify(grey(35), "A").learnt
    far = next(level for level in range(36, 120) if score_of(verifier, level) < 15)
    with pytest.raises(EnrollmentError, match="does not agree"):
        verifier.enroll(grey(far), "A", INDEX)


def test_what_was_learnt_costs_what_was_enrolled_no_more_than_one_reference(verifier: Verifier) -> None:
    alone = verifier.verify(grey(10), "A", learn=False).score.value
    for level in (20, 25, 30, 33, 35):
        assert verifier.verify(grey(level), "A").learnt
    assert len(learnt(verifier)) == 5
    verifier.store.delete("A")
    verifier.enroll(grey(0), "A", INDEX)
    for level in (200, 210, 220, 230, 240):  # nothing that is like the probe, so that the enrolled one decides
        known = verifier.references("A")[:1]
        verifier.store.learn("A", INDEX, verifier.matcher.template(grey(level)), like=known, score=40)
    assert 2.9 < alone - verifier.verify(grey(10), "A", learn=False).score.value < 3.02


def test_the_best_of_what_was_learnt_is_corrected_for_how_many_there_are(verifier: Verifier) -> None:
    for level in (60, 90, 100):
        known = verifier.references("A")[:1]
        verifier.store.learn("A", INDEX, verifier.matcher.template(grey(level)), like=known, score=40)
    probe = verifier.matcher.template(grey(61))
    each = [verifier.matcher.score(probe, one.template) for one in verifier.references("A")]
    expected = fuse([each[0], fuse(each[1:])])
    assert verifier.verify(grey(61), "A", learn=False).score.value == pytest.approx(expected.value)
    assert expected.value == pytest.approx(each[1].value - 10 * math.log10(2 * 3), abs=0.1)


def test_what_was_learnt_of_a_model_that_is_gone_decides_nothing_alone(verifier: Verifier) -> None:
    assert verifier.verify(grey(30), "A").learnt
    references = verifier.references("A")
    assert len(Matchers(verifier.matcher).comparable(references)) == 2
    assert Matchers(verifier.matcher).comparable([one for one in references if one.learnt]) == []


def test_a_finger_of_another_model_learns_nothing(verifier: Verifier) -> None:
    former = verifier.matcher
    verifier.matcher = grey_matcher("grey-2", zero=0.7)
    verifier.matchers = Matchers(verifier.matcher)
    verifier.matchers._loaded[former.model_id] = former
    assert verifier.verify(grey(10), "A").match
    assert learnt(verifier) == []


def test_a_store_that_cannot_be_written_makes_no_match_an_error(
    verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise StoreReadOnly("it can only be read")

    monkeypatch.setattr(Store, "learn", refused)
    decision = verifier.verify(grey(30), "A")
    assert decision.match
    assert decision.learnt == ()


def test_what_was_learnt_can_be_deleted_by_itself(verifier: Verifier) -> None:
    verifier.verify(grey(30), "A")
    assert verifier.delete("A", learnt=True) == 1
    assert [one.learnt for one in verifier.references("A")] == [False]


def test_an_evaluation_leaves_out_what_was_learnt(verifier: Verifier) -> None:
    verifier.enroll(grey(5), "A", INDEX)
    verifier.enroll(grey(200), "B", INDEX)
    verifier.enroll(grey(205), "B", INDEX)
    verifier.verify(grey(30), "A")
    plan, templates = enrolled_plan(verifier.store, verifier.matcher.model_id)
    assert len(templates) == len(plan.scans) == 4
    assert plan.notes == ("left out, as they were learnt from matches: 1",)


def test_scans_are_kept_of_what_was_learnt_where_they_are_kept(verifier: Verifier) -> None:
    verifier.keeps_scans = True
    verifier.verify(grey(30), "A")
    assert verifier.store.scan("A", INDEX, 2) is not None


def test_the_extractor_is_asked_no_more_often_for_learning(verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    extract = GreyExtractor.extract
    monkeypatch.setattr(GreyExtractor, "extract", lambda self, scan: asked.append(scan) or extract(self, scan))
    assert isinstance(verifier.matcher, Matcher)
    verifier.verify(grey(30), "A")
    assert len(asked) == 1
