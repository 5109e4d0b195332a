"""A client of the HTTP service, over the standard library alone.

door = Client("https://fingers.example.org", key)
door.verify("scan.bmp", "A")["decision"]
"""

from __future__ import annotations

import json
import secrets
import ssl
from collections.abc import Iterator, Mapping, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Any
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

ScanFile = str | Path | bytes  # a file, or what is in one


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
            fpir: how often a scan of nobody enrolled may match somebody, in (0, 1).
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

    def delete(self, subject: str, finger: str | None = None) -> dict[str, Any]:
        """Deletes a subject, or one finger of it, for good: `{"deleted": number of impressions}`.

        Raises:
            NotEnrolled: no such subject or finger.
            ServiceError: the service cannot be reached, or refuses.
        """
        asked = urlencode({"subject": _utf_8(subject)} | ({} if finger is None else {"finger": _utf_8(finger)}))
        return self._answer("DELETE", f"impressions?{asked}", None, {})

    def _post(
        self, what: str, fields: Mapping[str, object], scans: Mapping[str, ScanFile | Sequence[ScanFile]]
    ) -> dict[str, Any]:
        boundary = secrets.token_hex(16)
        body = b"".join(_parts(boundary, fields, scans))
        return self._answer("POST", what, body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})

    def _answer(self, method: str, what: str, body: bytes | None, headers: Mapping[str, str]) -> dict[str, Any]:
        address = f"{self.url}/v1/{what}"
        request = Request(address, body, {**self._headers, **headers}, method=method)  # noqa: S310 - checked at the start
        try:
            with self._opener.open(request, timeout=self.timeout_s) as answer:
                return _json_object(answer.read(LARGEST_ANSWER), answer.status)
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
    message = str(answer.get("message") or f"the server answered {refused.code} {refused.reason}{way}")
    kind = getattr(errors, str(answer.get("error")), None)
    if kind is SeveralPrints:
        return SeveralPrints(message, int(answer.get("prints_seen", 2)))
    if isinstance(kind, type) and issubclass(kind, FpverifyError) and not issubclass(kind, ServiceError):
        return kind(message)
    return ServiceError(message, refused.code, _seconds(refused.headers.get("Retry-After")))


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isascii() and text.isdigit() else None
