"""Who is enrolled."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, FastAPI, Request

from fpverify import answers
from fpverify.service import answers as shapes
from fpverify.service.api_keys import Scope
from fpverify.service.forms import (
    FingerField,
    FingerQuery,
    Flag,
    Ppi,
    ScanFile,
    SubjectField,
    SubjectQuery,
    finger_of,
    require_form,
    scan_of,
    subject_of,
)
from fpverify.service.refusals import DOCUMENTED
from fpverify.service.service import Service
from fpverify.store import UNKNOWN_FINGER
from fpverify.verifier import Verifier


def add_routes(app: FastAPI, service: Service) -> None:
    """Adds the routes to an application."""

    def enrolling(request: Request) -> None:
        service.require_scope(request, Scope.ENROLL)

    def administering(request: Request) -> None:
        service.require_scope(request, Scope.ADMIN)

    @app.post(
        "/v1/enroll",
        status_code=201,
        responses=DOCUMENTED,
        dependencies=[Depends(enrolling), Depends(require_form)],
        tags=["subjects"],
    )
    async def enroll(
        scan: ScanFile,
        subject: SubjectField,
        finger: FingerField = None,
        ppi: Ppi = None,
        unchecked: Flag = False,
    ) -> shapes.EnrollmentAnswer:
        """Keeps a scan as one more impression of a finger. When the answer is there, it is on disk."""
        name, which, content = subject_of(subject), finger_of(finger) or UNKNOWN_FINGER, await scan.read()
        decode = await service.decoding([content])

        def job(verifier: Verifier) -> dict[str, Any]:
            given = scan_of(content, ppi, decode)
            reference = verifier.enroll(given, name, which, unchecked=unchecked)
            return answers.reference_answer(reference) | answers.scan_answer(given)

        return shapes.EnrollmentAnswer(**await service.done(job))

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
            lambda verifier: [answers.reference_answer(one) for one in verifier.references(name, which)]
        )
        return shapes.ImpressionsAnswer(impressions=[shapes.ReferenceAnswer(**one) for one in found])

    @app.delete("/v1/impressions", responses=DOCUMENTED, dependencies=[Depends(administering)], tags=["subjects"])
    async def delete(subject: SubjectQuery, finger: FingerQuery = None) -> shapes.DeletionAnswer:
        """Removes a subject, or one finger of it, for good."""
        name, which = subject_of(subject), finger_of(finger)
        return shapes.DeletionAnswer(deleted=await service.done(lambda verifier: verifier.delete(name, which)))
