"""The client for programs that await answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial, wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, cast

from fpverify.client.client import PAGE, TIMEOUT_S, Client
from fpverify.client.scans import ListedScan

Given = ParamSpec("Given")
Answer = TypeVar("Answer")
MOST_AT_ONCE = 8  # questions; more wait their turn


def _awaited(
    ask: Callable[Concatenate[Client, Given], Answer],
) -> Callable[Concatenate[AsyncClient, Given], Coroutine[Any, Any, Answer]]:
    """A question of the other client, whose answer is awaited."""

    @wraps(ask)
    async def asked(self: AsyncClient, *given: Given.args, **named: Given.kwargs) -> Answer:
        return await self._aside(partial(ask, self._client, *given, **named))

    return cast(Any, asked)  # type: ignore[no-any-return]  # `wraps` has a type of its own


class AsyncClient:
    """Asks one service as `Client` does, in threads of its own; arguments, answers and errors are the same.

        async with AsyncClient("https://fingers.example.org", key) as door:
            if await door.verify("scan.bmp", "A"):
                ...

    A question whose task is cancelled goes on to its end, unheard: a try that was sent is a try.

    Attributes:
        url: of the service, without a slash at its end.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        timeout_s: float = TIMEOUT_S,
        ca_file: str | Path | None = None,
        at_once: int = MOST_AT_ONCE,
    ) -> None:
        """Connects to nothing yet.

        Args:
            url: as of `Client`.
            key: likewise.
            timeout_s: likewise.
            ca_file: likewise.
            at_once: most questions at a time.

        Raises:
            ServiceError: as of `Client`.
        """
        self._client = Client(url, key, timeout_s=timeout_s, ca_file=ca_file)
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="fpverify-client")
        self.url = self._client.url

    verify = _awaited(Client.verify)
    identify = _awaited(Client.identify)
    compare = _awaited(Client.compare)
    quality = _awaited(Client.quality)
    guidance = _awaited(Client.guidance)
    enroll = _awaited(Client.enroll)
    replace = _awaited(Client.replace)
    metadata = _awaited(Client.metadata)
    update = _awaited(Client.update)
    delete = _awaited(Client.delete)
    locks = _awaited(Client.locks)
    unlock = _awaited(Client.unlock)
    health = _awaited(Client.health)
    metrics = _awaited(Client.metrics)

    def enroll_many(self, rows: Iterable[ListedScan], *, unchecked: bool = False) -> AsyncIterator[dict[str, Any]]:
        """As `Client.enroll_many`; rows are taken in a thread."""
        return self._each(self._client.enroll_many(rows, unchecked=unchecked))

    def subjects(self, page: int = PAGE, search: str | None = None) -> AsyncIterator[dict[str, Any]]:
        """As `Client.subjects`."""
        return self._each(self._client.subjects(page, search))

    def history(self, subject: str, page: int = PAGE) -> AsyncIterator[dict[str, Any]]:
        """As `Client.history`."""
        return self._each(self._client.history(subject, page))

    def impressions(self, subject: str, finger: str | None = None, page: int = PAGE) -> AsyncIterator[dict[str, Any]]:
        """As `Client.impressions`."""
        return self._each(self._client.impressions(subject, finger, page))

    async def close(self) -> None:
        """Waits for what was asked, and closes the connections; nothing can be asked any more."""
        await asyncio.get_running_loop().run_in_executor(None, self._threads.shutdown)
        self._client.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _each(self, told: Iterator[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
        try:
            while (one := await self._aside(partial(next, told, None))) is not None:
                yield one
        finally:
            await self._aside(cast(Generator[Any, Any, Any], told).close)

    async def _aside(self, ask: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._threads, ask)
