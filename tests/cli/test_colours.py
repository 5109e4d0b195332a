"""Colours where a terminal is or where they are asked for, and nowhere else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fpverify.cli.streams import colour_wanted

Call = Callable[..., Any]

ESCAPE = "\x1b["
GREEN, YELLOW, RED = ("\x1b[32m", "\x1b[33m", "\x1b[31m")


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, None),
        ({"TERM": "xterm"}, None),
        ({"TERM": "dumb"}, False),
        ({"CLICOLOR": "0"}, False),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": "0"}, False),  # whatever it is, as long as it is not empty
        ({"NO_COLOR": ""}, None),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "0"}, None),
        ({"CLICOLOR_FORCE": "1", "TERM": "dumb"}, True),
        ({"CLICOLOR_FORCE": "0"}, None),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1", "CLICOLOR_FORCE": "1"}, False),
    ],
    ids=str,
)
def test_the_variables_that_programs_agree_on(environment: dict[str, str], wanted: bool | None) -> None:
    assert colour_wanted(environment) is wanted


def test_a_pipe_has_no_colours(enrolled: Path, verify: Call, call: Call) -> None:
    assert verify("A_02.bmp").out.startswith("match\n")
    assert ESCAPE not in verify("B_02.bmp").out + call("nothing").err


@pytest.mark.usefixtures("enrolled")
def test_decisions_and_errors_have_colours_where_they_are_asked_for(
    verify: Call, call: Call, stripes: Path, edges_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert verify("A_02.bmp").out.startswith(GREEN)
    assert verify("B_02.bmp").out.startswith(YELLOW)
    identified = call("identify", stripes / "A_02.bmp", "--model", edges_model)
    assert identified.out.startswith(GREEN)
    assert call("verify", "none.bmp", "--id", "A").err.startswith(RED)


def test_a_line_for_each_scan_of_a_folder_begins_in_colour(
    enrolled: Path, call: Call, stripes: Path, edges_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("inbox").mkdir()
    for name in ("A_02.bmp", "B_02.bmp"):
        Path("inbox", name).write_bytes((stripes / name).read_bytes())
    Path("inbox", "A_09.bmp").write_bytes(b"no image")
    plain = call("watch", "inbox", "--id", "A", "--model", edges_model, "--once").out
    monkeypatch.setenv("CLICOLOR_FORCE", "1")
    coloured = call("watch", "inbox", "--id", "A", "--model", edges_model, "--once").out
    assert {line[:5] for line in coloured.splitlines()} == {GREEN, YELLOW, RED}
    for code in (GREEN, YELLOW, RED, "\x1b[1m", "\x1b[0m"):
        coloured = coloured.replace(code, "")
    assert sorted(coloured.splitlines()) == sorted(plain.splitlines())


def test_programs_get_no_colours_whatever_is_asked_for(
    enrolled: Path, verify: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    said = verify("A_02.bmp", "--json").out
    assert ESCAPE not in said
    assert json.loads(said)["decision"] == "match"


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)], ids=["", "NO_COLOR"])
def test_a_terminal_has_colours_unless_they_are_declined(environment: dict[str, str], coloured: bool) -> None:
    import pty

    near, far = pty.openpty()
    ended = subprocess.run(
        [sys.executable, "-m", "fpverify", "nothing"],
        stderr=far,
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TERM": "xterm", **environment},
    )
    os.close(far)
    said = os.read(near, 4096).decode()
    os.close(near)
    assert ended.returncode == 2
    assert (ESCAPE in said) is coloured
    assert "no such command 'nothing'" in said
