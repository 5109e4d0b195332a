"""What users do first, with fpverify as it is installed: `make release` runs these against the very wheel.

They use the package alone, no other test's fixtures, and nothing that its extra `service` does not bring.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

import fpverify

pytestmark = pytest.mark.release
START_S = 60.0  # within which a service answers, on a busy machine too
INSTALLED = "site-packages" in fpverify.__file__


def run(folder: Path, *words: str, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "fpverify", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def prints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    run(folder, "synth", "ridges", "--fingers", "3", "--impressions", "2", "--out", "prints", "--workers", "1")
    return folder


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a service on the store of a folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "fpverify", "serve", "--port", port]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        assert process.wait(timeout=30) == 0


def test_the_version_is_the_one_that_is_installed(tmp_path: Path) -> None:
    assert run(tmp_path, "--version") == f"fpverify {fpverify.__version__}\n"
    if INSTALLED:  # elsewhere the metadata may be of an earlier day
        assert version("fpverify") == fpverify.__version__
    assert re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?(\.dev\d+)?", fpverify.__version__)


def test_types_come_with_the_package() -> None:
    assert (Path(fpverify.__file__).parent / "py.typed").exists()


@pytest.mark.skipif(not INSTALLED, reason="the demo has its tests in tests/cli")
def test_the_demo_shows_a_match_and_a_non_match(tmp_path: Path) -> None:
    said = run(tmp_path, "demo", "--workers", "1")
    assert re.search(r"^match", said, re.MULTILINE)
    assert re.search(r"^non-match", said, re.MULTILINE)


def test_a_finger_is_enrolled_and_verified_and_another_is_not(prints: Path) -> None:
    run(prints, "enroll", "prints/1_1.bmp", "--id", "A")
    assert json.loads(run(prints, "verify", "prints/1_2.bmp", "--id", "A", "--json"))["decision"] == "match"
    other = run(prints, "verify", "prints/2_1.bmp", "--id", "A", "--json", code=1)
    assert json.loads(other)["decision"] == "non-match"


def test_prints_are_evaluated(prints: Path) -> None:
    said = run(prints, "evaluate", "prints", "--protocol", "dense", "--json", "--no-cache", "--workers", "1")
    assert json.loads(said)["mated"] == 3


def test_the_service_answers_the_client(prints: Path, tmp_path: Path) -> None:
    pytest.importorskip("fastapi")
    run(tmp_path, "enroll", str(prints / "prints" / "1_1.bmp"), "--id", "A")
    key = json.loads(run(tmp_path, "api-keys", "new", "--name", "door", "--scope", "scores", "--json"))["key"]
    with served(tmp_path) as url, fpverify.Client(url, key) as client:
        end = time.monotonic() + START_S
        while True:
            with contextlib.suppress(fpverify.errors.ServiceError):
                client.health()
                break
            assert time.monotonic() < end, "the service does not answer"
            time.sleep(0.2)
        assert client.verify(prints / "prints" / "1_2.bmp", "A")
        assert not client.verify(prints / "prints" / "2_1.bmp", "A")


def test_nothing_of_it_lies_where_the_tests_run(tmp_path: Path) -> None:
    assert run(tmp_path, "--version")
    assert os.listdir(tmp_path) == []  # noqa: PTH208
