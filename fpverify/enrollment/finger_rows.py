"""Rows of a list whose files show several fingers, as a row for each finger: cards, and slaps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import cv2

from fpverify.enrollment.listing import EnrollmentRow
from fpverify.errors import ScanError
from fpverify.formats.containers import is_image_record
from fpverify.hands import HandReader, HandScan, is_card
from fpverify.store import UNKNOWN_FINGER

LEFT_OUT = "left out: "  # how a note begins that tells of a picture which cannot be used


def finger_rows(rows: Iterable[EnrollmentRow | None], ppi: float | None = None) -> Iterator[EnrollmentRow | None]:
    """The rows of a list, those of cards and slaps finger by finger, in the order of the list.

    A finger's row has its picture as content, without loss, so that the same card has the same rows again. What of a
    card cannot be used is a row with that flaw.

    Args:
        rows: of the list; None where the next has not come yet.
        ppi: resolution of slaps for which neither row nor file states one.
    """
    for row in rows:
        if row is None or row.flaw or not (row.slap or _is_card(row)):
            yield row
        else:
            yield from _fingers(row, ppi)


def _is_card(row: EnrollmentRow) -> bool:
    return is_card(row.path) if row.content is None else is_image_record(row.content)


def _fingers(row: EnrollmentRow, ppi: float | None) -> Iterator[EnrollmentRow]:
    named = replace(row, file=f"{row.file}#slap-{row.slap}") if row.slap else row
    try:
        path = row.path if row.content is None else row.file
        hands = HandReader(row.ppi or ppi, row.slap or None).read(path, row.content)
    except ScanError as error:
        yield replace(named, flaw=f"{error}")
        return
    wanted = [one for one in hands.scans if row.finger in {UNKNOWN_FINGER, one.finger}]
    for one in wanted:
        yield _row_of(named, one)
    for note in hands.notes:
        if note.startswith(LEFT_OUT) and row.finger == UNKNOWN_FINGER:
            yield replace(named, flaw=note.removeprefix(LEFT_OUT))
    if not wanted and hands.scans:
        yield replace(named, flaw=f"{row.file}: shows no {row.finger}, only {', '.join(dict.fromkeys(hands.fingers))}")


def _row_of(row: EnrollmentRow, one: HandScan) -> EnrollmentRow:
    _, png = cv2.imencode(".png", one.scan.pixels)
    finger = row.finger if one.finger == UNKNOWN_FINGER else one.finger
    return replace(row, finger=finger, ppi=one.scan.ppi, content=png.tobytes())
