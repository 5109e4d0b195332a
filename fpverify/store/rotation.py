"""Rotation: everything sealed anew with a new key, in batches, so that others go on working meanwhile.

    kept keys   old      old, new                                     new
    the store   old      old         new     batch, batch, ...        new
                     1 kept      2 named          3 sealed        4 old one given up

Ended anywhere, every seal can be opened with the keys that are kept: the new key is kept before anything is sealed
with it, and the old one is given up when nothing is sealed with it any more. From 2 on every change by any process
finds that the store names another key than its own, and loads the keys anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fpverify.errors import StoreError
from fpverify.store.backends import Database
from fpverify.store.keys import Key
from fpverify.store.rows import Rows
from fpverify.store.trail import Trail
from fpverify.store.vault import Vault

BATCH = 200  # subjects in one transaction: others wait some 20 ms


def rotate(
    database: Database,
    vault: Vault,
    progress: Callable[[int, int], None] | None = None,
    beside: Callable[[], None] | None = None,
) -> int:
    """Gives a store a new key, or goes on with a rotation that was cut off; how many seals were made anew.

    Args:
        database: of the store.
        vault: its keys; holds the new one alone in the end.
        progress: told how many of how many subjects are done.
        beside: seals what lies beside the store anew, while both keys are there.

    Raises:
        StoreError: the store is not encrypted or cannot be written, or its keys cannot be replaced where they are kept.
    """
    with database.writing():
        _take_new_key(database, vault)
    made = _seal_all(database, vault, progress)
    if beside is not None:
        beside()
    with database.writing():
        ring = vault.source.load()
        if len(ring.records) > 1:  # otherwise another process that went on with the same rotation was faster
            Trail(database, vault).append("rotate", details={"key": vault.key_id, "sealed": made, "finished": True})
            vault.source.save(replace(ring, records=ring.records[-1:]))
            vault.use(vault.source.load())
    return made


def _take_new_key(database: Database, vault: Vault) -> None:
    """Steps 1 and 2, while no other process changes the store."""
    ring = vault.source.load()
    if not ring.records:
        raise StoreError(f"the store {database.place} is not encrypted, so there is no key to replace")
    if len(ring.records) == 1:
        vault.source.save(replace(ring, records=(*ring.records, Key.new())))
    vault.use(vault.source.load())
    if database.execute("UPDATE store SET key_id = ? WHERE key_id <> ?", vault.key_id, vault.key_id):
        Trail(database, vault).append("rotate", details={"key": vault.key_id, "finished": False})


def _seal_all(database: Database, vault: Vault, progress: Callable[[int, int], None] | None) -> int:
    """Step 3: the number of seals made anew."""
    rows = Rows(database, vault)
    with database.reading():
        total = rows.subject_count()
    last, done, made = -1, 0, 0
    while True:
        with database.writing():
            batch = rows.subjects_after(last, BATCH)
            made += sum(rows.seal_anew(owner, name) for owner, name in batch)
        if not batch:
            return made
        last, done = batch[-1][0], done + len(batch)
        if progress is not None:
            progress(done, max(done, total))
