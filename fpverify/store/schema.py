"""The tables of a store, and how a file comes to have them.

`PRAGMA application_id` says that a database is an enrollment store, `PRAGMA user_version` how many of the
migrations below it has gone through. A new store is one that goes through all of them.
"""

from __future__ import annotations

import sqlite3

from fpverify.errors import CorruptRecord, StoreError

APPLICATION_ID = 0x46505645  # "FPVE"; told apart from other programs' databases by it, `file` shows it

# Types are not enforced by STRICT tables: those need SQLite 3.37, and Python 3.11 still comes with 3.34.
_SUBJECTS_AND_IMPRESSIONS = (
    """
    CREATE TABLE subjects (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,                -- Unicode normal form C
        impression_count INTEGER NOT NULL         -- so that a lost row shows
    )
    """,
    """
    CREATE TABLE impressions (
        id INTEGER PRIMARY KEY,
        subject_id INTEGER NOT NULL REFERENCES subjects (id) ON DELETE CASCADE,
        finger INTEGER NOT NULL,                  -- ISO/IEC 19794-2 code, 0 to 10
        number INTEGER NOT NULL,                  -- 1, 2, ... within the finger
        model_id TEXT NOT NULL,
        quality REAL NOT NULL,                    -- of the scan, in [0, 1]
        enrolled_at TEXT NOT NULL,                -- UTC, ISO 8601 with microseconds
        seal BLOB NOT NULL,                       -- checksum over the row and the subject's name
        template BLOB NOT NULL,                   -- last, so that the other columns are read without it
        UNIQUE (subject_id, finger, number)
    )
    """,
)

_MIGRATIONS = (_SUBJECTS_AND_IMPRESSIONS,)  # the n-th takes a store from version n to n + 1

SCHEMA_VERSION = len(_MIGRATIONS)


def schema_version(connection: sqlite3.Connection, place: str) -> int:
    """Version of the schema that a database has; 0 is an empty one.

    Args:
        connection: to the database.
        place: the database's file, as messages name it.

    Raises:
        StoreError: the database belongs to another program, or to a newer fpverify.
        CorruptRecord: it is marked as a store, but with a version that none ever had.
    """
    application = _number(connection, "PRAGMA application_id")
    version = _number(connection, "PRAGMA user_version")
    if application != APPLICATION_ID and (application or version or _has_tables(connection)):
        raise StoreError(
            f"{place} is a database of another program, not an enrollment store; give another location (--db)"
        )
    if version < (application == APPLICATION_ID):
        raise CorruptRecord(f"the store {place} is damaged (schema {version}); restore it from a backup")
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"the store {place} was written by a newer fpverify (schema {version}, this one knows {SCHEMA_VERSION}); "
            "upgrade fpverify"
        )
    return version


def migrate(connection: sqlite3.Connection, version: int) -> None:
    """Takes a database from a version to `SCHEMA_VERSION`, within the caller's transaction."""
    for statements in _MIGRATIONS[version:]:
        for statement in statements:
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _has_tables(connection: sqlite3.Connection) -> bool:
    return _number(connection, "SELECT count(*) FROM sqlite_master") > 0


def _number(connection: sqlite3.Connection, query: str) -> int:
    (number,) = connection.execute(query).fetchone()
    return int(number)
