"""What every request passes: a key is asked for, and a line is written when it is done."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response

from fpverify.service.headers import guard
from fpverify.service.methods import options_response
from fpverify.service.refusals import Refused
from fpverify.service.service import Service

GUARDED = "/v1/"  # paths that ask for a key


def add_gate(app: FastAPI, service: Service) -> None:
    """Puts the gate before an application's routes."""

    @app.middleware("http")
    async def noted(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
        start, status = time.perf_counter(), 500
        service.journal.under_way.inc()
        try:
            asked = options_response(app, request.scope) if request.method == "OPTIONS" else None
            response = asked or await _guarded(service, request, answer)
            status = response.status_code
            guard(response.headers, is_kept=not request.url.path.startswith(GUARDED))
            return response
        finally:
            service.journal.under_way.dec()
            route = getattr(request.scope.get("route"), "path", None)
            key = getattr(request.state, "key", None)
            seconds = time.perf_counter() - start
            service.journal.note_request(route, request.method, status, seconds, key and key.name)


async def _guarded(service: Service, request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    """The answer; nothing of a body is read without a key."""
    if request.url.path.startswith(GUARDED):
        try:
            await service.admitted(request)
        except Refused as refused:
            return refused.response()
    return await answer(request)
