"""Older stores are brought up to date here, by Alembic, in one transaction; nothing of it is imported otherwise."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from fpverify.store.backends import Database
from fpverify.store.schema import SCHEMA_VERSION, VERSION_TABLE
from fpverify.store.vault import Vault

NewVault = Callable[[], tuple[Vault, str | None]]


def upgrade(database: Database, new_vault: NewVault) -> tuple[Vault, str | None] | None:
    """Takes a store to the present schema.

    Args:
        database: with a store of an older version.
        new_vault: makes keys for a store that has none yet, and says where they lie if they are new.

    Returns:
        The keys that were made; None if the store had some, or another process was faster.

    Raises:
        StoreError: the store cannot be written, is locked or damaged; nothing was changed.
    """
    with ExitStack() as undoing:
        with database.writing():
            version = database.schema_version()
            made = new_vault() if version == 1 else None
            if made:
                undoing.callback(made[0].source.release, remove=False)  # not removed: records were sealed with it
            if version < SCHEMA_VERSION:
                _run(database, version, made[0] if made else None)
                database.mark_schema()
        undoing.pop_all()
    database.wipe()
    return made


def _run(database: Database, version: int, vault: Vault | None) -> None:
    """Runs the steps from a version on, over the database's own connection and in its transaction."""
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory
    from sqlalchemy import create_engine
    from sqlalchemy.pool import StaticPool

    script = ScriptDirectory(str(Path(__file__).parent))
    engine = create_engine(
        database.sqlalchemy_url(), creator=lambda: _Borrowed(database.connection), poolclass=StaticPool
    )
    steps = EnvironmentContext(Config(), script, fn=lambda _, context: script._upgrade_revs("head", str(version)))
    with engine.connect() as connection, steps:
        steps.configure(connection=connection, version_table=VERSION_TABLE)
        if version == 1:  # which had no table for it
            steps.get_context().stamp(script, "1")
        steps.run_migrations(database=database, vault=vault)


class _Borrowed:
    """A driver's connection whose transaction belongs to somebody else."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def commit(self) -> None:
        """Left to the owner."""

    def rollback(self) -> None:
        """Left to the owner."""

    def close(self) -> None:
        """Left to the owner."""
