from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fpverify.cli import main


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def answer(self) -> dict[str, Any]:
        """The JSON object that was printed."""
        answer: dict[str, Any] = json.loads(self.out)
        return answer


Call = Callable[..., Outcome]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Runs a command in this process, in an empty working directory."""
    monkeypatch.chdir(tmp_path)

    def run(*words: object) -> Outcome:
        capsys.readouterr()
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return Outcome(code, said.out, said.err)

    return run


@pytest.fixture
def enroll(call: Call, stripes: Path, edges_model: Path) -> Call:
    """Enrolls one of the stripes, as A unless told otherwise, by the model edges-1."""
    return lambda scan, *words, subject="A": call(
        "enroll", stripes / scan, f"--id={subject}", "--model", edges_model, *words
    )


@pytest.fixture
def verify(call: Call, stripes: Path, edges_model: Path) -> Call:
    """Verifies one of the stripes, as A unless told otherwise, by the model edges-1."""
    return lambda scan, *words, subject="A": call(
        "verify", stripes / scan, f"--id={subject}", "--model", edges_model, *words
    )


@pytest.fixture
def enrolled(enroll: Call) -> Path:
    """The default store of the working directory, with A_00.bmp enrolled as A, right-index, by the model edges-1."""
    assert enroll("A_00.bmp", "--finger", "right-index").code == 0
    return Path("enroll_db/enrollments.sqlite").absolute()


@pytest.fixture
def evaluate(call: Call, stripes: Path, edges_model: Path) -> Call:
    """Evaluates the stripes by the model edges-1, in this process."""
    return lambda *words: call("evaluate", stripes, "--model", edges_model, "--workers", 1, *words)
