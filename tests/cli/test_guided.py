"""Guided enrollment on the command line, with files as touches and with a reader."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from at_reader import begun, ended
from PIL import Image
from virtual_reader import REMOVE, command, require_libfprint, show

from fpverify.vocabulary import ByteArray

Call = Callable[..., Any]
SAMPLES = Path(__file__).parents[2] / "fpverify" / "samples"
PROMPT = "put the right-index on the reader"


def test_files_are_touches_and_the_best_are_kept(call: Call, stripes: Path, edges_model: Path) -> None:
    files = [stripes / f"A_0{number}.bmp" for number in range(4)]
    words = ("--guided", *files, "--id", "A", "--finger", "right-index", "--model", edges_model, "--json")
    answer = call("enroll", *words).answer
    assert [one["impression"] for one in answer["impressions"]] == [1, 2, 3]
    assert (answer["subject"], answer["finger"], answer["covered"]) == ("A", "right-index", 1.0)
    assert [touch["hints"] for touch in answer["touches"]] == [
        ["again"],
        ["again"],
        ["done"],
    ]  # the fourth is not needed
    assert call("verify", files[3], "--id", "A", "--model", edges_model).code == 0


def test_another_finger_among_the_touches_is_said_and_not_kept(call: Call, release_model: str) -> None:
    files = [SAMPLES / name for name in ("A_1.bmp", "B_1.bmp", "A_2.bmp")]
    answer = call("enroll", "--guided", *files, "--id", "A", "--json").answer
    assert "same" in answer["touches"][1]["hints"]
    assert str(files[1]) not in [one["source"] for one in answer["impressions"]]
    assert call("verify", SAMPLES / "B_1.bmp", "--id", "A").code == 1


def test_touches_without_a_print_are_said_and_do_not_count(call: Call, stripes: Path, release_model: str) -> None:
    ended = call("enroll", "--guided", stripes / "A_00.bmp", SAMPLES / "A_1.bmp", "--id", "A")
    assert (ended.code, ended.out.splitlines()[0]) == (0, "enrolled A, finger unknown, 1 impression of 1 touch")
    assert "A_00.bmp" in ended.err
    refused = call("enroll", "--guided", stripes / "A_00.bmp", "--id", "B")
    assert refused.code == 3
    assert "no touch is good enough" in refused.err.splitlines()[-1]


def test_several_scans_are_touches_only_when_asked(call: Call, stripes: Path, edges_model: Path) -> None:
    files = (stripes / "A_00.bmp", stripes / "A_01.bmp")
    answer = call("enroll", *files, "--id", "A", "--model", edges_model, "--json").answer
    assert len(answer["impressions"]) == 2
    assert "touches" not in answer
    two = ("--finger", "left-thumb", "--finger", "right-thumb")
    assert call("enroll", "--guided", *files, "--id", "B", *two, "--model", edges_model).code == 2


def test_whoever_stands_at_the_reader_is_told_until_it_is_enough(
    tmp_path: Path, stripes: Path, edges_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    words = ("enroll", "--guided", "--reader", "folder:inbox", "--id", "A", "--finger", "right-index")
    running = subprocess.Popen(
        [sys.executable, "-m", "fpverify", *words, "--model", str(edges_model)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert running.stderr is not None
    said, touches = list[str](), iter(range(4))
    for line in running.stderr:
        said.append(line.strip())
        if said[-1] == PROMPT:
            number = next(touches)
            Image.open(stripes / f"A_0{number}.bmp").save(inbox / f".{number}.png", "PNG", dpi=(500, 500))
            (inbox / f".{number}.png").replace(inbox / f"{number}.png")
    out, _ = running.communicate(timeout=60)
    assert (running.returncode, out.splitlines()[0]) == (
        0,
        "enrolled A, finger right-index, 3 impressions of 3 touches",
    )
    first = "the middle of the finger, flat"
    told = [line for line in said if "made the key" not in line]
    assert told == [first, PROMPT, "once more", PROMPT, "once more", PROMPT]


def test_touches_that_show_no_print_end_after_some(call: Call, stripes: Path, release_model: str) -> None:
    refused = call("enroll", "--guided", *[stripes / "A_00.bmp"] * 12, SAMPLES / "A_1.bmp", "--id", "A")
    assert (refused.code, refused.err.count("A_00.bmp")) == (3, 10)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return require_libfprint(tmp_path, monkeypatch)


def guided(*words: object) -> subprocess.Popen[str]:
    """A guided enrollment at libfprint's reader, in a process of its own."""
    asked = ["enroll", "--guided", "--reader", "--ppi", "500", "--id", "A", "--finger", "right-index"]
    return subprocess.Popen(
        [sys.executable, "-m", "fpverify", *asked, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def advised(running: subprocess.Popen[str]) -> list[str]:
    """What is said until the finger is asked for, or the command ends."""
    assert running.stderr is not None
    said = list[str]()
    for line in running.stderr:
        if line.strip() == PROMPT:
            break
        said.append(line.strip())
    return said


@pytest.mark.slow
def test_libfprints_reader_is_used_until_the_finger_is_covered(place: Path, release_model: str, call: Call) -> None:
    from fpverify import synthesise

    touches = [one.scan for one in synthesise(2, 8, 21) if one.finger == 2]
    running = guided("--json")
    said = [advised(running)[-1]]
    while said[-1] != "done" and len(said) <= len(touches):
        show(place, touches[len(said) - 1].pixels)
        said += advised(running)[-1:] or ["done"]
    out, _ = running.communicate(timeout=60)
    assert running.returncode == 0
    answer = json.loads(out)
    assert said[:2] == ["the middle of the finger, flat", "a little lower"]
    assert answer["touches"][-1]["hints"] == ["done"]
    assert answer["covered"] >= 0.9
    assert len(answer["impressions"]) < len(answer["touches"]) == len(said) - 1
    code, _, _ = with_finger_of(touches[7].pixels, place)
    assert code == 0


def with_finger_of(pixels: ByteArray, place: Path) -> tuple[int, str, list[str]]:
    running = begun("verify", "--id", "A", "--reader", "--ppi", 500)
    show(place, pixels)
    return ended(running)


def test_unplugged_midway_nothing_is_enrolled_and_one_line_says_so(place: Path, release_model: str, call: Call) -> None:
    running = guided()
    advised(running)
    show(place, np.asarray(Image.open(SAMPLES / "A_1.bmp").convert("L")))
    assert advised(running) == ["a little higher"]
    command(REMOVE)(place)
    said = advised(running)
    out, _ = running.communicate(timeout=60)
    assert (running.returncode, out, len(said)) == (3, "", 1)
    assert "the reader was unplugged" in said[0]
    assert call("verify", SAMPLES / "A_1.bmp", "--id", "A").code == 3
