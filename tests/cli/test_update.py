from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


def test_renaming_keeps_the_impressions(call: Call, enrolled: Path, verify: Call) -> None:
    assert call("update", "--id", "A", "--rename", "Zoë").out == "A is now Zoë\n"
    assert verify("A_01.bmp", subject="Zoë").code == 0
    assert verify("A_01.bmp").code == 3
    assert call("update", "--id", "A", "--rename", "B").code == 3
    assert call("audit", "show", "--id", "Zoë", "--json").answer["entries"][0]["action"] == "update"


def test_a_name_that_is_taken_is_refused(call: Call, enrolled: Path, enroll: Call) -> None:
    enroll("B_00.bmp", subject="B")
    ended = call("update", "--id", "A", "--rename", "B")
    assert (ended.code, len(ended.err.splitlines())) == (3, 1)
    assert "'B' already" in ended.err


def test_notes_are_added_changed_and_dropped_each_by_itself(call: Call, enrolled: Path) -> None:
    call("update", "--id", "A", "--note", "department=gate 3", "--note", "badge=7=8")
    call("update", "--id", "A", "--rename", "B")
    assert call("show", "--id", "B", "--json").answer["metadata"] == {"department": "gate 3", "badge": "7=8"}
    call("update", "--id", "B", "--note", "badge=", "--note", "since=2026")
    assert call("show", "--id", "B", "--json").answer["metadata"] == {"department": "gate 3", "since": "2026"}
    assert "  department  gate 3\n" in call("show", "--id", "B").out


@pytest.mark.parametrize("words", [(), ("--note", "no sign"), ("--note", "=value")])
def test_an_update_that_says_nothing_is_wrong_use(call: Call, enrolled: Path, words: tuple[str, ...]) -> None:
    ended = call("update", "--id", "A", *words)
    assert (ended.code, len(ended.err.splitlines())) == (2, 1)
