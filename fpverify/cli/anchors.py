"""Where anchors go, one after the other: a file that grows, a command, or standard output."""

from __future__ import annotations

import os
import re
import shlex
import stat
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fpverify.cli.failures import one_line
from fpverify.errors import CorruptRecord, FpverifyError, StoreError

if TYPE_CHECKING:
    from fpverify.store.anchors import Anchor

COMMAND_S = 60.0  # that a command may take for one anchor
TAIL_BYTES = 4096  # of a file, in which its last line lies: an anchor has about a hundred
FILE_MODE = 0o600  # the owner only

_SPAN = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def parse_span(value: object) -> float:
    """Seconds from a number and a unit, such as 30s, 15m, 1h or 1d.

    Raises:
        ValueError: it is no such span.
    """
    if isinstance(value, int | float):
        return float(value)
    found = _SPAN.fullmatch(str(value).strip())
    if found is None:
        raise ValueError(f"{str(value)!r:.40} is no span of time; give one such as 15m, 1h or 1d")
    return float(found[1]) * _UNIT_S[found[2]]


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who is given the anchors.

    Attributes:
        to: a file, or `|` and a command that reads one on its standard input; None is standard output.
        prints: on standard output, if they go there.
    """

    to: str | None
    prints: bool = True

    def __post_init__(self) -> None:
        """Raises click.UsageError if a command cannot be split into words."""
        if self._is_command:
            self._words()

    def last(self) -> Anchor | None:
        """The newest anchor that the file has, so that the next has to go on from there.

        Raises:
            StoreError: its last line is none.
        """
        from fpverify.store.anchors import Anchor

        lines = [] if self.to is None or self._is_command else _last_lines(Path(self.to))
        if not lines:
            return None
        try:
            return Anchor.parse(lines[-1])
        except ValueError as error:
            raise StoreError(f"the last line of {self.to} is no anchor; give another file (--to)") from error

    def give(self, line: str) -> None:
        """Hands an anchor over; a file has it on disk when this returns.

        Raises:
            OSError: the file cannot be written.
            StoreError: the command did not take it.
        """
        if self.to is None:
            if self.prints:
                click.echo(line)
        elif self._is_command:
            _run(self._words(), line)
        else:
            _append(Path(self.to), line)

    @property
    def _is_command(self) -> bool:
        return self.to is not None and self.to.lstrip().startswith("|")

    def _words(self) -> list[str]:
        command = (self.to or "").lstrip().removeprefix("|")
        try:
            words = shlex.split(command)
        except ValueError as error:
            raise click.UsageError(f"--to: {command.strip()!r} is no command: {error}") from error
        if not words:
            raise click.UsageError("--to: '|' is followed by a command, such as '| mail -s anchor me@example.org'")
        return words


def anchors(
    take: Callable[[Anchor | None], Anchor], to: Recipient, every_s: float | None, stop: threading.Event
) -> Iterator[Anchor]:
    """Takes anchors and hands them over, until told to stop; what fails after the first is said, and tried again.

    Args:
        take: the anchor now, if the store goes on from an earlier one.
        to: who is given them.
        every_s: seconds from one to the next; None takes one.
        stop: set to end.

    Raises:
        CorruptRecord: the store does not go on from the anchor before, or is damaged.
    """
    before, is_first = to.last(), True
    while True:
        try:
            before = _handed_over(take, before, to)
            yield before
        except CorruptRecord:
            raise
        except (FpverifyError, OSError) as error:
            if is_first or every_s is None:
                raise
            click.echo(f"fpverify: no anchor this time: {one_line(str(error))}", err=True)
        is_first = False
        if every_s is None or stop.wait(every_s):
            return


def _handed_over(take: Callable[[Anchor | None], Anchor], before: Anchor | None, to: Recipient) -> Anchor:
    anchor = take(before)
    to.give(str(anchor))
    return anchor


def _last_lines(path: Path) -> list[str]:
    """The lines at the end of a file; none of one that is empty, missing, or no regular file."""
    try:
        with path.open("rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return []
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
            return file.read().decode("ascii", "replace").split()
    except FileNotFoundError:
        return []


def _append(path: Path, line: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, FILE_MODE)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        if hasattr(os, "fchmod") and stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            with suppress(OSError):  # of a file that is somebody else's, or on a disk without modes
                os.fchmod(file.fileno(), FILE_MODE)
        file.write(f"{line}\n")
        file.flush()
        with suppress(OSError):  # a terminal or a pipe has no disk
            os.fsync(file.fileno())


def _run(words: list[str], line: str) -> None:
    try:
        done = subprocess.run(words, input=f"{line}\n", text=True, timeout=COMMAND_S, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise StoreError(f"the command {words[0]} did not end within {COMMAND_S:g} s") from error
    except OSError as error:
        raise StoreError(f"the command {words[0]} cannot be run: {error.strerror}") from error
    if done.returncode:
        raise StoreError(f"the command {words[0]} ended with {done.returncode}")
