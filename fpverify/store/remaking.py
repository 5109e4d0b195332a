"""Templates of another model, made from the scans that were kept."""

from __future__ import annotations

from collections.abc import Callable

from fpverify.errors import ScanError
from fpverify.store.fingers import finger_name
from fpverify.store.records import Record, new_record
from fpverify.store.rows import Rows
from fpverify.store.scan_format import decode_scan
from fpverify.store.trail import Trail, addition
from fpverify.vocabulary import Reference, Scan, Template


def remake(
    rows: Rows,
    trail: Trail,
    subject: str,
    model_id: str,
    make: Callable[[Scan], Template],
    *,
    translate: Callable[[Template], Template | None],
) -> tuple[int, list[Record]]:
    """Gives a subject's impressions templates of another model, within a transaction of the caller's.

    Args:
        rows: of the store.
        trail: of the store.
        subject: id in normal form C.
        model_id: of the model; impressions that have templates of it are left as they are.
        make: the template of a scan; a scan that it finds no print in is left as it is, too.
        translate: what a template becomes without a scan: the model's, or itself, which stays and is not missed; None
            if a scan is needed.

    Returns:
        How many were made anew, and the impressions that were not, of fingers that have none of the model.
    """
    made, there = 0, set()
    left: list[Record] = []
    for row, record in rows.numbered(rows.owner(subject), subject):
        if record.model_id == model_id:
            there.add(record.finger)
            continue
        before = record.reference()
        image, translated = rows.scan(row, record), translate(before.template)
        if translated is before.template:
            continue
        template = translated or (None if image is None else _made(record, image, make))
        anew = None if template is None else _with(record, before, template)
        if anew is None:
            left.append(record)
            continue
        rows.replace(row, anew, image)
        details = {**addition(anew), "removed": record.record_id}
        trail.append("migrate", subject, finger_name(record.finger), details)
        there.add(record.finger)
        made += 1
    return made, [record for record in left if record.finger not in there]


def _made(record: Record, image: bytes, make: Callable[[Scan], Template]) -> Template | None:
    """The template of a scan; None if no print is found in it."""
    try:
        return make(decode_scan(image, record.name))
    except ScanError:
        return None


def _with(record: Record, before: Reference, template: Template) -> Record:
    """The record with another template."""
    anew = new_record(record.subject, before.finger, template, before.enrolled_at, before.metadata)
    return anew._replace(number=record.number)
