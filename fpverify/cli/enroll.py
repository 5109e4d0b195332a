"""enroll: a scan of a finger becomes one of its impressions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fpverify.answers import reference_answer, scan_answer
from fpverify.cli.captures import Live, live_options
from fpverify.cli.options import FINGER, JSON, PPI, Many, OutputFile, many_options, options
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
  fpverify enroll --reader --id A --finger right-index
  fpverify enroll --guided --reader --id A --finger right-index
  fpverify enroll --from people.csv --report rows.csv
  fpverify enroll --from scans/ --dry-run

\b
A list is a CSV file with the columns id,finger,file (and ppi, if need be), its paths beginning
where it lies, or a folder of <id>/<finger>.png or <id>_<finger>.png. Rows that are in the store
already are left alone, so the same command goes on where it was interrupted.

\b
Exit codes of a list: 0 every row is in the store; 3 some are not, the report says why; 2 wrong use.
""",
)
@click.argument("scans", type=click.Path(), nargs=-1, metavar="[SCAN]...")
@click.option("--id", "subject", metavar="ID", help="Subject: any text on one line.")
@options(FINGER)
@live_options
@click.option("--guided", is_flag=True, help="Say what each touch of the finger should be, and keep the best ones.")
@click.option("--from", "listed", type=click.Path(), metavar="CSV|DIR", help="Enroll a list of fingers, on all cores.")
@click.option("--report", type=OutputFile((".csv",)), metavar="FILE", help="What became of each row of a list, as CSV.")
@click.option("--dry-run", is_flag=True, help="Of a list: keep nothing, and say what would become of each row.")
@click.option("--unchecked", is_flag=True, help="Neither compare it with the finger's others nor look for duplicates.")
@options(PPI)
@many_options
@options(JSON)
def enroll_command(
    *,
    scans: tuple[str, ...],
    subject: str | None,
    finger: str | None,
    live: Live,
    guided: bool,
    listed: str | None,
    report: Path | None,
    dry_run: bool,
    unchecked: bool,
    ppi: float | None,
    many: Many,
    as_json: bool,
) -> int:
    """Enroll a scan of a finger, or a list of fingers.

    Several impressions of a finger, and several fingers of a subject, may be enrolled; verify uses all of them.
    Refused are a print too poor to be verified later, one that does not agree with the finger's other impressions, and
    a finger that is enrolled already under another id or name. With --reader the scan is captured; with --guided the
    finger is captured several times, or several files are given, and those are kept that cover it best.
    """
    if listed is not None:
        if scans or guided or (live.reader, subject, finger) != (None, None, None):
            raise click.UsageError("--from takes a list in place of a scan, --id and --finger")
        from fpverify.cli.lists import List, enroll_list

        return enroll_list(List(Path(listed), report, ppi, many, dry_run=dry_run, unchecked=unchecked, as_json=as_json))
    if subject is None or not (scans or live.reader is not None):
        raise click.UsageError("a scan or --reader, and --id, or --from with a list, are needed")
    if report or dry_run:
        raise click.UsageError("--report and --dry-run are of a list; give it with --from")
    if live.count(scans) > 1 and not guided:
        extra = " ".join(scans[1:])
        raise click.UsageError(f"unexpected arguments ({extra}): one scan at a time, or several with --guided")
    from fpverify.scans import read_scan
    from fpverify.store import UNKNOWN_FINGER

    stated = load_settings(ppi=ppi).ppi
    if guided:
        from fpverify.cli.guided import Guided, enroll_guided

        return enroll_guided(Guided(subject, finger, live, stated, many, unchecked=unchecked, as_json=as_json), scans)
    (given,) = live.captured([finger] if finger else [], stated) or [read_scan(scans[0], ppi=stated)]
    with many.opened(create=True) as verifier:
        say_new_key(verifier.store.new_key)  # first: the key is there, whatever becomes of the scan
        reference = verifier.enroll(given, subject, finger or UNKNOWN_FINGER, unchecked=unchecked)
        place = verifier.store.place
    if as_json:
        print_json({**reference_answer(reference), "store": place, **scan_answer(given)})
    else:
        print_enrollment(reference, given, place)
    return 0


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
