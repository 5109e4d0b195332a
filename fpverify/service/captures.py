"""Scans that the server's reader gave for a page: they stay here, and the page gets a word for each.

So no picture of a finger goes to a browser. A word counts with the session that it was made for and with no other; it
is sent in place of a file, as a part of the type `MEDIA_TYPE`. What a kiosk captured is looked at once.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from fpverify.vocabulary import Scan

MEDIA_TYPE = "application/x-fpverify-capture"  # of what is sent in place of a file
WORD_BYTES = 16  # random, and of use to one session alone
LASTS_S = 600.0  # in which somebody is enrolled, finger after finger
MOST = 24  # of one session; an enrollment takes ten touches, and asks for some more
MOST_BYTES = 64_000_000  # pixels of all sessions together: some hundreds of a usual reader


@dataclass(frozen=True, slots=True)
class _Held:
    session: str
    once: bool
    scan: Scan
    since_s: float


class Captures:
    """What the reader gave, by words; in memory, for some minutes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: dict[str, _Held] = {}  # by their words, the oldest first
        self._lock = Lock()

    def hold(self, session: str, scan: Scan, *, once: bool = False) -> str:
        """Keeps a scan; its word.

        Args:
            session: name of the session that it is for.
            scan: what was captured.
            once: it is gone when it was looked at.
        """
        word = secrets.token_urlsafe(WORD_BYTES)
        with self._lock:
            self._drop_old()
            self._held[word] = _Held(session, once, scan, self._clock())
            own = [one for one, held in self._held.items() if held.session == session]
            for one in own[:-MOST]:
                del self._held[one]
            self._make_room()
        return word

    def of(self, session: str, word: str) -> Scan | None:
        """The scan of a word, for the session that it was made for; None if there is none."""
        with self._lock:
            self._drop_old()
            held = self._held.get(word)
            if held is None or held.session != session:
                return None
            if held.once:
                del self._held[word]
            return held.scan

    def forget(self, session: str) -> None:
        """Drops all that a session has."""
        with self._lock:
            self._held = {word: held for word, held in self._held.items() if held.session != session}

    def __len__(self) -> int:
        return len(self._held)

    def _drop_old(self) -> None:
        since_s = self._clock() - LASTS_S
        self._held = {word: held for word, held in self._held.items() if held.since_s > since_s}

    def _make_room(self) -> None:
        """Of the session that holds the most the oldest goes, so that nobody's go for another's."""
        while True:
            bytes_of: dict[str, int] = {}
            for held in self._held.values():
                bytes_of[held.session] = bytes_of.get(held.session, 0) + held.scan.pixels.nbytes
            if sum(bytes_of.values()) <= MOST_BYTES or len(self._held) == 1:
                return
            greedy = max(bytes_of, key=lambda one: bytes_of[one])
            del self._held[next(word for word, held in self._held.items() if held.session == greedy)]
