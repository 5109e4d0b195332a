"""How a command that went wrong ends: one line on standard error, and the exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from typing import Any, NamedTuple

import click

from fpverify.cli.streams import colour_wanted, discard
from fpverify.errors import FpverifyError, SettingsError

EXIT_NON_MATCH = 1
EXIT_USAGE = 2
EXIT_NO_DECISION = 3
EXIT_ATTENTION = 4  # of doctor alone: something needs attention
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells have it
EXIT_NO_READER = 141  # 128 + SIGPIPE

DEBUG_VARIABLE = "FPVERIFY_DEBUG"  # 1 shows tracebacks


class Failure(NamedTuple):
    """How a command ends that did not succeed.

    Attributes:
        code: of the process.
        line: for standard error; None says nothing.
        error: what happened.
    """

    code: int
    line: str | None
    error: BaseException


def debugging() -> bool:
    """Whether the user asked for tracebacks."""
    return os.environ.get(DEBUG_VARIABLE, "0") not in {"", "0"}


def failure(error: BaseException) -> Failure:
    """How a command ends that raised `error`."""
    for kinds, code, line in _ENDINGS:
        if isinstance(error, kinds):
            return Failure(code, line(error), error)
    return Failure(EXIT_NO_DECISION, _internal(error), error)


def report(ended: Failure) -> int:
    """Says what is to be said on standard error, and gives back the exit code."""
    if ended.line is not None:
        if debugging():
            traceback.print_exception(ended.error)
        click.echo(f"{click.style('fpverify:', fg='red')} {one_line(ended.line)}", err=True, color=colour_wanted())
    if ended.code == EXIT_NO_READER:
        discard(sys.stdout)
    return ended.code


def one_line(text: str) -> str:
    """The text on one line: white space as one space, what else cannot be printed escaped."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in " ".join(text.split()))


def _usage(error: click.UsageError) -> str:
    from fpverify.cli.suggestions import suggestion  # here: most use is right

    if slip := suggestion(error):
        return slip
    path = error.ctx.command_path if error.ctx else "fpverify"
    message = error.format_message().strip().rstrip(".")
    return f"{message[:1].lower()}{message[1:]}; see '{path} --help'"


def _system(error: OSError) -> str:
    """A file or device that failed, in words."""
    reason = error.strerror or type(error).__name__
    return f"{error.filename}: {reason}" if error.filename else reason


def _internal(error: BaseException) -> str:
    if type(error).__name__ == "BrokenProcessPool":  # by name: its module is slow to import
        return "a worker process was ended from outside, perhaps for want of memory; try again with fewer --workers"
    return (
        f"internal error: {type(error).__name__}: {error}; "
        f"please report it, with the traceback that {DEBUG_VARIABLE}=1 shows"
    )


def _silent(error: BaseException) -> None:
    return None


def _no_memory(error: BaseException) -> str:
    return "not enough memory"


# The first that fits, from the special to the general.
_ENDINGS: tuple[tuple[tuple[type[BaseException], ...], int, Callable[[Any], str | None]], ...] = (
    ((click.Abort, KeyboardInterrupt), EXIT_INTERRUPTED, _silent),
    ((click.UsageError,), EXIT_USAGE, _usage),
    ((click.ClickException,), EXIT_NO_DECISION, click.ClickException.format_message),
    ((SettingsError,), EXIT_USAGE, str),
    ((FpverifyError,), EXIT_NO_DECISION, str),
    ((BrokenPipeError,), EXIT_NO_READER, _silent),
    ((OSError,), EXIT_NO_DECISION, _system),
    ((MemoryError,), EXIT_NO_DECISION, _no_memory),
)
