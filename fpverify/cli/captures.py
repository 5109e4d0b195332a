"""What stands in place of files of one finger each: a reader, cards, slaps; their options, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from fpverify.cli.options import Finger, Parsed, options
from fpverify.cli.streams import INPUT_NAME, STANDARD_INPUT, given_scan, input_bytes, raw_size, require_one_input

if TYPE_CHECKING:
    from fpverify.hands import HandReader, Hands
    from fpverify.readers import Reader
    from fpverify.vocabulary import Finger as FingerName
    from fpverify.vocabulary import Scan

Command = TypeVar("Command", bound=Callable[..., Any])
LOOKED_AT = 16  # bytes of a file: the beginning tells what it is
ANY = ""  # what `--reader` says without a name
MOST_S = 86_400.0  # a day
TIMEOUT_S = 30.0  # in which a finger is put down: who was called to the reader needs ten


def _seconds(value: object) -> float:
    """A time; anything else raises ValueError."""
    try:
        seconds = float(str(value))
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= MOST_S:
        raise ValueError(f"{value!r} is no time; give seconds, more than 0 and at most {MOST_S:g}")
    return seconds


READER = click.option(
    "--reader",
    is_flag=False,
    flag_value=ANY,
    metavar="[NAME]",
    help="Capture the scan with a fingerprint reader: the one named, such as folder:DIR, or the only one there is.",
)
TIMEOUT = click.option(
    "--timeout",
    "timeout_s",
    type=Parsed("number", _seconds),
    default=TIMEOUT_S,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for a finger.",
)


@dataclass(frozen=True, slots=True)
class Live:
    """Whether a command takes its scans from a reader; as the options have it.

    Attributes:
        reader: its name; empty for the only one; None takes files.
        timeout_s: how long to wait for each finger, seconds.
    """

    reader: str | None
    timeout_s: float

    def count(self, scans: Sequence[str], fingers: Sequence[str] = ()) -> int:
        """How many scans there will be: those named, or one from the reader for each finger that is named.

        Raises:
            click.UsageError: there are neither files nor a reader, or both.
        """
        if not scans and self.reader is None:
            raise click.UsageError("missing argument 'SCAN...': give a scan, or --reader")
        if scans and self.reader is not None:
            raise click.UsageError("give either scans or --reader")
        return len(scans) or max(1, len(fingers))

    def captured(self, fingers: Sequence[str] = (), ppi: float | None = None) -> list[Scan]:
        """A scan from the reader for each finger that is named; none if files are taken.

        Raises:
            ReaderError, ScanError: there is none.
        """
        if self.reader is None:
            return []
        with self.opened(ppi) as reader:
            return [touch(reader, self.timeout_s, finger) for finger in fingers or ("finger",)]

    @contextmanager
    def opened(self, ppi: float | None) -> Iterator[Reader]:
        """The reader."""
        from fpverify.readers import opened_reader

        with closing(opened_reader(self.reader or None, ppi=ppi)) as reader:
            yield reader


def live_options(command: Command) -> Command:
    """The options of a command that may take its scans from a reader, which takes them together as `live`."""

    @wraps(command)
    def together(*, reader: str | None, timeout_s: float, **given: Any) -> Any:
        return command(live=Live(reader, timeout_s), **given)

    return cast(Command, options(READER, TIMEOUT)(together))


def touch(reader: Reader, timeout_s: float, finger: str = "finger") -> Scan:
    """A scan of the finger that is put down now; whoever stands there is told to.

    Args:
        reader: opened.
        timeout_s: how long to wait, seconds.
        finger: its name, if it has one.
    """
    from fpverify.readers import LiveReader, best_capture

    quality = live_quality() if isinstance(reader, LiveReader) else None
    prompt = partial(click.echo, f"put the {finger} on the reader", err=True)
    return best_capture(reader, timeout_s, quality, prompt)


def live_quality() -> Callable[[Scan], float]:
    """How good a live picture is, as the model sees it."""
    from fpverify.matching import Matcher
    from fpverify.settings import load_settings

    settings = load_settings()
    matcher = Matcher.load(settings.model, None, settings.models)
    return lambda scan: matcher.template(scan).quality


@dataclass(frozen=True, slots=True)
class Slaps:
    """What scans show, as the options have it.

    Attributes:
        slap: "right", "left" or "thumbs"; None for one finger each.
        missing: fingers that slaps lack.
    """

    slap: str | None
    missing: tuple[FingerName, ...] = ()

    def holds_several(self, scans: Sequence[str]) -> bool:
        """Whether a file may hold several fingers: asked for, or a record of pictures by its first bytes."""
        return self.slap is not None or (raw_size() is None and any(_is_record(one) for one in scans))

    def hands(self, scans: Sequence[str], ppi: float | None) -> Hands:
        """The fingers in files; raises ScanError."""
        from fpverify.hands import HandReader, joined

        require_one_input(scans)
        reader = HandReader(ppi, self.slap, self.missing)
        return joined([self._of_file(one, ppi, reader) for one in scans])

    def _of_file(self, path: str, ppi: float | None, reader: HandReader) -> Hands:
        if raw_size() is not None:
            return reader.of_scan(given_scan(path, ppi))
        if path == STANDARD_INPUT:
            return reader.read(INPUT_NAME, input_bytes())
        return reader.read(path)


def slap_options(command: Command) -> Command:
    """The options of a command whose scans may show several fingers, which takes them together as `slaps`."""

    @wraps(command)
    def together(*, slap: str | None, missing: tuple[FingerName, ...], **given: Any) -> Any:
        if missing and slap is None:
            raise click.UsageError("--missing is of a slap; give --slap")
        return command(slaps=Slaps(slap, missing), **given)

    return cast(Command, options(SLAP, MISSING)(together))


SLAP = click.option(
    "--slap",
    "--hand",
    "slap",
    type=click.Choice(["right", "left", "thumbs"]),
    help="Scans show four fingers of a hand, or both thumbs; each is taken out and named.",
)
MISSING = click.option(
    "--missing", type=Finger(), multiple=True, metavar="NAME", help="A finger that the slap lacks, if it does."
)


def say_notes(notes: Sequence[str]) -> None:
    """What there is to know of what was read, on standard error."""
    from fpverify.cli.failures import one_line

    for note in notes:
        click.echo(f"fpverify: note: {one_line(note)}", err=True)


def _is_record(path: str) -> bool:
    from fpverify.folders import first_bytes
    from fpverify.scans.images import RECORD_STARTS

    return path != STANDARD_INPUT and first_bytes(path, LOOKED_AT).startswith(RECORD_STARTS)
