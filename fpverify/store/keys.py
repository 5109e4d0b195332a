"""Keys of a store, and where they are kept."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from fpverify.errors import StoreError, WrongKey


@dataclass(frozen=True, slots=True)
class Key:
    """A key of records; id is 8 hex digits."""

    id: str
    secret: bytes

    @classmethod
    def new(cls) -> Key:
        """A random key."""
        return cls(secrets.token_hex(4), secrets.token_bytes(32))


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All keys of a store; the last is the current one."""

    records: tuple[Key, ...]
    audit: bytes
    source: str

    @classmethod
    def none(cls) -> KeyRing:
        """Of a store without encryption."""
        return cls((), b"fpverify", "none")


@dataclass(frozen=True, slots=True)
class KeySource:
    """Where a ring is kept."""

    kind: str
    place: str

    @classmethod
    def parse(cls, text: str | None, store_id: str) -> KeySource:
        """The source that a text names."""
        if text == "none":
            return cls("none", "none")
        if text is None:
            home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
            return cls("file", str(home / "fpverify" / "keys" / f"{store_id}.key"))
        return cls("file", text.removeprefix("file:"))

    def load(self) -> KeyRing:
        """The ring that is kept there."""
        if self.kind == "none":
            return KeyRing.none()
        try:
            kept = json.loads(Path(self.place).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise WrongKey(f"there is no key at {self.place}") from error
        records = tuple(Key(name, bytes.fromhex(secret)) for name, secret in kept["records"])
        return KeyRing(records, bytes.fromhex(kept["audit"]), self.place)

    def create(self) -> KeyRing:
        """A new ring, kept there."""
        if self.kind == "none":
            return KeyRing.none()
        path = Path(self.place)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists():
            raise StoreError(f"there is a key at {self.place} already")
        ring = KeyRing((Key.new(),), secrets.token_bytes(32), self.place)
        self.save(ring)
        return ring

    def save(self, ring: KeyRing) -> None:
        """Replaces the ring."""
        kept = {"records": [(one.id, one.secret.hex()) for one in ring.records], "audit": ring.audit.hex()}
        path = Path(self.place)
        new = path.with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps(kept), encoding="utf-8")
        new.replace(path)
