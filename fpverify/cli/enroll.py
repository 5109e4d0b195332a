"""enroll: scans of a finger become its impressions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fpverify.answers import enrollment_answer
from fpverify.cli.captures import Live, Slaps, live_options, say_notes, slap_options
from fpverify.cli.options import JSON, PPI, RAW, Finger, Many, OutputFile, many_options, options
from fpverify.cli.streams import given_scans
from fpverify.cli.words import counted, print_facts, print_json, resolution_words, say_new_key, scan_facts, scan_notes
from fpverify.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fpverify.hands import Hands
    from fpverify.verifier import Verifier
    from fpverify.vocabulary import Finger as FingerName
    from fpverify.vocabulary import Reference, Scan


@click.command(
    "enroll",
    epilog="""\b
Examples:
  fpverify enroll finger.bmp --id A
  fpverify enroll a.bmp b.bmp c.bmp --id A --finger right-index
  fpverify enroll - --id A < finger.bmp
  fpverify enroll thumb.png --id "Zoë Ödegaard" --finger right-thumb --ppi 500
  fpverify enroll card.an2 --id A
  fpverify enroll slap.png --id A --slap right
  fpverify enroll --reader --id A --finger right-index
  fpverify enroll --guided --reader --id A --finger right-index
  fpverify enroll --from people.csv --report rows.csv
  fpverify enroll --from scans/ --dry-run
  fpverify enroll template.iso --id A

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
@click.option(
    "--finger",
    "fingers",
    type=Finger(),
    multiple=True,
    metavar="NAME",
    help="Such as right-index: one for all scans, or one for each.",
)
@live_options
@click.option("--guided", is_flag=True, help="Say what each touch of the finger should be, and keep the best ones.")
@click.option("--from", "listed", type=click.Path(), metavar="CSV|DIR", help="Enroll a list of fingers, on all cores.")
@click.option("--report", type=OutputFile((".csv",)), metavar="FILE", help="What became of each row of a list, as CSV.")
@click.option("--dry-run", is_flag=True, help="Of a list: keep nothing, and say what would become of each row.")
@click.option("--unchecked", is_flag=True, help="Neither compare it with the finger's others nor look for duplicates.")
@slap_options
@options(PPI, RAW)
@many_options
@options(JSON)
def enroll_command(
    *,
    scans: tuple[str, ...],
    subject: str | None,
    fingers: tuple[FingerName, ...],
    live: Live,
    slaps: Slaps,
    guided: bool,
    listed: str | None,
    report: Path | None,
    dry_run: bool,
    unchecked: bool,
    ppi: float | None,
    many: Many,
    as_json: bool,
) -> int:
    """Enroll a scan of a finger, several scans of one person, or a list of fingers.

    Several scans are enrolled all or not at all, and those of one finger have to agree with each other. A scan named -
    comes from standard input. Several impressions of a finger, and several fingers of a subject, may be enrolled;
    verify uses all of them. Refused are a print too poor to be verified later, one that does not agree with the
    finger's other impressions, and a finger that is enrolled already under another id or name. With --reader the scan
    is captured; with --guided the finger is captured several times, or several files are given, and those are kept that
    cover it best. A card, such as an ANSI/NIST file, enrolls every finger in it, rolled and plain ones as impressions
    of one finger; a slap (--slap) each of its fingers. What is missing or too poor is left out and named.
    """
    if listed is not None:
        if scans or fingers or guided or live.reader is not None or subject is not None:
            raise click.UsageError("--from takes a list in place of a scan, --id and --finger")
        from fpverify.cli.lists import List, enroll_list

        return enroll_list(List(Path(listed), report, ppi, many, dry_run=dry_run, unchecked=unchecked, as_json=as_json))
    subject = _one_subject(subject, scans, live)
    if report or dry_run:
        raise click.UsageError("--report and --dry-run are of a list; give it with --from")
    from fpverify.scans.kinds import may_be_record

    if any(map(may_be_record, scans)):
        from fpverify.cli.records import enroll_records

        live_too = guided or live.reader is not None
        return enroll_records(
            scans, subject, fingers, many, ppi=ppi, unchecked=unchecked, as_json=as_json, live=live_too
        )
    from fpverify.store import UNKNOWN_FINGER

    stated, count = load_settings(ppi=ppi).ppi, live.count(scans, fingers)
    if guided:
        from fpverify.cli.guided import Guided, enroll_guided

        if len(fingers) > 1:
            raise click.UsageError("--guided takes one finger at a time; name one")
        named = fingers[0] if fingers else None
        return enroll_guided(Guided(subject, named, live, stated, many, unchecked=unchecked, as_json=as_json), scans)
    hands = slaps.hands(scans, stated) if slaps.holds_several(scans) else None
    notes: tuple[str, ...] = ()
    if hands is None:
        names = _names(count, fingers) or (UNKNOWN_FINGER,) * count
        given = live.captured(fingers, stated) or given_scans(scans, stated)
    with many.opened(create=True) as verifier:
        say_new_key(verifier.store.new_key)  # first: the key is there, whatever becomes of the scan
        if hands is not None:
            given, names, notes = _of_hands(hands, fingers, verifier)
        references = (
            [verifier.enroll(given[0], subject, names[0], unchecked=unchecked)]
            if len(given) == 1
            else verifier.enroll_together(given, subject, names, unchecked=unchecked)
        )
        place = verifier.store.place
    _say(references, given, place, notes, as_json=as_json)
    return 0


def _say(
    references: list[Reference], given: Sequence[Scan], place: str, notes: Sequence[str], *, as_json: bool
) -> None:
    say_notes(notes)
    if as_json:
        print_json({"store": place, **enrollment_answer(references, given, notes)})
    elif len(given) == 1:
        print_enrollment(references[0], given[0], place)
    else:
        _print_enrollments(references, given, place)


def _one_subject(subject: str | None, scans: tuple[str, ...], live: Live) -> str:
    """Whose scans they are; no id, or nothing to enroll, is wrong use."""
    if subject is None or not (scans or live.reader is not None):
        raise click.UsageError("a scan or --reader, and --id, or --from with a list, are needed")
    return subject


def _names(count: int, fingers: tuple[FingerName, ...]) -> tuple[FingerName, ...] | None:
    from fpverify.matching import names_for

    try:
        return names_for(count, fingers)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _of_hands(
    hands: Hands, fingers: tuple[FingerName, ...], verifier: Verifier
) -> tuple[list[Scan], tuple[FingerName, ...], tuple[str, ...]]:
    """The scans of cards and slaps that are good enough, their fingers, and what was left out."""
    from fpverify.enrollment.named_hands import named_hands
    from fpverify.errors import EnrollmentError, ScanError
    from fpverify.hands import acquirable

    try:
        named = named_hands(hands, fingers)
    except (EnrollmentError, ScanError) as error:
        raise click.UsageError(str(error)) from error
    kept = acquirable(named, (verifier.refusal(one.scan, enrolls=True) for one in named.scans))
    return [one.scan for one in kept.scans], kept.fingers, kept.notes


def _print_enrollments(references: Sequence[Reference], scans: Sequence[Scan], place: str) -> None:
    """What was enrolled, a line for each scan."""
    kept = {(one.finger, one.impression): one for one in references}
    click.echo(f"enrolled {references[0].subject}, {counted(len(kept), 'impression')}")
    print_facts(
        [
            *(("scan", _enrolled_words(kept[one], _named(of))) for one, of in _scans_of(references, scans).items()),
            *(("touches", _touched_words(one)) for one in kept.values() if one.template.of_touches),
            ("store", place),
            ("model", references[0].model_id),
            *scan_facts(*scans),
        ]
    )


def _scans_of(references: Sequence[Reference], scans: Sequence[Scan]) -> dict[tuple[FingerName, int], list[Scan]]:
    """The scans that each impression was made of, by its finger and number: touches of a small sensor make one."""
    made: dict[tuple[FingerName, int], list[Scan]] = {}
    for reference, scan in zip(references, scans, strict=True):
        made.setdefault((reference.finger, reference.impression), []).append(scan)
    return made


def _named(scans: Sequence[Scan]) -> str:
    more = len(scans) - 1
    return scans[0].source + (f" and {counted(more, 'other')}" if more else "")


def _enrolled_words(reference: Reference, source: str) -> str:
    number = len(reference.template.minutiae)
    minutiae = f", {counted(number, 'minutia').replace('minutias', 'minutiae')}" if number else ""
    kept = f"finger {reference.finger}, impression {reference.impression}"
    return f"{source}: {kept}, quality {reference.template.quality:.2f} of 1{minutiae}"


def _touched_words(reference: Reference) -> str:
    """What a finger from touches shows, and where a further touch would add most."""
    from fpverify.enrollment.touched import next_touch

    skin = reference.template.skin
    if skin is None:
        return ""
    further = next_touch(skin)
    advice = {"left": "further to the left", "right": "further to the right"}.get(further or "", f"a little {further}")
    return f"{skin.touches} of {reference.finger}, {skin.area_mm2:.0f} mm² of skin" + (
        f"; one {advice} would add most" if further else ""
    )


def _kept_words(reference: Reference) -> str:
    """What is kept of a whole print for touches of small sensors."""
    skin = reference.template.skin
    return f"kept for small sensors, {len(skin)} places" if skin is not None and skin.whole else ""


def print_enrollment(reference: Reference, scan: Scan, place: str) -> None:
    """What was enrolled, and how good it is."""
    minutiae = len(reference.template.minutiae)
    click.echo(f"enrolled {reference.subject}, finger {reference.finger}, impression {reference.impression}")
    print_facts(
        [
            ("quality", f"{reference.template.quality:.2f} of 1"),
            ("minutiae", str(minutiae) if minutiae else ""),  # a whole-print model looks for none
            ("skin", _kept_words(reference)),
            ("store", place),
            ("model", reference.model_id),
            ("resolution", resolution_words(scan)),
            ("note", scan_notes(scan)),
        ]
    )
