"""The passphrase of an archive, for export and import."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from fpverify.errors import StoreError

PASSPHRASE_VARIABLE = "FPVERIFY_PASSPHRASE"  # noqa: S105 - the name of the variable
LARGEST_PASSPHRASE_BYTES = 4096  # of a file; a longer one was surely meant for something else

PASSPHRASE_FILE = click.option(
    "--passphrase-file",
    type=click.Path(),
    metavar="FILE",
    help=f"First line of this file.  [default: {PASSPHRASE_VARIABLE}, or ask]",
)


def check_protection(passphrase_file: str | None, *, plain: bool) -> None:
    """Nothing, if one way of protection was chosen."""
    if plain and passphrase_file is not None:
        raise click.UsageError("give either --passphrase-file or --plain")


def passphrase_from(path: str | None, *, twice: bool) -> str:
    """From a file, the environment or the terminal; never an argument, which others on the machine can read."""
    if path is not None:
        return _first_line(path)
    if os.environ.get(PASSPHRASE_VARIABLE):
        return os.environ[PASSPHRASE_VARIABLE]
    if sys.stdin is None or not sys.stdin.isatty():
        raise click.UsageError(
            f"there is nobody to ask for the passphrase; give --passphrase-file, or {PASSPHRASE_VARIABLE}"
            + (", or --plain for none" if twice else "")
        )
    asked: str = click.prompt("Passphrase", hide_input=True, confirmation_prompt=twice, err=True)
    return asked


def _first_line(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            text = file.read(LARGEST_PASSPHRASE_BYTES).decode()
    except UnicodeDecodeError as error:
        raise StoreError(f"{path} holds no passphrase: it is not UTF-8 text") from error
    line = (text.splitlines() or [""])[0]
    if not line:
        raise StoreError(f"{path} holds no passphrase: its first line is empty")
    return line
