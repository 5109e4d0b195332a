"""watch: verifies the scans that a scanner drops into a folder."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fpverify.answers import decision_answer
from fpverify.cli.failures import EXIT_NO_DECISION, EXIT_NON_MATCH, one_line
from fpverify.cli.options import CALIBRATION, DB, FINGER, FMR, JSON, KEY, MODEL, PPI, options
from fpverify.cli.signals import stopped_by_signals
from fpverify.cli.words import in_colour, print_json, scan_notes
from fpverify.errors import EnrollmentError, FpverifyError
from fpverify.settings import load_settings

if TYPE_CHECKING:
    from fpverify.verifier import Verifier
    from fpverify.vocabulary import Finger

POLL_S = 0.2  # between two looks; with one more look for a file to stand still, a visitor waits half a second
EMPTY_STILL_S = 3.0  # a file that is still empty after this stays so
ONCE_PATIENCE_S = 30.0  # --once does not wait longer for files that are being written
UNFINISHED = (".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".swp", "~")  # names while writing
COLUMN = 13  # characters, which the longest of the words before a scan's name fills with two blanks
NAMES_SHOWN = 3  # of the files that are left alone


@click.command(
    "watch",
    epilog="""\b
Examples:
  fpverify watch /srv/scanner --id A
  fpverify watch /srv/scanner --move-to /srv/scanner/done --json
  fpverify watch inbox --once

\b
Exit codes: 0 ended by SIGTERM or Ctrl-C; 2 wrong use; 3 the folder, store or model cannot be used.
With --once: 0 every scan matched, 1 one did not, 3 no decision could be made about one.
""",
)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--id", "subject", metavar="ID", help="Subject.  [default: each file's name before the last underscore]")
@options(FINGER, FMR)
@click.option("--once", is_flag=True, help="Handle the scans that are there, and end.")
@click.option(
    "--move-to",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Move every scan there after its line is printed; nothing is overwritten.",
)
@options(PPI, MODEL, CALIBRATION, DB, KEY, JSON)
def watch_command(
    *,
    folder: Path,
    subject: str | None,
    finger: Finger | None,
    fmr: float | None,
    once: bool,
    move_to: Path | None,
    ppi: float | None,
    model: str | None,
    calibration: str | None,
    db: str | None,
    key: str | None,
    as_json: bool,
) -> int:
    """Verify the scans that a scanner drops into a folder.

    One line for each scan, those that are there already first. A file is read once its size and time stand still, and
    again when they change. A scan that cannot be used gets its line, too. Files without the ending of an image that is
    read are left alone, and so are hidden and temporary names.
    """
    if move_to is not None and move_to.samefile(folder):
        raise click.UsageError("--move-to is the watched folder itself")
    from fpverify.verifier import Verifier

    opened = Verifier.open(db, model=model, calibration=calibration, fmr=fmr, key=key, create=False)
    with opened as verifier, stopped_by_signals() as stop:
        door = Door(verifier, subject, finger, load_settings(ppi=ppi).ppi)
        inbox = Inbox(folder, _say_left_alone)
        codes = set()
        for scan in inbox.until_done(stop) if once else inbox.until(stop):
            seen = door.outcome(scan)
            codes.add(seen.code)
            print_json(seen.fields) if as_json else click.echo(in_colour(seen.line[:COLUMN]) + seen.line[COLUMN:])
            if move_to is not None:
                _move(scan, move_to)
    return max(codes, default=0) if once else 0


@dataclass(frozen=True)
class Seen:
    """What became of one scan.

    Attributes:
        code: 0 match, 1 non-match, 3 no decision could be made.
        line: for people.
        fields: for programs.
    """

    code: int
    line: str
    fields: dict[str, Any]


@dataclass(frozen=True)
class Door:
    """Verifies one scan after the other.

    Attributes:
        verifier: the model and the store, opened once.
        subject: whom every scan is said to be of; None takes it from the file's name.
        finger: its name; None takes any finger of the subject.
        ppi: resolution of every scan; None takes each file's own.
    """

    verifier: Verifier
    subject: str | None
    finger: Finger | None
    ppi: float | None

    def outcome(self, scan: Path) -> Seen:
        """The decision about a scan, or why there is none."""
        asked = {"scan": scan.name, "at": datetime.now(UTC).isoformat(timespec="milliseconds")}
        try:
            return self._decided(scan, asked)
        except (FpverifyError, OSError, MemoryError) as error:
            message = one_line(str(error)) or "not enough memory"
            facts = error.facts if isinstance(error, FpverifyError) else {}
            fields = {**asked, "decision": None, "error": type(error).__name__, "message": message, **facts}
            return Seen(EXIT_NO_DECISION, f"{'no decision':<{COLUMN}}{one_line(scan.name)}: {message}", fields)

    def _decided(self, scan: Path, asked: dict[str, Any]) -> Seen:
        from fpverify.scans import read_scan

        subject = self.subject or subject_of(scan)
        probe = read_scan(scan, ppi=self.ppi)
        decision = self.verifier.verify(probe, subject, self.finger)
        threshold = decision.operating_point.threshold
        line = (
            f"{decision.word:<{COLUMN}}{one_line(scan.name)}: {decision.subject}, finger {decision.finger}, "
            f"score {decision.score.value:.1f}, threshold {threshold:.1f}"
        )
        line = "; ".join(part for part in (line, scan_notes(probe)) if part)
        fields = {**asked, **decision_answer(decision, probe)}
        return Seen(0 if decision.match else EXIT_NON_MATCH, line, fields)


def subject_of(scan: Path) -> str:
    """The subject that a file's name states: what comes before the last underscore.

    Raises:
        EnrollmentError: the name states none.
    """
    subject, underscore, _ = scan.stem.rpartition("_")
    if not (subject and underscore):
        raise EnrollmentError("no id in the name; give --id, or name scans such as A_1.bmp")
    return subject


@dataclass
class Inbox:
    """A folder into which files are written.

    Attributes:
        folder: it.
        tell: is given the names of the files that are no scans by their endings, the first time that there are some.
    """

    folder: Path
    tell: Callable[[list[str]], None] = lambda _: None
    _told: bool = field(default=False, init=False)
    _signs: dict[str, tuple[tuple[int, ...], float]] = field(default_factory=dict)  # name -> as seen, since when (s)
    _taken: dict[str, tuple[int, ...]] = field(default_factory=dict)  # name -> as handed out

    def until(self, stop: threading.Event) -> Iterator[Path]:
        """Every finished file once, and again when it has changed, until `stop` is set.

        Raises:
            OSError: the folder cannot be read any more.
        """
        while not stop.is_set():
            for path in self.finished():
                if stop.is_set():
                    return
                yield path
            stop.wait(POLL_S)

    def until_done(self, stop: threading.Event) -> Iterator[Path]:
        """Every file that is there now, once; not waiting longer than `ONCE_PATIENCE_S` for one to be finished."""
        due = set(self._files())
        patience = time.monotonic() + ONCE_PATIENCE_S
        while due and not stop.is_set() and time.monotonic() < patience:
            for path in self.finished():
                if path.name in due and not stop.is_set():
                    yield path
            due = {name for name in due if name in self._signs and name not in self._taken}
            stop.wait(POLL_S if due else 0)

    def finished(self) -> list[Path]:
        """The files that stand still and were not handed out as they are now, the oldest first."""
        now = time.monotonic()
        files = self._files()
        self._taken = {name: sign for name, sign in self._taken.items() if name in files}
        before, self._signs = self._signs, {}
        for name, sign in files.items():
            self._signs[name] = before[name] if name in before and before[name][0] == sign else (sign, now)
        ready = [name for name, (sign, since) in self._signs.items() if self._is_finished(name, sign, now - since)]
        ready.sort(key=lambda name: (files[name][1], name))
        self._taken |= {name: files[name] for name in ready}
        return [self.folder / name for name in ready]

    def _is_finished(self, name: str, sign: tuple[int, ...], still_s: float) -> bool:
        return self._taken.get(name) != sign and still_s >= (POLL_S / 2 if sign[0] else EMPTY_STILL_S)

    def _files(self) -> dict[str, tuple[int, ...]]:
        """Size (bytes), time (ns) and inode of every file that may be a scan, by its name."""
        from fpverify.scans import IMAGE_SUFFIXES

        found: dict[str, tuple[int, ...]] = {}
        with os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name.lower().endswith(UNFINISHED):
                    continue
                with suppress(OSError):  # it went away while it was looked at
                    status = entry.stat()
                    if entry.is_file():
                        found[entry.name] = (status.st_size, status.st_mtime_ns, status.st_ino)
        others = sorted(name for name in found if Path(name).suffix.lower() not in IMAGE_SUFFIXES)
        self._tell_once(others)
        return {name: sign for name, sign in found.items() if name not in others}

    def _tell_once(self, others: list[str]) -> None:
        if others and not self._told:
            self.tell(others)
            self._told = True


def _say_left_alone(names: list[str]) -> None:
    """One line on standard error."""
    count = f"{len(names)} files are" if len(names) > 1 else "1 file is"
    shown = ", ".join(names[:NAMES_SHOWN]) + (", ..." if len(names) > NAMES_SHOWN else "")
    click.echo(f"fpverify: {count} left alone, without the ending of an image: {one_line(shown)}", err=True)


def _move(scan: Path, folder: Path) -> None:
    """Moves a scan under its own name, or the next that is free; what goes wrong is one line on standard error."""
    try:
        shutil.move(scan, _claimed(folder, scan))
    except OSError as error:
        click.echo(f"fpverify: {one_line(f'{scan}: not moved: {error.strerror or error}')}", err=True)


def _claimed(folder: Path, scan: Path) -> Path:
    """A new, empty file in `folder`, so that no other process takes the name."""
    number = 0
    while True:
        path = folder / (f"{scan.stem}-{number}{scan.suffix}" if number else scan.name)
        try:
            path.touch(exist_ok=False)
        except FileExistsError:
            number += 1
        else:
            return path
