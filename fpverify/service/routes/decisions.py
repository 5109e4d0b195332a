"""Verification, identification, and a comparison of two scans."""

from __future__ import annotations

import base64
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Form, Request

from fpverify import answers
from fpverify.errors import NotEnrolled
from fpverify.service import answers as shapes
from fpverify.service.api_keys import ApiKey, Scope
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
    require_strict,
    scan_of,
    scans_of,
    subject_of,
)
from fpverify.service.refusals import DOCUMENTED, Refused
from fpverify.service.service import Service
from fpverify.verifier import Verifier
from fpverify.vocabulary import Scan


def add_routes(app: FastAPI, service: Service) -> None:
    """Adds them to an application."""

    def verifying(request: Request) -> None:
        service.require_scope(request, Scope.VERIFY)

    def comparing(request: Request) -> None:
        service.require_scope(request, Scope.SCORES)

    @app.post(
        "/v1/verify",
        responses=DOCUMENTED,
        dependencies=[Depends(verifying), Depends(require_form)],
        tags=["decisions"],
        response_model_exclude_unset=True,
    )
    async def verify(  # noqa: PLR0917 - a form's fields, which FastAPI gives by name
        request: Request,
        scan: ScanFiles,
        subject: SubjectField,
        finger: FingerFields = None,
        fmr: Rate = None,
        ppi: Ppi = None,
        picture: Flag = False,
    ) -> shapes.DecisionAnswer:
        """Whether a scan shows a subject's finger, or several scans its fingers.

        A non-match is an answer like a match: status 200. Scores are told to a key of the scope `scores` alone.
        """
        key: ApiKey = request.state.key
        name, which, contents = subject_of(subject), fingers_of(finger, len(scan)), [await one.read() for one in scan]
        decode = await service.decoding(contents)

        def job(verifier: Verifier) -> dict[str, Any]:
            require_strict("fmr", fmr, verifier.fmr)
            try:
                with service.tries.verification(verifier.store, key.name, name) as noted:
                    probes = scans_of(contents, ppi, decode)
                    decision = verifier.verify(probes, name, which, fmr=fmr)  # type: ignore[arg-type]  # a finger, checked before
                    noted(decision.match)
            except NotEnrolled:  # which of the two is not told: a key that decides has no list of ids
                raise Refused(404, "NotEnrolled", "no such subject in the store, or not this finger of it") from None
            at = max(range(len(probes)), key=lambda k: decision.probes[k].score.value)
            shown = picture and (decision.match or key.allows(Scope.SCORES))
            drawn = _probe_picture(verifier, probes[at], name, decision.probes[at].finger) if shown else None
            return answers.decision_answer(decision, *probes) | {"picture": drawn}

        answer = await service.done(job)
        service.journal.note_decision("verify", answer["decision"])
        return shapes.DecisionAnswer(**_told(answer, key))

    @app.post(
        "/v1/identify",
        responses=DOCUMENTED,
        dependencies=[Depends(verifying), Depends(require_form)],
        tags=["decisions"],
        response_model_exclude_unset=True,
    )
    async def identify(
        request: Request,
        scan: ScanFiles,
        top: Annotated[int, Form(description="Most candidates.", ge=1, le=100)] = 5,
        fpir: Fpir = None,
        ppi: Ppi = None,
    ) -> shapes.IdentificationAnswer:
        """Whose finger a scan shows, or whose fingers several scans of one person do, of all that are enrolled."""
        key: ApiKey = request.state.key
        require_strict("fpir", fpir, service.limits.fpir)
        contents, rate = [await one.read() for one in scan], service.limits.fpir if fpir is None else fpir
        decode = await service.decoding(contents)

        def job(verifier: Verifier) -> dict[str, Any]:
            with service.tries.identification(verifier.store, key.name) as noted:
                probes = scans_of(contents, ppi, decode)
                found = verifier.identify(probes, top=top, fpir=rate)
                noted(bool(found))
            return answers.identification_answer(found, *probes)

        answer = await service.done(job)
        service.journal.note_decision("identify", answer["decision"])
        return shapes.IdentificationAnswer(**_told(answer, key))

    @app.post(
        "/v1/compare",
        responses=DOCUMENTED,
        dependencies=[Depends(comparing), Depends(require_form)],
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

            require_strict("fmr", fmr, verifier.fmr)
            probe, reference = scan_of(contents[0], ppi, decode), scan_of(contents[1], ppi, decode)
            point = verifier.matcher.operating_point(verifier.fmr if fmr is None else fmr)
            explained = explain(verifier.matcher, probe, reference, point)
            drawn = _base64(pair_png(explained)) if picture else None
            return answers.decision_answer(explained.decision, probe) | {"picture": drawn}

        return shapes.DecisionAnswer(**await service.done(job))


def _told(answer: dict[str, Any], key: ApiKey) -> dict[str, Any]:
    return answer if key.allows(Scope.SCORES) else shapes.for_a_door(answer)


def _probe_picture(verifier: Verifier, probe: Scan, subject: str, finger: str | None) -> str | None:
    """The probe with its partners in the reference that resembles it most; None for a whole-print model."""
    from fpverify.explanation.probe_picture import probe_png

    matchers = verifier.matchers
    references = [one.template for one in matchers.comparable(verifier.references(subject, finger))]  # type: ignore[arg-type]  # a finger, checked before
    acquired = {one: matchers.of(one).acquire(probe) for one in {each.model_id for each in references}}
    scores = matchers.scores(lambda model_id: acquired[model_id].template, references)
    likeliest = references[max(range(len(scores)), key=lambda k: scores[k].value)]
    seen = acquired[likeliest.model_id]
    return _base64(probe_png(seen, likeliest)) if len(seen.template.minutiae) else None


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
