"""What a process is told of the changes of others, on either kind of database."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_files import database

from fpverify.errors import CorruptRecord
from fpverify.store import Changes, Point, Store, encode_template
from fpverify.store.transfer import export_archive, import_archive, opened_archive
from fpverify.vocabulary import Scan, Template

OpenStore = Callable[..., Store]
MakeTemplate = Callable[..., Template]

INDEX, THUMB = "right-index", "left-thumb"


def known(store: Store) -> dict[str, str]:
    """The slow and obvious way: who every record belongs to, read anew."""
    return {record_id: reference.subject for record_id, reference in store.enrolled()}


class Follower:
    """What a process keeps that takes up changes alone."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.point = store.changes().point
        self.known = known(store)

    def take_up(self) -> Changes:
        change = self._store.changes(self.point)
        assert not change.everything
        for gone in change.removed:
            del self.known[gone]
        there = self._store.by_record_ids([*change.added, *change.renamed])
        self.known |= {record_id: reference.subject for record_id, reference in there.items()}
        self.point = change.point
        return change


def a_scan() -> Scan:
    return Scan(np.full((64, 64), 128, np.uint8), 500)


def test_who_knows_nothing_is_told_to_read_everything(open_store: OpenStore, make_template: MakeTemplate) -> None:
    with open_store() as store:
        store.add("A", INDEX, make_template())
        change = store.changes()
        assert (change.everything, change.added, bool(change)) == (True, (), True)
        assert not store.changes(change.point)


def test_every_kind_of_change_is_told_to_another_process(
    open_store: OpenStore, make_template: MakeTemplate, tmp_path: Path
) -> None:
    with open_store() as store, open_store() as other:
        follower = Follower(other)

        def told() -> tuple[int, int, int]:
            change = follower.take_up()
            assert follower.known == known(store)
            return len(change.added), len(change.removed), len(change.renamed)

        store.add("A", INDEX, make_template(1))
        store.add("A", THUMB, make_template(2), scan=a_scan())
        assert told() == (2, 0, 0)
        store.append_audit("verify", "A", INDEX, decision="match")
        assert told() == (0, 0, 0)
        store.update("A", metadata={"gate": 3})
        assert told() == (0, 0, 0)
        store.update("A", rename="Z")
        assert told() == (0, 0, 2)
        store.remake("Z", "release-2", lambda _: make_template(3, model_id="release-2"))
        assert told() == (1, 1, 0)
        export_archive(store, tmp_path / "all", passphrase=None)
        store.delete("Z", INDEX)
        assert told() == (0, 1, 0)
        store.delete("Z")
        with opened_archive(tmp_path / "all", None) as archive:
            import_archive(store, archive)
        assert told() == (2, 1, 0)
        store.rotate()
        assert told() == (0, 0, 0)


def test_what_came_and_went_in_between_is_not_told(open_store: OpenStore, make_template: MakeTemplate) -> None:
    with open_store() as store:
        store.add("A", INDEX, make_template(1))
        point = store.changes().point
        store.add("B", INDEX, make_template(2))
        store.update("B", rename="C")
        store.delete("C")
        store.update("A", rename="D")
        store.delete("D")
        change = store.changes(point)
        assert (change.added, len(change.removed), change.renamed) == ((), 1, ())


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "delete", "finger", "rename", "note", "look"]),
        st.sampled_from("ABCD"),
        st.sampled_from([INDEX, THUMB]),
    ),
    max_size=20,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_who_follows_changes_knows_what_who_reads_everything_knows(
    open_store: OpenStore, make_template: MakeTemplate, steps: list[tuple[str, str, str]]
) -> None:
    with open_store() as store:
        follower = Follower(store)
        for seed, (step, subject, finger) in enumerate(steps):
            there = {one.subject for one in store.subjects()}
            fingers = {(one.subject, one.finger) for one in store.subjects()}
            if step == "add":
                store.add(subject, finger, make_template(seed, minutiae=2, size=2))
            elif step == "delete" and subject in there:
                store.delete(subject)
            elif step == "finger" and (subject, finger) in fingers:
                store.delete(subject, finger)
            elif step == "rename" and subject in there and subject.lower() not in there:
                store.update(subject, rename=subject.lower())
            elif step == "note":
                store.append_audit("verify", subject)
            elif step == "look":
                follower.take_up()
        follower.take_up()
        assert follower.known == known(store)


def test_a_point_can_be_kept_as_json(open_store: OpenStore, make_template: MakeTemplate) -> None:
    with open_store() as store:
        point = Point(**json.loads(json.dumps(asdict(store.changes().point))))
        store.add("A", INDEX, make_template())
        assert len(store.changes(point).added) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"store_id": "0" * 32}, {"mac": "0" * 64}, {"sequence": 10**6}, {"revision": 10**6}, {"revision": 0}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_point_that_is_none_of_the_store_is_answered_with_everything(
    open_store: OpenStore, make_template: MakeTemplate, wrong: dict[str, Any]
) -> None:
    with open_store() as store:
        store.add("A", INDEX, make_template())
        point = store.changes().point
        store.add("B", INDEX, make_template())
        change = store.changes(replace(point, **wrong))
        assert change.everything
        assert change.added == ()
        assert not store.changes(point).everything


def test_a_store_that_was_put_back_is_answered_with_everything(tmp_path: Path, make_template: MakeTemplate) -> None:
    with Store.open(tmp_path / "db") as store:
        store.add("A", INDEX, make_template(1))
        early = store.changes().point
    shutil.copytree(tmp_path / "db", tmp_path / "backup")
    with Store.open(tmp_path / "db") as store:
        store.add("B", INDEX, make_template(2))
        late = store.changes().point
    shutil.copytree(tmp_path / "backup", tmp_path / "db", dirs_exist_ok=True)
    with Store.open(tmp_path / "db") as store:
        assert store.changes(late).everything
        store.add("C", INDEX, make_template(3))
        assert store.changes(late).everything  # as long a trail as then, with another end
        store.add("D", INDEX, make_template(4))
        assert store.changes(late).everything
        assert len(store.changes(early).added) == 2


@pytest.mark.parametrize("said", ['{"renamed": "Z"}', "{}", "x", '{"damaged": "x", "added": ""}'])
def test_a_trail_that_does_not_say_enough_is_answered_with_everything(
    tmp_path: Path, make_template: MakeTemplate, said: str
) -> None:
    """As those of earlier releases, which named no records when a subject got another id, and damaged ones."""
    with Store.open(tmp_path / "db") as store:
        point = store.changes().point
        store.add("A", INDEX, make_template(1))
        with database(tmp_path / "db" / "enrollments.sqlite") as connection:
            connection.execute("UPDATE audit SET details = ? WHERE sequence = 2", (said,))
        assert store.changes(point).everything


@pytest.mark.parametrize("forgery", ["DELETE FROM audit WHERE sequence = 2", "UPDATE audit SET action = 'verify'"])
def test_entries_that_lack_are_answered_with_everything(
    tmp_path: Path, make_template: MakeTemplate, forgery: str
) -> None:
    with Store.open(tmp_path / "db") as store:
        point = store.changes().point
        store.add("A", INDEX, make_template(1))
        with database(tmp_path / "db" / "enrollments.sqlite") as connection:
            connection.execute(forgery)
        assert store.changes(point).everything


def test_asking_reads_the_new_entries_alone(open_store: OpenStore, make_template: MakeTemplate, monkeypatch) -> None:
    with open_store() as store:
        for seed in range(5):
            store.add("A", INDEX, make_template(seed))
        point = store.changes().point
        read: list[int] = []
        original = store._database.rows

        def counted(query: str, *values: object) -> list[tuple[Any, ...]]:
            found = original(query, *values)
            read.append(len(found))
            return found

        monkeypatch.setattr(store._database, "rows", counted)
        store.changes(point)
        assert read == [1]
        store.add("B", INDEX, make_template())
        read.clear()
        store.changes(point)
        assert sum(read) == 3  # the state, the entry that the point names, and the new one


def test_records_are_found_by_their_ids_and_those_that_are_gone_left_out(
    open_store: OpenStore, make_template: MakeTemplate
) -> None:
    with open_store() as store:
        for seed, subject in enumerate("ABC"):
            store.add(subject, INDEX, make_template(seed))
        ids = {reference.subject: record_id for record_id, reference in store.enrolled()}
        store.delete("B")
        found = store.by_record_ids([ids["C"], "nothing", ids["B"], ids["A"], ids["C"]])
        assert list(found) == [ids["C"], ids["A"]]
        assert encode_template(found[ids["A"]].template) == encode_template(make_template(0))
        assert store.by_record_ids([]) == {}


def test_more_ids_than_a_statement_takes_are_looked_for(open_store: OpenStore, make_template: MakeTemplate) -> None:
    with open_store() as store:
        store.add("A", INDEX, make_template())
        (record_id,) = store.record_ids()
        assert list(store.by_record_ids([*(f"{one:016x}" for one in range(1200)), record_id])) == [record_id]


def test_a_record_found_by_its_id_is_checked(tmp_path: Path, make_template: MakeTemplate) -> None:
    with Store.open(tmp_path / "db") as store:
        store.add("A", INDEX, make_template())
        (record_id,) = store.record_ids()
        with database(tmp_path / "db" / "enrollments.sqlite") as connection:
            connection.execute("UPDATE subjects SET name = 'B'")
        with pytest.raises(CorruptRecord, match="'B'"):
            store.by_record_ids([record_id])


def test_records_of_a_model_are_counted_and_listed(
    open_store: OpenStore, make_template: MakeTemplate, monkeypatch
) -> None:
    monkeypatch.setattr("fpverify.store.reading.IDS_AT_A_TIME", 2)
    with open_store() as store:
        for seed in range(7):
            store.add("AB"[seed % 2], INDEX, make_template(seed, model_id=f"release-{1 + seed // 5}"))
        everybody = {record_id: reference.model_id for record_id, reference in store.enrolled()}
        assert sorted(store.record_ids()) == sorted(everybody)
        assert (store.count(), store.count("release-1"), store.count("release-3")) == (7, 5, 0)
        for model in ("release-1", "release-2", "release-3"):
            expected = sorted(one for one, made_by in everybody.items() if made_by == model)
            assert sorted(store.record_ids(model)) == expected
            assert sorted(one for one, _ in store.enrolled(model)) == expected
