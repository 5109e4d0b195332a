"""Several changes that are one, on either kind of database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fpverify.errors import EnrollmentError, NotEnrolled, StoreError
from fpverify.store import Store
from fpverify.store.inspection import inspect
from fpverify.vocabulary import Template

OpenStore = Callable[..., Store]
MakeTemplate = Callable[..., Template]

INDEX = "right-index"


def enrolled(store: Store) -> list[str]:
    return [row.subject for row in store.subjects()]


def test_a_batch_is_there_as_a_whole_when_it_ends(open_store: OpenStore, make_template: MakeTemplate) -> None:
    with open_store() as store, open_store() as other:
        with store.batch():
            for seed, subject in enumerate("ABC"):
                assert store.add(subject, INDEX, make_template(seed)).impression == 1
            assert enrolled(store) == ["A", "B", "C"]
            assert enrolled(other) == []
        assert enrolled(other) == ["A", "B", "C"]
        other.check()
        found = inspect(other)
        assert (found.intact, found.entries, found.records) == (True, 4, 3)


def test_many_are_added_at_once_or_none(open_store: OpenStore, make_template: MakeTemplate) -> None:
    many = [("A", INDEX, make_template(1)), ("A", INDEX, make_template(2)), ("B", INDEX, make_template(3))]
    with open_store() as store:
        with pytest.raises(EnrollmentError):
            store.add_many([*many, ("B ", INDEX, make_template())])
        assert store.add_many([]) == enrolled(store) == []
        added = store.add_many(many)
        assert [(one.subject, one.impression) for one in added] == [("A", 1), ("A", 2), ("B", 1)]
        assert [one.template.quality for one in store.references("A")] == [one.template.quality for one in added[:2]]
        with store.batch():
            store.add_many([("C", INDEX, make_template())])
        assert enrolled(store) == ["A", "B", "C"]


def test_a_batch_that_raises_leaves_nothing(open_store: OpenStore, make_template: MakeTemplate) -> None:
    with open_store() as store:
        store.add("A", INDEX, make_template())
        before = store.changes().point

        def change() -> None:
            store.add("B", INDEX, make_template())
            store.delete("A")
            raise ZeroDivisionError("by the caller")

        failing(store, change, ZeroDivisionError, "by the caller")
        assert (enrolled(store), store.changes().point) == (["A"], before)
        store.add("C", INDEX, make_template())
        assert enrolled(store) == ["A", "C"]


def test_a_change_that_is_refused_leaves_the_others_of_its_batch(
    open_store: OpenStore, make_template: MakeTemplate
) -> None:
    with open_store() as store:
        store.add("A", INDEX, make_template())
        with store.batch():
            store.add("B", INDEX, make_template())
            with pytest.raises(NotEnrolled):
                store.delete("nobody")
            with pytest.raises(EnrollmentError, match="metadata"):  # after its records were sealed anew
                store.update("A", rename="Z", metadata={"note": "x" * 9999})
            with pytest.raises(NotEnrolled):
                store.references("nobody")
            store.add("C", INDEX, make_template())
        assert enrolled(store) == ["A", "B", "C"]
        store.check()
        assert inspect(store).intact


def test_all_kinds_of_changes_fit_into_a_batch(open_store: OpenStore, make_template: MakeTemplate) -> None:
    with open_store() as store:
        for seed, subject in enumerate("ABC"):
            store.add(subject, INDEX, make_template(seed))
        point = store.changes().point
        with store.batch():
            store.update("A", rename="Z")
            assert store.delete("B") == 1
            store.add("D", INDEX, make_template(4))
            store.append_audit("verify", "C", decision="match")
            (added,) = store.changes(point).added
        change = store.changes(point)
        assert (change.added, len(change.removed), len(change.renamed)) == ((added,), 1, 1)
        assert enrolled(store) == ["C", "D", "Z"]
        assert inspect(store).intact


def test_what_a_batch_removed_is_gone_from_the_file(tmp_path: Path, make_template: MakeTemplate) -> None:
    with Store.open(tmp_path / "db") as store:
        for seed, subject in enumerate("AB"):
            store.add(subject, INDEX, make_template(seed))
        ((kept,), (gone,)) = store._database.rows("SELECT record FROM impressions ORDER BY id DESC")
        with store.batch():
            store.delete("A")
        content = (tmp_path / "db" / "enrollments.sqlite").read_bytes()
        assert kept[40:80] in content
        assert gone[40:80] not in content


def test_a_rotation_cannot_be_part_of_a_batch(open_store: OpenStore, make_template: MakeTemplate) -> None:
    with open_store() as store:
        with store.batch():
            store.add("A", INDEX, make_template())
            with pytest.raises(RuntimeError, match="batch"):
                store.rotate()
        assert enrolled(store) == ["A"]


def test_a_batch_within_another_is_a_part_of_it(open_store: OpenStore, make_template: MakeTemplate) -> None:
    with open_store() as store, open_store() as other:
        with store.batch():
            store.add("A", INDEX, make_template())
            with store.batch():
                store.add("B", INDEX, make_template())
            failing(store, lambda: [store.add("C", INDEX, make_template()), 1 / 0], ZeroDivisionError, "division")
            assert enrolled(other) == []
        assert enrolled(other) == ["A", "B"]


def failing(store: Store, changes: Callable[[], object], error: type[Exception], words: str) -> None:
    """Runs changes in a batch, which has to fail."""

    def run() -> None:
        with store.batch():
            changes()

    with pytest.raises(error, match=words):
        run()


def test_a_full_disk_that_is_passed_over_amid_a_batch_is_not_forgotten(
    tmp_path: Path, make_template: MakeTemplate
) -> None:
    with Store.open(tmp_path / "db") as store:
        store.add("A", INDEX, make_template())
        (pages,) = store._database.first("PRAGMA page_count") or (0,)
        store._database.execute(f"PRAGMA max_page_count = {pages + 4}")

        def fill() -> None:
            adding = (store.add(f"S{seed}", INDEX, make_template(seed, minutiae=100)) for seed in range(99))
            with pytest.raises(StoreError, match="full"):
                list(adding)

        failing(store, fill, StoreError, "none of them was made")
        assert enrolled(store) == ["A"]
        store.check()


def test_a_transaction_that_the_database_undid_is_not_taken_for_made(
    tmp_path: Path, make_template: MakeTemplate
) -> None:
    with Store.open(tmp_path / "db") as store:
        store.add("A", INDEX, make_template())

        def change() -> None:
            store.add("B", INDEX, make_template())
            store._database.execute("ROLLBACK")  # as SQLite does itself after some failures of the disk
            with pytest.raises(StoreError, match="none of them was made"):
                store.add("C", INDEX, make_template())

        failing(store, change, StoreError, "none of them was made")
        assert enrolled(store) == ["A"]


def test_a_connection_that_ended_amid_a_batch_takes_it_along(
    new_database: str, server: str, make_template: MakeTemplate
) -> None:
    import psycopg

    with Store.open(new_database) as store:

        def change() -> None:
            store.add("A", INDEX, make_template())
            with psycopg.connect(server, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                    " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
                )
            with pytest.raises(StoreError):
                store.add("B", INDEX, make_template())

        failing(store, change, StoreError, "none of them was made")
        assert enrolled(store) == []
        store.add("C", INDEX, make_template())


def test_a_query_that_failed_amid_a_batch_does_not_undo_it_in_silence(
    new_database: str, make_template: MakeTemplate
) -> None:
    with Store.open(new_database) as store:

        def change() -> None:
            store.add("A", INDEX, make_template())
            with pytest.raises(StoreError), store._database.failures():
                store._database.rows("SELECT nothing FROM subjects")

        failing(store, change, StoreError, "none of them was made")
        assert enrolled(store) == []


@pytest.mark.parametrize("ended", [True, False])
def test_a_process_that_is_killed_amid_a_batch_leaves_nothing_of_it(
    location: str, open_store: OpenStore, make_template: MakeTemplate, ended: bool
) -> None:
    program = f"""
import os, signal, sys
from conftest import random_template
from fpverify.store import Store
store = Store.open({location!r})
with store.batch():
    for subject in "BCD":
        store.add(subject, "right-index", random_template())
    {"" if ended else "os.kill(os.getpid(), signal.SIGKILL)"}
os.kill(os.getpid(), signal.SIGKILL)
"""
    with open_store() as store:
        store.add("A", INDEX, make_template())
    here = Path(__file__).parent
    path = os.pathsep.join([str(here), str(here.parents[1]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": path}, check=False)
    assert done.returncode == -signal.SIGKILL
    with open_store() as store:
        store.check()
        assert inspect(store).intact
        assert enrolled(store) == (["A", "B", "C", "D"] if ended else ["A"])
