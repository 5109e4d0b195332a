"""What a subject is called, and what is noted of it."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request

from fpverify.service import answers as shapes
from fpverify.service.api_keys import Scope
from fpverify.service.forms import SubjectQuery, subject_of
from fpverify.service.json_forms import small_object
from fpverify.service.refusals import DOCUMENTED, Refused
from fpverify.service.scopes import needing
from fpverify.service.service import Service
from fpverify.verifier import Verifier

CHANGES: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "minProperties": 1,
    "properties": {
        "rename": {"type": "string", "description": "The new id.", "examples": ["B"]},
        "metadata": {"type": "object", "description": "Takes the place of all that was noted; {} for nothing."},
    },
}
KINDS = {"rename": str, "metadata": dict}
BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": CHANGES}}}}


def add_routes(app: FastAPI, service: Service) -> None:
    """Adds the routes to an application."""
    administering = needing(service, Scope.ADMIN)

    @app.patch(
        "/v1/subjects", responses=DOCUMENTED, dependencies=[administering], openapi_extra=BODY, tags=["subjects"]
    )
    async def update(request: Request, subject: SubjectQuery) -> shapes.SubjectAnswer:
        """Renames a subject, or changes what is noted of it, or both; the impressions stay."""
        name, changes = subject_of(subject), await small_object(request)
        if not changes or changes.keys() - CHANGES["properties"].keys():
            raise Refused(422, "InvalidRequest", "give rename, or metadata, or both, and nothing else")
        rename, noted = changes.get("rename"), changes.get("metadata")
        if not all(isinstance(changes[one], kind) for one, kind in KINDS.items() if one in changes):
            raise Refused(422, "InvalidRequest", 'rename is a text, and metadata an object such as {"gate": 3}')
        new_name = name if rename is None else subject_of(rename)

        def job(verifier: Verifier) -> dict[str, Any]:
            verifier.store.update(name, rename=rename, metadata=noted)
            return verifier.store.metadata(new_name)

        return shapes.SubjectAnswer(subject=new_name, metadata=await service.done(job))

    @app.get("/v1/metadata", responses=DOCUMENTED, dependencies=[administering], tags=["subjects"])
    async def metadata(subject: SubjectQuery) -> shapes.SubjectAnswer:
        """What is noted of a subject."""
        name = subject_of(subject)
        noted = await service.done(lambda verifier: verifier.store.metadata(name))
        return shapes.SubjectAnswer(subject=name, metadata=noted)
