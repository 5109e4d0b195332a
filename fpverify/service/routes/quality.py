"""How good a scan is, before anything is done with it."""

from __future__ import annotations

from fastapi import Depends, FastAPI, Request

from fpverify.features.quality import LEAST_QUALITY
from fpverify.service import answers as shapes
from fpverify.service.api_keys import Scope
from fpverify.service.forms import Height, Ppi, Probe, Width, files_in, require_form, scan_of, sent_scans
from fpverify.service.refusals import DOCUMENTED
from fpverify.service.scopes import needing
from fpverify.service.service import Service
from fpverify.verifier import Verifier


def add_routes(app: FastAPI, service: Service) -> None:
    """Adds the route to an application."""

    @app.post(
        "/v1/quality",
        responses=DOCUMENTED,
        dependencies=[needing(service, Scope.VERIFY), Depends(require_form)],
        tags=["decisions"],
    )
    async def quality(
        request: Request, probe: Probe, ppi: Ppi = None, width: Width = None, height: Height = None
    ) -> shapes.QualityAnswer:
        """How good a scan is, and whether that is enough to enroll it; it is compared with nobody, and not kept."""
        sent = await sent_scans([probe], ppi, width, height, service.captured(request))
        decode = await service.decoding(files_in(sent))

        def job(verifier: Verifier) -> shapes.QualityAnswer:
            scan = scan_of(sent[0], decode)
            template = verifier.matcher.template(scan)
            return shapes.QualityAnswer(
                quality=template.quality,
                least_quality=LEAST_QUALITY,
                enrollable=template.quality >= LEAST_QUALITY,
                minutiae=len(template.minutiae),
                **scan.taken.to_dict(),
            )

        return await service.done(job)
