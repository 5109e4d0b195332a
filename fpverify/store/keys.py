"""The keys of a store, and the ring that holds them.

A ring is one line of JSON, wherever it is kept (`fpverify.store.key_source`):

    {"fpverify_keys": 1, "store": "<32 hex digits>", "records": [["3f9a12c4", "<64 hex digits>"]], "audit": "<64 ...>"}

The last key of `records` seals what is new; those before it only open what a rotation has not come to yet. `audit` is
the secret of the audit trail's codes; it stays when keys are rotated, since the trail is never written anew. `store`
says whose they are: a ring that two stores shared would lose the one's key when the other's is rotated. It is null
until a store is founded with the ring.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field

from fpverify.errors import WrongKey

ID_BYTES = 4  # of a key's id: in every sealed record
SECRET_BYTES = 32  # AES-256; HMAC-SHA-256
FORMAT = 1

_KEY_ID = re.compile(r"[0-9a-f]{8}")
_SECRET = re.compile(r"[0-9a-f]{64}")
_STORE_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Key:
    """A key of records.

    Attributes:
        id: 8 hex digits; says which key sealed a record, and nothing about the key.
        secret: 32 random bytes; never shown.
    """

    id: str
    secret: bytes = field(repr=False)

    @classmethod
    def new(cls) -> Key:
        """A random key."""
        return cls(os.urandom(ID_BYTES).hex(), os.urandom(SECRET_BYTES))


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All keys of a store.

    Attributes:
        records: the last one seals, all of them open; none for a store that is not encrypted.
        audit: 32 bytes, the secret of the audit trail.
        source: where the ring was found, as messages name it.
        store: id of the store they are for; None for a ring that no store has yet.
    """

    records: tuple[Key, ...]
    audit: bytes = field(repr=False)
    source: str
    store: str | None = None

    @classmethod
    def new(cls, source: str) -> KeyRing:
        """A ring of one random key."""
        return cls((Key.new(),), os.urandom(SECRET_BYTES), source)

    @classmethod
    def none(cls) -> KeyRing:
        """Of a store without encryption. Its audit secret is known to all: the trail then shows accidents only."""
        return cls((), b"fpverify", "none")

    def to_json(self) -> str:
        """The line that is kept."""
        records = [[key.id, key.secret.hex()] for key in self.records]
        kept = {"fpverify_keys": FORMAT, "store": self.store, "records": records, "audit": self.audit.hex()}
        return json.dumps(kept) + "\n"

    @classmethod
    def from_json(cls, text: str, source: str) -> KeyRing:
        """The ring that was kept.

        Raises:
            WrongKey: the text is no ring, or one of a newer fpverify.
        """
        try:
            kept = json.loads(text)
            if kept["fpverify_keys"] != FORMAT:
                raise WrongKey(f"the keys at {source} were written by a newer fpverify; upgrade fpverify")
            records = tuple(Key(_matching(_KEY_ID, name), _secret(secret)) for name, secret in kept["records"])
            store = None if kept["store"] is None else _matching(_STORE_ID, kept["store"])
            ring = cls(records, _secret(kept["audit"]), source, store)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise WrongKey(f"what lies at {source} are no keys of fpverify; restore them from a copy") from error
        if not records or len({key.id for key in records}) < len(records):
            raise WrongKey(f"the keys at {source} are empty or contradict each other; restore them from a copy")
        return ring


def _matching(pattern: re.Pattern[str], text: object) -> str:
    if not isinstance(text, str) or not pattern.fullmatch(text):
        raise ValueError("not the digits of a key")
    return text


def _secret(text: object) -> bytes:
    return bytes.fromhex(_matching(_SECRET, text))
