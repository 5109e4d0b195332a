"""A store in one SQLite file.

- Every change takes the write lock first (BEGIN IMMEDIATE), so that processes wait for each other and never deadlock.
- A write-ahead log where SQLite has it without the "WAL-reset bug" (3.51.3 or later, 3.50.7, 3.44.6), a rare loss with
  several writers: reading then never waits for writing. Before that, which is what most Pythons carry, a rollback
  journal: a change takes two or three flushes to disk, and readers wait for milliseconds. Closed by its last
  process the store is one file with either, which can be copied, backed up and wiped.
- `synchronous = EXTRA`, which is FULL and in addition flushes the folder after the journal is removed: without
  that a change which was acknowledged could be rolled back after a loss of power.
- `secure_delete`, and VACUUM when `fpverify.store.wiping` says so: what was deleted is no longer in the file. (No
  program can vouch for old blocks on the disk itself, nor for backups.) VACUUM rewrites a small file in memory and then
  in place, a large one by a temporary file that has no name and lies in the same folder.
- A file that was moved, deleted or replaced while it was open is used no longer: what it holds is the store no more.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import MappingProxyType

from fpverify.folders import require_own
from fpverify.store.backends.database import MODELS_INDEX, NAMES_INDEX, Database, Row
from fpverify.store.backends.sqlite_failures import moved, store_failures
from fpverify.store.location import create_file, printable, require_file, store_file
from fpverify.store.schema import SCHEMA_VERSION, another_program, newer_version, no_version

APPLICATION_ID = 0x46505645  # "FPVE"; told apart from other programs' databases by it, `file` shows it
PAGE_BYTES = 16384  # three rows with their templates; reading or wiping all takes a third of the time of 4 KB pages
BESIDE = ".index"  # ends the name of the folder of what indexes keep
IN_MEMORY_BYTES = 64 << 20  # of a file that is rewritten in memory; larger ones need as much room on the disk

# Later releases than these, and the same ones patched, are free of the bug: https://sqlite.org/wal.html#walresetbug
_SOUND_LOG = ((3, 51, 3), (3, 50, 7), (3, 44, 6))

_SETTINGS = (
    f"PRAGMA page_size = {PAGE_BYTES}",
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = EXTRA",
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",  # templates never in a temporary file, but while a large one is rewritten
    "PRAGMA trusted_schema = OFF",  # a forged file cannot make SQLite call functions
    "PRAGMA cell_size_check = ON",  # damage shows as early as SQLite can tell
)


class SqliteDatabase(Database):
    """An SQLite file."""

    types = MappingProxyType(
        {"identity": "INTEGER PRIMARY KEY", "bytes": "BLOB", "number": "REAL", "integer": "INTEGER"}
    )

    name = "name"
    names_index = f"CREATE INDEX {NAMES_INDEX} ON subjects (name)"  # one that is damaged and misses a name shows
    models_index = f"CREATE INDEX {MODELS_INDEX} ON impressions (model_id)"  # which holds the row's id, too

    def __init__(self, path: Path, timeout_s: float, *, how: str = "mode=rw") -> None:
        super().__init__()
        self.place = printable(path)
        self._path = path
        self._identity = _identity(path)  # before it is opened: if another takes its place meanwhile, that shows
        self._connection = _connection(path, timeout_s, how)

    @classmethod
    def open(
        cls, location: str | Path, *, create: bool, timeout_s: float, trust_permissions: bool = False
    ) -> SqliteDatabase:
        """The database at a location, see `fpverify.store.location`.

        Raises:
            UntrustedFile: other users of the machine could change it, unless `trust_permissions`.
            StoreError: there is none and `create` is false; it cannot be made, opened or read.
            CorruptRecord: the file is damaged, or no database at all.
            StoreLocked: another process held it for longer than `timeout_s`.
        """
        path = store_file(location)
        if not trust_permissions:
            require_own(path, "the store")
        if create:
            create_file(path)
        require_file(path, may_be_empty=create)
        database = cls(path, timeout_s)
        try:
            database._prepare()
        except BaseException:
            database.close()
            raise
        return database

    @classmethod
    def open_to_look(cls, location: str | Path, *, timeout_s: float, trust_permissions: bool = False) -> SqliteDatabase:
        """The database at a location, of which no file is written or made; errors as in `open`.

        A file with a write-ahead log that nobody has open would get two more by being read: it is taken as it is.
        """
        path = store_file(location)
        if not trust_permissions:
            require_own(path, "the store")
        require_file(path, may_be_empty=False)
        database = cls(path, timeout_s, how="mode=ro" if _reads_without_traces(path) else "mode=ro&immutable=1")
        try:
            with database.failures():
                for setting in ("PRAGMA query_only = ON", "PRAGMA trusted_schema = OFF", "PRAGMA cell_size_check = ON"):
                    database.execute(setting)
        except BaseException:
            database.close()
            raise
        return database

    @property
    def identity(self) -> tuple[int, ...]:
        """Device and inode of the file."""
        return self._identity

    @property
    def beside(self) -> Path:
        """A folder that is named as the file is."""
        return self._path.with_name(self._path.name + BESIDE)

    def is_moved(self) -> bool:
        """Whether the file was moved, deleted or replaced."""
        return _identity(self._path) != self._identity

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection, in autocommit mode."""
        self.require_own_thread()
        self.require_open()
        return self._connection

    def execute(self, statement: str, *values: object) -> int:
        """Runs a statement; returns how many rows it changed."""
        with closing(self.connection.execute(statement, values)) as cursor:
            return cursor.rowcount

    def rows(self, query: str, *values: object) -> list[Row]:
        """All rows of the answer."""
        with closing(self.connection.execute(query, values)) as cursor:  # left open it would hinder VACUUM
            return cursor.fetchall()

    def schema_version(self) -> int:
        """`PRAGMA user_version`; `PRAGMA application_id` says that the database is a store."""
        application, version = self._number("PRAGMA application_id"), self._number("PRAGMA user_version")
        if application != APPLICATION_ID and (application or version or self._has_tables()):
            raise another_program(self.place)
        if version < (application == APPLICATION_ID):
            raise no_version(self.place, version)
        if version > SCHEMA_VERSION:
            raise newer_version(self.place, version)
        return version

    def mark_schema(self) -> None:
        """Writes both numbers into the head of the file."""
        self.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        self.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def sqlalchemy_url(self) -> str:
        """The dialect and the driver."""
        return "sqlite+pysqlite://"

    def subject_row(self, name: str) -> int | None:
        """The id of a subject's row; None only if both indexes (or one, and the table) do not know the name."""
        (owner,) = self.first(
            "SELECT id FROM subjects INDEXED BY sqlite_autoindex_subjects_1 WHERE name = ?", name
        ) or (None,)
        if isinstance(owner, int):
            return owner
        other = f"INDEXED BY {NAMES_INDEX}" if self.has(NAMES_INDEX) else "NOT INDEXED"
        if self.first(f"SELECT 1 FROM subjects {other} WHERE name = ?", name):  # noqa: S608 - constants
            raise self.damaged()
        return None

    def has(self, name: str) -> bool:
        """Whether a table or an index of this name is there."""
        return self.first("SELECT 1 FROM sqlite_master WHERE name = ?", name) is not None

    def size(self) -> int:
        """Bytes of the file."""
        return self._number("PRAGMA page_count") * self._number("PRAGMA page_size")

    def is_whole(self) -> bool:
        """Whether every page and index is in order, and every row belongs to one that is there."""
        return self.rows("PRAGMA integrity_check(1)") == [("ok",)] and not self.rows("PRAGMA foreign_key_check")

    def departures(self) -> list[str]:
        """See `fpverify.store.backends.shape`."""
        from fpverify.store.backends.sqlite_shape import sqlite_departures

        return sqlite_departures(self)

    def wipe(self) -> None:
        """Rewrites the file without its free pages, and empties the log."""
        with self.failures():
            if self.size() <= IN_MEMORY_BYTES:
                self.execute("VACUUM")
            else:
                self._vacuum_on_disk()
            self.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def settle(self) -> None:
        """Empties the log, if there is one; waits for others who read, but not for longer than for a lock."""
        with self.failures():
            self.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _vacuum_on_disk(self) -> None:
        """VACUUM by a temporary file without a name in the store's own folder, or where SQLite knows no such choice."""
        folder = str(self._path.parent).replace("'", "''")
        with suppress(UnicodeEncodeError):  # a folder whose name is no text
            self.execute(f"PRAGMA temp_store_directory = '{folder}'")
        self.execute("PRAGMA temp_store = FILE")
        try:
            self.execute("VACUUM")
        finally:
            self.execute("PRAGMA temp_store = MEMORY")
            self.execute("PRAGMA temp_store_directory = ''")

    def _close(self) -> None:
        self._connection.close()

    @contextmanager
    def _failures(self) -> Iterator[None]:
        if self.is_moved():
            raise moved(self.place)
        with store_failures(self.place):
            yield

    def _prepare(self) -> None:
        with self.failures():
            for setting in _SETTINGS:
                self.execute(setting)
            if self._number("PRAGMA user_version") == 0:  # a new file; others keep the mode they have, see below
                return
        self._settle_journal()

    def _settle_journal(self) -> None:
        """Changes to the kind of journal that this SQLite is sound with, unless the file is in use or read-only."""
        wanted = journal_mode(sqlite3.sqlite_version_info)
        with self.failures():
            (present,) = self.first("PRAGMA journal_mode") or ("",)
            if present != wanted:
                with suppress(sqlite3.OperationalError):
                    self.execute(f"PRAGMA journal_mode = {wanted}")

    def _begin(self, *, writes: bool) -> None:
        self.execute("BEGIN IMMEDIATE" if writes else "BEGIN")

    def _commit(self) -> None:
        self.execute("COMMIT")

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self.execute("ROLLBACK")

    def _is_alive(self) -> bool:
        return self._connection.in_transaction

    def _has_tables(self) -> bool:
        return self._number("SELECT count(*) FROM sqlite_master") > 0

    def _number(self, query: str) -> int:
        (number,) = self.first(query) or (0,)
        return int(number)


def journal_mode(version: tuple[int, ...]) -> str:
    """The kind of journal that an SQLite of this version is sound with: "wal" or "delete".

    Args:
        version: as `sqlite3.sqlite_version_info`.
    """
    newest = max(_SOUND_LOG)
    patched = any(version[:2] == sound[:2] and version >= sound for sound in _SOUND_LOG)
    return "wal" if patched or version >= newest else "delete"


def _identity(path: Path) -> tuple[int, ...]:
    """Device and inode of the file at a path; nothing if there is none, or none that can be seen."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_dev, status.st_ino


def _connection(path: Path, timeout_s: float, how: str) -> sqlite3.Connection:
    """A connection that makes no file; as "mode=rw" it writes if the file may be written. Any thread may close it."""
    uri = f"{path.as_uri()}?{how}"
    with store_failures(printable(path)):
        return sqlite3.connect(uri, uri=True, timeout=timeout_s, isolation_level=None, check_same_thread=False)


def _reads_without_traces(path: Path) -> bool:
    """Whether a connection for reading makes no files: there is no log, or somebody uses it (then both are there).

    Bytes 18 and 19 of a file are 2 where it has a write-ahead log: https://sqlite.org/fileformat.html
    """
    try:
        with path.open("rb") as file:
            has_log = file.read(20)[18:] == b"\2\2"
    except OSError:
        return True  # who opens it says so
    return not has_log or all(path.with_name(path.name + ending).exists() for ending in ("-wal", "-shm"))
