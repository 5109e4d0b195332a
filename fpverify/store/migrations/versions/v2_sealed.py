"""Version 2: sealed records, metadata, kept scans, an audit trail, and a store that knows its id and key."""

from __future__ import annotations

from fpverify.store.backends import Database
from fpverify.store.founding import write_identity
from fpverify.store.metadata import encode_metadata
from fpverify.store.migrations.version_1 import PlainRecord, plain_records
from fpverify.store.records import Record, joined, new_record_id
from fpverify.store.rows import Rows
from fpverify.store.schema import TABLE_STATEMENTS
from fpverify.store.trail import Trail
from fpverify.store.vault import Vault

revision = "2"
down_revision = "1"


def upgrade(database: Database, vault: Vault) -> None:
    """Seals every record; the old tables go.

    Raises:
        CorruptRecord: a record is not as it was written.
    """
    for table in ("subjects", "impressions"):
        database.execute(f"ALTER TABLE {table} RENAME TO {table}_1")
    for statement in TABLE_STATEMENTS:
        database.execute(statement.format_map(database.types))
    write_identity(database, vault)
    trail = Trail(database, vault)
    trail.append("create", details={"key": vault.key_id, "from_version": 1})
    for subject, records in plain_records(database):
        _move(database, vault, trail, subject, records)
    for table in ("impressions", "subjects"):
        database.execute(f"DROP TABLE {table}_1")


def _move(database: Database, vault: Vault, trail: Trail, subject: str, records: list[PlainRecord]) -> None:
    """One subject, with an entry in the audit trail."""
    rows = Rows(database, vault)
    owner = rows.owner_or_new(subject)
    sealed = [_present(one) for one in records]
    for record in sealed:
        rows.insert(owner, record)
    trail.append("migrate", subject, None, {"added": " ".join(one.record_id for one in sealed)})


def _present(record: PlainRecord) -> Record:
    return Record(*record[:-1], new_record_id(), joined(encode_metadata(None), record.template))
