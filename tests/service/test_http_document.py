"""docs/http.md, typed as it stands: every line of its consoles in one shell, then its Python."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "http.md").read_text(encoding="utf-8")
CONSOLES = re.findall(r"^```console\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
PYTHON = re.findall(r"^```python\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


def typed(consoles: list[str], port: int) -> str:
    """The lines as a script that ends where one fails, on a free port; each answer is told by its line."""
    lines = [line.removeprefix("$ ") for one in consoles for line in one.splitlines() if line.startswith("$ ")]
    lines = [line.replace("fpverify serve", f"fpverify serve --port {port}") for line in lines]
    lines = [line.replace(":8000", f":{port}") for line in lines]
    told = [f"{line} | tee -a answers; echo >> answers" if line.startswith("curl") else line for line in lines]
    refused = 'curl() { command curl --fail --silent --show-error "$@"; }'
    return "\n".join(["set -e -o pipefail", refused, "trap 'kill $(jobs -p)' EXIT", *told])


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number: int = free.getsockname()[1]
        return number


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = folder / "bin" / "fpverify"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m fpverify "$@"\n')
    command.chmod(0o755)
    (folder / "bin" / "python3").symlink_to(sys.executable)
    path = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    return subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )


@pytest.mark.slow
def test_every_line_of_the_document_does_what_it_says(tmp_path: Path, release_model: str, port: int) -> None:
    ended = run(typed(CONSOLES, port), tmp_path)
    assert ended.returncode == 0, ended.stderr[-2000:]
    answers = (tmp_path / "answers").read_text()
    decided = [line for line in answers.splitlines() if '"entries"' not in line]  # a history tells of them again
    assert sum(line.count('"decision":"match"') for line in decided) == 7
    assert '{"status":"ok","model":"ridgeline-17"}' in answers
    first, second = re.findall(r'^\{.*"subject":"C".*$', answers, re.MULTILINE)
    assert first == second
    shown = [line for one in CONSOLES for line in one.splitlines() if line.startswith("{")]
    assert len(shown) == 3
    parts = [part.strip("{}, ") for line in shown for part in line.split("...")]
    assert [part for part in parts if part not in answers] == []


@pytest.mark.slow
def test_its_python_runs(start: Any, release_model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fpverify.synthesis.dataset import write_ridges

    write_ridges(tmp_path / "prints", fingers=2, impressions=2)
    monkeypatch.chdir(tmp_path)
    image = cv2.imread("prints/1_2.bmp", cv2.IMREAD_GRAYSCALE)
    with start(release_model) as service:
        names: dict[str, Any] = {"key": service.keys["admin"], "pixels": image.tobytes()}
        names |= {"width": image.shape[1], "height": image.shape[0]}
        for block in PYTHON:
            exec(compile(block.replace("http://127.0.0.1:8000", service.url), "docs/http.md", "exec"), names)  # noqa: S102
        assert asyncio.run(names["opens"](Path("prints/1_2.bmp").read_bytes())) is True
        assert asyncio.run(names["opens"](Path("prints/2_2.bmp").read_bytes())) is False


def test_every_route_is_in_the_document(service: Any) -> None:
    described = service.ask("GET", "/openapi.json", None).json()["paths"]
    routes = {f"{method.upper()} {path}" for path, operations in described.items() for method in operations}
    assert {one for one in routes if f"`{one}" not in TEXT} == set()
