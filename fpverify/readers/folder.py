"""A folder as a reader: another program drops pictures into it, and the next one is the capture."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from fpverify.errors import NoReader, NothingCaptured, ReaderUnplugged, UnreadableScan, UnusableCapture
from fpverify.readers.captures import nothing_words
from fpverify.scans import IMAGE_SUFFIXES, read_scan
from fpverify.scans.acquisition import check_given_ppi
from fpverify.vocabulary import Scan

PREFIX = "folder:"
POLL_S = 0.1  # between two looks: who waits at a reader does not notice
STILL_S = 0.15  # without change, after which a file is read: longer than programs pause between two writes as a rule
GARBAGE_S = 2.0  # without change, after which a file that cannot be read is taken for whole
RESTED_S = 1.0  # that a file that was there before has to stand still before a change of it is a new picture
UNFINISHED = (".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".swp", "~")  # names while writing

Sign = tuple[int, int, int]  # size (bytes), time of change (ns) and inode: what changes with a file's content


class FolderReader:
    """A folder; see `fpverify.readers.Reader`.

    What was there before `capture` is called, or `prepare` before it, is never taken. A file counts when it is new, or
    has taken the place of another by being renamed, and when its size and time stand still and it can be read.

    Attributes:
        name: `folder:` and the path.
        ppi: resolution of all pictures; None takes what each file states.
    """

    def __init__(self, folder: str | Path, ppi: float | None = None) -> None:
        """Opens it.

        Raises:
            NoReader: there is no such folder.
            UnsupportedResolution: `ppi` is out of range.
        """
        self.name = f"{PREFIX}{folder}"
        self.ppi = ppi
        self._folder = Path(folder)
        self._before: _Arrivals | None = None  # what was there when it was prepared
        self._stopped = threading.Event()
        check_given_ppi(ppi, self.name)
        if not self._folder.is_dir():
            raise NoReader(f"{self.name}: there is no such folder; make it, or name another")

    def prepare(self) -> None:
        """What comes from now on counts for the next capture."""
        self._before = _Arrivals(self._files())

    def capture(self, timeout_s: float) -> Scan:
        """The next complete picture; see `Reader.capture`."""
        deadline = time.monotonic() + timeout_s
        arrivals, self._before = self._before or _Arrivals(self._files()), None
        refused: UnreadableScan | None = None
        self._stopped.clear()
        while True:
            for name, still_s in arrivals.after(self._files()):
                try:
                    return read_scan(self._folder / name, ppi=self.ppi)
                except UnreadableScan as error:  # it may still be written
                    refused = error
                    if still_s >= GARBAGE_S:
                        raise UnusableCapture(f"{self.name}: {error}") from None
                    arrivals.again(name)
            left_s = deadline - time.monotonic()
            if left_s <= 0 or self._stopped.wait(min(POLL_S, left_s)):
                break
        if refused is not None:
            raise UnusableCapture(f"{self.name}: {refused}")
        raise NothingCaptured(nothing_words(self.name, timeout_s, arrivals.note))

    def stop(self) -> None:
        """Ends a capture; see `StoppableReader`."""
        self._stopped.set()

    def close(self) -> None:
        """Nothing is held."""

    def _files(self) -> dict[str, Sign]:
        found: dict[str, Sign] = {}
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    if _may_be_a_picture(entry.name):
                        with suppress(OSError):  # it went away while it was looked at
                            status = entry.stat()
                            if entry.is_file():
                                found[entry.name] = (status.st_size, status.st_mtime_ns, status.st_ino)
        except OSError as error:
            raise ReaderUnplugged(f"{self.name}: the folder went away: {error.strerror}") from None
        return found


def _may_be_a_picture(name: str) -> bool:
    small = name.lower()
    return not (name.startswith(".") or small.endswith(UNFINISHED)) and Path(small).suffix in IMAGE_SUFFIXES


@dataclass
class _Seen:
    """A file as it was last seen, and since when (s); `old` if it was there before."""

    sign: Sign
    since_s: float
    old: bool
    handed: bool = False


@dataclass
class _Arrivals:
    """Tells what comes into a folder from what was there before."""

    before: dict[str, Sign]
    note: str = ""
    _seen: dict[str, _Seen] = field(init=False)

    def __post_init__(self) -> None:
        now = time.monotonic()
        self._seen = {name: _Seen(sign, now, old=True) for name, sign in self.before.items()}

    def after(self, files: dict[str, Sign]) -> list[tuple[str, float]]:
        """The new files that stand still, the one that came first at the front, and for how long they do (s)."""
        now = time.monotonic()
        self._seen = {name: self._look(name, sign, now) for name, sign in files.items()}
        ready = [
            (name, now - one.since_s)
            for name, one in self._seen.items()
            if not one.old and not one.handed and one.sign[0] and now - one.since_s >= STILL_S
        ]
        for name, _ in ready:
            self._seen[name].handed = True
        return sorted(ready, key=lambda one: (files[one[0]][1], one[0]))

    def again(self, name: str) -> None:
        """Hands a file out once more."""
        self._seen[name].handed = False

    def _look(self, name: str, sign: Sign, now: float) -> _Seen:
        """A file as it is now. One that was there before, and is still being written, stays what it was."""
        one = self._seen.get(name)
        if one is None:
            return _Seen(sign, now, old=False)
        if one.sign == sign:
            return one
        replaced = one.sign[2] != sign[2] or now - one.since_s >= RESTED_S
        if one.old and not replaced:
            self.note = f"{name} was there before; pictures need names of their own"
        return _Seen(sign, now, old=one.old and not replaced)
