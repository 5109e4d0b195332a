"""enroll, for records of minutiae in place of scans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from fpverify.answers import reference_answer
from fpverify.cli.options import Many
from fpverify.cli.words import counted, print_facts, print_json, say_new_key
from fpverify.scans.kinds import may_be_record

if TYPE_CHECKING:
    from fpverify.vocabulary import Finger, MinutiaRecord, Reference

RESTS_ON = "minutiae alone: no picture stands behind it"


def enroll_records(
    paths: Sequence[str],
    subject: str,
    fingers: Sequence[Finger],
    many: Many,
    *,
    ppi: float | None,
    unchecked: bool,
    as_json: bool,
    live: bool = False,
) -> int:
    """Keeps the views of records as impressions of a subject's fingers; they are never `live`."""
    from fpverify.formats import joined, read_minutiae

    if live:
        raise click.UsageError("a record of minutiae is enrolled as it is, without --guided and --reader")
    if not all(map(may_be_record, paths)):
        raise click.UsageError("records of minutiae and scans are enrolled one after the other")
    if len(fingers) > 1:
        raise click.UsageError("of records one --finger is that of all views; without it each says its own")
    records = [read_minutiae(path, ppi=ppi) for path in paths]
    record = records[0] if len(records) == 1 else joined(records, ", ".join(paths))
    with many.opened(create=True) as verifier:
        say_new_key(verifier.store.new_key)
        named = fingers[0] if fingers else None
        references = verifier.enroll_record(record, subject, named, unchecked=unchecked)
        place = verifier.store.place
    if as_json:
        each = [{**reference_answer(one), "store": place, "file": record.source} for one in references]
        print_json(each[0] if len(each) == 1 else {**each[0], "impressions": each})
    else:
        _print(references, record, place)
    return 0


def _print(references: Sequence[Reference], record: MinutiaRecord, place: str) -> None:
    first = references[0]
    click.echo(f"enrolled {first.subject}, {counted(len(references), 'impression')} of a record of minutiae")
    print_facts(
        [
            *(
                (
                    "view",
                    f"finger {one.finger}, impression {one.impression}, {len(one.template.minutiae)} minutiae",
                )
                for one in references
            ),
            ("record", record.source),
            ("store", place),
            ("model", first.model_id),
            ("rests on", RESTS_ON),
            *(("note", note) for note in record.notes),
        ]
    )
