from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


def cached(call: Call, *words: object) -> int:
    entries: int = call("cache", "info", "--json", *words).answer["entries"]
    return entries


def test_templates_are_kept_unless_told_otherwise(evaluate: Call, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluate("--no-cache")
    assert cached(call) == 0
    evaluate()
    assert cached(call) == 8
    evaluate("--cache", "here")
    assert cached(call, "--cache", "here") == 8
    monkeypatch.setenv("FPVERIFY_CACHE", "there")
    evaluate()
    assert cached(call) == cached(call, "--cache", "there") == 8
    assert call("cache", "clear").out.splitlines()[0] == "removed 8 templates"
    assert cached(call) == 0
    assert cached(call, "--cache", "here") == 8
    monkeypatch.delenv("FPVERIFY_CACHE")
    assert call("cache", "info").out.splitlines()[0].startswith("8 templates, 0.0 MB")


def test_a_cache_changes_no_figure(evaluate: Call) -> None:
    answers = [evaluate("--json", *words).out for words in (("--no-cache",), (), ())]
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.skipif(os.geteuid() == 0 if hasattr(os, "geteuid") else True, reason="everything can be written")
def test_a_cache_folder_of_the_user_that_cannot_be_written_is_done_without(
    evaluate: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("closed").mkdir(mode=0o500)
    monkeypatch.setenv("XDG_CACHE_HOME", str(Path("closed").absolute()))
    assert evaluate().code == 0


def test_a_cache_folder_of_the_user_that_is_a_file_is_done_without(
    evaluate: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(Path("file").absolute()))
    assert evaluate().code == 0
