"""The client over TLS and through proxies, which speak what the standard library's own servers speak."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from fpverify.client import Client
from fpverify.errors import ServiceError

ANSWER = b'{"locks": []}'


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 of its own making, with its key, in one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "door")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    own = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = made.add_extension(own, critical=False).sign(key, hashes.SHA256())
    plain = serialization.NoEncryption()
    text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path = tmp_path_factory.mktemp("tls") / "door.pem"
    path.write_bytes(text + signed.public_bytes(serialization.Encoding.PEM))
    return path


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[tuple[int, list[tuple[str, str, str | None]]]]:
    """A server; its port, and what it is asked: method, target, and what a proxy is told."""
    asked: list[tuple[str, str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append((self.command, self.path, self.headers["Proxy-Authorization"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(ANSWER)))
            self.end_headers()
            self.wfile.write(ANSWER)

        def do_CONNECT(self) -> None:
            asked.append((self.command, self.path, self.headers["Proxy-Authorization"]))
            host, _, port = self.path.rpartition(":")
            with socket.create_connection((host, int(port))) as far:
                self.send_response(200)
                self.end_headers()
                back = threading.Thread(target=relay, args=(far, self.connection), daemon=True)
                back.start()
                relay(self.connection, far)
                back.join()
            self.close_connection = True

        def log_message(self, *_: object) -> None: ...

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Clients that refuse a certificate end a connection without a word."""

    with Server(("127.0.0.1", 0), Handler) as http:
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            http.socket = context.wrap_socket(http.socket, server_side=True)
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield http.server_port, asked
        http.shutdown()
        thread.join()


def relay(near: socket.socket, far: socket.socket) -> None:
    with suppress(OSError):
        while data := near.recv(65536):
            far.sendall(data)
    with suppress(OSError):
        far.shutdown(socket.SHUT_WR)


def test_a_connection_over_tls_is_kept_as_well(certificate: Path) -> None:
    with serving(certificate) as (port, asked), Client(f"https://127.0.0.1:{port}", ca_file=certificate) as client:
        first = (client.locks(), client._connections._idle[0][0])
        second = (client.locks(), client._connections._idle[0][0])
        assert first == second
        assert len(asked) == 2


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path) -> None:
    with serving(certificate) as (port, asked):
        with pytest.raises(ServiceError, match=r"cannot be reached.*CERTIFICATE_VERIFY_FAILED"):
            Client(f"https://127.0.0.1:{port}").locks()
        assert asked == []


def test_a_proxy_is_asked_by_the_whole_address_and_told_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as (port, asked):
        monkeypatch.setenv("http_proxy", f"http://user:sec%40ret@127.0.0.1:{port}")
        with Client("http://fingers.example.org:8000/prefix/") as client:
            client.locks()
        told = "Basic " + base64.b64encode(b"user:sec@ret").decode()
        assert asked == [("GET", "http://fingers.example.org:8000/prefix/v1/locks", told)]


def test_through_a_proxy_tls_goes_to_the_service_itself(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(certificate) as (port, asked), serving() as (proxy_port, tunnelled):
        monkeypatch.setenv("https_proxy", f"http://user:secret@127.0.0.1:{proxy_port}")
        with Client(f"https://127.0.0.1:{port}", ca_file=certificate) as client:
            assert client.locks() == []
        told = "Basic " + base64.b64encode(b"user:secret").decode()
        assert tunnelled == [("CONNECT", f"127.0.0.1:{port}", told)]
        assert asked == [("GET", "/v1/locks", None)]


def test_a_host_that_the_environment_excepts_is_asked_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as (port, asked):
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        with Client(f"http://127.0.0.1:{port}") as client:
            client.locks()
        assert asked == [("GET", "/v1/locks", None)]


def test_a_refusal_before_the_body_was_read_is_heard() -> None:
    """A service that asks for a key answers without reading twenty megabytes."""

    def refuse(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(1024)
            answer = b'{"error": "Unauthorized", "message": "give a key"}'
            head = b"HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(answer)
            connection.sendall(head + answer)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=refuse, args=(server,), daemon=True)
        thread.start()
        with (
            pytest.raises(ServiceError, match="give a key"),
            Client(f"http://127.0.0.1:{server.getsockname()[1]}") as one,
        ):
            one.identify(bytes(5_000_000))
        thread.join(10)
