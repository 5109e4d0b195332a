"""Units, the image and the compose file are what the documents say, and the steps of the image run without one."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DEPLOYMENT = ROOT / "examples" / "deployment"
UNITS = sorted(DEPLOYMENT.glob("*.service"))
MOST_EXPOSURE = 2.0  # of 10
START_S = 90.0


def healthy(url: str) -> int:
    script = [sys.executable, str(DEPLOYMENT / "healthy.py")]
    return subprocess.run(script, env={**os.environ, "HEALTH_URL": url}, capture_output=True, check=False).returncode


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_unit_leaves_little_open(unit: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", said.stdout)
    if found is None:
        pytest.skip(f"this systemd cannot look at files: {said.stderr.strip()[:100]}")
    assert float(found[1]) < MOST_EXPOSURE


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_unit_starts_what_there_is(unit: Path) -> None:
    import click

    from fpverify.cli.program import program

    (started,) = re.findall(r"^ExecStart=/opt/fpverify/bin/fpverify (.+)$", unit.read_text(), re.MULTILINE)
    assert started.split()[0] in program.list_commands(click.Context(program))
    assert re.search(r"^User=fpverify$", unit.read_text(), re.MULTILINE)


def test_the_image_is_made_of_the_wheel_and_runs_as_nobody_in_particular() -> None:
    text = (DEPLOYMENT / "Dockerfile").read_text()
    build, run = re.split(r"^FROM .*slim$", text, flags=re.MULTILINE)
    assert "pip wheel" in build
    assert "COPY --from=build /wheels" in run
    assert re.search(r"^USER [1-9]\d+$", run, re.MULTILINE)
    assert "HEALTHCHECK" in run
    copied = re.findall(r"examples/deployment/\S+", run)
    assert copied
    assert all((ROOT / name).exists() for name in copied)


def test_containers_have_no_more_than_they_need() -> None:
    service = yaml.safe_load((DEPLOYMENT / "compose.yaml").read_text())["services"]["service"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["build"]["dockerfile"] == "examples/deployment/Dockerfile"


def test_what_does_not_answer_is_not_healthy() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert healthy(f"http://127.0.0.1:{free.getsockname()[1]}") == 1


@pytest.mark.slow
def test_the_steps_of_the_image_run_without_one(tmp_path: Path) -> None:
    """As `install.sh` has them, with this environment's libraries in place of a download."""
    pytest.importorskip("fastapi")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{(port := free.getsockname()[1])}"
    process = subprocess.Popen(
        [sys.executable, "-m", "fpverify", "serve", "--port", str(port)],
        cwd=tmp_path,
        env={**os.environ, "FPVERIFY_DB": str(tmp_path / "db"), "FPVERIFY_KEY": f"file:{tmp_path / 'store.key'}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + START_S
        while healthy(url) != 0:
            assert time.monotonic() < end
            time.sleep(0.5)
    finally:
        process.terminate()
        assert process.wait(30) == 0
