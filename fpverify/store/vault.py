"""What seals and opens the contents of one store, with the keys it has at the moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fpverify.errors import CorruptRecord, WrongKey
from fpverify.store.audit import AuditChain
from fpverify.store.cipher import RecordCipher
from fpverify.store.key_source import KeySource
from fpverify.store.keys import KeyRing
from fpverify.store.metadata import decode_metadata, encode_metadata
from fpverify.store.records import RECORD_VERSION, Record, packed

DERIVED_BYTES = 32  # as many as a key has
NO_KEY = "none"  # in place of a key's id, in a store without encryption


class Vault:
    """The keys of a store in use.

    Attributes:
        store_id: of the store; bound into every seal.
        source: where the keys are kept.
        ring: the keys, as they were last loaded.
        chain: makes audit entries with the ring's secret.
    """

    def __init__(self, store_id: str, source: KeySource, ring: KeyRing, place: str) -> None:
        self.store_id = store_id
        self.source = source
        self._place = place
        self.use(ring)

    @property
    def key_id(self) -> str:
        """Of the key that seals."""
        return key_id(self.ring)

    def use(self, ring: KeyRing) -> None:
        """Seals and opens with these keys from now on."""
        self.ring = ring
        self._cipher = RecordCipher(ring)
        self.chain = AuditChain(ring.audit, self.store_id)

    def require(self, wanted: str) -> None:
        """Returns if the keys hold the one that the store names, loading them anew if another process rotated.

        Raises:
            WrongKey: they do not.
        """
        if wanted == self.key_id:
            return
        self._reload()
        known = {one.id for one in self.ring.records} or {NO_KEY}
        if wanted not in known:
            raise WrongKey(_unfit(self._place, wanted, self.ring, self.source))

    def seal(self, record: Record) -> bytes:
        """The record's content, sealed."""
        return self._cipher.seal(record.content, record.bound(b"record", self.store_id))

    def opened(self, record: Record) -> Record:
        """A record as the database returned it, its content opened.

        Args:
            record: with sealed content; a damaged one may hold values of any type.

        Raises:
            CorruptRecord: it is not as it was written.
        """
        if not _well_typed(record):
            raise self._unsound(f"a record of subject {record.subject!r:.80}")
        what = f"a record of subject {record.subject!r:.80}"
        return record._replace(content=self._open(record.content, record.bound(b"record", self.store_id), what))

    def seal_scan(self, scan: bytes, record: Record) -> bytes:
        """A scan's bytes, sealed to its record."""
        return self._cipher.seal(scan, record.bound(b"scan", self.store_id))

    def open_scan(self, sealed: bytes, record: Record) -> bytes:
        """A scan's bytes; raises CorruptRecord as `opened` does."""
        what = f"a scan of subject {record.subject!r:.80}"
        return self._open(sealed, record.bound(b"scan", self.store_id), what)

    def seal_metadata(self, metadata: Mapping[str, Any] | None, subject: str) -> bytes:
        """A subject's metadata, sealed; raises EnrollmentError for what cannot be kept."""
        return self._cipher.seal(encode_metadata(metadata), self._bound_metadata(subject))

    def open_metadata(self, sealed: bytes, subject: str) -> dict[str, Any]:
        """A subject's metadata; raises CorruptRecord as `opened` does."""
        what = f"the metadata of {subject!r:.80}"
        if type(subject) is not str:  # of a database that was altered
            raise self._unsound(what)
        return decode_metadata(self._open(sealed, self._bound_metadata(subject), what))

    def is_current(self, sealed: bytes) -> bool:
        """Whether the present key sealed it."""
        return self._cipher.is_current(sealed)

    def derived(self, purpose: bytes) -> bytes:
        """A secret of the store's own for one purpose, 32 bytes, from the key that seals; rotation changes it.

        In a store without encryption it is no secret: it follows from the store's id.

        Args:
            purpose: says what for; two purposes give secrets that have nothing in common.

        Source: HKDF with SHA-256, RFC 5869.
        """
        return self._derived(self.ring.records[-1].secret if self.ring.records else b"", purpose)

    def derived_from(self, key: str, purpose: bytes) -> bytes | None:
        """The same from a key of the ring by its id, `NO_KEY` in a store without encryption; None if there is none."""
        secrets = {one.id: one.secret for one in self.ring.records} or {NO_KEY: b""}
        return self._derived(secrets[key], purpose) if key in secrets else None

    def _derived(self, secret: bytes, purpose: bytes) -> bytes:
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        return HKDF(SHA256(), DERIVED_BYTES, self.store_id.encode(), b"fpverify " + purpose).derive(secret)

    def _bound_metadata(self, subject: str) -> bytes:
        return b"metadata" + bytes([RECORD_VERSION]) + packed(self.store_id, subject)

    def _open(self, sealed: Any, bound: bytes, what: str) -> bytes:
        """What was sealed; a key that is missing is looked for once more, and is then taken for damage."""
        if not isinstance(sealed, bytes):
            raise self._unsound(what)
        try:
            return self._cipher.open(sealed, bound)
        except WrongKey:
            self._reload()
        except CorruptRecord as error:
            raise self._unsound(what) from error
        try:
            return self._cipher.open(sealed, bound)
        except (WrongKey, CorruptRecord) as error:
            raise self._unsound(what) from error

    def _reload(self) -> None:
        loaded = self.source.load()
        if loaded.records != self.ring.records:
            self.use(loaded)

    def _unsound(self, what: str) -> CorruptRecord:
        return CorruptRecord(
            f"{what} in the store {self._place} is damaged or was altered; "
            "delete the subject and enroll again, or restore a backup"
        )


def key_id(ring: KeyRing) -> str:
    """The id of a ring's current key."""
    return ring.records[-1].id if ring.records else NO_KEY


def _unfit(place: str, wanted: str, ring: KeyRing, source: KeySource) -> str:
    if wanted == NO_KEY:
        return f"the store {place} is not encrypted, but a key was given ({source.place}); open it with --key none"
    if not ring.records:
        return f"the store {place} is encrypted with the key {wanted}; it does not open without it (--key)"
    return (
        f"the key at {source.place} is {key_id(ring)}, the store {place} is encrypted with {wanted}; give that (--key)"
    )


def _well_typed(record: Record) -> bool:
    types = (str, int, int, str, float, str, str, bytes)
    return all(type(value) is expected for value, expected in zip(record, types, strict=True))
