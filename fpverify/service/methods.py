"""The methods that every path has besides its own: HEAD where there is GET, and OPTIONS, which says what there is."""

from __future__ import annotations

from fastapi import FastAPI, Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send


def allowed_methods(app: FastAPI, scope: Scope) -> str:
    """The methods of a request's path, as the header `Allow` has them; empty for a path that nobody serves."""
    found: set[str] = set()
    for route in app.router.routes:
        if isinstance(route, Route) and route.matches(scope)[0] is not Match.NONE:
            found |= route.methods or set()
    more = {"OPTIONS"} | ({"HEAD"} if "GET" in found else set())
    return ", ".join(sorted(found | more)) if found else ""


def options_response(app: FastAPI, scope: Scope) -> Response | None:
    """The answer to OPTIONS; None for a path that nobody serves. It says no more than /openapi.json does."""
    allowed = allowed_methods(app, scope)
    return Response(status_code=204, headers={"Allow": allowed}) if allowed else None


class HeadAsGet:
    """ASGI middleware that answers HEAD as GET; the server leaves the body out, since it was asked for HEAD."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        inner = dict(scope, method="GET")

        async def routed(message: Message) -> None:
            scope["route"] = inner.get("route")  # for whoever writes down what was asked
            await send(message)

        await self.app(inner, receive, routed)
