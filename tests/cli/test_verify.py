from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]

NUMBER = (int, float)
SCHEMA: dict[str, Any] = {  # what `verify --json` prints; documented, so that no field may go or change its type
    "decision": str,
    "score": NUMBER,
    "extrapolated": bool,
    "llr": float | None,
    "threshold": NUMBER,
    "target_fmr": NUMBER,
    "fmr": NUMBER,
    "fmr_interval": list,
    "fnmr": NUMBER,
    "fnmr_interval": list,
    "far": NUMBER,
    "frr": NUMBER,
    "fta": NUMBER,
    "mated": int,
    "non_mated": int,
    "evidence": str,
    "model": str,
    "subject": str,
    "finger": str,
    "rests_on": list,
    "ppi": NUMBER,
    "ppi_estimated": bool,
    "ppi_source": str,
    "ppi_note": type(None),
    "inverted": bool,
    "probes": list,
    "pad": list,
}


@pytest.mark.parametrize(("scan", "word", "code"), [("A_03.bmp", "match", 0), ("B_00.bmp", "non-match", 1)])
def test_the_first_word_and_the_exit_code_are_the_decision(
    verify: Call, enrolled: Path, scan: str, word: str, code: int
) -> None:
    ended = verify(scan)
    assert (ended.code, ended.err) == (code, "")
    assert ended.out.splitlines()[0] == word
    answer = verify(scan, "--json")
    assert (answer.code, answer.answer["decision"]) == (code, word)


def test_people_are_told_score_threshold_rates_intervals_and_evidence(verify: Call, enrolled: Path) -> None:
    said = verify("B_00.bmp").out
    facts = dict(line.strip().split("  ", 1) for line in said.splitlines()[1:])
    facts = {name: value.strip() for name, value in facts.items()}
    assert facts["subject"] == "A, finger right-index"
    assert facts["score"].endswith(", threshold 30.0")
    assert "0.1 %" in facts["decided at"]
    assert facts["FMR"] == "0.09 % (0.05 to 0.15 %), FAR 0.081 %"
    assert facts["FNMR"] == "2 % (1 to 3 %), FRR 11.8 %"
    assert facts["evidence"] == "made-up stripes; 1,000 mated and 50,000 non-mated comparisons"
    assert facts["model"] == "edges-1"
    assert facts["resolution"] == "500 ppi, stated by the file"
    assert "note" not in facts


def test_a_score_beyond_the_evidence_is_marked(verify: Call, enrolled: Path) -> None:
    assert "extrapolated beyond the evidence" in verify("A_03.bmp").out
    assert verify("A_03.bmp", "--json").answer["extrapolated"] is True


def test_programs_get_every_field_in_its_type(verify: Call, enrolled: Path) -> None:
    answer = verify("A_03.bmp", "--json").answer
    assert list(answer) == list(SCHEMA)
    assert [name for name, kind in SCHEMA.items() if not isinstance(answer[name], kind)] == []
    assert answer["fmr_interval"] == sorted(answer["fmr_interval"])
    assert (answer["decision"] == "match") == (answer["score"] >= answer["threshold"])
    assert answer["far"] == pytest.approx(answer["fmr"] * (1 - answer["fta"]))
    assert answer["frr"] == pytest.approx(answer["fta"] + answer["fnmr"] * (1 - answer["fta"]))


@pytest.mark.parametrize(("rate", "threshold"), [("0.01", 20.0), ("1%", 20.0), ("0.0001", 40.0), ("0.01 %", 40.0)])
def test_the_rate_chooses_the_threshold(verify: Call, enrolled: Path, rate: str, threshold: float) -> None:
    assert verify("A_03.bmp", "--fmr", rate, "--json").answer["threshold"] == pytest.approx(threshold)


def test_a_finger_may_be_named(enroll: Call, verify: Call, enrolled: Path) -> None:
    enroll("B_00.bmp", "--finger", "left-index")
    assert verify("B_01.bmp", "--json").answer["finger"] == "left-index"
    assert verify("B_01.bmp", "--finger", "left-index").code == 0
    assert verify("B_01.bmp", "--finger", "right-index").code == 1


def test_verifying_leaves_the_store_as_it_is_where_decisions_are_not_noted(
    verify: Call, enrolled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FPVERIFY_NOTE_DECISIONS", "no")
    before = enrolled.read_bytes()
    for scan in ("A_01.bmp", "B_01.bmp"):
        verify(scan)
    assert enrolled.read_bytes() == before
    assert [path.name for path in enrolled.parent.iterdir()] == [enrolled.name]


# --- several scans --------------------------------------------------------------------------------------------------


@pytest.fixture
def two(call: Call, stripes: Path, edges_model: Path, enroll: Call, enrolled: Path) -> Call:
    """Verifies several stripes together as A, who has enrolled A_00 as right-index and B_00 as left-index."""
    enroll("B_00.bmp", "--finger", "left-index")
    return lambda scans, *words: call(
        "verify", *(stripes / scan for scan in scans), "--id=A", "--model", edges_model, *words
    )


def test_scans_of_two_fingers_are_one_decision(two: Call, stripes: Path) -> None:
    ended = two(["B_01.bmp", "A_01.bmp"])
    assert (ended.code, ended.err) == (0, "")
    said = " ".join(ended.out.split())  # long paths wrap
    assert said.startswith("match subject A scan")
    for scan, finger in (("B_01", "left-index"), ("A_01", "right-index")):
        assert f"{stripes}/{scan}.bmp, taken for {finger}:" in said
    assert "all together, threshold 30.0" in said
    assert "decided at a false match rate of 0.1 % of the whole; of single scans measured, with" in said
    assert said.count("resolution") == 1


def test_programs_are_told_each_scan_and_its_finger(two: Call, stripes: Path) -> None:
    answer = two(["B_01.bmp", "A_01.bmp"], "--json").answer
    assert list(answer) == list(SCHEMA)
    assert [(one["file"], one["finger"]) for one in answer["probes"]] == [
        (str(stripes / "B_01.bmp"), "left-index"),
        (str(stripes / "A_01.bmp"), "right-index"),
    ]
    assert answer["score"] > max(one["score"] for one in answer["probes"])
    (single,) = two(["A_01.bmp"], "--json").answer["probes"]
    assert (single["finger"], single["ppi"]) == ("right-index", 500.0)


def test_fingers_are_named_in_the_order_of_the_scans(two: Call) -> None:
    names = ["--finger", "left-index", "--finger", "right-index"]
    assert two(["B_01.bmp", "A_01.bmp"], *names).code == 0
    assert two(["A_01.bmp", "B_01.bmp"], *names).code == 1
    answer = two(["A_01.bmp", "A_02.bmp"], "--finger", "right-index", "--json").answer
    assert [one["finger"] for one in answer["probes"]] == ["right-index", "right-index"]


@pytest.mark.parametrize(
    ("scans", "words", "code", "said"),
    [
        (["A_01.bmp"], ["--finger", "right-index", "--finger", "left-index"], 2, "2 fingers are named for 1 scan"),
        (["A_01.bmp", "B_01.bmp"], ["--finger", "left-thumb"], 3, "no left-thumb of subject 'a'"),
        (["A_01.bmp", "A_01.bmp"], [], 3, "the same picture as"),
        (["A_01.bmp", "none.bmp"], [], 3, "none.bmp"),
        ([], [], 2, "missing argument 'scan...'"),
    ],
)
def test_what_cannot_be_decided_together_is_one_line(
    two: Call, scans: list[str], words: list[str], code: int, said: str
) -> None:
    ended = two(scans, *words)
    assert (ended.code, ended.out, ended.err.count("\n")) == (code, "", 1)
    assert said in ended.err.lower()


def test_a_strong_match_is_learnt_where_that_is_asked_for(call: Call, enrolled: Path, verify: Call) -> None:
    assert verify("A_01.bmp").code == 0
    assert len(call("show", "--id", "A", "--json").answer["impressions"]) == 1
    ended = verify("A_01.bmp", "--learn")
    assert ended.code == 0
    assert "learnt" in ended.out
    assert "finger right-index, impression 2" in ended.out
    shown = call("show", "--id", "A", "--json").answer["impressions"]
    assert [one["learnt"] for one in shown] == [False, True]
    assert ", learnt" in call("show", "--id", "A").out


def test_what_was_learnt_is_told_to_programs_where_learning_is_on(call: Call, enrolled: Path, verify: Call) -> None:
    assert "learnt" not in verify("A_01.bmp", "--json").answer
    (kept,) = verify("A_01.bmp", "--json", "--learn").answer["learnt"]
    assert (kept["finger"], kept["impression"], kept["learnt"]) == ("right-index", 2, True)
    assert verify("B_00.bmp", "--json", "--learn").answer["learnt"] == []


def test_the_setting_learns_unless_the_call_says_otherwise(
    call: Call, enrolled: Path, verify: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FPVERIFY_LEARN", "yes")
    assert "learnt" not in verify("A_01.bmp", "--json", "--no-learn").answer
    assert len(verify("A_01.bmp", "--json").answer["learnt"]) == 1
