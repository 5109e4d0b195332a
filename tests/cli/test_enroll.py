from __future__ import annotations

import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


def test_enrolling_says_quality_subject_finger_impression_and_store(enroll: Call) -> None:
    ended = enroll("A_00.bmp", "--finger", "left-little")
    assert ended.code == 0
    assert ended.out.splitlines()[0] == "enrolled A, finger left-little, impression 1"
    facts = dict(line.split(maxsplit=1) for line in ended.out.splitlines()[1:])
    assert facts["quality"] == "1.00 of 1"
    assert facts["model"] == "edges-1"
    assert Path(facts["store"]) == Path("enroll_db/enrollments.sqlite").absolute()
    assert "minutiae" not in facts  # a whole-print model looks for none


def test_enrolling_answers_programs(enroll: Call) -> None:
    before = datetime.now(UTC)
    answer = enroll("A_00.bmp", "--json").answer
    enrolled_at = datetime.fromisoformat(answer.pop("enrolled_at"))
    assert before - timedelta(seconds=1) <= enrolled_at <= datetime.now(UTC)
    (impression,) = answer.pop("impressions")
    more = {"store": answer["store"], "notes": []}
    assert impression | more == answer | {"enrolled_at": impression["enrolled_at"]}
    assert answer == {
        "subject": "A",
        "finger": "unknown",
        "impression": 1,
        "quality": 1.0,
        "minutiae": 0,
        "model": "edges-1",
        "store": str(Path("enroll_db/enrollments.sqlite").absolute()),
        "ppi": 500.0,
        "ppi_estimated": False,
        "ppi_source": "file",
        "ppi_note": None,
        "inverted": False,
        "learnt": False,
        "notes": [],
    }


def test_impressions_are_counted_within_a_finger(enroll: Call) -> None:
    fingers = ("right-thumb", "right-thumb", "left-thumb")
    assert [enroll("A_00.bmp", "--unchecked", "--finger", one, "--json").answer["impression"] for one in fingers] == [
        1,
        2,
        1,
    ]


def test_a_finger_that_is_enrolled_under_another_id_is_refused(call: Call, enroll: Call, enrolled: Path) -> None:
    refused = enroll("A_01.bmp", subject="B")
    assert refused.code == 3
    assert "this finger is enrolled already, of 'A', right-index" in refused.err
    assert len(call("list", "--json").answer["fingers"]) == 1
    assert enroll("A_01.bmp", "--unchecked", subject="B").code == 0


def test_another_finger_among_the_impressions_of_one_is_refused(enroll: Call, enrolled: Path) -> None:
    refused = enroll("B_00.bmp", "--finger", "right-index")
    assert refused.code == 3
    assert "does not agree with what is enrolled of 'A', right-index" in refused.err
    assert enroll("B_00.bmp", "--finger", "left-index").code == 0


def test_a_resolution_that_was_given_is_used(enroll: Call) -> None:
    assert enroll("A_00.bmp", "--json", "--ppi", "450").answer["ppi"] == 450.0
    Path("fpverify.yaml").write_text("ppi: 400\n")
    assert enroll("A_00.bmp", "--json").answer["ppi"] == 400.0


def test_the_first_enrollment_makes_a_key_and_says_where(enroll: Call) -> None:
    (line,) = enroll("A_00.bmp").err.splitlines()
    key = Path(line.removeprefix("fpverify: made the key ").partition(";")[0])
    assert key.is_file()
    assert not key.is_relative_to(Path.cwd())
    assert line.endswith("keep a copy elsewhere, without it neither the store nor any copy of it can be read")
    assert enroll("A_00.bmp").err == ""


def test_a_first_enrollment_that_is_refused_says_where_the_key_is_too(
    enroll: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fpverify.matching.agreement.LEAST_QUALITY", 2.0)
    ended = enroll("A_00.bmp")
    made, refused = ended.err.splitlines()
    assert (ended.code, "too poor to enroll" in refused) == (3, True)
    assert made.startswith("fpverify: made the key ")


def test_a_store_without_a_key_is_made_on_demand(call: Call, enroll: Call, verify: Call) -> None:
    assert enroll("A_00.bmp", "--key", "none").err == ""
    assert verify("A_01.bmp").code == 0
    assert call("keys", "show").out.startswith("the store is not encrypted\n")


def test_a_key_is_given_by_option_variable_or_file(
    call: Call, enroll: Call, verify: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = call("keys", "new", "--out", "door.key", "--json").answer["key"]
    assert enroll("A_00.bmp", "--key", "file:door.key").err == ""
    assert call("list").code == 3
    assert call("list", "--key", "file:door.key").code == 0
    monkeypatch.setenv("FPVERIFY_KEY", "file:door.key")
    assert verify("A_01.bmp").code == 0
    assert call("keys", "show", "--json").answer["key"] == key
    monkeypatch.delenv("FPVERIFY_KEY")
    Path("fpverify.yaml").write_text("key: file:door.key\n")
    assert call("show", "--id", "A").code == 0


def test_a_store_is_readable_by_its_owner_only(enrolled: Path) -> None:
    assert stat.S_IMODE(enrolled.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "subject", ["Zoë Ødegård", "李小龍", "a'; DROP TABLE subjects; --", "../../etc/passwd", "-x", "Anna Maria"]
)
def test_any_text_on_one_line_is_an_id(call: Call, enroll: Call, verify: Call, subject: str) -> None:
    assert enroll("A_00.bmp", "--json", subject=subject).answer["subject"] == subject
    assert verify("A_01.bmp", subject=subject).code == 0
    assert call("show", f"--id={subject}").out.startswith(f"{subject}: 1 impression")
    assert call("list", "--json").answer["fingers"][0]["subject"] == subject
    assert call("delete", f"--id={subject}").code == 0
    assert verify("A_01.bmp", subject=subject).code == 3


def test_an_id_reads_the_same_however_its_accents_are_written(enroll: Call, verify: Call) -> None:
    assert enroll("A_00.bmp", subject="Zoe\u0308").code == 0
    assert verify("A_01.bmp", subject="Zo\u00eb").code == 0


def test_the_store_is_where_flag_variable_or_file_say(
    call: Call, enroll: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("fpverify.yaml").write_text("db: by-file\n")
    assert enroll("A_00.bmp").code == 0
    monkeypatch.setenv("FPVERIFY_DB", "by-variable")
    assert enroll("A_00.bmp").code == 0
    assert enroll("A_00.bmp", "--db", "by-flag").code == 0
    for folder in ("by-file", "by-variable", "by-flag"):
        assert len(call("list", "--db", folder, "--json").answer["fingers"]) == 1
