"""identify: whose finger is it?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fpverify.answers import identification_answer
from fpverify.cli.captures import Live, live_options
from fpverify.cli.failures import EXIT_NON_MATCH
from fpverify.cli.options import (
    CALIBRATION,
    DB,
    INDEX,
    JSON,
    KEY,
    MODEL,
    PPI,
    RAW,
    SCANS,
    Parsed,
    options,
    registers_with_a_bar,
)
from fpverify.cli.streams import given_scans
from fpverify.cli.words import counted, in_colour, pad_facts, percent, print_facts, print_json, print_table, scan_facts
from fpverify.settings import load_settings, parse_fpir

if TYPE_CHECKING:
    from fpverify.vocabulary import Candidate, Identification, Scan


@click.command(
    "identify",
    epilog="""\b
Examples:
  fpverify identify scan.bmp
  fpverify identify scan.bmp --top 10 --fpir 0.1% --json
  fpverify identify --reader
  fpverify identify a.bmp b.bmp

\b
Exit codes: 0 somebody matches, 1 nobody does, 2 wrong use, 3 no decision could be made.
""",
)
@options(SCANS)
@click.option("--top", type=click.IntRange(1), default=5, metavar="N", help="Most candidates shown.  [default: 5]")
@click.option(
    "--fpir",
    type=Parsed("rate", parse_fpir),
    default=0.01,
    metavar="RATE",
    help="How often a scan of nobody enrolled may match somebody.  [default: 1%]",
)
@live_options
@options(PPI, RAW, MODEL, CALIBRATION, DB, KEY, INDEX, JSON)
def identify_command(
    *,
    scans: tuple[str, ...],
    top: int,
    fpir: float,
    live: Live,
    ppi: float | None,
    model: str | None,
    calibration: str | None,
    db: str | None,
    key: str | None,
    index: str | None,
    as_json: bool,
) -> int:
    """Find whose finger a scan shows, or whose fingers several scans of one person do, among all that are enrolled.

    The threshold rises with the number enrolled, so that the false positive identification rate is that of the whole
    search. Several scans are one search, for the person whom they fit best together. A scan named - comes from standard
    input.
    """
    from fpverify.verifier import Verifier

    live.count(scans)
    stated = load_settings(ppi=ppi).ppi
    probes = live.captured(ppi=stated) or given_scans(scans, stated)
    registers = registers_with_a_bar(index)
    with Verifier.open(
        db, model=model, calibration=calibration, key=key, index=index, registers=registers, create=False
    ) as verifier:
        found = verifier.identify(probes, top=top, fpir=fpir)
    if as_json:
        print_json(identification_answer(found, *probes))
    else:
        print_identification(found, *probes)
    return 0 if found.matches else EXIT_NON_MATCH


def print_identification(found: Identification, *probes: Scan) -> None:
    """Who matches, if anybody does, and who comes near."""
    click.echo(in_colour(found.word))
    tail = "; extrapolated beyond the evidence" if found.extrapolated else ""
    print_facts(
        [
            ("searched", _searched(found)),
            ("threshold", f"{found.threshold:.1f}, at FPIR {percent(found.fpir)}{tail}"),
            *scan_facts(*probes),
            *pad_facts(found.pad),
            ("search", found.note or ""),
        ]
    )
    if found.candidates:
        print_table(("subject", "finger", "score", ""), [_row(one) for one in found.candidates])


def _searched(found: Identification) -> str:
    """How many references, and how often an index would have left the mate out."""
    error = found.preselection_error
    return counted(found.searched, "impression") + (
        "" if error is None else f"; pre-selection error {percent(error)}, as measured"
    )


def _row(candidate: Candidate) -> tuple[str, str, str, str]:
    score = f"{candidate.score.value:.1f}"
    fingers = [one.finger or "-" for one in candidate.probes] or [candidate.finger]
    return candidate.subject, ", ".join(fingers), score, "match" if candidate.match else ""
