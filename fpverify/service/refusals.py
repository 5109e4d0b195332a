"""From errors to statuses: who has to change what before the same request can succeed."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from fpverify import errors
from fpverify.service.answers import ErrorAnswer
from fpverify.service.bodies import TooLarge
from fpverify.service.headers import guard
from fpverify.service.methods import allowed_methods

STATUS: MappingProxyType[type, int] = MappingProxyType(  # of the nearest base that is listed
    {
        errors.PresentationAttackSuspected: 422,
        errors.DetectorError: 503,
        errors.NotEnrolled: 404,
        errors.DuplicateFinger: 409,
        errors.FailureToEnroll: 422,
        errors.ProofNeeded: 403,
        errors.EnrollmentError: 409,
        errors.ScanTooLarge: 413,
        errors.UnreadableScan: 415,
        errors.ScanError: 422,
        errors.ModelMismatch: 409,
        errors.ModelError: 422,
        errors.SettingsError: 422,
        errors.StoreError: 503,
        errors.IndexUnavailable: 503,
        errors.ReaderError: 503,
        errors.FpverifyError: 500,
    }
)
DOCUMENTED: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorAnswer, "description": words}
    for status, words in (
        (400, "The form cannot be read."),
        (401, "No key, or nobody's."),
        (403, "The key does not allow this, or the subject is enrolled and no proof was sent."),
        (404, "Nobody of this id is enrolled, or not this finger."),
        (
            409,
            "The finger is enrolled already, or does not agree with what is; or it was enrolled with another model; "
            "or the id is taken; or the same request is under way.",
        ),
        (413, "Too large."),
        (415, "Not an image of a known kind."),
        (
            422,
            "No usable print in the scan, a presentation attack is suspected, or a value is out of range; or an "
            "Idempotency-Key was sent with another request.",
        ),
        (423, "The subject is locked after several non-matches; `Retry-After` says for how many seconds."),
        (429, "Too many requests, or non-matches, with this key; `Retry-After` says when to go on."),
        (503, "The store, its index or the API keys cannot be used, or the answer took too long."),
    )
}


NO_VERDICT = "the detector of presentation attacks failed; nothing is decided without it"
UNTRUSTED = "others could change a file that the service decides by; look after its owner and its mode"

# Where the store and its key lie is nothing to a client.
_PLACE = re.compile(
    r"\b(the store|the index|the folder|enrollment store|the key|a key was given)(?: at)? \S*[/:]\S*?(?=[,;]?(?:\s|$))"
)
_FILE = re.compile(r"(?:^|(?<=\s))/\S+?(?=[,;:]?(?:\s|$))")  # by its whole path
_SCORE = re.compile(r" \(score -?[\d.]+\)")  # what an enrollment resembles is said, how much is not


class Refused(Exception):  # noqa: N818 - it is an answer, not a fault
    """A request that is answered with an error.

    Attributes:
        status: of HTTP.
        name: of the error.
        message: in one line.
        headers: of the answer.
        facts: what else its body holds.
    """

    def __init__(
        self,
        status: int,
        name: str,
        message: str,
        headers: dict[str, str] | None = None,
        facts: dict[str, int] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.name = name
        self.message = message
        self.headers = headers or {}
        self.facts = facts or {}

    @classmethod
    def after(cls, status: int, name: str, message: str, wait_s: float) -> Refused:
        """One that may be tried again after some seconds."""
        return cls(status, name, message, {"Retry-After": str(max(1, round(wait_s)))})

    @classmethod
    def of(cls, error: errors.FpverifyError) -> Refused:
        """The refusal that an error of ours becomes."""
        kind = next(base for base in type(error).__mro__ if base in STATUS)
        return cls(STATUS[kind], type(error).__name__, _told(error), facts=error.facts)

    @classmethod
    def unforeseen(cls, error: Exception) -> Refused:
        """The refusal that any other error becomes."""
        return cls(500, "InternalError", f"an error of the service itself: {type(error).__name__}")

    @property
    def body(self) -> dict[str, Any]:
        """What is said."""
        return {"error": self.name, "message": self.message, **self.facts}

    def response(self) -> JSONResponse:
        """The answer."""
        response = JSONResponse(self.body, self.status, self.headers)
        guard(response.headers, is_kept=False)  # here, too: what fails unforeseen does not come by the gate
        return response


def _told(error: errors.FpverifyError) -> str:
    """What an error says to clients: neither where things lie nor how alike they are."""
    if isinstance(error, errors.UntrustedFile):
        return UNTRUSTED
    if isinstance(error, errors.DetectorError):
        return NO_VERDICT
    said = _SCORE.sub("", _PLACE.sub(r"\1", str(error)))
    return _FILE.sub("a file", said) if isinstance(error, errors.StoreError | errors.ModelError) else said


def say_errors_in_one_shape(app: FastAPI) -> None:
    """Makes a refusal of whatever an application raises."""

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Refused) -> Response:
        return error.response()

    @app.exception_handler(errors.FpverifyError)
    async def ours(_: Request, error: errors.FpverifyError) -> Response:
        return Refused.of(error).response()

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:]) or "the request"
        return Refused(422, "InvalidRequest", f"{place}: {first['msg']}").response()

    @app.exception_handler(TooLarge)
    async def too_large(_: Request, error: TooLarge) -> Response:
        return Refused(413, "ScanTooLarge", str(error.detail), {"Connection": "close"}).response()

    @app.exception_handler(HTTPException)
    async def framework(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = allowed_methods(app, request.scope)
        return Refused(error.status_code, "HttpError", str(error.detail), headers).response()

    @app.exception_handler(Exception)
    async def unforeseen(_: Request, error: Exception) -> Response:
        return Refused.unforeseen(error).response()
