"""The service, running: it ends when it is told to, after the requests under way."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

import uvicorn

from fpverify.errors import SettingsError
from fpverify.service.api_keys import KeyFile
from fpverify.service.app import create_app
from fpverify.service.connections import MOST_HEADER_BYTES, LimitedLoop, limited_protocol
from fpverify.service.crew import Crew
from fpverify.service.deadlines import Deadlines
from fpverify.service.journal import Journal
from fpverify.service.limits import Limits
from fpverify.service.reader import ConnectedReader
from fpverify.service.routes import lists
from fpverify.service.service import Service
from fpverify.verifier import Verifier

IDLE_S = 30  # that a connection without requests is kept
GRACE_S = 5  # for requests under way, from the word to end on; what takes longer is answered with a 503
LAST_S = 9.5  # likewise, when the process ends whatever still hangs: a store is whole at any moment


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


def serve(
    open_verifier: Callable[[], Verifier],
    address: Address,
    limits: Limits,
    threads: int,
    *,
    key_file: KeyFile | None = None,
    reader: ConnectedReader | None = None,
) -> None:
    """Serves until SIGTERM or SIGINT; requests under way are answered first, and within ten seconds all has ended.

    Args:
        open_verifier: opens one for a thread.
        address: where it listens.
        limits: what it grants.
        threads: how many work.
        key_file: keys of an earlier release, of a store that may only be read.
        reader: that is connected to the server, for its page.

    Raises:
        SettingsError: the address is in use, or the certificate cannot be used.
    """
    service = Service(Crew(open_verifier, threads), limits, Journal(), key_file, reader)
    config = uvicorn.Config(
        create_app(service),
        host=address.host,
        port=address.port,
        ssl_certfile=address.certificate,
        ssl_keyfile=address.private_key,
        http=limited_protocol(limits, (lists.PATH,)),
        ws="none",
        h11_max_incomplete_event_size=MOST_HEADER_BYTES,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=GRACE_S + 1,
    )
    server = _Server(config, service.crew.deadlines)
    signal.signal(signal.SIGTERM, server.handle_exit)
    try:
        with asyncio.Runner(loop_factory=LimitedLoop) as runner:
            runner.run(server.serve())
    except ssl.SSLError as error:
        raise SettingsError("the TLS certificate or its key cannot be used; give both as PEM files") from error
    except SystemExit as error:  # uvicorn's way to say that it did not start
        raise SettingsError(f"nothing can listen on {address.host}:{address.port}; is it in use?") from error
    finally:
        if server.started and not service.closed:
            os._exit(int(sys.exc_info()[0] is not None))  # threads that hang would be waited for


class _Server(uvicorn.Server):
    """uvicorn, which ends in time.

    Attributes:
        deadlines: of all that is waited for.
    """

    def __init__(self, config: uvicorn.Config, deadlines: Deadlines) -> None:
        super().__init__(config)
        self.deadlines = deadlines
        self._told = threading.Event()
        threading.Thread(target=self._end_at_last, daemon=True).start()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The word to end."""
        super().handle_exit(sig, frame)
        if not self._told.is_set():
            self._told.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends it."""
        self.deadlines.end_by(asyncio.get_running_loop().time() + GRACE_S)
        await super().shutdown(sockets)

    def _end_at_last(self) -> None:
        self._told.wait()
        time.sleep(LAST_S)
        os._exit(0)
