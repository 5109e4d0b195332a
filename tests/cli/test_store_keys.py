"""Every command that opens a store takes the key that opens it, and names a wrong one in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from fpverify.cli.program import program

Call = Callable[..., Any]


def commands(group: click.Group, path: str = "") -> dict[str, click.Command]:
    found = {}
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        nested = commands(command, f"{path}{name} ") if isinstance(command, click.Group) else {}
        found |= nested or {f"{path}{name}": command}
    return found


def test_whoever_takes_a_store_takes_its_key() -> None:
    takes = {name: {one.name for one in command.params} for name, command in commands(program).items()}
    makes_its_own = {"demo"}
    assert {name for name, options in takes.items() if "db" in options and "key" not in options} == makes_its_own
    assert {"enroll", "verify", "identify", "watch", "serve", "evaluate", "calibrate"} <= set(takes)


@pytest.fixture
def apart(call: Call, enroll: Call, tmp_path: Path) -> str:
    """A store whose key lies elsewhere; the text that names it."""
    place = f"file:{tmp_path}/elsewhere.key"
    assert enroll("A_00.bmp", "--finger", "right-index", "--key", place).code == 0
    return place


@pytest.mark.parametrize("command", ["verify", "identify"])
def test_the_key_that_is_given_opens_the_store(
    call: Call, apart: str, stripes: Path, edges_model: Path, command: str
) -> None:
    words = [command, stripes / "A_01.bmp", "--model", edges_model, *(["--id=A"] if command == "verify" else [])]
    assert call(*words, "--key", apart).code == 0
    for wrong in ([], ["--key", "none"], ["--key", "env:NOT_SET"]):
        ended = call(*words, *wrong)
        assert (ended.code, ended.out, ended.err.count("\n")) == (3, "", 1)


def test_another_stores_key_is_refused(call: Call, apart: str, stripes: Path, edges_model: Path) -> None:
    assert call("keys", "new", "--out", "other.key").code == 0
    ended = call("verify", stripes / "A_01.bmp", "--id=A", "--model", edges_model, "--key", "file:other.key")
    assert (ended.code, ended.err.count("\n")) == (3, 1)
    assert "encrypted with" in ended.err


def test_a_store_without_a_key_in_anothers_place_is_refused_where_the_key_is_named(
    call: Call, enroll: Call, apart: str
) -> None:
    assert enroll("A_00.bmp", "--db", "forged", "--key", "none").code == 0
    Path("forged/enrollments.sqlite").replace("enroll_db/enrollments.sqlite")
    assert call("list").code == 0
    assert call("list", "--key", apart).code == 3


def test_watching_takes_the_key_too(call: Call, apart: str, stripes: Path, edges_model: Path, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "A_1.bmp").write_bytes((stripes / "A_01.bmp").read_bytes())
    words = ["watch", inbox, "--once", "--id=A", "--model", edges_model]
    assert call(*words, "--key", apart).code == 0
    assert call(*words).code == 3
