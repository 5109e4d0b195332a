"""What somebody does who may write the database and has no key, each named by what shows it.

The table in docs/security.md, "Threats", says the same in words.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from forgery import put_back, rows_of, take_away

from fpverify.errors import CorruptRecord, DeletedRecord
from fpverify.store import Store
from fpverify.store.anchors import anchor_of
from fpverify.store.inspection import inspect
from fpverify.store.schema import TABLE_STATEMENTS
from fpverify.vocabulary import Scan

RIGHT = "right-index"
OpenStore = Callable[..., Store]


def of_b(statement: str) -> str:
    """A statement about impressions, of those of B alone."""
    return f"{statement} WHERE subject_id = (SELECT id FROM subjects WHERE name = 'B')"  # noqa: S608 - a constant


@pytest.fixture
def tampered(open_store: OpenStore, make_template: Callable[..., Any]) -> Callable[..., list[str]]:
    """What `audit verify` finds after some statements, in a store of A and B, with a scan each, and of nobody else."""

    def findings(*statements: str, quick: bool = False) -> list[str]:
        with open_store() as store:
            for seed, subject in enumerate("AB"):
                scan = Scan(np.full((40, 40), seed, np.uint8), 500.0)
                store.add(subject, RIGHT, make_template(seed), scan=scan)
            store.add("C", RIGHT, make_template(9))
            store.delete("C")
            assert inspect(store).intact
            for statement in statements:
                store._database.execute(statement)
        with open_store() as store:
            return list(inspect(store, quick=quick).findings)

    return findings


def shows(findings: Sequence[str], *expected: str) -> bool:
    return len(findings) == len(expected) and all(
        any(re.search(pattern, one) for one in findings) for pattern in expected
    )


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (of_b("UPDATE impressions SET quality = 2"), ("of 'B' is not as it was sealed",)),
        (of_b("UPDATE impressions SET finger = 5"), ("of 'B' is not as it was sealed",)),
        (of_b("UPDATE impressions SET number = 7"), ("of 'B' is not as it was sealed",)),
        (of_b("UPDATE impressions SET model_id = 'x'"), ("of 'B' is not as it was sealed",)),
        (of_b("UPDATE impressions SET enrolled_at = '2000-01-01'"), ("of 'B' is not as it was sealed",)),
        (
            "UPDATE subjects SET metadata = (SELECT metadata FROM subjects a WHERE a.name = 'A') WHERE name = 'B'",
            ("notes on 'B' are not as they were sealed",),
        ),
        ("UPDATE subjects SET impression_count = 0 WHERE name = 'B'", ("'B' has 1 records, and should have 0",)),
        (
            "UPDATE scans SET scan = (SELECT scan FROM scans a ORDER BY impression_id LIMIT 1)",
            ("the scan of record .* of 'B' is not as it was sealed",),
        ),
    ],
)
def test_opening_every_seal_shows_what_was_altered(
    tampered: Callable[..., list[str]], statement: str, expected: tuple[str, ...]
) -> None:
    found = tampered(statement)
    assert shows(found, *expected), found


def test_opening_every_seal_shows_records_that_were_swapped(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        for seed, subject in enumerate("AB"):
            store.add(subject, RIGHT, make_template(seed))
        (one, a), (other, b) = store._database.rows("SELECT id, record FROM impressions ORDER BY id")
        for row, record in ((one, b), (other, a)):
            store._database.execute("UPDATE impressions SET record = ? WHERE id = ?", record, row)
        found = inspect(store).findings
    assert shows(found, "record .* of 'A' is not as it was sealed", "record .* of 'B' is not as it was sealed"), found


@pytest.mark.parametrize("change", ["one byte", "last bit", "another kind"])
def test_opening_every_seal_shows_a_record_that_was_damaged(open_store: OpenStore, make_template, change: str) -> None:
    with open_store() as store:
        for seed, subject in enumerate("AB"):
            store.add(subject, RIGHT, make_template(seed))
        (sealed,) = store._database.first(of_b("SELECT record FROM impressions")) or (b"",)
        damaged = {"one byte": b"\0", "last bit": sealed[:-1] + bytes([sealed[-1] ^ 1]), "another kind": b"\2" + sealed}
        store._database.execute(of_b("UPDATE impressions SET record = ?"), damaged[change])
        assert shows(inspect(store).findings, "record .* of 'B' is not as it was sealed")
        assert inspect(store, quick=True).intact
        with pytest.raises(CorruptRecord):
            store.references("B")
        assert len(store.references("A")) == 1


def test_the_trail_shows_a_record_that_was_moved_to_somebody_else(tampered: Callable[..., list[str]]) -> None:
    found = tampered(of_b("UPDATE impressions SET number = 2, subject_id = (SELECT id FROM subjects WHERE name = 'A')"))
    assert any("is of 'A', but should be of 'B'" in one for one in found), found


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (of_b("DELETE FROM impressions"), "is missing: it was enrolled and never deleted"),
        ("UPDATE audit SET subject = 'D' WHERE sequence = 2", "entry 2 was altered"),
        ("DELETE FROM audit WHERE sequence = 3", "entry 3 was altered"),
        (
            "INSERT INTO audit SELECT 99, at, action, subject, finger, details, mac FROM audit WHERE sequence = 2",
            "entry",
        ),
        ("DELETE FROM audit WHERE sequence = (SELECT max(sequence) FROM audit)", "the head does not fit"),
    ],
)
def test_the_trail_shows_rows_that_were_taken_or_added(
    tampered: Callable[..., list[str]], statement: str, expected: str, quick: bool
) -> None:
    found = tampered(statement, quick=quick)
    assert any(expected in one for one in found), found


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("table", ["subjects", "impressions", "scans", "audit", "store"])
def test_the_schema_shows_a_view_in_a_tables_place(tampered: Callable[..., list[str]], table: str, quick: bool) -> None:
    found = tampered(
        f"ALTER TABLE {table} RENAME TO kept",
        f"CREATE VIEW {table} AS SELECT * FROM kept",  # noqa: S608 - constants
        quick=quick,
    )
    assert any(f"{table} is a view, and should be a table" in one for one in found), found


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("ALTER TABLE audit ADD COLUMN more TEXT", "the table audit has a foreign column 'more'"),
        ("CREATE UNIQUE INDEX x ON audit (action, sequence)", "audit may not hold the same action, sequence twice"),
        ("CREATE INDEX x ON subjects (lower(name))", "there is an index 'x' on subjects, which no store has"),
    ],
)
def test_the_schema_shows_columns_and_indexes_of_others(
    tampered: Callable[..., list[str]], statement: str, expected: str
) -> None:
    found = tampered(statement)
    assert len(found) == 1
    assert expected in found[0]


def test_an_index_that_only_saves_time_is_nobodys_concern(tampered: Callable[..., list[str]]) -> None:
    assert tampered("CREATE INDEX x ON impressions (enrolled_at)") == []


def test_the_schema_shows_what_was_added_to_a_file(tmp_path: Path, make_template) -> None:
    with Store.open(tmp_path / "db") as store:
        store.add("A", RIGHT, make_template())
        for statement in (
            "CREATE TABLE more (x)",
            "CREATE TRIGGER t AFTER INSERT ON audit BEGIN DELETE FROM more; END",
            "DROP INDEX subjects_by_name",
            "CREATE INDEX subjects_by_name ON subjects (name) WHERE id > 1",
            "CREATE VIEW v AS SELECT 1",
        ):
            store._database.execute(statement)
        found = inspect(store).findings
    assert shows(
        found,
        "there is a table 'more'",
        "there is a trigger 't' on 'audit'",
        "there is a view 'v'",
        "the index subjects_by_name is another than it should be",
    ), found


def test_the_schema_shows_uniqueness_that_was_lost_in_a_file(tmp_path: Path, make_template) -> None:
    with Store.open(tmp_path / "db") as store:
        store.add("A", RIGHT, make_template())
        store._database.execute("PRAGMA foreign_keys = OFF")
        for table, before, after in (
            ("subjects", "name TEXT NOT NULL UNIQUE,", "name TEXT NOT NULL COLLATE NOCASE UNIQUE,"),
            ("impressions", "record_id TEXT NOT NULL UNIQUE,", "record_id TEXT,"),
            ("scans", "ON DELETE CASCADE,", ","),
        ):
            made = next(one for one in TABLE_STATEMENTS if f"CREATE TABLE {table} " in one)
            store._database.execute(f"DROP TABLE {table}")
            store._database.execute(made.replace(before, after).format_map(store._database.types))
    with Store.open(tmp_path / "db") as store:
        found = store._database.departures()
    assert any("the column record_id of impressions is TEXT?" in one for one in found), found
    assert any("there is an index 'sqlite_autoindex_subjects_1' on subjects" in one for one in found), found
    assert any("impressions may hold the same record_id twice" in one for one in found), found
    assert any("impression_id of scans refers to impressions no more" in one for one in found), found


def test_the_schema_shows_what_was_added_to_a_server(new_database: str, make_template) -> None:
    with Store.open(new_database) as store:
        store.add("A", RIGHT, make_template())
        for statement in (
            "CREATE TABLE others (x INT)",
            "CREATE VIEW reports AS SELECT name FROM subjects",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            "CREATE TRIGGER t BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION f()",
            "CREATE RULE r AS ON DELETE TO scans DO INSTEAD NOTHING",
            "CREATE TABLE heirs () INHERITS (impressions)",
            "ALTER TABLE subjects DROP CONSTRAINT subjects_name_key",
            "ALTER TABLE subjects ALTER COLUMN metadata DROP NOT NULL",
            "ALTER TABLE audit ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE audit ADD CONSTRAINT c CHECK (sequence < 1000)",
            "ALTER TABLE scans DROP CONSTRAINT scans_impression_id_fkey",
        ):
            store._database.execute(statement)
        found = inspect(store).findings
    assert shows(
        found,
        "there is a trigger 't' on audit",
        "there is a rule 'r' on scans",
        "impressions shares rows with another table",
        "subjects may hold the same name twice",
        r"the column metadata of subjects is bytea\?",
        "audit hides rows by a policy",
        "audit has 1 conditions",
        "impression_id of scans refers to impressions no more",
    ), found


def test_a_verification_and_the_trail_show_a_deleted_subject_that_is_back(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        for seed, subject in enumerate("AB"):
            store.add(subject, RIGHT, make_template(seed))
        kept = rows_of(store, "B")
        store.delete("B")
        put_back(store, kept)
        with pytest.raises(DeletedRecord):
            store.references("B")
        assert shows(inspect(store).findings, "was put in: no entry says so")
        take_away(store, kept)
        assert inspect(store).intact


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize(("word", "said"), [("match", "matched"), ("non-match", "was compared")])
def test_the_trail_shows_a_deleted_subject_that_was_back_for_a_while(
    open_store: OpenStore, make_template, word: str, said: str, quick: bool
) -> None:
    with open_store() as store:
        for seed, subject in enumerate("AB"):
            store.add(subject, RIGHT, make_template(seed))
        kept = rows_of(store, "B")
        store.delete("B")
        entry = store._database.rows("SELECT * FROM audit ORDER BY sequence DESC LIMIT 1")[0]
        put_back(store, kept)
        store._database.execute("DELETE FROM audit WHERE sequence = ?", entry[0])
        assert len(store.references("B")) == 1  # who takes the deletion out of the trail as well is believed,
        store.note_decision("verify", "B", decision=word)
        take_away(store, kept)
        store._database.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)", *entry)
        found = inspect(store, quick=quick).findings  # and found out
        store.add("B", RIGHT, make_template(3))
        store.note_decision("verify", "B", decision=word)
        assert len(inspect(store).findings) == 1
    assert shows(found, rf"'B' {said} after it was deleted or renamed \(entry 5, 20..-..-.. ..:..:.. UTC\)"), found


def test_the_trail_shows_a_finger_that_was_back_for_a_while(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        for finger in (RIGHT, "left-index"):
            store.add("A", finger, make_template(0))
        store.note_decision("verify", "A", RIGHT, decision="match")
        store.delete("A", RIGHT)
        store.append_audit("verify", "A", RIGHT, decision="match")
        store.append_audit("identify", "Nobody", RIGHT, decision="match")
        assert shows(
            inspect(store).findings,
            "'A' matched by right-index, which was not enrolled then",
            "'Nobody' matched without being enrolled",
        )


def test_only_an_anchor_shows_a_trail_that_was_cut_with_its_head(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        store.add("A", RIGHT, make_template(0))
        head = store._database.first("SELECT head_count, head_mac, head_seal FROM store") or ()
        for _ in range(3):
            store.note_decision("verify", "A", decision="match")
        anchor = anchor_of(store)
        store._database.execute("DELETE FROM audit WHERE sequence > ?", head[0])
        store._database.execute("UPDATE store SET head_count = ?, head_mac = ?, head_seal = ?", *head)
        assert inspect(store).intact
        assert shows(inspect(store, anchor).findings, "the store was put back to an earlier state")


def test_only_an_anchor_shows_a_store_that_was_put_back_and_used(tmp_path: Path, make_template) -> None:
    with Store.open(tmp_path / "db") as store:
        store.add("B", RIGHT, make_template(0))
    shutil.copytree(tmp_path / "db", tmp_path / "copy")
    with Store.open(tmp_path / "db") as store:
        store.delete("B")
        anchor = anchor_of(store)
    shutil.copytree(tmp_path / "copy", tmp_path / "db", dirs_exist_ok=True)
    with Store.open(tmp_path / "db") as store:
        store.note_decision("verify", "B", decision="match")
        assert inspect(store).intact
        assert shows(inspect(store, anchor).findings, "put back to an earlier state and used since")


def test_nothing_shows_notes_that_were_put_back_and_scans_that_were_taken(open_store: OpenStore, make_template) -> None:
    """What docs/security.md says of it; whoever finds a way to show it has to change both."""
    with open_store() as store:
        store.add("A", RIGHT, make_template(0), scan=Scan(np.zeros((40, 40), np.uint8), 500.0))
        (earlier,) = store._database.first("SELECT metadata FROM subjects") or (b"",)
        store.update("A", metadata={"gate": 3})
        store._database.execute("UPDATE subjects SET metadata = ?", earlier)
        store._database.execute("DELETE FROM scans")
        assert inspect(store).intact
