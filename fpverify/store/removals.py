"""Records that were deleted, as the audit trail says, or are somebody else's by now: put back, they are not believed.

A seal shows that a record is as it was written, not that it is still wanted. What speaks against it is looked up for
the subjects at hand alone, over an index of the few entries that remove or rename anything
(`fpverify.store.schema.REMOVALS`), so that it costs the same in a store and with a trail of any size.

A removal stands for good, wherever it is entered: record ids are never used again. A renaming is followed to where it
leads, since a subject may get its former id back, and for that its code has to fit. Renamings entered by earlier
releases name no records and say nothing here; `fpverify.store.inspection` knows them, too. Who takes such an entry out
of the trail for as long as the rows are back is not found here, but by the inspection afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from fpverify.errors import DeletedRecord
from fpverify.store.audit import AuditEntry
from fpverify.store.backends import Database
from fpverify.store.records import Record
from fpverify.store.schema import REMOVALS
from fpverify.store.trail import Trail, named_records
from fpverify.store.vault import Vault

DELETED = "it was deleted"
SUBJECTS_AT_A_TIME = 500  # in one statement; SQLite takes 999 values everywhere


class Removals:
    """What the trail of an open store says against records. Every call belongs into a transaction of the caller's."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._trail = Trail(database, vault)

    def require_none(self, records: Sequence[Record]) -> None:
        """Returns if nothing speaks against any of the records.

        Raises:
            DeletedRecord: one of them was put back.
        """
        for record, why in self._disproved(records):
            raise DeletedRecord(
                f"a record of subject {record.subject!r:.80} in the store {self._database.place} was put back: the "
                f"audit trail says that {why}; see `fpverify audit verify`, then delete the subject and enroll again",
                "deleted" if why == DELETED else "renamed",
            )

    def without(self, records: Sequence[Record]) -> list[Record]:
        """The records that nothing speaks against."""
        gone = {record.record_id for record, _ in self._disproved(records)}
        return [record for record in records if record.record_id not in gone] if gone else list(records)

    def _disproved(self, records: Sequence[Record]) -> Iterator[tuple[Record, str]]:
        """Records that were put back, each with what the trail says of it."""
        entries = self._by_subject(dict.fromkeys(record.subject for record in records))
        for record in records:
            if record.subject in entries and (why := self._against(record, entries[record.subject])):
                yield record, why

    def _against(self, record: Record, entries: Iterable[AuditEntry]) -> str:
        """What the trail says against a record; empty for nothing.

        Args:
            record: opened.
            entries: of its subject.
        """
        subject, last = record.subject, 0
        while True:
            concerned = [one for one in entries if record.record_id in _all_named(one)]
            if any(record.record_id in (named_records(one, "removed") or ()) for one in concerned):
                return DELETED
            moved = next((one for one in concerned if one.sequence > last and self._is_sound(one)), None)
            if moved is None:
                return "" if subject == record.subject else f"it is of {subject!r:.80} by now"
            subject, last = str(moved.details["renamed"]), moved.sequence
            entries = self._by_subject([subject]).get(subject, ())

    def _is_sound(self, entry: AuditEntry) -> bool:
        before = self._trail.mac(entry.sequence - 1)
        return self._vault.chain.follows(entry, None if before is None else bytes.fromhex(before))

    def _by_subject(self, subjects: Iterable[str]) -> dict[str, list[AuditEntry]]:
        """The entries that remove or rename anything of some subjects, in their order."""
        found: dict[str, list[AuditEntry]] = {}
        wanted = list(subjects)
        for at in range(0, len(wanted), SUBJECTS_AT_A_TIME):
            for entry in self._trail.concerning(wanted[at : at + SUBJECTS_AT_A_TIME], REMOVALS):
                found.setdefault(str(entry.subject), []).append(entry)
        return found


def _all_named(entry: AuditEntry) -> list[str]:
    """The records that an entry removes or renames."""
    renamed = named_records(entry, "records") if isinstance(entry.details.get("renamed"), str) else None
    return [*(named_records(entry, "removed") or ()), *(renamed or ())]
