"""A damaged SQLite file is noticed, and what is whole in it stays usable."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from sqlite_files import database, refusal

from fpverify.errors import CorruptRecord, NotEnrolled, StoreError
from fpverify.store import Store, encode_template, template_format
from fpverify.store.backends.database import MODELS_INDEX, NAMES_INDEX
from fpverify.store.backends.sqlite import PAGE_BYTES

Contents = dict[str, list[tuple[str, int, object, bytes]]]


def contents(path: Path) -> Contents:
    """All the store says about the three subjects it holds, by every way of asking."""
    with Store.open(path, create=False) as store:
        found = {
            subject: [
                (r.finger, r.impression, r.enrolled_at, encode_template(r.template)) for r in store.references(subject)
            ]
            for subject in "ABC"
        }
        summary = [(row.subject, row.finger, row.impressions) for row in store.subjects()]
    assert summary == [("A", "right-index", 2), ("A", "left-thumb", 1), ("B", "right-index", 1), ("C", "unknown", 1)]
    return found


def checked_contents(path: Path) -> Contents:
    """The same after everything else, the audit trail too, has been looked at."""
    with Store.open(path, create=False) as store:
        store.check()
    return contents(path)


def flipped(original: bytes, bits: list[int]) -> bytes:
    damaged = bytearray(original)
    for bit in bits:
        damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)


@pytest.mark.parametrize("bits_at_once", [1, 20])
def test_flipped_bits_are_detected_or_harmless(file: Path, bits_at_once: int) -> None:
    whole, original = contents(file), file.read_bytes()
    used = [8 * at + bit for at, value in enumerate(original) if value for bit in range(8)]
    source, detected = random.Random(3), 0  # noqa: S311
    for _ in range(250):
        file.write_bytes(flipped(original, source.choices(used, k=bits_at_once)))
        try:
            assert checked_contents(file) == whole
        except StoreError:
            detected += 1
    assert detected > 150


@pytest.mark.parametrize("keep", [0.9, 0.7, 0.4, 0.1, 0.001])  # the end of the last page may hold nothing
def test_truncated_file_is_detected(file: Path, keep: float) -> None:
    original = file.read_bytes()
    file.write_bytes(original[: int(len(original) * keep)])
    refusal(lambda: checked_contents(file), CorruptRecord, file)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE impressions SET finger = 3 WHERE id = 1",
        "UPDATE impressions SET finger = 77 WHERE id = 1",
        "UPDATE impressions SET number = 9 WHERE id = 1",
        "UPDATE impressions SET model_id = 'release-2' WHERE id = 1",
        "UPDATE impressions SET quality = 0.5 WHERE id = 1",
        "UPDATE impressions SET quality = 'good' WHERE id = 1",
        "UPDATE impressions SET enrolled_at = '1999-01-01T00:00:00+00:00' WHERE id = 1",
        "UPDATE impressions SET record_id = '0123456789abcdef' WHERE id = 1",
        "UPDATE impressions SET record = (SELECT record FROM impressions WHERE id = 2) WHERE id = 1",
        "UPDATE impressions SET record = x'' WHERE id = 1",
        "UPDATE impressions SET record = x'00' WHERE id = 1",
        "UPDATE impressions SET record = substr(record, 1, length(record) - 1) WHERE id = 1",
        "UPDATE impressions SET record = 7 WHERE id = 1",
        "UPDATE impressions SET record = CAST(x'ff' AS TEXT) WHERE id = 1",
        "UPDATE impressions SET subject_id = 2 WHERE id = 3",
        "DELETE FROM impressions WHERE id = 3",
        "UPDATE subjects SET impression_count = 4 WHERE id = 1",
        "UPDATE subjects SET name = 'Z' WHERE id = 1",
        "DROP TABLE impressions",
        "ALTER TABLE impressions DROP COLUMN quality",
    ],
)
def test_edited_record_is_detected(file: Path, damage: str) -> None:
    with database(file) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(damage)
    with Store.open(file) as store:
        kind = NotEnrolled if "name = 'Z'" in damage else CorruptRecord
        refusal(lambda: store.references("A"), kind, file)
        refusal(store.subjects, CorruptRecord, file)
        refusal(store.check, CorruptRecord, file)


@pytest.mark.parametrize("column", ["at", "action", "subject", "finger", "details", "mac"])
def test_bytes_where_the_audit_trail_has_text_are_detected(file: Path, column: str) -> None:
    with database(file) as connection:
        connection.execute(f"UPDATE audit SET {column} = x'ff' WHERE sequence = 1")  # noqa: S608
    with Store.open(file) as store:
        refusal(store.check, CorruptRecord, "altered", "entry 1")


def test_damaged_record_leaves_the_other_subjects_usable(file: Path, make_template) -> None:
    with database(file) as connection:
        connection.execute("UPDATE impressions SET quality = 2 WHERE id = 1")
    with Store.open(file) as store:
        assert len(store.references("B")) == 1
        refusal(lambda: store.references("A"), CorruptRecord, "'A'", "enroll again")
        assert store.delete("A") == 3
        store.add("A", "right-index", make_template())
        store.check()


@pytest.mark.parametrize("made_by", ["this release", "an older one, without the second index"])
def test_name_lost_from_the_index_is_damage_and_not_an_unknown_subject(file: Path, make_template, made_by: str) -> None:
    with database(file) as connection:
        if made_by != "this release":
            connection.execute(f"DROP INDEX {NAMES_INDEX}")
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name LIKE 'sqlite_autoindex_subj%'"
        ).fetchone()
    content, place = bytearray(file.read_bytes()), slice((page - 1) * PAGE_BYTES, page * PAGE_BYTES)
    assert content[place].count(b"B") == 1
    content[place] = content[place].replace(b"B", b"D")
    file.write_bytes(content)
    with Store.open(file) as store:
        refusal(lambda: store.references("B"), CorruptRecord, file)
        refusal(lambda: store.add("B", "right-index", make_template()), CorruptRecord, file)
        refusal(store.check, CorruptRecord, file)


def test_a_subject_that_is_lost_from_the_index_is_not_passed_over_in_a_list(file: Path) -> None:
    with Store.open(file) as store:
        rows = store._rows.named_after
        for lost in ("C", "A"):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(store._rows, "named_after", without(lost, rows))
                refusal(lambda: list(store.fingers()), CorruptRecord, file)
        assert len(list(store.fingers())) == 4


def without(lost: str, original: Callable[..., Any]) -> Callable[..., Any]:
    """As a damaged index leaves somebody out."""

    def named_after(last: str, subjects: int) -> Any:
        end, records = original(last, subjects)
        return end, [one for one in records if one.subject != lost]

    return named_after


@pytest.mark.parametrize("wrong", ["A", "", 7, b"B", None])
def test_an_index_that_leads_backwards_is_damage_and_not_an_endless_list(
    file: Path, monkeypatch, wrong: object
) -> None:
    with Store.open(file) as store:
        original = store._database.rows

        def misled(query: str, *values: object) -> list[Any]:
            if "ORDER BY name" in query or "ORDER BY record_id" in query:
                return [(1, wrong, 1)] if "impression_count" in query else [("f" * 16, wrong)]
            return original(query, *values)

        monkeypatch.setattr(store._database, "rows", misled)
        refusal(lambda: store._rows.named_after("A", 9), CorruptRecord, file)
        refusal(lambda: list(islice(store._rows.record_ids(9), 9)), CorruptRecord, file)


@pytest.mark.parametrize("index", [NAMES_INDEX, MODELS_INDEX])
def test_a_store_of_an_older_release_gets_what_index_it_lacks_with_the_next_subject(
    file: Path, make_template, index: str
) -> None:
    with database(file) as connection:
        connection.execute(f"DROP INDEX {index}")
    with Store.open(file) as store:
        store.add("A", "right-index", make_template())
        assert not store._database.has(index)
        known = store.model_ids()
        assert known == ["release-1"]
        store.add("D", "right-index", make_template())
        assert store._database.has(index)
        assert store.model_ids() == known
        store.check()


def test_models_are_named_without_reading_what_they_made(file: Path, make_template) -> None:
    with Store.open(file) as store:
        store.add("E", "right-index", make_template(model_id="release-2"))
        plan = store._database.rows("EXPLAIN QUERY PLAN SELECT min(model_id) FROM impressions WHERE model_id > ?", "")
        assert [row[-1] for row in plan] == [f"SEARCH impressions USING COVERING INDEX {MODELS_INDEX} (model_id>?)"]
        statements: list[str] = []
        store._database.connection.set_trace_callback(statements.append)
        assert store.model_ids() == ["release-1", "release-2"]
        assert not [one for one in statements if "FROM impressions" in one and "min(model_id)" not in one]


def test_record_of_an_unknown_template_version_names_the_record(file: Path, monkeypatch) -> None:
    monkeypatch.delitem(template_format._HEADERS, template_format.WITHOUT_SKIN)
    with Store.open(file) as store:
        refusal(lambda: store.references("C"), CorruptRecord, "impression 1 of 'C', unknown", file, "format version 2")
