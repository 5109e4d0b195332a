"""serve, api-keys: verification over HTTP."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fpverify.cli.options import CALIBRATION, DB, FMR, JSON, KEY, MODEL, options
from fpverify.cli.words import print_json, print_table, say_new_key
from fpverify.errors import SettingsError
from fpverify.settings import load_settings

if TYPE_CHECKING:
    from fpverify.service.api_keys import ApiKeys

KEYS_FILE = click.option(
    "--api-keys", "keys_file", type=click.Path(), metavar="FILE", help="[default: in the user's configuration folder]"
)
MISSING = "the service needs `pip install 'fpverify[service]'`"


@click.command(
    "serve",
    epilog="""\b
Examples:
  fpverify api-keys new --name door-3 --scope verify
  fpverify serve
  fpverify serve --host 0.0.0.0 --port 8443 --tls-cert door.pem --tls-key door.key
""",
)
@options(
    click.option("--host", default="127.0.0.1", metavar="NAME", help="Interface.  [default: 127.0.0.1, this machine]"),
    click.option("--port", type=click.IntRange(0, 65535), default=8000, metavar="N", help="[default: 8000]"),
    click.option("--tls-cert", type=click.Path(exists=True, dir_okay=False), metavar="PEM", help="Speak HTTPS."),
    click.option("--tls-key", type=click.Path(exists=True, dir_okay=False), metavar="PEM", help="Of the certificate."),
    click.option("--threads", type=click.IntRange(1, 64), metavar="N", help="[default: one for each core]"),
    click.option("--rate", type=click.IntRange(1), default=6000, metavar="N", help="Requests a minute with one key."),
    click.option("--lock-after", type=click.IntRange(1), default=5, metavar="N", help="Non-matches of a subject."),
    click.option("--open-metrics", is_flag=True, help="/metrics asks for no key."),
    KEYS_FILE,
    FMR,
    MODEL,
    CALIBRATION,
    DB,
    KEY,
)
def serve_command(
    *,
    host: str,
    port: int,
    tls_cert: str | None,
    tls_key: str | None,
    threads: int | None,
    rate: int,
    lock_after: int,
    open_metrics: bool,
    keys_file: str | None,
    fmr: float | None,
    model: str | None,
    calibration: str | None,
    db: str | None,
    key: str | None,
) -> None:
    """Serve enrollment, verification and identification over HTTP, with a web page.

    Ends on Ctrl-C or SIGTERM, after the requests under way. Clients need a key of `fpverify api-keys`.
    """
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key belong together")
    try:
        from fpverify.service.limits import Limits
        from fpverify.service.server import Address, serve
    except ImportError as error:
        raise SettingsError(f"{error.name} is not installed; {MISSING}") from error
    from fpverify.search.register import Registers
    from fpverify.verifier import Verifier

    keys = _keys(keys_file)
    if not keys.all():
        click.echo(f"{keys.path}: no API keys yet; make one with `fpverify api-keys new`", err=True)

    registers = Registers()

    def open_verifier() -> Verifier:
        return Verifier.open(db, model=model, calibration=calibration, fmr=fmr, key=key, registers=registers)

    with open_verifier() as verifier:  # trouble is said here, in one line, not by the server
        place = verifier.store.place
        say_new_key(verifier.store.new_key)
    limits = Limits(per_minute=rate, lock_after=lock_after, open_metrics=open_metrics)
    scheme = "https" if tls_cert else "http"
    click.echo(f"fpverify serves {scheme}://{host}:{port} with the store {place}", err=True)
    serve(open_verifier, keys, Address(host, port, tls_cert, tls_key), limits, threads or load_settings().processes)


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
        type=click.Choice(["verify", "enroll", "admin"]),
        default="verify",
        help="What it allows; each includes those before it.  [default: verify]",
    ),
    KEYS_FILE,
    JSON,
)
def new_command(*, name: str, scope: str, keys_file: str | None, as_json: bool) -> None:
    """Make a key and print it. It is shown this once; what is kept is its hash."""
    from fpverify.service.api_keys import Scope

    secret = _keys(keys_file).new(name, Scope[scope.upper()])
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
@options(KEYS_FILE, JSON)
def list_keys_command(*, keys_file: str | None, as_json: bool) -> None:
    """List the keys: names and scopes, not the keys themselves."""
    keys = _keys(keys_file)
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
@options(click.option("--name", required=True, metavar="NAME", help="Of the key."), KEYS_FILE)
def revoke_command(*, name: str, keys_file: str | None) -> None:
    """Make a key worthless, from its next request on."""
    keys = _keys(keys_file)
    keys.revoke(name)
    click.echo(f"revoked {name}")


def _keys(path: str | None) -> ApiKeys:
    from fpverify.service.api_keys import ApiKeys

    return ApiKeys.default() if path is None else ApiKeys(Path(path))
