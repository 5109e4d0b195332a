"""What clients send: scans as forms, and lists of them as lines of JSON."""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from fpverify.errors import EnrollmentError, NotAScan, UnreadableScan

BLOCK_BYTES = 8_000_000  # of a list in one request, and no more than one row beyond: proxies take that
BLOCK_ROWS = 100  # some seconds of work


class RawScan(NamedTuple):
    """A scan as a reader gives it: grey bytes, row by row, ridges dark or bright.

    Attributes:
        pixels: width x height bytes, such as `array.tobytes()` of a uint8 array has.
        width: pixels of a row.
        height: rows.
        ppi: resolution; None lets the service estimate it.
    """

    pixels: bytes
    width: int
    height: int
    ppi: float | None = None


ScanFile = str | Path | bytes | RawScan  # a file, or what is in one, or pixels


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
    scan: str | Path | bytes
    finger: str | None = None
    ppi: float | None = None
    file: str | None = None


class Line(NamedTuple):
    """A row as a line, or what becomes of it if it cannot be one."""

    file: str
    content: bytes = b""
    answer: dict[str, Any] | None = None


def form(
    fields: Mapping[str, object], scans: Mapping[str, ScanFile | Sequence[ScanFile]]
) -> tuple[bytes, dict[str, str]]:
    """The body of a form, and the header that goes with it.

    Fields that are None or False are left out, several values are as many fields.

    Raises:
        UnreadableScan: a file cannot be read, or there are files and pixels.
        EnrollmentError: a field is no text.

    Source: RFC 7578.
    """
    boundary = secrets.token_hex(16)
    each = list(_each(scans))
    body = b"".join(_parts(boundary, dict(fields) | _sizes([one for _, one in each], fields.get("ppi")), each))
    return body, {"Content-Type": f"multipart/form-data; boundary={boundary}"}


def _sizes(scans: Sequence[ScanFile], ppi: object) -> dict[str, object]:
    """What is said of pixels; nothing of files."""
    raw = [one for one in scans if isinstance(one, RawScan)]
    if not raw:
        return {}
    if len(raw) < len(scans):
        raise UnreadableScan("one question takes files, or pixels, and not both")
    own = [one.ppi for one in raw if one.ppi is not None]
    if ppi is None and own and len(own) < len(raw):
        raise UnreadableScan("give the resolution of all pixels, or of none")
    sizes: dict[str, object] = {"width": [one.width for one in raw], "height": [one.height for one in raw]}
    return sizes | ({"ppi": own} if ppi is None and own else {})


def _parts(boundary: str, fields: Mapping[str, object], scans: Iterable[tuple[str, ScanFile]]) -> Iterator[bytes]:
    for name, value in _each(fields):
        if value is not None and value is not False:
            yield f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
            yield utf_8("true" if value is True else str(value)) + b"\r\n"
    for name, scan in scans:
        head = f'Content-Disposition: form-data; name="{name}"; filename="{_file_name(scan)}"'
        yield f"--{boundary}\r\n{head}\r\nContent-Type: application/octet-stream\r\n\r\n".encode()
        yield _content(scan)
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()


def _each(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every name with its value, or with each of several."""
    for name, value in values.items():
        several = isinstance(value, Sequence) and not isinstance(value, str | bytes | RawScan)
        yield from ((name, one) for one in (value if several else [value]))


def blocks(rows: Iterable[ListedScan]) -> Iterator[list[Line]]:
    """Rows as lines, as many as one request holds."""
    block: list[Line] = []
    for number, row in enumerate(rows, 1):
        block.append(_line(row, number))
        if len(block) >= BLOCK_ROWS or sum(len(one.content) for one in block) >= BLOCK_BYTES:
            yield block
            block = []
    if block:
        yield block


def _line(row: ListedScan, number: int) -> Line:
    name = row.file or (f"line {number}" if isinstance(row.scan, bytes) else f"{row.scan}")
    said = {"id": row.subject, "finger": row.finger, "ppi": row.ppi, "file": row.file or _file_name(row.scan)}
    try:
        image = b64encode(_content(row.scan)).decode()
    except UnreadableScan as error:
        nothing = dict.fromkeys(("other_id", "other_finger", "score", "impression"))
        said = {"id": row.subject, "finger": row.finger or "unknown", "file": name}
        return Line(name, answer=said | {"outcome": "unreadable", "reason": f"{error}"} | nothing)
    return Line(name, json.dumps(said | {"image": image}).encode() + b"\n")


def utf_8(text: str) -> bytes:
    """The bytes of a text.

    Raises:
        EnrollmentError: it is none.
    """
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise EnrollmentError(f"{text!r} is no Unicode text; give an id or a finger in UTF-8") from error


def _file_name(scan: ScanFile) -> str:
    """The name alone, without what would end it in a header."""
    name = Path(scan).name if isinstance(scan, str | Path) else "scan"
    return "".join(letter if letter.isprintable() and letter not in '"\\' else "_" for letter in name)


def _content(scan: ScanFile) -> bytes:
    if isinstance(scan, RawScan):
        return scan.pixels
    if isinstance(scan, bytes):
        return scan
    if not isinstance(scan, str | Path):
        raise NotAScan(f"a path, bytes or a RawScan was expected, not of type {type(scan).__name__}")
    try:
        return Path(scan).read_bytes()
    except (OSError, ValueError) as error:
        raise UnreadableScan(f"{scan}: {getattr(error, 'strerror', None) or error}") from error
