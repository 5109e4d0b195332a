"""The chain of audit entries."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fpverify.errors import CorruptRecord


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry."""

    sequence: int
    at: str
    action: str
    subject: str | None
    finger: str | None
    details: dict[str, Any]
    mac: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain."""

    count: int
    mac: bytes
    seal: bytes


class AuditChain:
    """Makes and checks entries."""

    def __init__(self, secret: bytes, store_id: str) -> None:
        self._secret = secret
        self._store_id = store_id

    def start(self) -> Head:
        """Of an empty chain."""
        return self._sealed(0, bytes(32))

    def check(self, head: Head) -> None:
        """Raises CorruptRecord if the head is not as it was sealed."""
        if self._sealed(head.count, head.mac) != head:
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
        """What is wrong."""
        last, count = bytes(32), 0
        for entry in entries:
            count += 1
            if entry.sequence != count or entry.mac != self._mac(entry, last):
                return [f"entry {count} was altered"]
            last = entry.mac
        if (head.count, head.mac) != (count, last) or self._sealed(head.count, head.mac) != head:
            return ["the head does not fit"]
        return []

    def _mac(self, entry: AuditEntry, last: bytes) -> bytes:
        said = [entry.sequence, entry.at, entry.action, entry.subject, entry.finger, entry.details, last.hex()]
        return hmac.digest(self._secret, json.dumps(said).encode(), hashlib.sha256)

    def _sealed(self, count: int, mac: bytes) -> Head:
        return Head(
            count, mac, hmac.digest(self._secret, b"%d %b %b" % (count, mac, self._store_id.encode()), "sha256")
        )
