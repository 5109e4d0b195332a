"""Our own stores keep the contract that others are given, and it finds what is wrong with one.

The faults are planted: each is a way in which a store could be wrong that looks well at a first glance.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import Phase

from fpverify.errors import FpverifyError
from fpverify.store import Store, rotation
from fpverify.store.arrival import Arrival
from fpverify.store.backends.sqlite import SqliteDatabase
from fpverify.testing import StoreContract
from fpverify.testing.store_contract import History, run_history

FOUND_WITHIN_S = 60.0  # of CPU
FIRST = (Phase.generate,)  # the first failure will do; a shorter one takes longer
FOUND_LATE = {  # after many histories
    "renaming forgets what was noted",
    "a restored store lacks what was noted",
}


class Files(StoreContract):
    """Stores in SQLite, below a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def new_place(self) -> str:
        return str(self.folder / uuid4().hex)


class TestSqlite(StoreContract):
    @pytest.fixture(autouse=True)
    def _in_a_folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def new_place(self) -> str:
        return str(self.folder / uuid4().hex)


class TestPostgresql(StoreContract):
    histories = 4  # a schema each, and one for each restored store

    @pytest.fixture(autouse=True)
    def _on_a_server(self, server: str) -> None:
        self.server = server

    def new_place(self) -> str:
        import psycopg

        name = f"h{uuid4().hex}"
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}")
        return f"{self.server}&options=-csearch_path%3D{name}"


def test_a_rotation_that_was_cut_off_goes_on_with_its_key_and_the_next_takes_another(tmp_path: Path) -> None:
    class OfFiles(History):
        @classmethod
        def made_by(cls) -> StoreContract:
            return Files(tmp_path)

    for at in range(6):
        history = OfFiles()
        history.begins_empty()
        history.crash_while_rotating(at=at)
        for _ in range(2):
            history.rotate()
        history.it_holds_what_it_should()
        history.teardown()


# --- planted faults ---------------------------------------------------------------------------------------------------

Plant = Callable[[pytest.MonkeyPatch], None]
FAULTS: dict[str, Plant] = {}


def fault(plant: Plant) -> Plant:
    FAULTS[plant.__name__.replace("_", " ")] = plant
    return plant


def wrapping(patch: pytest.MonkeyPatch, kind: type, name: str, wrong: Callable[..., Any]) -> None:
    """Puts a method in place of one, which it is given first."""
    real = getattr(kind, name)
    patch.setattr(kind, name, lambda self, *given, **named: wrong(real, self, *given, **named))


@fault
def a_deletion_says_it_is_done_and_removes_nothing(patch: pytest.MonkeyPatch) -> None:
    def wrong(real: Any, self: Store, subject: str, finger: str | None = None) -> int:
        return len(self.references(subject, finger))

    wrapping(patch, Store, "delete", wrong)


@fault
def deleting_one_finger_deletes_the_subject(patch: pytest.MonkeyPatch) -> None:
    def wrong(real: Any, self: Store, subject: str, finger: str | None = None) -> int:
        count = len(self.references(subject, finger))
        real(self, subject)
        return count

    wrapping(patch, Store, "delete", wrong)


@fault
def a_change_is_never_committed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SqliteDatabase, "_commit", SqliteDatabase._roll_back)


@fault
def a_change_that_fails_is_kept_as_far_as_it_came(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SqliteDatabase, "_roll_back", SqliteDatabase._commit)


@fault
def several_are_enrolled_one_by_one(patch: pytest.MonkeyPatch) -> None:
    def wrong(real: Any, self: Store, impressions: Any) -> list[Any]:
        return [self.add(*one) for one in impressions]

    wrapping(patch, Store, "add_many", wrong)


@fault
def ids_that_differ_in_case_are_one_subject(patch: pytest.MonkeyPatch) -> None:
    for name in ("add", "delete", "update", "references", "metadata", "has"):
        wrapping(
            patch, Store, name, lambda real, self, subject, *rest, **named: real(self, subject.lower(), *rest, **named)
        )


@fault
def templates_lose_their_last_minutia(patch: pytest.MonkeyPatch) -> None:
    def wrong(real: Any, self: Store, subject: str, finger: str, template: Any, **named: Any) -> Any:
        old = template.minutiae
        fewer = type(old)(*(column[:-1] for column in (old.x_px, old.y_px, old.angle_rad, old.quality)))
        return real(
            self, subject, finger, replace(template, minutiae=fewer, descriptors=template.descriptors[:-1]), **named
        )

    wrapping(patch, Store, "add", wrong)


@fault
def a_rotation_gives_the_old_key_up_before_all_is_sealed_anew(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rotation, "_seal_all", lambda *given: 0)


@fault
def a_restored_store_lacks_what_was_noted(patch: pytest.MonkeyPatch) -> None:
    wrapping(patch, Arrival, "_take_subject", lambda real, self, fields: real(self, {**fields, "metadata": {}}))


@fault
def what_was_read_once_is_never_read_again(patch: pytest.MonkeyPatch) -> None:
    def wrong(real: Any, self: Store, subject: str, finger: str | None = None) -> Any:
        known = vars(self).setdefault("known", {})  # of this store: the id of one that is gone may be another's
        if (subject, finger) not in known:
            known[subject, finger] = real(self, subject, finger)
        return known[subject, finger]

    wrapping(patch, Store, "references", wrong)


@fault
def renaming_forgets_what_was_noted(patch: pytest.MonkeyPatch) -> None:
    def wrong(real: Any, self: Store, subject: str, *, rename: str | None = None, metadata: Any = None) -> None:
        lost = {} if rename not in {None, subject} and metadata is None else metadata
        real(self, subject, rename=rename, metadata=lost)

    wrapping(patch, Store, "update", wrong)


@fault
def impressions_are_numbered_over_all_fingers(patch: pytest.MonkeyPatch) -> None:
    def wrong(real: Any, self: Store, subject: str, *rest: Any, **named: Any) -> Any:
        before = len(self.references(subject)) if self.has(subject) else 0
        added = real(self, subject, *rest, **named)
        return SimpleNamespace(subject=added.subject, finger=added.finger, impression=before + 1)

    wrapping(patch, Store, "add", wrong)


def test_there_are_ten_and_more() -> None:
    assert len(FAULTS) >= 10
    assert set(FAULTS) > FOUND_LATE


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.thorough if name in FOUND_LATE else ()) for name in FAULTS]
)
def test_a_planted_fault_is_found(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FAULTS[name](monkeypatch)
    began = time.process_time()
    with pytest.raises((AssertionError, FpverifyError, LookupError, ValueError, ExceptionGroup)):
        run_history(Files(tmp_path), max_examples=700 if name in FOUND_LATE else 200, phases=FIRST)
    assert time.process_time() - began < FOUND_WITHIN_S
