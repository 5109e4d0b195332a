"""The command `fpverify`: its subcommands, and how each ends."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from contextlib import nullcontext
from importlib import import_module
from keyword import iskeyword
from typing import Any

import click

from fpverify import __version__
from fpverify.cli.failures import debugging, failure, report
from fpverify.cli.garbage import look_late
from fpverify.cli.streams import colour_wanted, make_printable, native_silence

NAME = "fpverify"
COMPLETION_VARIABLE = "_FPVERIFY_COMPLETE"  # set by click's completion scripts

# In the order in which one meets them. Each lies in a module of its own name, which is imported when the command is
# called, so that a command costs what it uses.
COMMANDS = (
    *("enroll", "verify", "identify", "watch"),
    *("list", "show", "update", "delete", "deduplicate", "export", "import"),
    *("keys", "audit"),
    *("compare", "explain", "evaluate", "report", "calibrate", "cache"),
    *("template", "convert", "inspect", "split"),
    *("readers", "capture", "kiosk"),
    "synth",
    *("serve", "api-keys"),
    *("migrate", "doctor"),
    *("train", "models", "lab"),
    "demo",
)


def module_of(command: str) -> str:
    """The module of a command, within this package: its name as Python can have it."""
    name = command.replace("-", "_")
    return f"{name}_" if iskeyword(name) else name


class LazyCommands(click.Group):
    """A group whose commands are imported when they are called for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"fpverify.cli.{module_of(cmd_name)}")
        command: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        return command


@click.group(
    cls=LazyCommands,
    no_args_is_help=False,  # a call without a command is wrong use, in one line
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Exit codes:
  0  match, or done     2  wrong use
  1  non-match          3  no decision could be made
                        4  something needs attention (doctor)

\b
Examples:
  fpverify enroll finger.bmp --id A
  fpverify verify scan.bmp --id A
  fpverify verify --help
""",
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def program() -> None:
    """Enroll fingers, verify scans of them, and know the error rate of every decision."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        arguments: in place of the process' own.

    Returns:
        The exit code: 0 match or done, 1 non-match, 2 wrong use, 3 no decision could be made, 4 something needs
        attention (`doctor` alone), 130 interrupted, 141 nobody reads the output any more.
    """
    if COMPLETION_VARIABLE in os.environ:
        program.main(prog_name=NAME)  # answers the shell, and exits
    look_late()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # for small matrices a second thread waits more than it works
    make_printable(sys.stdout)
    with nullcontext() if debugging() else native_silence():
        try:
            code = _run(arguments)
            if sys.stdout is not None:
                sys.stdout.flush()  # a full disk shows here, not after the exit code is settled
        except BaseException as error:
            return report(failure(error))
        return code


def _run(arguments: Sequence[str] | None) -> int:
    """The exit code of a command; what a command returns is one, None is 0."""
    with warnings.catch_warnings():
        if not (debugging() or sys.warnoptions):
            warnings.simplefilter("ignore")  # libraries' remarks to programmers; standard error is for the user
        return _invoked(list(sys.argv[1:] if arguments is None else arguments))


def _invoked(arguments: list[str]) -> int:
    """As `program.main` does, which would end with exit code 1, a non-match, when nobody reads the output."""
    try:
        with program.make_context(NAME, arguments, color=colour_wanted()) as context:
            result: Any = program.invoke(context)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    return result if isinstance(result, int) else 0
