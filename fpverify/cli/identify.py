"""identify: whose finger is it?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fpverify.answers import identification_answer
from fpverify.cli.failures import EXIT_NON_MATCH
from fpverify.cli.options import CALIBRATION, DB, INDEX, JSON, KEY, MODEL, PPI, SCAN, Parsed, options
from fpverify.cli.words import counted, percent, print_facts, print_json, print_table, resolution_words, scan_notes
from fpverify.settings import load_settings, parse_fpir

if TYPE_CHECKING:
    from fpverify.vocabulary import Candidate, Identification, Scan


@click.command(
    "identify",
    epilog="""\b
Examples:
  fpverify identify scan.bmp
  fpverify identify scan.bmp --top 10 --fpir 0.1% --json

\b
Exit codes: 0 somebody matches, 1 nobody does, 2 wrong use, 3 no decision could be made.
""",
)
@options(SCAN)
@click.option("--top", type=click.IntRange(1), default=5, metavar="N", help="Most candidates shown.  [default: 5]")
@click.option(
    "--fpir",
    type=Parsed("rate", parse_fpir),
    default=0.01,
    metavar="RATE",
    help="How often a scan of nobody enrolled may match somebody.  [default: 1%]",
)
@options(PPI, MODEL, CALIBRATION, DB, KEY, INDEX, JSON)
def identify_command(
    *,
    scan: str,
    top: int,
    fpir: float,
    ppi: float | None,
    model: str | None,
    calibration: str | None,
    db: str | None,
    key: str | None,
    index: str | None,
    as_json: bool,
) -> int:
    """Find whose finger a scan shows, among all that are enrolled.

    The threshold rises with the number enrolled, so that the false positive identification rate is that of the whole
    search.
    """
    from fpverify.scans import read_scan
    from fpverify.verifier import Verifier

    probe = read_scan(scan, ppi=load_settings(ppi=ppi).ppi)
    with Verifier.open(db, model=model, calibration=calibration, key=key, index=index, create=False) as verifier:
        found = verifier.identify(probe, top=top, fpir=fpir)
    if as_json:
        print_json(identification_answer(found, probe))
    else:
        print_identification(found, probe)
    return 0 if found.matches else EXIT_NON_MATCH


def print_identification(found: Identification, probe: Scan) -> None:
    """Who matches, if anybody does, and who comes near."""
    click.echo(found.word)
    tail = "; extrapolated beyond the evidence" if found.extrapolated else ""
    print_facts(
        [
            ("searched", _searched(found)),
            ("threshold", f"{found.threshold:.1f}, at FPIR {percent(found.fpir)}{tail}"),
            ("resolution", resolution_words(probe)),
            ("note", scan_notes(probe)),
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
    return candidate.subject, candidate.finger, score, "match" if candidate.match else ""
