"""enroll, list, show, delete: who is enrolled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fpverify.answers import finger_answer, reference_answer, scan_answer
from fpverify.cli.failures import one_line
from fpverify.cli.options import DB, FINGER, JSON, KEY, MODEL, PPI, SCAN, SUBJECT, existing_store, options
from fpverify.cli.words import counted, print_facts, print_json, print_table, say_new_key, scan_notes
from fpverify.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fpverify.store import FingerSummary
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
@options(PPI, MODEL, DB, KEY, JSON)
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
    with Verifier.open(db, model=model, key=key) as verifier:
        say_new_key(verifier.store.new_key)  # first: the key is there, whatever becomes of the scan
        reference = verifier.enroll(given, subject, finger or UNKNOWN_FINGER, unchecked=unchecked)
        place = verifier.store.place
    if as_json:
        print_json({**reference_answer(reference), "store": place, **scan_answer(given)})
    else:
        print_enrollment(reference, given, place)


@click.command(
    "list",
    epilog="""\b
Examples:
  fpverify list
  fpverify list --db /srv/door/enroll_db --json
""",
)
@options(DB, KEY, JSON)
def list_command(*, db: str | None, key: str | None, as_json: bool) -> None:
    """List who is enrolled, one line for each finger."""
    with existing_store(db, key) as store:
        fingers, place = store.subjects(), store.place
    if as_json:
        print_json({"store": place, "fingers": [finger_answer(one) for one in fingers]})
    elif fingers:
        heads = ("subject", "finger", "impressions", "quality", "last enrolled", "model")
        print_table(heads, [_summary_row(one) for one in fingers])
    else:
        click.echo(f"nobody is enrolled in {place}")


@click.command(
    "show",
    epilog="""\b
Examples:
  fpverify show --id A
  fpverify show --id A --finger right-index --json
""",
)
@options(SUBJECT, FINGER, DB, KEY, JSON)
def show_command(*, subject: str, finger: str | None, db: str | None, key: str | None, as_json: bool) -> None:
    """Show what is kept of a subject, one line for each impression."""
    with existing_store(db, key) as store:
        references, noted, place = store.references(subject, finger), store.metadata(subject), store.place
    if as_json:
        print_json({"store": place, "metadata": noted, "impressions": [reference_answer(one) for one in references]})
        return
    click.echo(f"{references[0].subject}: {counted(len(references), 'impression')} in {place}")
    print_table(_IMPRESSION_HEADS, [_reference_row(one) for one in references])
    print_facts([(one_line(name), one_line(str(value))) for name, value in noted.items()])


@click.command(
    "delete",
    epilog="""\b
Examples:
  fpverify delete --id A
  fpverify delete --id A --finger right-index
""",
)
@options(SUBJECT, FINGER, DB, KEY, JSON)
def delete_command(*, subject: str, finger: str | None, db: str | None, key: str | None, as_json: bool) -> None:
    """Delete a subject, or one finger of it, for good. It is not asked twice."""
    with existing_store(db, key) as store:
        removed, place = store.delete(subject, finger), store.place
    if as_json:
        print_json({"store": place, "subject": subject, "finger": finger, "deleted": removed})
        return
    what = f"{subject}, finger {finger}" if finger else subject
    click.echo(f"deleted {what}: {counted(removed, 'impression')} gone from {place}")


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
            ("note", scan_notes(scan)),
        ]
    )


_IMPRESSION_HEADS = ("finger", "impression", "quality", "minutiae", "enrolled", "model")


def _reference_row(reference: Reference) -> Sequence[str]:
    return (
        reference.finger,
        str(reference.impression),
        f"{reference.template.quality:.2f}",
        str(len(reference.template.minutiae)),
        f"{reference.enrolled_at:%Y-%m-%d %H:%M} UTC",
        reference.model_id,
    )


def _summary_row(summary: FingerSummary) -> Sequence[str]:
    return (
        summary.subject,
        summary.finger,
        str(summary.impressions),
        " ".join(f"{quality:.2f}" for quality in summary.qualities),
        f"{summary.last_enrolled_at:%Y-%m-%d %H:%M} UTC",
        " ".join(summary.model_ids),
    )
