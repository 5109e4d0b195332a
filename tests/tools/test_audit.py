"""Licences and published weaknesses of what is installed."""

from __future__ import annotations

import json
import subprocess
from email.message import Message
from types import SimpleNamespace
from typing import Any

import pytest
from tool_modules import tool

audit = tool("audit")


def package(name: str, **stated: str) -> Any:
    metadata = Message()
    metadata["Name"] = name
    for header, value in stated.items():
        metadata[header.replace("_", "-")] = value
    return SimpleNamespace(metadata=metadata, version="1.0")


def test_what_is_neither_permissive_nor_named_is_shown() -> None:
    packages = [
        package("one", License_Expression="Apache-2.0"),
        package("two", Classifier="License :: OSI Approved :: BSD License"),
        package("three", License="AGPL-3.0"),
        package("four"),
        package("psycopg", License="GNU Lesser General Public License"),
        package("five", License_Expression="MIT OR GPL-2.0"),
    ]
    shown = list(audit.unclear_licences(iter(packages)))
    assert [line.split()[0] for line in shown] == ["five", "four", "three"]


def test_what_is_needed_is_found_through_extras_and_without_tools_of_development() -> None:
    names = {one.metadata["Name"].lower() for one in audit.needed("fpverify")}
    assert {"numpy", "click", "fastapi", "starlette", "psycopg"} <= names
    assert not {"pytest", "ruff", "mypy", "fpverify"} & names


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ({"dependencies": [{"name": "a", "version": "1", "vulns": []}]}, 0, "0 known of 1 packages"),
        ({"dependencies": [{"name": "a", "skip_reason": "not found"}]}, 3, "no database is in reach"),
        (None, 3, "no database is in reach"),
        (
            {"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}]},
            1,
            "a 1: CVE-1, mended in 2",
        ),
    ],
)
def test_a_weakness_and_an_unreachable_database_are_told_apart(
    answer: Any, code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def asked(*_: Any, **__: Any) -> Any:
        return SimpleNamespace(stdout="" if answer is None else json.dumps(answer), stderr="", returncode=1)

    monkeypatch.setattr(subprocess, "run", asked)
    assert audit.weaknesses() == code
    assert said in capsys.readouterr().out
