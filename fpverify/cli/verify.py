"""verify: is it the finger it claims to be?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fpverify.answers import decision_answer
from fpverify.cli.failures import EXIT_NON_MATCH
from fpverify.cli.options import CALIBRATION, DB, FINGER, FMR, JSON, KEY, MODEL, PPI, SCAN, SUBJECT, options
from fpverify.cli.words import operating_point_facts, print_facts, print_json, resolution_words, scan_notes
from fpverify.settings import load_settings

if TYPE_CHECKING:
    from fpverify.vocabulary import Decision, Scan


@click.command(
    "verify",
    epilog="""\b
Examples:
  fpverify verify scan.bmp --id A
  fpverify verify scan.bmp --id A --finger right-index --fmr 0.0001
  fpverify verify scan.bmp --id A --json

\b
Exit codes: 0 match, 1 non-match, 2 wrong use, 3 no decision could be made.
""",
)
@options(SCAN, SUBJECT, FINGER, FMR, PPI, MODEL, CALIBRATION, DB, KEY, JSON)
def verify_command(
    *,
    scan: str,
    subject: str,
    finger: str | None,
    fmr: float | None,
    ppi: float | None,
    model: str | None,
    calibration: str | None,
    db: str | None,
    key: str | None,
    as_json: bool,
) -> int:
    """Decide whether a scan shows an enrolled finger.

    Without --finger any finger of the subject will do. However many impressions are enrolled, the false match rate is
    that of the whole decision.
    """
    from fpverify.scans import read_scan
    from fpverify.verifier import Verifier

    probe = read_scan(scan, ppi=load_settings(ppi=ppi).ppi)
    with Verifier.open(db, model=model, calibration=calibration, fmr=fmr, key=key, create=False) as verifier:
        decision = verifier.verify(probe, subject, finger)
    if as_json:
        print_json(decision_answer(decision, probe))
    else:
        print_decision(decision, probe)
    return 0 if decision.match else EXIT_NON_MATCH


def print_decision(decision: Decision, probe: Scan) -> None:
    """The decision in words, and what it was based on."""
    score, threshold = decision.score, decision.operating_point.threshold
    tail = "; the score is extrapolated beyond the evidence" if score.extrapolated else ""
    click.echo(decision.word)
    print_facts(
        [
            ("subject", f"{decision.subject}, finger {decision.finger}"),
            ("score", f"{score.value:.1f}, threshold {threshold:.1f}{tail}"),
            *operating_point_facts(decision.operating_point),
            ("resolution", resolution_words(probe)),
            ("note", scan_notes(probe)),
        ]
    )
