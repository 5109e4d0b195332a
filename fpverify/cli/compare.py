"""compare: two scans, or templates of them, without a store."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from fpverify.answers import comparison_answer
from fpverify.cli.failures import EXIT_NON_MATCH
from fpverify.cli.options import CALIBRATION, FMR, JSON, MODEL, PPI, RAW, options
from fpverify.cli.passphrases import PASSPHRASE_FILE, passphrase_from
from fpverify.cli.streams import given_scan, require_one_input
from fpverify.cli.template import single_template_words
from fpverify.cli.words import in_colour, operating_point_facts, print_facts, print_json, resolution_words, scan_notes
from fpverify.settings import load_settings

if TYPE_CHECKING:
    from fpverify.single_templates import SingleTemplate
    from fpverify.vocabulary import Decision


@click.command(
    "compare",
    epilog="""\b
Examples:
  fpverify compare scan.bmp finger.bmp
  fpverify compare scan.bmp a.fpt --fmr 0.0001
  fpverify compare a.fpt b.fpt --passphrase-file passphrase --json

\b
Exit codes: 0 match, 1 non-match, 2 wrong use, 3 no decision could be made.
""",
)
@options(
    click.argument("probe", type=click.Path()),
    click.argument("reference", type=click.Path()),
    FMR,
    PPI,
    RAW,
    PASSPHRASE_FILE,
    MODEL,
    CALIBRATION,
    JSON,
)
def compare_command(
    *,
    probe: str,
    reference: str,
    fmr: float | None,
    ppi: float | None,
    passphrase_file: str | None,
    model: str | None,
    calibration: str | None,
    as_json: bool,
) -> int:
    """Decide whether two prints are of one finger; each is a scan, or a template of `fpverify template`.

    Nothing is kept, and no store is asked. A scan beside a template is seen by the model that made that one. Why two
    scans match or not is what `fpverify explain` says. One of the scans may be -, which is standard input.
    """
    from fpverify.single_templates import SingleTemplates

    asked = partial(passphrase_from, passphrase_file, twice=False)
    require_one_input([probe, reference])
    singles = SingleTemplates(model=model, calibration=calibration, ppi=ppi, passphrase=asked, read=given_scan)
    pair = singles.pair(probe, reference)
    decision = singles.decided(*pair, load_settings(fmr=fmr).fmr)
    if as_json:
        print_json(comparison_answer(decision, *pair))
    else:
        _print(decision, *pair)
    return 0 if decision.match else EXIT_NON_MATCH


def _print(decision: Decision, probe: SingleTemplate, reference: SingleTemplate) -> None:
    score, threshold = decision.score, decision.operating_point.threshold
    tail = "; the score is extrapolated beyond the evidence" if score.extrapolated else ""
    click.echo(in_colour(decision.word))
    print_facts(
        [
            ("probe", _words(probe)),
            ("reference", _words(reference)),
            ("score", f"{score.value:.1f}, threshold {threshold:.1f}{tail}"),
            *operating_point_facts(decision.operating_point),
        ]
    )


def _words(one: SingleTemplate) -> str:
    notes = [resolution_words(one.scan), scan_notes(one.scan)] if one.scan else ["a template"]
    return "; ".join(note for note in (single_template_words(one), *notes) if note)
