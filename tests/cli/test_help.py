from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from fpverify import __version__
from fpverify.cli.program import program

Call = Callable[..., Any]


def paths(group: click.Group, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield before
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            yield from paths(command, (*before, name))
        else:
            yield (*before, name)


@pytest.mark.parametrize("path", list(paths(program)), ids=" ".join)
def test_every_command_explains_itself_with_an_example(call: Call, path: tuple[str, ...]) -> None:
    ended = call(*path, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert f"\n  fpverify {' '.join(path)}" in ended.out.split("Examples:")[1].replace("\n    ", "\n  ")
    assert call(*path, "-h").out == ended.out


@pytest.mark.parametrize("path", list(paths(program)), ids=" ".join)
def test_every_option_is_explained(path: tuple[str, ...]) -> None:
    command: click.Command = program
    for name in path:
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), name) or command
    assert [one.name for one in command.params if isinstance(one, click.Option) and not one.help] == []


def test_the_version_is_that_of_the_project(call: Call) -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert "version" not in project["project"]  # it is stated once, in the package
    assert project["tool"]["hatch"]["version"]["path"] == "fpverify/__init__.py"
    assert call("--version").out == f"fpverify {__version__}\n"


def test_a_call_without_a_command_is_wrong_use_and_points_to_the_help(call: Call) -> None:
    assert (call().code, call().err) == (2, "fpverify: missing command; see 'fpverify --help'\n")
    assert (call("synth").code, call("synth").err) == (2, "fpverify: missing command; see 'fpverify synth --help'\n")
