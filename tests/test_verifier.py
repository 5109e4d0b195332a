"""The verifier's rules, with a model whose template is the mean grey of a scan: quick, and easy to reason about."""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from greys import RATES, audit, grey, grey_matcher

from fpverify.errors import (
    DuplicateFinger,
    EnrollmentError,
    FailureToAcquire,
    FailureToEnroll,
    ModelError,
    ModelMismatch,
    NotEnrolled,
    PresentationAttackSuspected,
    ScanError,
    StoreError,
    StoreReadOnly,
    WrongKey,
)
from fpverify.features.quality import LEAST_QUALITY
from fpverify.matching import Matcher
from fpverify.scans import read_scan
from fpverify.scans_alone import compare
from fpverify.store import Store
from fpverify.verifier import Verifier
from fpverify.vocabulary import Scan


@pytest.fixture
def verifier(tmp_path: Path) -> Iterator[Verifier]:
    with Verifier(Store.open(tmp_path / "db"), grey_matcher(), 0.001) as opened:
        yield opened


def test_the_same_scan_matches_and_an_opposite_one_does_not(verifier: Verifier) -> None:
    reference = verifier.enroll(grey(0), "A", "right-index")
    assert (reference.subject, reference.finger, reference.impression) == ("A", "right-index", 1)
    assert verifier.verify(grey(0), "A").word == "match"
    assert verifier.verify(grey(255), "A").word == "non-match"


def test_a_decision_is_a_match_if_and_only_if_the_score_reaches_the_threshold(verifier: Verifier) -> None:
    verifier.enroll(grey(0), "A")
    decisions = [verifier.verify(grey(level), "A") for level in range(0, 256, 5)]
    assert {one.word for one in decisions} == {"match", "non-match"}
    for one in decisions:
        assert one.match == (one.score.value >= 30.0)


def test_the_rate_asked_for_decides(verifier: Verifier) -> None:
    verifier.enroll(grey(0), "A")
    words = {fmr: verifier.verify(grey(110), "A", fmr=fmr).word for fmr in RATES}
    thresholds = {fmr: verifier.verify(grey(110), "A", fmr=fmr).operating_point.threshold for fmr in RATES}
    assert thresholds == pytest.approx({0.01: 20.0, 0.001: 30.0, 0.0001: 40.0})
    assert (words[0.01], words[0.0001]) == ("match", "non-match")


def test_a_rate_without_evidence_is_refused(verifier: Verifier) -> None:
    verifier.enroll(grey(0), "A")
    with pytest.raises(ModelError, match="lies outside it"):
        verifier.verify(grey(0), "A", fmr=1e-7)
    with pytest.raises(ValueError, match="no false match rate"):
        verifier.verify(grey(0), "A", fmr=1.0)


@pytest.mark.parametrize("count", [1, 3, 6])
def test_more_references_never_raise_the_score_of_the_same_best_one(verifier: Verifier, count: int) -> None:
    single = verifier.matcher.score(verifier.matcher.template(grey(60)), verifier.matcher.template(grey(0)))
    for level in [0, *range(200, 200 + count - 1)]:
        verifier.enroll(grey(level), "A", unchecked=True)
    fused = verifier.verify(grey(60), "A").score
    expected = -10 * math.log10(1 - (1 - 10 ** (-single.value / 10)) ** count)
    assert fused.value == pytest.approx(expected)


def test_non_mated_decisions_keep_their_rate_however_many_are_enrolled(verifier: Verifier) -> None:
    rng = np.random.default_rng(5)
    uniform = 1 - rng.random((200_000, 6))  # FMR of a non-mated comparison is uniform
    from fpverify.comparison import fuse
    from fpverify.vocabulary import Score

    for count in (1, 3, 6):
        best = -10 * np.log10(uniform[:, :count].min(axis=1))
        fused = np.array([fuse([Score(b), *[Score(-50.0)] * (count - 1)]).value for b in best[:20_000]])
        assert (fused >= 20.0).mean() <= 0.01 * 1.25


def test_the_best_finger_is_named(verifier: Verifier) -> None:
    verifier.enroll(grey(0), "A", "left-thumb")
    verifier.enroll(grey(200), "A", "right-index")
    assert verifier.verify(grey(190), "A").finger == "right-index"
    assert verifier.verify(grey(10), "A").finger == "left-thumb"


def test_a_named_finger_alone_counts(verifier: Verifier) -> None:
    verifier.enroll(grey(0), "A", "left-thumb")
    verifier.enroll(grey(200), "A", "right-index")
    assert verifier.verify(grey(200), "A", "left-thumb").word == "non-match"
    with pytest.raises(NotEnrolled):
        verifier.verify(grey(200), "A", "right-thumb")


def test_a_poor_print_is_not_enrolled(verifier: Verifier) -> None:
    with pytest.raises(FailureToEnroll, match=rf"^0\.1: quality 0\.10 .* at least {LEAST_QUALITY:.2f}"):
        verifier.enroll(grey(0, "0.1"), "A")
    with pytest.raises(FailureToAcquire):
        verifier.enroll(grey(0, "no print"), "A")
    assert verifier.fingers() == []


def test_a_poor_print_may_be_verified(verifier: Verifier) -> None:
    verifier.enroll(grey(0), "A")
    assert verifier.verify(grey(0, "0.1"), "A").match
    with pytest.raises(FailureToAcquire):
        verifier.verify(grey(0, "no print"), "A")


def test_an_unknown_subject_is_an_error_that_names_the_store(verifier: Verifier, tmp_path: Path) -> None:
    with pytest.raises(NotEnrolled, match=str(tmp_path / "db")):
        verifier.verify(grey(0), "A")


def test_templates_of_a_model_that_is_not_installed_are_an_error_that_says_what_to_do(verifier: Verifier) -> None:
    verifier.enroll(grey(0), "A")
    newer = Verifier(verifier.store, grey_matcher("grey-2"), 0.001)
    with pytest.raises(ModelMismatch, match=r"'A' was enrolled .*the model grey-1 is not installed.* or enroll"):
        newer.verify(grey(0), "A")
    newer.enroll(grey(255), "A")
    assert newer.verify(grey(255), "A").match  # by the reference of its own model alone
    assert not newer.verify(grey(0), "A").match


def test_a_finger_is_enrolled_once(verifier: Verifier) -> None:
    verifier.enroll(grey(0), "A", "left-thumb")
    for subject, finger in (("B", "left-thumb"), ("A", "right-thumb"), ("B", "unknown")):
        with pytest.raises(DuplicateFinger, match="enrolled already, of 'A', left-thumb"):
            verifier.enroll(grey(1), subject, finger)
    assert [one.subject for one in verifier.fingers()] == ["A"]
    verifier.enroll(grey(1), "B", unchecked=True)
    assert len(verifier.fingers()) == 2


def test_impressions_of_a_finger_have_to_agree(verifier: Verifier) -> None:
    verifier.enroll(grey(0), "A", "left-thumb")
    assert verifier.enroll(grey(2), "A", "left-thumb").impression == 2
    with pytest.raises(EnrollmentError, match="does not agree with what is enrolled of 'A', left-thumb"):
        verifier.enroll(grey(250), "A", "left-thumb")
    assert len(verifier.references("A")) == 2


def test_identification_names_the_finger_and_those_that_come_near(verifier: Verifier) -> None:
    for number, level in enumerate((0, 60, 120, 180, 240)):
        verifier.enroll(grey(level), f"S{number}", "right-index", unchecked=True)
    verifier.enroll(grey(62), "S1", "right-index", unchecked=True)
    found = verifier.identify(grey(61), top=3, fpir=1e-5)
    assert [(one.subject, one.match) for one in found.candidates] == [("S1", True), ("S2", False), ("S0", False)]
    assert (found.searched, found.fpir) == (6, 1e-5)
    assert found.threshold == pytest.approx(-10 * math.log10(1 - (1 - 1e-5) ** (1 / 6)))
    assert found.matches == found.candidates[:1]
    assert verifier.identify(grey(61), fpir=1e-9).matches == ()


def test_identification_keeps_to_installed_models_and_an_empty_store_holds_nobody(verifier: Verifier) -> None:
    assert verifier.identify(grey(61)).candidates == ()
    Verifier(verifier.store, grey_matcher("grey-2"), 0.001).enroll(grey(61), "A")
    with pytest.raises(ModelMismatch, match="nothing that is enrolled can be searched: grey-2"):
        verifier.identify(grey(61))
    verifier.enroll(grey(61), "B")
    assert verifier.identify(grey(61)).searched == 1


def test_an_extrapolated_threshold_is_marked(verifier: Verifier) -> None:
    verifier.enroll(grey(0), "A")
    assert verifier.matcher.calibration.evidence_score == pytest.approx(54)
    assert not verifier.identify(grey(0), fpir=10**-5.3).extrapolated
    assert verifier.identify(grey(0), fpir=10**-5.5).extrapolated


def test_a_subject_can_be_deleted(verifier: Verifier) -> None:
    for finger in ("left-thumb", "left-thumb", "right-index"):
        verifier.enroll(grey(0), "A", finger, unchecked=True)
    assert [(one.finger, one.impressions) for one in verifier.fingers()] == [("right-index", 1), ("left-thumb", 2)]
    assert len(verifier.references("A")) == 3
    assert verifier.delete("A", "left-thumb") == 2
    assert verifier.delete("A") == 1
    with pytest.raises(NotEnrolled):
        verifier.references("A")


def test_opening_takes_the_settings_for_what_is_not_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edges_model: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fpverify.yaml").write_text(f"db: mine\nmodel: {edges_model}\nfmr: 0.01\n")
    with Verifier.open() as opened:
        assert opened.store.place == str(tmp_path / "mine" / "enrollments.sqlite")
        assert (opened.fmr, opened.matcher.model_id) == (0.01, "edges-1")
    with Verifier.open("yours", fmr=0.0001) as opened:
        assert (opened.store.place, opened.fmr) == (str(tmp_path / "yours" / "enrollments.sqlite"), 0.0001)


def test_a_store_is_made_only_on_request(tmp_path: Path, edges_model: Path) -> None:
    with pytest.raises(StoreError, match="no enrollment store"):
        Verifier.open(tmp_path / "db", model=edges_model, create=False)
    with pytest.raises(ModelError):
        Verifier.open(tmp_path / "db", model="best")
    assert not (tmp_path / "db").exists()


def test_a_closed_verifier_leaves_the_store_to_others(tmp_path: Path) -> None:
    with Verifier(Store.open(tmp_path / "db"), grey_matcher(), 0.001) as opened:
        opened.enroll(grey(0), "A")
    with Store.open(tmp_path / "db", create=False, timeout_s=0) as store:
        assert store.delete("A") == 1


# --- another file at the store's place ------------------------------------------------------------------------------


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edges_model: Path, stripes: Path) -> Iterator[Verifier]:
    """A verifier of a relative place, with A enrolled; FPVERIFY_NOTE_DECISIONS as the test has set it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FPVERIFY_KEY", "none")
    with Verifier.open("db", model=edges_model) as verifier:
        verifier.enroll(read_scan(stripes / "A_00.bmp"), "A")
        yield verifier


@pytest.mark.parametrize("notes", ["yes", "no"])
def test_a_verifier_never_decides_by_a_file_that_lost_its_place(
    *, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edges_model: Path, stripes: Path, opened: Verifier, notes: str
) -> None:
    opened.notes_decisions = notes == "yes"
    with Verifier.open(tmp_path / "other", model=edges_model) as other:
        other.enroll(read_scan(stripes / "B_00.bmp"), "B")
    monkeypatch.chdir("/")
    assert opened.verify(read_scan(stripes / "A_01.bmp"), "A").match
    (tmp_path / "other/enrollments.sqlite").replace(tmp_path / "db/enrollments.sqlite")
    with pytest.raises(NotEnrolled):
        opened.verify(read_scan(stripes / "A_01.bmp"), "A")
    assert opened.verify(read_scan(stripes / "B_01.bmp"), "B").match
    (tmp_path / "db/enrollments.sqlite").unlink()
    for subject in "AB":
        with pytest.raises(StoreError, match="no enrollment store"):
            opened.verify(read_scan(stripes / f"{subject}_01.bmp"), subject)
    assert list((tmp_path / "db").iterdir()) == []


def test_a_store_that_the_key_does_not_open_does_not_take_the_place(
    tmp_path: Path, edges_model: Path, stripes: Path, opened: Verifier
) -> None:
    Verifier.open(tmp_path / "other", model=edges_model, key=f"file:{tmp_path / 'key'}").close()
    (tmp_path / "other/enrollments.sqlite").replace(tmp_path / "db/enrollments.sqlite")
    for _ in range(2):
        with pytest.raises(WrongKey, match="encrypted with the key"):
            opened.verify(read_scan(stripes / "A_01.bmp"), "A")


def test_a_decision_is_not_noted_in_a_file_that_it_was_not_made_by(
    stripes: Path, opened: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree("db", "backup")
    comparing = Matcher.scores

    def scores(*given: Any) -> Any:
        Path("backup/enrollments.sqlite").replace("db/enrollments.sqlite")
        return comparing(*given)

    monkeypatch.setattr(Matcher, "scores", scores)
    with pytest.raises(StoreError, match="replaced"):
        opened.verify(read_scan(stripes / "A_01.bmp"), "A")
    assert [entry.action for entry in opened.store.audit_entries()] == ["create", "enroll"]


def test_identification_looks_into_a_restored_backup_though_its_revision_is_the_same(
    stripes: Path, opened: Verifier
) -> None:
    place, kept = Path("db/enrollments.sqlite"), Path("kept")
    scans = [read_scan(stripes / name) for name in ("A_01.bmp", "B_00.bmp", "B_01.bmp")]
    shutil.copy(place, kept)
    opened.enroll(scans[1], "B")
    assert opened.identify(scans[2]).matches[0].subject == "B"
    revision = opened.store.revision()
    kept.replace(place)
    with Store.open("db", key="none") as store:  # another program, meanwhile
        store.add("C", "unknown", opened.matcher.template(scans[0]))
        assert store.revision() == revision
    assert not opened.identify(scans[2]).matches


def test_a_store_that_is_only_read_says_how_to_verify_on_it(stripes: Path, opened: Verifier) -> None:
    probe = read_scan(stripes / "A_01.bmp")
    opened.store._database.execute("PRAGMA query_only = ON")
    for decide in (lambda: opened.verify(probe, "A"), lambda: opened.identify(probe)):
        with pytest.raises(
            StoreReadOnly, match=r"cannot be written; .*note_decisions: no .* FPVERIFY_NOTE_DECISIONS=no"
        ):
            decide()
    with pytest.raises(StoreReadOnly) as refused:
        opened.enroll(probe, "A")
    assert "note_decisions" not in str(refused.value)
    opened.notes_decisions = False
    assert opened.verify(probe, "A").match


def test_comparing_two_scans_needs_no_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edges_model: Path, stripes: Path
) -> None:
    from fpverify import read_scan

    monkeypatch.chdir(tmp_path)
    first, second, other = (read_scan(stripes / name) for name in ("A_00.bmp", "A_01.bmp", "B_00.bmp"))
    assert compare(first, second, model=edges_model).value > 50
    assert compare(first, other, model=edges_model).value < 20
    assert compare(first, second, model=edges_model) == compare(second, first, model=edges_model)
    assert list(tmp_path.iterdir()) == []


def test_a_plain_script_can_evaluate_a_folder(tmp_path: Path, edges_model: Path, stripes: Path) -> None:
    """Without `if __name__ == "__main__":`, which processes started anew would need."""
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, fpverify\n"
        "done = fpverify.evaluate(sys.argv[1], model=sys.argv[2], protocol='fvc')\n"
        "print(done.model_id, done.protocol, len(done.scores))\n"
    )
    words = [sys.executable, str(script), str(stripes), str(edges_model)]
    said = subprocess.run(words, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1])
    assert said.stdout == "edges-1 fvc 13\n"


def test_every_public_name_is_there() -> None:
    import fpverify

    for name in fpverify.__all__:
        assert getattr(fpverify, name) is not None
    assert set(fpverify.__all__) <= set(dir(fpverify))
    assert not hasattr(fpverify, "nonsense")


@pytest.mark.parametrize("package", ["fpverify", "fpverify.evaluation", "fpverify.training"])
def test_a_package_shows_its_public_names_and_no_others(package: str) -> None:
    assert dir(import_module(package)) == sorted(import_module(package).__all__)


@pytest.mark.parametrize("package", ["fpverify", "fpverify.evaluation"])
def test_all_public_names_of_a_package_can_be_imported_at_once(package: str) -> None:
    loaded: dict[str, object] = {}
    exec(f"from {package} import *", loaded)  # noqa: S102 - as users write it
    assert set(loaded) - {"__builtins__"} == set(import_module(package).__all__)


def test_a_matcher_compares_templates_of_its_own_model_only() -> None:
    own, other = grey_matcher(), grey_matcher("grey-2")
    mine, others = own.template(grey(0)), other.template(grey(0))
    assert own.score(mine, mine).value > 50
    for probe, reference in ((mine, others), (others, mine), (others, others)):
        with pytest.raises(ModelMismatch):
            own.score(probe, reference)


def test_importing_the_package_loads_nothing_else() -> None:
    code = (
        "import sys, fpverify; print([m for m in sys.modules if m.split('.')[0] in ('numpy', 'cv2', 'click', 'yaml')])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_synthesis_needs_no_tensorflow() -> None:
    code = (
        "import sys; sys.modules['tensorflow'] = sys.modules['keras'] = None\n"
        "import fpverify; print(next(fpverify.synthesise(fingers=1, impressions=1)).scan.ppi)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "500.0\n"


# --- several scans, one decision ------------------------------------------------------------------------------------


@pytest.fixture
def hand(tmp_path: Path) -> Iterator[Verifier]:
    """A has enrolled two fingers, and B two others; greys 37 apart have 30, and 53 apart no score."""
    verifier = Verifier(Store.open(tmp_path / "hands"), grey_matcher(zero=0.9), 0.001)
    for subject, finger, level in (
        ("A", "right-index", 10),
        ("A", "left-index", 120),
        ("B", "right-index", 180),
        ("B", "left-index", 250),
    ):
        verifier.enroll(grey(level), subject, finger, unchecked=True)
    with verifier:
        yield verifier


def test_scans_in_any_order_find_their_fingers(hand: Verifier) -> None:
    for levels, fingers in (((12, 125), ["right-index", "left-index"]), ((125, 12), ["left-index", "right-index"])):
        decision = hand.verify([grey(level, f"{level}.bmp") for level in levels], "A")
        assert decision.match
        assert [(one.source, one.finger) for one in decision.probes] == [
            (f"{level}.bmp", finger) for level, finger in zip(levels, fingers, strict=True)
        ]


def test_two_middling_scans_match_together(hand: Verifier) -> None:
    assert [hand.verify(grey(level), "A").match for level in (50, 80)] == [False, False]
    assert hand.verify([grey(50), grey(80)], "A", ["right-index", "left-index"]).match


def test_a_scan_alone_is_decided_as_one_of_a_list(hand: Verifier) -> None:
    for finger in (None, "left-index"):
        assert hand.verify(grey(20), "A", finger) == hand.verify([grey(20)], "A", finger)
    (probe,) = hand.verify(grey(20), "A").probes
    assert (probe.source, probe.finger) == ("memory", "right-index")
    assert hand.identify(grey(20)) == hand.identify([grey(20)])


def test_scans_that_match_each_other_are_of_one_finger_and_the_best_counts(hand: Verifier) -> None:
    decision = hand.verify([grey(15), grey(25)], "A")
    assert [one.finger for one in decision.probes] == ["right-index", "right-index"]
    alone = hand.verify(grey(15), "A").score.value
    assert alone - 10 * math.log10(2) == pytest.approx(decision.score.value, abs=0.01)


def test_scans_of_one_name_are_impressions(hand: Verifier) -> None:
    for names in ("right-index", ["right-index"], ["right-index", "right-index"]):
        decision = hand.verify([grey(10), grey(200)], "A", names)
        assert [one.finger for one in decision.probes] == ["right-index", "right-index"]
        alone = hand.verify(grey(10), "A", "right-index").score.value
        assert decision.score.value == pytest.approx(alone - 10 * math.log10(2), abs=0.01)


def test_a_scan_shown_under_another_name_does_not_count_for_the_right_one(hand: Verifier) -> None:
    right = hand.verify([grey(10), grey(120)], "A", ["right-index", "left-index"]).score.value
    wrong = hand.verify([grey(10), grey(120)], "A", ["left-index", "right-index"]).score.value
    assert right > wrong + 30


def test_of_more_scans_than_fingers_the_best_counts(hand: Verifier) -> None:
    hand.delete("A", "left-index")
    decision = hand.verify([grey(200, "stranger"), grey(10, "own")], "A")
    assert decision.match
    assert [(one.source, one.finger) for one in decision.probes] == [("stranger", None), ("own", "right-index")]


@pytest.mark.parametrize(
    ("count", "fingers", "said"),
    [
        (1, ["right-index", "left-index"], "2 fingers are named for 1 scan; name one for each"),
        (2, ["right-index", "left-index", "right-thumb"], "3 fingers are named for 2 scans"),
        (3, ["right-index", "left-index"], "2 fingers are named for 3 scans"),
    ],
)
def test_as_many_fingers_are_named_as_there_are_scans(
    hand: Verifier, count: int, fingers: list[str], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        hand.verify([grey(level) for level in range(count)], "A", fingers)


def test_a_finger_that_is_not_enrolled_is_named(hand: Verifier) -> None:
    with pytest.raises(NotEnrolled, match="no right-thumb of subject 'A'"):
        hand.verify([grey(10), grey(120)], "A", ["right-index", "right-thumb"])


def test_one_picture_given_twice_is_refused_and_named(hand: Verifier) -> None:
    for decide in (lambda scans: hand.verify(scans, "A"), hand.identify):
        with pytest.raises(ScanError, match=r"^b.bmp: the same picture as a.bmp; give another scan"):
            decide([grey(10, "a.bmp"), grey(10, "b.bmp")])


def test_no_scan_at_all_or_too_many_are_refused(hand: Verifier) -> None:
    for count in (0, 11):
        with pytest.raises(ScanError, match=rf"^{count} scans were given; a decision takes 1 to 10$"):
            hand.verify([grey(level) for level in range(count)], "A")


def test_no_scan_is_dropped_in_silence(hand: Verifier) -> None:
    for decide in (lambda scans: hand.verify(scans, "A"), hand.identify):
        with pytest.raises(FailureToAcquire, match="no print"):
            decide([grey(10), grey(120, "no print")])


def test_the_audit_trail_says_how_many_scans_there_were(hand: Verifier) -> None:
    hand.verify([grey(10), grey(120)], "A", ["right-index", "left-index"])
    hand.verify([grey(10), grey(20)], "A", "right-index")
    hand.verify(grey(10), "A", "right-index")
    hand.identify([grey(10), grey(120)])
    entries = list(hand.store.audit_entries())[-4:]
    assert [(one.finger, one.details.get("scans")) for one in entries] == [
        (None, 2),
        ("right-index", 2),
        ("right-index", None),
        ("right-index", 2),
    ]


def test_a_person_is_identified_by_several_fingers(hand: Verifier) -> None:
    found = hand.identify([grey(125), grey(12)], fpir=0.001)
    assert [(one.subject, one.match) for one in found.candidates] == [("A", True), ("B", False)]
    assert [one.finger for one in found.candidates[0].probes] == ["left-index", "right-index"]
    assert (found.searched, found.threshold) == (4, pytest.approx(-10 * math.log10(1 - (1 - 0.001) ** (1 / 2))))
    assert hand.identify([grey(125), grey(12)], top=1).candidates == hand.identify([grey(125), grey(12)]).candidates[:1]


def test_fingers_of_two_people_are_nobodys_pair(hand: Verifier) -> None:
    """As one person's they would add up; as two persons' each is only one finger."""
    own, mixed = (hand.identify([grey(12), grey(other)]).candidates[0] for other in (125, 252))
    assert own.score.value > mixed.score.value + 20


def test_an_empty_store_identifies_nobody_by_any_number_of_scans(verifier: Verifier) -> None:
    found = verifier.identify([grey(1), grey(200)])
    assert (found.candidates, found.searched) == ((), 0)


class Darkness:
    """Takes dark scans for attacks."""

    name, threshold, apcer, bpcer = "darkness", 200.0, 0.1, 0.02

    def __call__(self, scan: Scan) -> float:
        return 255.0 - float(scan.pixels.mean())


def test_a_detector_of_attacks_is_asked_before_every_decision(verifier: Verifier) -> None:
    verifier.enroll(grey(20), "dark")
    verifier.enroll(grey(100), "A", unchecked=True)
    verifier.pad = Darkness()
    assert [one.score for one in verifier.verify(grey(100), "A").pad] == [155.0]
    assert [one.suspected for one in verifier.identify([grey(100), grey(130)]).pad] == [False, False]
    for decide in (
        lambda: verifier.enroll(grey(21), "B"),
        lambda: verifier.verify(grey(20), "dark"),
        lambda: verifier.verify([grey(100), grey(20)], "A"),
        lambda: verifier.identify(grey(20)),
    ):
        with pytest.raises(PresentationAttackSuspected):
            decide()
    noted = [(one.action, one.subject, one.details.get("decision"), one.details.get("pad")) for one in audit(verifier)]
    suspected = "presentation attack suspected"
    assert noted[-6:] == [
        ("verify", "A", "match", "darkness"),
        ("identify", "A", "match", "darkness"),
        ("enroll", "B", suspected, "darkness"),
        ("verify", "dark", suspected, "darkness"),
        ("verify", "A", suspected, "darkness"),
        ("identify", None, suspected, "darkness"),
    ]
    verifier.pad = None
    assert verifier.verify(grey(20), "dark").pad == ()


def test_without_notes_an_attack_is_refused_all_the_same(verifier: Verifier) -> None:
    verifier.enroll(grey(20), "dark")
    verifier.pad, verifier.notes_decisions = Darkness(), False
    before = len(audit(verifier))
    with pytest.raises(PresentationAttackSuspected):
        verifier.verify(grey(20), "dark")
    assert len(audit(verifier)) == before
