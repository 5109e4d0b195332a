"""A store as it lies there, looked at and left as it is.

`Store.open` may change the files that it opens: a schema is brought up to date, a kind of journal is chosen, a ring of
keys becomes the store's. Here nothing is made or written, so that what is looked at can be in any state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fpverify.errors import StoreError, StoreReadOnly
from fpverify.store.backends import Database
from fpverify.store.key_source import KeySource
from fpverify.store.location import is_server_url
from fpverify.store.reading import StoreReader
from fpverify.store.schema import SCHEMA_VERSION
from fpverify.store.vault import NO_KEY, Vault

PATIENCE_S = 1.0  # with a process that changes the store; a change takes milliseconds


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a store has, as its tables say without a key.

    Attributes:
        subjects: how many.
        models: impressions by the model that made them.
        size_bytes: of the tables.
    """

    subjects: int
    models: Mapping[str, int]
    size_bytes: int

    @property
    def impressions(self) -> int:
        """How many, of all models."""
        return sum(self.models.values())


class StoreGlance:
    """A store that is looked at.

    Attributes:
        place: file or URL, as messages name it.
        version: of the schema.
        store_id, key_id: as the store states them; empty in a store of another version.
    """

    def __init__(self, database: Database) -> None:
        """Reads what the store says of itself; raises StoreError."""
        self._database = database
        self.place = database.place
        self.store_id = self.key_id = ""
        with database.failures():
            self.version = database.schema_version()
            if not self.version:
                raise StoreError(f"{self.place} is a database without a store; give another location (--db)")
            if self.is_current:
                found = database.first("SELECT store_id, key_id FROM store") or ()
                if [type(one) for one in found] != [str, str]:
                    raise database.damaged()
                self.store_id, self.key_id = found

    @property
    def is_current(self) -> bool:
        """Whether the schema is the present one; an older one is brought up to date when the store is opened."""
        return self.version == SCHEMA_VERSION

    @property
    def is_encrypted(self) -> bool:
        """Whether there is a key."""
        return self.key_id != NO_KEY

    def holdings(self) -> Holdings:
        """What is enrolled, counted; raises StoreError."""
        with self._database.reading():
            (subjects,) = self._database.first("SELECT count(*) FROM subjects") or (0,)
            rows = self._database.rows("SELECT model_id, count(*) FROM impressions GROUP BY model_id ORDER BY model_id")
            return Holdings(int(subjects), {str(model): int(count) for model, count in rows}, self._database.size())

    def key_source(self, key: str | None, *, trusts: bool) -> KeySource:
        """Where the key is kept; arguments and errors as in `KeySource.parse`."""
        wanted = "none" if key is None and not self.is_encrypted else key
        return KeySource.parse(wanted, self.store_id, trusts=trusts)

    def unlocked(self, source: KeySource) -> StoreReader:
        """The store, to be read with the key that is kept there.

        Raises:
            WrongKey: there is none, or it is another's.
            UntrustedFile: others could change it.
        """
        vault = Vault(self.store_id, source, source.load(), self.place)
        vault.require(self.key_id)
        return StoreReader(self._database, vault)


@contextmanager
def glance(location: str | Path, *, trust_permissions: bool) -> Iterator[StoreGlance]:
    """The store at a location, to be looked at.

    Raises:
        UntrustedFile: other users of the machine could change it.
        StoreError: there is none, or it cannot be read.
    """
    database = _opened(location, trust_permissions)
    try:
        yield _seen(database)
    finally:
        database.close()


def _seen(database: Database) -> StoreGlance:
    try:
        return StoreGlance(database)
    except StoreReadOnly as error:  # of a journal that waits to be rolled back, which only who may write does
        raise StoreError(
            f"a change of the store {database.place} was cut off; the next command that opens it, such as"
            " `fpverify list`, undoes it"
        ) from error


def _opened(location: str | Path, trusts: bool) -> Database:
    if is_server_url(location):
        from fpverify.store.backends.postgresql import PostgresqlDatabase

        database = PostgresqlDatabase.open(str(location), timeout_s=PATIENCE_S)
        with database.failures():
            database.execute("SET default_transaction_read_only = on")
        return database
    from fpverify.store.backends.sqlite import SqliteDatabase

    return SqliteDatabase.open_to_look(location, timeout_s=PATIENCE_S, trust_permissions=trusts)
