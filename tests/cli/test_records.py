"""Records of minutiae in place of scans: enrolled, verified against, compared, evaluated."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fpverify.comparison import fuse
from fpverify.features.bare import MINUTIAE_MODEL
from fpverify.formats import FORMATS
from fpverify.models.installed import SHIPPED
from fpverify.scans.kinds import RECORD_ENDINGS
from fpverify.vocabulary import Score

Call = Callable[..., Any]

SAMPLES = Path(__file__).parents[2] / "fpverify" / "samples"

pytestmark = pytest.mark.usefixtures("release_model")


@pytest.fixture
def record(call: Call) -> Path:
    """The first sample of A as ISO/IEC 19794-2:2005 in the working directory."""
    path = Path("a.iso").absolute()
    assert call("convert", SAMPLES / "A_1.bmp", path, "--finger", "right-index").code == 0
    return path


def test_a_scan_is_verified_against_a_record(call: Call, record: Path) -> None:
    enrolled = call("enroll", record, "--id", "A", "--json").answer
    assert (enrolled["finger"], enrolled["model"], enrolled["impression"]) == ("right-index", MINUTIAE_MODEL, 1)
    ended = call("verify", SAMPLES / "A_2.bmp", "--id", "A", "--json")
    assert (ended.code, ended.answer["decision"]) == (0, "match")
    assert (ended.answer["rests_on"], ended.answer["model"]) == (["minutiae"], MINUTIAE_MODEL)
    assert call("verify", SAMPLES / "B_1.bmp", "--id", "A").code == 1


def test_a_decision_says_in_words_what_it_rests_on(call: Call, record: Path) -> None:
    assert "minutiae alone" in call("enroll", record, "--id", "A").out
    assert "records of minutiae" in call("verify", SAMPLES / "A_2.bmp", "--id", "A").out
    assert call("enroll", SAMPLES / "A_1.bmp", "--id", "A", "--finger", "right-index").code == 0
    both = call("verify", SAMPLES / "A_2.bmp", "--id", "A")
    assert "templates of scans and records of minutiae" in " ".join(both.out.split())
    call("enroll", SAMPLES / "B_1.bmp", "--id", "B")
    assert "rests on" not in call("verify", SAMPLES / "B_1.bmp", "--id", "B").out


def test_after_a_match_an_upgrade_adds_a_template_of_the_scan_once(call: Call, record: Path) -> None:
    call("enroll", record, "--id", "A")
    assert call("verify", SAMPLES / "B_1.bmp", "--id", "A", "--upgrade", "--json").answer["upgraded"] is None
    added = call("verify", SAMPLES / "A_2.bmp", "--id", "A", "--upgrade", "--json").answer["upgraded"]
    assert (added["finger"], added["impression"]) == ("right-index", 2)
    assert added["model"] != MINUTIAE_MODEL
    assert call("verify", SAMPLES / "A_2.bmp", "--id", "A", "--upgrade", "--json").answer["upgraded"] is None
    assert call("verify", SAMPLES / "A_1.bmp", "--id", "A", "--json").answer["rests_on"] == ["minutiae", "scan"]


def test_references_of_both_kinds_count_at_the_rate_of_the_whole_decision(call: Call, record: Path) -> None:
    call("enroll", record, "--id", "A")
    call("enroll", SAMPLES / "A_1.bmp", "--id", "B", "--unchecked")
    alone = [call("verify", SAMPLES / "A_2.bmp", "--id", one, "--json").answer for one in "AB"]
    call("enroll", SAMPLES / "A_1.bmp", "--id", "A", "--finger", "right-index", "--unchecked")
    both = call("verify", SAMPLES / "A_2.bmp", "--id", "A", "--json").answer
    scores = [Score(one["score"], one["extrapolated"]) for one in alone]
    assert both["score"] == pytest.approx(fuse(scores).value)
    assert both["score"] < max(one.value for one in scores)


def test_another_finger_s_record_is_refused_and_taken_unchecked(call: Call, record: Path) -> None:
    call("convert", SAMPLES / "B_1.bmp", "b.fmr", "--finger", "right-index")
    call("enroll", record, "--id", "A")
    refused = call("enroll", "b.fmr", "--id", "A")
    assert (refused.code, refused.err.count("\n")) == (3, 1)
    assert "does not agree" in refused.err
    assert "enrolled already" in call("enroll", record, "--id", "B").err
    assert call("enroll", "b.fmr", "--id", "A", "--unchecked").code == 0


def test_a_record_agrees_with_a_full_template_of_its_finger(call: Call, record: Path) -> None:
    call("enroll", SAMPLES / "A_2.bmp", "--id", "A", "--finger", "right-index")
    assert call("enroll", record, "--id", "A").code == 0
    call("enroll", SAMPLES / "B_1.bmp", "--id", "B", "--finger", "right-index")
    assert "does not agree" in call("enroll", record, "--id", "B").err


def test_a_record_without_a_resolution_needs_one(call: Call, record: Path) -> None:
    call("convert", record, "a.xyt")
    assert "--ppi" in call("enroll", "a.xyt", "--id", "A").err
    assert call("enroll", "a.xyt", "--id", "A", "--ppi", "500").code == 0


def test_records_are_compared_with_records_scans_and_templates(call: Call, record: Path) -> None:
    assert call("template", SAMPLES / "A_2.bmp", "--out", "a2.fpt", "--plain").code == 0
    for other in (record, SAMPLES / "A_2.bmp", "a2.fpt"):
        ended = call("compare", record, other, "--json")
        assert (ended.code, ended.answer["model"]) == (0, MINUTIAE_MODEL)
    assert call("compare", record, SAMPLES / "B_1.bmp").code == 1


def test_a_model_for_minutiae_alone_is_heeded_where_records_are(call: Call, record: Path) -> None:
    former = "bare-2"
    assert call("template", SAMPLES / "A_2.bmp", "--out", "a2.fpt", "--plain").code == 0
    for other in (record, SAMPLES / "A_2.bmp", "a2.fpt"):
        ended = call("compare", record, other, "--model", former, "--json")
        assert (ended.code, ended.answer["model"]) == (0, former)
    assert call("enroll", record, "--id", "A", "--model", former, "--json").answer["model"] == former
    assert call("verify", SAMPLES / "A_2.bmp", "--id", "A", "--json").answer["model"] == former


def test_a_folder_of_records_is_evaluated(call: Call, record: Path) -> None:
    Path("records").mkdir()
    for name in ("A_1", "A_2", "B_1"):
        call("convert", SAMPLES / f"{name}.bmp", f"records/{name}.fmr")
    answer = call("evaluate", "records", "--model", MINUTIAE_MODEL, "--json").answer
    assert (answer["mated"], answer["non_mated"], answer["eer"], answer["fta"]) == (1, 2, 0, 0)
    seen_by_another = call("evaluate", "records", "--json").answer
    assert seen_by_another["fta"] == 1


def test_a_scan_of_a_finger_of_which_there_is_a_record_is_found_as_a_double(call: Call, record: Path) -> None:
    call("enroll", record, "--id", "A")
    call("enroll", SAMPLES / "A_2.bmp", "--id", "B", "--unchecked")
    call("enroll", SAMPLES / "B_1.bmp", "--id", "C")
    ended = call("deduplicate", "--pairs", "0.001", "--workers", 1, "--json")
    assert [(one["id"], one["other_id"]) for one in ended.answer["pairs"]] in ([("A", "B")], [("B", "A")])
    assert (ended.answer["searched"], ended.answer["note"]) == (3, None)


def test_a_record_and_a_scan_of_one_finger_are_no_double(call: Call, record: Path) -> None:
    call("enroll", record, "--id", "A")
    call("verify", SAMPLES / "A_2.bmp", "--id", "A", "--upgrade")
    assert call("deduplicate", "--workers", 1, "--json").answer["pairs"] == []


def test_records_stay_when_a_store_goes_to_another_model(call: Call, record: Path) -> None:
    call("enroll", record, "--id", "A")
    call("enroll", SAMPLES / "B_1.bmp", "--id", "B")
    answer = call("migrate", "--json").answer
    assert (answer["made"], answer["left"]) == (0, [])
    assert call("verify", SAMPLES / "A_2.bmp", "--id", "A", "--json").answer["rests_on"] == ["minutiae"]


def test_a_model_of_minutiae_takes_over_records_and_no_scans(
    call: Call, record: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(SHIPPED / "bare-1", tmp_path / "bare-next")
    card = tmp_path / "bare-next" / "card.yaml"
    card.write_text(card.read_text().replace("bare-1", "bare-next"))
    monkeypatch.setenv("FPVERIFY_KEEP_SCANS", "yes")
    call("enroll", record, "--id", "A")
    call("enroll", SAMPLES / "B_1.bmp", "--id", "B")
    before = {one["subject"]: one["models"] for one in call("list", "--json").answer["fingers"]}
    answer = call("migrate", "--model", card.parent, "--json").answer
    assert (answer["made"], answer["left"]) == (1, [])
    after = {one["subject"]: one["models"] for one in call("list", "--json").answer["fingers"]}
    assert after == before | {"A": ["bare-next"]}
    assert call("verify", SAMPLES / "A_2.bmp", "--id", "A", "--model", card.parent).code == 0


def test_records_and_scans_are_not_enrolled_in_one_go(call: Call, record: Path) -> None:
    assert call("enroll", record, SAMPLES / "A_1.bmp", "--id", "A").code == 2
    assert call("enroll", record, "--guided", "--id", "A").code == 2


def test_a_record_in_place_of_a_scan_names_what_to_do_with_it(call: Call, record: Path) -> None:
    call("convert", record, "a.xyt")
    call("convert", record, "a.json")
    shutil.copy(record, "a.bmp")
    for name in ("a.bmp", "a.xyt", "a.json"):
        call("enroll", SAMPLES / "A_2.bmp", "--id", "A")
        said = call("verify", name, "--id", "A").err
        assert "fpverify inspect" in said, name
        assert "fpverify convert" in said
        assert "fpverify enroll" in said


def test_endings_of_records_are_those_of_the_formats() -> None:
    endings = {one for each in FORMATS.values() if each.name not in {"json", "csv"} for one in each.suffixes}
    assert set(RECORD_ENDINGS) == endings
