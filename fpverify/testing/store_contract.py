"""What every store keeps to, as a class of tests for pytest: any history leaves what it should.

    class TestMyStore(StoreContract):
        def new_place(self) -> str:
            return "postgresql://..."  # where nothing is yet

Hypothesis makes up histories: fingers are enrolled, one by one and several at once, deleted, renamed and noted, keys
rotated, changes crash half way, stores are closed and opened, exported and restored elsewhere. Beside each a plain
dictionary is told the same, and after every step the store has to hold what that does; at the end every seal is opened
and the audit trail compared with what is there. A failure is shown as the shortest history that leads to it.

A crash here is an exception at some statement, after which the connection is left as it lies. What a killed process
or a full disk leaves is a database's own affair, and its own tests'.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from fpverify.errors import EnrollmentError, NotEnrolled
from fpverify.store import Store, encode_template
from fpverify.store.inspection import inspect
from fpverify.store.transfer import export_archive, import_archive, opened_archive
from fpverify.testing.made_up_prints import finger as made_up_finger
from fpverify.vocabulary import Template

SUBJECTS = ("A", "a", "B %_", "Ünï ©")  # that differ in case alone, and in what databases take for a pattern
FINGER_NAMES = ("unknown", "right-index", "left-thumb")
NOTES: tuple[dict[str, Any], ...] = ({}, {"room": "7"}, {"é": [1, None, 0.5]})
TEMPLATES = 12  # different prints; few minutiae, since how long a template is has other tests
MINUTIAE = 3
MOST_AT_ONCE = 3
STATEMENTS = 25  # at which a change may crash; a change has about a dozen

subjects = st.sampled_from(SUBJECTS)
finger_names = st.sampled_from(FINGER_NAMES)
seeds = st.integers(0, TEMPLATES - 1)
impressions = st.tuples(subjects, finger_names, seeds)


class Crash(BaseException):
    """Ends a change at some statement; nothing catches it but the history."""


@dataclass
class Person:
    """What the store should hold of a subject.

    Attributes:
        fingers: templates in their stored form, in the order of enrollment.
        noted: of the subject.
    """

    fingers: dict[str, list[bytes]] = field(default_factory=dict)
    noted: dict[str, Any] = field(default_factory=dict)


People = dict[str, Person]


class StoreContract:
    """Subclass it in a test module and give `new_place`, and `open_store` where it takes more to open one.

    Attributes:
        histories: how many are tried.
        steps: the most that a history has.
    """

    histories: int = 12
    steps: int = 20

    def new_place(self) -> str:
        """Where nothing is yet: a folder, or the URL of a database. Asked for each history, and each restored store."""
        raise NotImplementedError

    def open_store(self, place: str, key: str) -> Store:
        """Opens the store at a place, which is made where there is none; `key` is the file of its key."""
        return Store.open(place, key=key)

    def test_any_history_leaves_what_it_should(self) -> None:
        run_history(self)


def run_history(contract: StoreContract, **given: Any) -> None:
    """Tries histories of a store, the same in each run; raises what the shortest one that fails does.

    Args:
        contract: makes and opens stores.
        given: settings of Hypothesis in place of these.
    """

    class OfThisStore(History):
        @classmethod
        def made_by(cls) -> StoreContract:
            return contract

    chosen: dict[str, Any] = {
        "max_examples": contract.histories,
        "stateful_step_count": contract.steps,
        "deadline": None,
        "derandomize": True,
        "database": None,
        "print_blob": False,
        "suppress_health_check": list(HealthCheck),
    }
    run_state_machine_as_test(OfThisStore, settings=settings(**(chosen | given)))


class History(RuleBasedStateMachine):
    """A store, and beside it what it should hold."""

    archives = Bundle("archives")

    @classmethod
    def made_by(cls) -> StoreContract:
        """Who makes and opens stores."""
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.contract = self.made_by()
        self.folder = tempfile.TemporaryDirectory(prefix="fpverify-history-")
        self.made = 0
        self.people: People = {}

    @initialize()
    def begins_empty(self) -> None:
        self.moves_to_a_new_place()

    def moves_to_a_new_place(self) -> None:
        """Opens a store where there is none."""
        self.made += 1
        self.cut_off = False  # a rotation
        self.place, self.key = self.contract.new_place(), str(Path(self.folder.name) / f"key-{self.made}")
        self.store = self.contract.open_store(self.place, self.key)

    @rule(subject=subjects, finger=finger_names, seed=seeds)
    def enroll(self, subject: str, finger: str, seed: int) -> None:
        added = self.store.add(subject, finger, print_of(seed))
        enrolled(self.people, subject, finger, seed)
        assert (added.subject, added.finger) == (subject, finger)
        assert added.impression == len(self.people[subject].fingers[finger])

    @rule(many=st.lists(impressions, min_size=1, max_size=MOST_AT_ONCE))
    def enroll_together(self, many: list[tuple[str, str, int]]) -> None:
        self.store.add_many((subject, finger, print_of(seed)) for subject, finger, seed in many)
        for one in many:
            enrolled(self.people, *one)

    @rule(many=st.lists(impressions, min_size=1, max_size=MOST_AT_ONCE))
    def enroll_together_what_cannot_be(self, many: list[tuple[str, str, int]]) -> None:
        given = [(subject, finger, print_of(seed)) for subject, finger, seed in many]
        with pytest.raises(EnrollmentError):
            self.store.add_many(iter([*given, ("A", "eleventh-finger", print_of(0))]))

    @rule(subject=subjects, finger=st.none() | finger_names)
    def delete(self, subject: str, finger: str | None) -> None:
        count = removed(self.people, subject, finger)
        if count:
            assert self.store.delete(subject, finger) == count
        else:
            with pytest.raises(NotEnrolled):
                self.store.delete(subject, finger)

    @rule(data=st.data(), noted=st.sampled_from(NOTES))
    def note(self, data: st.DataObject, noted: dict[str, Any]) -> None:
        subject = self.most_likely_enrolled(data)
        if subject in self.people:
            self.store.update(subject, metadata=noted)
            self.people[subject].noted = noted
        else:
            with pytest.raises(NotEnrolled):
                self.store.update(subject, metadata=noted)

    @rule(data=st.data(), rename=subjects)
    def rename(self, data: st.DataObject, rename: str) -> None:
        subject = self.most_likely_enrolled(data)
        if subject not in self.people:
            with pytest.raises(NotEnrolled):
                self.store.update(subject, rename=rename)
        elif rename in self.people and rename != subject:
            with pytest.raises(EnrollmentError):
                self.store.update(subject, rename=rename)
        else:
            self.store.update(subject, rename=rename)
            self.people[rename] = self.people.pop(subject)

    @rule()
    def rotate(self) -> None:
        before = self.store.key_id
        self.store.rotate()
        assert self.store.key_id != before or self.cut_off  # which goes on with the key that it had begun with
        self.cut_off = False

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = self.contract.open_store(self.place, self.key)

    @rule()
    def another_sees_the_same(self) -> None:
        with self.contract.open_store(self.place, self.key) as other:
            require_held(other, self.people)

    @rule(one=impressions, at=st.integers(0, STATEMENTS))
    def crash_while_enrolling(self, one: tuple[str, str, int], at: int) -> None:
        subject, finger, seed = one
        after = deepcopy(self.people)
        enrolled(after, *one)
        self.crash(lambda: self.store.add(subject, finger, print_of(seed)), at, after)

    @rule(many=st.lists(impressions, min_size=2, max_size=MOST_AT_ONCE), at=st.integers(0, 3 * STATEMENTS))
    def crash_while_enrolling_several(self, many: list[tuple[str, str, int]], at: int) -> None:
        after = deepcopy(self.people)
        for one in many:
            enrolled(after, *one)
        self.crash(lambda: self.store.add_many((who, name, print_of(seed)) for who, name, seed in many), at, after)

    @precondition(lambda self: self.people)
    @rule(at=st.integers(0, STATEMENTS), data=st.data())
    def crash_while_deleting(self, at: int, data: st.DataObject) -> None:
        subject = data.draw(st.sampled_from(sorted(self.people)))
        after = deepcopy(self.people)
        removed(after, subject, None)
        self.crash(lambda: self.store.delete(subject), at, after)

    @rule(at=st.integers(0, STATEMENTS))
    def crash_while_rotating(self, at: int) -> None:
        self.cut_off = self.crash(self.store.rotate, at, self.people)

    def most_likely_enrolled(self, data: st.DataObject) -> str:
        """A subject: what happens to one who is not enrolled is told soon."""
        return data.draw(st.sampled_from([*3 * sorted(self.people), *SUBJECTS]), label="subject")

    def crash(self, change: Callable[[], object], at: int, after: People) -> bool:
        """A change that ends at a statement: the store, opened anew, holds what it did, or what it should then.

        Whether it came to that.
        """
        with crashing(self.store, at) as crashed:
            change()
        self.store = self.contract.open_store(self.place, self.key)
        if not crashed or held(self.store, self.people) != plain(self.people):
            self.people = after
        return bool(crashed)

    @precondition(lambda self: self.people)
    @rule(target=archives)
    def back_up(self) -> tuple[Path, People]:
        self.made += 1
        path = Path(self.folder.name) / f"{self.made}.fpva"
        done = export_archive(self.store, path, passphrase=None)
        assert done.records == self.store.count()
        return path, deepcopy(self.people)

    @rule(archive=archives)
    def restore(self, archive: tuple[Path, People]) -> None:
        path, people = archive
        self.store.close()
        self.moves_to_a_new_place()
        with opened_archive(path, None) as arriving:
            import_archive(self.store, arriving)
        self.people = deepcopy(people)

    @invariant()
    def it_holds_what_it_should(self) -> None:
        require_held(self.store, self.people)

    def teardown(self) -> None:
        """Every seal opens, and the audit trail fits what is there."""
        with self.folder:
            if hasattr(self, "store"):
                with self.store:
                    found = inspect(self.store)
                    assert found.findings == ()
                    held_now = sum(len(one) for who in self.people.values() for one in who.fingers.values())
                    assert found.records == held_now


def print_of(seed: int) -> Template:
    """A made-up print of few minutiae."""
    return made_up_finger(seed, MINUTIAE)


def enrolled(people: People, subject: str, finger: str, seed: int) -> None:
    """Adds an impression to what should be there."""
    person = people.setdefault(subject, Person())
    person.fingers.setdefault(finger, []).append(encode_template(print_of(seed)))


def removed(people: People, subject: str, finger: str | None) -> int:
    """Takes a subject, or one finger of it, out of what should be there; how many impressions that were."""
    person = people.get(subject, Person())
    names = [name for name in person.fingers if finger in {None, name}]
    count = sum(len(person.fingers.pop(name)) for name in names)
    if not person.fingers:
        people.pop(subject, None)
    return count


def plain(people: People) -> dict[str, Any]:
    """The same in the form of `held`."""
    return {
        name: (who.noted, {finger: list(enumerate(of, 1)) for finger, of in sorted(who.fingers.items())})
        for name, who in sorted(people.items())
    }


def held(store: Store, people: People) -> dict[str, Any]:
    """What a store holds of whom it may: notes, and of each finger numbers and templates."""
    told: dict[str, Any] = {}
    for name in sorted({*people, *SUBJECTS}):
        if not store.has(name):
            continue
        fingers: dict[str, list[tuple[int, bytes]]] = {}
        for one in store.references(name):
            fingers.setdefault(one.finger, []).append((one.impression, encode_template(one.template)))
        told[name] = store.metadata(name), dict(sorted(fingers.items()))
    return told


def require_held(store: Store, people: People) -> None:
    """Fails if a store holds anything else than it should, or counts it wrongly."""
    wanted = plain(people)
    assert held(store, people) == wanted
    assert store.subject_count() == len(wanted)
    assert store.count() == sum(len(of) for _, fingers in wanted.values() for of in fingers.values())
    summed = {(one.subject, one.finger): one.impressions for one in store.subjects()}
    assert summed == {
        (name, finger): len(of) for name, (_, fingers) in wanted.items() for finger, of in fingers.items()
    }


@contextmanager
def crashing(store: Store, at: int) -> Iterator[list[bool]]:
    """A block in which the database fails at its statement of that number; holds something if it came to that."""
    database, left, crashed = store._database, [at], list[bool]()
    real = database.execute

    def execute(statement: str, *values: object) -> int:
        if left[0] <= 0:
            crashed.append(True)
            raise Crash
        left[0] -= 1
        return real(statement, *values)

    database.execute = execute  # type: ignore[method-assign]
    try:
        yield crashed
    except Crash:
        pass
    finally:
        database.execute = real  # type: ignore[method-assign]
        store.close()
