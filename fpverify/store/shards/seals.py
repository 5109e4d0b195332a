"""How blocks of an index's files are sealed: AES-256-GCM, each bound to whose it is and where it lies.

    block    nonce (12 random bytes), ciphertext, tag (16)

The key of a file is HMAC-SHA-256 of its random name under a secret that follows from the store's key by HKDF: it seals
some thousand blocks, however large the store. In a store without encryption the secret is none, the seal a checksum.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass

from fpverify.errors import CorruptRecord
from fpverify.store.records import packed

PURPOSE = b"index shards 1"  # of the secret that follows from the store's key
NONCE_BYTES, TAG_BYTES = 12, 16
OVERHEAD = NONCE_BYTES + TAG_BYTES  # bytes of a block besides its content
NAME_DIGITS = 16  # of a folder: two models agree once in 2^64


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose references a folder holds, and how they lie in lists.

    Attributes:
        store_id: of the store.
        model_id: of the templates.
        codebook: digest, which says how minutiae come into lists.
        lists: how many there are.
        width: numbers of a descriptor.
    """

    store_id: str
    model_id: str
    codebook: str
    lists: int
    width: int

    @property
    def bound(self) -> bytes:
        """What every seal is bound to."""
        return packed(self.store_id, self.model_id, self.codebook, f"{self.lists} {self.width}")

    @property
    def name(self) -> str:
        """Of the folder."""
        return hashlib.sha256(self.bound).hexdigest()[:NAME_DIGITS]


class BlockSeal:
    """Seals and opens the blocks of one file."""

    def __init__(self, secret: bytes, name: bytes, bound: bytes) -> None:
        """Nothing is read yet.

        Args:
            secret: 32 bytes, that of `PURPOSE`.
            name: of the file, random.
            bound: what all of its blocks are bound to.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher = AESGCM(hmac.digest(secret, b"fpverify index file 1" + name, hashlib.sha256))
        self._bound = bound

    def close(self, content: bytes, number: int) -> bytes:
        """A block.

        Args:
            content: any bytes.
            number: of the block within the file.
        """
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, self._place(number))

    def open(self, block: bytes, number: int) -> bytes:
        """The content of a block.

        Raises:
            CorruptRecord: it was damaged, altered, cut off, or is another's.
        """
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher.decrypt(block[:NONCE_BYTES], memoryview(block)[NONCE_BYTES:], self._place(number))
        except (InvalidTag, ValueError) as error:
            raise CorruptRecord("a block of an index is damaged or was altered") from error

    def _place(self, number: int) -> bytes:
        return self._bound + number.to_bytes(4, "little")
