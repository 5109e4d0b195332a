"""The routes: a request in, an answer out."""

from __future__ import annotations

import base64
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from typing import Annotated, Any, TypeVar

from fastapi import Depends, FastAPI, File, Form, Query, Request, Response, UploadFile
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartParser

from fpverify import answers
from fpverify.errors import EnrollmentError, FpverifyError, SettingsError
from fpverify.scans import scan_from_bytes
from fpverify.service import answers as shapes
from fpverify.service.api_keys import ApiKey, ApiKeys, Scope
from fpverify.service.bodies import BodyLimit, TooLarge
from fpverify.service.crew import Crew
from fpverify.service.journal import Journal
from fpverify.service.limits import Lockout, RateLimit
from fpverify.service.refusals import DOCUMENTED, Refused
from fpverify.store import FINGER_CODES, UNKNOWN_FINGER, subject_id
from fpverify.verifier import Verifier
from fpverify.vocabulary import Scan

Result = TypeVar("Result")

GUARDED = "/v1/"  # paths that ask for a key
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE_FILES = {"": "text/html", "page.css": "text/css", "page.js": "text/javascript"}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one service grants.

    Attributes:
        most_bytes: of a request.
        timeout_s: of an answer.
        per_minute: requests with one key.
        lock_after: non-matches of a subject in a row.
        lock_s: of the first lock.
        open_metrics: /metrics asks for no key.
    """

    most_bytes: int = 20_000_000  # a scan of 4000 x 4000 px of grey levels is 16 MB
    timeout_s: float = 30.0
    per_minute: int = 6000  # a hundred a second: more than one machine does
    lock_after: int = 5
    lock_s: float = 60.0
    open_metrics: bool = False


class Service:
    """What the routes share.

    Attributes:
        crew: does the work.
        keys: who may do what.
        limits: what is granted.
        journal: what is written down.
    """

    def __init__(self, crew: Crew, keys: ApiKeys, limits: Limits, journal: Journal) -> None:
        self.crew = crew
        self.keys = keys
        self.limits = limits
        self.journal = journal
        self.rate = RateLimit(limits.per_minute)
        self.lockout = Lockout(limits.lock_after, limits.lock_s)

    def admitted(self, request: Request) -> ApiKey:
        """The key of a request, if it has requests left; asked before the body is read.

        Raises:
            Refused: 401 or 429; 503 if the keys cannot be read.
        """
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        try:
            key = self.keys.holder(secret.strip()) if kind.lower() == "bearer" and secret.strip() else None
        except SettingsError as error:
            raise Refused(503, "Unavailable", "the service cannot read its API keys; look after their file") from error
        if key is None:
            message = "give a key of this service in the header: Authorization: Bearer fpv_..."
            raise Refused(401, "Unauthorized", message, {"WWW-Authenticate": "Bearer"})
        request.state.key = key
        if wait_s := self.rate.wait_s(key.name):
            message = f"more than {self.limits.per_minute} requests a minute with the key {key.name!r}"
            raise Refused.after(429, "TooManyRequests", message, wait_s)
        return key

    def require_scope(self, request: Request, scope: Scope) -> None:
        """Returns if the key of a request allows the scope.

        Raises:
            Refused: 403; 401 without a key.
        """
        key = getattr(request.state, "key", None) or self.admitted(request)
        if key.allows < scope:
            raise Refused(403, "Forbidden", f"the key {key.name!r} allows {key.scope}, this needs {scope.word}")

    def require_open(self, subject: str) -> None:
        """Returns if the subject is not locked.

        Raises:
            Refused: 423.
        """
        if wait_s := self.lockout.wait_s(subject):
            message = f"{self.limits.lock_after} non-matches in a row; the subject is locked for {wait_s:.0f} s"
            raise Refused.after(423, "Locked", message, wait_s)

    async def done(self, job: Callable[[Verifier], Result]) -> Result:
        """The answer of a job.

        Raises:
            Refused: 503, it took too long.
            FpverifyError: what the job raises.
        """
        try:
            return await self.crew.run(job, self.limits.timeout_s)
        except TimeoutError as error:
            message = f"no answer within {self.limits.timeout_s:g} s; try again later"
            raise Refused.after(503, "Timeout", message, self.limits.timeout_s) from error


def create_app(service: Service) -> FastAPI:
    """The application; it opens its verifiers when it starts and closes them when it ends."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.crew.warm()
        yield
        service.crew.close()

    app = FastAPI(
        title="fpverify",
        version=version("fpverify"),
        summary="Fingerprint verification at a stated error rate.",
        lifespan=lifespan,
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
    )
    app.add_middleware(BodyLimit, most_bytes=service.limits.most_bytes)
    MultiPartParser.spool_max_size = service.limits.most_bytes  # scans stay in memory, never in temporary files
    _say_errors_in_one_shape(app)
    _keep_a_journal(app, service)
    _decide(app, service)
    _enroll(app, service)
    _watch_over(app, service)
    _show_a_page(app)
    return app


ScanFile = Annotated[UploadFile, File(description="Image of one finger: BMP, PNG, TIFF, JPEG, JPEG 2000, PGM or WSQ.")]
SubjectField = Annotated[str, Form(description="Subject: 1 to 256 characters on one line.", examples=["A"])]
SubjectQuery = Annotated[str, Query(description="Subject.", examples=["A"])]
FingerField = Annotated[str | None, Form(description="Such as right-index.", examples=["right-index"])]
FingerQuery = Annotated[str | None, Query(description="Such as right-index; all if not given.")]
Ppi = Annotated[float | None, Form(description="Resolution, if the file states none.", gt=0, le=10_000, examples=[500])]
Rate = Annotated[float | None, Form(description="False match rate.", gt=0, lt=1, examples=[0.001])]
Fpir = Annotated[float, Form(description="False positive identification rate.", gt=0, lt=1)]
Flag = Annotated[bool, Form()]


def _decide(app: FastAPI, service: Service) -> None:
    """Verification, identification, and a comparison of two scans."""

    def verifying(request: Request) -> None:
        service.require_scope(request, Scope.VERIFY)

    @app.post("/v1/verify", responses=DOCUMENTED, dependencies=[Depends(verifying)], tags=["decisions"])
    async def verify(  # noqa: PLR0917 - a form's fields, which FastAPI gives by name
        scan: ScanFile,
        subject: SubjectField,
        finger: FingerField = None,
        fmr: Rate = None,
        ppi: Ppi = None,
        picture: Flag = False,
    ) -> shapes.DecisionAnswer:
        """Whether a scan shows a subject's finger. A non-match is an answer like a match: status 200."""
        name, which, content = _subject(subject), _finger(finger), await scan.read()

        def job(verifier: Verifier) -> dict[str, Any]:
            service.require_open(name)  # here, where as many run at once as there are threads, and not while waiting
            probe = _scan(content, ppi)
            decision = verifier.verify(probe, name, which, fmr=fmr)
            service.lockout.note(name, decision.match)
            answer = answers.decision_answer(decision, probe)
            drawn = _probe_picture(verifier, probe, name, decision.finger) if picture else None
            return answer | {"picture": drawn}

        answer = await service.done(job)
        service.journal.note_decision("verify", answer["decision"])
        return shapes.DecisionAnswer(**answer)

    @app.post("/v1/identify", responses=DOCUMENTED, dependencies=[Depends(verifying)], tags=["decisions"])
    async def identify(
        scan: ScanFile,
        top: Annotated[int, Form(description="Most candidates.", ge=1, le=100)] = 5,
        fpir: Fpir = 0.01,
        ppi: Ppi = None,
    ) -> shapes.IdentificationAnswer:
        """Whose finger a scan shows, of all that are enrolled."""
        content = await scan.read()

        def job(verifier: Verifier) -> dict[str, Any]:
            probe = _scan(content, ppi)
            return answers.identification_answer(verifier.identify(probe, top=top, fpir=fpir), probe)

        answer = await service.done(job)
        service.journal.note_decision("identify", answer["decision"])
        return shapes.IdentificationAnswer(**answer)

    @app.post("/v1/compare", responses=DOCUMENTED, dependencies=[Depends(verifying)], tags=["decisions"])
    async def compare(
        first: ScanFile, second: ScanFile, fmr: Rate = None, ppi: Ppi = None, picture: Flag = False
    ) -> shapes.DecisionAnswer:
        """Whether two scans show one finger; nothing is kept."""
        contents = await first.read(), await second.read()

        def job(verifier: Verifier) -> dict[str, Any]:
            from fpverify.explanation.explanation import explain
            from fpverify.explanation.pair_picture import pair_png

            probe, reference = _scan(contents[0], ppi), _scan(contents[1], ppi)
            point = verifier.matcher.operating_point(verifier.fmr if fmr is None else fmr)
            explained = explain(verifier.matcher, probe, reference, point)
            drawn = _base64(pair_png(explained)) if picture else None
            return answers.decision_answer(explained.decision, probe) | {"picture": drawn}

        return shapes.DecisionAnswer(**await service.done(job))


def _enroll(app: FastAPI, service: Service) -> None:
    """Who is enrolled."""

    def enrolling(request: Request) -> None:
        service.require_scope(request, Scope.ENROLL)

    def administering(request: Request) -> None:
        service.require_scope(request, Scope.ADMIN)

    @app.post("/v1/enroll", status_code=201, responses=DOCUMENTED, dependencies=[Depends(enrolling)], tags=["subjects"])
    async def enroll(
        scan: ScanFile,
        subject: SubjectField,
        finger: FingerField = None,
        ppi: Ppi = None,
        unchecked: Flag = False,
    ) -> shapes.EnrollmentAnswer:
        """Keeps a scan as one more impression of a finger. When the answer is there, it is on disk."""
        name, which, content = _subject(subject), _finger(finger) or UNKNOWN_FINGER, await scan.read()

        def job(verifier: Verifier) -> dict[str, Any]:
            given = _scan(content, ppi)
            reference = verifier.enroll(given, name, which, unchecked=unchecked)
            return answers.reference_answer(reference) | answers.scan_answer(given)

        return shapes.EnrollmentAnswer(**await service.done(job))

    @app.get("/v1/subjects", responses=DOCUMENTED, dependencies=[Depends(administering)], tags=["subjects"])
    async def subjects() -> shapes.SubjectsAnswer:
        """Everybody who is enrolled, one entry for each finger."""
        fingers = await service.done(lambda verifier: [answers.finger_answer(one) for one in verifier.fingers()])
        return shapes.SubjectsAnswer(fingers=[shapes.FingerAnswer(**one) for one in fingers])

    @app.get("/v1/impressions", responses=DOCUMENTED, dependencies=[Depends(enrolling)], tags=["subjects"])
    async def impressions(subject: SubjectQuery, finger: FingerQuery = None) -> shapes.ImpressionsAnswer:
        """All impressions of a subject, or of one finger of it."""
        name, which = _subject(subject), _finger(finger)
        found = await service.done(
            lambda verifier: [answers.reference_answer(one) for one in verifier.references(name, which)]
        )
        return shapes.ImpressionsAnswer(impressions=[shapes.ReferenceAnswer(**one) for one in found])

    @app.delete("/v1/impressions", responses=DOCUMENTED, dependencies=[Depends(administering)], tags=["subjects"])
    async def delete(subject: SubjectQuery, finger: FingerQuery = None) -> shapes.DeletionAnswer:
        """Removes a subject, or one finger of it, for good."""
        name, which = _subject(subject), _finger(finger)
        return shapes.DeletionAnswer(deleted=await service.done(lambda verifier: verifier.delete(name, which)))


def _watch_over(app: FastAPI, service: Service) -> None:
    """Health and metrics."""

    def measuring(request: Request) -> None:
        if not service.limits.open_metrics:
            service.require_scope(request, Scope.ADMIN)

    @app.get("/health/live", tags=["health"])
    async def live() -> shapes.HealthAnswer:
        """The process answers."""
        return shapes.HealthAnswer(status="ok")

    @app.get("/health/ready", responses={503: DOCUMENTED[503]}, tags=["health"])
    async def ready() -> shapes.HealthAnswer:
        """Model and store can be used."""

        def job(verifier: Verifier) -> str:
            verifier.store.audit_head()
            return verifier.matcher.model_id

        return shapes.HealthAnswer(status="ok", model=await service.done(job))

    @app.get("/metrics", dependencies=[Depends(measuring)], tags=["health"], response_class=Response)
    async def metrics() -> Response:
        """Numbers for Prometheus."""
        return Response(service.journal.exposed(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _show_a_page(app: FastAPI) -> None:
    """A web page over the same routes."""
    folder = files("fpverify.service") / "page"

    def shown(name: str, kind: str) -> Callable[[], Awaitable[Response]]:
        async def page() -> Response:
            headers = {
                "Content-Security-Policy": PAGE_POLICY,
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
                "Cache-Control": "no-cache",
            }
            return Response((folder / name).read_bytes(), media_type=f"{kind}; charset=utf-8", headers=headers)

        return page

    for name, kind in PAGE_FILES.items():
        path = f"/page/{name}" if name else "/"
        app.get(path, include_in_schema=False)(shown(name or "index.html", kind))


def _say_errors_in_one_shape(app: FastAPI) -> None:
    @app.exception_handler(Refused)
    async def refused(_: Request, error: Refused) -> Response:
        return error.response()

    @app.exception_handler(FpverifyError)
    async def ours(_: Request, error: FpverifyError) -> Response:
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
    async def framework(_: Request, error: HTTPException) -> Response:
        return Refused(error.status_code, "HttpError", str(error.detail), dict(error.headers or {})).response()

    @app.exception_handler(Exception)
    async def unforeseen(_: Request, error: Exception) -> Response:
        return Refused(500, "InternalError", f"an error of the service itself: {type(error).__name__}").response()


def _keep_a_journal(app: FastAPI, service: Service) -> None:
    @app.middleware("http")
    async def noted(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
        start, status = time.perf_counter(), 500
        service.journal.under_way.inc()
        try:
            response = await _guarded(service, request, answer)
            status = response.status_code
            return response
        finally:
            service.journal.under_way.dec()
            route = getattr(request.scope.get("route"), "path", None)
            key = getattr(request.state, "key", None)
            seconds = time.perf_counter() - start
            service.journal.note_request(route, request.method, status, seconds, key and key.name)


async def _guarded(service: Service, request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    """The answer; nothing of a body is read without a key."""
    if request.url.path.startswith(GUARDED):
        try:
            service.admitted(request)
        except Refused as refused:
            return refused.response()
    return await answer(request)


def _subject(text: str) -> str:
    try:
        return subject_id(text)
    except EnrollmentError as error:
        raise Refused(422, "EnrollmentError", str(error)) from error


def _finger(name: str | None) -> str | None:
    if name is not None and name not in FINGER_CODES:
        raise Refused(422, "EnrollmentError", f"no finger has this name; the names are {', '.join(FINGER_CODES)}")
    return name


def _scan(content: bytes, ppi: float | None) -> Scan:
    """The scan; messages do not name its file, which may be named for a person."""
    return scan_from_bytes(content, ppi=ppi, source="the scan")


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
