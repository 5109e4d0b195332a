"""Who has to wait after too many non-matches."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, Query

from fpverify.service import answers as shapes
from fpverify.service.api_keys import Scope
from fpverify.service.forms import subject_of
from fpverify.service.refusals import DOCUMENTED, Refused
from fpverify.service.scopes import needing
from fpverify.service.service import Service
from fpverify.service.tries import KEYS
from fpverify.store.tries import SUBJECT
from fpverify.verifier import Verifier


def add_routes(app: FastAPI, service: Service) -> None:
    """Adds the routes to an application."""

    @app.get("/v1/locks", responses=DOCUMENTED, dependencies=[needing(service, Scope.ADMIN)], tags=["locks"])
    async def locks() -> shapes.LocksAnswer:
        """Whoever has to wait after too many non-matches, the longest first."""
        found = await service.done(lambda verifier: service.tries.locked(verifier.store))
        named = [{"kind": kind, "name": name, "seconds": wait_s} for kind, name, wait_s in found]
        return shapes.LocksAnswer(locks=[shapes.LockAnswer.model_validate(one) for one in named])

    @app.delete("/v1/locks", responses=DOCUMENTED, dependencies=[needing(service, Scope.ADMIN)], tags=["locks"])
    async def unlock(
        subject: Annotated[str | None, Query(description="A subject.")] = None,
        key: Annotated[str | None, Query(description="The name of a key.")] = None,
    ) -> shapes.UnlockedAnswer:
        """Drops the non-matches that were counted of a subject, or of a key; give one of the two."""
        if (subject is None) == (key is None):
            raise Refused(422, "InvalidRequest", "give a subject, or the name of a key")
        counts = [(SUBJECT, subject_of(subject))] if subject is not None else [(kind, str(key)) for kind in KEYS]

        def job(verifier: Verifier) -> int:
            return sum(service.tries.forgive(verifier.store, kind, name) for kind, name in counts)

        return shapes.UnlockedAnswer(forgiven=await service.done(job))
