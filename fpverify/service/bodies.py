"""Bodies of requests are counted while they come in: what a header says of their length may be wrong or missing."""

from __future__ import annotations

from collections.abc import Container

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class TooLarge(HTTPException):
    """The body went beyond the limit. An error of HTTP, since whoever parses a body lets only those through."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__(413, f"the request is longer than {most_bytes / 1e6:g} MB")


class BodyLimit:
    """ASGI middleware under which reading more than `most_bytes` of a body raises `TooLarge`.

    Bodies of the paths in `streams` are of any length: whoever reads them keeps to the limit line by line.
    """

    def __init__(self, app: ASGIApp, most_bytes: int, streams: Container[str] = ()) -> None:
        self.app = app
        self.most_bytes = most_bytes
        self.streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, counting."""
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.most_bytes:
                raise TooLarge(self.most_bytes)
            return message

        counts = scope["type"] == "http" and scope["path"] not in self.streams
        await self.app(scope, counted if counts else receive, send)
