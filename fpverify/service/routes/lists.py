"""Lists of fingers to enroll."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import FastAPI, Query, Request

from fpverify.service.api_keys import Scope
from fpverify.service.lines import EXAMPLE
from fpverify.service.lists import Duplex, ListStream
from fpverify.service.refusals import DOCUMENTED, Refused
from fpverify.service.scopes import needing
from fpverify.service.service import Service

PATH = "/v1/enroll/list"
LINES = ("application/x-ndjson", "application/jsonl")
TEXT: dict[str, Any] = {"schema": {"type": "string"}, "example": EXAMPLE + "\n"}
BODY = {"requestBody": {"required": True, "content": {LINES[0]: TEXT}}}
ANSWERED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A line of JSON for each line: id, finger, file, outcome, reason, other_id, other_finger, "
        "score, impression. A last line with error and message, if something ended it before its end.",
        "content": {LINES[0]: {"schema": {"type": "string"}}},
    },
}


def add_routes(app: FastAPI, service: Service) -> None:
    """Adds the route to an application."""

    @app.post(
        PATH,
        responses={**DOCUMENTED, **ANSWERED},
        response_class=Duplex,
        openapi_extra=BODY,
        dependencies=[needing(service, Scope.ADMIN)],  # it adds to who is enrolled, without a proof
        tags=["subjects"],
    )
    async def enroll_list(request: Request, unchecked: Annotated[bool, Query()] = False) -> Duplex:
        """Keeps the scans of a list, a line of JSON for each; says what became of each as soon as it is on disk.

        The lines hold `id`, `image` (base64) and, if need be, `finger`, `ppi` and `file`. A row that is in the store
        already is left alone: a list that was interrupted may be sent again.
        """
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in LINES:
            raise Refused(422, "InvalidRequest", f"send lines of JSON as {LINES[0]}, such as {EXAMPLE}")
        return await ListStream(service, unchecked=unchecked).response(request)
