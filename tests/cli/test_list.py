from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


def test_the_list_has_a_line_for_each_finger(call: Call, enroll: Call) -> None:
    for subject, finger in (("B", "right-index"), ("A", "left-thumb"), ("A", "right-thumb"), ("A", "right-thumb")):
        enroll("A_00.bmp", "--unchecked", "--finger", finger, subject=subject)
    expected = [("A", "right-thumb", 2), ("A", "left-thumb", 1), ("B", "right-index", 1)]
    rows = [tuple(line.split()[:3]) for line in call("list").out.splitlines()]
    assert rows == [("subject", "finger", "impressions"), *((*names, str(count)) for *names, count in expected)]
    fingers = call("list", "--json").answer["fingers"]
    assert [(one["subject"], one["finger"], one["impressions"]) for one in fingers] == expected
    assert (fingers[0]["models"], fingers[0]["qualities"]) == (["edges-1"], [1.0, 1.0])


def test_an_empty_store_says_so(call: Call, enrolled: Path) -> None:
    assert call("delete", "--id", "A").code == 0
    assert call("list").out == f"nobody is enrolled in {enrolled}\n"
    assert call("list", "--json").answer == {"store": str(enrolled), "fingers": []}


def test_a_long_list_is_printed_as_it_comes(call: Call, enroll: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    for subject in ("A", "B", "C with a long id"):
        enroll("A_00.bmp", "--unchecked", subject=subject)
    whole = call("list").out
    monkeypatch.setattr("fpverify.cli.words.FITTED_ROWS", 2)
    fitted = call("list").out
    assert [line.split() for line in fitted.splitlines()] == [line.split() for line in whole.splitlines()]
    assert max(map(len, fitted.splitlines()[:3])) < max(map(len, whole.splitlines()[:3]))


def test_the_list_for_programs_is_one_line_as_any_answer(call: Call, enrolled: Path, enroll: Call) -> None:
    enroll("B_00.bmp", "--finger", "left-thumb", subject="Zoë")
    ended = call("list", "--json")
    assert ended.out == json.dumps(ended.answer) + "\n"


def test_damage_shows_before_a_line_is_printed(call: Call, enrolled: Path) -> None:
    with closing(sqlite3.connect(enrolled)) as connection, connection:
        connection.execute("UPDATE impressions SET quality = 0.5")
    for words in ([], ["--json"]):
        ended = call("list", *words)
        assert (ended.code, ended.out, len(ended.err.splitlines())) == (3, "", 1)
