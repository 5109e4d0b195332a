"""The commands of docs/security.md do what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
RECIPES = re.findall(r"^```console\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


@pytest.fixture
def shell(tmp_path: Path, enrolled: Path) -> Callable[[str], str]:
    """Runs a line in a shell, in the folder of a store and with a command called fpverify; returns what it printed."""
    command = tmp_path / "bin" / "fpverify"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m fpverify "$@"\n')
    command.chmod(0o755)
    Path("passphrase").write_text("five words that are random\n")
    path = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}

    def run(line: str) -> str:
        ended = subprocess.run(
            ["/bin/sh", "-c", line],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert (ended.returncode, ended.stderr.replace("fpverify: made the key", "")[:1]) in {(0, ""), (0, " ")}, line
        return ended.stdout

    return run


@pytest.mark.slow
def test_every_recipe_runs_as_it_stands(shell: Callable[[str], str]) -> None:
    assert len(RECIPES) == 2
    lines = [line.removeprefix("$ ") for recipe in RECIPES for line in recipe.splitlines()]
    said = {line: shell(line) for line in lines}
    assert "intact" in said["fpverify audit verify --db restored_db"]
    assert "A " in said["fpverify list --db restored_db"]
    assert said[lines[-1]].startswith("intact")
    assert re.fullmatch(r"fpva1-[0-9a-f-]+\n", Path("anchor").read_text())
