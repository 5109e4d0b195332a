"""The server's reader, for the page: what it does is told as server-sent events.

    event: ready      the finger may be put down
    event: captured   {"capture": word}, to be sent in place of a file
    event: failed     {"error": name, "message": words}

One request is one capture. Whoever goes away ends it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

from fpverify.errors import FpverifyError
from fpverify.service.api_keys import Scope
from fpverify.service.reader import ConnectedReader, refusal
from fpverify.service.refusals import Refused
from fpverify.service.scopes import needing
from fpverify.service.service import Service
from fpverify.service.sessions import Session
from fpverify.vocabulary import Scan

PATH = "/v1/reader/captures"
TIMEOUT_S = 30.0  # in which a finger is put down; a page asks again
SLACK_S = 5.0  # beyond that, which a reader may take to end
TICK_S = 0.2  # between two looks whether the page is still there
BEATS = 10  # ticks between two signs of life, so that nothing between takes the connection for dead
BEAT = ": waiting\n\n"
HEADERS = {"X-Accel-Buffering": "no"}  # to proxies: pass each event on as it comes


def add_routes(app: FastAPI, service: Service) -> None:
    """Adds the routes to an application; they are in no description, since only the page can use them."""
    deciding = needing(service, Scope.VERIFY)

    @app.post(PATH, include_in_schema=False, dependencies=[deciding])
    async def capture(request: Request) -> StreamingResponse:
        """The next finger on the server's reader."""
        session: Session | None = request.state.session
        if session is None:
            raise Refused(422, "InvalidRequest", "the server's reader is for its own page; programs send their scans")
        if service.reader is None:
            raise Refused(404, "NoReader", "this service has no reader; it is started with --reader")
        told = _told(service, service.reader, request, session)
        return StreamingResponse(told, media_type="text/event-stream", headers=HEADERS)

    @app.delete(PATH, status_code=204, include_in_schema=False, dependencies=[deciding])
    async def forget(request: Request) -> None:
        """Drops all that the page had captured."""
        if request.state.session is not None:
            service.captures.forget(request.state.session.name)


async def _told(service: Service, reader: ConnectedReader, request: Request, session: Session) -> AsyncIterator[str]:
    """The events of one capture."""
    ready = asyncio.Event()
    try:
        async with reader.capturing(TIMEOUT_S, ready.set) as work:
            async for sign in _waiting(service, request, session, ready, work):
                yield sign
            if work.done():
                _require_open(service, session)
                word = service.captures.hold(session.name, work.result(), once=session.kiosk)
                yield _event("captured", {"capture": word})
    except Refused as refused:
        yield _event("failed", refused.body)
    except FpverifyError as error:
        yield _event("failed", refusal(error).body)


async def _waiting(
    service: Service, request: Request, session: Session, ready: asyncio.Event, work: asyncio.Future[Scan]
) -> AsyncIterator[str]:
    """Signs of life until a capture is done, or the page has gone.

    Raises:
        Refused: the session ended or became a kiosk's, the service ends, or the reader keeps no time.
    """
    is_told, ticks = False, 0
    while not work.done():
        await asyncio.wait({work}, timeout=TICK_S)
        ticks += 1
        if service.crew.deadlines.are_ending or ticks * TICK_S > TIMEOUT_S + SLACK_S:
            raise Refused(503, "Timeout", "the service ends, or its reader does not answer")
        if await request.is_disconnected():
            return
        _require_open(service, session)
        if ready.is_set() and not is_told:
            is_told = True
            yield _event("ready", {})
        elif ticks % BEATS == 0:
            yield BEAT


def _require_open(service: Service, session: Session) -> None:
    if not service.sessions.are_open(session):
        raise Refused(401, "Unauthorized", "the session has ended")


def _event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
