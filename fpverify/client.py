"""A client of the HTTP service, over the standard library alone.

door = Client("https://fingers.example.org", key)
door.verify("scan.bmp", "A")["decision"]
"""

from __future__ import annotations

import json
import secrets
import ssl
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from fpverify import errors
from fpverify.errors import EnrollmentError, FpverifyError, ServiceError, SeveralPrints, UnreadableScan

TIMEOUT_S = 30.0  # a busy server answers in seconds
LARGEST_ANSWER = 64 * 2**20  # bytes; the largest picture has a tenth of it
LARGEST_LINE = 2**20  # bytes; what becomes of a row of a list takes some hundred
BLOCK_BYTES = 8_000_000  # of a list in one request, and no more than one row beyond: proxies take that
BLOCK_ROWS = 100  # some seconds of work

ScanFile = str | Path | bytes  # a file, or what is in one


class ListedScan(NamedTuple):
    """A scan of a list to enroll.

    Attributes:
        subject: whose finger it shows.
        scan: file, or what is in one.
        finger: its name; None is "unknown".
        ppi: resolution, if the file states none or a wrong one.
        file: name for the answer; None is the file's own, or the number of the line.
    """

    subject: str
    scan: ScanFile
    finger: str | None = None
    ppi: float | None = None
    file: str | None = None


class Decided(dict[str, Any]):
    """An answer with a decision, whose truth is the match: `if door.verify(...)` opens for nobody else."""

    def __bool__(self) -> bool:
        """Whether the decision is a match."""
        return self.get("decision") == "match"


class Client:
    """Asks one service, with one key. Threads may share it; each question is a connection of its own.

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
        if not url.startswith(("http://", "https://")) or not urlsplit(url).netloc:
            raise ServiceError(f"{url!r} is no address of a service; give one such as https://fingers.example.org")
        self.url = url.rstrip("/")
        self.timeout_s = timeout_s
        self._headers = {"Accept": "application/json"} | _authorization(key)
        self._opener = _opener(self.url, ca_file)

    def verify(
        self,
        scan: ScanFile | Sequence[ScanFile],
        subject: str,
        finger: str | Sequence[str] | None = None,
        fmr: float | None = None,
        *,
        ppi: float | None = None,
        picture: bool = False,
    ) -> Decided:
        """The decision, as `fpverify verify --json` prints it. A non-match is an answer, not an error.

        Args:
            scan: of the finger; or several of one person, for one decision by all of them.
            subject: whose finger it is said to be.
            finger: its name, one for each scan or one for all; None takes any finger of the subject.
            fmr: false match rate to decide at, in (0, 1); None is the server's.
            ppi: resolution, if the file states none or a wrong one.
            picture: also `picture`, a base64 PNG of the probe with the minutiae that have a partner.

        Raises:
            NotEnrolled: no such subject or finger.
            ScanError: the scan cannot be used.
            ServiceError: the service cannot be reached, or refuses.
        """
        fields = {"subject": subject, "finger": finger, "fmr": fmr, "ppi": ppi, "picture": picture}
        return Decided(self._post("verify", fields, {"scan": scan}))

    def identify(
        self,
        scan: ScanFile | Sequence[ScanFile],
        top: int | None = None,
        fpir: float | None = None,
        *,
        ppi: float | None = None,
    ) -> Decided:
        """Whose finger it is, as `fpverify identify --json` prints it.

        Args:
            scan: of the finger; or several of one person, for one search by all of them.
            top: most candidates.
            fpir: how often a scan of nobody enrolled may match somebody, in (0, 1); None is the server's.
            ppi: resolution, if the file states none or a wrong one.

        Raises:
            ScanError: the scan cannot be used.
            ServiceError: the service cannot be reached, or refuses.
        """
        return Decided(self._post("identify", {"top": top, "fpir": fpir, "ppi": ppi}, {"scan": scan}))

    def compare(
        self,
        first: ScanFile,
        second: ScanFile,
        fmr: float | None = None,
        *,
        ppi: float | None = None,
        picture: bool = False,
    ) -> Decided:
        """Whether two scans show one finger; nothing is enrolled. Arguments and errors as of `verify`."""
        fields = {"fmr": fmr, "ppi": ppi, "picture": picture}
        return Decided(self._post("compare", fields, {"first": first, "second": second}))

    def enroll(
        self,
        scan: ScanFile | Sequence[ScanFile],
        subject: str,
        finger: str | Sequence[str] | None = None,
        *,
        proof: ScanFile | None = None,
        ppi: float | None = None,
        unchecked: bool = False,
    ) -> dict[str, Any]:
        """Keeps a scan as one more impression, as `fpverify enroll --json` prints it, or several, all of them or none.

        The answer is about the first, and has all of them as `impressions`.

        Args:
            scan: of the finger; or several of one subject, as all fingers of somebody new.
            subject: 1 to 256 characters on one line.
            finger: its name, one for each scan or one for all; None is "unknown".
            proof: scan of a finger that the subject has enrolled, to add to it without an admin key.
            ppi: resolution, if the file states none or a wrong one.
            unchecked: neither compare it with the finger's other impressions nor look for it among all others.

        Raises:
            ProofNeeded: the subject is enrolled, and no proof was given that matches.
            EnrollmentError: too poor a print, a finger that is enrolled already, or one that does not agree.
            ScanError: the scan cannot be used.
            ServiceError: the service cannot be reached, or refuses.
        """
        fields = {"subject": subject, "finger": finger, "ppi": ppi, "unchecked": unchecked}
        return self._post("enroll", fields, {"scan": scan} | ({} if proof is None else {"proof": proof}))

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
        for block in _blocks(rows):
            yield from self._enrolled(block, unchecked=unchecked)

    def _enrolled(self, block: Sequence[_Line], *, unchecked: bool) -> Iterator[dict[str, Any]]:
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
        with self._opened("POST", what, body, {"Content-Type": "application/x-ndjson"}) as answer:
            while line := answer.readline(LARGEST_LINE):
                said = _json_object(line, answer.status)
                if "error" in said:
                    raise _named(said, answer.status, None)
                yield said

    def delete(self, subject: str, finger: str | None = None) -> dict[str, Any]:
        """Deletes a subject, or one finger of it, for good: `{"deleted": number of impressions}`.

        Raises:
            NotEnrolled: no such subject or finger.
            ServiceError: the service cannot be reached, or refuses.
        """
        asked = urlencode({"subject": _utf_8(subject)} | ({} if finger is None else {"finger": _utf_8(finger)}))
        return self._answer("DELETE", f"impressions?{asked}", None, {})

    def locks(self) -> list[dict[str, Any]]:
        """Whoever has to wait after too many non-matches: `kind` (subject, verify, identify), `name`, `seconds`.

        Raises:
            ServiceError: the service cannot be reached, or refuses.
        """
        return list(self._answer("GET", "locks", None, {})["locks"])

    def unlock(self, *, subject: str | None = None, key: str | None = None) -> dict[str, Any]:
        """Drops the non-matches that were counted of a subject, or of a key by its name: `{"forgiven": how many}`.

        Raises:
            ServiceError: the service cannot be reached, or refuses.
        """
        named = {"subject": subject, "key": key}
        asked = urlencode({name: _utf_8(value) for name, value in named.items() if value is not None})
        return self._answer("DELETE", f"locks?{asked}", None, {})

    def _post(
        self, what: str, fields: Mapping[str, object], scans: Mapping[str, ScanFile | Sequence[ScanFile]]
    ) -> dict[str, Any]:
        boundary = secrets.token_hex(16)
        body = b"".join(_parts(boundary, fields, scans))
        return self._answer("POST", what, body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})

    def _answer(self, method: str, what: str, body: bytes | None, headers: Mapping[str, str]) -> dict[str, Any]:
        with self._opened(method, what, body, headers) as answer:
            return _json_object(answer.read(LARGEST_ANSWER), answer.status)

    @contextmanager
    def _opened(self, method: str, what: str, body: bytes | None, headers: Mapping[str, str]) -> Iterator[Any]:
        """The answer, to be read within the block; what goes wrong there is said as well."""
        address = f"{self.url}/v1/{what}"
        request = Request(address, body, {**self._headers, **headers}, method=method)  # noqa: S310 - checked at the start
        try:
            with self._opener.open(request, timeout=self.timeout_s) as answer:
                yield answer
        except FpverifyError:
            raise
        except HTTPError as refused:
            with refused:
                raise _refusal(refused, self._way(request)) from None
        except TimeoutError:
            raise ServiceError(f"{self.url}: no answer within {self.timeout_s:g} s{self._way(request)}") from None
        except (OSError, HTTPException, ValueError) as error:
            reason = error.reason if isinstance(error, URLError) else error
            way = self._way(request)
            raise ServiceError(f"{self.url}: cannot be reached{way}: {reason or type(error).__name__}") from error

    def _way(self, request: Request) -> str:
        """The proxy that a request went to in place of the service, for messages; empty without one."""
        service = urlsplit(self.url)
        if request.host == service.netloc:
            return ""
        return f" through the proxy {request.host} of the environment (to go round it: no_proxy={service.hostname})"


class _Line(NamedTuple):
    """A row as a line, or what becomes of it if it cannot be one."""

    file: str
    content: bytes = b""
    answer: dict[str, Any] | None = None


def _blocks(rows: Iterable[ListedScan]) -> Iterator[list[_Line]]:
    """Rows as lines, as many as one request holds."""
    block: list[_Line] = []
    for number, row in enumerate(rows, 1):
        block.append(_line(row, number))
        if len(block) >= BLOCK_ROWS or sum(len(one.content) for one in block) >= BLOCK_BYTES:
            yield block
            block = []
    if block:
        yield block


def _line(row: ListedScan, number: int) -> _Line:
    name = row.file or (f"line {number}" if isinstance(row.scan, bytes) else f"{row.scan}")
    said = {"id": row.subject, "finger": row.finger, "ppi": row.ppi, "file": row.file or _file_name(row.scan)}
    try:
        image = b64encode(_content(row.scan)).decode()
    except UnreadableScan as error:
        nothing = dict.fromkeys(("other_id", "other_finger", "score", "impression"))
        said = {"id": row.subject, "finger": row.finger or "unknown", "file": name}
        return _Line(name, answer=said | {"outcome": "unreadable", "reason": f"{error}"} | nothing)
    return _Line(name, json.dumps(said | {"image": image}).encode() + b"\n")


def _authorization(key: str | None) -> dict[str, str]:
    """The header of a key; its line end, as read from a file, is none of it."""
    text = (key or "").strip()
    if not (text.isascii() and text.isprintable()):  # not shown: it may be a key all the same
        raise ServiceError("the key is none of this service; give one of `fpverify api-keys new`")
    return {"Authorization": f"Bearer {text}"} if text else {}


class _NoRedirects(HTTPRedirectHandler):
    """Follows nothing: the key and the scan are for this service alone."""

    def redirect_request(self, *_: object) -> None:
        return None


def _opener(url: str, ca_file: str | Path | None) -> OpenerDirector:
    """What speaks HTTP and nothing else; certificates are read only where they are needed."""
    opener = OpenerDirector()
    handlers = [ProxyHandler(), HTTPHandler(), _NoRedirects(), HTTPErrorProcessor(), HTTPDefaultErrorHandler()]
    for handler in handlers + ([HTTPSHandler(context=_trust(ca_file))] if url.startswith("https:") else []):
        opener.add_handler(handler)
    return opener


def _trust(ca_file: str | Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise ServiceError(f"{ca_file}: no certificate: {error.strerror or error}") from error


def _parts(
    boundary: str, fields: Mapping[str, object], scans: Mapping[str, ScanFile | Sequence[ScanFile]]
) -> Iterator[bytes]:
    """The body of a form; fields that are None or False are left out, several values are as many fields.

    Source: RFC 7578.
    """
    for name, value in _each(fields):
        if value is not None and value is not False:
            yield f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
            yield _utf_8("true" if value is True else str(value)) + b"\r\n"
    for name, scan in _each(scans):
        head = f'Content-Disposition: form-data; name="{name}"; filename="{_file_name(scan)}"'
        yield f"--{boundary}\r\n{head}\r\nContent-Type: application/octet-stream\r\n\r\n".encode()
        yield _content(scan)
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()


def _each(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every name with its value, or with each of several."""
    for name, value in values.items():
        several = isinstance(value, Sequence) and not isinstance(value, str | bytes)
        yield from ((name, one) for one in (value if several else [value]))


def _utf_8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise EnrollmentError(f"{text!r} is no Unicode text; give an id or a finger in UTF-8") from error


def _file_name(scan: ScanFile) -> str:
    """The name alone, without what would end it in a header."""
    name = "scan" if isinstance(scan, bytes) else Path(scan).name
    return "".join(letter if letter.isprintable() and letter not in '"\\' else "_" for letter in name)


def _content(scan: ScanFile) -> bytes:
    if isinstance(scan, bytes):
        return scan
    try:
        return Path(scan).read_bytes()
    except (OSError, ValueError) as error:
        raise UnreadableScan(f"{scan}: {getattr(error, 'strerror', None) or error}") from error


def _json_object(content: bytes, status: int) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise ServiceError(f"the server answered {status}, but nothing that fpverify understands", status)
    return answer


def _refusal(refused: HTTPError, way: str) -> FpverifyError:
    """The error that the server names, if it is one of fpverify's; `way` is the proxy that answered, if one did."""
    try:
        answer = _json_object(refused.read(LARGEST_ANSWER), refused.code)
    except (ServiceError, OSError, HTTPException):
        answer = {}
    said = {"message": f"the server answered {refused.code} {refused.reason}{way}"} | answer
    return _named(said, refused.code, _seconds(refused.headers.get("Retry-After")))


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
