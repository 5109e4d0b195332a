"""A scan named - comes from standard input, for every command that takes one."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]
Pipe = Callable[[bytes], None]
SAMPLE = Path(__file__).parents[2] / "fpverify" / "samples" / "A_1.bmp"


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch) -> Pipe:
    """Puts bytes on standard input."""
    return lambda content: monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))


@pytest.mark.usefixtures("enrolled")
@pytest.mark.parametrize("command", [("verify", "--id", "A"), ("identify",)])
def test_a_scan_from_standard_input_decides_as_its_file_does(
    command: tuple[str, ...], call: Call, stripes: Path, edges_model: Path, piped: Pipe
) -> None:
    of_file = call(*command, stripes / "A_02.bmp", "--model", edges_model, "--json")
    piped((stripes / "A_02.bmp").read_bytes())
    of_input = call(*command, "-", "--model", edges_model, "--json")
    assert (of_input.code, of_file.code) == (0, 0)
    probes = [one.answer["probes"][0] for one in (of_input, of_file)]
    assert probes[0].pop("file") == "standard input"
    del probes[1]["file"]
    assert probes[0] == probes[1]


def test_enroll_and_explain_take_it(call: Call, stripes: Path, edges_model: Path, piped: Pipe) -> None:
    content = (stripes / "A_00.bmp").read_bytes()
    piped(content)
    assert call("enroll", "-", "--id", "A", "--model", edges_model, "--json").answer["impression"] == 1
    piped(content)
    assert call("explain", "-", stripes / "A_02.bmp", "--model", edges_model).out.startswith("match: ")


def test_compare_and_template_take_it(call: Call, stripes: Path, edges_model: Path, piped: Pipe) -> None:
    content = (stripes / "A_00.bmp").read_bytes()
    piped(content)
    compared = call("compare", "-", stripes / "A_02.bmp", "--model", edges_model)
    assert (compared.code, "standard input" in compared.out) == (0, True)
    piped(content)
    assert call("template", "-", "--model", edges_model).out.startswith("standard input: ")


def test_convert_takes_scans_and_records_from_it(call: Call, piped: Pipe, release_model: str) -> None:
    piped(SAMPLE.read_bytes())
    assert call("convert", "-", "piped.xyt").code == 0
    assert call("convert", SAMPLE, "file.xyt").code == 0
    assert Path("piped.xyt").read_text() == Path("file.xyt").read_text()
    piped(Path("file.xyt").read_bytes())
    assert call("convert", "-", "again.csv", "--size", "300x300", "--ppi", "500").code == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("verify", "-", "-", "--id", "A"), 2, "standard input (-) holds one file, and is given twice"),
        (("explain", "-", "-"), 2, "given twice"),
        (("compare", "-", "-"), 2, "given twice"),
        (("convert", "-", "-", "x.fmr"), 2, "given twice"),
        (("identify", "-"), 3, "standard input: it is empty"),
    ],
)
def test_what_it_cannot_give_is_said(words: tuple[str, ...], code: int, said: str, call: Call, piped: Pipe) -> None:
    piped(b"")
    ended = call(*words)
    assert (ended.code, ended.err.count("\n")) == (code, 1)
    assert said in ended.err


def test_a_damaged_scan_from_there_is_named(call: Call, piped: Pipe) -> None:
    piped(b"BM no picture")
    ended = call("verify", "-", "--id", "A")
    assert (ended.code, ended.err.count("\n")) == (3, 1)
    assert "standard input: " in ended.err


def test_a_terminal_and_a_closed_input_send_nothing(call: Call, piped: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    piped(SAMPLE.read_bytes())
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    assert "standard input: no file comes from there" in call("identify", "-").err
    monkeypatch.setattr("sys.stdin", None)
    assert "standard input: no file comes from there" in call("identify", "-").err


def test_more_than_a_file_may_hold_is_refused(call: Call, monkeypatch: pytest.MonkeyPatch, piped: Pipe) -> None:
    monkeypatch.setattr("fpverify.scans.files.MOST_BYTES", 1000)
    piped(bytes(1001))
    ended = call("identify", "-")
    assert (ended.code, "standard input: at most" in ended.err) == (3, True)
