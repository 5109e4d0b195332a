"""Health and metrics."""

from __future__ import annotations

from fastapi import FastAPI, Response

from fpverify.service import answers as shapes
from fpverify.service.api_keys import Scope
from fpverify.service.refusals import DOCUMENTED
from fpverify.service.scopes import needing
from fpverify.service.service import Service
from fpverify.verifier import Verifier

READY_S = 5.0  # in which a store has to answer, as long as SQLite waits for another's lock


def add_routes(app: FastAPI, service: Service) -> None:
    """Adds their routes to an application."""

    @app.get("/health/live", tags=["health"])
    async def live() -> shapes.HealthAnswer:
        """The process answers."""
        return shapes.HealthAnswer(status="ok")

    @app.get("/health/ready", responses={503: DOCUMENTED[503]}, tags=["health"])
    async def ready() -> shapes.HealthAnswer:
        """Model and store can be used."""

        def job(verifier: Verifier) -> str:
            verifier.store.audit_head()
            return verifier.matcher.model_id

        return shapes.HealthAnswer(status="ok", model=await service.done(job, READY_S))

    needed = [] if service.limits.open_metrics else [needing(service, Scope.ADMIN)]

    @app.get("/metrics", dependencies=needed, tags=["health"], response_class=Response)
    async def metrics() -> Response:
        """Numbers for Prometheus."""
        return Response(service.journal.exposed(), media_type="text/plain; version=0.0.4; charset=utf-8")
