from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fpverify.cli.watch import Inbox, subject_of
from fpverify.errors import EnrollmentError
from fpverify.scans import IMAGE_SUFFIXES

Call = Callable[..., Any]
PATIENCE_S = 60.0


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def watch(call: Call, enrolled: Path, edges_model: Path, inbox: Path) -> Call:
    """Handles what is there, by the model edges-1."""
    return lambda *words: call("watch", inbox, "--once", "--model", edges_model, *words)


def drop(scan: Path, folder: Path, name: str | None = None, age_s: float = 60) -> Path:
    target = folder / (name or scan.name)
    shutil.copy(scan, target)
    os.utime(target, (time.time() - age_s,) * 2)
    return target


# --- one line a scan ------------------------------------------------------------------------------------------------


def test_every_scan_gets_its_line_the_oldest_first(watch: Call, stripes: Path, inbox: Path) -> None:
    drop(stripes / "B_01.bmp", inbox, "A_2.bmp", age_s=10)
    drop(stripes / "A_01.bmp", inbox, age_s=20)
    ended = watch()
    first, second = ended.out.splitlines()
    assert first.startswith("match        A_01.bmp: A, finger right-index, score ")
    assert second.startswith("non-match    A_2.bmp: A, finger right-index, score ")
    assert (ended.code, ended.err) == (1, "")


def test_all_matched_is_zero_and_so_is_an_empty_folder(watch: Call, stripes: Path, inbox: Path) -> None:
    assert (watch().code, watch().out) == (0, "")
    drop(stripes / "A_01.bmp", inbox)
    assert watch().code == 0


def test_json_says_what_verify_says(watch: Call, verify: Call, stripes: Path, inbox: Path) -> None:
    drop(stripes / "A_01.bmp", inbox)
    drop(stripes / "A_01.bmp", inbox, "any name.bmp")
    decision = verify("A_01.bmp", "--json", "--fmr=0.01").answer
    lines = [json.loads(line) for line in watch("--json", "--id=A", "--fmr=0.01").out.splitlines()]
    assert {line.pop("scan") for line in lines} == {"A_01.bmp", "any name.bmp"}
    for line in lines:
        assert line.pop("at")[-6:] == "+00:00"
        (probe,) = line.pop("probes")
        (same,) = decision["probes"]
        assert (probe | {"file": ""}, line) == (same | {"file": ""}, {name: decision[name] for name in line})


def test_trouble_with_one_scan_does_not_end_the_others(watch: Call, stripes: Path, inbox: Path) -> None:
    (inbox / "A_0.bmp").write_bytes(b"no image")
    drop(stripes / "A_01.bmp", inbox, "Nobody_1.bmp")
    drop(stripes / "A_01.bmp", inbox, "noid.bmp")
    drop(stripes / "A_01.bmp", inbox, age_s=-5)
    ended = watch("--json")
    lines = {line["scan"]: line for line in map(json.loads, ended.out.splitlines())}
    assert ended.code == 3
    assert {name: (line["decision"], line.get("error")) for name, line in lines.items()} == {
        "A_0.bmp": (None, "UnreadableScan"),
        "Nobody_1.bmp": (None, "NotEnrolled"),
        "noid.bmp": (None, "EnrollmentError"),
        "A_01.bmp": ("match", None),
    }
    text = watch().out
    assert len(text.splitlines()) == 4
    assert "no decision  noid.bmp: no id in the name; give --id, or name scans such as A_1.bmp" in text


@pytest.mark.skipif(sys.platform == "win32", reason="no such names")
def test_a_name_cannot_fake_a_line(watch: Call, stripes: Path, inbox: Path) -> None:
    drop(stripes / "B_01.bmp", inbox, "x\nmatch        A_1\x1b[2K.bmp")
    assert len(watch().out.splitlines()) == 1
    assert "\x1b" not in watch().out


def test_hidden_and_temporary_names_and_folders_are_passed_over(watch: Call, stripes: Path, inbox: Path) -> None:
    for name in (".A_1.bmp", "A_1.bmp.tmp", "A_1.bmp.PART", "A_1.bmp~", "A_1.crdownload"):
        drop(stripes / "A_01.bmp", inbox, name)
    (inbox / "A_1.bmp").mkdir()
    assert (watch().code, watch().out) == (0, "")


def test_what_is_no_scan_by_its_ending_stays_where_it_is_and_is_counted_once(
    watch: Call, stripes: Path, inbox: Path, tmp_path: Path
) -> None:
    others = ("Thumbs.db", "desktop.ini", "A_1.json", "A_1.bmp.xml", "README", "A_1.fmr")
    for name in others:
        (inbox / name).write_text("of another program")
    drop(stripes / "A_01.bmp", inbox, "A_1.BMP")
    done = tmp_path / "done"
    done.mkdir()
    ended = watch("--json", "--move-to", done)
    assert [json.loads(line)["scan"] for line in ended.out.splitlines()] == ["A_1.BMP"]
    assert ended.code == 0
    said = "fpverify: 6 files are left alone, without the ending of an image: A_1.bmp.xml, A_1.fmr, A_1.json, ...\n"
    assert ended.err == said
    assert sorted(path.name for path in inbox.iterdir()) == sorted(others)
    assert [path.name for path in done.iterdir()] == ["A_1.BMP"]


def test_what_is_left_alone_is_told_once_also_if_it_comes_late(inbox: Path) -> None:
    told: list[list[str]] = []
    watched = Inbox(inbox, told.append)
    watched.finished()
    for name in ("notes.txt", "more.txt"):
        (inbox / name).touch()
        watched.finished()
    assert told == [["notes.txt"]]


@pytest.mark.parametrize("ending", IMAGE_SUFFIXES)
def test_every_ending_of_an_image_that_is_read_is_a_scan(inbox: Path, clock: Clock, ending: str) -> None:
    watched = Inbox(inbox)
    (inbox / f"A_1{ending.upper()}").write_bytes(b"x")
    assert [looked(watched, clock) for _ in range(2)] == [[], [f"A_1{ending.upper()}"]]


@pytest.mark.parametrize(("name", "subject"), [("A_1.bmp", "A"), ("a_b_07.tif", "a_b"), ("Zoë Ö._x.y.png", "Zoë Ö.")])
def test_the_subject_is_what_comes_before_the_last_underscore(name: str, subject: str) -> None:
    assert subject_of(Path("folder") / name) == subject


@pytest.mark.parametrize("name", ["A.bmp", "_1.bmp", "a.b_c"])
def test_a_name_without_a_subject_is_refused(name: str) -> None:
    with pytest.raises(EnrollmentError, match="--id"):
        subject_of(Path(name))


# --- moving ---------------------------------------------------------------------------------------------------------


def test_nothing_is_moved_unless_asked(watch: Call, stripes: Path, inbox: Path) -> None:
    scan = drop(stripes / "A_01.bmp", inbox)
    before = scan.stat()
    watch()
    assert (scan.read_bytes(), scan.stat().st_mtime) == ((stripes / "A_01.bmp").read_bytes(), before.st_mtime)


def test_scans_are_moved_and_overwrite_nothing(watch: Call, stripes: Path, inbox: Path) -> None:
    done = inbox / "done"
    done.mkdir()
    (done / "A_01.bmp").write_text("kept")
    drop(stripes / "A_01.bmp", inbox)
    (inbox / "bad_1.bmp").write_bytes(b"no image")
    assert watch("--move-to", done).code == 3
    assert sorted(path.name for path in done.iterdir()) == ["A_01-1.bmp", "A_01.bmp", "bad_1.bmp"]
    assert (done / "A_01.bmp").read_text() == "kept"
    assert (done / "A_01-1.bmp").read_bytes() == (stripes / "A_01.bmp").read_bytes()
    assert [path for path in inbox.iterdir() if path.is_file()] == []
    assert watch("--move-to", done).out == ""


@pytest.mark.parametrize(
    "words", [("none",), (".", "--move-to", "."), (".", "--move-to", "none"), (".", "--fmr", "2"), ()]
)
def test_wrong_use_is_said_at_once(call: Call, words: tuple[str, ...]) -> None:
    ended = call("watch", *words)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)


def test_without_a_store_there_is_nothing_to_watch_for(call: Call, inbox: Path, edges_model: Path) -> None:
    ended = call("watch", inbox, "--once", "--model", edges_model)
    assert (ended.code, ended.out, ended.err.count("\n")) == (3, "", 1)
    assert not Path("enroll_db").exists()


# --- files that are being written -----------------------------------------------------------------------------------


class Clock:
    """What time it is, when it is told."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("fpverify.cli.watch.time.monotonic", clock)
    return clock


def looked(inbox: Inbox, clock: Clock) -> list[str]:
    clock.now_s += 0.2
    return [path.name for path in inbox.finished()]


def test_a_file_that_grows_is_not_finished(inbox: Path, clock: Clock) -> None:
    watched, scan = Inbox(inbox), inbox / "A_1.bmp"
    for size in range(1, 6):
        scan.write_bytes(b"x" * size)
        assert looked(watched, clock) == []
    assert looked(watched, clock) == ["A_1.bmp"]
    assert looked(watched, clock) == []


def test_a_file_that_changes_is_a_new_scan(inbox: Path, clock: Clock) -> None:
    watched, scan = Inbox(inbox), inbox / "A_1.bmp"
    scan.write_bytes(b"x")
    assert [looked(watched, clock) for _ in range(3)] == [[], ["A_1.bmp"], []]
    os.utime(scan, (1, 1))
    assert [looked(watched, clock) for _ in range(3)] == [[], ["A_1.bmp"], []]
    scan.unlink()
    assert looked(watched, clock) == []
    scan.write_bytes(b"y")
    os.utime(scan, (1, 1))
    assert [looked(watched, clock) for _ in range(3)] == [[], ["A_1.bmp"], []]


def test_an_empty_file_has_time_to_be_filled(inbox: Path, clock: Clock) -> None:
    watched = Inbox(inbox)
    (inbox / "A_1.bmp").touch()
    seen = [looked(watched, clock) for _ in range(20)]
    assert [index for index, names in enumerate(seen) if names] == [pytest.approx(15, abs=1)]


def test_once_does_not_wait_for_ever(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fpverify.cli.watch.ONCE_PATIENCE_S", 0.3)
    monkeypatch.setattr("fpverify.cli.watch.POLL_S", 0.02)
    (inbox / "A_1.bmp").touch()
    assert list(Inbox(inbox).until_done(threading.Event())) == []


def test_once_takes_nothing_that_comes_later(inbox: Path) -> None:
    (inbox / "A_1.bmp").write_bytes(b"x")
    found = Inbox(inbox).until_done(threading.Event())
    names = []
    for path in found:
        names.append(path.name)
        (inbox / "A_2.bmp").write_bytes(b"x")
    assert names == ["A_1.bmp"]


# --- as a process ---------------------------------------------------------------------------------------------------


@pytest.fixture
def watching(enrolled: Path, edges_model: Path, inbox: Path) -> Iterator[subprocess.Popen[str]]:
    words = ["watch", inbox, "--model", edges_model, "--db", enrolled, "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "fpverify", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:
        yield process
        process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_scans_are_seen_as_they_come_until_a_signal(
    watching: subprocess.Popen[str], stripes: Path, inbox: Path, ending: signal.Signals
) -> None:
    assert watching.stdout is not None
    assert watching.stderr is not None
    for name, seen_as, word in (
        ("A_01.bmp", "A_1.bmp", "match"),
        ("B_01.bmp", "A_2.bmp", "non-match"),
        ("A_02.bmp", "A_3.bmp", "match"),
    ):
        drop(stripes / name, inbox, seen_as)
        line = json.loads(watching.stdout.readline())
        assert (line["scan"], line["decision"]) == (seen_as, word)
    watching.send_signal(ending)
    assert watching.wait(PATIENCE_S) == 0
    assert (watching.stdout.read(), watching.stderr.read()) == ("", "")


def test_a_folder_that_goes_away_ends_it(watching: subprocess.Popen[str], stripes: Path, inbox: Path) -> None:
    assert watching.stdout is not None
    assert watching.stderr is not None
    drop(stripes / "A_01.bmp", inbox)
    watching.stdout.readline()
    shutil.rmtree(inbox)
    assert watching.wait(PATIENCE_S) == 3
    assert watching.stderr.read().count("\n") == 1
