"""Verification, identification, and a comparison of two scans."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Form, Request

from fpverify import answers
from fpverify.errors import NotEnrolled
from fpverify.service import answers as shapes
from fpverify.service import kiosk
from fpverify.service.api_keys import Scope, allows
from fpverify.service.forms import (
    FingerFields,
    Flag,
    Fpir,
    HandProbes,
    Height,
    Missing,
    Ppi,
    Probe,
    Probes,
    Rate,
    ReferenceScan,
    Slap,
    SubjectField,
    Width,
    files_in,
    require_form,
    require_strict,
    scan_of,
    scans_of,
    sent_scans,
    subject_of,
)
from fpverify.service.refusals import DOCUMENTED, Refused
from fpverify.service.scopes import needing
from fpverify.service.sent_hands import SentHands
from fpverify.service.service import Service
from fpverify.single_templates import of_scan
from fpverify.store.api_keys import ApiKey
from fpverify.verifier import Verifier
from fpverify.vocabulary import Finger, Scan


def add_routes(app: FastAPI, service: Service) -> None:
    """Adds them to an application."""

    @app.post(
        "/v1/verify",
        responses=DOCUMENTED,
        dependencies=[needing(service, Scope.VERIFY), Depends(require_form)],
        tags=["decisions"],
        response_model=shapes.DecisionAnswer,
        response_model_exclude_unset=True,
    )
    async def verify(  # noqa: PLR0917 - a form's fields, which FastAPI gives by name
        request: Request,
        probe: HandProbes,
        subject: SubjectField,
        finger: FingerFields = None,
        fmr: Rate = None,
        slap: Slap = None,
        missing: Missing = None,
        ppi: Ppi = None,
        width: Width = None,
        height: Height = None,
        picture: Flag = False,
    ) -> Any:
        """Whether a scan shows a subject's finger, or several scans its fingers.

        Of a card, and of a slap, those fingers count that are enrolled, one scan of each. A non-match is an answer like
        a match: status 200. Scores are told to a key of the scope `scores` alone.
        """
        key: ApiKey = request.state.key
        name = subject_of(subject)
        sent = await sent_scans(probe, ppi, width, height, service.captured(request))
        given = SentHands.of(sent, finger, slap, missing)
        decode, at_kiosk = await service.decoding(files_in(sent)), kiosk.is_kiosk(request)

        def job(verifier: Verifier) -> dict[str, Any]:
            require_strict("fmr", fmr, verifier.fmr)
            if at_kiosk and not given.show_several:
                _ = [verifier.matcher.acquire(one) for one in scans_of(sent, decode)]
            try:
                with service.tries.verification(verifier.store, key.name, name) as noted:
                    probes, which = given.probes(verifier, decode, name)
                    decision = verifier.verify(probes, name, which, fmr=fmr)
                    noted(decision.match)
            except NotEnrolled:  # which of the two is not told: a key that decides has no list of ids
                raise Refused(404, "NotEnrolled", "no such subject in the store, or not this finger of it") from None
            at = max(range(len(probes)), key=lambda k: decision.probes[k].score.value)
            shown = picture and (decision.match or allows(key, Scope.SCORES))
            drawn = _probe_picture(verifier, probes[at], name, decision.probes[at].finger) if shown else None
            return answers.decision_answer(decision, *probes) | ({"picture": drawn} if picture else {})

        work = _noted(service, "verify", job)
        return await kiosk.told(work) if at_kiosk else shapes.DecisionAnswer(**_told(await work, key))

    @app.post(
        "/v1/identify",
        responses=DOCUMENTED,
        dependencies=[needing(service, Scope.VERIFY), Depends(require_form)],
        tags=["decisions"],
        response_model=shapes.IdentificationAnswer,
        response_model_exclude_unset=True,
    )
    async def identify(  # noqa: PLR0917 - likewise
        request: Request,
        probe: Probes,
        top: Annotated[int, Form(description="Most candidates.", ge=1, le=100)] = 5,
        fpir: Fpir = None,
        ppi: Ppi = None,
        width: Width = None,
        height: Height = None,
    ) -> Any:
        """Whose finger a scan shows, or whose fingers several scans of one person do, of all that are enrolled."""
        key: ApiKey = request.state.key
        require_strict("fpir", fpir, service.limits.fpir)
        sent = await sent_scans(probe, ppi, width, height, service.captured(request))
        rate = service.limits.fpir if fpir is None else fpir
        decode = await service.decoding(files_in(sent))

        def job(verifier: Verifier) -> dict[str, Any]:
            with service.tries.identification(verifier.store, key.name) as noted:
                probes = scans_of(sent, decode)
                found = verifier.identify(probes, top=top, fpir=rate)
                noted(bool(found))
            return answers.identification_answer(found, *probes)

        work = _noted(service, "identify", job)
        if kiosk.is_kiosk(request):
            return await kiosk.told(work)
        return shapes.IdentificationAnswer(**_told(await work, key))

    @app.post(
        "/v1/compare",
        responses=DOCUMENTED,
        dependencies=[needing(service, Scope.SCORES), Depends(require_form)],
        tags=["decisions"],
        response_model=shapes.ComparisonAnswer,
        response_model_exclude_unset=True,
    )
    async def compare(  # noqa: PLR0917 - likewise
        request: Request,
        probe: Probe,
        reference: ReferenceScan,
        fmr: Rate = None,
        ppi: Ppi = None,
        width: Width = None,
        height: Height = None,
        picture: Flag = False,
    ) -> Any:
        """Whether two scans show one finger; nothing is kept."""
        sent = await sent_scans([probe, reference], ppi, width, height, service.captured(request))
        decode = await service.decoding(files_in(sent))

        def job(verifier: Verifier) -> dict[str, Any]:
            from fpverify.explanation.explanation import explain
            from fpverify.explanation.pair_picture import pair_png

            require_strict("fmr", fmr, verifier.fmr)
            seen, other = scan_of(sent[0], decode, "the probe"), scan_of(sent[1], decode, "the reference")
            point = verifier.matcher.operating_point(verifier.fmr if fmr is None else fmr)
            explained = explain(verifier.matcher, seen, other, point)
            pair = of_scan(seen, explained.probe.acquired), of_scan(other, explained.reference.acquired)
            drawn = {"picture": _base64(pair_png(explained))} if picture else {}
            return answers.comparison_answer(explained.decision, *pair) | drawn

        return shapes.ComparisonAnswer(**await service.done(job))


async def _noted(service: Service, kind: str, job: Callable[[Verifier], dict[str, Any]]) -> dict[str, Any]:
    """The answer of a decision, which is counted."""
    answer = await service.done(job)
    service.journal.note_decision(kind, answer["decision"])
    return answer


def _told(answer: dict[str, Any], key: ApiKey) -> dict[str, Any]:
    return answer if allows(key, Scope.SCORES) else shapes.for_a_door(answer)


def _probe_picture(verifier: Verifier, probe: Scan, subject: str, finger: Finger | None) -> str | None:
    """The probe with its partners in the reference that resembles it most; None for a whole-print model."""
    from fpverify.explanation.probe_picture import probe_png

    matchers = verifier.matchers
    references = [one.template for one in matchers.comparable(verifier.references(subject, finger))]
    acquired = {one: matchers.of(one).acquire(probe) for one in {each.model_id for each in references}}
    scores = matchers.scores(lambda model_id: acquired[model_id].template, references)
    likeliest = references[max(range(len(scores)), key=lambda k: scores[k].value)]
    seen = acquired[likeliest.model_id]
    if not len(seen.template.minutiae):
        return None
    return _base64(probe_png(seen, matchers.of(likeliest.model_id).laid(seen.template, likeliest)))


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
