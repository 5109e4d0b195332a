"""The enrollment store: subjects, their fingers, and several impressions of each.

- It lies in an SQLite file or a PostgreSQL database; `fpverify.store.backends` has what differs.
- Every change is one transaction, together with its entry in the audit trail; reading is one transaction as well, so
  that it sees one state of the store.
- Records are sealed: what a template was stored for (store, subject, finger, impression, model, quality, time) is bound
  into its seal, and each subject holds the number of its rows. Damage and tampering are reported where they are met, as
  `CorruptRecord`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fpverify.errors import EnrollmentError, NotEnrolled, StoreError
from fpverify.log import tell
from fpverify.store.audit import AuditEntry
from fpverify.store.backends import Database, open_database
from fpverify.store.fingers import finger_code
from fpverify.store.founding import opened_vault, require_key_place
from fpverify.store.location import DEFAULT_FOLDER
from fpverify.store.reading import StoreReader
from fpverify.store.records import new_record
from fpverify.store.subject_ids import require_plain, subject_id
from fpverify.store.trail import addition
from fpverify.store.vault import Vault
from fpverify.vocabulary import LEARNT, Reference, Scan, Template

MOST_LEARNT = 8  # of a finger: as many as a phone's sensor has shown in a week
LOCK_TIMEOUT_S = 5.0  # a change takes milliseconds; who holds the store for longer is stuck or at a long job


class Store(StoreReader):
    """An open enrollment store. One thread of one process uses it; several may have the same one open.

    Attributes:
        place: file or URL of the store, as messages name it.
        new_key: where the key lies that was made when this was opened; None if none was.
    """

    def __init__(self, database: Database, vault: Vault, new_key: str | None = None) -> None:
        super().__init__(database, vault)
        self.new_key = new_key

    @classmethod
    def open(
        cls,
        location: str | Path = DEFAULT_FOLDER,
        *,
        create: bool = True,
        key: str | None = None,
        timeout_s: float = LOCK_TIMEOUT_S,
        trust_permissions: bool = False,
    ) -> Store:
        """The store at a location.

        Args:
            location: a folder, which holds the store as `enrollments.sqlite`, or the file itself (an existing one,
                or a name in .sqlite, .sqlite3 or .db), or the URL of a PostgreSQL database.
            create: make the store if there is none, with the folder it lies in, readable by the owner only.
            key: where its key is kept: `file:PATH`, `env:NAME`, `keyring:SERVICE`, or `none` for a store that is not
                encrypted; None is a file of the store's own in the user's configuration folder.
            timeout_s: how long to wait for other processes, in seconds, here and in every later call.
            trust_permissions: use files of the store and of its key that other users of the machine could change.

        Raises:
            UntrustedFile: other users of the machine could change the store's file or the key's.
            StoreError: there is no store and `create` is false; it cannot be made, opened or read; it is no store,
                or one of a newer fpverify.
            WrongKey: there is no key, or it does not open the store.
            CorruptRecord: the file is damaged, or no database at all.
            StoreLocked: another process held it for longer than `timeout_s`.
            SettingsError: the key is in its default place, and this user has no home folder.
        """
        if create:
            require_key_place(location, key, trust_permissions=trust_permissions)
        database = open_database(location, create=create, timeout_s=timeout_s, trust_permissions=trust_permissions)
        try:
            opened = cls(database, *opened_vault(database, key, create=create, trust_permissions=trust_permissions))
        except BaseException:
            database.close()
            raise
        tell("opened the store %s, sealed with the key %s", opened.place, opened.key_id)
        return opened

    def add(
        self,
        subject: str,
        finger: str,
        template: Template,
        *,
        enrolled_at: datetime | None = None,
        metadata: Mapping[str, Any] | None = None,
        scan: Scan | None = None,
    ) -> Reference:
        """Keeps one more impression of a finger. When this returns, it is on disk.

        Args:
            subject: 1 to 256 characters of Unicode without control characters.
            finger: a name of `fpverify.store.fingers`.
            template: of the impression.
            enrolled_at: with a time zone; now, if not given.
            metadata: of the impression, a small JSON object.
            scan: kept too, sealed, so that a later model can make its template.

        Returns:
            The impression as it was stored, numbered within its finger.

        Raises:
            EnrollmentError: the subject's id or the metadata cannot be kept, or no finger has this name.
            StoreError: the store cannot be written, is locked or damaged; nothing was changed.
            ValueError: the template has no binary form.
        """
        from fpverify.store.scan_format import encode_scan

        if LEARNT in (metadata or {}):
            raise EnrollmentError(f"{LEARNT!r} is no name for a note of yours: it marks what was learnt")
        moment = datetime.now(UTC) if enrolled_at is None else enrolled_at
        first = new_record(subject_id(subject), finger, template, moment, metadata)
        image = None if scan is None else encode_scan(scan)
        with self._changing():
            if self._database.subject_row(first.subject) is None:
                require_plain(first.subject)
            owner = self._rows.owner_or_new(first.subject)
            record = first._replace(number=self._rows.next_number(owner, first.finger))
            self._rows.insert(owner, record, image)
            self._trail.append("enroll", record.subject, finger, addition(record))
        return record.reference()

    def add_many(self, impressions: Iterable[tuple[str, str, Template]]) -> list[Reference]:
        """Keeps one impression each of many fingers, all of them or none; when this returns, they are on disk.

        Args:
            impressions: subject, finger and template, as in `add`; some hundred at a time, see `batch`.

        Returns:
            The impressions as they were stored, in the same order.

        Raises:
            EnrollmentError, StoreError, ValueError: as `add` does, of one of them; nothing was changed.
        """
        with self._changing():
            return [self.add(subject, finger, template) for subject, finger, template in impressions]

    def learn(
        self,
        subject: str,
        finger: str,
        template: Template,
        *,
        like: Sequence[Reference],
        score: float,
        most: int = MOST_LEARNT,
        scan: Scan | None = None,
    ) -> Reference:
        """Keeps what matched as one more impression of its finger, marked as learnt; the oldest learnt make room.

        Args:
            subject: who is enrolled.
            finger: which finger.
            template: of what matched.
            like: impressions of the finger that it matched, none of them learnt itself; at least one.
            score: with them.
            most: learnt impressions that the finger has afterwards at most.
            scan: kept too, as in `add`.

        Raises:
            NotEnrolled: one of `like` is not there any more, or there is none: nothing is learnt of another finger.
            EnrollmentError, StoreError, ValueError: as `add` does; nothing was changed.
        """
        from fpverify.store.learning import learn

        record = new_record(subject_id(subject), finger, template, datetime.now(UTC), {LEARNT: round(score, 1)})
        with self._changing():
            gone, size, kept = learn(self._rows, self._trail, record, like=like, most=most, scan=scan)
            if gone:
                self._wiping.note(f"{len(gone)} learnt impressions of {record.subject!r} were removed", size)
        return kept.reference()

    def forget(self, subject: str, finger: str | None = None) -> int:
        """Removes what was learnt of a subject, or of one finger of it; what was enrolled stays.

        Returns:
            How many impressions were removed; 0 if nothing was learnt.

        Raises:
            NotEnrolled, EnrollmentError, StoreError: as `delete` does.
        """
        from fpverify.store.learning import forget

        name, code = subject_id(subject), None if finger is None else finger_code(finger)
        with self._changing():
            owner = self._rows.owner(name)
            if not self._rows.has(name, code):
                raise self._no_such_finger(name, finger)
            removed, size = forget(self._rows, self._trail, (owner, name), code)
            if removed:
                self._wiping.note(f"{len(removed)} learnt impressions of {name!r} were removed", size)
        return len(removed)

    def update(self, subject: str, *, rename: str | None = None, metadata: Mapping[str, Any] | None = None) -> None:
        """Changes what is known of a subject; the impressions stay.

        Args:
            subject: who is enrolled.
            rename: the new id, if not None.
            metadata: takes the place of all that was noted before, if not None.

        Raises:
            NotEnrolled: the store has no such subject.
            EnrollmentError: the new id is taken or cannot be kept, or the metadata cannot.
            StoreError: the store cannot be written, is locked or damaged; nothing was changed.
        """
        name = subject_id(subject)
        new_name = name if rename is None else subject_id(rename)
        if new_name != name:
            require_plain(new_name)
        with self._changing():
            owner = self._rows.owner(name)
            if new_name != name and self._database.subject_row(new_name) is not None:
                raise EnrollmentError(f"the store {self.place} has a subject {new_name!r} already; delete it first")
            noted = self._rows.metadata(owner, name) if metadata is None else dict(metadata)
            details = {} if new_name == name else {"renamed": new_name, "records": self._move(owner, name, new_name)}
            self._rows.write_subject(owner, new_name, noted)
            if new_name != name:
                self.tries.follow(name, new_name)
                self.repeats.forget(name)
            self._trail.append(
                "update", name, None, details | ({"metadata": "replaced"} if metadata is not None else {})
            )

    def delete(self, subject: str, finger: str | None = None) -> int:
        """Removes a subject, or one finger of it; what was removed cannot be read any more.

        A small store's files are rewritten without it at once, a large one's later: see `fpverify.store.wiping`.

        Returns:
            How many impressions were removed.

        Raises:
            NotEnrolled: the store has none of them; the message names the store.
            EnrollmentError: no subject can have this id, or no finger this name.
            StoreError: the store cannot be written, is locked or damaged. The message says so if the impressions were
                removed and only the wiping failed.
        """
        name, code = subject_id(subject), None if finger is None else finger_code(finger)
        with self._changing():
            removed, size = self._rows.delete(self._rows.owner(name), code)
            if code is not None and not removed:
                raise self._no_such_finger(name, finger)
            if code is None:
                self.tries.follow(name)
            self.repeats.forget(name)
            self._trail.append("delete", name, finger, {"removed": " ".join(removed)})
            self._wiping.note(f"{len(removed)} impressions of {name!r} were removed", size)
        return len(removed)

    def wipe(self) -> None:
        """Rewrites the database's files without any trace of what was deleted; costs the size of the store.

        Raises:
            StoreError: the store cannot be rewritten, or is locked; only the traces are left.
        """
        if (beside := self._beside()) is not None:
            beside.erase_others(lambda: {int(one, 16) for one in self.record_ids()})
        self._wiping.wipe()

    def remake(
        self,
        subject: str,
        model_id: str,
        make: Callable[[Scan], Template],
        *,
        translate: Callable[[Template], Template | None] | None = None,
    ) -> tuple[int, list[Reference]]:
        """Gives a subject's impressions templates of another model, from the scans that were kept of them.

        Args:
            subject: who is enrolled.
            model_id: of the model; impressions that have templates of it are left as they are.
            make: the template of a scan; a scan that it finds no print in is left as it is, too.
            translate: what a template becomes without a scan: the model's, or itself, which stays and is not missed;
                None if a scan is needed.

        Returns:
            How many were made anew, and the impressions that were not, of fingers that have none of the model.

        Raises:
            NotEnrolled: the store has no such subject.
            StoreError: the store cannot be written, is locked or damaged; nothing was changed.
        """
        from fpverify.store.remaking import remake

        name = subject_id(subject)
        with self._changing():
            made, left = remake(self._rows, self._trail, name, model_id, make, translate=translate or (lambda _: None))
            return made, [self._reference(record) for record in left]

    def rotate(self, progress: Callable[[int, int], None] | None = None) -> int:
        """Seals everything anew with a new key; the old one is given up when nothing needs it any more.

        Ended at any moment, the store stays readable with the keys that are kept, and the next call goes on.

        Args:
            progress: told how many of how many seals are done.

        Returns:
            How many seals were made anew.

        Raises:
            StoreError: the store cannot be written, or its keys cannot be replaced where they are kept.
        """
        from fpverify.store.rotation import rotate

        if self._database.is_within:
            raise RuntimeError("a rotation is many transactions and cannot be part of a batch")
        beside = self._beside()
        return rotate(self._database, self._vault, progress, None if beside is None else beside.seal_anew)

    def append_audit(
        self, action: str, subject: str | None = None, finger: str | None = None, **details: str | float | bool | None
    ) -> AuditEntry:
        """Writes down that something was done. When this returns, it is on disk.

        Args:
            action: "verify", "identify", ...
            subject: who was concerned.
            finger: which finger.
            details: plain values by name; nothing biometric.

        Raises:
            StoreError: the store cannot be written, is locked or damaged.
        """
        with self._writing():
            return self._trail.append(action, subject, finger, details, changes=False)

    def note_decision(
        self, action: str, subject: str | None, finger: str | None = None, **details: str | float | bool | None
    ) -> AuditEntry:
        """Writes down a decision about who is enrolled, as `append_audit` does.

        Raises:
            NotEnrolled: the subject, or the finger, was deleted while it was compared: nothing was decided.
            StoreError: the store cannot be written, is locked or damaged.
        """
        with self._writing():
            if subject is not None and not self._rows.has(subject, None if finger is None else finger_code(finger)):
                what = f"{subject!r}" if finger is None else f"{finger} of {subject!r}"
                raise NotEnrolled(f"{what} was deleted while it was compared, from the store {self.place}")
            return self._trail.append(action, subject, finger, details, changes=False)

    @contextmanager
    def batch(self) -> Iterator[None]:
        """A block whose changes are on disk together when it ends, at the cost of one; none of them if it raises.

        A change that is refused within it, with an error that the block catches, leaves the others as they are; each
        enters the audit trail as always. Other processes cannot change the store meanwhile, nor read it where it lies
        in SQLite's rollback journal: a block should end within a second.

        Raises:
            StoreError: the store cannot be written, is locked or damaged; nothing of the block was kept. The message
                says so if all was kept and only the wiping of what was deleted failed.
        """
        with self._changing():
            yield

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """A change of what is enrolled, or a part of one, and the wiping that follows on the whole."""
        is_part, before = self._database.is_within, len(self._trail.removed)
        try:
            with self._writing():
                yield
        except BaseException:
            del self._trail.removed[before:]
            if not is_part:
                self._wiping.after_failure()
            raise
        if not is_part:
            try:
                self._erase_beside()
            finally:
                self._wiping.after_change()

    def _erase_beside(self) -> None:
        """Overwrites what was removed in what indexes keep, if there is any."""
        removed, self._trail.removed = self._trail.removed, []
        if removed and (beside := self._beside()) is not None:
            try:
                beside.erase(removed)
            except StoreError as error:
                raise type(error)(
                    f"{len(removed)} impressions were removed, but traces of them remain until"
                    f" `fpverify delete --wipe`: {error}"
                ) from error

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A transaction that writes, with the key that the store has by now."""
        with self._database.writing():
            (wanted,) = self._database.first("SELECT key_id FROM store") or ("",)
            self._vault.require(wanted)
            yield

    def _move(self, owner: int, name: str, new_name: str) -> str:
        """Seals a subject's records and scans to a new name; the ids of the records."""
        records = self._rows.numbered(owner, name)
        for row, record in records:
            self._rows.replace(row, record._replace(subject=new_name), self._rows.scan(row, record))
        return " ".join(record.record_id for _, record in records)
