"""What is learnt of a finger after matches: kept beside what was enrolled, bounded, and removed without it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from fpverify.errors import NotEnrolled
from fpverify.store.fingers import finger_name
from fpverify.store.records import Record
from fpverify.store.rows import Rows
from fpverify.store.scan_format import encode_scan
from fpverify.store.trail import Trail, addition
from fpverify.vocabulary import Reference, Scan

ROWS_AT_A_TIME = 500  # in one statement; SQLite takes 999 values everywhere


def learn(
    rows: Rows, trail: Trail, record: Record, *, like: Sequence[Reference], most: int, scan: Scan | None
) -> tuple[list[str], int, Record]:
    """Keeps a record that was learnt, within a transaction of the caller's.

    Args:
        rows: of the store.
        trail: of the store.
        record: marked as learnt; its number is given here.
        like: impressions of the finger that it matched.
        most: learnt ones that the finger has afterwards at most; the oldest go.
        scan: of the record, if it is kept.

    Returns:
        The ids of the records that made room, their bytes, and the record as it is kept.

    Raises:
        NotEnrolled: the finger is not the one that was matched any more.
    """
    owner = rows.owner(record.subject)
    mine = [(row, one) for row, one in rows.numbered(owner, record.subject) if one.finger == record.finger]
    there = {(one.number, datetime.fromisoformat(one.enrolled_at)) for _, one in mine if not one.learnt}
    wanted = {(one.impression, one.enrolled_at) for one in like}
    if not wanted or not wanted <= there:
        raise NotEnrolled(
            f"{finger_name(record.finger)} of {record.subject!r} has other impressions by now than those that were "
            "matched; nothing was learnt"
        )
    learnt = sorted(((one.enrolled_at, row) for row, one in mine if one.learnt))
    kept = record._replace(number=rows.next_number(owner, record.finger))
    rows.insert(owner, kept, None if scan is None else encode_scan(scan))
    trail.append("learn", kept.subject, finger_name(kept.finger), addition(kept))
    room = [row for _, row in learnt[: max(0, len(learnt) + 1 - most)]]
    removed, size = _removed(rows, trail, (owner, kept.subject), kept.finger, room)
    return removed, size, kept


def forget(rows: Rows, trail: Trail, whose: tuple[int, str], finger: int | None) -> tuple[list[str], int]:
    """Removes what was learnt, within a transaction of the caller's.

    Args:
        rows: of the store.
        trail: of the store.
        whose: row and id of the subject.
        finger: its code; None for all.

    Returns:
        The ids of the records that are gone, and their bytes.
    """
    learnt = [row for row, one in rows.numbered(*whose) if one.learnt and finger in (None, one.finger)]
    return _removed(rows, trail, whose, finger, learnt)


def _removed(
    rows: Rows, trail: Trail, whose: tuple[int, str], finger: int | None, chosen: Sequence[int]
) -> tuple[list[str], int]:
    """Removes rows of learnt impressions; the entry says so, as the finger stays enrolled."""
    owner, subject = whose
    removed, size = list[str](), 0
    for at in range(0, len(chosen), ROWS_AT_A_TIME):
        gone, taken = rows.delete_some(owner, chosen[at : at + ROWS_AT_A_TIME])
        removed, size = removed + gone, size + taken
    if removed:
        named = None if finger is None else finger_name(finger)
        trail.append("delete", subject, named, {"removed": " ".join(removed), "learnt": True})
    return removed, size
