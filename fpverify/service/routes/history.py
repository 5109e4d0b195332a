"""What the audit trail says of a subject."""

from __future__ import annotations

from fastapi import FastAPI

from fpverify import answers
from fpverify.service import answers as shapes
from fpverify.service.api_keys import Scope
from fpverify.service.forms import SubjectQuery, subject_of
from fpverify.service.pages import Cursor, Limit, cursor_after, place_of
from fpverify.service.refusals import DOCUMENTED
from fpverify.service.scopes import needing
from fpverify.service.service import Service
from fpverify.store.audit import AuditEntry

PAGE = 100  # entries of a page whose limit is not given


def add_routes(app: FastAPI, service: Service) -> None:
    """Adds the route to an application."""

    @app.get("/v1/history", responses=DOCUMENTED, dependencies=[needing(service, Scope.ADMIN)], tags=["subjects"])
    async def history(subject: SubjectQuery, limit: Limit = None, cursor: Cursor = None) -> shapes.HistoryAnswer:
        """What was done with a subject, by the audit trail, the latest first; there, too, when it is deleted.

        What was done under another id is told of that id.
        """
        name, most = subject_of(subject), limit or PAGE
        (before,) = [None] if cursor is None else place_of(cursor, int)
        found = await service.done(lambda verifier: verifier.store.history(name, most + 1, before))
        page, last = found[:most], found[most - 1] if len(found) > most else None
        entries = [_entry(one) for one in page]
        return shapes.HistoryAnswer(entries=entries, next=None if last is None else cursor_after(last.sequence))


def _entry(one: AuditEntry) -> shapes.EntryAnswer:
    return shapes.EntryAnswer(**answers.entry_answer(one))
