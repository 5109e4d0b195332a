"""Who may ask a service of this store: keys of the HTTP interface, of which hashes are kept.

They lie in the store, so that whoever makes keys and whoever serves cannot miss each other. Each row bears a code of
the audit trail's secret: who can write the database alone cannot put a key of their own in, nor widen what one allows.
What was granted and revoked is in the trail, and a revoked key that somebody puts back is not believed.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fpverify.errors import CorruptRecord, SettingsError
from fpverify.store.audit import AuditEntry
from fpverify.store.backends import Database
from fpverify.store.schema import API_KEYS_TABLE
from fpverify.store.trail import Trail
from fpverify.store.vault import Vault

_TABLE = API_KEYS_TABLE
_MAKE_TABLE = f"""
CREATE TABLE {_TABLE} (
    sha256 TEXT PRIMARY KEY,                    -- of the key, 64 hex digits
    name TEXT NOT NULL UNIQUE,                  -- of who holds it
    scope TEXT NOT NULL,
    created_at TEXT NOT NULL,                   -- UTC, ISO 8601
    mac {{bytes}} NOT NULL                        -- over the other columns
)
"""
_COLUMNS = "name, scope, sha256, created_at"
PURPOSE = "api key"  # what the code of a row is for
GRANT, REVOKE = "grant", "revoke"  # actions of the audit trail
ID_DIGITS = 16  # of a hash, by which the trail names a key


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is kept.

    Attributes:
        name: of who holds it; unique.
        scope: what it allows, in a word.
        sha256: of the key, in hex.
        created_at: UTC, ISO 8601.
    """

    name: str
    scope: str
    sha256: str
    created_at: str

    @property
    def id(self) -> str:
        """As the audit trail names it."""
        return self.sha256[:ID_DIGITS]


class ApiKeys:
    """The keys of an open store."""

    def __init__(self, database: Database, vault: Vault, trail: Trail) -> None:
        self._database = database
        self._vault = vault
        self._trail = trail
        self._told = KeysTold()
        self._read = 0  # entries of the trail that were told

    def all(self) -> list[ApiKey]:
        """All keys, by name.

        Raises:
            CorruptRecord: one of them was altered, put in, or put back.
            StoreError: the store cannot be read or is locked.
        """
        with self._database.reading():
            return [self._believed(*row) for row in self._rows("ORDER BY name")]

    def holder(self, sha256: str) -> ApiKey | None:
        """The key of this hash; None for nobody's. Errors as of `all`, of this key."""
        with self._database.reading():
            for row in self._rows("WHERE sha256 = ?", sha256):
                return self._believed(*row)
        return None

    def add(self, name: str, scope: str, sha256: str, created_at: str | None = None, **details: str) -> ApiKey:
        """Keeps a key, and writes down that it was granted.

        Args:
            name: of who will hold it.
            scope: what it allows, in a word.
            sha256: of the key, in hex.
            created_at: UTC, ISO 8601; now, if not given.
            details: what else the audit trail is to say.

        Raises:
            SettingsError: the name is taken, or is none.
            StoreError: the store cannot be written, is locked or damaged.
        """
        if not name or not name.isprintable():
            raise SettingsError("an API key needs a name on one line, such as door-3")
        key = ApiKey(name, scope, sha256, created_at or datetime.now(UTC).isoformat(timespec="seconds"))
        with self._database.writing():
            if not self._database.has(_TABLE):
                self._database.execute(_MAKE_TABLE.format_map(self._database.types))
            if any(self._rows("WHERE name = ?", name)):
                raise SettingsError(
                    f"the store {self._database.place} has an API key {name!r} already; revoke it first, or give "
                    "another name"
                )
            self._database.execute(
                f"INSERT INTO {_TABLE} ({_COLUMNS}, mac) VALUES (?, ?, ?, ?, ?)",  # noqa: S608 - constants
                *(key.name, key.scope, key.sha256, key.created_at, self._code(key)),
            )
            said = {"key": key.id, "name": name, "scope": scope, **details}
            self._trail.append("grant", details=said, changes=False)
        return key

    def revoke(self, name: str) -> list[str]:
        """Removes a key, and writes that down: of every key that was granted under this name.

        A row may have been altered, or taken out to be put back later, so the trail says whose keys they are.

        Returns:
            The ids of the keys.

        Raises:
            SettingsError: there is none of that name.
            StoreError: the store cannot be written, is locked or damaged.
        """
        with self._database.writing():
            self._follow()
            found = {str(sha256)[:ID_DIGITS] for _, _, sha256, *_ in self._rows("WHERE name = ?", name)}
            found |= {one for one, holder in self._told.valid.items() if holder == name}
            if not found:
                raise SettingsError(f"the store {self._database.place} has no API key {name!r}")
            self._database.execute(f"DELETE FROM {_TABLE} WHERE name = ?", name)  # noqa: S608 - a constant
            for one in sorted(found):
                self._trail.append("revoke", details={"key": one, "name": name}, changes=False)
            return sorted(found)

    def was_granted(self, sha256: str) -> bool:
        """Whether this store has had a key of this hash, revoked or not.

        Raises:
            StoreError: the store cannot be read or is locked.
        """
        with self._database.reading():
            self._follow()
            return sha256[:ID_DIGITS] in self._told.granted

    def findings(self, told: KeysTold) -> Iterator[str]:
        """A sentence for each key that is not as the audit trail says; within the caller's transaction.

        Args:
            told: by all of the trail.
        """
        there = [row[:-1] for row in self._rows("ORDER BY name") if self._fits(*row)]
        for row in self._rows("ORDER BY name"):
            if not self._fits(*row):
                yield f"the API key {row[0]!r:.60} is not as it was kept"
            elif ApiKey(*row[:-1]).id not in told.valid:
                yield f"the API key {row[0]!r:.60} was put in: no entry says so, or it was revoked"
        missing = told.valid.keys() - {ApiKey(*row).id for row in there}
        yield from sorted(f"the API key {told.valid[one]!r:.60} is missing: it was never revoked" for one in missing)

    def _believed(self, *row: Any) -> ApiKey:
        if not self._fits(*row):
            raise self._altered(row[0])
        key = ApiKey(*row[:-1])
        self._follow()
        if key.id not in self._told.valid:
            raise self._altered(key.name)
        return key

    def _follow(self) -> None:
        """Takes up what the trail says that was not read yet; all of it, the first time."""
        count = self._trail.head().count
        if count < self._read:  # the store was put back
            self._told, self._read = KeysTold(), 0
        if count > self._read:
            self._told.follow(self._trail.entries(after=self._read, actions=(GRANT, REVOKE)))
            self._read = count

    def _rows(self, condition: str, *values: object) -> list[tuple[Any, ...]]:
        if not self._database.has(_TABLE):
            return []
        return self._database.rows(f"SELECT {_COLUMNS}, mac FROM {_TABLE} {condition}", *values)  # noqa: S608

    def _fits(self, *row: Any) -> bool:
        """Whether a row is as it was kept; a damaged one may hold values of any type."""
        *fields, mac = row
        texts = all(type(one) is str for one in fields)
        return texts and isinstance(mac, bytes) and hmac.compare_digest(mac, self._code(ApiKey(*fields)))

    def _code(self, key: ApiKey) -> bytes:
        return self._vault.chain.code(PURPOSE, key.name, key.scope, key.sha256, key.created_at)

    def _altered(self, name: object) -> CorruptRecord:
        return CorruptRecord(
            f"the API key {name!r:.60} in the store {self._database.place} was altered or put back; revoke it"
        )


class KeysTold:
    """What an audit trail says of keys.

    Attributes:
        granted: ids of all that were ever.
        valid: names by id of those that were not revoked since.
    """

    def __init__(self) -> None:
        self.granted: set[str] = set()
        self.valid: dict[str, str] = {}

    def follow(self, entries: Iterable[AuditEntry]) -> None:
        """Takes entries up, in order."""
        for entry in entries:
            one = str(entry.details.get("key"))
            if entry.action == GRANT:
                self.granted.add(one)
                self.valid[one] = str(entry.details.get("name"))
            elif entry.action == REVOKE:
                self.valid.pop(one, None)
