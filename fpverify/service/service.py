"""What the routes share: who may do what, and who does it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from starlette.requests import Request

from fpverify.errors import FpverifyError, SettingsError, UntrustedFile
from fpverify.scans.pictures import Decode
from fpverify.service.api_keys import KeyFile, Scope, allows, digest
from fpverify.service.captures import Captures
from fpverify.service.crew import Crew
from fpverify.service.journal import Journal
from fpverify.service.limits import Limits, RateLimit
from fpverify.service.reader import ConnectedReader
from fpverify.service.refusals import Refused
from fpverify.service.repeats import UnderWay
from fpverify.service.sessions import Sessions
from fpverify.service.tries import TryCounts
from fpverify.store.api_keys import ApiKey
from fpverify.verifier import Verifier
from fpverify.vocabulary import Scan

Result = TypeVar("Result")
KEYS_S = 5.0  # in which a store has to say whose key it is, as long as SQLite waits for another's lock


class Service:
    """What the routes share.

    Attributes:
        crew: does the work.
        lister: enrolls lists, one at a time; its thread waits for the crew.
        key_file: keys of an earlier release, of a store that may only be read; as a rule they lie in the store.
        limits: what is granted.
        journal: what is written down.
        reader: the one that is connected to the server, for its page; None for none.
        captures: what it gave.
        closed: the application has ended, and its crew with it.
    """

    def __init__(
        self,
        crew: Crew,
        limits: Limits,
        journal: Journal,
        key_file: KeyFile | None = None,
        reader: ConnectedReader | None = None,
    ) -> None:
        self.crew = crew
        self.lister = crew.single()
        self.key_file = key_file
        self.limits = limits
        self.journal = journal
        self.reader = reader
        self.captures = Captures()
        self.closed = False
        self.rate = RateLimit(limits.per_minute)
        self.tries = TryCounts(limits, journal)
        self.under_way = UnderWay()
        self.sessions = Sessions()

    async def warm(self) -> None:
        """Lets the store read once what its audit trail says of API keys, so that the first request does not wait."""
        with suppress(FpverifyError):  # who asks is told
            await self.crew.run(lambda verifier: verifier.store.api_keys.was_granted(""), None, aside=True)

    async def admitted(self, request: Request) -> ApiKey:
        """The key of a request, or of its session, if it has requests left; asked before the body is read.

        Raises:
            Refused: 401 or 429; 403 for the cookie of a session with a request that the page did not make; 503 if the
                keys cannot be read.
        """
        given = request.headers.get("authorization")
        session = self.sessions.of(request) if given is None else None
        kept = _digest_in(given or "") if session is None else session.sha256
        key = None if kept is None else await self._holder(kept)
        if key is None:
            message = "give a key of this service in the header: Authorization: Bearer fpv_..."
            raise Refused(401, "Unauthorized", message, {"WWW-Authenticate": "Bearer"})
        key = key if session is None else session.narrowed(key)
        request.state.key, request.state.session = key, session
        if wait_s := self.rate.wait_s(key.name):
            message = f"more than {self.limits.per_minute} requests a minute with the key {key.name!r}"
            raise Refused.after(429, "TooManyRequests", message, wait_s)
        return key

    async def _holder(self, kept: str) -> ApiKey | None:
        """Whose key has this digest, by now; None for nobody's."""

        def job(verifier: Verifier) -> tuple[ApiKey | None, bool]:
            keys = verifier.store.api_keys
            return keys.holder(kept), self.key_file is None or keys.was_granted(kept)

        try:
            key, is_known = await self.done(job, KEYS_S)
        except FpverifyError as error:
            raise Refused.of(error) from error
        if key is not None or is_known or self.key_file is None:  # one that the store has had was revoked there
            return key
        try:
            return self.key_file.holder(kept)
        except (SettingsError, UntrustedFile) as error:
            raise Refused(503, "Unavailable", "the service cannot read its API keys; look after their file") from error

    async def require_scope(self, request: Request, scope: Scope) -> None:
        """Returns if the key of a request allows the scope.

        Raises:
            Refused: 403; 401 without a key.
        """
        key: ApiKey = getattr(request.state, "key", None) or await self.admitted(request)
        if not allows(key, scope):
            raise Refused(403, "Forbidden", f"the key {key.name!r} allows {key.scope}, this needs {scope.word}")

    def captured(self, request: Request) -> Callable[[str], Scan | None]:
        """What the server's reader gave for the page that a request comes from, by words."""
        session = getattr(request.state, "session", None)
        return lambda word: None if session is None else self.captures.of(session.name, word)

    async def done(self, job: Callable[[Verifier], Result], within_s: float | None = None) -> Result:
        """The answer of a job.

        Args:
            job: what to do.
            within_s: of a small one, done aside of all others; None is one of the others, in the time of an answer.

        Raises:
            Refused: 503, it took too long.
            FpverifyError: what the job raises.
        """
        timeout_s = self.limits.timeout_s if within_s is None else within_s
        return await self._in_time(self.crew.run(job, timeout_s, aside=within_s is not None), timeout_s)

    async def decoding(self, contents: Sequence[bytes]) -> Decode:
        """What decodes the files of a request in its job.

        Raises:
            Refused: 503, it took too long.
        """
        timeout_s = self.limits.timeout_s
        return await self._in_time(self.crew.decoding(contents, timeout_s), timeout_s)

    async def _in_time(self, work: Awaitable[Result], timeout_s: float) -> Result:
        try:
            return await work
        except TimeoutError as error:
            why = "the service ends" if self.crew.deadlines.are_ending else f"no answer within {timeout_s:g} s"
            raise Refused.after(503, "Timeout", f"{why}; try again later", timeout_s) from error


def _digest_in(authorization: str) -> str | None:
    """The digest of the key in a header; None if there is none."""
    kind, _, secret = authorization.partition(" ")
    return digest(secret.strip()) if kind.lower() == "bearer" and secret.strip() else None
