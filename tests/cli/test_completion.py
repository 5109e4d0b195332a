"""What a shell is told when it asks for the rest of a word."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).parents[2] / "docs" / "command-line.md"


def asked(**variables: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "fpverify"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **variables},
    ).stdout


def completed(line: str) -> list[str]:
    """Kind and value of each way to go on, as bash is told."""
    words = line.split(" ")
    said = asked(_FPVERIFY_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(len(words) - 1))
    return said.split()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("fpverify verif", ["plain,verify"]),
        ("fpverify keys ro", ["plain,rotate"]),
        ("fpverify verify scan.bmp --fm", ["plain,--fmr"]),
        ("fpverify verify sca", ["file,sca"]),
        ("fpverify explain a.bmp b.bmp --out pai", ["file,pai"]),
        ("fpverify verify a.bmp --finger right-i", ["plain,right-index"]),
    ],
)
def test_commands_options_fingers_and_files_are_completed(line: str, told: list[str]) -> None:
    assert completed(line) == told


def test_nobody_is_told_who_is_enrolled(enrolled: Path) -> None:
    assert completed("fpverify verify a.bmp --id ") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_document_has_the_line_of_each_shell(shell: str) -> None:
    assert re.search(rf"_FPVERIFY_COMPLETE={shell}_source fpverify", DOCUMENT.read_text(encoding="utf-8"))
    assert "_FPVERIFY_COMPLETE" in asked(_FPVERIFY_COMPLETE=f"{shell}_source")


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_takes_what_it_is_given() -> None:
    script = asked(_FPVERIFY_COMPLETE="bash_source") + "\ncomplete -p fpverify"
    ended = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert "_fpverify_completion fpverify" in ended.stdout
