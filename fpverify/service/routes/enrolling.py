"""Enrollment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from fastapi import Depends, FastAPI, Request

from fpverify import answers
from fpverify.errors import DuplicateFinger, EnrollmentError, FailureToEnroll, ProofNeeded
from fpverify.service import answers as shapes
from fpverify.service.api_keys import ApiKey, Scope
from fpverify.service.forms import (
    FingerFields,
    Flag,
    Ppi,
    ProofFile,
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
from fpverify.store import UNKNOWN_FINGER
from fpverify.verifier import Verifier
from fpverify.vocabulary import Scan


def add_routes(app: FastAPI, service: Service) -> None:
    """Adds the route to an application."""

    def enrolling(request: Request) -> None:
        service.require_scope(request, Scope.ENROLL)

    def proves(verifier: Verifier, proof: Scan, key: ApiKey, subject: str) -> bool:
        """True if a scan shows an enrolled finger of a subject, at the service's own rate; it counts as a try."""
        with service.tries.verification(verifier.store, key.name, subject) as noted:
            decision = verifier.verify(proof, subject)
            noted(decision.match)
        service.journal.note_decision("verify", decision.word)
        if not decision.match:
            raise ProofNeeded("the proof shows no finger of the subject that is enrolled; scan one again")
        return True

    @contextmanager
    def searching(verifier: Verifier, key: ApiKey) -> Iterator[None]:
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

    @app.post(
        "/v1/enroll",
        status_code=201,
        responses=DOCUMENTED,
        dependencies=[Depends(enrolling), Depends(require_form)],
        tags=["subjects"],
    )
    async def enroll(  # noqa: PLR0917 - a form's fields, which FastAPI gives by name
        request: Request,
        scan: ScanFiles,
        subject: SubjectField,
        finger: FingerFields = None,
        proof: ProofFile = None,
        ppi: Ppi = None,
        unchecked: Flag = False,
    ) -> shapes.EnrollmentAnswer:
        """Keeps a scan as one more impression of a finger, or several, all of them or none.

        When the answer is there, they are on disk. Who is enrolled is added to with an admin key, or with a proof that
        matches.
        """
        name, contents = subject_of(subject), [await one.read() for one in scan]
        which = fingers_of(finger, len(scan)) or (UNKNOWN_FINGER,) * len(scan)
        shown = None if proof is None else await proof.read()
        key: ApiKey = request.state.key
        is_admin = key.allows(Scope.ADMIN)
        decode = await service.decoding([*contents, *([] if shown is None else [shown])])

        def job(verifier: Verifier) -> list[dict[str, Any]]:
            given = scans_of(contents, ppi, decode)
            showing = None if is_admin or shown is None else scan_of(shown, ppi, decode, "the proof")
            proven = showing is not None and proves(verifier, showing, key, name)
            with nullcontext() if is_admin else searching(verifier, key):
                found = verifier.enroll_together(
                    given,
                    name,
                    which,  # type: ignore[arg-type]  # a finger, checked before
                    unchecked=unchecked,
                    must_be_new=not (is_admin or proven),
                )
            return [
                answers.reference_answer(one) | answers.scan_answer(at) for one, at in zip(found, given, strict=True)
            ]

        enrolled = await service.done(job)
        return shapes.EnrollmentAnswer(**enrolled[0], impressions=[shapes.EnrolledAnswer(**one) for one in enrolled])
