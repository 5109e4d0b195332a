from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fpverify import errors
from fpverify.cli.failures import failure, one_line
from fpverify.errors import FpverifyError

Call = Callable[..., Any]


def all_errors(kind: type[FpverifyError] = FpverifyError) -> list[type[FpverifyError]]:
    return [kind, *(inner for one in kind.__subclasses__() for inner in all_errors(one))]


@pytest.mark.parametrize("kind", all_errors(), ids=lambda kind: kind.__name__)
def test_every_error_says_its_line_and_is_never_taken_for_a_non_match(kind: type[FpverifyError]) -> None:
    ended = failure(kind("what was given, and what would be right"))
    assert ended.line == "what was given, and what would be right"
    assert ended.code == (2 if kind is errors.SettingsError else 3)


@pytest.mark.parametrize(
    "error", [RuntimeError("x"), MemoryError(), OSError(5, "gone", "f"), KeyError("k"), ValueError()]
)
def test_whatever_happens_is_no_decision(error: Exception) -> None:
    assert failure(error).code == 3
    assert failure(error).line


@given(st.text())
def test_a_line_is_one_line_and_can_be_printed(text: str) -> None:
    shown = one_line(text)
    assert len(shown.splitlines()) <= 1
    assert shown.isprintable()


def test_what_can_be_printed_is_shown_as_it_is() -> None:
    assert one_line("no subject 'Zoë 李'") == "no subject 'Zoë 李'"
    assert one_line("a\nb\tc\x1b[31m\udcff") == r"a b c\x1b[31m\udcff"


def test_a_defect_is_one_line_that_asks_for_a_report(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    import fpverify.store

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("of two\nlines")

    monkeypatch.setattr(fpverify.store.Store, "open", broken)
    ended = call("list")
    assert ended.code == 3
    assert ended.err.startswith("fpverify: internal error: ZeroDivisionError: of two lines; please report it")
    assert ended.err.count("\n") == 1
    monkeypatch.setenv("FPVERIFY_DEBUG", "1")
    shown = call("list")
    assert shown.err.startswith("Traceback")
    assert shown.err.endswith(ended.err)


def test_workers_that_were_killed_are_no_defect() -> None:
    from concurrent.futures.process import BrokenProcessPool

    ended = failure(BrokenProcessPool("terminated abruptly"))
    assert ended.code == 3
    assert "fewer --workers" in str(ended.line)


def test_an_interrupt_and_a_lost_reader_say_nothing() -> None:
    assert (failure(KeyboardInterrupt()).code, failure(KeyboardInterrupt()).line) == (130, None)
    assert (failure(BrokenPipeError()).code, failure(BrokenPipeError()).line) == (141, None)
