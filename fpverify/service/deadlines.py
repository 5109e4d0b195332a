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
    async def by(self, end_s: float | None) -> AsyncIterator[asyncio.Timeout]:
        """What is awaited within ends by then, in the loop's time, or earlier if it is moved; None is never.

        Raises:
            TimeoutError: it was not done.
        """
        ends_s = [one for one in (end_s, self._last_s) if one is not None]
        async with asyncio.timeout_at(min(ends_s, default=None)) as timeout:
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
            end_s = timeout.when()
            if (end_s is None or end_s > last_s) and not timeout.expired():
                timeout.reschedule(last_s)
