"""A web page over the same routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.resources import files

from fastapi import FastAPI, Response

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE_FILES = {"": "text/html", "page.css": "text/css", "page.js": "text/javascript"}


def add_routes(app: FastAPI) -> None:
    """Adds the files of the page to an application."""
    folder = files("fpverify.service") / "page"

    def shown(name: str, kind: str) -> Callable[[], Awaitable[Response]]:
        async def page() -> Response:
            headers = {
                "Content-Security-Policy": PAGE_POLICY,
                "Cache-Control": "no-cache",
            }
            return Response((folder / name).read_bytes(), media_type=f"{kind}; charset=utf-8", headers=headers)

        return page

    for name, kind in PAGE_FILES.items():
        path = f"/page/{name}" if name else "/"
        app.get(path, include_in_schema=False)(shown(name or "index.html", kind))
