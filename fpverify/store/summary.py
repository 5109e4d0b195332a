"""What a store holds, a line for each finger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from fpverify.store.fingers import finger_name
from fpverify.store.records import Record
from fpverify.vocabulary import Finger


@dataclass(frozen=True, slots=True)
class FingerSummary:
    """What the store holds of one finger of a subject.

    Attributes:
        subject: id in normal form C.
        finger: name, see `fpverify.store.fingers`.
        impressions: how many.
        model_ids: of the impressions, each once, in order of the alphabet.
        qualities: of the scans, in [0, 1], in order of impression.
        first_enrolled_at, last_enrolled_at: UTC.
    """

    subject: str
    finger: Finger
    impressions: int
    model_ids: tuple[str, ...]
    qualities: tuple[float, ...]
    first_enrolled_at: datetime
    last_enrolled_at: datetime


def summaries(records: Iterable[Record]) -> list[FingerSummary]:
    """One for each finger of the records, in order of subject and finger."""
    return [_summary(list(group)) for _, group in groupby(sorted(records), key=lambda record: record[:2])]


def _summary(records: Sequence[Record]) -> FingerSummary:
    """Of the records of one finger, in order of impression."""
    moments = [datetime.fromisoformat(record.enrolled_at) for record in records]
    return FingerSummary(
        subject=records[0].subject,
        finger=finger_name(records[0].finger),
        impressions=len(records),
        model_ids=tuple(sorted({record.model_id for record in records})),
        qualities=tuple(record.quality for record in records),
        first_enrolled_at=min(moments),
        last_enrolled_at=max(moments),
    )
