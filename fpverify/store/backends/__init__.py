"""The databases that a store can lie in: how each is opened, and what differs between them."""

from __future__ import annotations

from pathlib import Path

from fpverify.store.backends.database import MODELS_INDEX, Database
from fpverify.store.location import is_server_url

__all__ = ["MODELS_INDEX", "Database", "open_database"]


def open_database(location: str | Path, *, create: bool, timeout_s: float, trust_permissions: bool = False) -> Database:
    """The database at a location, which may still be without a schema.

    Args:
        location: a folder, a file, or the URL of a PostgreSQL database.
        create: make the file if there is none.
        timeout_s: how long to wait for other processes, in seconds.
        trust_permissions: open a file that other users of the machine could change.

    Raises:
        UntrustedFile: they could.
        StoreError: there is none, or it cannot be opened.
    """
    if is_server_url(location):
        from fpverify.store.backends.postgresql import PostgresqlDatabase

        return PostgresqlDatabase.open(str(location), timeout_s=timeout_s)
    from fpverify.store.backends.sqlite import SqliteDatabase

    return SqliteDatabase.open(location, create=create, timeout_s=timeout_s, trust_permissions=trust_permissions)
