"""deduplicate: fingers that are enrolled twice."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fpverify.cli.options import CALIBRATION, JSON, Many, OutputFile, many_options, options, require_plots
from fpverify.cli.words import counted, print_facts, print_json, print_table
from fpverify.folders import open_private

if TYPE_CHECKING:
    from fpverify.executors import Workforce
    from fpverify.matching import Matcher
    from fpverify.search.doubles import DuplicatePair
    from fpverify.verifier import Verifier

COLUMNS = ("id", "finger", "impression", "other_id", "other_finger", "other_impression", "score")
KEPT_EVERY = 100  # references, after which the work done is noted: a few seconds
SHOWN = 20  # pairs on the screen


@click.command(
    "deduplicate",
    epilog="""\b
Examples:
  fpverify deduplicate
  fpverify deduplicate --pairs 1 --report doubles.csv --pictures doubles/

\b
With --report the work done so far lies beside it, in a file of its name and .part: ended at any moment,
the same command goes on.
""",
)
@click.option(
    "--pairs",
    type=click.FloatRange(0, min_open=True),
    default=0.1,
    metavar="NUMBER",
    help="How many false pairs the whole store may be expected to show.  [default: 0.1]",
)
@click.option("--report", type=OutputFile((".csv",)), metavar="FILE", help="The pairs as CSV.")
@click.option(
    "--pictures",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Pictures of the pairs.",
)
@options(CALIBRATION)
@many_options
@options(JSON)
def deduplicate_command(
    *,
    pairs: float,
    report: Path | None,
    pictures: Path | None,
    calibration: str | None,
    many: Many,
    as_json: bool,
) -> None:
    """Find fingers that are enrolled twice, under two ids or two names.

    Each reference is searched for among all others that its model has made; those of two models cannot be compared.
    Templates of scans are also looked for among records of minutiae, by their minutiae. Pictures are made of pairs
    whose scans were both kept.
    """
    if pictures is not None:
        require_plots("--pictures")
    with many.opened(create=False, calibration=calibration) as verifier, many.workforce() as workforce:
        enrolled = verifier.enrolled
        searched = len(enrolled)
        models = [one.matcher.model_id for one in enrolled.registers if one not in enrolled.records]
        note = f"not between those of {', '.join(models)}" if len(models) > 1 else ""
        note = "; ".join(one for one in (note, enrolled.note) if one)
        found = _searched(verifier, pairs, report, workforce, searched)
        drawn = [] if pictures is None else list(_drawn(verifier, found, pictures))
    if report is not None:
        _write(report, found)
    if as_json:
        answer = {"searched": searched, "pairs": [_row(one) for one in found], "expected": pairs, "pictures": drawn}
        print_json(answer | {"note": note or None})
        return
    click.echo(f"{counted(len(found), 'pair')} among {counted(searched, 'reference')}, {pairs:g} expected by chance")
    made = counted(len(drawn), "picture") if pictures else ""
    print_facts([("searched", note), ("report", f"{report or ''}"), ("pictures", made)])
    if found and report is None:
        print_table(COLUMNS, [[f"{value}" for value in _row(one).values()] for one in found[:SHOWN]])
        if len(found) > SHOWN:
            click.echo(f"and {len(found) - SHOWN} more; --report FILE.csv has them all")


def _searched(
    verifier: Verifier, expected: float, report: Path | None, workforce: Workforce, searched: int
) -> list[DuplicatePair]:
    """The pairs of fingers by their best comparison, the likeliest first; with a bar."""
    from tqdm import tqdm

    part = None if report is None else Part(report, {"store": verifier.store.store_id, "pairs": expected})
    best = {} if part is None else part.best
    done: list[str] = []
    with tqdm(total=searched, desc="references", unit="", disable=None) as bar:
        bar.update(0 if part is None else len(part.done))
        for number, pairs in verifier.duplicates(
            pairs=expected, workforce=workforce, done=frozenset() if part is None else frozenset(part.done)
        ):
            for one in pairs:
                if one.fingers not in best or best[one.fingers].score.value < one.score.value:
                    best[one.fingers] = one
            done.append(number)
            bar.update()
            if part is not None and len(done) >= KEPT_EVERY:
                part.keep(done)
                done = []
    if part is not None:
        part.path.unlink(missing_ok=True)
    return sorted(best.values(), key=lambda one: -one.score.value)


class Part:
    """The work that was done for a report which is not finished.

    Attributes:
        path: of the file.
        best: pairs by their fingers.
        done: record ids of the references that were searched for.
    """

    def __init__(self, report: Path, what: dict[str, Any]) -> None:
        """What the file says; nothing if it is missing, of another store or of other pairs."""
        self.path = report.with_name(f"{report.name}.part")
        self.best: dict[Any, DuplicatePair] = {}
        self.done: list[str] = []
        self._what = what
        self._read()

    def keep(self, done: Sequence[str]) -> None:
        """Notes references that were searched for, and all pairs so far."""
        self.done += done
        said = self._what | {"done": self.done, "found": [_row(one) for one in self.best.values()]}
        fresh = self.path.with_name(f"{self.path.name}.new")
        with open_private(fresh) as file:
            json.dump(said, file)
        fresh.replace(self.path)

    def _read(self) -> None:
        from fpverify.search.doubles import DuplicatePair
        from fpverify.vocabulary import Score

        with suppress(OSError, ValueError, KeyError, TypeError):
            said = json.loads(self.path.read_text(encoding="utf-8"))
            if {name: said[name] for name in self._what} != self._what:
                return
            for row in said["found"]:
                subject, finger, impression, *other, value = (row[name] for name in COLUMNS)
                one = DuplicatePair(subject, finger, impression, other[0], other[1], other[2], Score(float(value)))
                self.best[one.fingers] = one
            self.done = list(said["done"])


def _drawn(verifier: Verifier, found: Sequence[DuplicatePair], folder: Path) -> Iterator[str]:
    """Pictures of the pairs whose scans were kept."""
    from fpverify.explanation.explanation import explain
    from fpverify.explanation.pair_picture import write_picture

    folder.mkdir(parents=True, exist_ok=True)
    for number, one in enumerate(found, 1):
        first = verifier.store.scan(one.subject, one.finger, one.impression)
        second = verifier.store.scan(one.other_subject, one.other_finger, one.other_impression)
        if first is not None and second is not None:
            path = folder / f"pair-{number:04d}.png"
            matcher = _made_by(verifier, one)
            write_picture(explain(matcher, first, second, matcher.operating_point(verifier.fmr)), path)
            yield f"{path}"


def _made_by(verifier: Verifier, pair: DuplicatePair) -> Matcher:
    """The model by which a pair was found."""
    impressions = verifier.references(pair.subject, pair.finger)
    (model_id,) = (one.model_id for one in impressions if one.impression == pair.impression)
    return verifier.matchers.of(model_id)


def _write(path: Path, found: Sequence[DuplicatePair]) -> None:
    from fpverify.enrollment.cells import guarded

    with open_private(path) as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for one in found:
            row = _row(one)
            writer.writerow(row | {name: guarded(row[name]) for name in ("id", "other_id")})


def _row(one: DuplicatePair) -> dict[str, Any]:
    values = (one.subject, one.finger, one.impression, one.other_subject, one.other_finger, one.other_impression)
    return dict(zip(COLUMNS, (*values, round(one.score.value, 2)), strict=True))
