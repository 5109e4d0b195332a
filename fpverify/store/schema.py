"""The tables of a store.

Words in braces differ between databases, see `Database.types`. Releases before had a version 1, of SQLite alone and
without sealing; `fpverify.store.migrations` takes it here.
"""

from __future__ import annotations

from fpverify.errors import CorruptRecord, StoreError

SCHEMA_VERSION = 2

VERSION_TABLE = "schema_version"  # Alembic's, under a name of our own: another program's may lie beside it
UNWIPED_TABLE = "unwiped"  # made by the first deletion from a large store, see `fpverify.store.wiping`
TRIES_TABLE = "tries"  # made by the first non-match that a service counts, see `fpverify.store.tries`
API_KEYS_TABLE = "api_keys"  # made by the first key, see `fpverify.store.api_keys`
REPEATS_TABLE = "repeats"  # made by the first enrollment that may be asked for again, see `fpverify.store.repeats`
REMOVALS_INDEX = "audit_removals"
REMOVALS = """action IN ('delete', 'migrate', 'update') AND details <> '{"metadata": "replaced"}'"""  # or rename
TABLES = (VERSION_TABLE, "store", "subjects", "impressions", "scans", "audit")

# Types are not enforced by STRICT tables: those need SQLite 3.37, and Python 3.11 still comes with 3.34.
TABLE_STATEMENTS = (
    """
    CREATE TABLE store (
        id {integer} PRIMARY KEY CHECK (id = 1),  -- there is one row
        store_id TEXT NOT NULL,                   -- 32 hex digits; bound into every seal
        key_id TEXT NOT NULL,                     -- of the key that seals new records; none for a store without
        head_count {integer} NOT NULL,            -- entries of the audit trail,
        head_mac {bytes} NOT NULL,                -- the last one's code,
        head_seal {bytes} NOT NULL,               -- and a code over both
        revision {integer} NOT NULL               -- rises with every change, not with decisions
    )
    """,
    """
    CREATE TABLE subjects (
        id {identity},
        name TEXT NOT NULL UNIQUE,                -- Unicode normal form C
        impression_count {integer} NOT NULL,      -- so that a lost row shows
        metadata {bytes} NOT NULL                 -- sealed
    )
    """,
    """
    CREATE TABLE impressions (
        id {identity},
        subject_id {integer} NOT NULL REFERENCES subjects (id) ON DELETE CASCADE,
        finger {integer} NOT NULL,                -- ISO/IEC 19794-2 code, 0 to 10
        number {integer} NOT NULL,                -- 1, 2, ... within the finger
        model_id TEXT NOT NULL,
        quality {number} NOT NULL,                -- of the scan, in [0, 1]
        enrolled_at TEXT NOT NULL,                -- UTC, ISO 8601 with microseconds
        record_id TEXT NOT NULL UNIQUE,           -- 16 hex digits, as the audit trail names the record
        record {bytes} NOT NULL,                  -- sealed; last, so that the other columns are read without it
        UNIQUE (subject_id, finger, number)
    )
    """,
    """
    CREATE TABLE scans (
        impression_id {integer} PRIMARY KEY REFERENCES impressions (id) ON DELETE CASCADE,
        scan {bytes} NOT NULL                     -- sealed
    )
    """,
    """
    CREATE TABLE audit (
        sequence {integer} PRIMARY KEY,           -- 1, 2, ... without a gap
        at TEXT NOT NULL,                         -- UTC, ISO 8601 with microseconds
        action TEXT NOT NULL,
        subject TEXT,
        finger TEXT,
        details TEXT NOT NULL,                    -- JSON object
        mac {bytes} NOT NULL
    )
    """,
)

# The words of the first are Alembic's own, which makes this table where a version 1 has none.
STATEMENTS = (
    f"""
CREATE TABLE {VERSION_TABLE} (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT {VERSION_TABLE}_pkc PRIMARY KEY (version_num)
)
""",
    f"INSERT INTO {VERSION_TABLE} (version_num) VALUES ('{SCHEMA_VERSION}')",  # noqa: S608 - constants
    *TABLE_STATEMENTS,
)


def another_program(place: str) -> StoreError:
    """The error for a database that is no store."""
    return StoreError(
        f"{place} is a database of another program, not an enrollment store; give another location (--db)"
    )


def no_version(place: str, version: int) -> StoreError:
    """The error for a version that no store ever had."""
    return CorruptRecord(f"the store {place} is damaged (schema {version}); restore it from a backup")


def newer_version(place: str, version: int) -> StoreError:
    """The error for a store that this fpverify does not know yet."""
    return StoreError(
        f"the store {place} was written by a newer fpverify (schema {version}, this one knows {SCHEMA_VERSION}); "
        "upgrade fpverify"
    )
