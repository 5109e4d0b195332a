"""The reference is what the program says of itself today, and its calls work in all three languages."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import reference
import route_calls
from public_names import openapi
from route_calls import CALLS, curl, javascript, python

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
NODE = shutil.which("node")


def test_the_reference_is_current() -> None:
    assert reference.main(["--check"]) == 0, "run: python tools/reference.py"


def test_a_page_that_is_another_by_now_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "FOLDER", tmp_path)
    monkeypatch.setattr(reference, "pages", lambda: {"a.md": "new"})
    assert reference.main(["--check"]) == 1
    assert list(tmp_path.iterdir()) == []
    assert reference.main([]) == 0
    assert (tmp_path / "a.md").read_text() == "new"
    assert reference.main(["--check"]) == 0


def test_a_route_without_a_call_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "CALLS", {name: call for name, call in CALLS.items() if name != "GET /metrics"})
    with pytest.raises(SystemExit, match="GET /metrics"):
        reference.http_page(openapi())


def scopes() -> dict[str, str]:
    described = openapi()["paths"]
    return {
        f"{method.upper()} {path}": reference.scope(stated).strip("`")
        for path, methods in described.items()
        for method, stated in methods.items()
    }


@pytest.fixture
def desk(tmp_path: Path, release_model: str, started: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A running service, with prints beside the test."""
    from fpverify.synthesis.dataset import write_ridges

    write_ridges(tmp_path / "prints", fingers=2, impressions=2)
    monkeypatch.chdir(tmp_path)
    with started(tmp_path, release_model) as service:
        yield service


def test_every_call_in_curl_is_answered(desk: Any) -> None:
    for route, call in CALLS.items():
        environment = {**os.environ, "URL": desk.url, "KEY": desk.keys.get(scopes()[route], "")}
        failing = 'set -e -o pipefail; curl() { command curl --fail --silent --show-error "$@"; }'
        script = f"{failing}\n{curl(route, call)}"
        done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{route}: {done.stderr}"
        assert expected(route) in done.stdout, route


def test_every_call_in_python_is_answered(desk: Any) -> None:
    for route, call in CALLS.items():
        names: dict[str, Any] = {"URL": desk.url, "KEY": desk.keys.get(scopes()[route])}
        exec(compile(python(call), route, "exec"), names)  # noqa: S102
        assert expected(route) in json.dumps(names["answer"]).replace('": ', '":'), route


@pytest.mark.skipif(NODE is None, reason="Node.js is not installed")
def test_every_call_in_javascript_is_answered(desk: Any, tmp_path: Path) -> None:
    parts = ['import { readFileSync } from "node:fs";', f'const URL = "{desk.url}";', "const all = {};"]
    for route, call in CALLS.items():
        given = [f"const {name} = new Blob([readFileSync('{file}')]);" for name, file in named(call)]
        key = f'const KEY = "{desk.keys.get(scopes()[route], "")}";'
        ended = f'if (!said.ok) throw new Error("{route} " + said.status); all["{route}"] = answer;'
        parts.append("\n".join(["{", key, *given, javascript(route, call), ended, "}"]))
    parts.append("console.log(JSON.stringify(all));")
    (tmp_path / "calls.mjs").write_text("\n".join(parts), encoding="utf-8")
    done = subprocess.run([str(NODE), "calls.mjs"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    said = {route: json.dumps(answers[route], separators=(",", ":")).replace('\\"', '"') for route in CALLS}
    assert [route for route in CALLS if expected(route) not in said[route]] == []


def named(call: Any) -> list[tuple[str, str]]:
    """The variables of JavaScript for a call's files."""
    return list(zip(route_calls.VARIABLES, call.files.values(), strict=False))


def expected(route: str) -> str:
    """Something that each answer has."""
    return {
        "POST /v1/verify": '"decision":"match"',
        "POST /v1/compare": '"decision":"match"',
        "POST /v1/enroll": '"subject":"A"',
        "POST /v1/enroll/list": "enrolled",
        "GET /metrics": "fpverify_",
        "GET /v1/metadata": '"gate":3',
    }.get(route, "")


def test_a_call_of_each_kind_is_as_it_is_typed() -> None:
    call = CALLS["PATCH /v1/subjects"]
    assert curl("PATCH /v1/subjects", call) == (
        'curl -X PATCH -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" '
        '-d \'{"metadata": {"gate": 3}}\' "$URL/v1/subjects?subject=A"'
    )
    fetched = javascript("PATCH /v1/subjects", call)
    assert re.search(r'fetch\(`\$\{URL\}/v1/subjects\?subject=A`, \{\n  method: "PATCH"', fetched)
