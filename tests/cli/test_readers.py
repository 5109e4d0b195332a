"""From a reader to a decision, in processes of their own; and what is said when there is none."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from at_reader import PROMPT, begun, drop, ended, with_finger
from PIL import Image
from virtual_reader import REMOVE, command, require_libfprint

from fpverify.scans import read_scan
from fpverify.testing.reader_contract import made_up_print
from fpverify.vocabulary import ByteArray

Call = Callable[..., Any]
SAMPLES = Path(__file__).parents[2] / "fpverify" / "samples"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return require_libfprint(tmp_path, monkeypatch)


@pytest.fixture
def no_libfprint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gi", None)


def stripes_of(stripes: Path, name: str) -> ByteArray:
    return np.asarray(Image.open(stripes / name).convert("L"))


@pytest.mark.slow
def test_from_the_reader_to_the_decision(place: Path, release_model: str) -> None:
    at = ("--reader", "--ppi", 500)
    code, out, _ = with_finger(place, ("enroll", "--id", "A", "--finger", "right-index", *at), SAMPLES / "A_1.bmp")
    assert (code, out.splitlines()[0]) == (0, "enrolled A, finger right-index, impression 1")
    code, out, said = with_finger(place, ("verify", "--id", "A", *at), SAMPLES / "A_2.bmp")
    assert (code, out.splitlines()[0], said) == (0, "match", [])
    assert "500 ppi, as given" in out
    code, out, _ = with_finger(place, ("verify", "--id", "A", *at), SAMPLES / "B_1.bmp")
    assert (code, out.splitlines()[0]) == (1, "non-match")
    named = ("identify", "--json", "--reader", "libfprint", "--ppi", 500)
    code, out, _ = with_finger(place, named, SAMPLES / "A_2.bmp")
    assert (code, json.loads(out)["candidates"][0]["subject"]) == (0, "A")


def test_a_resolution_that_nobody_states_is_never_guessed_in_silence(place: Path, release_model: str) -> None:
    code, out, _ = with_finger(place, ("capture", "out.png", "--reader"), SAMPLES / "A_1.bmp")
    assert code == 0
    assert "estimated from the ridges" in out
    assert "the file states no resolution; give it with --ppi" in out
    assert read_scan("out.png").ppi_source == "estimated"  # it is no statement the next time either


def test_what_was_captured_is_the_picture(place: Path) -> None:
    code, out, _ = with_finger(place, ("capture", "out.png", "--json", "--ppi", 500), SAMPLES / "A_1.bmp")
    answer = json.loads(out)
    assert (code, answer["reader"], answer["ppi"], answer["ppi_source"]) == (0, "libfprint:virtual_image", 500, "given")
    scan = read_scan("out.png")
    assert (scan.ppi, scan.ppi_source) == (500, "file")
    assert np.array_equal(scan.pixels, read_scan(SAMPLES / "A_1.bmp").pixels)
    assert (answer["width_px"], answer["height_px"]) == scan.pixels.shape[::-1]


def test_a_reader_that_is_unplugged_midway_is_one_line_and_no_decision(place: Path) -> None:
    running = begun("capture", "out.png", "--reader")
    command(REMOVE)(place)
    code, out, said = ended(running)
    assert (code, out, len(said)) == (3, "", 1)
    assert said[0].startswith("fpverify: libfprint:virtual_image: the reader was unplugged")
    assert not Path("out.png").exists()


def test_an_interrupt_at_the_reader_is_quiet(place: Path) -> None:
    running = begun("capture", "out.png", "--reader")
    time.sleep(0.5)
    running.send_signal(signal.SIGINT)
    assert ended(running) == (130, "", [])


def test_readers_are_listed(place: Path, call: Call) -> None:
    listed = call("readers")
    assert (listed.code, listed.err) == (0, "")
    heads, row = listed.out.splitlines()
    assert heads.split() == ["reader", "pictures", "resolution", "kind"]
    assert row.split()[:3] == ["libfprint:virtual_image", "yes", "-"]
    (one,) = call("readers", "--json").answer["readers"]
    assert (one["name"], one["captures"], one["ppi"]) == ("libfprint:virtual_image", True, None)


def test_without_a_reader_nothing_is_decided(call: Call, no_libfprint: None) -> None:
    listed = call("readers")
    assert (listed.code, listed.out) == (0, "no fingerprint reader is connected\n")
    assert call("readers", "--json").answer["notes"] == [listed.err.strip().removeprefix("fpverify: ")]
    refused = call("verify", "--id", "A", "--reader")
    assert (refused.code, refused.out, refused.err.count("\n")) == (3, "", 1)
    assert refused.err.startswith("fpverify: no fingerprint reader is connected; libfprint: not installed")


def test_a_name_that_no_reader_has_is_one_line(call: Call, no_libfprint: None) -> None:
    refused = call("capture", "out.png", "--reader", "acme")
    assert (refused.code, refused.err.count("\n")) == (3, 1)
    assert "no reader is called 'acme'" in refused.err


def test_nothing_within_the_time_is_no_decision(call: Call, tmp_path: Path) -> None:
    refused = call("capture", "out.png", "--reader", f"folder:{tmp_path}", "--timeout", "0.3")
    prompt, why = refused.err.splitlines()
    assert (refused.code, prompt) == (3, PROMPT)
    assert why.startswith(f"fpverify: folder:{tmp_path}: no finger within 0.3 s")


@pytest.mark.slow
def test_a_folder_is_a_reader_for_every_command(
    tmp_path: Path, stripes: Path, edges_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    how = ("--reader", f"folder:{inbox}", "--model", edges_model)
    for number, (words, name, code) in enumerate(
        [
            (("enroll", "--id", "A"), "A_00.bmp", 0),
            (("verify", "--id", "A"), "A_01.bmp", 0),
            (("verify", "--id", "A"), "B_01.bmp", 1),
            (("identify",), "A_02.bmp", 0),
        ]
    ):
        running = begun(*words, *how)
        drop(inbox, f"{number}.png", stripes_of(stripes, name))
        assert ended(running)[0] == code, words


def test_a_finger_is_asked_for_by_its_name(call: Call, tmp_path: Path) -> None:
    asked = call("verify", "--id=A", "--finger=left-thumb", "--reader", f"folder:{tmp_path}", "--timeout", "0.2")
    assert (asked.code, asked.err.splitlines()[0]) == (3, "put the left-thumb on the reader")


@pytest.mark.parametrize("words", [("verify", "--id", "A"), ("identify",), ("enroll", "--id", "A")])
def test_either_a_scan_or_a_reader_is_needed(call: Call, words: tuple[str, ...]) -> None:
    assert "--reader" in call(*words).err
    both = call(*words, "a.bmp", "--reader", "folder:.")
    assert (call(*words).code, both.code) == (2, 2)
    assert "either" in both.err


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "x"])
def test_a_time_that_cannot_be_is_wrong_use(call: Call, seconds: str) -> None:
    assert call("capture", "out.png", "--timeout", seconds).code == 2


def test_garbage_from_a_reader_is_no_decision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inbox").mkdir()
    running = begun("verify", "--id", "A", "--reader", "folder:inbox", "--timeout", 20)
    (tmp_path / "inbox" / "a.png").write_bytes(made_up_print(1).tobytes())
    code, out, said = ended(running)
    assert (code, out, len(said)) == (3, "", 1)
