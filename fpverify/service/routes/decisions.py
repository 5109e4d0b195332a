"""Verification, identification, and a comparison of two scans."""

from __future__ import annotations

import base64
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Form, Request

from fpverify import answers
from fpverify.service import answers as shapes
from fpverify.service.api_keys import Scope
from fpverify.service.forms import (
    FingerFields,
    Flag,
    Fpir,
    Ppi,
    Rate,
    ScanFile,
    ScanFiles,
    SubjectField,
    fingers_of,
    require_form,
    scan_of,
    scans_of,
    subject_of,
)
from fpverify.service.refusals import DOCUMENTED
from fpverify.service.service import Service
from fpverify.verifier import Verifier
from fpverify.vocabulary import Scan


def add_routes(app: FastAPI, service: Service) -> None:
    """Adds them to an application."""

    def verifying(request: Request) -> None:
        service.require_scope(request, Scope.VERIFY)

    @app.post(
        "/v1/verify", responses=DOCUMENTED, dependencies=[Depends(verifying), Depends(require_form)], tags=["decisions"]
    )
    async def verify(  # noqa: PLR0917 - a form's fields, which FastAPI gives by name
        scan: ScanFiles,
        subject: SubjectField,
        finger: FingerFields = None,
        fmr: Rate = None,
        ppi: Ppi = None,
        picture: Flag = False,
    ) -> shapes.DecisionAnswer:
        """Whether a scan shows a subject's finger, or several scans its fingers.

        A non-match is an answer like a match: status 200.
        """
        name, which, contents = subject_of(subject), fingers_of(finger, len(scan)), [await one.read() for one in scan]
        decode = await service.decoding(contents)

        def job(verifier: Verifier) -> dict[str, Any]:
            service.require_open(name)  # here, where as many run at once as there are threads, and not while waiting
            probes = scans_of(contents, ppi, decode)
            decision = verifier.verify(probes, name, which, fmr=fmr)
            service.lockout.note(name, decision.match)
            at = max(range(len(probes)), key=lambda k: decision.probes[k].score.value)
            drawn = _probe_picture(verifier, probes[at], name, decision.probes[at].finger) if picture else None
            return answers.decision_answer(decision, *probes) | {"picture": drawn}

        answer = await service.done(job)
        service.journal.note_decision("verify", answer["decision"])
        return shapes.DecisionAnswer(**answer)

    @app.post(
        "/v1/identify",
        responses=DOCUMENTED,
        dependencies=[Depends(verifying), Depends(require_form)],
        tags=["decisions"],
    )
    async def identify(
        scan: ScanFiles,
        top: Annotated[int, Form(description="Most candidates.", ge=1, le=100)] = 5,
        fpir: Fpir = 0.01,
        ppi: Ppi = None,
    ) -> shapes.IdentificationAnswer:
        """Whose finger a scan shows, or whose fingers several scans of one person do, of all that are enrolled."""
        contents = [await one.read() for one in scan]
        decode = await service.decoding(contents)

        def job(verifier: Verifier) -> dict[str, Any]:
            probes = scans_of(contents, ppi, decode)
            return answers.identification_answer(verifier.identify(probes, top=top, fpir=fpir), *probes)

        answer = await service.done(job)
        service.journal.note_decision("identify", answer["decision"])
        return shapes.IdentificationAnswer(**answer)

    @app.post(
        "/v1/compare",
        responses=DOCUMENTED,
        dependencies=[Depends(verifying), Depends(require_form)],
        tags=["decisions"],
    )
    async def compare(
        first: ScanFile, second: ScanFile, fmr: Rate = None, ppi: Ppi = None, picture: Flag = False
    ) -> shapes.DecisionAnswer:
        """Whether two scans show one finger; nothing is kept."""
        contents = await first.read(), await second.read()
        decode = await service.decoding(contents)

        def job(verifier: Verifier) -> dict[str, Any]:
            from fpverify.explanation.explanation import explain
            from fpverify.explanation.pair_picture import pair_png

            probe, reference = scan_of(contents[0], ppi, decode), scan_of(contents[1], ppi, decode)
            point = verifier.matcher.operating_point(verifier.fmr if fmr is None else fmr)
            explained = explain(verifier.matcher, probe, reference, point)
            drawn = _base64(pair_png(explained)) if picture else None
            return answers.decision_answer(explained.decision, probe) | {"picture": drawn}

        return shapes.DecisionAnswer(**await service.done(job))


def _probe_picture(verifier: Verifier, probe: Scan, subject: str, finger: str | None) -> str | None:
    """The probe with its partners in the reference that resembles it most; None for a whole-print model."""
    from fpverify.explanation.probe_picture import probe_png

    acquired = verifier.matcher.acquire(probe)
    model_id = verifier.matcher.model_id
    references = [one.template for one in verifier.references(subject, finger) if one.model_id == model_id]
    if not references or not len(acquired.template.minutiae):
        return None
    raw = verifier.matcher.raw_scores(acquired.template, references)
    return _base64(probe_png(acquired, references[int(raw.argmax())]))


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
