"""api-keys: keys for clients of the service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from fpverify.cli.options import DB, JSON, KEY, options
from fpverify.cli.words import counted, print_json, print_table, say_new_key
from fpverify.errors import StoreReadOnly
from fpverify.settings import load_settings

if TYPE_CHECKING:
    from fpverify.service.api_keys import KeyFile
    from fpverify.store import Store

KEYS_FILE = click.option(
    "--api-keys",
    "keys_file",
    type=click.Path(),
    metavar="FILE",
    help="Of an earlier release, to be taken over.  [default: in the user's configuration folder]",
)
PLACES = options(DB, KEY, KEYS_FILE)


@contextmanager
def opened_store(db: str | None, key: str | None, keys_file: str | None, *, create: bool = False) -> Iterator[Store]:
    """The store that the settings name, with the keys of an earlier release's file."""
    from fpverify.store import Store

    settings = load_settings(db=db, key=key)
    trusts = settings.trust_permissions
    with Store.open(settings.db, create=create, key=settings.key, trust_permissions=trusts) as store:
        say_new_key(store.new_key)
        take_over_keys(store, keys_file)
        yield store


def take_over_keys(store: Store, keys_file: str | None) -> KeyFile | None:
    """Takes the keys of an earlier release's file over, if there is one, and says so once.

    Returns:
        The file, if the store may only be read, so that its keys have to be looked up there; otherwise None.
    """
    from fpverify.service.api_keys import KeyFile, take_over

    file = KeyFile.found(keys_file, trusts=load_settings().trust_permissions)
    if file is None:
        return None
    try:
        taken = take_over(store, file)
    except StoreReadOnly:
        return file
    if taken:
        said = f"took {counted(len(taken), 'API key')} of {file.path} over into the store {store.place}"
        click.echo(f"fpverify: {said}; delete the file when all stores that it served have its keys", err=True)
    return None


@click.group(
    "api-keys",
    no_args_is_help=False,
    epilog="""\b
Examples:
  fpverify api-keys new --name door-3 --scope verify
  fpverify api-keys list
""",
)
def api_keys_command() -> None:
    """Keys for clients of `fpverify serve`, kept in the store that it serves."""


@api_keys_command.command(
    "new",
    epilog="""\b
Examples:
  fpverify api-keys new --name door-3 --scope verify
  fpverify api-keys new --name front-desk --scope enroll --json
""",
)
@options(
    click.option("--name", required=True, metavar="NAME", help="Of who will hold it."),
    click.option(
        "--scope",
        type=click.Choice(["verify", "scores", "enroll", "admin"]),
        default="verify",
        help="What it allows: each includes verify, admin all of them.  [default: verify]",
    ),
    PLACES,
    JSON,
)
def new_command(
    *, name: str, scope: str, db: str | None, key: str | None, keys_file: str | None, as_json: bool
) -> None:
    """Make a key and print it. It is shown this once; what is kept is its hash."""
    from fpverify.service.api_keys import Scope, new_key

    with opened_store(db, key, keys_file, create=True) as store:
        secret, place = new_key(store, name, Scope(scope)), store.place
    if as_json:
        print_json({"name": name, "scope": scope, "key": secret, "store": place})
    else:
        click.echo(f"fpverify: a key for the store {place}", err=True)
        click.echo(secret)


@api_keys_command.command(
    "list",
    epilog="""\b
Examples:
  fpverify api-keys list
  fpverify api-keys list --json
""",
)
@options(PLACES, JSON)
def list_command(*, db: str | None, key: str | None, keys_file: str | None, as_json: bool) -> None:
    """List the keys: names and scopes, not the keys themselves."""
    with opened_store(db, key, keys_file) as store:
        keys, place = store.api_keys.all(), store.place
    if as_json:
        print_json({"store": place, "keys": [asdict(one) for one in keys]})
    elif keys:
        print_table(("name", "scope", "made"), [(one.name, one.scope, one.created_at) for one in keys])
    else:
        click.echo(f"no API keys in the store {place}")


@api_keys_command.command(
    "revoke",
    epilog="""\b
Examples:
  fpverify api-keys revoke --name door-3
""",
)
@options(click.option("--name", required=True, metavar="NAME", help="Of the key."), PLACES)
def revoke_command(*, name: str, db: str | None, key: str | None, keys_file: str | None) -> None:
    """Make a key worthless, from its next request on."""
    from fpverify.service.api_keys import KeyFile

    with opened_store(db, key, keys_file) as store:
        revoked = store.api_keys.revoke(name)
        click.echo(f"revoked {name}")
        file = KeyFile.found(keys_file, trusts=True)  # as it was read when the store was opened
        if file is not None and any(one.id in revoked for one in file.all()):
            click.echo(
                f"fpverify: revoked in the store {store.place} alone; the key is in {file.path} as well, from which "
                "other stores take it over: delete that file, or revoke the key in each",
                err=True,
            )
