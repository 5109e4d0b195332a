"""api-keys: keys for clients of the service."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fpverify.cli.options import JSON, TRUST, options
from fpverify.cli.words import print_json, print_table
from fpverify.settings import load_settings

if TYPE_CHECKING:
    from fpverify.service.api_keys import ApiKeys

KEYS_FILE = click.option(
    "--api-keys", "keys_file", type=click.Path(), metavar="FILE", help="[default: in the user's configuration folder]"
)


def opened_keys(path: str | None) -> ApiKeys:
    """The keys in a file; None is the one in the user's configuration folder."""
    from fpverify.service.api_keys import ApiKeys

    trusts = load_settings().trust_permissions
    return ApiKeys.default(trusts=trusts) if path is None else ApiKeys(Path(path), trusts=trusts)


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
    """Keys for clients of `fpverify serve`."""


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
    KEYS_FILE,
    TRUST,
    JSON,
)
def new_command(*, name: str, scope: str, keys_file: str | None, as_json: bool) -> None:
    """Make a key and print it. It is shown this once; what is kept is its hash."""
    from fpverify.service.api_keys import Scope

    secret = opened_keys(keys_file).new(name, Scope(scope))
    if as_json:
        print_json({"name": name, "scope": scope, "key": secret})
    else:
        click.echo(secret)


@api_keys_command.command(
    "list",
    epilog="""\b
Examples:
  fpverify api-keys list
  fpverify api-keys list --json
""",
)
@options(KEYS_FILE, TRUST, JSON)
def list_command(*, keys_file: str | None, as_json: bool) -> None:
    """List the keys: names and scopes, not the keys themselves."""
    keys = opened_keys(keys_file)
    if as_json:
        print_json({"file": str(keys.path), "keys": [asdict(key) for key in keys.all()]})
    elif keys.all():
        print_table(("name", "scope", "made"), [(key.name, key.scope, key.created_at) for key in keys.all()])
    else:
        click.echo(f"no API keys in {keys.path}")


@api_keys_command.command(
    "revoke",
    epilog="""\b
Examples:
  fpverify api-keys revoke --name door-3
""",
)
@options(click.option("--name", required=True, metavar="NAME", help="Of the key."), KEYS_FILE, TRUST)
def revoke_command(*, name: str, keys_file: str | None) -> None:
    """Make a key worthless, from its next request on."""
    keys = opened_keys(keys_file)
    keys.revoke(name)
    click.echo(f"revoked {name}")
