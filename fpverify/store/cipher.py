"""Sealing of records."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

from fpverify.errors import CorruptRecord, WrongKey
from fpverify.store.keys import KeyRing

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class RecordCipher:
    """Seals and opens with a ring."""

    def __init__(self, ring: KeyRing) -> None:
        self._ciphers: dict[bytes, AESGCM] = {}
        if ring.records:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM

            self._ciphers = {bytes.fromhex(one.id): AESGCM(one.secret) for one in ring.records}
        self._current = bytes.fromhex(ring.records[-1].id) if ring.records else b""

    def seal(self, plaintext: bytes, bound: bytes) -> bytes:
        """Sealed bytes."""
        if not self._current:
            return b"\0" + hashlib.blake2b(bound + plaintext, digest_size=16).digest() + plaintext
        nonce = secrets.token_bytes(12)
        return b"\1" + self._current + nonce + self._ciphers[self._current].encrypt(nonce, plaintext, bound)

    def open(self, sealed: bytes, bound: bytes) -> bytes:
        """What was sealed."""
        if not self._current:
            if sealed[:1] == b"\0" and sealed[1:17] == hashlib.blake2b(bound + sealed[17:], digest_size=16).digest():
                return sealed[17:]
            raise CorruptRecord("a record is damaged")
        cipher = self._ciphers.get(sealed[1:5])
        if sealed[:1] != b"\1" or len(sealed) < 33:
            raise CorruptRecord("a record is damaged")
        if cipher is None:
            raise WrongKey(f"a record was sealed with the key {sealed[1:5].hex()}")
        from cryptography.exceptions import InvalidTag

        try:
            return cipher.decrypt(sealed[5:17], sealed[17:], bound)
        except InvalidTag as error:
            raise CorruptRecord("a record is damaged or was altered") from error

    def is_current(self, sealed: bytes) -> bool:
        """Whether it was sealed with the current key."""
        return sealed[1:5] == self._current if self._current else sealed[:1] == b"\0"
