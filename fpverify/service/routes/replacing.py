"""New impressions in place of old ones."""

from __future__ import annotations

from fastapi import Depends, FastAPI, Request

from fpverify.service import answers as shapes
from fpverify.service import repeats
from fpverify.service.api_keys import Scope
from fpverify.service.forms import (
    Flag,
    Height,
    NamedFingers,
    Ppi,
    ReferenceScans,
    SubjectField,
    Width,
    files_in,
    fingers_of,
    require_form,
    scans_of,
    sent_scans,
    subject_of,
)
from fpverify.service.refusals import DOCUMENTED
from fpverify.service.routes.enrolling import shaped, told_of
from fpverify.service.scopes import needing
from fpverify.service.service import Service
from fpverify.verifier import Verifier


def add_routes(app: FastAPI, service: Service) -> None:
    """Adds the route to an application."""

    @app.put(
        "/v1/impressions",
        responses=DOCUMENTED,
        dependencies=[needing(service, Scope.ADMIN), Depends(require_form)],
        tags=["subjects"],
    )
    async def replace(  # noqa: PLR0917 - a form's fields, which FastAPI gives by name
        request: Request,
        reference: ReferenceScans,
        subject: SubjectField,
        finger: NamedFingers,
        ppi: Ppi = None,
        width: Width = None,
        height: Height = None,
        unchecked: Flag = False,
    ) -> shapes.EnrollmentAnswer:
        """Keeps scans in place of all impressions that these fingers of a subject have; all of it or nothing.

        They have to agree with what they replace, unless they are `unchecked`.
        """
        name, which = subject_of(subject), fingers_of(finger, len(reference))
        sent = await sent_scans(reference, ppi, width, height, service.captured(request))
        decode = await service.decoding(files_in(sent))

        def job(verifier: Verifier) -> repeats.Answer:
            scans = scans_of(sent, decode)
            verifier.references(name)  # raises if nobody of this id is enrolled
            found = verifier.enroll_together(scans, name, which or (), unchecked=unchecked, replaces=True)
            return told_of(found, scans)

        return shaped(await service.done(job))
