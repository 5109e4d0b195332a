"""The service, running: it ends when it is told to, after the requests under way."""

from __future__ import annotations

import signal
import ssl
from collections.abc import Callable
from dataclasses import dataclass

import uvicorn

from fpverify.errors import SettingsError
from fpverify.service.api_keys import ApiKeys
from fpverify.service.app import create_app
from fpverify.service.crew import Crew
from fpverify.service.journal import Journal
from fpverify.service.limits import Limits
from fpverify.service.service import Service
from fpverify.verifier import Verifier

IDLE_S = 30  # that a connection without requests is kept


@dataclass(frozen=True, slots=True)
class Address:
    """Where the service listens.

    Attributes:
        host: of the interface.
        port: 0 is any that is free.
        certificate: PEM file, for TLS; None speaks plain HTTP.
        private_key: PEM file of the certificate's key.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    certificate: str | None = None
    private_key: str | None = None


def serve(open_verifier: Callable[[], Verifier], keys: ApiKeys, address: Address, limits: Limits, threads: int) -> None:
    """Serves until SIGTERM or SIGINT; requests under way are answered first.

    Raises:
        SettingsError: the address is in use, or the certificate cannot be used.
    """
    app = create_app(Service(Crew(open_verifier, threads), keys, limits, Journal()))
    config = uvicorn.Config(
        app,
        host=address.host,
        port=address.port,
        ssl_certfile=address.certificate,
        ssl_keyfile=address.private_key,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=int(limits.timeout_s) + 1,
    )
    server = uvicorn.Server(config)
    signal.signal(signal.SIGTERM, server.handle_exit)
    try:
        server.run()
    except ssl.SSLError as error:
        raise SettingsError("the TLS certificate or its key cannot be used; give both as PEM files") from error
    except SystemExit as error:  # uvicorn's way to say that it did not start
        raise SettingsError(f"nothing can listen on {address.host}:{address.port}; is it in use?") from error
