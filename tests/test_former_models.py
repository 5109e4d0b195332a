"""Upgrade without enrolling again: references of former models beside those of the present one.

The former release is `edges-1`; the present one is the same network under another id and with another calibration, so
that a reference which the wrong one has scored shows.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fpverify.comparison import Calibration, LikelihoodRatio, fuse, joint_threshold
from fpverify.enrollment import read_rows
from fpverify.errors import (
    CorruptModel,
    DuplicateFinger,
    EnrollmentError,
    FailureToAcquire,
    ModelError,
    ModelMismatch,
    TooFewComparisons,
)
from fpverify.executors import Workforce
from fpverify.matching import Matcher
from fpverify.matching.sensor_calibration import SensorCalibration
from fpverify.models import load_bundle, rewrite_card
from fpverify.scans import read_scan
from fpverify.search.register import joint_error
from fpverify.store import Store
from fpverify.verifier import Verifier
from fpverify.vocabulary import Scan

RATES = (0.01, 0.001, 0.0001)
STRICTER = Calibration((0.5, 1.0), (0.0, 50.0), 100.0, 100.0, 0.95, 1000)  # scores are 100 raw - 50


@pytest.fixture
def models(tmp_path: Path, edges_model: Path) -> Path:
    """The folder of former bundles, with edges-1."""
    shutil.copytree(edges_model, tmp_path / "models" / "edges-1")
    return tmp_path / "models"


@pytest.fixture
def release(tmp_path: Path, make_edges_model: Callable[[Path, str], Path]) -> Path:
    """The present release, edges-2: other scores, and thresholds that are higher by one."""
    made = load_bundle(make_edges_model(tmp_path / "release", "edges-2"))
    points = tuple(replace(one, threshold=one.threshold + 1) for one in made.card.operating_points)
    rewrite_card(replace(made, card=replace(made.card, calibration=STRICTER.to_dict(), operating_points=points)))
    return made.folder


@pytest.fixture
def scans(stripes: Path) -> dict[str, Scan]:
    return {path.stem: read_scan(path) for path in sorted(stripes.glob("*.bmp"))}


@pytest.fixture
def before(tmp_path: Path, edges_model: Path, scans: dict[str, Scan]) -> Iterator[Verifier]:
    """The former release: A with two fingers and B with one, of which A_00 to A_02 and B_00 are impressions."""
    with Verifier.open(tmp_path / "db", model=edges_model, key="none") as verifier:
        for scan, subject, finger in (
            ("A_00", "A", "right-index"),
            ("A_01", "A", "right-index"),
            ("B_00", "A", "left-index"),
            ("A_02", "C", "right-index"),
        ):
            verifier.enroll(scans[scan], subject, finger, unchecked=True)
        yield verifier


@pytest.fixture
def after(tmp_path: Path, release: Path, models: Path, before: Verifier) -> Iterator[Verifier]:
    """The present release on the same store."""
    with Verifier.open(tmp_path / "db", model=release, models=models, key="none") as verifier:
        yield verifier


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many templates each model has made."""
    counted: Counter[str] = Counter()
    template = Matcher.template

    def counting(matcher: Matcher, scan: Scan) -> Any:
        counted[matcher.model_id] += 1
        return template(matcher, scan)

    monkeypatch.setattr(Matcher, "template", counting)
    return counted


# --- verification ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fmr", RATES)
def test_every_decision_is_as_it_was_before_the_upgrade(
    before: Verifier, after: Verifier, scans: dict[str, Scan], fmr: float
) -> None:
    words = Counter[str]()
    for subject, finger in (("A", None), ("A", "right-index"), ("A", "left-index"), ("C", None)):
        for scan in scans.values():
            decision = after.verify(scan, subject, finger, fmr=fmr)
            assert decision == before.verify(scan, subject, finger, fmr=fmr)
            assert decision.operating_point.model_id == "edges-1"
            words[decision.word] += 1
    assert set(words) == {"match", "non-match"}


@pytest.mark.parametrize("names", [None, ("right-index", "left-index"), "right-index"])
def test_so_is_every_decision_about_several_scans(
    before: Verifier, after: Verifier, scans: dict[str, Scan], names: Any
) -> None:
    for first, second in (("A_03", "B_03"), ("B_01", "A_02"), ("A_02", "A_03"), ("B_02", "B_03")):
        pair = [scans[first], scans[second]]
        assert after.verify(pair, "A", names) == before.verify(pair, "A", names)


def test_the_present_model_is_not_asked_about_what_it_did_not_make(
    after: Verifier, scans: dict[str, Scan], made: Counter[str]
) -> None:
    after.verify(scans["A_03"], "A")
    after.identify(scans["A_03"])
    assert made == {"edges-1": 2}
    after.verify([scans["A_03"], scans["B_03"]], "A")
    assert made == {"edges-1": 4}


def test_where_the_present_model_made_everything_no_other_is_loaded(
    tmp_path: Path, release: Path, scans: dict[str, Scan], made: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fpverify.matching.matchers.installed_bundle", None)
    with Verifier.open(tmp_path / "new", model=release, key="none") as verifier:
        verifier.enroll(scans["A_00"], "A")
        assert verifier.verify(scans["A_01"], "A").match
        assert verifier.identify(scans["A_01"]).searched == 1
    assert made == {"edges-2": 3}


def test_new_impressions_are_the_present_models_and_each_is_scored_by_its_own(
    *, before: Verifier, after: Verifier, scans: dict[str, Scan], tmp_path: Path, release: Path, made: Counter[str]
) -> None:
    assert after.enroll(scans["A_03"], "A", "right-index", unchecked=True).model_id == "edges-2"
    made.clear()
    decision = after.verify(scans["A_02"], "A", "right-index")
    assert made == {"edges-1": 1, "edges-2": 1}
    with Verifier.open(tmp_path / "new", model=release, key="none") as alone:
        alone.enroll(scans["A_03"], "A")
        new = alone.verify(scans["A_02"], "A").score
    old = [
        before.matcher.score(before.matcher.template(scans["A_02"]), one.template)
        for one in before.references("A", "right-index")
        if one.model_id == "edges-1"
    ]
    assert decision.score == fuse([*old, new])
    assert new.value != pytest.approx(max(one.value for one in old))


def test_a_decision_of_two_models_keeps_to_the_stricter_threshold(after: Verifier, scans: dict[str, Scan]) -> None:
    after.enroll(scans["A_03"], "A", "right-index", unchecked=True)
    assert after.verify(scans["A_00"], "A").operating_point.threshold == 31
    assert after.verify(scans["A_00"], "A").operating_point.model_id == "edges-2"
    assert after.verify(scans["A_00"], "C").operating_point.threshold == 30


def test_two_fingers_are_judged_each_by_the_model_that_enrolled_it(
    before: Verifier, after: Verifier, scans: dict[str, Scan]
) -> None:
    after.store.delete("A", "left-index")
    after.enroll(scans["B_01"], "A", "left-index", unchecked=True)
    decision = after.verify([scans["A_03"], scans["B_03"]], "A", ["right-index", "left-index"])
    assert decision.match
    old = before.verify(scans["A_03"], "A", "right-index").score
    assert decision.probes[0].score == old
    assert decision.probes[1].score == after.verify(scans["B_03"], "A", "left-index").score
    assert decision.score.value > max(one.score.value for one in decision.probes)
    swapped = after.verify([scans["B_03"], scans["A_03"]], "A", ["right-index", "left-index"])
    assert not swapped.match


def test_a_calibration_of_ones_own_goes_on_deciding_about_the_model_it_was_made_for(
    *, tmp_path: Path, edges_model: Path, release: Path, models: Path, before: Verifier, scans: dict[str, Scan]
) -> None:
    own = tmp_path / "calibrations" / "door.yaml"
    own.parent.mkdir()
    card = load_bundle(edges_model).card
    likelihood = LikelihoodRatio((0.0, 60.0), (-2.0, 4.0), 100, 100)
    SensorCalibration("edges-1", STRICTER, likelihood, card.operating_points, "made-up", "", "2026-01-01").write(own)
    opened = partial(Verifier.open, tmp_path / "db", models=models, key="none", fmr=0.01)
    with opened(model=edges_model, calibration=own) as calibrated:
        wanted = [calibrated.verify(scan, "A") for scan in scans.values()]
    with opened(model=release, calibration=own.parent) as after:
        assert [after.verify(scan, "A") for scan in scans.values()] == wanted
    assert wanted != [before.verify(scan, "A", fmr=0.01) for scan in scans.values()]
    with pytest.raises(ModelMismatch, match="made for the model 'edges-1'"):
        opened(model=release, calibration=own)


# --- a model that cannot be had -------------------------------------------------------------------------------------


def test_a_model_that_is_not_installed_is_one_line_that_says_what_to_do(
    after: Verifier, models: Path, scans: dict[str, Scan], tmp_path: Path, release: Path
) -> None:
    shutil.rmtree(models / "edges-1")
    with Verifier.open(tmp_path / "db", model=release, models=models, key="none") as verifier:
        with pytest.raises(
            ModelMismatch, match=r"'A' was enrolled .* edges-1 is not installed \(installed: .*migrate"
        ) as raised:
            verifier.verify(scans["A_00"], "A")
        assert str(models) in str(raised.value)
        assert "\n" not in str(raised.value)
        with pytest.raises(ModelMismatch, match=r"nothing .* can be searched: edges-1, which made it"):
            verifier.identify(scans["A_00"])
        verifier.enroll(scans["A_00"], "A", "right-index")  # who has come back is known again
        found = verifier.identify(scans["A_00"])
        assert ([one.subject for one in found.candidates], found.searched) == (["A"], 1)
        assert found.note == "without 4 impressions of edges-1, which is not installed"
        assert verifier.verify(scans["A_01"], "A", "right-index").match
        with pytest.raises(ModelMismatch):
            verifier.verify(scans["B_01"], "A", "left-index")


def test_it_is_found_as_soon_as_it_is_installed(
    after: Verifier, models: Path, edges_model: Path, scans: dict[str, Scan]
) -> None:
    shutil.rmtree(models / "edges-1")
    with pytest.raises(ModelMismatch):
        after.verify(scans["A_00"], "A")
    shutil.copytree(edges_model, models / "kept from last year")
    assert after.verify(scans["A_00"], "A").match
    assert after.identify(scans["A_00"]).note is None


@pytest.mark.parametrize("act", ["verify", "identify", "enroll"])
def test_a_damaged_one_decides_nothing(after: Verifier, models: Path, scans: dict[str, Scan], act: str) -> None:
    (models / "edges-1" / "whole_print.tflite").write_bytes(b"another network")
    acts: dict[str, Callable[[], object]] = {
        "verify": lambda: after.verify(scans["A_00"], "A"),
        "identify": lambda: after.identify(scans["A_00"]),
        "enroll": lambda: after.enroll(scans["B_00"], "B"),
    }
    with pytest.raises(CorruptModel, match=r"whole_print\.tflite: does not fit the hash"):
        acts[act]()


def test_a_rate_beyond_a_former_models_evidence_is_refused(after: Verifier, scans: dict[str, Scan]) -> None:
    with pytest.raises(ModelError, match=r"model edges-1 has evidence from 0\.0001"):
        after.verify(scans["A_00"], "A", fmr=1e-5)


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The former model finds no print in A_03 and B_03."""
    template = Matcher.template

    def seeing(matcher: Matcher, scan: Scan) -> Any:
        if matcher.model_id == "edges-1" and scan.source.endswith("_03.bmp"):
            raise FailureToAcquire(f"{scan.source}: nothing seen by {matcher.model_id}")
        return template(matcher, scan)

    monkeypatch.setattr(Matcher, "template", seeing)


@pytest.mark.usefixtures("blind")
def test_a_print_that_a_former_model_cannot_see_is_judged_by_the_others(
    after: Verifier, scans: dict[str, Scan]
) -> None:
    with pytest.raises(FailureToAcquire, match="seen by edges-1"):
        after.verify(scans["A_03"], "A")
    with pytest.raises(FailureToAcquire, match="seen by edges-1"):
        after.identify(scans["A_03"])
    assert after.enroll(scans["A_03"], "A", "right-index").model_id == "edges-2"
    assert after.verify(scans["A_03"], "A").match
    own = after.matcher.template(scans["A_03"])
    assert after.verify(scans["A_03"], "A").score == after.matcher.score(own, own)
    found = after.identify(scans["A_03"])
    assert (found.searched, found.matches[0].subject) == (1, "A")
    assert found.note is not None
    assert found.note.startswith("without 4 impressions of edges-1, which says: ")
    pair = [scans["A_03"], scans["B_03"]]
    assert after.identify(pair).searched == 1
    with pytest.raises(FailureToAcquire, match="seen by edges-1"):  # which alone knows the left one
        after.verify(pair, "A", ["right-index", "left-index"])


@pytest.mark.usefixtures("blind")
def test_a_list_takes_a_print_that_a_former_model_cannot_see(after: Verifier, stripes: Path, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(f"id,finger,file\nN,unknown,{stripes}/A_03.bmp\nM,unknown,{stripes}/A_02.bmp\n")
    outcomes = list(after.enroll_many(read_rows(tmp_path / "list.csv"), workforce=one_by_one()))
    assert [one.outcome for one in outcomes] == ["enrolled", "duplicate"]


# --- identification and duplicates ----------------------------------------------------------------------------------


def test_identification_looks_through_what_every_model_made(
    before: Verifier, after: Verifier, scans: dict[str, Scan]
) -> None:
    after.enroll(scans["B_02"], "N", unchecked=True)
    for scan in scans.values():
        found = after.identify(scan, fpir=0.1)
        former, present = before.matcher, after.matcher
        wanted = {
            (one.subject, one.finger): matcher.score(matcher.template(scan), one.template).value
            for matcher in (former, present)
            for one in sorted(
                (each for each in after.store.records() if each.model_id == matcher.model_id),
                key=lambda one, by=matcher: by.score(by.template(scan), one.template).value,
            )
        }
        assert {(one.subject, one.finger): one.score.value for one in found.candidates} == wanted
        assert [one.score.value for one in found.candidates] == sorted(wanted.values(), reverse=True)
        assert (found.searched, found.threshold) == (5, joint_threshold(0.1, 5))


def test_a_finger_that_two_models_know_is_one_candidate(after: Verifier, scans: dict[str, Scan]) -> None:
    after.enroll(scans["A_03"], "C", "right-index", unchecked=True)
    fingers = [(one.subject, one.finger) for one in after.identify(scans["A_03"], top=9).candidates]
    assert sorted(fingers) == [("A", "left-index"), ("A", "right-index"), ("C", "right-index")]


def test_several_scans_are_searched_for_among_what_every_model_made(
    before: Verifier, after: Verifier, scans: dict[str, Scan]
) -> None:
    pair = [scans["A_03"], scans["B_03"]]
    assert after.identify(pair, fpir=0.1) == before.identify(pair, fpir=0.1)
    after.store.delete("A", "left-index")
    after.enroll(scans["B_01"], "A", "left-index", unchecked=True)
    found = after.identify(pair, fpir=0.1)
    assert found.candidates[0].subject == "A"
    assert {one.finger for one in found.candidates[0].probes} == {"right-index", "left-index"}
    assert found.candidates[0].score == after.verify(pair, "A").score


def test_a_search_by_several_models_is_only_as_good_as_the_index_of_each() -> None:
    assert joint_error([]) is None  # all were compared in full
    assert joint_error([0.01, 0.03]) == 0.03
    assert joint_error([0.0]) == 0.0
    assert joint_error([0.01, None]) is None


@pytest.mark.parametrize("how", ["enroll", "list", "rehearsal"])
def test_duplicates_and_swapped_fingers_are_found_across_models(
    after: Verifier, scans: dict[str, Scan], stripes: Path, tmp_path: Path, how: str
) -> None:
    after.store.delete("A", "left-index")
    after.store.delete("C")
    if how == "enroll":
        with pytest.raises(DuplicateFinger, match="'A', right-index"):
            after.enroll(scans["A_03"], "X")
        with pytest.raises(EnrollmentError, match="does not agree with what is enrolled of 'A', right-index"):
            after.enroll(scans["B_03"], "A", "right-index")
        assert after.enroll(scans["A_03"], "A", "right-index").model_id == "edges-2"
        assert after.enroll(scans["B_03"], "B").model_id == "edges-2"
        return
    (tmp_path / "list.csv").write_text(
        "id,finger,file\n"
        + "".join(f"{row}.bmp\n" for row in (f"X,unknown,{stripes}/A_03", f"A,right-index,{stripes}/B_03"))
        + "".join(f"{row}.bmp\n" for row in (f"A,right-index,{stripes}/A_03", f"B,unknown,{stripes}/B_03"))
    )
    outcomes = list(
        after.enroll_many(read_rows(tmp_path / "list.csv"), workforce=one_by_one(), rehearsal=how == "rehearsal")
    )
    assert [one.outcome for one in outcomes] == ["duplicate", "disagreement", "enrolled", "enrolled"]
    assert (outcomes[0].other_subject, outcomes[0].other_finger) == ("A", "right-index")
    assert Counter(one.model_id for one in after.store.records()) == Counter(
        {"edges-1": 2, "edges-2": 2 * (how == "list")}
    )


def one_by_one() -> Workforce:
    from concurrent.futures import ThreadPoolExecutor

    return Workforce(ThreadPoolExecutor(1), 1)


def test_duplicates_among_what_is_enrolled_are_looked_for_by_each_model(
    after: Verifier, scans: dict[str, Scan]
) -> None:
    for subject in ("M", "N"):
        after.enroll(scans["B_02"], subject, unchecked=True)
    found = list(after.duplicates(workforce=one_by_one()))
    assert len(found) == 6
    pairs = {one.fingers for _, each in found for one in each}
    assert pairs == {
        (("A", "right-index"), ("C", "right-index")),
        (("M", "unknown"), ("N", "unknown")),
    }


def test_the_present_model_evaluates_what_it_has_made_and_says_what_is_left_out(
    after: Verifier, scans: dict[str, Scan], tmp_path: Path, models: Path
) -> None:
    with pytest.raises(ModelMismatch, match=r"with the model edges-1, this is edges-2; evaluate with --model edges-1"):
        after.evaluate()
    after.enroll(scans["A_03"], "D", unchecked=True)
    with pytest.raises(TooFewComparisons):
        after.evaluate()
    for scan, subject in (("A_02", "D"), ("B_03", "E")):
        after.enroll(scans[scan], subject, unchecked=True)
    measured = after.evaluate()
    assert len(measured.scans) == 3
    assert measured.notes == ("left out, as another model made them: 4 of edges-1",)
    with Verifier.open(tmp_path / "db", model="edges-1", models=models, key="none") as former:
        assert len(former.evaluate().scans) == 4


def test_an_engine_gives_up_what_a_former_model_has_no_more(after: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    followed: list[str] = []
    monkeypatch.setattr(after, "_index", "milvus://localhost:19530/none")
    current = type(after.registers).current

    def noting(registers: Any, store: Store, matcher: Matcher, **former: bool) -> Any:
        followed.append(f"{matcher.model_id} {store.count()}")
        return current(registers, store, matcher, **former)

    monkeypatch.setattr(type(after.registers), "current", noting)
    after.registers._wanted = "exact"
    assert after.delete("A") == 3
    assert after.delete("C") == 1
    assert followed == ["edges-1 4", "edges-1 1", "edges-1 1", "edges-1 0"]


def test_registers_keep_an_index_for_each_model(after: Verifier, scans: dict[str, Scan]) -> None:
    after.enroll(scans["A_03"], "D", unchecked=True)
    first, second = after.enrolled, after.enrolled
    assert first.model_ids == second.model_ids == ("edges-2", "edges-1")
    assert [one.index for one in first.registers] == [one.index for one in second.registers]
    assert [len(one.index) for one in first.registers] == [1, 4]
    after.store.delete("A")
    assert [len(one.index) for one in after.enrolled.registers] == [1, 1]
    after.store.delete("C")
    assert after.enrolled.model_ids == ("edges-2",)


def test_what_nobody_made_is_searched_by_the_present_model(tmp_path: Path, release: Path) -> None:
    with Verifier.open(tmp_path / "new", model=release, key="none") as verifier:
        assert verifier.enrolled.model_ids == ("edges-2",)
        assert not len(verifier.enrolled)


def test_the_audit_trail_names_the_models_that_decided(after: Verifier, scans: dict[str, Scan]) -> None:
    after.verify(scans["A_03"], "A")
    after.enroll(scans["A_03"], "A", "right-index", unchecked=True)
    after.verify(scans["A_03"], "A")
    after.identify(scans["A_03"])
    entries = [one.details for one in after.store.audit_entries() if one.action in ("verify", "identify")]
    assert [set(one["model"].split()) for one in entries] == [
        {"edges-1"},
        {"edges-1", "edges-2"},
        {"edges-1", "edges-2"},
    ]
