"""Who was enrolled at each moment of an audit trail, and the decisions about who was not.

A verification of somebody who is not enrolled has no entry: there is nothing to compare. An entry all the same shows
that rows were put back for it, even when they are gone again.
"""

from __future__ import annotations

from fpverify.store.audit import AuditEntry
from fpverify.store.findings import Findings
from fpverify.store.fingers import FINGER_CODES

DECISIONS = ("verify", "identify")
REFUSAL = "refuse"  # of a verification, by somebody's records that were put back
FINGER_BITS = len(FINGER_CODES)
ANY_FINGER = (1 << FINGER_BITS) - 1  # of records whose entry names no finger, as that of an import


class Presence:
    """Follows a trail entry by entry; of each subject it keeps a number, whoever was deleted included.

    Attributes:
        findings: a sentence for each decision about who was not enrolled.
    """

    def __init__(self, most: int) -> None:
        self.findings = Findings("decisions", most)
        self._kept: dict[str, int] = {}  # records of a subject, and below them a bit for each finger that it may have
        self._knows_all = True

    def follow(self, entry: AuditEntry, added: int, removed: int) -> None:
        """Takes an entry up.

        Args:
            entry: the next one.
            added: records that it names as new.
            removed: records that it names as gone and that were there.
        """
        if entry.action in (*DECISIONS, REFUSAL):
            self._judge(entry)
        elif added or removed:
            self._count(entry, added, removed)
        if isinstance(renamed := entry.details.get("renamed"), str) and entry.subject is not None:
            self._kept[renamed] = self._kept.get(entry.subject, 0)
            self._kept[entry.subject] = 0

    def _count(self, entry: AuditEntry, added: int, removed: int) -> None:
        if entry.subject is None:  # as of a store that was brought up from version 1
            self._knows_all = False
            return
        kept = self._kept.get(entry.subject, 0)
        records, fingers = (kept >> FINGER_BITS) + added - removed, kept & ANY_FINGER
        bits = ANY_FINGER if entry.finger is None else 1 << FINGER_CODES.get(entry.finger, 0)
        if added:
            fingers |= bits
        elif not entry.details.get("learnt"):  # what was enrolled of the finger stays
            fingers &= ~bits
        self._kept[entry.subject] = max(0, records) << FINGER_BITS | fingers if records > 0 else 0

    def _judge(self, entry: AuditEntry) -> None:
        if entry.subject is None:
            return
        if entry.action == REFUSAL:
            said, why = "was put back", f"after it was {entry.details.get('because')!s:.20}"
        elif (objection := self._objection(entry.subject, entry.finger)) is not None:
            said, why = "matched" if entry.details.get("decision") == "match" else "was compared", objection
        else:
            return
        moment = f"{entry.at[:19].replace('T', ' ')} UTC"
        self.findings.add([f"{entry.subject!r:.80} {said} {why} (entry {entry.sequence}, {moment})"])

    def _objection(self, subject: str, finger: str | None) -> str | None:
        """What speaks against a decision at this moment; None for nothing."""
        kept = self._kept.get(subject)
        if kept is None:
            return "without being enrolled" if self._knows_all else None
        if not kept >> FINGER_BITS:
            return "after it was deleted or renamed"
        code = None if finger is None else FINGER_CODES.get(finger)
        if code is not None and not kept >> code & 1:
            return f"by {finger}, which was not enrolled then"
        return None
