"""Bodies of requests while they come in: how long each is, how long it takes, and how much all of them hold.

What a header says of a body's length may be wrong or missing, so bytes are counted. A body that takes too long ends
with a 408. Where all bodies together hold too much, the one ends with a 503 that holds the most and has come for the
longest: a scan of a hundred kilobytes goes on, whoever sends twenty megabytes a byte a second does not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Container
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fpverify.service.deadlines import Deadlines
from fpverify.service.limits import Limits

RETRY_S = "5"  # after which there is room again, as a rule


class TooLarge(HTTPException):
    """The body went beyond the limit. An error of HTTP, since whoever parses a body lets only those through."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__(413, f"the request is longer than {most_bytes / 1e6:g} MB")


class TooSlow(HTTPException):
    """The body took too long, or the service ends."""

    def __init__(self) -> None:
        super().__init__(408, "the request did not come in time", {"Connection": "close"})


class NoRoom(HTTPException):
    """All bodies together hold too much, and this one the most for the longest."""

    def __init__(self) -> None:
        super().__init__(
            503, "too much is being sent at once; try again", {"Connection": "close", "Retry-After": RETRY_S}
        )


@dataclass(eq=False, slots=True)
class _Body:
    """One that is held; `waits` while more of it is awaited, which is when it can be ended."""

    since_s: float
    bytes: int = 0
    ended: bool = False
    waits: asyncio.Timeout | None = None


class BodyLimit:
    """ASGI middleware under which reading a body raises `TooLarge`, `TooSlow` or `NoRoom`.

    Bodies of the paths in `streams` are of any length: whoever reads them keeps to the limits line by line.
    """

    def __init__(self, app: ASGIApp, limits: Limits, deadlines: Deadlines, streams: Container[str] = ()) -> None:
        self.app = app
        self.limits = limits
        self.deadlines = deadlines
        self.streams = streams
        self._held: set[_Body] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on; what it sent counts until it is answered."""
        if scope["type"] != "http" or scope["path"] in self.streams:
            await self.app(scope, receive, send)
            return
        body = _Body(asyncio.get_running_loop().time())
        self._held.add(body)
        complete = False

        async def counted() -> Message:
            nonlocal complete
            if complete:  # what comes now is that the client has gone, for which there is no hurry
                return await receive()
            message = await self._awaited(receive, body)
            complete = not message.get("more_body", False)
            body.bytes += len(message.get("body", b""))
            if body.bytes > self.limits.most_bytes:
                raise TooLarge(self.limits.most_bytes)
            self._make_room(body)
            return message

        try:
            await self.app(scope, counted, send)
        finally:
            self._held.discard(body)

    async def _awaited(self, receive: Receive, body: _Body) -> Message:
        try:
            async with self.deadlines.by(body.since_s + self.limits.body_s) as body.waits:
                return await receive()
        except TimeoutError:
            raise NoRoom if body.ended else TooSlow from None
        finally:
            body.waits = None

    def _make_room(self, newest: _Body) -> None:
        now_s = asyncio.get_running_loop().time()
        while sum(one.bytes for one in self._held if not one.ended) > self.limits.most_bytes_held:
            can_end = [one for one in self._held if (one.waits is not None or one is newest) and not one.ended]
            if not can_end:
                return
            worst = max(can_end, key=lambda one: one.bytes * (now_s - one.since_s))
            worst.ended = True
            if worst is newest:
                raise NoRoom
            if worst.waits is not None and not worst.waits.expired():
                worst.waits.reschedule(now_s)
