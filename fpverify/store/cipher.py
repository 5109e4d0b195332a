"""Sealing of records: AES-256-GCM, or for a store without encryption a checksum.

    encrypted   version 1, id of the key (4 bytes), nonce (12), ciphertext, tag (16)
    plain       version 0, BLAKE2b over what is bound and the plaintext (16), plaintext

What a record is sealed for (store, subject, finger, ...) is bound into the tag without being stored: moved to another
place, a record does not open. Nonces are random; with one key no more than 2^32 records may be sealed (NIST SP 800-38D,
8.3): a store with a hundred enrollments a second reaches that after a year, and `fpverify keys rotate` begins anew.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from fpverify.errors import CorruptRecord, WrongKey
from fpverify.store.keys import KeyRing

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM


PLAIN, ENCRYPTED = b"\0", b"\1"  # versions
ID = slice(1, 5)  # of the key, in what is sealed
NONCE = slice(5, 17)
NONCE_BYTES = 12  # what GCM takes as it is
SHORTEST = 33  # bytes: version, id, nonce and tag around nothing
CHECKSUM_BYTES = 16  # chance and damage never agree on 128 bits


class RecordCipher:
    """Seals with the current key of a ring, and opens with any."""

    def __init__(self, ring: KeyRing) -> None:
        self._ciphers: dict[bytes, AESGCM] = {}
        if ring.records:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM

            self._ciphers = {bytes.fromhex(one.id): AESGCM(one.secret) for one in ring.records}
        self._current = bytes.fromhex(ring.records[-1].id) if ring.records else b""

    def seal(self, plaintext: bytes, bound: bytes) -> bytes:
        """The plaintext, sealed.

        Args:
            plaintext: any bytes.
            bound: what it is sealed for; needed to open it.
        """
        if not self._current:
            return PLAIN + _checksum(plaintext, bound) + plaintext
        nonce = os.urandom(NONCE_BYTES)
        return ENCRYPTED + self._current + nonce + self._ciphers[self._current].encrypt(nonce, plaintext, bound)

    def open(self, sealed: bytes, bound: bytes) -> bytes:
        """What was sealed.

        Args:
            sealed: as `seal` returned it.
            bound: the same as then.

        Raises:
            WrongKey: the ring lacks the key it was sealed with; names it.
            CorruptRecord: it was damaged, altered, cut off, or sealed for something else.
        """
        if not self._current:
            return _checked(sealed, bound)
        if sealed[:1] != ENCRYPTED or len(sealed) < SHORTEST:
            raise CorruptRecord("a record is damaged")
        cipher = self._ciphers.get(sealed[ID])
        if cipher is None:
            raise WrongKey(f"a record was sealed with the key {sealed[ID].hex()}")
        from cryptography.exceptions import InvalidTag

        try:
            return cipher.decrypt(sealed[NONCE], sealed[NONCE.stop :], bound)
        except InvalidTag as error:
            raise CorruptRecord("a record is damaged or was altered") from error

    def is_current(self, sealed: bytes) -> bool:
        """Whether the current key sealed it."""
        return sealed[ID] == self._current if self._current else sealed[:1] == PLAIN


def _checked(sealed: bytes, bound: bytes) -> bytes:
    start = 1 + CHECKSUM_BYTES
    plaintext = sealed[start:]
    if sealed[:1] != PLAIN or sealed[1:start] != _checksum(plaintext, bound):
        raise CorruptRecord("a record is damaged")
    return plaintext


def _checksum(plaintext: bytes, bound: bytes) -> bytes:
    digest = hashlib.blake2b(len(bound).to_bytes(8, "little"), digest_size=CHECKSUM_BYTES)
    digest.update(bound)
    digest.update(plaintext)
    return digest.digest()
