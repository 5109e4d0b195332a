"""What a service grants: how often a key may ask, and when a subject is locked. Kept in memory, by one process."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

Clock = Callable[[], float]
MOST_REMEMBERED = 100_000  # subjects or keys; beyond, those that matter least are forgotten


@dataclass(frozen=True, slots=True)
class Limits:
    """What one service grants.

    Attributes:
        most_bytes: of a request.
        timeout_s: of an answer.
        header_s: in which a request's header has to come.
        body_s: in which its body has to.
        most_bytes_held: of all bodies together that come in or wait for their answer.
        most_connections: at a time; then the one ends that has waited longest without a request.
        per_minute: requests with one key.
        lock_after: non-matches of a subject in a row.
        lock_s: of the first lock.
        open_metrics: /metrics asks for no key.
    """

    most_bytes: int = 20_000_000  # a scan of 4000 x 4000 px of grey levels is 16 MB
    timeout_s: float = 30.0
    header_s: float = 10.0
    body_s: float = 30.0  # 20 MB at 5 Mbit/s
    most_bytes_held: int = 40_000_000  # two of the largest, or some hundred scans
    most_connections: int = 500  # half of the files that a process may open, usually
    per_minute: int = 6000  # a hundred a second: more than one machine does
    lock_after: int = 5
    lock_s: float = 60.0
    open_metrics: bool = False


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at_s: float


class RateLimit:
    """A token bucket for each key: `per_minute` on the long run, a tenth of it at once.

    Attributes:
        per_minute: requests.
    """

    def __init__(self, per_minute: int, clock: Clock = time.monotonic) -> None:
        self.per_minute = per_minute
        self._burst = max(1.0, per_minute / 10)
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}
        self._lock = Lock()

    def wait_s(self, name: str) -> float:
        """Takes a token and returns 0; or seconds until there is one."""
        with self._lock:
            now = self._clock()
            bucket = self._buckets.setdefault(name, _Bucket(self._burst, now))
            bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.at_s) * self.per_minute / 60)
            bucket.at_s = now
            if bucket.tokens >= 1:
                bucket.tokens -= 1
                return 0.0
            return (1 - bucket.tokens) * 60 / self.per_minute


@dataclass(slots=True)
class _Failures:
    count: int = 0
    until_s: float = 0.0


class Lockout:
    """A subject is locked for a while after several non-matches in a row, longer each time.

    The rate of a decision is that of one attempt; who may try a thousand times gets in at 0.1 %.

    Attributes:
        after: non-matches in a row.
        for_s: seconds of the first lock; each further non-match after it doubles them, up to a day.
    """

    LONGEST_S = 86_400.0

    def __init__(self, after: int, for_s: float, clock: Clock = time.monotonic) -> None:
        self.after = after
        self.for_s = for_s
        self._clock = clock
        self._failures: dict[str, _Failures] = {}
        self._lock = Lock()

    def wait_s(self, subject: str) -> float:
        """Seconds that the subject stays locked; 0 if it is not."""
        with self._lock:
            known = self._failures.get(subject)
            return max(0.0, known.until_s - self._clock()) if known else 0.0

    def note(self, subject: str, match: bool) -> None:
        """A decision about the subject."""
        with self._lock:
            if match:
                self._failures.pop(subject, None)
                return
            if len(self._failures) >= MOST_REMEMBERED:
                self._failures.pop(min(self._failures, key=lambda name: self._failures[name].until_s))
            known = self._failures.setdefault(subject, _Failures())
            known.count += 1
            if known.count >= self.after:
                wait_s = min(self.for_s * 2.0 ** min(known.count - self.after, 60), self.LONGEST_S)
                known.until_s = self._clock() + wait_s
