"""The kiosk at a terminal: again and again, with a reader, and nothing for strangers to learn from."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from at_reader import PROMPT, begun, drop, ended
from PIL import Image
from virtual_reader import REMOVE, command, require_libfprint, show

from fpverify.vocabulary import ByteArray

Call = Callable[..., Any]
SAMPLES = Path(__file__).parents[2] / "fpverify" / "samples"
AT = ("--reader", "folder:inbox")


@pytest.fixture
def inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


@pytest.fixture
def with_a(inbox: Path, stripes: Path, edges_model: Path, call: Call) -> tuple[object, ...]:
    """A is enrolled; the model, as a command takes it."""
    words = ("--model", edges_model)
    call("enroll", stripes / "A_00.bmp", "--id", "A", "--finger", "right-index", *words)
    return words


def pixels_of(path: Path) -> ByteArray:
    return np.asarray(Image.open(path).convert("L"))


def asked(running: subprocess.Popen[str]) -> None:
    """Waits until the next finger is asked for."""
    assert running.stderr is not None
    assert running.stderr.readline().strip() == PROMPT


def test_it_decides_again_and_again_and_ends_quietly(
    inbox: Path, stripes: Path, edges_model: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("enroll", stripes / "A_00.bmp", "--id", "Eve Smith", "--finger", "right-index", "--model", edges_model)
    running = begun("kiosk", *AT, "--model", edges_model, "--json")
    assert running.stdout is not None
    answers = []
    for number, name in enumerate(("A_01.bmp", "B_01.bmp", "A_02.bmp")):
        drop(inbox, f"{number}.png", pixels_of(stripes / name))
        answers.append(json.loads(running.stdout.readline()))
        asked(running)
    assert [one.pop("decision") for one in answers] == ["match", "non-match", "match"]
    assert [set(one) for one in answers] == [{"at", "subject", "finger"}, {"at"}, {"at", "subject", "finger"}]
    assert answers[0]["subject"] == "Eve Smith"
    running.send_signal(signal.SIGINT)
    assert ended(running) == (0, "", [])


def test_sigterm_ends_it_as_well(inbox: Path, stripes: Path, edges_model: Path, call: Call) -> None:
    call("enroll", stripes / "A_00.bmp", "--id", "A", "--model", edges_model)
    running = begun("kiosk", *AT, "--model", edges_model)
    running.terminate()
    assert ended(running) == (0, "", [])


@pytest.mark.parametrize(
    "case",
    [
        ((), "A_01.bmp", (0, "match: A\n")),
        ((), "B_01.bmp", (1, "not recognised\n")),
        (("--id", "A"), "A_01.bmp", (0, "match: A\n")),
        (("--id", "A", "--finger", "right-index", "--fmr", "0.001"), "B_01.bmp", (1, "not recognised\n")),
    ],
)
def test_once_is_one_decision(
    inbox: Path, stripes: Path, with_a: tuple[object, ...], case: tuple[tuple[str, ...], str, tuple[int, str]]
) -> None:
    words, scan, outcome = case
    running = begun("kiosk", *words, *AT, *with_a, "--once")
    drop(inbox, "a.png", pixels_of(stripes / scan))
    assert ended(running) == (*outcome, [])


def test_once_without_a_finger_or_with_garbage_is_no_decision(
    inbox: Path, stripes: Path, edges_model: Path, call: Call
) -> None:
    call("enroll", stripes / "A_00.bmp", "--id", "A", "--model", edges_model)
    code, out, said = ended(begun("kiosk", *AT, "--model", edges_model, "--once", "--timeout", "0.5"))
    assert (code, out, len(said)) == (3, "", 1)
    assert "no finger within 0.5 s" in said[0]
    running = begun("kiosk", *AT, "--model", edges_model, "--once")
    (inbox / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n garbage " * 50)
    code, out, said = ended(running)
    assert (code, out, len(said)) == (3, "once more: dry the finger, and put it down flat\n", 1)


def test_what_is_no_print_ends_nothing(inbox: Path, release_model: str, call: Call) -> None:
    call("enroll", SAMPLES / "A_1.bmp", "--id", "A")
    running = begun("kiosk", *AT)
    assert running.stdout is not None
    drop(inbox, "a.png", np.full((300, 300), 255, np.uint8))
    assert running.stdout.readline() == "once more: dry the finger, and put it down flat\n"
    asked(running)
    drop(inbox, "b.png", pixels_of(SAMPLES / "A_2.bmp"))
    assert running.stdout.readline() == "match: A\n"
    asked(running)
    running.send_signal(signal.SIGINT)
    assert ended(running) == (0, "", [])


def test_who_is_not_enrolled_is_said_at_the_start(inbox: Path, stripes: Path, edges_model: Path, call: Call) -> None:
    call("enroll", stripes / "A_00.bmp", "--id", "A", "--model", edges_model)
    refused = call("kiosk", "--id", "B", "--reader", f"folder:{inbox}", "--model", edges_model)
    assert (refused.code, refused.out, refused.err.count("\n")) == (3, "", 1)
    assert "no subject 'B'" in refused.err


@pytest.mark.parametrize("words", [("--finger", "right-index"), ("--fmr", "0.001"), ("--fpir", "2"), ("a.bmp",)])
def test_what_does_not_fit_is_wrong_use(call: Call, words: tuple[str, ...]) -> None:
    assert call("kiosk", *words).code == 2


@pytest.mark.slow
def test_at_a_terminal_the_answer_is_large_and_goes(inbox: Path, stripes: Path, edges_model: Path, call: Call) -> None:
    call("enroll", stripes / "A_00.bmp", "--id", "A", "--model", edges_model)
    main, side = pty.openpty()
    running = subprocess.Popen(
        [sys.executable, "-m", "fpverify", "kiosk", *AT, "--once", "--model", str(edges_model)],
        stdout=side,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TERM": "xterm"},
    )
    os.close(side)
    asked(running)
    drop(inbox, "a.png", pixels_of(stripes / "A_01.bmp"))
    shown = b""
    while True:
        try:
            shown += os.read(main, 4096)
        except OSError:  # the other side is closed
            break
    os.close(main)
    running.communicate(timeout=60)
    assert running.returncode == 0
    assert re.search(rb"\x1b\[[\d;]*m +MATCH: A +\x1b\[0m", shown)
    assert shown.rstrip().endswith((b"\x1b[2J\x1b[1;1H", b"\x1b[H\x1b[J", b"\x1b[2J", b"\x1b[3J", b"\x1b[J"))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return require_libfprint(tmp_path, monkeypatch)


def test_from_libfprints_reader_to_the_decision(place: Path, release_model: str, call: Call) -> None:
    call("enroll", SAMPLES / "A_1.bmp", "--id", "A")
    running = begun("kiosk", "--ppi", 500)
    assert running.stdout is not None
    for name, said in (("B_1", "not recognised"), ("A_2", "match: A")):
        show(place, pixels_of(SAMPLES / f"{name}.bmp"))
        assert running.stdout.readline() == f"{said}\n"
        asked(running)
    command(REMOVE)(place)
    code, out, said = ended(running)
    assert (code, out, len(said)) == (3, "", 1)
    assert "the reader was unplugged" in said[0]


def test_an_interrupt_at_libfprints_reader_is_quiet(place: Path, release_model: str, call: Call) -> None:
    call("enroll", SAMPLES / "A_1.bmp", "--id", "A")
    running = begun("kiosk")
    time.sleep(0.5)
    running.send_signal(signal.SIGINT)
    assert ended(running) == (0, "", [])
