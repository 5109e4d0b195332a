"""report: several matchers' scores side by side; and the report of an evaluation."""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fpverify.cli.options import JSON, OutputFile, options
from fpverify.cli.words import print_facts, print_json, print_table
from fpverify.folders import private

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fpverify.evaluation.report.content import ReportContent
    from fpverify.evaluation.report.matchers import MatchersContent
    from fpverify.evaluation.sets.protocol import Plan
    from fpverify.matching import Matcher
    from fpverify.vocabulary import Evaluation, OperatingPoint

HASHED = {True: "names and files of the scans", False: "names and templates"}  # by: were there files?


@click.command(
    "report",
    epilog="""\b
Examples:
  fpverify report ours.csv theirs.csv --out report.html
  fpverify report a__optical.csv a__thermal.csv b__optical.csv b__thermal.csv --out report.html
""",
)
@options(
    click.argument("scores", type=click.Path(), nargs=-1, required=True, metavar="SCORES..."),
    click.option(
        "--out",
        type=OutputFile((".html", ".json"), drawn="a report as a page"),
        metavar="HTML|JSON",
        help="Write the report here.",
    ),
    click.option("--title", default="Matchers compared", show_default=True, help="Of the report."),
    JSON,
)
def report_command(*, scores: tuple[str, ...], out: Path | None, title: str, as_json: bool) -> None:
    """Compare the scores of any matchers on the same pairs.

    SCORES are CSV files with probe, reference, mated (or genuine) and score; an empty score (or nan) is a failure to
    acquire. A file named <matcher>__<set>.csv is one set of a matcher, any other one is a matcher of its own.
    """
    from fpverify.evaluation.report.content import provenance_of
    from fpverify.evaluation.report.matchers import matchers_content, read_matchers
    from fpverify.evaluation.report.page import matchers_page

    found = read_matchers(scores)
    every = [one for sets in found.values() for one in sets.values()]
    content = matchers_content(title, found, provenance_of(command_line(), every, {}, "the scores file"))
    if out and out.suffix == ".json":
        private(out).write_text(json.dumps(content.to_dict(), indent=2, allow_nan=False) + "\n", encoding="utf-8")
    elif out:
        private(out).write_text(matchers_page(content), encoding="utf-8")
    if as_json:
        print_json(content.to_dict())
    else:
        print_matchers(content, out)


def print_matchers(content: MatchersContent, out: Path | None) -> None:
    """The EER of every matcher on every set, what to know of its scores, and where the report lies."""
    rows = [
        [
            row.name,
            *(f"{100 * row.metrics[name]['eer']:.2f}" for name in content.sets),
            f"{100 * row.mean['eer']:.2f}",
            f"{row.comparisons:,}",
            f"{row.failed:,}",
        ]
        for row in content.rows
    ]
    heads = ("EER, per cent", *(name or "scores" for name in content.sets), "mean", "comparisons", "failed")
    print_table(heads, rows)
    print_facts([*(("note", note) for note in content.notes), ("report", str(out) if out else "")])


def command_line() -> str:
    """What was typed, to be repeated."""
    return shlex.join(["fpverify", *sys.argv[1:]])


@dataclass(frozen=True, slots=True)
class Written:
    """What an evaluation has brought together by the time it is reported.

    Attributes:
        matcher: the model.
        evaluations: of the sets.
        figures: metrics of the only set, or `sets` and `pooled`.
        point: whose threshold was applied.
        plans: of the sets, with the scans' files; none for enrolled impressions.
        timing: in words.
    """

    matcher: Matcher
    evaluations: Sequence[Evaluation]
    figures: Mapping[str, Any]
    point: OperatingPoint
    plans: Sequence[Plan]
    timing: str


def write_report(written: Written, title: str, path: Path | None, folder: Path | None) -> None:
    """Writes the report as HTML or JSON, and its curves into a folder."""
    from fpverify.evaluation.report.page import report_page, write_figures

    is_page = path is not None and path.suffix != ".json"
    content = _content(written, title, drawn=is_page)
    if path and is_page:
        private(path).write_text(report_page(content), encoding="utf-8")
    elif path:
        private(path).write_text(json.dumps(content.to_dict(), indent=2, allow_nan=False) + "\n", encoding="utf-8")
    if folder:
        write_figures(content, folder)


def ppi_of_scan(evaluation: Evaluation, name: str) -> float | None:
    """The resolution at which a scan of a set was read; None is the file's own."""
    resolution = evaluation.resolution
    return None if resolution is None else resolution.own_ppi.get(name, resolution.used)


def _content(written: Written, title: str, *, drawn: bool) -> ReportContent:
    """What a report says; of its gallery the pictures if they are to be seen."""
    from fpverify.evaluation.report.content import provenance_of, report_content
    from fpverify.evaluation.report.gallery import PrintFile, gallery

    files = [
        {name: PrintFile(one.path, ppi_of_scan(its, name)) for name, one in zip(plan.scans, plan.prints, strict=True)}
        for plan, its in zip(written.plans, written.evaluations, strict=False)  # enrolled impressions have no plan
        if plan.protocol != "touches"  # a finger's touches together are no file that could be shown
    ]
    pairs = gallery(written.matcher, written.evaluations, files, written.point, drawn=drawn) if files else []
    provenance = provenance_of(
        command_line(), written.evaluations, written.matcher.bundle.card.files, HASHED[bool(written.plans)]
    )
    return report_content(
        title,
        written.evaluations,
        written.figures.get("sets", [written.figures]),
        written.point,
        pooled_figures=written.figures.get("pooled"),
        pairs=pairs,
        provenance={**provenance, "time for scans and comparisons": written.timing},
    )
