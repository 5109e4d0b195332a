"""The audit trail as rows: entries, and the sealed head in the store's own row."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from fpverify.store.audit import AuditEntry, Head
from fpverify.store.backends import Database
from fpverify.store.records import Record
from fpverify.store.vault import Vault

_COLUMNS = "sequence, at, action, subject, finger, details, mac"
BEHIND_ALL = 2**62  # no entry has such a number; fits a column of 64 bits
BLOCK = 1000  # entries that are read at a time: some hundred kilobytes


class Trail:
    """The audit trail of an open store. Every call belongs into a transaction of the caller's.

    Attributes:
        removed: records that entries were made about since whoever looks after them emptied it.
    """

    def __init__(self, database: Database, vault: Vault) -> None:
        self.removed: list[str] = []
        self._database = database
        self._vault = vault
        self._is_indexed = False  # by now, as far as this process may see to it

    def append(
        self,
        action: str,
        subject: str | None = None,
        finger: str | None = None,
        details: Mapping[str, Any] | None = None,
        *,
        changes: bool = True,
    ) -> AuditEntry:
        """Adds an entry behind the last one; raises CorruptRecord if the head was altered.

        Args:
            action: what was done.
            subject: who was concerned.
            finger: which finger.
            details: plain values by name.
            changes: what is enrolled is another than before.
        """
        if not self._is_indexed:
            self._database.index_removals()
            self._is_indexed = True
        moment = datetime.now(UTC).isoformat(timespec="microseconds")
        entry, head = self._vault.chain.next(
            self.head(), action, subject=subject, finger=finger, details=dict(details or {}), at=moment
        )
        self._database.execute(
            f"INSERT INTO audit ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - constants
            *(entry.sequence, entry.at, entry.action, entry.subject, entry.finger, _written(entry.details), entry.mac),
        )
        self._database.execute(
            "UPDATE store SET head_count = ?, head_mac = ?, head_seal = ?, revision = revision + ?",
            *(head.count, head.mac, head.seal, int(changes)),
        )
        self.removed += (named_records(entry, "removed") or []) if changes else []
        return entry

    def head(self) -> Head:
        """How many entries there are and the code of the last; raises CorruptRecord for what is no head."""
        found = self._database.first("SELECT head_count, head_mac, head_seal FROM store")
        if found is None or [type(one) for one in found] != [int, bytes, bytes]:
            raise self._database.damaged()
        return Head(*found)

    def state(self) -> tuple[str, int, int, str]:
        """Id of the store, its revision, how many entries there are, and the code of the last in hexadecimal.

        Raises:
            CorruptRecord: the store's row does not hold them.
        """
        found = self._database.first("SELECT store_id, revision, head_count, head_mac FROM store")
        if found is None or [type(one) for one in found] != [str, int, int, bytes]:
            raise self._database.damaged()
        store_id, revision, count, mac = found
        return store_id, revision, count, mac.hex()

    def mac(self, sequence: int) -> str | None:
        """The code of an entry, in hexadecimal; None if there is none."""
        (mac,) = self._database.first("SELECT mac FROM audit WHERE sequence = ?", sequence) or (None,)
        return mac.hex() if isinstance(mac, bytes) else None

    def concerning(self, subjects: Sequence[str], condition: str) -> Iterator[AuditEntry]:
        """The entries about some subjects, in order.

        Args:
            subjects: a few hundred at most.
            condition: that they meet besides, in SQL.
        """
        places = ", ".join("?" * len(subjects))
        query = f"SELECT {_COLUMNS} FROM audit WHERE subject IN ({places}) AND {condition} ORDER BY sequence"  # noqa: S608
        for sequence, at, action, subject, finger, details, mac in self._database.rows(query, *subjects):
            yield AuditEntry(sequence, at, action, subject, finger, _read(details), mac)

    def latest(self, subject: str, most: int, before: int | None = None) -> list[AuditEntry]:
        """Entries about a subject, the latest first.

        Args:
            subject: whose.
            most: how many.
            before: only those with a lower number.
        """
        query = (
            f"SELECT {_COLUMNS} FROM audit"  # noqa: S608 - question marks
            " WHERE subject = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?"
        )
        found = self._database.rows(query, subject, BEHIND_ALL if before is None else before, most)
        return [
            AuditEntry(sequence, at, action, concerned, finger, _read(details), mac)
            for sequence, at, action, concerned, finger, details, mac in found
        ]

    def entries(self, after: int = -1, actions: Sequence[str] = ()) -> Iterator[AuditEntry]:
        """All entries in order, as the database holds them.

        Args:
            after: only those with a higher number.
            actions: only those of these, unless there are none.
        """
        wanted = f" AND action IN ({', '.join('?' * len(actions))})" if actions else ""
        query = (
            f"SELECT {_COLUMNS} FROM audit"  # noqa: S608 - question marks
            f" WHERE sequence > ?{wanted} ORDER BY sequence LIMIT ?"
        )
        last = after
        while found := self._database.rows(query, last, *actions, BLOCK):
            for sequence, at, action, subject, finger, details, mac in found:
                yield AuditEntry(sequence, at, action, subject, finger, _read(details), mac)
            last = found[-1][0]


def addition(record: Record) -> dict[str, Any]:
    """What an entry says of a record that was added."""
    return {"added": record.record_id, "impression": record.number, "model": record.model_id}


def named_records(entry: AuditEntry, change: str) -> list[str] | None:
    """Ids of the records that an entry names as "added", "removed" or otherwise; None if it does not speak of them."""
    named = entry.details.get(change)
    return named.split() if isinstance(named, str) else None


def _written(details: Mapping[str, Any]) -> str:
    return json.dumps(details, ensure_ascii=True, allow_nan=False)


def _read(details: object) -> dict[str, Any]:
    """The details; what is no JSON object any more is kept as it is, and fits no code."""
    try:
        read = json.loads(details) if isinstance(details, str) else None
    except (ValueError, RecursionError):
        read = None
    return read if isinstance(read, dict) else {"damaged": str(details)}
