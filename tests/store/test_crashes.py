"""Processes that are killed, on either kind of database."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from effort import tries

HERE = Path(__file__).parent
ROUNDS = tries(5, 12)


@pytest.mark.parametrize("size", [[], ["large"]], ids=["small", "large"])
def test_a_killed_process_loses_nothing_that_was_acknowledged(location: str, tmp_path: Path, size: list[str]) -> None:
    place = location if "://" in location else str(tmp_path)
    command = [sys.executable, str(HERE / "crash_rounds.py"), place, str(ROUNDS), "11", *size]
    path = os.pathsep.join([str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{ROUNDS} rounds")
