"""Lists of fingers into a store; prints are made up, and their files hold nothing but their names."""

from __future__ import annotations

import hashlib
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
from fpverify.executors import Workforce
from fpverify.matching import Matcher, Matchers
from fpverify.search.register import Registers
from fpverify.store import Store
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
        templates[file] = changed.get("acquired") or moved_by(made, 0, 99, 99)
        return EnrollmentRow(subject, name, tmp_path / file, file, flaw=changed.get("flaw", ""))

    monkeypatch.setattr(mass, "acquire", acquire)
    return row


def enrolled(
    store: Store, rows: Sequence[EnrollmentRow], executor: Executor | None = None, **how: Any
) -> list[RowOutcome]:
    with executor or ThreadPoolExecutor(2) as chosen:
        enrollment = MassEnrollment(store, Matchers(Judging({})), Registers("exact"), Workforce(chosen, 2), **how)  # type: ignore[arg-type]
        return list(enrollment.outcomes(rows))


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
