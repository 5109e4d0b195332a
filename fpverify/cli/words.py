"""Answers as text for people and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice
from textwrap import fill
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from fpverify.vocabulary import Basis, Interval, OperatingPoint, PadResult, Scan

COLUMN_GAP = "  "
FITTED_ROWS = 1000  # of a table: the others are printed as they come
WIDTH = 100  # characters of a line; wider ones are hard to read
COLOURS = MappingProxyType(  # a non-match is an answer and no error; the words alone say all of it
    {"match": "green", "non-match": "yellow", "no decision": "red", "well": "green", "attention": "yellow"}
)


def print_json(answer: Mapping[str, Any]) -> None:
    """One JSON object on one line, ASCII, so that it survives any encoding."""
    click.echo(json.dumps(answer, ensure_ascii=True, allow_nan=False))


def print_json_list(head: Mapping[str, Any], name: str, items: Iterable[Mapping[str, Any]]) -> None:
    """The same of an object whose last field is a list, however long: its items are printed as they come."""
    begun = json.dumps({**head, name: []}, ensure_ascii=True, allow_nan=False)
    click.echo(begun[: -len("]}")], nl=False)
    for number, item in enumerate(items):
        click.echo(", " * (number > 0) + json.dumps(item, ensure_ascii=True, allow_nan=False), nl=False)
    click.echo("]}")


def print_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Lines of name and value, sentences wrapped; names without a value are left out."""
    shown = [(name, value) for name, value in facts if value]
    column = max((len(name) for name, _ in shown), default=0) + 4
    for name, value in shown:
        line = f"{f'  {name}':<{column}}{value}"
        wrapped = fill(line, WIDTH, subsequent_indent=" " * column, break_long_words=False, break_on_hyphens=False)
        click.echo(wrapped if " " in value else line)  # a path stays in one piece, beside its name


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns under their heads, the first to the left and the others to the right; as wide as the first rows need."""
    coming = iter(rows)
    first = list(islice(coming, FITTED_ROWS))
    widths = [max(len(row[column]) for row in (heads, *first)) for column in range(len(heads))]
    for row in chain((heads,), first, coming):
        cells = [
            f"{row[0]:<{widths[0]}}",
            *(f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True)),
        ]
        click.echo(COLUMN_GAP.join(cells).rstrip())


def in_colour(word: str) -> str:
    """A word that says how something ended, for a terminal; blanks around it stay.

    What stands behind it is measured without the colour, so it begins a line. `click.echo` takes the colour away where
    no terminal is; nothing for programs has one.
    """
    return click.style(word, fg=COLOURS.get(word.strip()), bold=True)


def say_new_key(place: str | None) -> None:
    """One line on standard error if a key was made for a store."""
    if place:
        lost = "without it neither the store nor any copy of it can be read"
        click.echo(f"fpverify: made the key {place}; keep a copy elsewhere, {lost}", err=True)


def percent(rate: float) -> str:
    """A rate in per cent with three significant digits: 0.00123 is "0.123 %"."""
    return f"{100 * rate:.3g} %"


def percent_within(rate: float, interval: Interval) -> str:
    """A rate with its 95 % interval."""
    return f"{percent(rate)} ({100 * interval.low:.3g} to {percent(interval.high)})"


def counted(number: int, noun: str) -> str:
    """The number with its noun: "1 finger", "2 fingers"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def operating_point_facts(point: OperatingPoint, *, whole: bool = False) -> list[tuple[str, str]]:
    """An operating point in words; `whole` says that it is that of several scans, and was measured on single ones."""
    measured = "of the whole; of single scans measured" if whole else "measured"
    rate = f"a false match rate of {percent(point.target_fmr)}"
    return [
        ("decided at", f"{rate}{'' if whole else ';'} {measured}, with 95 % intervals:"),
        ("FMR", f"{percent_within(point.fmr, point.fmr_interval)}, FAR {percent(point.far)}"),
        ("FNMR", f"{percent_within(point.fnmr, point.fnmr_interval)}, FRR {percent(point.frr)}"),
        ("evidence", f"{point.evidence}; {point.mated:,} mated and {point.non_mated:,} non-mated comparisons"),
        ("model", point.model_id),
    ]


def basis_words(basis: Sequence[Basis]) -> str:
    """What a decision rests on, where that is not scans alone, as usual."""
    if "minutiae" not in basis:
        return ""
    return "records of minutiae" if len(basis) == 1 else "templates of scans and records of minutiae"


SAID_BY = {
    "file": "stated by the file",
    "reader": "stated by the reader",
    "given": "as given",
    "estimated": "estimated from the ridges",
    "set": "its set's",
}
SAID_OF_SETS = {"file": "as the files state", "given": "as given", "estimated": "estimated", "set": "each as it says"}


def resolution_words(scan: Scan) -> str:
    """The resolution of a scan, and who says so."""
    return f"{scan.ppi:g} ppi, {SAID_BY[scan.ppi_source]}"


def scan_facts(*scans: Scan) -> list[tuple[str, str]]:
    """At which resolution scans were read, and what was assumed about them; said once of scans that are alike."""
    facts = [fact for scan in scans for fact in (("resolution", resolution_words(scan)), ("note", scan_notes(scan)))]
    return list(dict.fromkeys(facts))


def set_resolution_facts(resolution: Mapping[str, Any] | None, name: str = "") -> list[tuple[str, str]]:
    """At which resolution a set was read, and the doubt about it, if there is one; of a set among several by name."""
    if resolution is None:
        return []
    used, beside = resolution["used"], f" of {name}" if name else ""
    words = "not one for all" if used is None else f"{used:g} ppi, {SAID_OF_SETS[resolution['source']]}"
    if resolution["disagreeing"]:
        words += f"; {percent(resolution['disagreeing'])} of the scans disagree"
    return [(f"resolution{beside}", words), ("note", resolution["note"] or "")]


def scan_notes(scan: Scan) -> str:
    """What was assumed about a scan, in words; empty if nothing was."""
    return "; ".join(
        note for note in (scan.ppi_note, "bright ridges on dark, inverted" if scan.inverted else "") if note
    )


def pad_facts(results: Sequence[PadResult]) -> list[tuple[str, str]]:
    """What a detector of presentation attacks found; nothing where none was asked."""
    return [
        (
            "presentation",
            f"no attack suspected by {one.detector}: {one.score:.3g}, threshold {one.threshold:.3g} "
            f"(APCER {percent(one.apcer)}, BPCER {percent(one.bpcer)}, as it states)",
        )
        for one in results
    ]
