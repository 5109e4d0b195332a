"""Standard streams: what may be written to them, and by whom; and the scan that comes from one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import UnsupportedOperation
from typing import TYPE_CHECKING, Any, TextIO

import click

if TYPE_CHECKING:
    from fpverify.vocabulary import Scan

STANDARD_ERROR = 2  # file descriptor
OFF = {"", "0"}  # of a variable that switches something on: as if it were not set
STANDARD_INPUT = "-"  # in place of a file's name
INPUT_NAME = "standard input"  # of a scan from there
RAW_SIZE = "fpverify.raw_size"  # what a command's context keeps of `--raw`


def given_scans(paths: Sequence[str], ppi: float | None) -> list[Scan]:
    """The scans of a command, each a file, or `-` for standard input.

    Args:
        paths: as they were typed.
        ppi: resolution, as in `read_scan`.

    Raises:
        ScanError: one of them cannot be used; names it.
        UsageError: two are to come from standard input.
    """
    require_one_input(paths)
    return [given_scan(path, ppi) for path in paths]


def given_scan(path: str, ppi: float | None) -> Scan:
    """One of them."""
    from fpverify.scans import read_scan, scan_from_bytes

    if (size := raw_size()) is not None:
        return _raw_scan(path, size, ppi)
    if path == STANDARD_INPUT:
        return scan_from_bytes(input_bytes(), ppi=ppi, source=INPUT_NAME)
    return read_scan(path, ppi=ppi)


def raw_size() -> tuple[int, int] | None:
    """Width and height that `--raw` says scans have; None where files say it themselves."""
    context = click.get_current_context(silent=True)
    found: tuple[int, int] | None = None if context is None else context.meta.get(RAW_SIZE)
    return found


def _raw_scan(path: str, size: tuple[int, int], ppi: float | None) -> Scan:
    """The scan in rows of grey bytes."""
    import numpy as np

    from fpverify.errors import UnreadableScan
    from fpverify.scans import scan_from_pixels
    from fpverify.scans.files import file_bytes

    source = INPUT_NAME if path == STANDARD_INPUT else path
    content = input_bytes() if path == STANDARD_INPUT else file_bytes(path)
    width, height = size
    if len(content) != width * height:
        raise UnreadableScan(f"{source}: {width} x {height} grey bytes are {width * height}, it has {len(content)}")
    return scan_from_pixels(np.frombuffer(content, np.uint8).reshape(height, width), ppi=ppi, source=source)


def raw_png(path: str, ppi: float | None) -> bytes:
    """Rows of grey bytes as a PNG, for whoever takes the bytes of an image file."""
    from io import BytesIO

    from PIL import Image

    scan = given_scan(path, ppi)
    content = BytesIO()
    stated = {} if scan.ppi_estimated else {"dpi": (scan.ppi, scan.ppi)}
    Image.fromarray(scan.pixels).save(content, "PNG", **stated)
    return content.getvalue()


def require_one_input(paths: Sequence[str]) -> None:
    """Nothing, unless more than one file is to come from standard input, which is wrong use."""
    if list(paths).count(STANDARD_INPUT) > 1:
        raise click.UsageError("standard input (-) holds one file, and is given twice")


def input_bytes() -> bytes:
    """All that standard input holds.

    Raises:
        UnreadableScan: nothing, or it is a terminal, or closed.
        ScanTooLarge: more than a file may hold.
    """
    from fpverify.errors import ScanTooLarge, UnreadableScan
    from fpverify.scans.files import MOST_BYTES

    if sys.stdin is None or sys.stdin.isatty():
        raise UnreadableScan(f"{INPUT_NAME}: no file comes from there; send one, as in `fpverify ... - < scan.bmp`")
    content = sys.stdin.buffer.read(MOST_BYTES + 1)
    if not content:
        raise UnreadableScan(f"{INPUT_NAME}: it is empty")
    if len(content) > MOST_BYTES:
        raise ScanTooLarge(f"{INPUT_NAME}: at most {MOST_BYTES / 1e6:.0f} MB are read")
    return content


def make_printable(stream: Any) -> None:
    """Lets a stream of any encoding take any text; what it cannot show is escaped."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")


def discard(stream: TextIO) -> None:
    """Points a stream that nobody reads any more at nothing, so that Python's own flush at exit does not fail."""
    if _descriptor(stream) is not None:
        _point(stream.fileno(), os.devnull)


def colour_wanted(environment: Mapping[str, str] | None = None) -> bool | None:
    """Whether the user wants colours everywhere or nowhere; None has them where a terminal is.

    NO_COLOR counts before FORCE_COLOR and CLICOLOR_FORCE, as https://no-color.org and https://bixense.com/clicolors
    have it; a terminal that calls itself dumb shows none.

    Args:
        environment: in place of the process' own.
    """
    variables = os.environ if environment is None else environment
    if variables.get("NO_COLOR"):
        return False
    if any(variables.get(name, "") not in OFF for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return False if variables.get("TERM") == "dumb" or variables.get("CLICOLOR") == "0" else None


@contextmanager
def native_silence() -> Iterator[None]:
    """Keeps standard error for what Python says on purpose.

    Compiled libraries write there directly: LiteRT that it has created a delegate, image decoders about every odd byte.
    Python's stream goes on at a copy of the file descriptor; the original, and with it that of child processes,
    leads nowhere for as long as the block runs.
    """
    if _descriptor(sys.stderr) != STANDARD_ERROR:  # captured, replaced or closed: not ours to turn about
        yield
        return
    before = sys.stderr
    before.flush()
    copy = os.dup(STANDARD_ERROR)
    sys.stderr = open(copy, "w", encoding=before.encoding, errors="backslashreplace", buffering=1)  # noqa: PTH123, SIM115
    _point(STANDARD_ERROR, os.devnull)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(copy, STANDARD_ERROR)
        sys.stderr.close()
        sys.stderr = before


def _descriptor(stream: Any) -> int | None:
    """The stream's file descriptor; None for one without."""
    try:
        number: int = stream.fileno()
    except (AttributeError, OSError, ValueError, UnsupportedOperation):
        return None
    return number


def _point(descriptor: int, place: str) -> None:
    opened = os.open(place, os.O_WRONLY)
    os.dup2(opened, descriptor)
    os.close(opened)
