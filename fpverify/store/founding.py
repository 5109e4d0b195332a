"""How a database becomes a store, and an older store a present one: who it is, and which key it has."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from pathlib import Path

from fpverify.errors import StoreError
from fpverify.store.backends import Database
from fpverify.store.key_source import KeySource
from fpverify.store.keys import KeyRing
from fpverify.store.location import is_server_url, is_vacant, no_store
from fpverify.store.schema import SCHEMA_VERSION, STATEMENTS
from fpverify.store.trail import Trail
from fpverify.store.vault import Vault, key_id

STORE_ID_BYTES = 16  # random; it also names the file of the store's key


def require_key_place(location: str | Path, key: str | None, *, trust_permissions: bool = False) -> None:
    """Returns if the key of a store that is to be made can be kept; otherwise not even an empty file is to be made.

    Args:
        location: of the store; nothing is asked of one that is there already, or in a PostgreSQL database.
        key: as in `opened_vault`.
        trust_permissions: as there.

    Raises:
        StoreError: no key can be kept at its place.
        WrongKey: what lies there is something else.
        SettingsError: no place was named, and this user has no home folder.
    """
    if not is_server_url(location) and is_vacant(location):
        KeySource.parse(key, os.urandom(STORE_ID_BYTES).hex(), trusts=trust_permissions).require_usable()


def opened_vault(
    database: Database, key: str | None, *, create: bool, trust_permissions: bool = False
) -> tuple[Vault, str | None]:
    """The keys of the store in a database, which is made or brought up to date first.

    Args:
        database: any.
        key: where the key is kept, as `KeySource.parse` takes it; None is the default place, and no key for a store
            that has none.
        create: make a store of an empty database.
        trust_permissions: use the file of a key that other users of the machine could change.

    Returns:
        The keys, and the place of a key that was made for it.

    Raises:
        UntrustedFile: other users of the machine could change the key's file.
        StoreError: the database is empty and `create` is false, or belongs to something else.
        WrongKey: the key does not open the store.
        SettingsError: no place of the key was named, and this user has no home folder.
    """
    with database.failures():
        version = database.schema_version()
    if version == SCHEMA_VERSION:
        return _existing(database, key, trust_permissions), None
    if version == 0 and not create:
        raise no_store(database.place)
    if version == 0:
        with ExitStack() as undoing:
            with database.writing():  # look again: another process may have been faster
                founded = (
                    _founded(database, key, undoing, trust_permissions) if database.schema_version() == 0 else None
                )
            undoing.pop_all()
        return _claimed(founded) or (_existing(database, key, trust_permissions), None)
    from fpverify.store.migrations import upgrade

    made = upgrade(database, lambda: new_vault(database, key, trust_permissions))
    return _claimed(made) or (_existing(database, key, trust_permissions), None)


def new_vault(database: Database, key: str | None, trusts: bool) -> tuple[Vault, str | None]:
    """The keys for a store that is about to be made: those at the place, or new ones; and the place of new ones."""
    store_id = os.urandom(STORE_ID_BYTES).hex()
    source = KeySource.parse(key, store_id, trusts=trusts)
    ring, is_new = (source.load(), False) if source.present() else (source.create(), True)
    return Vault(store_id, source, ring, database.place), source.place if is_new else None


def write_identity(database: Database, vault: Vault) -> None:
    """The row of the table `store`, with an audit trail that is empty."""
    head = vault.chain.start()
    database.execute(
        "INSERT INTO store (id, store_id, key_id, head_count, head_mac, head_seal, revision)"
        " VALUES (1, ?, ?, ?, ?, ?, 0)",
        *(vault.store_id, vault.key_id, head.count, head.mac, head.seal),
    )


def _founded(database: Database, key: str | None, undoing: ExitStack, trusts: bool) -> tuple[Vault, str | None]:
    vault, place = new_vault(database, key, trusts)
    undoing.callback(vault.source.release, remove=place is not None)
    database.create_schema(STATEMENTS)
    write_identity(database, vault)
    Trail(database, vault).append("create", details={"key": vault.key_id})
    return vault, place


def _existing(database: Database, key: str | None, trusts: bool) -> Vault:
    with database.failures():
        found = database.first("SELECT store_id, key_id FROM store") or ()
    if [type(one) for one in found] != [str, str]:
        raise database.damaged()
    store_id, wanted = found
    source = KeySource.parse(
        "none" if key is None and wanted == key_id(KeyRing.none()) else key, store_id, trusts=trusts
    )
    vault = Vault(store_id, source, source.load(), database.place)
    vault.require(wanted)
    _claim(vault)
    return vault


def _claimed(made: tuple[Vault, str | None] | None) -> tuple[Vault, str | None] | None:
    """What was made, its keys kept as that store's from now on."""
    if made is not None:
        _claim(made[0])
    return made


def _claim(vault: Vault) -> None:
    """Keeps keys of no store as this one's, once there is a store: a process that is killed before leaves them free."""
    if vault.ring.store is None:
        with suppress(StoreError):  # where they may only be read
            vault.use(vault.source.claim(vault.ring))
