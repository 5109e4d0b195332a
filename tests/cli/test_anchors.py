from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fpverify.cli.anchors import parse_span
from fpverify.store.anchors import Anchor

Call = Callable[..., Any]
LOOP = [sys.executable, "-m", "fpverify", "audit", "anchor", "--every", "1s", "--to"]


def read_anchors(path: Path) -> list[Anchor]:
    return [Anchor.parse(line) for line in path.read_text().splitlines()] if path.exists() else []


def wait_for(what: Callable[[], object], process: subprocess.Popen[str]) -> None:
    for _ in range(300):
        if what() or process.poll() is not None:
            break
        time.sleep(0.05)
    assert what(), process.communicate(timeout=10)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_loop_appends_for_the_owner_only_until_it_is_told_to_end(
    call: Call, enrolled: Path, tmp_path: Path, number: int
) -> None:
    out = tmp_path / "anchors"
    process = subprocess.Popen([*LOOP, str(out), "--db", str(enrolled)], stderr=subprocess.PIPE, text=True)
    wait_for(lambda: len(read_anchors(out)) >= 2, process)
    process.send_signal(number)
    assert (process.wait(10), process.communicate()[1]) == (0, "")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert call("audit", "verify", "--anchor", out.read_text().splitlines()[-1], "--db", str(enrolled)).code == 0


def test_the_loop_gives_a_command_each_anchor_and_goes_on_when_it_fails(enrolled: Path, tmp_path: Path) -> None:
    script = tmp_path / "send"
    script.write_text(f"#!/bin/sh\ncat >> '{tmp_path}/sent'\n[ -e '{tmp_path}/fail' ] && exit 7\nexit 0\n")
    script.chmod(0o700)
    process = subprocess.Popen([*LOOP, f"| {script}", "--db", str(enrolled)], stderr=subprocess.PIPE, text=True)
    sent = tmp_path / "sent"
    wait_for(lambda: read_anchors(sent), process)
    (tmp_path / "fail").touch()
    wait_for(lambda: len(read_anchors(sent)) >= 3, process)
    process.terminate()
    assert process.wait(10) == 0
    assert "no anchor this time: the command" in process.communicate()[1]


def test_a_store_that_was_put_back_ends_the_loop_with_3(call: Call, enrolled: Path, tmp_path: Path) -> None:
    out, copy = tmp_path / "anchors", tmp_path / "copy"
    shutil.copy(enrolled, copy)
    assert call("delete", "--id", "A", "--db", str(enrolled)).code == 0
    process = subprocess.Popen([*LOOP, str(out), "--db", str(enrolled)], stderr=subprocess.PIPE, text=True)
    wait_for(lambda: read_anchors(out), process)
    shutil.move(copy, enrolled)
    assert process.wait(20) == 3
    assert "the store was put back to an earlier state" in process.communicate()[1]


def test_one_anchor_is_appended_and_goes_on_from_the_last_of_the_file(
    call: Call, enrolled: Path, tmp_path: Path
) -> None:
    out = tmp_path / "anchors"
    for _ in range(2):
        assert call("audit", "anchor", "--to", str(out), "--db", str(enrolled)).code == 0
    assert len(read_anchors(out)) == 2
    out.write_text("something else\n")
    ended = call("audit", "anchor", "--to", str(out), "--db", str(enrolled))
    assert ended.code == 3
    assert "is no anchor" in ended.err
    out.write_text(f"{Anchor('00000000', 1, '0' * 64)}\n")
    ended = call("audit", "anchor", "--to", str(out), "--db", str(enrolled))
    assert ended.code == 3
    assert "another was put in its place" in ended.err


@pytest.mark.parametrize("to", ["|", "| 'unended", "| /nowhere/at/all", "/nowhere/at/all"])
def test_what_cannot_be_given_anchors_is_said_at_the_start(call: Call, enrolled: Path, to: str) -> None:
    ended = call("audit", "anchor", "--every", "1h", "--to", to, "--db", str(enrolled))
    assert ended.code in {2, 3}
    assert len(ended.err.splitlines()) == 1


def test_a_span_is_a_number_and_a_unit() -> None:
    assert [parse_span(one) for one in ("30s", "15m", "1h", "2d")] == [30, 900, 3600, 172_800]
    for wrong in ("", "1", "h", "0s", "-1h", "1w", "1.5h"):
        with pytest.raises(ValueError, match="no span of time"):
            parse_span(wrong)


@pytest.mark.skipif(os.name != "posix", reason="modes")
def test_a_file_that_others_could_read_is_for_its_owner_from_the_next_anchor_on(
    call: Call, enrolled: Path, tmp_path: Path
) -> None:
    out = tmp_path / "anchors"
    out.touch(mode=0o644)
    assert call("audit", "anchor", "--to", str(out), "--db", str(enrolled)).code == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
