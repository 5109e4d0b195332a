"""A list of fingers that is enrolled: its progress, its report, and what became of it in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from fpverify.cli.failures import EXIT_NO_DECISION
from fpverify.cli.options import Many
from fpverify.cli.words import print_facts, print_json, say_new_key
from fpverify.enrollment import DONE, EnrollmentRow, RowOutcome, read_rows
from fpverify.enrollment.report import report_file
from fpverify.settings import load_settings
from fpverify.store.location import is_server_url, store_file

if TYPE_CHECKING:
    from fpverify.verifier import Verifier

SHOWN = 5  # rows that were not enrolled, where no report is written


@dataclass(frozen=True, slots=True)
class List:
    """What the command was given.

    Attributes:
        source: CSV file or folder.
        report: file for the outcomes.
        ppi: resolution of all of its files.
        many: where, and who does the work.
        dry_run, unchecked, as_json: as the options have them.
    """

    source: Path
    report: Path | None
    ppi: float | None
    many: Many
    dry_run: bool
    unchecked: bool
    as_json: bool


def enroll_list(given: List) -> int:
    """Enrolls a list and says what became of it; 0 if every row is in the store, 3 otherwise."""
    rows = read_rows(given.source)
    with _opened(given) as verifier, _reported(given.report) as tell:
        say_new_key(verifier.store.new_key)
        counts: Counter[str] = Counter()
        failed: list[RowOutcome] = []
        for one in _shown(_outcomes(verifier, rows, given), len(rows)):
            tell(one)
            counts[one.outcome] += 1
            if not one and len(failed) < SHOWN:
                failed.append(one)
        place = verifier.store.place
    left = sum(count for outcome, count in counts.items() if outcome not in DONE)
    if given.as_json:
        print_json(_answer(given, counts, place))
    else:
        _print(given, counts, failed, left, place)
    return EXIT_NO_DECISION if left else 0


@contextmanager
def _opened(given: List) -> Iterator[Verifier]:
    """The verifier; of a rehearsal for a store that is still to be made one of nothing, which leaves no trace."""
    many, place = given.many, load_settings(db=given.many.db).db
    with TemporaryDirectory() as nothing:
        if given.dry_run and not is_server_url(place) and not store_file(place).exists():
            many = replace(many, db=nothing, key="none")
        with many.opened(create=True) as verifier:
            yield verifier


def _outcomes(verifier: Verifier, rows: Iterable[EnrollmentRow], given: List) -> Iterator[RowOutcome]:
    with given.many.workforce() as workforce:
        yield from verifier.enroll_many(
            rows,
            unchecked=given.unchecked,
            rehearsal=given.dry_run,
            workforce=workforce,
            ppi=load_settings(ppi=given.ppi).ppi,
        )


def _reported(path: Path | None) -> AbstractContextManager[Callable[[RowOutcome], None]]:
    return nullcontext(lambda _: None) if path is None else report_file(path)


def _shown(outcomes: Iterable[RowOutcome], count: int) -> Iterator[RowOutcome]:
    from tqdm import tqdm

    yield from tqdm(outcomes, total=count, desc="rows", unit="", disable=None)


def _answer(given: List, counts: Counter[str], place: str) -> dict[str, Any]:
    return {
        "rows": counts.total(),
        "outcomes": dict(sorted(counts.items())),
        "dry_run": given.dry_run,
        "report": None if given.report is None else f"{given.report}",
        "store": place,
    }


def _print(given: List, counts: Counter[str], failed: list[RowOutcome], left: int, place: str) -> None:
    verb = "would be enrolled" if given.dry_run else "enrolled"
    click.echo(f"{counts['enrolled']} of {counts.total()} rows {verb}")
    others = [(outcome, f"{count}") for outcome, count in sorted(counts.items()) if outcome != "enrolled"]
    print_facts([*others, ("report", f"{given.report or ''}"), ("store", place)])
    if given.report is None:
        for one in failed:
            click.echo(f"{one.row.file}: {one.outcome}: {one.reason.removeprefix(f'{one.row.file}: ')}", err=True)
        if left > len(failed):
            click.echo(f"and {left - len(failed)} more; --report FILE.csv has them all", err=True)
