"""Connections to one service, kept while they are of use: a question does not wait for another handshake.

Nothing is followed (a redirect is an answer like any other), nothing is kept of answers, and a question is sent a
second time only where that can do no harm: by a kept connection that the service has closed meanwhile, and if it reads,
or bears an `Idempotency-Key`.
"""

from __future__ import annotations

import selectors
import ssl
import time
import weakref
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from threading import Lock
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from fpverify.errors import FpverifyError, ServiceError

IDLE_S = 20.0  # that a connection is kept; the service keeps it for 30
MOST_IDLE = 8  # kept at a time; more threads than that open their own
HARMLESS = {"GET", "HEAD", "PUT"}  # done twice, they are done once
LOST = (ConnectionError, HTTPException)  # of a connection that was closed; RemoteDisconnected is one

_Idle = list[tuple[HTTPConnection, float]]


class Connections:
    """To one service; any number of threads may share them.

    Attributes:
        url: of the service, without a slash at its end.
        timeout_s: seconds that the service may be silent.
    """

    def __init__(self, url: str, timeout_s: float, ca_file: str | Path | None) -> None:
        """Connects to nothing yet.

        Raises:
            ServiceError: the URL is none of HTTP, or the certificate cannot be read.
        """
        parts = urlsplit(url if isinstance(url, str) else "")
        if not isinstance(url, str) or not url.startswith(("http://", "https://")) or not parts.netloc:
            raise ServiceError(f"{url!r} is no address of a service; give one such as https://fingers.example.org")
        self.url = url.rstrip("/")
        self.timeout_s = timeout_s
        self._parts = parts
        self._context = _trust(ca_file) if parts.scheme == "https" else None
        self._proxy = _proxy_of(parts)
        self._idle: _Idle = []
        self._lock = Lock()
        self._end = weakref.finalize(self, _close, self._idle)

    def close(self) -> None:
        """Closes those that nobody uses; the next question opens another."""
        with self._lock:
            _close(self._idle)

    @contextmanager
    def answer(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Iterator[HTTPResponse]:
        """The answer, to be read within the block; what goes wrong there is said as well.

        Raises:
            ServiceError: the service cannot be reached, or is silent.
        """
        connection: HTTPConnection | None = None
        try:
            connection, response = self._asked(method, path, body, headers)
            yield response
            if response.isclosed() and not response.will_close:
                self._keep(connection)
                connection = None
        except FpverifyError:
            raise
        except TimeoutError:
            raise ServiceError(f"{self.url}: no answer within {self.timeout_s:g} s{self.way}") from None
        except (OSError, HTTPException, ValueError) as error:
            reason = str(error) or type(error).__name__
            raise ServiceError(f"{self.url}: cannot be reached{self.way}: {reason}") from error
        finally:
            if connection is not None:
                connection.close()

    @property
    def way(self) -> str:
        """The proxy that questions go to in place of the service, for messages; empty without one."""
        if self._proxy is None:
            return ""
        host = f"{self._proxy.hostname}:{self._proxy.port}" if self._proxy.port else self._proxy.hostname
        return f" through the proxy {host} of the environment (to go round it: no_proxy={self._parts.hostname})"

    def _asked(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[HTTPConnection, HTTPResponse]:
        kept = self._kept()
        if kept is not None:
            try:
                return kept, self._sent(kept, method, path, body, headers)
            except LOST:
                kept.close()
                if method not in HARMLESS and "Idempotency-Key" not in headers:
                    raise
            except BaseException:
                kept.close()
                raise
        fresh = self._opened()
        try:
            return fresh, self._sent(fresh, method, path, body, headers)
        except BaseException:
            fresh.close()
            raise

    def _sent(
        self, connection: HTTPConnection, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> HTTPResponse:
        by_proxy = self._proxy is not None and self._context is None
        target = f"{self._parts.path.rstrip('/')}/{path}"
        place = f"{self._parts.scheme}://{self._parts.netloc}{target}" if by_proxy else target
        more = _proxy_headers(self._proxy) if by_proxy else {}
        try:
            connection.request(method, place, body, {**headers, **more})
        except (BrokenPipeError, ConnectionResetError):
            if connection.sock is None:
                raise
            with suppress(OSError, HTTPException):  # a service that refuses does not read what it refuses
                return connection.getresponse()
            raise
        return connection.getresponse()

    def _opened(self) -> HTTPConnection:
        near = self._proxy or self._parts
        host = near.hostname or ""
        if self._context is not None:
            port = near.port or (80 if self._proxy else 443)
            connection: HTTPConnection = HTTPSConnection(host, port, timeout=self.timeout_s, context=self._context)
        else:
            connection = HTTPConnection(host, near.port or 80, timeout=self.timeout_s)
        if self._proxy is not None and self._context is not None:
            far = self._parts.hostname or ""
            connection.set_tunnel(far, self._parts.port or 443, _proxy_headers(self._proxy))
        return connection

    def _kept(self) -> HTTPConnection | None:
        """The connection that was used last, if it is open still."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection, since_s = self._idle.pop()
            if time.monotonic() - since_s < IDLE_S and not _is_over(connection):
                return connection
            connection.close()

    def _keep(self, connection: HTTPConnection) -> None:
        with self._lock:
            self._idle.append((connection, time.monotonic()))
            surplus = self._idle.pop(0)[0] if len(self._idle) > MOST_IDLE else None
        if surplus is not None:
            surplus.close()


def _is_over(connection: HTTPConnection) -> bool:
    """Whether the other side has closed a connection, or has said something that nobody asked for."""
    if connection.sock is None:
        return True
    try:
        with selectors.DefaultSelector() as ready:
            ready.register(connection.sock, selectors.EVENT_READ)
            return bool(ready.select(0))
    except (OSError, ValueError):
        return True


def _close(idle: _Idle) -> None:
    while idle:
        idle.pop()[0].close()


def _proxy_of(service: SplitResult) -> SplitResult | None:
    """The proxy that the environment names for a service; None for none."""
    named = getproxies().get(service.scheme)
    if not named or proxy_bypass(service.netloc.rpartition("@")[2]):
        return None
    return urlsplit(named if "://" in named else f"http://{named}")


def _proxy_headers(proxy: SplitResult | None) -> dict[str, str]:
    if proxy is None or proxy.username is None:
        return {}
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def _trust(ca_file: str | Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise ServiceError(f"{ca_file}: no certificate: {error.strerror or error}") from error
