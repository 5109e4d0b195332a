"""The application: a gate, and the routes behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from starlette.formparsers import MultiPartParser

from fpverify.service.bodies import BodyLimit
from fpverify.service.description import describe
from fpverify.service.gate import add_gate
from fpverify.service.json_forms import FormRoute
from fpverify.service.methods import HeadAsGet
from fpverify.service.origins import HEADERS, METHODS, REMEMBERED_S, TOLD, OpenedTo
from fpverify.service.refusals import say_errors_in_one_shape
from fpverify.service.routes import (
    decisions,
    documentation,
    enrolling,
    guidance,
    health,
    history,
    lists,
    locks,
    notes,
    page,
    quality,
    reader,
    replacing,
    session,
    subjects,
)
from fpverify.service.service import Service

CLOSE_S = 2.0  # for what was begun, after those who waited for it have been told that it takes too long


def create_app(service: Service) -> FastAPI:
    """The application; it opens its verifiers when it starts and closes them when it ends."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.crew.warm()
        await service.warm()
        yield
        ended = service.reader is None or service.reader.close(CLOSE_S)
        ended = service.lister.close(CLOSE_S) and ended
        service.closed = service.crew.close(CLOSE_S) and ended

    app = FastAPI(
        title="fpverify",
        version=version("fpverify"),
        summary="Fingerprint verification at a stated error rate.",
        lifespan=lifespan,
        docs_url=None,  # its page loads scripts from elsewhere; ours does not
        redoc_url=None,
    )
    app.add_middleware(BodyLimit, limits=service.limits, deadlines=service.crew.deadlines, streams=(lists.PATH,))
    MultiPartParser.spool_max_size = service.limits.most_bytes  # scans stay in memory, never in temporary files
    say_errors_in_one_shape(app)
    app.add_middleware(HeadAsGet)
    add_gate(app, service)
    if service.limits.origins:
        app.add_middleware(
            OpenedTo,
            allow_origins=service.limits.origins,
            allow_methods=METHODS,
            allow_headers=HEADERS,
            expose_headers=TOLD,
            allow_credentials=False,
            max_age=REMEMBERED_S,
        )
    app.router.route_class = FormRoute
    describe(app)
    decisions.add_routes(app, service)
    quality.add_routes(app, service)
    enrolling.add_routes(app, service)
    guidance.add_routes(app, service)
    replacing.add_routes(app, service)
    subjects.add_routes(app, service)
    notes.add_routes(app, service)
    history.add_routes(app, service)
    locks.add_routes(app, service)
    lists.add_routes(app, service)
    session.add_routes(app, service)
    reader.add_routes(app, service)
    health.add_routes(app, service)
    page.add_routes(app)
    documentation.add_routes(app)
    return app
