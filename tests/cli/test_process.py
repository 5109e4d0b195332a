"""What only a whole process shows: what it loads, what libraries write past Python, signals, pipes, encodings."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]

# What a verification needs; every other library or room would be time and memory that each call pays for.
LIBRARIES = {"ai_edge_litert", "click", "cryptography", "cv2", "numpy"}
ROOMS = {"cli", "scans", "features", "comparison", "models", "store", "matching"}
MODULES = {"errors", "folders", "log", "settings", "verifier", "vocabulary"}
UNNEEDED = {"bz2", "glob", "lzma", "numpy.fft", "random", "secrets", "shutil", "tempfile"}  # each brings others along
if sys.version_info >= (3, 13):
    UNNEEDED -= {"glob"}  # its pathlib needs it
MOST_MODULES = 390  # beside what Python starts with
SAMPLES = Path(__file__).parents[2] / "fpverify" / "samples"


def process(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fpverify", *map(str, words)],
        capture_output=True,
        encoding="latin-1" if environment.get("PYTHONIOENCODING") == "latin-1" else "utf-8",
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
    )


@pytest.fixture
def probe(stripes: Path, edges_model: Path) -> tuple[object, ...]:
    return (stripes / "A_02.bmp", "--id", "A", "--model", edges_model)


def test_standard_error_is_empty_on_success_and_one_line_on_failure(enrolled: Path, probe: tuple[object, ...]) -> None:
    ended = process("verify", *probe)
    assert (ended.returncode, ended.stdout.splitlines()[0], ended.stderr) == (0, "match", "")
    failed = process("verify", "none.bmp", *probe[1:])
    assert (failed.returncode, failed.stdout, failed.stderr.count("\n")) == (3, "", 1)


def test_a_failure_after_the_model_has_run_is_one_line(
    enrolled: Path, probe: tuple[object, ...], tmp_path: Path
) -> None:
    """LiteRT writes to standard error when it first runs a network."""
    ended = process("enroll", probe[0], *probe[3:], "--id", "B\nC")
    assert (ended.returncode, ended.stderr.count("\n")) == (3, 1)
    assert ended.stderr.startswith("fpverify: ")


def test_verify_loads_what_it_needs_and_nothing_else(enrolled: Path, probe: tuple[object, ...]) -> None:
    ended, loaded = after("verify", *probe)
    assert ended == 0
    assert libraries_of(loaded) == LIBRARIES
    assert {name.split(".")[1] for name in loaded if name.startswith("fpverify.")} == ROOMS | MODULES


def test_a_verification_by_the_release_loads_few_modules(
    call: Call, release_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FPVERIFY_REAL_PRINTS", raising=False)  # no setting: looking for one that is like it loads more
    assert call("enroll", SAMPLES / "A_1.bmp", "--id", "A").code == 0
    ended, loaded = after("verify", SAMPLES / "A_2.bmp", "--id", "A")
    assert ended == 0
    assert UNNEEDED & loaded == set()
    assert len(loaded) <= MOST_MODULES


def after(*words: object) -> tuple[int, set[str]]:
    """Exit code of a command in a process of its own, and the modules that it has loaded."""
    code = (
        "import sys, json; before = set(sys.modules); from fpverify.cli import main; code = main(sys.argv[1:]);"
        "print(json.dumps([code, [*set(sys.modules) - before]]))"
    )
    command = [sys.executable, "-c", code, *map(str, words)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    ended, loaded = json.loads(said.splitlines()[-1])
    return ended, set(loaded)


def libraries_of(modules: set[str]) -> set[str]:
    """The installed packages among modules, by the names under which they are imported."""
    tops = {name.split(".")[0] for name in modules} & set(packages_distributions())
    return {name for name in tops if not name.startswith("_")} - {"fpverify"}  # others are a library's own affair


def test_nothing_is_looked_through_for_garbage_in_a_verification(enrolled: Path, probe: tuple[object, ...]) -> None:
    code = (
        "import sys, gc; from fpverify.cli import main; main(sys.argv[1:]);"
        "print([one['collections'] for one in gc.get_stats()], gc.get_threshold()[0] > 100_000)"
    )
    before = subprocess.run(
        [sys.executable, "-c", "import gc, fpverify.cli; print([one['collections'] for one in gc.get_stats()])"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    command = [sys.executable, "-c", code, "verify", *map(str, probe)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    assert said.splitlines()[-1] == f"{before.strip()} True"


def test_garbage_is_looked_for_as_usual_once_there_may_be_some() -> None:
    code = (
        "import gc; from fpverify.cli import garbage; usual = gc.get_threshold(); garbage.look_late();"
        "late = gc.get_threshold()[0]; kept = [[] for _ in range(2 * garbage.FIRST)];"
        "print(late == garbage.FIRST, gc.get_threshold() == usual, len(gc.callbacks))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "True True 0\n"


def test_help_needs_no_numbers() -> None:
    code = "import sys; from fpverify.cli import main; main(['--help']); print('numpy' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[-1] == "False"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_id_can_be_printed_in_any_encoding(enroll: Call, encoding: str) -> None:
    assert enroll("A_00.bmp", subject="李 Zoë").code == 0
    ended = process("list", PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert process("list", "--json", PYTHONIOENCODING=encoding).returncode == 0
    missing = process("show", "--id", "李", PYTHONIOENCODING=encoding)
    assert (missing.returncode, missing.stderr.count("\n")) == (3, 1)


def test_a_reader_that_leaves_is_no_match_and_no_complaint(enrolled: Path, probe: tuple[object, ...]) -> None:
    for words in (["list"], ["--help"], ["verify", *map(str, probe)]):
        reading, writing = os.pipe()
        os.close(reading)
        command = [sys.executable, "-m", "fpverify", *words]
        ended = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False, timeout=120)
        os.close(writing)
        assert (ended.returncode, ended.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_an_answer_that_cannot_be_written_is_no_match(enrolled: Path, probe: tuple[object, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "fpverify", "verify", *map(str, probe)]
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=120)
    assert (ended.returncode, ended.stderr) == (3, "fpverify: No space left on device\n")


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupt_is_quiet(tmp_path: Path, workers: int) -> None:
    words = ("synth", "ridges", "--fingers", "500", "--out", str(tmp_path / "prints"), "--workers", str(workers))
    command = [sys.executable, "-m", "fpverify", *words]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("prints/*.bmp")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does: to the workers, too
    _, said = running.communicate(timeout=60)
    assert (running.returncode, said) == (130, b"")


def test_training_without_tensorflow_says_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['tensorflow'] = sys.modules['keras'] = None\n"
        "from fpverify.cli import main; sys.exit(main(['train', 'recipe.yaml', '--out', 'model']))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert ended.returncode == 3
    assert ended.stderr.count("\n") == 1
    assert "pip install '.[train]'" in ended.stderr
    assert list(tmp_path.iterdir()) == []
