"""Who is enrolled."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import FastAPI, Query

from fpverify import answers
from fpverify.service import answers as shapes
from fpverify.service.api_keys import Scope
from fpverify.service.forms import (
    FingerQuery,
    SubjectQuery,
    finger_of,
    subject_of,
)
from fpverify.service.pages import Cursor, Limit, cursor_after, place_of
from fpverify.service.refusals import DOCUMENTED
from fpverify.service.scopes import needing
from fpverify.service.service import Service
from fpverify.store import FINGER_CODES
from fpverify.verifier import Verifier

Search = Annotated[
    str, Query(description="Only whose id has this in it, in capitals or not.", max_length=256, examples=["anna"])
]
Learnt = Annotated[bool, Query(description="Only what was learnt from matches; what was enrolled stays.")]
PAGE = 100  # subjects of a page whose limit is not given again


def add_routes(app: FastAPI, service: Service) -> None:
    """Adds the routes to an application."""
    enrolling = needing(service, Scope.ENROLL)
    administering = needing(service, Scope.ADMIN)

    @app.get("/v1/subjects", responses=DOCUMENTED, dependencies=[administering], tags=["subjects"])
    async def subjects(limit: Limit = None, cursor: Cursor = None, search: Search = "") -> shapes.SubjectsAnswer:
        """Everybody who is enrolled, one entry for each finger; with `limit`, so many subjects a page."""
        if limit is None and cursor is None and not search:
            fingers = await service.done(lambda verifier: [answers.finger_answer(one) for one in verifier.fingers()])
            return shapes.SubjectsAnswer(fingers=[shapes.FingerAnswer(**one) for one in fingers])
        (last,) = [""] if cursor is None else place_of(cursor, str)

        def job(verifier: Verifier) -> tuple[list[dict[str, Any]], str | None]:
            end, found = verifier.store.fingers_after(last, limit or PAGE, search)
            is_last = not end or not verifier.store.fingers_after(end, 1, search)[0]
            return [answers.finger_answer(one) for one in found], None if is_last else cursor_after(end)

        page, following = await service.done(job)
        return shapes.SubjectsAnswer(fingers=[shapes.FingerAnswer(**one) for one in page], next=following)

    @app.get("/v1/impressions", responses=DOCUMENTED, dependencies=[enrolling], tags=["subjects"])
    async def impressions(
        subject: SubjectQuery, finger: FingerQuery = None, limit: Limit = None, cursor: Cursor = None
    ) -> shapes.ImpressionsAnswer:
        """All impressions of a subject, or of one finger of it; with `limit`, so many a page."""
        name, which = subject_of(subject), finger_of(finger)
        code, number = (-1, 0) if cursor is None else place_of(cursor, int, int)
        found = await service.done(lambda verifier: verifier.references(name, which))
        behind = [one for one in found if (FINGER_CODES[one.finger], one.impression) > (code, number)]
        page = behind[:limit]
        last = page[-1] if len(page) < len(behind) else None
        return shapes.ImpressionsAnswer(
            impressions=[shapes.ReferenceAnswer(**answers.reference_answer(one)) for one in page],
            next=None if last is None else cursor_after(FINGER_CODES[last.finger], last.impression),
        )

    @app.delete("/v1/impressions", responses=DOCUMENTED, dependencies=[administering], tags=["subjects"])
    async def delete(
        subject: SubjectQuery, finger: FingerQuery = None, learnt: Learnt = False
    ) -> shapes.DeletionAnswer:
        """Removes a subject, or one finger of it, for good; or only what was learnt of it from matches."""
        name, which = subject_of(subject), finger_of(finger)
        deleted = await service.done(lambda verifier: verifier.delete(name, which, learnt=learnt))
        return shapes.DeletionAnswer(subject=name, finger=which, deleted=deleted)
