from __future__ import annotations

from pathlib import Path

import click
import pytest

from fpverify import cli
from fpverify.cli.program import COMMANDS, module_of, program

SHARED = {
    *("__init__", "program", "options", "words", "failures", "streams"),  # of all commands
    *(
        "garbage",
        "sets",
        "lists",
        "passphrases",
        "training_libraries",
        "signals",
        "anchors",
        "suggestions",
        "captures",
        "guided",
        "records",
    ),  # of a few
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_lies_in_the_module_of_its_name(name: str) -> None:
    command = program.get_command(click.Context(program), name)
    assert command is not None
    assert command.name == name
    assert command.callback is not None
    assert command.callback.__module__ == f"fpverify.cli.{module_of(name)}"


@pytest.mark.parametrize(
    ("name", "module"), [("verify", "verify"), ("list", "list"), ("api-keys", "api_keys"), ("import", "import_")]
)
def test_a_module_has_the_name_of_its_command_as_python_can_have_it(name: str, module: str) -> None:
    assert module_of(name) == module


def test_every_other_module_is_one_that_commands_share() -> None:
    modules = {path.stem for path in Path(cli.__file__).parent.rglob("*.py")}
    assert modules - {module_of(name) for name in COMMANDS} == SHARED


def test_a_name_that_is_no_commands_loads_no_module() -> None:
    assert program.get_command(click.Context(program), "options") is None
