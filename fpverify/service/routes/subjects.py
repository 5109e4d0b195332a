"""Who is enrolled."""

from __future__ import annotations

from fastapi import Depends, FastAPI, Request

from fpverify import answers
from fpverify.service import answers as shapes
from fpverify.service.api_keys import Scope
from fpverify.service.forms import (
    FingerQuery,
    SubjectQuery,
    finger_of,
    subject_of,
)
from fpverify.service.refusals import DOCUMENTED
from fpverify.service.service import Service


def add_routes(app: FastAPI, service: Service) -> None:
    """Adds the routes to an application."""

    def enrolling(request: Request) -> None:
        service.require_scope(request, Scope.ENROLL)

    def administering(request: Request) -> None:
        service.require_scope(request, Scope.ADMIN)

    @app.get("/v1/subjects", responses=DOCUMENTED, dependencies=[Depends(administering)], tags=["subjects"])
    async def subjects() -> shapes.SubjectsAnswer:
        """Everybody who is enrolled, one entry for each finger."""
        fingers = await service.done(lambda verifier: [answers.finger_answer(one) for one in verifier.fingers()])
        return shapes.SubjectsAnswer(fingers=[shapes.FingerAnswer(**one) for one in fingers])

    @app.get("/v1/impressions", responses=DOCUMENTED, dependencies=[Depends(enrolling)], tags=["subjects"])
    async def impressions(subject: SubjectQuery, finger: FingerQuery = None) -> shapes.ImpressionsAnswer:
        """All impressions of a subject, or of one finger of it."""
        name, which = subject_of(subject), finger_of(finger)
        found = await service.done(
            lambda verifier: [answers.reference_answer(one) for one in verifier.references(name, which)]  # type: ignore[arg-type]  # a finger, checked before
        )
        return shapes.ImpressionsAnswer(impressions=[shapes.ReferenceAnswer(**one) for one in found])

    @app.delete("/v1/impressions", responses=DOCUMENTED, dependencies=[Depends(administering)], tags=["subjects"])
    async def delete(subject: SubjectQuery, finger: FingerQuery = None) -> shapes.DeletionAnswer:
        """Removes a subject, or one finger of it, for good."""
        name, which = subject_of(subject), finger_of(finger)
        deleted = await service.done(lambda verifier: verifier.delete(name, which))  # type: ignore[arg-type]  # a finger, checked before
        return shapes.DeletionAnswer(deleted=deleted)
