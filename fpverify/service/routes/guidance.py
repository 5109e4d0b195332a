"""Guided enrollment: what the next touch of a finger should be."""

from __future__ import annotations

from fastapi import Depends, FastAPI, Request

from fpverify.comparison.assignment import MOST_PROBES
from fpverify.enrollment.guidance import Guide
from fpverify.errors import ScanError
from fpverify.service import answers as shapes
from fpverify.service.api_keys import Scope
from fpverify.service.forms import Height, Ppi, Touches, Width, files_in, require_form, scan_of, sent_scans
from fpverify.service.refusals import DOCUMENTED
from fpverify.service.scopes import needing
from fpverify.service.service import Service
from fpverify.verifier import Verifier


def add_routes(app: FastAPI, service: Service) -> None:
    """Adds the route to an application."""

    @app.post(
        "/v1/guidance",
        responses=DOCUMENTED,
        dependencies=[needing(service, Scope.ENROLL), Depends(require_form)],
        tags=["subjects"],
    )
    async def guidance(
        request: Request, touch: Touches, ppi: Ppi = None, width: Width = None, height: Height = None
    ) -> shapes.GuidanceAnswer:
        """What the next touch of a finger should be, after some; which of them to enroll, and whether they are enough.

        All touches of the finger so far, in their order; nothing of them is kept. One without a print is said to be so,
        and does not count.
        """
        sent = await sent_scans(touch, ppi, width, height, service.captured(request))
        decode = await service.decoding(files_in(sent))

        def job(verifier: Verifier) -> shapes.GuidanceAnswer:
            guide = Guide(verifier.matcher, MOST_PROBES)
            places, told = list[int](), list[shapes.TouchAnswer]()
            for place, one in enumerate(sent):
                try:
                    guide.add(scan_of(one, decode, f"touch {place + 1}"))
                except ScanError as error:
                    told.append(shapes.TouchAnswer(error=type(error).__name__, message=str(error)))
                else:
                    places.append(place)
                    told.append(shapes.TouchAnswer(quality=guide.qualities[-1]))
            return shapes.GuidanceAnswer(
                hints=list(guide.advice.hints),
                words=guide.advice.words,
                done=guide.advice.done,
                covered=guide.advice.covered,
                kept=[places[number] for number in guide.kept_numbers],
                touches=told,
                map=list(guide.map),
            )

        return await service.done(job)
