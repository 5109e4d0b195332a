"""What a service grants: how often a key may ask, and how often it, or a subject, may be turned away."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

from fpverify.store.tries import Tried

Clock = Callable[[], float]
TEN_MINUTES_S = 600.0
DAY_S = 86_400.0
LONGEST_S = 3600.0  # of a lock
MOST_DOUBLINGS = 6  # beyond, a lock is as long as it gets anyway: 64 minutes


@dataclass(frozen=True, slots=True)
class TryLimit:
    """How many non-matches lead to a lock, and for how long.

    The rate of a decision is that of one attempt; who may try a thousand times gets in at 0.1 %.

    Attributes:
        windows: so many non-matches within so many seconds lead to a lock, the shortest window first.
        calm_s: seconds without a lock after which the next one is half as long again, and so on.
        first_s: seconds of the first lock; each further one is twice as long, up to an hour: whoever wanted to keep
            others out would have to come back each hour, and is soon locked himself.
    """

    windows: tuple[tuple[int, float], ...]
    calm_s: float
    first_s: float = 60.0

    def wait_s(self, tried: Tried, now_s: float) -> float:
        """Seconds that a lock goes on; 0 if there is none."""
        return min(max(0.0, tried.until_s - now_s), LONGEST_S)

    def room(self, tried: Tried, now_s: float) -> int:
        """Non-matches up to the next lock, that one's included; where each leads to one, 1."""
        left = [count - found for (count, _), found in zip(self.windows, self._within(tried, now_s), strict=True)]
        return max(1, min(left))

    def noted(self, tried: Tried, now_s: float) -> Tried:
        """A count with one more non-match."""
        most = max(count for count, _ in self.windows)
        latest = (*tried.latest_s, now_s)[-most:]
        within = self._within(replace(tried, latest_s=latest), now_s)
        if all(found < count for found, (count, _) in zip(within, self.windows, strict=True)):
            return replace(tried, latest_s=latest)
        calm = int(max(0.0, now_s - tried.until_s) / self.calm_s) if tried.locks else 0
        locks = max(0, tried.locks - calm)
        lock_s = min(self.first_s * 2.0 ** min(locks, MOST_DOUBLINGS), LONGEST_S)
        return Tried(latest, min(locks, MOST_DOUBLINGS) + 1, now_s + lock_s)

    def _within(self, tried: Tried, now_s: float) -> list[int]:
        """Non-matches in each window."""
        return [sum(abs(now_s - one) < within_s for one in tried.latest_s) for _, within_s in self.windows]


def _windows(tries: int) -> tuple[tuple[int, float], ...]:
    """Of a key: so many tries in ten minutes, and ten times as many in a day, for whoever is patient."""
    return (tries, TEN_MINUTES_S), (10 * tries, DAY_S)


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
        fpir: false positive identification rate; a request may ask for a stricter one.
        subject: non-matches of a subject in a row; a match forgives them.
        verifying: non-matching verifications with one key.
        identifying: non-matching identifications with one key.
        open_metrics: /metrics asks for no key.
        origins: of pages of elsewhere whose scripts browsers let ask, see `origins`.
    """

    most_bytes: int = 20_000_000  # a scan of 4000 x 4000 px of grey levels is 16 MB
    timeout_s: float = 30.0
    header_s: float = 10.0
    body_s: float = 30.0  # 20 MB at 5 Mbit/s
    most_bytes_held: int = 40_000_000  # two of the largest, or some hundred scans
    most_connections: int = 500  # half of the files that a process may open, usually
    per_minute: int = 6000  # a hundred a second: more than one machine does
    fpir: float = 0.001  # of a door, which many come to
    subject: TryLimit = TryLimit(((5, 7 * DAY_S),), calm_s=DAY_S)
    verifying: TryLimit = TryLimit(_windows(20), calm_s=4 * 3600)
    # A match forgives nothing of a key: whoever is enrolled could match himself after every four tries.
    identifying: TryLimit = TryLimit(_windows(5), calm_s=4 * 3600)
    open_metrics: bool = False
    origins: tuple[str, ...] = ()

    @classmethod
    def of(cls, *, lock_after: int, verify_tries: int, identify_tries: int, **others: Any) -> Limits:
        """Those that a command line states; `others` are attributes as they are."""
        usual = cls()
        return cls(
            subject=replace(usual.subject, windows=((lock_after, 7 * DAY_S),)),
            verifying=replace(usual.verifying, windows=_windows(verify_tries)),
            identifying=replace(usual.identifying, windows=_windows(identify_tries)),
            **others,
        )


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
