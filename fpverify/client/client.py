"""A client of the HTTP service."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self
from urllib.parse import urlencode

from fpverify import errors
from fpverify.client.connections import Connections
from fpverify.client.scans import Line, ListedScan, ScanFile, blocks, form, utf_8
from fpverify.errors import FpverifyError, ServiceError, SeveralPrints

TIMEOUT_S = 30.0  # a busy server answers in seconds
LARGEST_ANSWER = 64 * 2**20  # bytes; the largest picture has a tenth of it
LARGEST_LINE = 2**20  # bytes; what becomes of a row of a list takes some hundred
PAGE = 500  # entries of a list that are asked for at a time
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Decided(dict[str, Any]):
    """An answer with a decision, whose truth is the match: `if door.verify(...)` opens for nobody else."""

    def __bool__(self) -> bool:
        """Whether the decision is a match."""
        return self.get("decision") == "match"


class Client:
    """Asks one service, with one key. Threads may share it; connections are kept for the next question.

    Attributes:
        url: of the service, without a slash at its end.
        timeout_s: seconds that the service may be silent.
    """

    def __init__(
        self, url: str, key: str | None = None, *, timeout_s: float = TIMEOUT_S, ca_file: str | Path | None = None
    ) -> None:
        """Connects to nothing yet.

        Args:
            url: such as https://fingers.example.org or http://127.0.0.1:8000.
            key: of `fpverify api-keys new`; None sends none.
            timeout_s: seconds that the service may be silent.
            ca_file: PEM certificate to trust, for a service with a certificate of its own making.

        Raises:
            ServiceError: the URL is none of HTTP, the key is none, or the certificate cannot be read.
        """
        self._headers = {"Accept": "application/json"} | _authorization(key)
        self._connections = Connections(url, timeout_s, ca_file)
        self.url = self._connections.url
        self.timeout_s = timeout_s

    def close(self) -> None:
        """Closes the connections that are kept; the next question opens another."""
        self._connections.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def verify(
        self,
        scan: ScanFile | Sequence[ScanFile],
        subject: str,
        finger: str | Sequence[str] | None = None,
        fmr: float | None = None,
        *,
        ppi: float | Sequence[float] | None = None,
        picture: bool = False,
        slap: str | None = None,
        missing: Sequence[str] = (),
    ) -> Decided:
        """The decision, as `fpverify verify --json` prints it. A non-match is an answer, not an error.

        Args:
            scan: of the finger; or several of one person, for one decision by all of them. Of cards, such as ANSI/NIST
                files, and of slaps those fingers count that are enrolled.
            subject: whose finger it is said to be.
            finger: its name, one for each scan or one for all; None takes any finger of the subject.
            fmr: false match rate to decide at, in (0, 1); None is the server's.
            ppi: resolution, if the file states none or a wrong one; one for each scan, or one for all.
            picture: also `picture`, a base64 PNG of the probe with the minutiae that have a partner.
            slap: what scans show, if not one finger each: "right" or "left", four fingers of that hand, or "thumbs".
            missing: fingers that the slap lacks.

        Raises:
            NotEnrolled: no such subject or finger.
            ScanError: the scan cannot be used.
            ServiceError: the service cannot be reached, or refuses.
        """
        fields = {"subject": subject, "finger": finger, "fmr": fmr, "ppi": ppi, "picture": picture}
        fields |= {"slap": slap, "missing": missing}
        return Decided(self._post("verify", fields, {"probe": scan}))

    def identify(
        self,
        scan: ScanFile | Sequence[ScanFile],
        top: int | None = None,
        fpir: float | None = None,
        *,
        ppi: float | Sequence[float] | None = None,
    ) -> Decided:
        """Whose finger it is, as `fpverify identify --json` prints it.

        Args:
            scan: of the finger; or several of one person, for one search by all of them.
            top: most candidates.
            fpir: how often a scan of nobody enrolled may match somebody, in (0, 1); None is the server's.
            ppi: resolution, if the file states none or a wrong one; one for each scan, or one for all.

        Raises:
            ScanError: the scan cannot be used.
            ServiceError: the service cannot be reached, or refuses.
        """
        return Decided(self._post("identify", {"top": top, "fpir": fpir, "ppi": ppi}, {"probe": scan}))

    def compare(
        self,
        first: ScanFile,
        second: ScanFile,
        fmr: float | None = None,
        *,
        ppi: float | Sequence[float] | None = None,
        picture: bool = False,
    ) -> Decided:
        """Whether two scans show one finger; nothing is enrolled. Arguments and errors as of `verify`."""
        fields = {"fmr": fmr, "ppi": ppi, "picture": picture}
        return Decided(self._post("compare", fields, {"probe": first, "reference": second}))

    def quality(self, scan: ScanFile, *, ppi: float | None = None) -> dict[str, Any]:
        """How good a scan is, and whether that is enough to enroll it; it is compared with nobody, and not kept.

        Args:
            scan: of the finger.
            ppi: resolution, if the file states none or a wrong one.

        Raises:
            ScanError: the scan cannot be used.
            ServiceError: the service cannot be reached, or refuses.
        """
        return self._post("quality", {"ppi": ppi}, {"probe": scan})

    def guidance(
        self, touches: ScanFile | Sequence[ScanFile], *, ppi: float | Sequence[float] | None = None
    ) -> dict[str, Any]:
        """What the next touch of a finger should be, which touches to enroll, and whether they are enough.

        Args:
            touches: all of one finger so far, in their order.
            ppi: resolution, if the files state none or a wrong one; one for each touch, or one for all.

        Raises:
            ServiceError: the service cannot be reached, or refuses.
        """
        return self._post("guidance", {"ppi": ppi}, {"touch": touches})

    def enroll(
        self,
        scan: ScanFile | Sequence[ScanFile],
        subject: str,
        finger: str | Sequence[str] | None = None,
        *,
        proof: ScanFile | None = None,
        ppi: float | Sequence[float] | None = None,
        unchecked: bool = False,
        slap: str | None = None,
        missing: Sequence[str] = (),
        idempotency_key: str | None = None,
    ) -> dict[str, Any]:
        """Keeps a scan as one more impression, as `fpverify enroll --json` prints it, or several, all of them or none.

        The answer is about the first, and has all of them as `impressions`; `notes` say what is missing in cards and
        slaps, or too poor.

        Args:
            scan: of the finger; or several of one subject, as all fingers of somebody new. Of cards, such as ANSI/NIST
                files, and of slaps each finger is kept.
            subject: 1 to 256 characters on one line.
            finger: its name, one for each scan or one for all; None is "unknown".
            proof: scan of a finger that the subject has enrolled, to add to it without an admin key.
            ppi: resolution, if the file states none or a wrong one; one for each scan, or one for all.
            unchecked: neither compare it with the finger's other impressions nor look for it among all others.
            slap: as in `verify`.
            missing: as in `verify`.
            idempotency_key: 1 to 255 printable ASCII characters without spaces, for this enrollment alone: asked again
                with the same within a day, the service gives the same answer and enrolls nothing. None draws one, so
                that a connection that is lost does not enroll twice.

        Raises:
            ProofNeeded: the subject is enrolled, and no proof was given that matches.
            EnrollmentError: too poor a print, a finger that is enrolled already, or one that does not agree.
            ScanError: the scan cannot be used.
            ServiceError: the service cannot be reached, or refuses.
        """
        fields = {"subject": subject, "finger": finger, "ppi": ppi, "unchecked": unchecked}
        fields |= {"slap": slap, "missing": missing}
        scans = {"reference": scan} | ({} if proof is None else {"proof": proof})
        return self._post("enroll", fields, scans, {"Idempotency-Key": idempotency_key or secrets.token_urlsafe(16)})

    def replace(
        self,
        scan: ScanFile | Sequence[ScanFile],
        subject: str,
        finger: str | Sequence[str],
        *,
        ppi: float | Sequence[float] | None = None,
        unchecked: bool = False,
    ) -> dict[str, Any]:
        """Keeps scans in place of all impressions that fingers of a subject have, with an admin key.

        Arguments and errors as of `enroll`; `unchecked` also keeps what does not agree with what it replaces.
        """
        fields = {"subject": subject, "finger": finger, "ppi": ppi, "unchecked": unchecked}
        return self._sent("PUT", "impressions", fields, {"reference": scan}, {})

    def enroll_many(self, rows: Iterable[ListedScan], *, unchecked: bool = False) -> Iterator[dict[str, Any]]:
        """Enrolls a list and says what became of each scan, in their order, as soon as it is on disk.

        Rows are sent some at a time, and their answers read before the next are taken; a list that was interrupted may
        be sent again, as what is there is left alone.

        Args:
            rows: any number.
            unchecked: as in `enroll`.

        Yields:
            Of each row `id`, `finger`, `file`, its `outcome` (as of `fpverify enroll --from`) and `reason`; of a
            duplicate `other_id`, `other_finger` and `score`, of what was enrolled `impression`.

        Raises:
            ServiceError: the service cannot be reached, or refuses, or ended before its end. What was told is kept.
        """
        for block in blocks(rows):
            yield from self._enrolled(block, unchecked=unchecked)

    def _enrolled(self, block: Sequence[Line], *, unchecked: bool) -> Iterator[dict[str, Any]]:
        """The answers of rows; one that is not sent has its answer already."""
        body = b"".join(one.content for one in block)
        asked = urlencode({"unchecked": "true"}) if unchecked else ""
        told = self._lines(f"enroll/list?{asked}", body) if body else iter(())
        for one in block:
            answer = next(told, None) if one.answer is None else one.answer
            if answer is None:
                raise ServiceError(f"{self.url}: the service ended before all rows were answered; send the list again")
            yield answer | {"file": one.file}

    def _lines(self, what: str, body: bytes) -> Iterator[dict[str, Any]]:
        with self._answered("POST", f"v1/{what}", body, {"Content-Type": "application/x-ndjson"}) as answer:
            while line := answer.readline(LARGEST_LINE):
                said = _json_object(line, answer.status)
                if "error" in said:
                    raise _named(said, answer.status, None)
                yield said

    def subjects(self, page: int = PAGE, search: str | None = None) -> Iterator[dict[str, Any]]:
        """Everybody who is enrolled, one entry for each finger, as `fpverify list --json` has them; with an admin key.

        Args:
            page: how many subjects are asked for at a time, 1 to 1000.
            search: only those whose id has this in it, in capitals or not.

        Raises:
            ServiceError: the service cannot be reached, or refuses.
        """
        yield from self._paged("subjects", "fingers", page, {"search": search})

    def impressions(self, subject: str, finger: str | None = None, page: int = PAGE) -> Iterator[dict[str, Any]]:
        """The impressions of a subject, or of one finger of it.

        Raises:
            NotEnrolled: no such subject or finger.
            ServiceError: the service cannot be reached, or refuses.
        """
        yield from self._paged("impressions", "impressions", page, {"subject": subject, "finger": finger})

    def history(self, subject: str, page: int = PAGE) -> Iterator[dict[str, Any]]:
        """What the audit trail says of a subject, the latest first, with an admin key; none of one that never was.

        Args:
            subject: whose.
            page: how many entries are asked for at a time, 1 to 1000.

        Raises:
            ServiceError: the service cannot be reached, or refuses.
        """
        yield from self._paged("history", "entries", page, {"subject": subject})

    def metadata(self, subject: str) -> dict[str, Any]:
        """What is noted of a subject, with an admin key. Errors as of `impressions`."""
        noted: dict[str, Any] = self._asked("GET", "metadata", {"subject": subject})["metadata"]
        return noted

    def update(
        self, subject: str, *, rename: str | None = None, metadata: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Renames a subject, or changes what is noted of it, with an admin key: `subject` and `metadata` by then.

        Args:
            subject: who is enrolled.
            rename: the new id, if not None.
            metadata: takes the place of all that was noted before, if not None.

        Raises:
            NotEnrolled: no such subject.
            EnrollmentError: the new id is taken or cannot be kept, or the metadata cannot.
            ServiceError: the service cannot be reached, or refuses.
        """
        changes = {"rename": rename, "metadata": None if metadata is None else dict(metadata)}
        body = json.dumps({name: value for name, value in changes.items() if value is not None}).encode()
        return self._asked("PATCH", "subjects", {"subject": subject}, body, {"Content-Type": "application/json"})

    def delete(self, subject: str, finger: str | None = None, *, learnt: bool = False) -> dict[str, Any]:
        """Deletes a subject, or one finger of it, for good: `{"deleted": number of impressions}`.

        With `learnt` only what was learnt from matches goes.

        Raises:
            NotEnrolled: no such subject or finger.
            ServiceError: the service cannot be reached, or refuses.
        """
        asked = {"subject": subject, "finger": finger, "learnt": "true" if learnt else None}
        return self._asked("DELETE", "impressions", asked)

    def locks(self) -> list[dict[str, Any]]:
        """Whoever has to wait after too many non-matches: `kind` (subject, verify, identify), `name`, `seconds`.

        Raises:
            ServiceError: the service cannot be reached, or refuses.
        """
        return list(self._asked("GET", "locks", {})["locks"])

    def unlock(self, *, subject: str | None = None, key: str | None = None) -> dict[str, Any]:
        """Drops the non-matches that were counted of a subject, or of a key by its name: `{"forgiven": how many}`.

        Raises:
            ServiceError: the service cannot be reached, or refuses.
        """
        return self._asked("DELETE", "locks", {"subject": subject, "key": key})

    def health(self) -> dict[str, Any]:
        """That model and store can be used: `status` and `model`.

        Raises:
            ServiceError, StoreError, ModelError: they cannot.
        """
        return self._answer("GET", "health/ready", None, {})

    def metrics(self) -> str:
        """Numbers for Prometheus, in its text format, with an admin key.

        Raises:
            ServiceError: the service cannot be reached, or refuses.
        """
        with self._answered("GET", "metrics", None, {"Accept": "text/plain"}) as answer:
            return str(answer.read(LARGEST_ANSWER), "utf-8", "replace")

    def _paged(self, what: str, entries: str, page: int, asked: Mapping[str, str | None]) -> Iterator[dict[str, Any]]:
        cursor: str | None = None
        while True:
            found = self._asked("GET", what, {**asked, "limit": str(page), "cursor": cursor})
            yield from found[entries]
            cursor = found.get("next")
            if cursor is None:
                return

    def _asked(
        self,
        method: str,
        what: str,
        asked: Mapping[str, str | None],
        body: bytes | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> dict[str, Any]:
        query = urlencode({name: utf_8(value) for name, value in asked.items() if value is not None})
        return self._answer(method, f"v1/{what}?{query}" if query else f"v1/{what}", body, headers)

    def _post(
        self,
        what: str,
        fields: Mapping[str, object],
        scans: Mapping[str, ScanFile | Sequence[ScanFile]],
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> dict[str, Any]:
        return self._sent("POST", what, fields, scans, headers)

    def _sent(
        self,
        method: str,
        what: str,
        fields: Mapping[str, object],
        scans: Mapping[str, ScanFile | Sequence[ScanFile]],
        headers: Mapping[str, str],
    ) -> dict[str, Any]:
        body, kind = form(fields, scans)
        return self._answer(method, f"v1/{what}", body, {**kind, **headers})

    def _answer(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> dict[str, Any]:
        with self._answered(method, path, body, headers) as answer:
            return _json_object(answer.read(LARGEST_ANSWER), answer.status)

    @contextmanager
    def _answered(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Iterator[HTTPResponse]:
        """An answer that is no refusal, to be read within the block."""
        with self._connections.answer(method, path, body, {**self._headers, **headers}) as answer:
            if not 200 <= answer.status < 300:
                raise _refusal(answer, self._connections.way)
            yield answer


def _authorization(key: str | None) -> dict[str, str]:
    """The header of a key; its line end, as read from a file, is none of it."""
    text = (key or "").strip() if key is None or isinstance(key, str) else "\0"
    if not (text.isascii() and text.isprintable()):  # not shown: it may be a key all the same
        raise ServiceError("the key is none of this service; give one of `fpverify api-keys new`")
    return {"Authorization": f"Bearer {text}"} if text else {}


def _json_object(content: bytes, status: int) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise ServiceError(f"the server answered {status}, but nothing that fpverify understands", status)
    return answer


def _refusal(answer: HTTPResponse, way: str) -> FpverifyError:
    """The error that the server names, if it is one of fpverify's; `way` is the proxy that answered, if one did."""
    try:
        said = _json_object(answer.read(LARGEST_ANSWER), answer.status)
    except (ServiceError, OSError, HTTPException):
        said = {}
    usual = {"message": f"the server answered {answer.status} {answer.reason}{way}"}
    return _named(usual | said, answer.status, _seconds(answer.headers.get("Retry-After")))


def _named(said: Mapping[str, Any], status: int, wait_s: float | None) -> FpverifyError:
    """The error that an answer names."""
    message, kind = str(said["message"]), getattr(errors, str(said.get("error")), None)
    if kind is SeveralPrints:
        return SeveralPrints(message, int(said.get("prints_seen", 2)))
    if isinstance(kind, type) and issubclass(kind, FpverifyError) and not issubclass(kind, ServiceError):
        return kind(message)
    return ServiceError(message, status, wait_s)


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isascii() and text.isdigit() else None
