"""enroll --from: many fingers at once."""

from __future__ import annotations

import csv
import os
import signal
import stat
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from effort import tries

from fpverify.store import Store

Call = Callable[..., Any]
KILLS = tries(2, 4)
ROWS = tries(70, 150)


@pytest.fixture
def people(tmp_path: Path, stripes: Path) -> Path:
    """A list of two fingers of two impressions each, and what is wrong with further rows."""
    rows = [
        *[("Ann", "right-index", stripes / name) for name in ("A_00.bmp", "A_01.bmp")],
        *[("Bob", "right-index", stripes / name) for name in ("B_00.bmp", "B_01.bmp")],
        ("Cid", "left-index", stripes / "A_02.bmp"),
        ("Ann", "right-index", stripes / "B_03.bmp"),
        ("Dot", "left-index", stripes / "none.bmp"),
        ("Dot", "big-toe", stripes / "A_03.bmp"),
    ]
    path = tmp_path / "people.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("id", "finger", "file"), *rows])
    return path


@pytest.fixture
def enroll_list(call: Call, edges_model: Path) -> Call:
    return lambda *words: call("enroll", "--model", edges_model, "--workers", 1, *words)


def told(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_list_is_enrolled_and_the_report_says_what_was_not(enroll_list: Call, call: Call, people: Path) -> None:
    ended = enroll_list("--from", people, "--report", "rows.csv")
    assert ended.code == 3
    assert ended.out.splitlines()[0] == "4 of 8 rows enrolled"
    rows = told(Path("rows.csv"))
    assert [one["outcome"] for one in rows] == [
        *["enrolled"] * 4, "duplicate", "disagreement", "unreadable", "refused"
    ]  # fmt: skip
    assert list(rows[0]) == ["id", "finger", "file", "outcome", "reason", "other_id", "score"]
    assert (rows[4]["other_id"], float(rows[4]["score"]) > 30) == ("Ann", True)
    assert "there is no such file" in rows[6]["reason"]
    assert stat.S_IMODE(Path("rows.csv").stat().st_mode) == 0o600
    fingers = call("list", "--json").answer["fingers"]
    assert [(one["subject"], one["impressions"]) for one in fingers] == [("Ann", 2), ("Bob", 2)]


def test_a_finished_list_is_left_alone(enroll_list: Call, people: Path) -> None:
    lines = people.read_text().splitlines()
    people.write_text("\n".join(lines[:5]))
    assert enroll_list("--from", people).code == 0
    again = enroll_list("--from", people, "--json")
    assert again.code == 0
    assert again.answer["outcomes"] == {"present": 4}


def test_without_a_report_the_first_reasons_are_shown(enroll_list: Call, people: Path) -> None:
    ended = enroll_list("--from", people)
    assert "A_02.bmp: duplicate: this finger is enrolled already, of 'Ann', right-index" in ended.err
    assert "none.bmp: unreadable: there is no such file" in ended.err


def test_unchecked_rows_are_not_looked_for(enroll_list: Call, people: Path) -> None:
    assert enroll_list("--from", people, "--unchecked", "--json").answer["outcomes"] == {
        "enrolled": 6, "refused": 1, "unreadable": 1
    }  # fmt: skip


def test_a_rehearsal_leaves_no_trace(enroll_list: Call, people: Path, tmp_path: Path) -> None:
    before = set(tmp_path.rglob("*"))
    ended = enroll_list("--from", people, "--dry-run", "--json")
    assert ended.answer["outcomes"] == {
        "disagreement": 1, "duplicate": 1, "enrolled": 4, "refused": 1, "unreadable": 1
    }  # fmt: skip
    assert ended.answer["dry_run"]
    assert set(tmp_path.rglob("*")) == before
    assert "4 of 8 rows would be enrolled" in enroll_list("--from", people, "--dry-run").out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--from", "people.csv", "--id", "A"), "--from takes a list in place of a scan"),
        (("x.bmp",), "a scan or --reader, and --id, or --from with a list"),
        (("x.bmp", "--id", "A", "--dry-run"), "--report and --dry-run are of a list"),
        (("--from", "people.csv", "--report", "rows.txt"), "ends in none of .csv"),
    ],
)
def test_wrong_use_is_told(enroll_list: Call, words: tuple[str, ...], message: str) -> None:
    ended = enroll_list(*words)
    assert ended.code == 2
    assert message in ended.err


def test_a_list_that_cannot_be_read_is_named(enroll_list: Call, tmp_path: Path) -> None:
    ended = enroll_list("--from", "none.csv")
    assert ended.code == 3
    assert ended.err.count("\n") == 1
    assert "none.csv: no such file" in ended.err
    assert not (tmp_path / "enroll_db").exists()


@pytest.mark.slow
def test_killed_at_any_moment_a_list_goes_on_without_doubles(tmp_path: Path, stripes: Path, edges_model: Path) -> None:
    scan = (stripes / "A_00.bmp").read_bytes()
    with (tmp_path / "people.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "file"))
        for number in range(ROWS):
            (tmp_path / f"{number}.bmp").write_bytes(scan + b"%d" % number)  # of its own hash, and the same picture
            writer.writerow((f"S{number}", f"{number}.bmp"))
    words = ["enroll", "--from", "people.csv", "--db", "store", "--key", "none", "--unchecked", "--workers", "2"]
    command = [sys.executable, "-m", "fpverify", *words, "--model", str(edges_model), "--report", "rows.csv"]
    kept: set[str] = set()
    for kill in range(KILLS):
        Path(tmp_path, "rows.csv").unlink(missing_ok=True)
        process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL, start_new_session=True)
        while process.poll() is None and len(_lines(tmp_path / "rows.csv")) < 20 * kill:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        kept |= {line.split(",")[0] for line in _lines(tmp_path / "rows.csv")[1:-1] if ",enrolled," in line}
        _wait_until_alone(process.pid)
        with Store.open(tmp_path / "store", key="none") as store:
            assert kept <= {one.subject for one in store.records()}
    assert subprocess.run(command, cwd=tmp_path, stderr=subprocess.DEVNULL, check=False).returncode == 0
    with Store.open(tmp_path / "store", key="none") as store:
        assert Counter(one.subject for one in store.records()) == {f"S{number}": 1 for number in range(ROWS)}


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def _wait_until_alone(group: int) -> None:
    """Until the processes that the killed one had made have ended by themselves."""
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("processes go on although the one that made them was killed")
