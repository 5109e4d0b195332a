"""Slips of the pen are answered with what was meant, and are wrong use all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
import pytest

from fpverify.cli.suggestions import suggestion

Call = Callable[..., Any]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["verfy", "a.bmp"], "no such command 'verfy'; did you mean 'verify'?"),
        (["key", "show"], "no such command 'key'; did you mean 'keys'?"),
        (["keys", "sho"], "no such command 'sho'; did you mean 'show'?"),
        (["verify", "a.bmp", "--idd", "A"], "no such option '--idd'; did you mean '--id'?"),
        (["synth", "ridges", "--finger=3"], "no such option '--finger'; did you mean '--fingers'?"),
        (["--verison"], "no such option '--verison'; did you mean '--version'?"),
        (["list", "--hlep"], "no such option '--hlep'; did you mean '--help'?"),
        (["frobnicate"], "no such command 'frobnicate'; see 'fpverify --help'"),
        (["list", "--frobnicate"], "no such option '--frobnicate'; see 'fpverify list --help'"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_a_slip_of_the_pen_is_answered_with_the_nearest_name(call: Call, words: list[str], line: str) -> None:
    ended = call(*words)
    assert (ended.code, ended.out, ended.err) == (2, "", f"fpverify: {line}\n")


def test_a_command_is_found_missing_by_any_click() -> None:
    group = click.Group("keys", commands={"show": click.Command("show")})
    context = click.Context(group, info_name="keys")
    said = suggestion(click.UsageError("No such command 'sho'.", context))
    assert said == "no such command 'sho'; did you mean 'show'?"


def test_other_wrong_use_is_left_to_others(call: Call) -> None:
    context = click.Context(click.Command("list"), info_name="list")
    assert suggestion(click.UsageError("No such command 'sho'.", context)) is None
    assert suggestion(click.UsageError("anything", context)) is None
    assert suggestion(click.UsageError("anything")) is None
    assert "missing option '--id'" in call("verify", "a.bmp").err
