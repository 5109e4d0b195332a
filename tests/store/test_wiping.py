"""When what was deleted leaves the files, on either kind of database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fpverify.errors import NotEnrolled, StoreError, StoreLocked
from fpverify.store import Store, wiping
from fpverify.store.inspection import inspect
from fpverify.vocabulary import Template

OpenStore = Callable[..., Store]
MakeTemplate = Callable[..., Template]

INDEX = "right-index"
DAY_S = 24 * 3600


class Clock:
    """The time that the store goes by."""

    def __init__(self) -> None:
        self.now = 1.7e9

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(wiping, "time", made)
    return made


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every store is a large one, and far more has to be deleted than these tests do."""
    monkeypatch.setattr(wiping, "SMALL_BYTES", 0)
    monkeypatch.setattr(wiping, "SHARE", 1.0)


@pytest.fixture
def store(open_store: OpenStore, make_template: MakeTemplate) -> Any:
    with open_store() as opened:
        opened.add_many((f"S{seed:02}", INDEX, make_template(seed)) for seed in range(20))
        yield opened


def rewritten(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows by one with every rewriting from now on."""
    times: list[str] = []
    original = store._database.wipe

    def wipe() -> None:
        times.append("wiped")
        original()

    monkeypatch.setattr(store._database, "wipe", wipe)
    return times


def test_a_small_store_is_rewritten_with_every_deletion(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    times = rewritten(store, monkeypatch)
    store.delete("S01")
    store.delete("S02")
    assert len(times) == 2
    assert store.unwiped() is None


@pytest.mark.usefixtures("large")
def test_deletions_from_a_large_store_are_summed_up(
    store: Store, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    times = rewritten(store, monkeypatch)
    sizes = store._database.rows(
        "SELECT length(record) FROM impressions JOIN subjects ON subjects.id = subject_id WHERE name IN ('S01', 'S02')"
    )
    for name in ("S01", "S02"):
        store.delete(name)
        with pytest.raises(NotEnrolled):
            store.references(name)
        clock.now += 60
    found = store.unwiped()
    assert found is not None
    assert (found.size, found.since.timestamp()) == (sum(size for (size,) in sizes), 1.7e9)
    assert times == []
    store.check()


@pytest.mark.usefixtures("large")
def test_a_large_store_is_rewritten_when_a_share_of_it_was_deleted(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = rewritten(store, monkeypatch)
    store.delete("S01")
    found = store.unwiped()
    assert found is not None
    monkeypatch.setattr(wiping, "SHARE", 2.5 * found.size / store._database.size())
    store.delete("S02")
    assert times == []
    store.delete("S03")
    assert times == ["wiped"]
    assert store.unwiped() is None
    assert [entry.action for entry in store.audit_entries()][-1] == "wipe"
    assert inspect(store).intact


CHANGES: dict[str, Callable[[Store, Template], object]] = {
    "add": lambda store, template: store.add("new", INDEX, template),
    "update": lambda store, _: store.update("S03", metadata={"gate": 3}),
    "delete": lambda store, _: store.delete("S04"),
}


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_large_store_is_rewritten_by_the_first_change_after_a_day(
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    clock: Clock,
    make_template: MakeTemplate,
    change: Callable[[Store, Template], object],
) -> None:
    times = rewritten(store, monkeypatch)
    store.delete("S01")
    clock.now += DAY_S - 1
    store.update("S02", metadata={"gate": 4})
    assert times == []
    clock.now += 1
    store.append_audit("verify", "S02", decision="match")  # a decision has no time for it
    assert times == []
    change(store, make_template(30))
    assert times == ["wiped"]
    assert store.unwiped() is None
    store.add("another", INDEX, make_template(31))
    assert times == ["wiped"]


@pytest.mark.usefixtures("large")
def test_a_rewriting_that_fails_spoils_no_change_and_is_tried_again(
    store: Store, monkeypatch: pytest.MonkeyPatch, clock: Clock, make_template: MakeTemplate
) -> None:
    tried: list[float] = []

    def fail() -> None:
        tried.append(clock.now)
        raise StoreLocked("held")

    store.delete("S01")
    with monkeypatch.context() as broken:
        broken.setattr(store._database, "wipe", fail)
        clock.now += DAY_S
        for seed in range(3):
            store.add("new", INDEX, make_template(seed))
            clock.now += 60
        assert len(tried) == 1
    assert store.unwiped() is not None
    clock.now += wiping.RETRY_S
    store.add("new", INDEX, make_template())
    assert store.unwiped() is None
    assert len(store.references("new")) == 4


@pytest.mark.usefixtures("large")
def test_what_others_delete_while_a_store_is_rewritten_is_wiped_later(
    store: Store, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = store._database.wipe
    with open_store() as other:

        def wipe() -> None:
            original()
            other.delete("S02")

        store.delete("S01")
        monkeypatch.setattr(store._database, "wipe", wipe)
        store.wipe()
        found = other.unwiped()
        assert found is not None
        assert 0 < found.size < 10_000
        other.wipe()
        assert store.unwiped() is None


@pytest.mark.usefixtures("large")
def test_a_store_is_wiped_on_demand(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    times = rewritten(store, monkeypatch)
    store.wipe()
    store.delete("S01")
    assert store.unwiped() is not None
    store.wipe()
    assert (times, store.unwiped()) == (["wiped"] * 2, None)


@pytest.mark.usefixtures("large")
def test_a_deletion_that_is_undone_is_not_summed_up(store: Store) -> None:
    def change() -> None:
        with store.batch():
            store.delete("S01")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change()
    store.add_many([])
    assert store.unwiped() is None


def test_an_error_while_wiping_on_demand_is_said(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise StoreLocked("held")

    monkeypatch.setattr(store._database, "wipe", fail)
    with pytest.raises(StoreLocked, match="held"):
        store.wipe()


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize(
    "damage", ["bytes = 'x'", "since = x'00'", "since = 1e300", "since = -1e300", "tried = 1e300", "tried = 'x'"]
)
def test_a_damaged_sum_is_no_obstacle_and_the_store_is_rewritten(
    tmp_path: Path, make_template: MakeTemplate, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    with Store.open(tmp_path / "db") as store:
        store.add_many((name, INDEX, make_template()) for name in "ABC")
        store.delete("A")
        store._database.execute(f"UPDATE unwiped SET {damage}")  # noqa: S608
        assert store.unwiped() is not None
        monkeypatch.setattr(wiping, "LONGEST_S", 0.0)
        store.add("D", INDEX, make_template())
        assert store.unwiped() is None


def test_a_batch_that_outgrows_a_small_store_is_wiped_at_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    times = rewritten(store, monkeypatch)
    with store.batch():
        store.delete("S01")
        monkeypatch.setattr(wiping, "SMALL_BYTES", 0)
        store.delete("S02")
    assert (times, store.unwiped()) == (["wiped"], None)


# --- SQLite -------------------------------------------------------------------------------------------------------


def deleted_and_left(folder: Path, make_template: MakeTemplate) -> tuple[Store, list[bytes], list[bytes]]:
    """A store, and the records of those who were deleted from it and of those who are left."""
    store = Store.open(folder)
    store.add_many((f"S{seed:03}", INDEX, make_template(seed)) for seed in range(120))
    rows = store._database.rows("SELECT name, record FROM impressions JOIN subjects ON subjects.id = subject_id")
    gone = {f"S{seed:03}" for seed in range(0, 120, 9)}
    for name in sorted(gone):
        store.delete(name)
    return store, *([record for name, record in rows if (name in gone) == deleted] for deleted in (True, False))


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("rewrites", [False, True])
def test_deleted_records_are_overwritten_at_once_and_gone_when_the_file_is_rewritten(
    tmp_path: Path, make_template: MakeTemplate, rewrites: bool
) -> None:
    store, gone, left = deleted_and_left(tmp_path / "db", make_template)
    with store:
        assert store.unwiped() is not None
        if rewrites:
            store.wipe()
    content = (tmp_path / "db" / "enrollments.sqlite").read_bytes()
    pieces = {content[at : at + 16] for at in range(len(content))}

    def traces(record: bytes) -> bool:
        return any(record[at : at + 16] in pieces for at in range(60, len(record) - 16))

    assert all(traces(record) for record in left)
    assert sum(traces(record) for record in gone) == 0


def test_a_large_file_is_rewritten_beside_itself_and_leaves_nothing(
    tmp_path: Path, make_template: MakeTemplate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fpverify.store.backends.sqlite.IN_MEMORY_BYTES", 0)
    for name in ("plain", "with 'quotes'"):
        store, _, left = deleted_and_left(tmp_path / name, make_template)
        with store:
            store.wipe()
            assert len(list(store.records())) == len(left)
            assert store._database.first("PRAGMA temp_store") == (2,)
            store.check()
        assert [one.name for one in (tmp_path / name).iterdir()] == ["enrollments.sqlite"]


# --- PostgreSQL ---------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("large")
def test_rewriting_replaces_the_files_of_the_tables(new_database: str, make_template: MakeTemplate) -> None:
    query = "SELECT pg_relation_filenode('impressions'), pg_relation_filenode('scans')"
    with Store.open(new_database) as store:
        store.add_many((name, INDEX, make_template(seed)) for seed, name in enumerate("AB"))
        before = store._database.first(query) or ()
        store.wipe()
        after = store._database.first(query) or ()
        assert set(before).isdisjoint(after)
        store.delete("A")
        assert store._database.first(query) == after


def test_who_may_make_no_table_wipes_at_once(
    new_database: str, server: str, make_template: MakeTemplate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiping, "SMALL_BYTES", 0)
    with Store.open(new_database) as store:
        store.add_many((name, INDEX, make_template(seed)) for seed, name in enumerate("AB"))
        times = rewritten(store, monkeypatch)
        original = store._database.execute

        def refuse(statement: str, *values: object) -> int:
            if "CREATE TABLE" in statement:
                raise StoreError("permission denied")
            return original(statement, *values)

        monkeypatch.setattr(store._database, "execute", refuse)
        store.delete("A")
        assert times == ["wiped"]
        assert store.unwiped() is None
