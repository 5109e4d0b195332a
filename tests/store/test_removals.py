"""What the audit trail says was removed is not believed, whoever put its rows back."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from forgery import put_back, rows_of, take_away
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fpverify.errors import DeletedRecord, FpverifyError, NotEnrolled
from fpverify.store import Store
from fpverify.store.inspection import inspect
from fpverify.store.schema import REMOVALS, REMOVALS_INDEX
from fpverify.store.transfer import export_archive, import_archive, opened_archive
from fpverify.vocabulary import Scan

RIGHT, LEFT = "right-index", "left-index"
OpenStore = Callable[..., Store]


def test_what_was_deleted_and_put_back_is_refused_by_name(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        for seed, subject in enumerate("AB"):
            store.add(subject, RIGHT, make_template(seed))
        kept = rows_of(store, "B")
        store.delete("B")
        put_back(store, kept)
        for reading in (lambda: store.references("B"), store.subjects, lambda: list(store.records()), store.check):
            with pytest.raises(DeletedRecord, match=r"record of subject 'B' .* put back: .* it was deleted"):
                reading()
        assert len(store.references("A")) == 1
        store.delete("B")  # which is what the message says
        assert [one.subject for one in store.subjects()] == ["A"]


def test_a_search_never_gets_what_was_put_back(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        for seed, subject in enumerate("AB"):
            store.add(subject, RIGHT, make_template(seed))
        there = dict(store.enrolled())
        kept = rows_of(store, "B")
        store.delete("B")
        put_back(store, kept)
        assert [one.subject for _, one in store.enrolled()] == ["A"]
        assert [one.subject for one in store.by_record_ids(there).values()] == ["A"]


def test_a_finger_that_was_put_back_speaks_against_the_subject_alone(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        store.add("A", LEFT, make_template(0))
        store.add("A", RIGHT, make_template(1))
        kept = rows_of(store, "A")
        store.delete("A", RIGHT)
        assert [one.finger for one in store.references("A")] == [LEFT]
        take_away(store, rows_of(store, "A"))
        put_back(store, kept)
        with pytest.raises(DeletedRecord):
            store.references("A", LEFT)


def test_a_template_that_another_model_replaced_is_not_believed(open_store: OpenStore, make_template) -> None:
    scan = Scan(np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8), 500.0)
    with open_store() as store:
        store.add("A", RIGHT, make_template(0), scan=scan)
        kept = rows_of(store, "A")
        store.remake("A", "release-2", lambda _: make_template(1, model_id="release-2"))
        assert [one.model_id for one in store.references("A")] == ["release-2"]
        take_away(store, rows_of(store, "A"))
        put_back(store, kept)
        with pytest.raises(DeletedRecord):
            store.references("A")


def test_whoever_is_enrolled_again_is_believed(open_store: OpenStore, make_template, tmp_path: Path) -> None:
    with open_store() as store:
        for seed in range(3):
            store.add("A", RIGHT, make_template(seed))
            store.add("A", LEFT, make_template(seed))
            store.delete("A", RIGHT)
            store.add("A", RIGHT, make_template(seed + 3))
            assert len(store.references("A")) == 2
            store.delete("A")
        store.add("A", RIGHT, make_template(9))
        export_archive(store, tmp_path / "all.fpva", passphrase=None)
        store.delete("A")
        with opened_archive(tmp_path / "all.fpva", None) as archive:
            import_archive(store, archive)
        assert len(store.references("A")) == 1
        assert inspect(store).intact


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from("ABC")), max_size=12))
def test_renamings_are_followed_wherever_they_lead(make_template, steps: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder, Store.open(folder, key="none") as store:
        store.add("A", RIGHT, make_template(0, minutiae=3))
        for former, name in steps:
            try:
                store.update(former, rename=name)
            except FpverifyError:
                store.add(former, RIGHT, make_template(1, minutiae=3))
        for one in store.subjects():
            assert store.references(one.subject)
        assert inspect(store).intact


def test_a_forged_renaming_does_not_lead_back(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        store.add("A", RIGHT, make_template(0))
        kept = rows_of(store, "A")
        (record_id,) = store.record_ids()
        store.update("A", rename="Z")
        take_away(store, rows_of(store, "Z"))
        put_back(store, kept)
        for sequence, former, name in ((8, "Z", "A"), (-8, "A", "Q"), (9, "Q", "A")):
            store._database.execute(
                "INSERT INTO audit (sequence, at, action, subject, details, mac) VALUES (?, ?, ?, ?, ?, ?)",
                *(sequence, "", "update", former, f'{{"renamed": "{name}", "records": "{record_id}"}}', bytes(32)),
            )
        with pytest.raises(DeletedRecord):
            store.references("A")


def test_a_verification_reads_as_little_of_a_long_trail_as_of_a_short_one(tmp_path: Path, make_template) -> None:
    with Store.open(tmp_path / "db") as store:
        store.add("A", RIGHT, make_template(0))
        query = f"SELECT sequence FROM audit WHERE subject IN (?) AND {REMOVALS} ORDER BY sequence"  # noqa: S608
        ((*_, plan),) = store._database.rows(f"EXPLAIN QUERY PLAN {query}", "A")[:1]
    assert f"USING INDEX {REMOVALS_INDEX} (subject=?)" in plan


def test_an_older_store_gets_the_index_with_its_next_entry(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        for subject in "AB":
            store.add(subject, RIGHT, make_template(0))
        kept = rows_of(store, "B")
        store.delete("B")
        put_back(store, kept)
        store._database.execute(f"DROP INDEX {REMOVALS_INDEX}")
    with open_store() as store:
        with pytest.raises(DeletedRecord):
            store.references("B")
        assert not store._database.has(REMOVALS_INDEX)
        store.append_audit("verify", "A", decision="match")
        assert store._database.has(REMOVALS_INDEX)
        with pytest.raises(DeletedRecord):
            store.references("B")


@pytest.mark.parametrize(("subject", "finger"), [("B", None), ("A", LEFT), ("A", RIGHT)])
def test_no_decision_is_noted_of_whom_somebody_deletes_meanwhile(
    open_store: OpenStore, make_template, subject: str, finger: str | None
) -> None:
    with open_store() as store:
        for name, which in (("A", RIGHT), ("A", LEFT), ("B", RIGHT)):
            store.add(name, which, make_template(0))
        store.delete(subject, finger)
        before = store.audit_head().count
        with pytest.raises(NotEnrolled, match="was deleted while"):
            store.note_decision("verify", subject, finger, decision="match")
        assert store.audit_head().count == before
        store.note_decision("verify", "A", None, decision="match")
        store.note_decision("identify", None, None, decision="non-match")
        assert inspect(store).intact
