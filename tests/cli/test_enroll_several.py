"""Several scans at once: all of them or none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


@pytest.fixture
def several(call: Call, stripes: Path, edges_model: Path) -> Call:
    """Enrolls stripes as A by the model edges-1."""
    return lambda *names, words=(): call(
        "enroll", *(stripes / name for name in names), "--id", "A", "--model", edges_model, *words
    )


def enrolled(call: Call) -> list[tuple[str, int]]:
    return [(one["finger"], one["impressions"]) for one in call("list", "--json").answer["fingers"]]


def test_scans_of_one_finger_become_its_impressions(call: Call, several: Call) -> None:
    ended = several("A_00.bmp", "A_01.bmp", "A_02.bmp", words=("--finger", "right-index"))
    assert ended.code == 0, ended.err
    first, *facts = ended.out.splitlines()
    assert first == "enrolled A, 3 impressions"
    said = " ".join(" ".join(facts).split())  # as if no line were wrapped
    for number in range(3):
        assert f"A_0{number}.bmp: finger right-index, impression {number + 1}, quality 1.00 of 1" in said
    assert enrolled(call) == [("right-index", 3)]


def test_programs_are_told_the_first_and_all(several: Call) -> None:
    answer = several("A_00.bmp", "A_01.bmp", words=("--json",)).answer
    assert [one["impression"] for one in answer["impressions"]] == [1, 2]
    first = {name: value for name, value in answer.items() if name not in {"impressions", "store", "notes"}}
    assert first == answer["impressions"][0]


def test_a_scan_that_does_not_agree_leaves_nothing_enrolled(call: Call, several: Call) -> None:
    refused = several("A_00.bmp", "A_01.bmp", "B_00.bmp")
    assert (refused.code, refused.out) == (3, "")
    assert "B_00.bmp: does not agree with what is enrolled of this finger, of the scans before" in refused.err
    assert enrolled(call) == []
    assert several("A_00.bmp", "B_00.bmp", words=("--unchecked",)).code == 0


@pytest.mark.parametrize("bad", ["none.bmp", "A_00.bmp"])  # a file that is not there, a picture given twice
def test_a_scan_that_cannot_be_used_leaves_nothing_enrolled(bad: str, call: Call, several: Call) -> None:
    assert several("A_00.bmp", "A_01.bmp", bad).code == 3
    listed = call("list", "--json")
    assert listed.code == 3 or listed.answer["fingers"] == []  # there is no store, or an empty one


def test_fingers_are_named_one_for_all_or_one_for_each(call: Call, several: Call) -> None:
    names = ("--finger", "right-index", "--finger", "left-index")
    assert several("A_00.bmp", "B_00.bmp", words=names).code == 0
    assert sorted(enrolled(call)) == [("left-index", 1), ("right-index", 1)]
    wrong = several("A_00.bmp", "B_00.bmp", "A_01.bmp", words=names)
    assert (wrong.code, "2 fingers are named for 3 scans" in wrong.err) == (2, True)


def test_a_finger_that_is_enrolled_under_another_id_is_refused_with_all(
    call: Call, several: Call, stripes: Path, edges_model: Path
) -> None:
    assert call("enroll", stripes / "A_02.bmp", "--id", "B", "--model", edges_model).code == 0
    refused = several("A_00.bmp", "A_01.bmp")
    assert (refused.code, "enrolled already" in refused.err) == (3, True)
    assert len(call("list", "--json").answer["fingers"]) == 1
