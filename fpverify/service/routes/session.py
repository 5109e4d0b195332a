"""Signing in and out, for the page; programs send a key with each request and need none of this."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, Response

from fpverify.service.api_keys import Scope
from fpverify.service.refusals import Refused
from fpverify.service.scopes import needing
from fpverify.service.service import Service
from fpverify.service.sessions import Session, drop_cookie, require_page, set_cookie
from fpverify.store.api_keys import ApiKey

PATH = "/v1/session"


def add_routes(app: FastAPI, service: Service) -> None:
    """Adds the routes to an application; they are in no description, since only the page can use them."""
    deciding = needing(service, Scope.VERIFY)

    def told(key: ApiKey, *, kiosk: bool) -> dict[str, Any]:
        return {"key": key.name, "scope": key.scope, "kiosk": kiosk, "reader": service.reader is not None}

    def end(request: Request) -> None:
        if (name := service.sessions.end(request)) is not None:
            service.captures.forget(name)

    @app.post(PATH, status_code=201, include_in_schema=False, dependencies=[deciding])
    async def sign_in(request: Request, response: Response) -> dict[str, Any]:
        """Begins a session of the key of the request."""
        require_page(request)
        if "authorization" not in request.headers:
            raise Refused(422, "InvalidRequest", "sign in with a key in the header: Authorization: Bearer fpv_...")
        key: ApiKey = request.state.key
        end(request)  # of this browser, before
        set_cookie(request, response, service.sessions.begin(key))
        return told(key, kiosk=False)

    @app.get(PATH, include_in_schema=False, dependencies=[deciding])
    async def signed_in(request: Request) -> dict[str, Any]:
        """Who is signed in, and what that allows."""
        session = request.state.session
        return told(request.state.key, kiosk=bool(session and session.kiosk))

    @app.put(PATH, include_in_schema=False, dependencies=[deciding])
    async def narrow(request: Request) -> dict[str, Any]:
        """Leaves the session nothing but decisions, for a screen that strangers stand before."""
        session: Session | None = request.state.session
        if session is None:
            raise Refused(422, "InvalidRequest", "there is no session to narrow; sign in first")
        service.sessions.narrow(request)
        service.captures.forget(session.name)
        return told(request.state.key, kiosk=True) | {"scope": Scope.VERIFY.word}

    @app.delete(PATH, status_code=204, include_in_schema=False, dependencies=[deciding])
    async def sign_out(request: Request, response: Response) -> None:
        """Ends the session."""
        end(request)
        drop_cookie(request, response)
