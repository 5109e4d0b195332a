"""`doctor` in words and for programs, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("release_model")


def test_all_is_well_ends_with_0_and_makes_nothing(call: Call) -> None:
    ended = call("doctor", "--quick")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("well\n")
    assert "note: store: there is no enrollment store" in ended.out
    assert list(Path().iterdir()) == []


def test_what_needs_attention_is_a_line_each_and_ends_with_4(call: Call) -> None:
    ended = call("doctor", "--quick", "--db", "door_db")
    assert (ended.code, ended.err) == (4, "")
    assert ended.out.startswith("attention: 1 finding\n")
    assert len([line for line in ended.out.splitlines() if line.startswith("attention: store: ")]) == 1
    answer = call("doctor", "--quick", "--db", "door_db", "--json")
    assert (answer.code, answer.answer["well"]) == (4, False)
    assert answer.answer["findings"][0]["about"] == "store"


def test_what_is_timed_is_shown_beside_the_readme(call: Call) -> None:
    ended = call("doctor")
    assert ended.code == 0
    assert ended.out.count("; README, Zen 4: ") == 3


def test_words_have_colours_where_they_are_asked_for(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert call("doctor", "--quick").out.startswith("\x1b[32m")
    assert call("doctor", "--quick", "--db", "door_db").out.startswith("\x1b[33m")
    assert "\x1b" not in call("doctor", "--quick", "--json").out
