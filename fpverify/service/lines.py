"""The lines of a list: bytes as they come in become lines, and a line becomes a row."""

from __future__ import annotations

import asyncio
import binascii
import json
from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from starlette.requests import Request

from fpverify.enrollment import EnrollmentRow
from fpverify.enrollment.listing import SLAPS
from fpverify.service.deadlines import Deadlines
from fpverify.settings import parse_ppi
from fpverify.store import FINGER_CODES, UNKNOWN_FINGER

FIELDS = ("id", "finger", "image", "ppi", "file")
EXAMPLE = '{"id": "A", "finger": "right-index", "image": "<base64>"}'
OTHERS_BYTES = 4096  # of a line beside its picture
MOST_SHOWN = 256  # characters of an id or a name that are said back: no id is longer


async def lines_of(
    request: Request, most_bytes: int, patience_s: float, deadlines: Deadlines
) -> AsyncIterator[tuple[int, bytes | None]]:
    """The lines of a body that are not empty, numbered from 1.

    Args:
        request: whose body it is.
        most_bytes: of a picture; of a line that holds a larger one there is None, and it is not kept.
        patience_s: in which some bytes have to come,
        deadlines: or sooner, when the service ends.

    Raises:
        TimeoutError: none came.
        ClientDisconnect: the body has no end.
    """
    most, number = most_bytes * 4 // 3 + OTHERS_BYTES, 1
    line, is_too_long = bytearray(), False
    chunks = request.stream()
    while True:
        try:
            async with deadlines.by(asyncio.get_running_loop().time() + patience_s):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            break
        for place, piece in enumerate(chunk.split(b"\n")):
            if place:
                if is_too_long or line.strip():
                    yield number, None if is_too_long else bytes(line)
                number, line, is_too_long = number + 1, bytearray(), False
            line += piece
            if len(line) > most:
                line, is_too_long = bytearray(), True
    if is_too_long or line.strip():
        yield number, None if is_too_long else bytes(line)


def row_of(number: int, line: bytes | None, most_bytes: int) -> EnrollmentRow:
    """The row that a line holds; what is wrong with it is its flaw.

    Args:
        number: of the line.
        line: None if it is too long.
        most_bytes: of a picture.
    """
    try:
        if line is None:
            raise ValueError(f"a picture of more than {most_bytes / 1e6:g} MB")
        said = _fields(line)
    except ValueError as error:
        return EnrollmentRow("", UNKNOWN_FINGER, Path(), f"line {number}", flaw=f"line {number}: {error}")
    file = (said.get("file") or f"line {number}")[:MOST_SHOWN]
    subject, finger = said.get("id") or "", said.get("finger") or UNKNOWN_FINGER
    slap, finger = SLAPS.get(finger, ""), UNKNOWN_FINGER if finger in SLAPS else finger
    flaw, ppi, content = _flaw(subject, finger), None, b""
    try:
        ppi = None if said.get("ppi") is None else parse_ppi(said["ppi"])
        content = b64decode(said.get("image") or "", validate=True)
    except binascii.Error:
        flaw = flaw or "image is no base64"
    except ValueError as error:
        flaw = flaw or f"{error}"
    flaw = flaw or ("" if content else "no image")
    said_flaw = flaw and f"line {number}: {flaw}"
    return EnrollmentRow(subject[: MOST_SHOWN + 1], finger[:MOST_SHOWN], Path(), file, ppi, said_flaw, content, slap)


def _fields(line: bytes) -> dict[str, Any]:
    """What a line says; raises ValueError."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise ValueError(f"no JSON object; send lines such as {EXAMPLE}")
    for name, value in said.items():
        if name not in FIELDS:
            raise ValueError(f"a field {name[:40]!r}, but the fields are {', '.join(FIELDS)}")
        if name != "ppi" and not isinstance(value, str | None):
            raise ValueError(f"{name} is no text")
    return said


def _flaw(subject: str, finger: str) -> str:
    if not subject:
        return "no id"
    if finger not in FINGER_CODES:
        return f"{finger[:40]!r} is no finger; the names are {', '.join((*FINGER_CODES, *SLAPS))}"
    return ""
