"""Enrollment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext

from fastapi import Depends, FastAPI, Request, Response

from fpverify import answers
from fpverify.errors import DuplicateFinger, EnrollmentError, FailureToEnroll, ProofNeeded
from fpverify.service import answers as shapes
from fpverify.service import repeats
from fpverify.service.api_keys import Scope, allows
from fpverify.service.forms import (
    FingerFields,
    Flag,
    HandReferences,
    Height,
    Missing,
    Ppi,
    ProofFile,
    Slap,
    SubjectField,
    Width,
    files_in,
    require_form,
    scan_of,
    sent_scans,
    subject_of,
)
from fpverify.service.refusals import DOCUMENTED
from fpverify.service.repeats import RepeatHeader, done_once, remembered, repeat_of
from fpverify.service.scopes import needing
from fpverify.service.sent_hands import SentHands
from fpverify.service.service import Service
from fpverify.store.api_keys import ApiKey
from fpverify.verifier import Verifier
from fpverify.vocabulary import Reference, Scan


def add_routes(app: FastAPI, service: Service) -> None:
    """Adds the route to an application."""

    @app.post(
        "/v1/enroll",
        status_code=201,
        responses=DOCUMENTED,
        dependencies=[needing(service, Scope.ENROLL), Depends(require_form)],
        tags=["subjects"],
    )
    async def enroll(  # noqa: PLR0917 - a form's fields, which FastAPI gives by name
        request: Request,
        response: Response,
        reference: HandReferences,
        subject: SubjectField,
        finger: FingerFields = None,
        slap: Slap = None,
        missing: Missing = None,
        proof: ProofFile = None,
        ppi: Ppi = None,
        width: Width = None,
        height: Height = None,
        unchecked: Flag = False,
        word: RepeatHeader = None,
    ) -> shapes.EnrollmentAnswer:
        """Keeps a scan as one more impression of a finger, or several, all of them or none.

        Of a card, and of a slap, each finger is kept; `notes` say what is missing, touches, or is too poor.

        When the answer is there, they are on disk. Who is enrolled is added to with an admin key, or with a proof that
        matches.
        """
        name, count = subject_of(subject), len(reference)
        key: ApiKey = request.state.key
        repeat = await repeat_of(request, key, word)
        with service.under_way.alone(repeat):
            known = None if repeat is None else await service.done(lambda verifier: remembered(verifier.store, repeat))
            if known is not None:
                return _answered(known, response, again=True)
            every = [*reference, *([] if proof is None else [proof])]
            sent = await sent_scans(every, ppi, width, height, service.captured(request))
            given, shown = SentHands.of(sent[:count], finger, slap, missing), sent[count:]
            is_admin = allows(key, Scope.ADMIN)
            decode = await service.decoding(files_in(sent))

            def work(verifier: Verifier) -> repeats.Answer:
                scans, which, notes = given.enrollable(verifier, decode)
                showing = None if is_admin or not shown else scan_of(shown[0], decode, "the proof")
                proven = showing is not None and _proves(service, verifier, showing, key, name)
                told: repeats.Answer = []

                def kept(found: list[Reference]) -> None:
                    told[:] = told_of(found, scans, notes)
                    repeats.keep(verifier.store, repeat, name, told)

                with nullcontext() if is_admin else _searching(service, verifier, key):
                    must_be_new = not (is_admin or proven)
                    verifier.enroll_together(
                        scans, name, which, unchecked=unchecked, must_be_new=must_be_new, kept=kept
                    )
                return told

            enrolled, again = await service.done(
                lambda verifier: done_once(verifier.store, repeat, lambda: work(verifier))
            )
        return _answered(enrolled, response, again=again)


def _proves(service: Service, verifier: Verifier, proof: Scan, key: ApiKey, subject: str) -> bool:
    """True if a scan shows an enrolled finger of a subject, at the service's own rate; it counts as a try."""
    with service.tries.verification(verifier.store, key.name, subject) as noted:
        decision = verifier.verify(proof, subject, as_enrolled=True)
        noted(decision.match)
    service.journal.note_decision("verify", decision.word)
    if not decision.match:
        raise ProofNeeded("the proof shows no finger of the subject that is enrolled; scan one again")
    return True


@contextmanager
def _searching(service: Service, verifier: Verifier, key: ApiKey) -> Iterator[None]:
    """An enrollment that finds the finger enrolled, or another one, is as good as an identification, and counts."""
    with service.tries.identification(verifier.store, key.name) as noted:
        try:
            yield
        except (FailureToEnroll, ProofNeeded):  # nothing was compared
            raise
        except EnrollmentError as error:
            noted(False)
            if isinstance(error, DuplicateFinger):
                raise DuplicateFinger("the finger is enrolled already; an admin key is told whose it is") from None
            raise


def told_of(found: list[Reference], scans: list[Scan], notes: Sequence[str] = ()) -> repeats.Answer:
    """What is said of impressions that were enrolled of some scans; of the first also what there is to note of all."""
    each = [answers.reference_answer(one) | answers.scan_answer(at) for one, at in zip(found, scans, strict=True)]
    return [each[0] | ({"notes": list(notes)} if notes else {}), *each[1:]]


def _answered(told: repeats.Answer, response: Response, *, again: bool) -> shapes.EnrollmentAnswer:
    if again:
        response.headers[repeats.REPLAYED] = "true"
    return shaped(told)


def shaped(told: repeats.Answer) -> shapes.EnrollmentAnswer:
    """The same as an answer."""
    notes = told[0].get("notes", [])
    each = [{name: value for name, value in one.items() if name != "notes"} for one in told]
    return shapes.EnrollmentAnswer(**each[0], impressions=[shapes.EnrolledAnswer(**one) for one in each], notes=notes)
