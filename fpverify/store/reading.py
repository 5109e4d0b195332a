"""What can be read of an open store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from fpverify.errors import CorruptRecord, NotEnrolled
from fpverify.store.audit import AuditEntry, Head
from fpverify.store.backends import Database
from fpverify.store.changes import Changes, Point, changes
from fpverify.store.fingers import finger_code
from fpverify.store.records import Record
from fpverify.store.rows import Rows
from fpverify.store.subject_ids import subject_id
from fpverify.store.trail import Trail
from fpverify.store.tries import Tries
from fpverify.store.vault import Vault
from fpverify.store.wiping import Unwiped, Wiping
from fpverify.vocabulary import Reference, Scan

if TYPE_CHECKING:
    from fpverify.store.api_keys import ApiKeys
    from fpverify.store.repeats import Repeats
    from fpverify.store.shards.beside import Beside
    from fpverify.store.shards.folder import ShardFolder
    from fpverify.store.summary import FingerSummary

BLOCK_SUBJECTS = 500  # read in one transaction by `records`: some 50 ms and 5 MB
BLOCK_IDS = 500  # values in one statement; SQLite takes 999 everywhere
IDS_AT_A_TIME = 10_000  # record ids read at once: a megabyte


class StoreReader:
    """An open store, as far as it is read; `fpverify.store.Store` changes it, too.

    Attributes:
        place: file or URL of the store, as messages name it.
        tries: how often whom a service turned away.
    """

    def __init__(self, database: Database, vault: Vault) -> None:
        self.place = database.place
        self.tries = Tries(database)
        self._database = database
        self._vault = vault
        self._rows = Rows(database, vault)
        self._trail = Trail(database, vault)
        self._wiping = Wiping(database, self._trail)
        self._made: tuple[int, list[str]] = -1, []  # revision, and the models that had made records by then

    @cached_property
    def api_keys(self) -> ApiKeys:
        """Who may ask a service."""
        from fpverify.store.api_keys import ApiKeys

        return ApiKeys(self._database, self._vault, self._trail)

    @cached_property
    def repeats(self) -> Repeats:
        """Answers of a service to requests that may be sent again."""
        from fpverify.store.repeats import Repeats

        return Repeats(self._database, self._vault)

    @property
    def store_id(self) -> str:
        """32 hex digits, different for every store."""
        return self._vault.store_id

    @property
    def key_id(self) -> str:
        """Of the key in use; "none" for a store that is not encrypted."""
        return self._vault.key_id

    @property
    def vault(self) -> Vault:
        """The keys, for what looks after keys and the audit trail."""
        return self._vault

    @property
    def identity(self) -> tuple[str | int, ...]:
        """What tells this store from another one, and from a copy of it that takes its place."""
        return self.store_id, *self._database.identity

    def is_moved(self) -> bool:
        """Whether the store's file was moved, deleted or replaced since it was opened; then it cannot be used."""
        return self._database.is_moved()

    def close(self) -> None:
        """Closes the database. The store cannot be used any more; closing it again does nothing."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def references(self, subject: str, finger: str | None = None) -> list[Reference]:
        """All impressions of a subject, or of one finger of it, in order of finger and impression.

        Raises:
            NotEnrolled: the store has none of them; the message names the store.
            EnrollmentError: no subject can have this id, or no finger this name.
            StoreError: the store cannot be read, is locked or damaged.
        """
        name, code = subject_id(subject), _code(finger)
        with self._database.reading():
            records = self._rows.of_subject(self._rows.owner(name), name)
        chosen = [record for record in records if code in (None, record.finger)]
        if not chosen:
            raise self._no_such_finger(name, finger)
        return [self._reference(record) for record in chosen]

    def has(self, subject: str) -> bool:
        """Whether anything of a subject is enrolled.

        Raises:
            EnrollmentError: no subject can have this id.
            StoreError: the store cannot be read, is locked or damaged.
        """
        name = subject_id(subject)
        with self._database.reading():
            return self._rows.has(name, None)

    def records(self) -> Iterator[Reference]:
        """All impressions of the store, those of some hundred subjects at a time in memory.

        What others add or delete meanwhile may be among them or not.

        Raises:
            StoreError: the store cannot be read, is locked or damaged.
        """
        for block in self._blocks(self._checked):
            yield from map(self._reference, block)

    def subjects(self) -> list[FingerSummary]:
        """What the store holds, one row for each finger, in order of subject and finger.

        Raises:
            StoreError: the store cannot be read, is locked or damaged.
        """
        with self._database.reading():
            return list(self.fingers())

    def fingers(self) -> Iterator[FingerSummary]:
        """The same, those of some hundred subjects at a time in memory, each block as it is when its turn comes.

        Raises:
            StoreError: the store cannot be read, is locked or damaged.
        """
        from fpverify.store.summary import summaries

        with self._database.reading():
            self._rows.require_no_strays()
            before, expected = self.revision(), self._rows.count()
        last, found = "", 0
        while True:
            with self._database.reading():
                last, records = self._rows.named_after(last, BLOCK_SUBJECTS)
                if not last and found != expected and self.revision() == before:  # somebody is lost from the index
                    raise self._database.damaged()
            if not last:
                return
            found += len(records)
            yield from summaries(records)

    def fingers_after(self, last: str, subjects: int, containing: str = "") -> tuple[str, list[FingerSummary]]:
        """The same of so many subjects behind one, and the last of these subjects; "" behind all of them.

        Args:
            last: the subject that they come behind; "" for the first ones.
            subjects: how many.
            containing: only those whose id has this in it, in capitals or not.

        Raises:
            StoreError: the store cannot be read, is locked or damaged.
        """
        from fpverify.store.summary import summaries

        with self._database.reading():
            end, records = self._rows.named_after(last, subjects, containing)
            return end, list(summaries(records))

    def metadata(self, subject: str) -> dict[str, Any]:
        """What was noted about a subject by `update`; errors as in `references`."""
        name = subject_id(subject)
        with self._database.reading():
            return self._rows.metadata(self._rows.owner(name), name)

    def scan(self, subject: str, finger: str, impression: int) -> Scan | None:
        """The scan of an impression; None if it was not kept. Errors as in `references`."""
        from fpverify.store.scan_format import decode_scan

        name, code = subject_id(subject), finger_code(finger)
        with self._database.reading():
            for row, record in self._rows.numbered(self._rows.owner(name), name):
                if (record.finger, record.number) == (code, impression):
                    kept = self._rows.scan(row, record)
                    return None if kept is None else decode_scan(kept, f"impression {impression} of {name!r}")
        raise self._no_such_finger(name, finger)

    def check(self) -> None:
        """Reads everything there is.

        Raises:
            CorruptRecord: a page, a row, a template or the audit trail is not as it was written.
            StoreError: the store cannot be read or is locked.
        """
        with self._database.reading():
            if not self._database.is_whole():
                raise self._database.damaged()
            self._rows.require_no_strays()
            for block in self._rows.blocks(BLOCK_SUBJECTS):
                self._rows.require_wanted(block)
                for record in block:
                    self._reference(record)
            findings = self._vault.chain.verify(self._trail.entries(), self._trail.head())
        if findings:
            raise CorruptRecord(f"the audit trail of the store {self.place} was altered: {findings[0]}")

    def revision(self) -> int:
        """A number that rises whenever what is enrolled changes, by any process; decisions leave it as it is."""
        with self._database.failures():
            (revision,) = self._database.first("SELECT revision FROM store") or (None,)
        if not isinstance(revision, int):
            raise self._database.damaged()
        return revision

    def unwiped(self) -> Unwiped | None:
        """What was deleted and may have left traces in the database's files; None for nothing.

        Raises:
            StoreError: the store cannot be read, is locked or damaged.
        """
        with self._database.failures():
            return self._wiping.unwiped()

    def audit_entries(self) -> Iterator[AuditEntry]:
        """The audit trail, in order, a thousand entries at a time in memory."""
        entries = self._trail.entries()
        while True:
            with self._database.failures():
                entry = next(entries, None)
            if entry is None:
                return
            yield entry

    def history(self, subject: str, most: int, before: int | None = None) -> list[AuditEntry]:
        """The audit trail's entries about a subject, the latest first; of one that is enrolled no more as well.

        Args:
            subject: whose.
            most: how many.
            before: only those with a lower number.

        Raises:
            StoreError: the store cannot be read, is locked or damaged.
        """
        with self._database.reading():
            return self._trail.latest(subject_id(subject), most, before)

    def audit_head(self) -> Head:
        """The sealed end of the audit trail."""
        with self._database.failures():
            return self._trail.head()

    def changes(self, since: Point | None = None) -> Changes:
        """What was added, removed or renamed since a point, by any process; costs nothing where nothing was.

        Who reads everything takes the point first, then reads; what came meanwhile is among the next changes as well.

        Args:
            since: `point` of an earlier answer; None, and a point of another store, is answered with `everything`.

        Raises:
            StoreError: the store cannot be read, is locked or damaged.
        """
        with self._database.reading():
            return changes(self._trail, since)

    def by_record_ids(self, record_ids: Iterable[str]) -> dict[str, Reference]:
        """The impressions with these ids, in the order of the ids; those that are gone are left out.

        Raises:
            CorruptRecord: one of them is not as it was written.
            StoreError: the store cannot be read, is locked or damaged.
        """
        wanted = list(dict.fromkeys(record_ids))
        with self._database.reading():
            blocks = (wanted[at : at + BLOCK_IDS] for at in range(0, len(wanted), BLOCK_IDS))
            found = {one.record_id: one for block in blocks for one in self._rows.by_record_ids(block)}
        return {one: self._reference(found[one]) for one in wanted if one in found}

    def enrolled(self, model_id: str | None = None) -> Iterator[tuple[str, Reference]]:
        """All impressions with their record ids, or those that a model made; otherwise as `records`.

        What the audit trail says was deleted, and was put back, is left out: a search does not propose it.
        """
        for block in self._blocks(self._rows.wanted):
            for record in block:
                if model_id in (None, record.model_id):
                    yield record.record_id, self._reference(record)

    def record_ids(self, model_id: str | None = None) -> Iterator[str]:
        """Of all impressions, or of those that a model made, as audit entries name them; ten thousand at a time.

        What others add or delete meanwhile may be among them or not.

        Raises:
            StoreError: the store cannot be read, is locked or damaged.
        """
        blocks = self._rows.record_ids(IDS_AT_A_TIME, model_id)
        while True:
            with self._database.failures():
                block = next(blocks, None)
            if block is None:
                return
            yield from block

    def current_key_id(self) -> str:
        """Of the key in use by now, loaded anew if another process rotated it; "none" without encryption.

        Raises:
            WrongKey: it is not where the store's keys are kept.
            StoreError: the store cannot be read or is locked.
        """
        with self._database.failures():
            (wanted,) = self._database.first("SELECT key_id FROM store") or ("",)
        self._vault.require(str(wanted))
        return self._vault.key_id

    def shard_folder(self, model_id: str, codebook: str, lists: int, width: int) -> ShardFolder | None:
        """What an index keeps of a model's references beside the store; None if there is no place for it.

        Args:
            model_id: of the references.
            codebook: digest of what says how minutiae come into lists.
            lists: how many there are.
            width: numbers of a descriptor.

        Raises:
            StoreError: the store cannot be read or is locked.
        """
        from fpverify.store.shards.beside import Beside, place_of

        self.current_key_id()
        root = place_of(self._database, self.store_id)
        return None if root is None else Beside(root, self._vault).folder(model_id, codebook, lists, width)

    def count(self, model_id: str | None = None) -> int:
        """How many impressions there are, or how many that a model made; reads all that are there.

        Raises:
            StoreError: the store cannot be read, is locked or damaged.
        """
        with self._database.failures():
            return self._rows.count(model_id)

    def model_ids(self) -> list[str]:
        """The models that made what is enrolled, each once; costs next to nothing at any size.

        Raises:
            StoreError: the store cannot be read, is locked or damaged.
        """
        with self._database.reading():
            revision = self.revision()
            if self._made[0] != revision:
                self._made = revision, self._rows.model_ids()
            return list(self._made[1])

    def subject_count(self) -> int:
        """How many subjects there are.

        Raises:
            StoreError: the store cannot be read, is locked or damaged.
        """
        with self._database.failures():
            return self._rows.subject_count()

    def _beside(self) -> Beside | None:
        """What indexes keep beside the store; None if they keep nothing."""
        beside = self._database.beside
        if beside is not None and not beside.exists():
            return None
        from fpverify.store.shards.beside import Beside, place_of

        root = place_of(self._database, self.store_id)
        return Beside(root, self._vault) if root is not None and root.exists() else None

    def _blocks(self, chosen: Callable[[list[Record]], list[Record]]) -> Iterator[list[Record]]:
        """The records of some hundred subjects at a time, each block as it is when its turn comes.

        Args:
            chosen: those of a block that are to be given.
        """
        blocks = self._rows.blocks(BLOCK_SUBJECTS)
        while True:
            with self._database.reading():
                block = next(blocks, None)
                found = None if block is None else chosen(block)
            if found is None:
                return
            yield found

    def _checked(self, block: list[Record]) -> list[Record]:
        self._rows.require_wanted(block)
        return block

    def _reference(self, record: Record) -> Reference:
        try:
            return record.reference()
        except CorruptRecord as error:
            raise CorruptRecord(f"{record.name}, in the store {self.place}: {error}") from error

    def _no_such_finger(self, name: str, finger: str | None) -> NotEnrolled:
        return NotEnrolled(f"no {finger} of subject {name!r} in the store {self.place}")


def _code(finger: str | None) -> int | None:
    return None if finger is None else finger_code(finger)
