"""What becomes of a row of a list of fingers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fpverify.enrollment.listing import EnrollmentRow

Outcome = Literal[
    "enrolled",  # now; in a rehearsal: it would be
    "present",  # this file is an impression of this finger already
    "unreadable",  # the file is missing, or no scan
    "failure-to-acquire",  # no usable print in it, or several
    "failure-to-enroll",  # the print is too poor
    "disagreement",  # with the impressions that the finger has
    "duplicate",  # the finger is enrolled under another id or name
    "refused",  # an id or a finger that cannot be kept
]
DONE = ("enrolled", "present")


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What became of one row.

    Attributes:
        row: of the list.
        outcome: the kind.
        reason: in words, of what was not enrolled; otherwise empty.
        other_subject, other_finger: of a duplicate, whose finger it is.
        score: of a duplicate, the comparison with that finger.
        impression: number within the finger, of what was enrolled.
    """

    row: EnrollmentRow
    outcome: Outcome
    reason: str = ""
    other_subject: str = ""
    other_finger: str = ""
    score: float | None = None
    impression: int | None = None

    def __bool__(self) -> bool:
        """Whether the row is in the store."""
        return self.outcome in DONE
