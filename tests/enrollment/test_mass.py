"""Lists of fingers into a store; prints are made up, and their files hold nothing but their names."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made_up_model import PLAIN
from made_up_prints import finger, impression, moved_by

from fpverify.enrollment import EnrollmentRow, MassEnrollment, RowOutcome, mass
from fpverify.enrollment.acquisition import Acquisition, row_sha256
from fpverify.errors import CorruptRecord
from fpverify.executors import Workforce
from fpverify.matching import Matcher, Matchers
from fpverify.search.index.exact import ExactIndex
from fpverify.search.register import Look, Registers
from fpverify.store import Store, decode_template, encode_template
from fpverify.vocabulary import Score, Template


class Judging(type(PLAIN)):  # type: ignore[misc]
    """The made-up model, with scores of templates, too."""

    def scores(self, probe: Template, references: Sequence[Template]) -> list[Score]:
        from fpverify.comparison import similarities

        return self.calibrated(list(similarities(probe, references)))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store", key="none") as opened:
        yield opened


@pytest.fixture
def prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., EnrollmentRow]:
    """Makes the row of a print, which its file's name stands for."""
    templates: dict[str, Template | Acquisition] = {}

    def acquire(row: EnrollmentRow, model: Path, content: None, **_: Any) -> Acquisition:
        made = templates[row.file]
        return made if isinstance(made, Acquisition) else Acquisition(row_sha256(row), made)

    def row(subject: str, number: int, seed: int = 0, name: str = "unknown", **changed: Any) -> EnrollmentRow:
        file = f"{number}-{seed}.png"
        (tmp_path / file).write_text(file)
        made = finger(number) if not seed else impression(finger(number), seed, missing=0.1, noise=0.2)
        templates[file] = changed.get("acquired") or on_grid(moved_by(made, 0, 99, 99))
        return EnrollmentRow(subject, name, tmp_path / file, file, flaw=changed.get("flaw", ""))

    monkeypatch.setattr(mass, "acquire", acquire)
    return row


def enrolled(
    store: Store, rows: Sequence[EnrollmentRow], executor: Executor | None = None, workers: int = 2, **how: Any
) -> list[RowOutcome]:
    with executor or ThreadPoolExecutor(workers) as chosen:
        force = Workforce(chosen, workers)
        enrollment = MassEnrollment(store, Matchers(Judging({})), Registers("exact"), force, **how)  # type: ignore[arg-type]
        return list(enrollment.outcomes(rows))


def on_grid(template: Template) -> Template:
    """A template as extraction gives it: it scores the same before and after storage."""
    return decode_template(encode_template(template))


def kinds(outcomes: Sequence[RowOutcome]) -> list[str]:
    return [one.outcome for one in outcomes]


def test_every_row_is_enrolled_once_however_often_the_list_comes(store: Store, prints: Callable[..., Any]) -> None:
    rows = [prints(f"S{number}", number) for number in range(75)]
    assert kinds(enrolled(store, rows)) == ["enrolled"] * 75
    assert kinds(enrolled(store, rows)) == ["present"] * 75
    assert kinds(enrolled(store, [*rows[:2], *rows[:2]])) == ["present"] * 4
    assert store.count() == 75
    assert store.references("S7")[0].metadata == {"file_sha256": row_sha256(rows[7])}


@pytest.mark.parametrize("unchecked", [True, False])
def test_a_row_that_comes_twice_is_enrolled_once(store: Store, prints: Callable[..., Any], unchecked: bool) -> None:
    row = prints("A", 1)
    assert kinds(enrolled(store, [row] * 9, unchecked=unchecked)) == ["enrolled"] + ["present"] * 8


@pytest.mark.parametrize("apart", [0, 1, 7, 40])
@pytest.mark.parametrize("rehearsal", [True, False])
def test_a_finger_under_two_names_is_found_wherever_it_comes(
    store: Store, prints: Callable[..., Any], apart: int, rehearsal: bool
) -> None:
    between = [prints(f"S{number}", number) for number in range(10, 10 + apart)]
    outcomes = enrolled(store, [prints("A", 1), *between, prints("B", 1, 5)], rehearsal=rehearsal)
    assert kinds(outcomes) == ["enrolled"] * (1 + apart) + ["duplicate"]
    assert (outcomes[-1].other_subject, outcomes[-1].other_finger) == ("A", "unknown")
    assert outcomes[-1].score is not None
    assert outcomes[-1].score > 46
    assert store.count() == (0 if rehearsal else 1 + apart)


@pytest.mark.parametrize("apart", [0, 40])
@pytest.mark.parametrize("rehearsal", [True, False])
def test_impressions_of_a_finger_have_to_agree(
    store: Store, prints: Callable[..., Any], apart: int, rehearsal: bool
) -> None:
    between = [prints(f"S{number}", number) for number in range(10, 10 + apart)]
    rows = [prints("A", 1), *between, prints("A", 1, 5), prints("A", 2)]
    outcomes = enrolled(store, rows, rehearsal=rehearsal)
    assert kinds(outcomes[1 + apart :]) == ["enrolled", "disagreement"]
    assert "does not agree with what is enrolled of 'A'" in outcomes[-1].reason


def test_what_was_learnt_speaks_for_no_row(store: Store, prints: Callable[..., Any]) -> None:
    assert kinds(enrolled(store, [prints("A", 1)])) == ["enrolled"]
    store.learn("A", "unknown", on_grid(finger(2)), like=store.references("A"), score=50)
    assert kinds(enrolled(store, [prints("A", 2, 5), prints("A", 1, 5)])) == ["disagreement", "enrolled"]


def test_unchecked_rows_are_taken_as_they_are(store: Store, prints: Callable[..., Any]) -> None:
    rows = [prints("A", 1), prints("B", 1, 5), prints("A", 2)]
    assert kinds(enrolled(store, rows, unchecked=True)) == ["enrolled"] * 3


def test_what_is_wrong_with_a_row_is_told_and_ends_nothing(store: Store, prints: Callable[..., Any]) -> None:
    missing = prints("F", 6)
    missing.path.unlink()
    poor = Acquisition("", outcome="failure-to-acquire", reason="6.png: no print")
    rows = [
        prints("", 1),
        prints("B", 2, name="big-toe"),
        prints("C", 3, flaw="line 4 has no file"),
        prints("D", 4, acquired=poor),
        replace(missing, subject="A"),
        prints("A", 7),
    ]
    store.add("A", "unknown", finger(7), metadata={"file_sha256": "of another file"})
    outcomes = enrolled(store, rows)
    assert kinds(outcomes) == ["refused", "refused", "refused", "failure-to-acquire", "unreadable", "enrolled"]
    assert [one.impression for one in outcomes] == [None] * 5 + [2]
    assert outcomes[2].reason == "line 4 has no file"
    assert [bool(one) for one in outcomes] == [False] * 5 + [True]


def test_a_flaw_is_told_before_what_follows_from_it(store: Store, prints: Callable[..., Any]) -> None:
    (outcome,) = enrolled(store, [prints("", 1, flaw="named neither <id>/<finger> nor <id>_<finger>")])
    assert (outcome.outcome, outcome.reason) == ("refused", "named neither <id>/<finger> nor <id>_<finger>")


def test_rows_are_told_while_the_next_has_not_come(store: Store, prints: Callable[..., Any]) -> None:
    told: list[RowOutcome] = []

    def coming() -> Iterator[EnrollmentRow | None]:
        for number in range(5):
            yield prints(f"S{number}", number)
            yield None
            assert len(told) == number + 1

    with ThreadPoolExecutor(2) as executor:
        how = MassEnrollment(store, Matchers(Judging({})), Registers("exact"), Workforce(executor, 2))  # type: ignore[arg-type]
        told.extend(how.outcomes(coming()))
    assert kinds(told) == ["enrolled"] * 5


def test_a_row_may_hold_what_is_in_its_file(store: Store, edges_model: Path, stripes: Path) -> None:
    scan = (stripes / "A_00.bmp").read_bytes()
    nowhere = Path("nowhere.bmp")
    rows = [
        EnrollmentRow("A", "unknown", nowhere, "1", content=scan),
        EnrollmentRow("A", "unknown", nowhere, "2", content=scan),
        EnrollmentRow("B", "unknown", nowhere, "3", content=b"no scan"),
        EnrollmentRow("C", "unknown", nowhere, "4"),
    ]
    with ThreadPoolExecutor(2) as executor:
        how = MassEnrollment(store, Matchers(Matcher.load(edges_model)), Registers("exact"), Workforce(executor, 2))
        outcomes = [*how.outcomes(rows), *how.outcomes(rows[:1])]
    assert kinds(outcomes) == ["enrolled", "present", "unreadable", "unreadable", "present"]
    assert all(one.row.content is None for one in outcomes)
    assert store.references("A")[0].metadata == {"file_sha256": hashlib.sha256(scan).hexdigest()}


def test_what_is_told_is_on_disk(store: Store, prints: Callable[..., Any], tmp_path: Path) -> None:
    rows = [prints(f"S{number}", number) for number in range(80)]
    with ThreadPoolExecutor(2) as executor, Store.open(tmp_path / "store", key="none", create=False) as other:
        how = MassEnrollment(store, Matchers(PLAIN), Registers("exact"), Workforce(executor, 2), unchecked=True)  # type: ignore[arg-type]
        for number, one in enumerate(how.outcomes(rows)):
            assert other.references(one.row.subject), number


class Backwards(Executor):
    """Does what it was given last first, and only when somebody waits."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(1)
        self.given: list[tuple[Future[Any], Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.given.append((future, fn, args, kwargs))
        self.pool.submit(self.work)
        return future

    def work(self) -> None:
        future, fn, args, kwargs = self.given.pop()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)


def test_outcomes_are_those_of_the_order_of_the_rows(store: Store, prints: Callable[..., Any]) -> None:
    rows = [prints(f"S{number}", number % 20, number // 20) for number in range(60)]
    outcomes = enrolled(store, rows, Backwards())
    assert kinds(outcomes) == ["enrolled"] * 20 + ["duplicate"] * 40
    assert [one.other_subject for one in outcomes[20:]] == [f"S{number}" for number in range(20)] * 2


class AtOnce(Executor):
    """Does what it is given before it returns: all rows that are under way are looked up before any is decided."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@pytest.mark.slow
def test_outcomes_and_scores_are_the_same_however_many_work(tmp_path: Path, prints: Callable[..., Any]) -> None:
    names = [("right-index", "left-thumb")[number % 2] for number in range(48)]
    rows = [prints(f"S{number % 20}", number % 18, number // 18, names[number]) for number in range(48)]
    told = []
    for number, (executor, workers) in enumerate([(AtOnce(), 1), (None, 9), (Backwards(), 3)]):
        with Store.open(tmp_path / f"of-{number}", key="none") as store:
            outcomes = enrolled(store, rows, executor, workers)
            told.append([(one.row.file, one.outcome, one.reason, one.score, one.impression) for one in outcomes])
    assert {"enrolled", "duplicate", "disagreement"} <= set(kinds(outcomes))
    for one in told[1:]:
        assert one == told[0]


@pytest.mark.parametrize("executor", [AtOnce(), None])
def test_a_finger_is_found_behind_prints_that_resemble_it_more_and_were_not_taken(
    store: Store, prints: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, executor: Executor | None
) -> None:
    more: list[int] = []

    def nearest(*args: Any) -> Any:
        more.append(len(args))
        return found(*args)

    found = mass.nearest
    monkeypatch.setattr(mass, "nearest", nearest)
    templates = {"A": impression_of(1)} | {name: moved_by(finger(1), 0, 99, 99) for name in "BCDE"}
    rows = [replace(prints(name, 1), file=name) for name in templates]
    monkeypatch.setattr(mass, "acquire", _acquired(templates))
    outcomes = enrolled(store, rows, executor)
    assert [one.other_subject for one in outcomes] == ["", "A", "A", "A", "A"]
    assert more or executor is None


def impression_of(number: int) -> Template:
    return moved_by(impression(finger(number), 5, missing=0.1, noise=0.2), 0, 99, 99)


def _acquired(templates: dict[str, Template]) -> Callable[..., Acquisition]:
    def acquire(row: EnrollmentRow, *_: Any, **__: Any) -> Acquisition:
        return Acquisition(hashlib.sha256(row.file.encode()).hexdigest(), templates[row.file])

    return acquire


def test_an_index_that_cannot_be_read_beside_is_asked_where_the_store_is(
    store: Store, prints: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(_: Look) -> list[int]:
        raise CorruptRecord("a shard is damaged")

    monkeypatch.setattr(Look, "likeliest", unreadable)
    rows = [prints(f"S{number}", number % 40, number // 40) for number in range(50)]
    assert kinds(enrolled(store, rows)) == ["enrolled"] * 40 + ["duplicate"] * 10


@pytest.mark.slow
def test_no_index_changes_while_it_is_asked(
    store: Store, prints: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, beside, added = ExactIndex.likeliest, set[int](), 0
    add = ExactIndex.add

    def slowly(index: ExactIndex, probe: Template, count: int) -> list[int]:
        if threading.current_thread() is threading.main_thread():
            return asked(index, probe, count)
        number = threading.get_ident()
        beside.add(number)
        time.sleep(0.01)
        found = asked(index, probe, count)
        beside.remove(number)
        return found

    def watched(index: ExactIndex, ids: Sequence[int], templates: Sequence[Template]) -> None:
        nonlocal added
        if ids and max(ids) > 10_000:  # of the store; rows that it does not have are numbered
            assert not beside
            added += len(ids)
        add(index, ids, templates)

    monkeypatch.setattr(ExactIndex, "likeliest", slowly)
    monkeypatch.setattr(ExactIndex, "add", watched)
    assert kinds(enrolled(store, [prints(f"S{number}", number) for number in range(80)])) == ["enrolled"] * 80
    assert added >= 32
