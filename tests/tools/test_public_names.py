"""The list of public names is what the code has, and a name that is another shows."""

from __future__ import annotations

import inspect
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import click
import pytest
from tool_modules import tool


@pytest.fixture(scope="module")
def public_names() -> ModuleType:
    return tool("public_names")


@pytest.mark.slow
@pytest.mark.usefixtures("release_model")
def test_the_list_is_what_the_code_has(public_names: ModuleType) -> None:
    pytest.importorskip("fastapi")
    check = [sys.executable, public_names.__file__, "--check"]  # a process of its own: what other tests left would show
    run = subprocess.run(check, capture_output=True, text=True, check=False)
    if run.returncode:
        pytest.fail(f"run `{public_names.AGAIN}`; what differs:\n{run.stdout}{run.stderr[-2000:]}", pytrace=False)


def test_a_list_that_is_another_is_refused_line_by_line(
    public_names: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(public_names, "LIST", tmp_path / "public.txt")
    monkeypatch.setattr(public_names, "public_names", lambda: "one\ntwo\n")
    assert public_names.main(["--check"]) == 1
    assert not (tmp_path / "public.txt").exists()
    assert public_names.main([]) == 0
    assert public_names.main(["--check"]) == 0
    monkeypatch.setattr(public_names, "public_names", lambda: "one\n2\n")
    capsys.readouterr()
    assert public_names.main(["--check"]) == 1
    assert capsys.readouterr().out.splitlines()[-2:] == ["-two", "+2"]


@dataclass
class Example:
    held: int
    made: list[str] = field(default_factory=list)

    @property
    def said(self) -> str | None:
        return None

    @classmethod
    def of(cls, *names: str, fast: bool = False, **more: object) -> Example:
        raise NotImplementedError

    def _hidden(self) -> None: ...


def test_python_names_have_signatures(public_names: ModuleType) -> None:
    assert public_names.signature(Example) == "(held: int, made: list[str] = ...)"
    assert list(public_names.members(Example)) == [
        "of(*names: str, fast: bool = False, **more: object) -> Example",
        "said: str | None",
    ]
    assert public_names.signature(lambda a, *, b="c", d=inspect: None) == "(a, *, b = 'c', d = ...)"


def test_errors_have_the_place_that_they_have_in_the_tree(public_names: ModuleType) -> None:
    from fpverify.errors import ScanError

    assert "ScanError > FailureToAcquire > SeveralPrints" in list(public_names.error_names(ScanError))


def test_options_say_what_they_take(public_names: ModuleType) -> None:
    named = {
        click.Option(["--id"], required=True, metavar="ID"): "--id ID (required)",
        click.Option(["--yes/--no"]): "--yes/--no",
        click.Option(["--of"], type=click.Choice(["a", "b"]), multiple=True): "--of a|b (repeated)",
    }
    assert {one: public_names.option(one) for one in named} == named


def test_fields_have_dotted_names(public_names: ModuleType) -> None:
    answer = {"a": 1, "b": {"c": None, "d": [{"e": 1}, {"f": 2}]}, "g": [], "h": {"by id": 1}}
    assert public_names.fields(answer, ("h",)) == [
        "a",
        "b",
        "b.c",
        "b.d",
        "b.d[].e",
        "b.d[].f",
        "g (empty here)",
        "h",
        "h.*",
    ]
    assert public_names.without_empty(["g (empty here)", "g", "g[].x", "k (empty here)"]) == [
        "g",
        "g[].x",
        "k (empty here)",
    ]


def test_fields_of_a_schema_are_followed_where_they_are_stated(public_names: ModuleType) -> None:
    document = {"parts": {"One": {"properties": {"x": {"anyOf": [{"type": "null"}, {"properties": {"y": {}}}]}}}}}
    schema = {"properties": {"many": {"type": "array", "items": {"$ref": "#/parts/One"}}}}
    assert public_names.schema_fields(schema, document) == ["many", "many[].x", "many[].x.y"]


def test_a_command_whose_answer_nobody_asks_for_is_refused(
    public_names: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_names, "CALLS", ("verify A_2.bmp --id A", "keys show"))
    monkeypatch.setattr(public_names, "NOT_RUN", {"lab run": "takes minutes"})
    public_names.require_all_asked({"verify", "keys show", "lab run"})
    for known in ({"verify", "keys show", "lab run", "newer"}, {"verify", "lab run"}):
        with pytest.raises(SystemExit, match="CALLS"):
            public_names.require_all_asked(known)


def test_a_command_that_fails_is_no_source(public_names: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="ended with 3"):
        public_names.called(["compare", str(tmp_path / "a.bmp"), str(tmp_path / "b.bmp")])
