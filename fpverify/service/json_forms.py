"""Forms that come as JSON: the same fields, with files in base64. Routes see no difference.

A body is as long as any other may be, and what it stands for is shorter. A few kilobytes of JSON can stand for many
megabytes of Python's objects (`[[],[],...]`), so what divides values is counted before they are made; base64 has none
of it.
"""

from __future__ import annotations

import asyncio
import binascii
import json
import re
from collections.abc import Callable, Container, Coroutine, Iterator, Mapping
from contextlib import suppress
from io import BytesIO
from typing import Any

from fastapi import Request, Response
from fastapi.params import File as FileField
from fastapi.routing import APIRoute
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from fpverify.service.refusals import Refused

JSON = "application/json"
MOST_VALUES = 1000  # as many fields as a form may have
LONG_BYTES = 1_000_000  # from which on it takes more than some milliseconds
MOST_BYTES = 65_536  # of what is no form; notes have 4 kB
MOST_DEEP = 32  # levels of notes
DIVIDERS = (b",", b":", b"[", b"{")
DATA_URL = re.compile(rb"data:[\w/+.;=-]{0,100}?;base64,")
URL_SAFE = bytes.maketrans(b"-_", b"+/")
MOST_SHOWN = 40  # characters of what nobody knows
FORMER: Mapping[str, Mapping[str, str]] = {  # by path: what fields were called in earlier releases
    "/v1/verify": {"scan": "probe"},
    "/v1/identify": {"scan": "probe"},
    "/v1/compare": {"first": "probe", "second": "reference"},
    "/v1/enroll": {"scan": "reference"},
}

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class FormRoute(APIRoute):
    """A route whose form may come as JSON, and its fields under the names of earlier releases."""

    def get_route_handler(self) -> Handler:
        """What answers a request."""
        handler = super().get_route_handler()
        fields = {one.alias: one.field_info for one in self.dependant.body_params}
        if not any(isinstance(kind, FileField) for kind in fields.values()):
            return handler
        former = FORMER.get(self.path, {})
        files = {name for name, kind in fields.items() if isinstance(kind, FileField)}

        async def handled(request: Request) -> Response:
            sent = _Sent(request.scope, request.receive)
            sent.former = former
            if kind_of(request) == JSON:
                sent.came = await _form(request, files | former.keys(), former)
            return await handler(sent)

        return handled


async def _form(request: Request, files: Container[str], former: Mapping[str, str]) -> FormData:
    """The form that a request is in JSON; its text is kept no longer than that takes, and others go on meanwhile."""
    body = await _body(request)

    def made() -> FormData:
        return _renamed(FormData(list(_values(_object(body), files))), former)

    return made() if len(body) < LONG_BYTES else await asyncio.to_thread(made)


async def _body(request: Request) -> bytes:
    """All of a body, which the request does not keep.

    Raises:
        HTTPException: 400, whoever sends it has gone; nobody hears it.
    """
    try:
        return b"".join([chunk async for chunk in request.stream()])
    except ClientDisconnect as error:
        raise HTTPException(400, "the request ended before its end") from error


class _Sent(Request):
    """A request whose form was made of JSON, or will be read.

    Attributes:
        former: names that fields had, with their present ones.
        came: the form; None before it is read.
    """

    former: Mapping[str, str]
    came: FormData | None = None

    async def form(self, **limits: Any) -> FormData:  # type: ignore[override]  # it is awaited, and no context
        """The form, its fields by their present names."""
        if self.came is None:
            self.came = _renamed(await super().form(**limits), self.former)
        return self.came


def kind_of(request: Request) -> str:
    """The media type that a request states for its body, without parameters; empty if it states none."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _renamed(form: FormData, former: Mapping[str, str]) -> FormData:
    """The form by present names; where both are there, the former stays, and is refused as unknown."""
    names = {old: new for old, new in former.items() if new not in form}
    return FormData([(names.get(name, name), value) for name, value in form.multi_items()])


def _values(said: dict[str, Any], files: Container[str]) -> Iterator[tuple[str, UploadFile | str]]:
    """Each name with its value, as a form has them; several values are as many fields, and null is none."""
    for name in list(said):
        value = said.pop(name)  # megabytes, that nobody needs again
        for one in value if isinstance(value, list) else [value]:
            if one is None:
                continue
            if name in files:
                content = _decoded(name, one)
                yield name, UploadFile(BytesIO(content), size=len(content), filename="scan")
            else:
                yield name, _text(name, one)


async def small_object(request: Request) -> dict[str, Any]:
    """What a request says in JSON that needs no file.

    Raises:
        Refused: 422, it is no JSON object, longer than 64 kB, or nested deeper than anybody can show.
    """
    if kind_of(request) != JSON:
        raise Refused(422, "InvalidRequest", f"send a JSON object, as {JSON}")
    body = await _body(request)
    if len(body) > MOST_BYTES:
        raise Refused(413, "ScanTooLarge", f"the request is longer than {MOST_BYTES // 1024} kB")
    said = _object(body)
    if not _is_flat(said, MOST_DEEP):
        raise Refused(422, "InvalidRequest", f"the JSON is nested deeper than {MOST_DEEP} levels")
    return said


def _is_flat(value: object, levels: int) -> bool:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels > 0 and all(_is_flat(one, levels - 1) for one in parts)


def _object(body: bytes) -> dict[str, Any]:
    if sum(body.count(one) for one in DIVIDERS) > MOST_VALUES:
        raise _not_so(f"the JSON has more than {MOST_VALUES} values")
    try:
        said = json.loads(body.decode(), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        why = f": {error}" if isinstance(error, _JsonError) else ""
        raise _not_so(f"the request is no JSON{why}") from error
    if not isinstance(said, dict):
        raise _not_so("the JSON is no object")
    return said


class _JsonError(ValueError):
    """What is no JSON here, in words of ours."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object none of whose names is there twice: one reader would take the first, another the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _JsonError("a name is there twice")
    return found


def _no_number(_: str) -> float:
    raise _JsonError("NaN and Infinity are no numbers")


def _text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise _not_so(f"{name[:MOST_SHOWN]!r} is an object or a list of lists: give a value, or a list of values")


def _decoded(name: str, value: object) -> bytes:
    """The bytes that base64 stands for, as it is or in a data: URL."""
    if not isinstance(value, str):
        raise _not_so(f"{name} is no text: give the file, or the pixels, in base64")
    with suppress(ValueError):
        return binascii.a2b_base64(value, strict_mode=True)  # as it is made most often, without a copy
    try:
        coded = value.encode("ascii")
        head = DATA_URL.match(coded)
        plain = coded[head.end() if head else 0 :].translate(URL_SAFE, b" \t\r\n").rstrip(b"=")
        return binascii.a2b_base64(plain + b"=" * (-len(plain) % 4), strict_mode=True)
    except ValueError as error:
        raise _not_so(f"{name} is no base64") from error


def _not_so(wrong: str) -> Refused:
    return Refused(422, "InvalidRequest", f"{wrong}; send the fields as one JSON object, files in base64")
