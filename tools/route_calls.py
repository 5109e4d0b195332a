"""A call of every route of the service, in curl, Python and JavaScript: one story, from the first enrollment on.

`tools/reference.py` writes them into docs/reference/http.md, and a test makes them in this order on a service.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

VARIABLES = ("scan", "other")  # of JavaScript, one for each file of a call
LIST_LINE = """printf '{"id": "B", "image": "%s"}\\n' "$(base64 < prints/2_1.bmp | tr -d '\\n')" |"""
LIST_LINE_JS = """const bytes = new Uint8Array(await scan.arrayBuffer());
const image = btoa(Array.from(bytes, (one) => String.fromCharCode(one)).join(""));"""


@dataclass(frozen=True)
class Call:
    """One request.

    Attributes:
        python: the same by `fpverify.client`.
        files: of a form, by field.
        fields: of a form, besides.
        query: behind the path.
        body: an object that is sent as JSON.
        listed: it sends a line for each scan.
        with_key: it sends a key.
        words: the answer is text, not JSON.
    """

    python: str
    files: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    listed: bool = False
    with_key: bool = True
    words: bool = False

    @property
    def target(self) -> str:
        """What stands behind the path."""
        return f"?{urlencode(self.query)}" if self.query else ""


SUBJECT = {"subject": "A"}
CALLS: Mapping[str, Call] = {
    "GET /health/live": Call("Client(URL).health()", with_key=False),
    "GET /health/ready": Call("Client(URL).health()", with_key=False),
    "POST /v1/quality": Call('client.quality("prints/1_1.bmp")', files={"probe": "prints/1_1.bmp"}),
    "POST /v1/guidance": Call('client.guidance(["prints/1_1.bmp"])', files={"touch": "prints/1_1.bmp"}),
    "POST /v1/enroll": Call(
        'client.enroll("prints/1_1.bmp", "A", "right-index")',
        files={"reference": "prints/1_1.bmp"},
        fields={"subject": "A", "finger": "right-index"},
    ),
    "POST /v1/verify": Call(
        'client.verify("prints/1_2.bmp", "A", fmr=0.001)',
        files={"probe": "prints/1_2.bmp"},
        fields={"subject": "A", "fmr": "0.001"},
    ),
    "POST /v1/identify": Call('client.identify("prints/1_2.bmp")', files={"probe": "prints/1_2.bmp"}),
    "POST /v1/compare": Call(
        'client.compare("prints/1_2.bmp", "prints/1_1.bmp")',
        files={"probe": "prints/1_2.bmp", "reference": "prints/1_1.bmp"},
    ),
    "GET /v1/impressions": Call('list(client.impressions("A"))', query=SUBJECT),
    "PUT /v1/impressions": Call(
        'client.replace("prints/1_2.bmp", "A", "right-index")',
        files={"reference": "prints/1_2.bmp"},
        fields={"subject": "A", "finger": "right-index"},
    ),
    "POST /v1/enroll/list": Call(
        'list(client.enroll_many([ListedScan("B", "prints/2_1.bmp")]))', files={"scan": "prints/2_1.bmp"}, listed=True
    ),
    "GET /v1/subjects": Call("list(client.subjects())", query={"limit": "100"}),
    "PATCH /v1/subjects": Call(
        'client.update("A", metadata={"gate": 3})', query=SUBJECT, body={"metadata": {"gate": 3}}
    ),
    "GET /v1/metadata": Call('client.metadata("A")', query=SUBJECT),
    "GET /v1/history": Call('list(client.history("A"))', query={"subject": "A", "limit": "10"}),
    "GET /v1/locks": Call("client.locks()"),
    "DELETE /v1/locks": Call('client.unlock(subject="A")', query=SUBJECT),
    "DELETE /v1/impressions": Call('client.delete("A")', query=SUBJECT),
    "GET /metrics": Call("client.metrics()", words=True),
}


def curl(route: str, call: Call) -> str:
    """The call as it is typed."""
    method, _, path = route.partition(" ")
    words = ["curl"] if method == ("POST" if call.files or call.listed else "GET") else ["curl", "-X", method]
    words += ['-H "Authorization: Bearer $KEY"'] if call.with_key else []
    if call.listed:
        words += ['-H "Content-Type: application/x-ndjson"', "--data-binary @-"]
    elif call.body is not None:
        words += ['-H "Content-Type: application/json"', f"-d '{json.dumps(call.body)}'"]
    else:
        words += [f"-F {name}=@{file}" for name, file in call.files.items()]
        words += [f"-F {name}={value}" for name, value in call.fields.items()]
    line = " ".join([*words, f'"$URL{path}{call.target}"'])
    return f"{LIST_LINE}\n  {line}" if call.listed else line


def python(call: Call) -> str:
    """The call by the client that comes with fpverify."""
    if not call.with_key:
        return f"from fpverify import Client\n\nanswer = {call.python}"
    names = "Client, ListedScan" if call.listed else "Client"
    where = "fpverify.client" if call.listed else "fpverify"
    return f"from {where} import {names}\n\nwith Client(URL, KEY) as client:\n    answer = {call.python}"


def javascript(route: str, call: Call) -> str:
    """The call by `fetch`."""
    method, _, path = route.partition(" ")
    lines: list[str] = []
    headers = ["Authorization: `Bearer ${KEY}`"] if call.with_key else []
    body = ""
    if call.listed:
        lines.append(LIST_LINE_JS)
        headers.append('"Content-Type": "application/x-ndjson"')
        body = 'JSON.stringify({ id: "B", image }) + "\\n"'
    elif call.body is not None:
        headers.append('"Content-Type": "application/json"')
        body = f"JSON.stringify({json.dumps(call.body)})"
    elif call.files:
        lines.append("const form = new FormData();")
        named = zip(call.files, VARIABLES, strict=False)
        lines += [f'form.append("{name}", {variable}, "{variable}.bmp");' for name, variable in named]
        lines += [f'form.append("{name}", "{value}");' for name, value in call.fields.items()]
        body = "form"
    options = [f'method: "{method}"'] if method != "GET" else []
    options += [f"headers: {{ {', '.join(headers)} }}"] if headers else []
    options += [f"body: {body}"] if body else []
    said = f", {{\n  {f',{chr(10)}  '.join(options)},\n}}" if options else ""
    kind = "text" if call.words or call.listed else "json"
    asked = f"const said = await fetch(`${{URL}}{path}{call.target}`{said});"
    return "\n".join([*lines, asked, f"const answer = await said.{kind}();"])
