"""The audit trail's codes: a chain in which every entry vouches for all before it.

    code of an entry   HMAC-SHA-256 over its fields and the code of the entry before; the first follows 32 zero bytes
    head               the number of entries, the last one's code, and a code over both and the store's id

The secret lies with the store's keys, apart from the database: who has the database alone cannot write an entry, change
one, leave one out or cut the end off without its showing. Who has both can; and a whole store put back to an earlier
day is sound in itself: an anchor kept elsewhere shows that (`fpverify.store.inspection`).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fpverify.errors import CorruptRecord

FIRST = bytes(32)  # in place of the code before the first entry's


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Something that was done.

    Attributes:
        sequence: 1, 2, ...
        at: UTC, ISO 8601.
        action: "enroll", "verify", "delete", ...
        subject, finger: who was concerned, if anybody.
        details: plain values by name; nothing biometric.
        mac: the entry's code, 32 bytes.
    """

    sequence: int
    at: str
    action: str
    subject: str | None
    finger: str | None
    details: dict[str, Any]
    mac: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain.

    Attributes:
        count: of entries.
        mac: code of the last; zeros for none.
        seal: code over both and the store's id.
    """

    count: int
    mac: bytes
    seal: bytes


class AuditChain:
    """Makes and checks the entries of one store."""

    def __init__(self, secret: bytes, store_id: str) -> None:
        self._secret = secret
        self._store_id = store_id

    def start(self) -> Head:
        """Of an empty chain."""
        return self._sealed(0, FIRST)

    def check(self, head: Head) -> None:
        """Raises CorruptRecord if the head is not as it was sealed."""
        if not self._fits(head):
            raise CorruptRecord("the head of the audit trail was altered")

    def next(
        self,
        head: Head,
        action: str,
        *,
        subject: str | None = None,
        finger: str | None = None,
        details: Mapping[str, Any] | None = None,
        at: str,
    ) -> tuple[AuditEntry, Head]:
        """The entry after the head, and the new head."""
        self.check(head)
        entry = AuditEntry(head.count + 1, at, action, subject, finger, dict(details or {}), b"")
        entry = replace(entry, mac=self._mac(entry, head.mac))
        return entry, self._sealed(entry.sequence, entry.mac)

    def verify(self, entries: Iterable[AuditEntry], head: Head) -> list[str]:
        """What is wrong with a trail, in words; nothing if it is whole.

        Args:
            entries: all of them, in order.
            head: as it was kept.
        """
        last, count = FIRST, 0
        for entry in entries:
            count += 1
            if entry.sequence != count or not _same(entry.mac, self._mac(entry, last)):
                return [f"entry {count} was altered"]
            last = entry.mac
        if (head.count, head.mac) != (count, last) or not self._fits(head):
            return ["the head does not fit"]
        return []

    def follows(self, entry: AuditEntry, before: bytes | None) -> bool:
        """Whether an entry is as it was written, behind the one before it.

        Args:
            entry: as the database holds it.
            before: code of the entry before; None before the first.
        """
        return _same(entry.mac, self._mac(entry, FIRST if before is None else before))

    def code(self, purpose: str, *texts: str) -> bytes:
        """A code over some texts for one purpose, which is that of nothing else, 32 bytes.

        An entry's begins with its number, a head's with a count: neither is that of a list whose first part is a text.
        """
        return hmac.digest(self._secret, json.dumps([purpose, self._store_id, *texts]).encode(), hashlib.sha256)

    def _mac(self, entry: AuditEntry, last: bytes) -> bytes:
        said = [entry.sequence, entry.at, entry.action, entry.subject, entry.finger, entry.details, last.hex()]
        return hmac.digest(self._secret, json.dumps(said, default=_damaged).encode(), hashlib.sha256)

    def _fits(self, head: Head) -> bool:
        return _same(head.seal, self._sealed(head.count, head.mac).seal)

    def _sealed(self, count: int, mac: bytes) -> Head:
        return Head(
            count, mac, hmac.digest(self._secret, b"%d %b %b" % (count, mac, self._store_id.encode()), "sha256")
        )


def _damaged(value: object) -> dict[str, str]:
    """In place of what no entry of ours holds, such as the bytes of a damaged page; it fits no code."""
    return {"damaged": repr(value)}


def _same(one: object, other: bytes) -> bool:
    """Whether two codes agree, in a time that does not tell where they differ."""
    return isinstance(one, bytes) and hmac.compare_digest(one, other)
