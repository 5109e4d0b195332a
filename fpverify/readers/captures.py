"""One scan from a reader: of live pictures the best."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fpverify.errors import FpverifyError, NothingCaptured, ReaderError, ScanError, UnusableCapture
from fpverify.readers.protocol import LiveReader, PreparedReader, Reader
from fpverify.vocabulary import Scan

Quality = Callable[[Scan], float]  # in [0, 1]; raises ScanError for a picture without a print

GOOD_ENOUGH = 0.85  # quality of a picture that is taken at once: of such references next to none is refused later


def best_capture(
    reader: Reader, timeout_s: float, quality: Quality | None = None, ready: Callable[[], None] = lambda: None
) -> Scan:
    """A scan of the next finger.

    Args:
        reader: opened.
        timeout_s: seconds to wait, positive.
        quality: how good a picture is; with it a reader that shows live pictures gives the best of them, or the first
            that is good enough. Without it, and of other readers, the reader's own choice is taken.
        ready: called when the finger may be put down, to say so.

    Raises:
        ReaderError, ScanError: as `Reader.capture` does; of live pictures only if none can be used. Whatever else a
            reader raises is a ReaderError.
    """
    with _house_errors(reader.name):
        if isinstance(reader, PreparedReader):
            reader.prepare()
        ready()
        if quality is not None and isinstance(reader, LiveReader):
            scan = _best(reader, timeout_s, quality)
        else:
            scan = reader.capture(timeout_s)
    if not isinstance(scan, Scan):
        raise UnusableCapture(f"{reader.name}: gave {type(scan).__name__}, and no scan")
    return scan


def nothing_words(name: str, timeout_s: float, why: str = "") -> str:
    """That a reader gave nothing, in words; `why` is what it said meanwhile."""
    said = f"; it says: {why}" if why else ""
    return f"{name}: no finger within {timeout_s:g} s{said}; put the finger on the reader, or give more time"


def _best(reader: LiveReader, timeout_s: float, quality: Quality) -> Scan:
    best: tuple[float, Scan] | None = None
    refused: ScanError | None = None
    for scan in reader.frames(timeout_s):
        try:
            found = quality(scan)
        except ScanError as error:
            refused = error
            continue
        if best is None or found > best[0]:
            best = found, scan
        if found >= GOOD_ENOUGH:
            break
    if best is not None:
        return best[1]
    raise refused or NothingCaptured(nothing_words(reader.name, timeout_s))


@contextmanager
def _house_errors(name: str) -> Iterator[None]:
    """Readers are somebody else's code."""
    try:
        yield
    except FpverifyError:
        raise
    except Exception as error:
        raise ReaderError(f"{name}: failed: {error!r:.200}") from error
