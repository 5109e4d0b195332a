"""serve: verification over HTTP."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from fpverify.cli.api_keys import KEYS_FILE, take_over_keys
from fpverify.cli.captures import live_quality
from fpverify.cli.failures import one_line
from fpverify.cli.options import CALIBRATION, DB, FMR, INDEX, KEY, MODEL, Parsed, options, registers_with_a_bar
from fpverify.cli.words import say_new_key
from fpverify.errors import FpverifyError, MissingExtra
from fpverify.extras import install_line
from fpverify.settings import load_settings, parse_fpir, parse_ppi

if TYPE_CHECKING:
    from fpverify.readers import Reader
    from fpverify.service.reader import ConnectedReader

MISSING = f"the service needs {install_line('service')}"


@click.command(
    "serve",
    epilog="""\b
Examples:
  fpverify api-keys new --name door-3 --scope verify
  fpverify serve
  fpverify serve --reader --reader-ppi 500
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
    click.option(
        *("--lock-after",),
        type=click.IntRange(1),
        default=5,
        metavar="N",
        help="Non-matches of a subject in a row.  [default: 5]",
    ),
    click.option(
        *("--verify-tries",),
        type=click.IntRange(1),
        default=20,
        metavar="N",
        help="Non-matching verifications with one key in ten minutes.  [default: 20]",
    ),
    click.option(
        *("--identify-tries",),
        type=click.IntRange(1),
        default=5,
        metavar="N",
        help="Non-matching identifications with one key in ten minutes.  [default: 5]",
    ),
    click.option("--open-metrics", is_flag=True, help="/metrics asks for no key."),
    click.option(
        *("--cors-origin", "origins"),
        multiple=True,
        metavar="ORIGIN",
        help="Pages of elsewhere that may ask, such as https://desk.example.org; may be given again.  [default: none]",
    ),
    click.option(
        "--reader",
        is_flag=False,
        flag_value="",
        metavar="[NAME]",
        help="Let the page capture with this machine's fingerprint reader: the one named, or the only one there is.",
    ),
    click.option(
        *("--reader-ppi", "reader_ppi"),
        type=Parsed("number", parse_ppi),
        metavar="PPI",
        help="Resolution of the reader, if it states none or a wrong one.",
    ),
    KEYS_FILE,
    FMR,
    click.option(
        *("--fpir",),
        type=Parsed("rate", parse_fpir),
        default="0.001",
        metavar="RATE",
        help="False positive identification rate.  [default: 0.001]",
    ),
    MODEL,
    CALIBRATION,
    DB,
    KEY,
    INDEX,
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
    verify_tries: int,
    identify_tries: int,
    fpir: float,
    open_metrics: bool,
    origins: tuple[str, ...],
    reader: str | None,
    reader_ppi: float | None,
    keys_file: str | None,
    fmr: float | None,
    model: str | None,
    calibration: str | None,
    db: str | None,
    key: str | None,
    index: str | None,
) -> None:
    """Serve enrollment, verification and identification over HTTP, with a web page.

    Ends on Ctrl-C or SIGTERM, after the requests under way. Clients need a key of `fpverify api-keys`.
    """
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key belong together")
    if reader is None and reader_ppi is not None:
        raise click.UsageError("--reader-ppi is of a reader; give --reader, too")
    try:
        from fpverify.service.limits import Limits
        from fpverify.service.origins import origin_of
        from fpverify.service.reader import ConnectedReader
        from fpverify.service.server import Address, serve
    except ImportError as error:
        raise MissingExtra(f"{error.name} is not installed; {MISSING}") from error
    from fpverify.verifier import Verifier

    allowed = tuple(map(origin_of, origins))
    registers = registers_with_a_bar(index)

    def open_verifier() -> Verifier:
        return Verifier.open(db, model=model, calibration=calibration, fmr=fmr, key=key, registers=registers)

    with open_verifier() as verifier:  # trouble is said here, in one line, not by the server
        place = verifier.store.place
        say_new_key(verifier.store.new_key)
        key_file = take_over_keys(verifier.store, keys_file)
        if not verifier.store.api_keys.all() and key_file is None:
            click.echo(f"no API keys in the store {place} yet; make one with `fpverify api-keys new`", err=True)
    limits = Limits.of(
        per_minute=rate,
        fpir=fpir,
        lock_after=lock_after,
        verify_tries=verify_tries,
        identify_tries=identify_tries,
        open_metrics=open_metrics,
        origins=allowed,
    )
    connected = None
    if reader is not None:
        stated = load_settings(ppi=reader_ppi).ppi
        connected = ConnectedReader(partial(_opened, reader, stated), live_quality)
        _say_what_is_wrong(connected)
    scheme = "https" if tls_cert else "http"
    click.echo(f"fpverify serves {scheme}://{host}:{port} with the store {place}", err=True)
    address = Address(host, port, tls_cert, tls_key)
    serve(open_verifier, address, limits, threads or load_settings().processes, key_file=key_file, reader=connected)


def _opened(name: str, ppi: float | None) -> Reader:
    from fpverify.readers import opened_reader

    return opened_reader(name or None, ppi=ppi)


def _say_what_is_wrong(reader: ConnectedReader) -> None:
    """One line if a reader cannot be opened by now; the service runs all the same, and looks again when it is asked."""
    try:
        reader.open()
    except FpverifyError as error:
        click.echo(f"fpverify: {one_line(str(error))}; the page looks for it again", err=True)
