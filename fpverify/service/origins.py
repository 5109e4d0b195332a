"""Pages of elsewhere whose scripts browsers let ask this service (CORS); none unless an operator names them.

What is opened is the interface for programs alone, which asks for a key with every request: no cookie and no password
of a browser is ever taken, so a page of elsewhere can do nothing without a key of its own. The header that the page's
own sessions need (`sessions`) is never among those it may send.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.middleware.cors import CORSMiddleware
from starlette.types import Receive, Scope, Send

from fpverify.errors import SettingsError

OPENED = ("/v1/", "/openapi.json")  # paths; not the service's own page
CLOSED = ("/v1/session", "/v1/reader/")  # which only that page may use
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
HEADERS = ("Authorization", "Content-Type", "Idempotency-Key")
TOLD = ("Retry-After", "Idempotent-Replayed")  # headers of answers that scripts may read
REMEMBERED_S = 600  # that a browser need not ask again


def origin_of(text: str) -> str:
    """The origin, in the form that browsers send it.

    Raises:
        SettingsError: it is none: scheme, host and perhaps a port, and nothing else.
    """
    given = text.strip().lower().removesuffix("/")
    try:
        parts = urlsplit(given)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    host = parts.hostname or ""
    netloc = parts.netloc.removesuffix(f":{usual}") if port == usual else parts.netloc
    if usual is None or not host or "*" in host or "@" in netloc or not given.isascii() or " " in given:
        raise SettingsError(f"{text!r} is no origin; give each one exactly, such as https://desk.example.org")
    if given != f"{parts.scheme}://{parts.netloc}":
        raise SettingsError(f"{text!r} is more than an origin; give {parts.scheme}://{netloc}")
    return f"{parts.scheme}://{netloc}"


class OpenedTo(CORSMiddleware):
    """The interface for programs, opened to some origins; all other paths stay as they are."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on."""
        path = scope["path"] if scope["type"] == "http" else ""
        if path.startswith(OPENED) and not path.startswith(CLOSED):
            await super().__call__(scope, receive, send)
        else:
            await self.app(scope, receive, send)
