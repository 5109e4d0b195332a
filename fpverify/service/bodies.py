"""Bodies of requests are counted while they come in: what a header says of their length may be wrong or missing."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fpverify.service.refusals import Refused


class TooLarge(Exception):  # noqa: N818 - it is an answer, not a fault
    """The body went beyond the limit."""


class BodyLimit:
    """ASGI middleware that answers 413 once a body is longer than `most_bytes`."""

    def __init__(self, app: ASGIApp, most_bytes: int) -> None:
        self.app = app
        self.most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, counting."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        received, answered = 0, False

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.most_bytes:
                raise TooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self.app(scope, counted, noted)
        except TooLarge:
            if answered:
                raise
            most = f"{self.most_bytes / 1e6:g} MB"
            refused = Refused(413, "ScanTooLarge", f"the request is longer than {most}", {"Connection": "close"})
            await refused.response()(scope, receive, send)
