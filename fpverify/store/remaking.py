"""Templates of another model, made from the scans that were kept."""

from __future__ import annotations

from collections.abc import Callable

from fpverify.errors import ScanError
from fpverify.store.fingers import finger_name
from fpverify.store.records import Record, new_record
from fpverify.store.rows import Rows
from fpverify.store.scan_format import decode_scan
from fpverify.store.trail import Trail, addition
from fpverify.vocabulary import Scan, Template


def remake(
    rows: Rows, trail: Trail, subject: str, model_id: str, make: Callable[[Scan], Template]
) -> tuple[int, list[Record]]:
    """Gives a subject's impressions templates of another model, within a transaction of the caller's.

    Args:
        rows: of the store.
        trail: of the store.
        subject: id in normal form C.
        model_id: of the model; impressions that have templates of it are left as they are.
        make: the template of a scan; a scan that it finds no print in is left as it is, too.

    Returns:
        How many were made anew, and the impressions that were not, of fingers that have none of the model.
    """
    made, there = 0, set()
    left: list[Record] = []
    for row, record in rows.numbered(rows.owner(subject), subject):
        if record.model_id == model_id:
            there.add(record.finger)
            continue
        image = rows.scan(row, record)
        anew = None if image is None else _remade(record, image, make)
        if anew is None:
            left.append(record)
            continue
        rows.replace(row, anew, image)
        details = {**addition(anew), "removed": record.record_id}
        trail.append("migrate", subject, finger_name(record.finger), details)
        there.add(record.finger)
        made += 1
    return made, [record for record in left if record.finger not in there]


def _remade(record: Record, image: bytes, make: Callable[[Scan], Template]) -> Record | None:
    """The record with a template made from its scan; None if no print is found in that."""
    before = record.reference()
    try:
        template = make(decode_scan(image, record.name))
    except ScanError:
        return None
    anew = new_record(record.subject, before.finger, template, before.enrolled_at, before.metadata)
    return anew._replace(number=record.number)
