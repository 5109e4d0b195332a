"""Connections: each has little time and little room until there is a request, and there is an end to their number.

uvicorn has no deadline for headers, and where there are too many connections it refuses requests, honest ones among
them. This is its own protocol with both.
"""

from __future__ import annotations

import asyncio
from collections.abc import Container
from typing import Any, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

from fpverify.service.limits import Limits

MOST_HEADER_BYTES = 16_384  # of one request; ours have 500
HANDSHAKE_S = 10.0  # of TLS; asyncio's own is a minute


def limited_protocol(granted: Limits, streamed: Container[str] = ()) -> type[H11Protocol]:
    """uvicorn's HTTP/1.1 within limits."""  # noqa: D403 - its name

    class Protocol(LimitedProtocol):
        limits = granted
        streams = streamed

    return Protocol


class LimitedProtocol(H11Protocol):
    """One connection.

    Attributes:
        limits: what it is granted.
        streams: paths whose requests last as long as something comes; whoever reads them sees to that.
        due: when it ends, if nothing happens: no whole header, or no whole answer. None where uvicorn waits for
            another request.
        answering: a request is under way.
    """

    limits: ClassVar[Limits]
    streams: ClassVar[Container[str]] = ()
    due: asyncio.TimerHandle | None = None
    answering = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Takes it; where there are too many, the one ends that has waited longest without a request."""
        super().connection_made(transport)
        self._end_after(self.limits.header_s)
        if len(self.connections) > self.limits.most_connections:
            others = [one for one in self.connections if isinstance(one, LimitedProtocol) and not one.answering]
            min(others, key=lambda one: one.due.when() if one.due else 0.0, default=self).drop()

    def data_received(self, data: bytes) -> None:
        """Takes bytes: of a header, or of a body, which has a deadline of its own."""
        if self.due is None and not self.answering:
            self._end_after(self.limits.header_s)
        super().data_received(data)
        self._watch_request()

    def on_response_complete(self) -> None:
        """Waits for another request, which may have come already."""
        self.answering = False
        self._end_after(None)
        super().on_response_complete()
        self._watch_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets it."""
        self._end_after(None)
        super().connection_lost(exc)

    def drop(self) -> None:
        """Ends it, whatever the client does."""
        self.transport.abort()

    def _watch_request(self) -> None:
        """A request that has begun has to be answered, and its answer to be taken."""
        if not self.answering and self.cycle is not None and not self.cycle.response_complete:
            self.answering = True
            longest_s = self.limits.body_s + self.limits.timeout_s + self.limits.header_s
            self._end_after(None if self.cycle.scope["path"] in self.streams else longest_s)

    def _end_after(self, seconds: float | None) -> None:
        if self.due is not None:
            self.due.cancel()
        self.due = None if seconds is None else self.loop.call_later(seconds, self.drop)


class LimitedLoop(asyncio.SelectorEventLoop):
    """An event loop whose servers wait less long for TLS."""

    async def create_server(self, *args: Any, **options: Any) -> asyncio.Server:
        """As any loop does."""
        if options.get("ssl") is not None:
            options.setdefault("ssl_handshake_timeout", HANDSHAKE_S)
        return await super().create_server(*args, **options)
