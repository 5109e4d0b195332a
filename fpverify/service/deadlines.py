"""How long anybody waits; all of it ends sooner when the service is told to end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Deadlines:
    """The deadlines of what requests wait for, on one event loop."""

    def __init__(self) -> None:
        self._open: set[asyncio.Timeout] = set()
        self._last_s: float | None = None

    @asynccontextmanager
    async def by(self, end_s: float) -> AsyncIterator[asyncio.Timeout]:
        """What is awaited within ends by then, in the loop's time, or earlier if it is moved.

        Raises:
            TimeoutError: it was not done.
        """
        async with asyncio.timeout_at(end_s if self._last_s is None else min(end_s, self._last_s)) as timeout:
            self._open.add(timeout)
            try:
                yield timeout
            finally:
                self._open.discard(timeout)

    @property
    def are_ending(self) -> bool:
        """Whether the service was told to end."""
        return self._last_s is not None

    def end_by(self, last_s: float) -> None:
        """From now on nothing is waited for beyond this time, also where that was begun."""
        self._last_s = last_s
        for timeout in self._open:
            if (end_s := timeout.when()) is not None and end_s > last_s and not timeout.expired():
                timeout.reschedule(last_s)
