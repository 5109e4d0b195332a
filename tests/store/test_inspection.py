"""What the audit trail, compared with the store and with an anchor, brings to light."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fpverify.errors import CorruptRecord, DeletedRecord, StoreError
from fpverify.store import Store
from fpverify.store.anchors import Anchor, anchor_of, later_anchor
from fpverify.store.audit import AuditEntry
from fpverify.store.inspection import Inspection, expected_records, inspect

INDEX = "right-index"


@pytest.fixture
def folder(tmp_path: Path, make_template: Callable[..., Any]) -> Path:
    """A store with A twice and B once, where C was enrolled and deleted."""
    with Store.open(tmp_path / "db") as store:
        for seed, subject in enumerate("AABC"):
            store.add(subject, INDEX, make_template(seed))
        store.delete("C")
    return tmp_path / "db"


def inspected(folder: Path, anchor: Anchor | None = None, *, quick: bool = False) -> Inspection:
    with Store.open(folder, create=False) as store:
        return inspect(store, anchor, quick=quick)


def tamper(folder: Path, *statements: str) -> None:
    """What somebody does who has the file, but no key."""
    connection = sqlite3.connect(folder / "enrollments.sqlite")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_store_is_what_its_trail_says_after_every_kind_of_change(
    open_store: Callable[..., Store], make_template
) -> None:
    with open_store() as store:
        for seed, subject in enumerate("AAB"):
            store.add(subject, INDEX, make_template(seed))
        store.append_audit("verify", "A", INDEX, decision="match")
        store.update("A", rename="Z", metadata={"gate": 3})
        store.delete("B")
        store.rotate()
        found = inspect(store, anchor_of(store))
    assert (found.intact, found.findings, found.records) == (True, (), 2)
    assert found.entries >= 8


def test_an_empty_store_is_intact(tmp_path: Path) -> None:
    with Store.open(tmp_path / "db") as store:
        assert inspect(store).intact


@pytest.mark.parametrize(
    ("forgery", "finding"),
    [
        ("UPDATE audit SET subject = 'D' WHERE sequence = 2", "altered"),
        ("UPDATE audit SET details = '{}' WHERE sequence = 2", "altered"),
        ("UPDATE audit SET details = 'x' WHERE sequence = 2", "altered"),
        ("UPDATE audit SET subject = x'ff' WHERE sequence = 2", "altered"),
        ("UPDATE audit SET at = x'ff' WHERE sequence = 2", "altered"),
        ("UPDATE audit SET mac = 'text' WHERE sequence = 2", "altered"),
        ("DELETE FROM audit WHERE sequence = 3", "altered"),
        ("DELETE FROM audit WHERE sequence = (SELECT max(sequence) FROM audit)", "head"),
        ("UPDATE store SET head_count = 2", "head"),
        ("DELETE FROM impressions WHERE number = 2", "is missing"),
        ("UPDATE impressions SET record_id = 'ffffffffffffffff' WHERE number = 2", "was put in"),
    ],
)
def test_a_forgery_is_found(folder: Path, forgery: str, finding: str) -> None:
    tamper(folder, forgery)
    assert finding in " ".join(inspected(folder).findings)


def test_a_missing_and_an_added_record_are_both_named(folder: Path) -> None:
    with Store.open(folder) as store:
        lost = set(store.record_ids())
    tamper(folder, "UPDATE impressions SET record_id = 'ffffffffffffffff' WHERE number = 2")
    missing, added = inspected(folder, quick=True).findings
    assert added == "record ffffffffffffffff was put in: no entry says so"
    assert missing.split()[1] in lost
    assert missing.endswith("is missing: it was enrolled and never deleted")


def test_a_rollback_shows_by_an_anchor_alone(folder: Path, make_template: Callable[..., Any]) -> None:
    shutil.copytree(folder, folder.with_name("backup"))
    with Store.open(folder) as store:
        store.add("D", INDEX, make_template(9))
        anchor = anchor_of(store)
    assert inspected(folder, anchor).intact
    shutil.copytree(folder.with_name("backup"), folder, dirs_exist_ok=True)
    assert inspected(folder).intact
    assert "put back to an earlier state" in inspected(folder, anchor).findings[0]
    with Store.open(folder) as store:
        for seed in range(3):
            store.add("E", INDEX, make_template(seed))
    assert inspected(folder).intact
    assert "put back to an earlier state and used since" in inspected(folder, anchor).findings[0]
    with Store.open(folder) as store, pytest.raises(CorruptRecord, match="put back to an earlier state and used since"):
        later_anchor(store, anchor)


def test_a_later_anchor_goes_on_from_an_earlier_one(folder: Path, tmp_path: Path) -> None:
    with Store.open(folder) as store:
        first = later_anchor(store, None)
        store.append_audit("verify", "A", decision="match")
        assert later_anchor(store, first).count == first.count + 1
        assert later_anchor(store, Anchor(first.store, 0, bytes(32).hex())) == later_anchor(store, first)
    with Store.open(tmp_path / "other") as other, pytest.raises(CorruptRecord, match="another was put in its place"):
        later_anchor(other, first)


def test_an_anchor_stays_good_however_much_is_done_since(folder: Path) -> None:
    with Store.open(folder) as store:
        anchor = anchor_of(store)
        for _ in range(3):
            store.append_audit("verify", "A", decision="match")
        assert inspect(store, anchor).intact


def test_an_anchor_of_another_store_is_told_apart(folder: Path, tmp_path: Path) -> None:
    with Store.open(tmp_path / "other") as other:
        anchor = anchor_of(other)
    assert "another was put in its place" in inspected(folder, anchor).findings[0]


def test_no_anchor_is_made_of_a_head_that_was_altered(folder: Path) -> None:
    tamper(folder, "UPDATE store SET head_count = 2")
    with Store.open(folder) as store, pytest.raises(CorruptRecord):
        anchor_of(store)


ANCHORS = st.builds(
    Anchor,
    st.binary(min_size=4, max_size=4).map(bytes.hex),
    st.integers(0, 10**17),
    st.binary(min_size=32, max_size=32).map(bytes.hex),
)


@given(ANCHORS, st.data())
def test_an_anchor_is_read_back_and_a_mistyped_one_is_refused(anchor: Anchor, data: st.DataObject) -> None:
    text = str(anchor)
    assert Anchor.parse(f" {text}\n") == Anchor.parse(text.upper()) == anchor
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("0123456789abcdef-").filter(lambda letter: letter != text[place]))
    with pytest.raises(ValueError, match="anchor"):
        Anchor.parse(text[:place] + other + text[place + 1 :])


def test_expected_records_are_those_added_and_not_removed_since() -> None:
    changes: list[dict[str, Any]] = [
        {"added": "1 2 3"},
        {"removed": "2"},
        {"decision": "match"},
        {"added": "2 4", "removed": "1"},
    ]
    entries = [AuditEntry(n, "", "", None, None, change, b"") for n, change in enumerate(changes, 1)]
    assert set(expected_records(entries)) == {"2", "3", "4"}


def test_expected_records_follow_their_subject_to_a_new_name() -> None:
    changes = [("A", {"added": "1"}), ("B", {"added": "2"}), ("A", {"renamed": "C"}), (None, {"added": "3"})]
    entries = [AuditEntry(n, "", "", subject, None, change, b"") for n, (subject, change) in enumerate(changes, 1)]
    assert expected_records(entries) == {"1": "C", "2": "B", "3": None}


def test_expected_records_follow_the_names_that_an_entry_gives() -> None:
    changes = [("A", {"added": "1 2"}), ("A", {"renamed": "C", "records": "2 9"}), ("C", {"removed": "2"})]
    entries = [AuditEntry(n, "", "", subject, None, change, b"") for n, (subject, change) in enumerate(changes, 1)]
    assert expected_records(entries[:2]) == {"1": "A", "2": "C"}
    assert expected_records(entries) == {"1": "A"}


def test_findings_beyond_the_first_thousand_are_counted(
    open_store: Callable[..., Store], make_template, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fpverify.store.inspection.MOST_FINDINGS", 2)
    monkeypatch.setattr("fpverify.store.inspection.RECORDS_AT_A_TIME", 2)
    with open_store() as store:
        store.add_many(("A", INDEX, make_template(seed)) for seed in range(5))
        assert inspect(store).records == 5
        store._database.execute("DELETE FROM impressions WHERE number < 5")
        found = inspect(store, quick=True)
    assert (len(found.findings), found.findings[-1], found.records) == (3, "... and 2 more such records", 1)


def test_a_subject_that_was_put_back_under_its_former_id_is_found(folder: Path) -> None:
    rows = (
        "SELECT name, metadata FROM subjects WHERE id = 1",
        "SELECT record, id FROM impressions WHERE subject_id = 1",
    )
    connection = sqlite3.connect(folder / "enrollments.sqlite")
    subject, records = (connection.execute(one).fetchall() for one in rows)
    with Store.open(folder) as store:
        store.update("A", rename="Z")
    connection.executemany("UPDATE subjects SET name = ?, metadata = ? WHERE id = 1", subject)
    connection.executemany("UPDATE impressions SET record = ? WHERE id = ?", records)
    connection.commit()
    connection.close()
    with Store.open(folder) as store, pytest.raises(DeletedRecord, match="it is of 'Z' by now"):
        store.references("A")  # every seal fits, as it did once
    assert [one.partition(" is ")[2] for one in inspected(folder).findings] == ["of 'A', but should be of 'Z'"] * 2


FED = {  # columns that go into a seal, a code or a name
    "subjects": ("name", "impression_count", "metadata"),
    "impressions": ("finger", "number", "model_id", "quality", "enrolled_at", "record_id", "record"),
    "audit": ("at", "action", "subject", "finger", "details", "mac"),
    "store": ("key_id", "head_count", "head_mac", "head_seal"),
}


@pytest.mark.parametrize("value", ["x'80ff'", "7", "1.5", "'\u2028'"])
@pytest.mark.parametrize(("table", "column"), [(table, column) for table, columns in FED.items() for column in columns])
def test_a_value_of_any_kind_in_any_column_is_a_finding_and_no_crash(
    folder: Path, table: str, column: str, value: str
) -> None:
    last = f"(SELECT max(rowid) FROM {table})"  # noqa: S608 - constants
    tamper(folder, f"UPDATE {table} SET {column} = {value} WHERE rowid = {last}")  # noqa: S608 - constants
    try:
        found = inspected(folder)
    except StoreError:  # the store cannot even be opened
        return
    assert found.findings
