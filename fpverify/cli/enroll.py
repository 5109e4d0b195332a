"""enroll: a scan of a finger becomes one of its impressions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fpverify.answers import reference_answer, scan_answer
from fpverify.cli.options import DB, FINGER, INDEX, JSON, KEY, MODEL, PPI, SCAN, SUBJECT, options, registers_with_a_bar
from fpverify.cli.words import print_facts, print_json, resolution_words, say_new_key, scan_notes
from fpverify.settings import load_settings

if TYPE_CHECKING:
    from fpverify.vocabulary import Reference, Scan


@click.command(
    "enroll",
    epilog="""\b
Examples:
  fpverify enroll finger.bmp --id A
  fpverify enroll thumb.png --id "Zoë Ödegaard" --finger right-thumb --ppi 500
""",
)
@options(SCAN, SUBJECT, FINGER)
@click.option("--unchecked", is_flag=True, help="Neither compare it with the finger's others nor look for duplicates.")
@options(PPI, MODEL, DB, KEY, INDEX, JSON)
def enroll_command(
    *,
    scan: str,
    subject: str,
    finger: str | None,
    unchecked: bool,
    ppi: float | None,
    model: str | None,
    db: str | None,
    key: str | None,
    index: str | None,
    as_json: bool,
) -> None:
    """Enroll a scan of a finger.

    Several impressions of a finger, and several fingers of a subject, may be enrolled; verify uses all of them.
    Refused are a print too poor to be verified later, one that does not agree with the finger's other impressions, and
    a finger that is enrolled already under another id or name.
    """
    from fpverify.scans import read_scan
    from fpverify.store import UNKNOWN_FINGER
    from fpverify.verifier import Verifier

    given = read_scan(scan, ppi=load_settings(ppi=ppi).ppi)
    with Verifier.open(db, model=model, key=key, index=index, registers=registers_with_a_bar(index)) as verifier:
        say_new_key(verifier.store.new_key)  # first: the key is there, whatever becomes of the scan
        reference = verifier.enroll(given, subject, finger or UNKNOWN_FINGER, unchecked=unchecked)
        place = verifier.store.place
    if as_json:
        print_json({**reference_answer(reference), "store": place, **scan_answer(given)})
    else:
        print_enrollment(reference, given, place)


def print_enrollment(reference: Reference, scan: Scan, place: str) -> None:
    """What was enrolled, and how good it is."""
    minutiae = len(reference.template.minutiae)
    click.echo(f"enrolled {reference.subject}, finger {reference.finger}, impression {reference.impression}")
    print_facts(
        [
            ("quality", f"{reference.template.quality:.2f} of 1"),
            ("minutiae", str(minutiae) if minutiae else ""),  # a whole-print model looks for none
            ("store", place),
            ("model", reference.model_id),
            ("resolution", resolution_words(scan)),
            ("note", scan_notes(scan)),
        ]
    )
