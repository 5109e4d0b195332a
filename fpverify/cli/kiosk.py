"""kiosk: a door at a terminal, which captures and decides again and again."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from fpverify.cli.captures import READER, TIMEOUT, Live, touch
from fpverify.cli.failures import EXIT_NON_MATCH, one_line
from fpverify.cli.options import (
    CALIBRATION,
    DB,
    FINGER,
    FMR,
    INDEX,
    JSON,
    KEY,
    MODEL,
    PPI,
    Parsed,
    options,
    registers_with_a_bar,
)
from fpverify.cli.streams import colour_wanted
from fpverify.cli.words import print_json
from fpverify.errors import FpverifyError, NothingCaptured, PresentationAttackSuspected, ScanError, UnusableCapture
from fpverify.settings import load_settings, parse_fpir

if TYPE_CHECKING:
    from fpverify.verifier import Verifier
    from fpverify.vocabulary import Finger, Scan

SHOWN_S = 4.0  # an answer, which is read in two
WIDE = 44  # characters of an answer's band
AGAIN = "once more: dry the finger, and put it down flat"


@click.command(
    "kiosk",
    epilog="""\b
Examples:
  fpverify kiosk
  fpverify kiosk --reader libfprint:uru4000 --ppi 512
  fpverify kiosk --id A --finger right-index
  fpverify kiosk --json | door-opener
  fpverify kiosk --once

\b
Exit codes: 0 ended by SIGTERM or Ctrl-C; 2 wrong use; 3 the reader, store or model cannot be used.
With --once: 0 match, 1 non-match, 3 no decision could be made.
""",
)
@click.option("--id", "subject", metavar="ID", help="Whom everybody says to be.  [default: whoever is enrolled]")
@options(FINGER, FMR)
@click.option(
    "--fpir",
    type=Parsed("rate", parse_fpir),
    default="0.001",
    metavar="RATE",
    help="Without --id: how often a finger of nobody enrolled may match somebody.  [default: 0.1%]",
)
@click.option("--once", is_flag=True, help="Decide about one finger, and end.")
@options(READER, TIMEOUT, PPI, MODEL, CALIBRATION, DB, KEY, INDEX, JSON)
def kiosk_command(
    *,
    subject: str | None,
    finger: Finger | None,
    fmr: float | None,
    fpir: float,
    once: bool,
    reader: str | None,
    timeout_s: float,
    ppi: float | None,
    model: str | None,
    calibration: str | None,
    db: str | None,
    key: str | None,
    index: str | None,
    as_json: bool,
) -> int:
    """Capture a finger with a reader and decide, again and again, as at a door.

    The answer is large, and gone after some seconds. Who is refused learns nothing else: no score, no name, and not
    how near it was. With --json each decision is one line.
    """
    if subject is None and (finger is not None or fmr is not None):
        raise click.UsageError("--finger and --fmr are of a person; give --id, too, or --fpir")
    from fpverify.verifier import Verifier

    registers = registers_with_a_bar(index)
    live = Live(reader, timeout_s)
    opened = Verifier.open(
        db, model=model, calibration=calibration, fmr=fmr, key=key, registers=registers, create=False
    )
    with _ended_by_signals(), opened as verifier, live.opened(load_settings(ppi=ppi).ppi) as connected:
        if subject is not None:
            verifier.references(subject, finger)  # who is not enrolled is an error now, and no stranger's later
        door = _Door(verifier, subject, finger, fpir)
        screen = _Lines() if as_json else _Screen()
        try:
            while True:
                outcome = _outcome(door, lambda: touch(connected, timeout_s, finger or "finger"), screen)
                if once:
                    if isinstance(outcome, FpverifyError):
                        raise outcome
                    return 0 if outcome else EXIT_NON_MATCH
        except KeyboardInterrupt:
            if once:
                raise
            return 0


def _outcome(door: _Door, capture: Any, screen: _Lines | _Screen) -> bool | FpverifyError:
    """Whether the next finger matches; or why nobody knows, where another one may be tried.

    Raises:
        FpverifyError: the reader or the store cannot be used any more.
    """
    try:
        scan = capture()
    except NothingCaptured as error:  # nobody is there
        return error
    except (UnusableCapture, ScanError) as error:
        screen.show_none(error)
        return error
    try:
        match, fields = door.decision(scan)
    except (ScanError, PresentationAttackSuspected) as error:
        screen.show_none(error)
        return error
    screen.show(match=match, **fields)
    return match


@dataclass(frozen=True)
class _Door:
    """Whom it opens for.

    Attributes:
        verifier: the model and the store, opened once.
        subject: whom everybody says to be; None is whoever is enrolled.
        finger: of the subject; None is any.
        fpir: of an identification.
    """

    verifier: Verifier
    subject: str | None
    finger: Finger | None
    fpir: float

    def decision(self, scan: Scan) -> tuple[bool, dict[str, str]]:
        """Whether a scan matches, and of a match whose finger it is."""
        if self.subject is not None:
            decision = self.verifier.verify(scan, self.subject, self.finger)
            found = {"subject": self.subject, "finger": str(decision.finger)}
            return decision.match, found if decision.match else {}
        identified = self.verifier.identify(scan, top=1, fpir=self.fpir)
        if not identified.matches:
            return False, {}
        best = identified.candidates[0]
        return True, {"subject": best.subject, "finger": best.finger}


class _Lines:
    """Answers for programs, a line of JSON each."""

    def show(self, *, match: bool, **fields: str) -> None:
        """A decision."""
        print_json({"at": _now(), "decision": "match" if match else "non-match", **fields})

    def show_none(self, error: FpverifyError) -> None:
        """That there is none."""
        print_json({"at": _now(), "decision": None, "error": type(error).__name__, "message": one_line(str(error))})


class _Screen:
    """Answers for whoever stands there: large at a terminal, and gone after some seconds; a line each elsewhere."""

    def show(self, *, match: bool, **fields: str) -> None:
        """A decision."""
        word = f"match: {fields['subject']}" if match else "not recognised"
        self._say(one_line(word), "green" if match else "red")

    def show_none(self, error: FpverifyError) -> None:
        """That there is none; to whoever shows a cast it is no other answer than to a stranger."""
        if isinstance(error, PresentationAttackSuspected):
            self.show(match=False)
        else:
            self._say(AGAIN, "yellow")

    def _say(self, text: str, colour: str) -> None:
        if not sys.stdout.isatty():
            click.echo(text)
            return
        click.clear()
        blank, middle = " " * WIDE, text.upper().center(WIDE)
        for line in (blank, middle, blank):
            click.echo(click.style(line, fg="white", bg=colour, bold=True), color=colour_wanted())
        sys.stdout.flush()
        time.sleep(SHOWN_S)
        click.clear()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """A block that SIGTERM ends as Ctrl-C does, whatever is waited for."""

    def ended(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, ended)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
