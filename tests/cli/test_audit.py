from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


@pytest.fixture
def store(enrolled: Path, enroll: Call) -> Path:
    """A, right-index, and B enrolled."""
    assert enroll("B_00.bmp", "--finger", "left-thumb", subject="B").code == 0
    return enrolled


def forge(store: Path, statement: str) -> None:
    connection = sqlite3.connect(store)
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_the_trail_has_a_line_for_each_entry_the_oldest_first(call: Call, store: Path) -> None:
    lines = call("audit", "show").out.splitlines()
    assert lines[0].split() == ["entry", "time", "action", "subject", "finger", "details"]
    enrolled = [line.split()[4:7] for line in lines if " enroll " in line]
    assert enrolled == [["enroll", "A", "right-index"], ["enroll", "B", "left-thumb"]]


def test_the_trail_of_a_subject_and_the_latest_entries(call: Call, store: Path) -> None:
    call("delete", "--id", "B")
    entries = call("audit", "show", "--id", "B", "--json").answer["entries"]
    assert [one["action"] for one in entries] == ["enroll", "delete"]
    assert entries[1]["details"]["removed"] == entries[0]["details"]["added"]
    (last,) = call("audit", "show", "--last", "1", "--json").answer["entries"]
    assert last == entries[1]
    assert call("audit", "show", "--id", "Nobody").out == f"nothing was done with Nobody in {store}\n"


def test_an_intact_store_ends_with_0(call: Call, store: Path) -> None:
    ended = call("audit", "verify")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("intact: ")
    intact, unsaid = ended.out.splitlines()
    assert intact.endswith(f" 2 records in {store}")
    assert unsaid.startswith("without --anchor nobody can tell whether the end of the trail was cut off")
    answer = call("audit", "verify", "--json").answer
    assert (answer["intact"], answer["records"], answer["findings"]) == (True, 2, [])
    assert (answer["seals_opened"], answer["anchored"]) == (True, False)


def test_an_anchored_store_ends_with_0_and_no_doubt(call: Call, store: Path) -> None:
    anchor = call("audit", "anchor").out.strip()
    assert len(call("audit", "verify", "--anchor", anchor).out.splitlines()) == 1
    answer = call("audit", "verify", "--quick", "--anchor", anchor, "--json").answer
    assert (answer["seals_opened"], answer["anchored"]) == (False, True)


def test_a_deleted_subject_that_is_back_is_refused_and_that_stays_in_the_trail(
    call: Call, store: Path, stripes: Path, edges_model: Path, enroll: Call
) -> None:
    with closing(sqlite3.connect(store)) as connection:
        (subject,) = connection.execute("SELECT * FROM subjects WHERE name = 'B'").fetchall()
        (record,) = connection.execute("SELECT * FROM impressions WHERE subject_id = ?", subject[:1]).fetchall()
    assert call("delete", "--id", "B").code == 0
    with closing(sqlite3.connect(store, isolation_level=None)) as connection:
        for table, row in (("subjects", subject), ("impressions", record)):
            connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608
    ended = call("verify", stripes / "B_01.bmp", "--id", "B", "--model", edges_model)
    assert (ended.code, ended.out, len(ended.err.splitlines())) == (3, "", 1)
    assert "a record of subject 'B' in the store" in ended.err
    assert "was put back: the audit trail says that it was deleted" in ended.err
    found = call("identify", stripes / "B_01.bmp", "--model", edges_model, "--json").answer
    assert [one["subject"] for one in found["candidates"] if one["subject"] == "B"] == []
    assert found["decision"] == "non-match"
    assert enroll("B_01.bmp", subject="C").code == 0  # it is no duplicate of what is not there
    assert enroll("B_02.bmp", subject="B").code == 3
    assert call("verify", stripes / "A_01.bmp", "--id", "A", "--model", edges_model).code == 0
    with closing(sqlite3.connect(store, isolation_level=None)) as connection:
        connection.execute("DELETE FROM impressions WHERE id = ?", record[:1])
        connection.execute("DELETE FROM subjects WHERE id = ?", subject[:1])
    ended = call("audit", "verify")
    assert ended.code == 3
    assert ended.out.startswith("'B' was put back after it was deleted (entry 5, ")
    assert len(ended.out.splitlines()) == 1


def test_an_altered_store_ends_with_3_and_a_line_for_each_finding(call: Call, store: Path) -> None:
    forge(store, "UPDATE impressions SET record_id = 'ffffffffffffffff' WHERE id = 1")
    ended = call("audit", "verify", "--quick")
    assert (ended.code, len(ended.out.splitlines())) == (3, 2)
    ended = call("audit", "verify", "--json")
    assert (ended.code, ended.answer["intact"], len(ended.answer["findings"])) == (3, False, 3)


def test_an_anchor_shows_a_rollback(call: Call, store: Path) -> None:
    shutil.copy(store, "backup")
    call("delete", "--id", "B")
    anchor = call("audit", "anchor").out.strip()
    assert call("audit", "anchor", "--json").answer["anchor"] == anchor
    assert call("audit", "verify", "--anchor", anchor).code == 0
    shutil.copy("backup", store)
    assert call("audit", "verify").code == 0
    ended = call("audit", "verify", "--anchor", anchor)
    assert ended.code == 3
    assert "put back to an earlier state" in ended.out


def test_a_mistyped_anchor_is_wrong_use(call: Call, store: Path) -> None:
    ended = call("audit", "verify", "--anchor", "fpva1-x")
    assert (ended.code, ended.out) == (2, "")
    assert "no anchor" in ended.err


@pytest.mark.parametrize("command", ["show", "verify", "anchor"])
def test_without_a_store_there_is_one_line_and_none_is_made(call: Call, command: str) -> None:
    ended = call("audit", command)
    assert (ended.code, ended.out, len(ended.err.splitlines())) == (3, "", 1)
    assert not Path("enroll_db").exists()


def test_what_was_forged_does_not_steer_the_terminal(call: Call, store: Path) -> None:
    forge(store, "UPDATE audit SET subject = 'A' || char(27) || '[2J' WHERE sequence = 2")
    ended = call("audit", "show")
    assert "\x1b" not in ended.out
    assert "\\x1b[2J" in ended.out


@pytest.mark.parametrize(
    "forged",
    [
        """details = '{"a": NaN, "b": [Infinity, {"c": null}], "added": 7}'""",
        "details = '[1]'",
        "details = x'ff'",
        "at = x'00ff'",
        "action = x'00ff'",
        "subject = 1.5",
        "finger = x'00ff'",
    ],
)
def test_an_entry_that_was_forged_is_shown_and_found(call: Call, store: Path, forged: str) -> None:
    forge(store, f"UPDATE audit SET {forged} WHERE sequence = 2")  # noqa: S608
    for words in ((), ("--json",)):
        ended = call("audit", "show", *words)
        assert (ended.code, ended.err) == (0, "")
        ended = call("audit", "verify", *words)
        assert (ended.code, ended.err) == (3, "")
