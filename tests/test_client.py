"""The client against a server that writes down what it is asked."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import policy
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from fpverify import errors
from fpverify.client import AsyncClient, Client, RawScan
from fpverify.errors import EnrollmentError, FpverifyError, NotAScan, ServiceError, SeveralPrints, UnreadableScan


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def parts(self) -> dict[str, bytes]:
        """The form by names, read by another implementation."""
        return {
            str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True)
            for part in self._mime()
        }

    @property
    def file_names(self) -> list[str]:
        return [name for part in self._mime() if (name := part.get_filename()) is not None]

    def _mime(self) -> Any:
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        return BytesParser(policy=policy.HTTP).parsebytes(head + self.body).iter_parts()


@dataclass
class Recorder:
    """What was asked, and what is answered."""

    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    answer: bytes = b'{"decision": "match"}'
    asked: list[Asked] = field(default_factory=list)

    def answers(self, status: int, answer: object, **headers: str) -> None:
        self.status, self.answer = status, json.dumps(answer).encode()
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.fixture
def server() -> Iterator[Recorder]:
    recorder = Recorder()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            recorder.asked.append(Asked(self.command, self.path, dict(self.headers.items()), body))
            self.send_response(recorder.status)
            for name, value in recorder.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(recorder.answer)))
            self.end_headers()
            self.wfile.write(recorder.answer)

        do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = handle_any  # noqa: N815

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        recorder.url = f"http://127.0.0.1:{http.server_port}"
        yield recorder
        http.shutdown()
        thread.join()


@pytest.fixture
def client(server: Recorder) -> Client:
    return Client(server.url + "/", "the-key")


SCAN = b"\x00\r\n--not a boundary\r\n\xff"


def test_verify_sends_scan_subject_and_what_is_given(client: Client, server: Recorder) -> None:
    assert client.verify(SCAN, "Zoë Ödegaard", "left-thumb", 0.0001, ppi=500) == {"decision": "match"}
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", "/v1/verify")
    assert asked.headers["Authorization"] == "Bearer the-key"
    parts = asked.parts
    assert parts.pop("probe") == SCAN
    assert {name: text.decode() for name, text in parts.items()} == {
        "subject": "Zoë Ödegaard",
        "finger": "left-thumb",
        "fmr": "0.0001",
        "ppi": "500",
    }


def test_several_scans_and_their_fingers_are_as_many_fields(client: Client, server: Recorder) -> None:
    client.verify([SCAN, SCAN[::-1]], "A", ["left-thumb", "right-thumb"])
    client.identify((SCAN, SCAN[::-1]))
    verify, identify = (
        [
            (str(part.get_param("name", header="content-disposition")), part.get_payload(decode=True))
            for part in one._mime()
        ]
        for one in server.asked
    )
    scans = [("probe", SCAN), ("probe", SCAN[::-1])]
    assert verify == [("subject", b"A"), ("finger", b"left-thumb"), ("finger", b"right-thumb"), *scans]
    assert identify == scans


def test_locks_are_listed_and_forgiven(client: Client, server: Recorder) -> None:
    locks = [{"kind": "subject", "name": "A", "seconds": 60.0}]
    server.answers(200, {"locks": locks})
    assert client.locks() == locks
    server.answers(200, {"forgiven": 1})
    assert client.unlock(subject="A&B") == {"forgiven": 1}
    client.unlock(key="door-3")
    assert [(one.method, one.path) for one in server.asked] == [
        ("GET", "/v1/locks"),
        ("DELETE", "/v1/locks?subject=A%26B"),
        ("DELETE", "/v1/locks?key=door-3"),
    ]


def test_several_fingers_and_a_proof_are_sent(client: Client, server: Recorder) -> None:
    client.enroll([SCAN, SCAN[::-1]], "A", ["left-thumb", "right-thumb"], proof=SCAN)
    (asked,) = server.asked
    sent = [
        (str(part.get_param("name", header="content-disposition")), part.get_payload(decode=True))
        for part in asked._mime()
    ]
    fields = [("subject", b"A"), ("finger", b"left-thumb"), ("finger", b"right-thumb")]
    assert sent == [*fields, ("reference", SCAN), ("reference", SCAN[::-1]), ("proof", SCAN)]


def test_what_is_not_given_is_not_sent(client: Client, server: Recorder) -> None:
    client.verify(SCAN, "A")
    client.identify(SCAN)
    client.compare(SCAN, SCAN)
    client.enroll(SCAN, "A")
    assert [set(asked.parts) for asked in server.asked] == [
        {"probe", "subject"},
        {"probe"},
        {"probe", "reference"},
        {"reference", "subject"},
    ]
    assert [asked.path for asked in server.asked] == ["/v1/verify", "/v1/identify", "/v1/compare", "/v1/enroll"]


def test_choices_are_sent_as_true(client: Client, server: Recorder) -> None:
    client.enroll(SCAN, "A", unchecked=True)
    client.compare(SCAN, SCAN, picture=True)
    assert server.asked[0].parts["unchecked"] == b"true"
    assert server.asked[1].parts["picture"] == b"true"


def test_a_file_is_sent_with_its_name_alone(client: Client, server: Recorder, tmp_path: Path) -> None:
    scan = tmp_path / 'a"\r\nX-Evil: 1.bmp'
    scan.write_bytes(SCAN)
    client.verify(scan, "A")
    client.verify(str(scan), "A")
    for asked in server.asked:
        assert asked.parts["probe"] == SCAN
        assert asked.file_names == ["a___X-Evil: 1.bmp"]


def test_delete_asks_for_the_subject_whatever_its_letters(client: Client, server: Recorder) -> None:
    server.answers(200, {"deleted": 2})
    assert client.delete("A&B / ü", "right-thumb") == {"deleted": 2}
    client.delete("A")
    assert [(asked.method, asked.path) for asked in server.asked] == [
        ("DELETE", "/v1/impressions?subject=A%26B+%2F+%C3%BC&finger=right-thumb"),
        ("DELETE", "/v1/impressions?subject=A"),
    ]


def test_without_a_key_none_is_sent(server: Recorder) -> None:
    Client(server.url).identify(SCAN)
    assert "Authorization" not in server.asked[0].headers


def test_a_keys_line_end_is_not_sent(server: Recorder) -> None:
    Client(server.url, " the-key\r\n").identify(SCAN)
    assert server.asked[0].headers["Authorization"] == "Bearer the-key"


@pytest.mark.parametrize("key", ["fpv_one\nfpv_two", "fpv_\u0000", "fpv_ü", "fpv_\u2019"])
def test_what_can_be_no_key_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(ServiceError, match="the key is none") as raised:
        Client("http://127.0.0.1:1", key)
    assert "fpv_" not in str(raised.value)


def test_a_subject_that_is_no_text_is_refused(client: Client, server: Recorder) -> None:
    for ask in (lambda: client.delete("\ud800"), lambda: client.verify(SCAN, "\ud800")):
        with pytest.raises(EnrollmentError, match="no Unicode"):
            ask()
    assert server.asked == []


OWN = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, FpverifyError) and kind is not ServiceError
]


def test_the_number_of_prints_that_the_server_saw_is_kept(client: Client, server: Recorder) -> None:
    server.answers(422, {"error": "SeveralPrints", "message": "shows 4 prints", "prints_seen": 4})
    with pytest.raises(SeveralPrints) as raised:
        client.verify(SCAN, "A")
    assert raised.value.prints_seen == 4


@pytest.mark.parametrize("kind", OWN)
def test_an_error_that_the_server_names_is_raised(client: Client, server: Recorder, kind: type[FpverifyError]) -> None:
    server.answers(422, {"error": kind.__name__, "message": "what was wrong"})
    with pytest.raises(kind, match=r"^what was wrong$") as raised:
        client.verify(SCAN, "A")
    assert type(raised.value) is kind


@pytest.mark.parametrize("name", ["RateLimited", "Path", "annotations", "__doc__", "KeyError", 7, None])
def test_any_other_name_is_a_service_error(client: Client, server: Recorder, name: object) -> None:
    server.answers(429, {"error": name, "message": "too often"}, Retry_After="12")
    with pytest.raises(ServiceError, match=r"^too often$") as raised:
        client.verify(SCAN, "A")
    assert (raised.value.status, raised.value.retry_after_s) == (429, 12.0)


@pytest.mark.parametrize("answer", [b"", b"<html>", b"[1]", b"\xff"])
@pytest.mark.parametrize("status", [200, 502])
def test_an_answer_that_is_no_json_object_is_a_service_error(
    client: Client, server: Recorder, status: int, answer: bytes
) -> None:
    server.status, server.answer = status, answer
    with pytest.raises(ServiceError, match=f"the server answered {status}") as raised:
        client.verify(SCAN, "A")
    assert raised.value.status == status


def test_the_key_does_not_follow_a_redirect(client: Client, server: Recorder) -> None:
    server.answers(302, {}, Location=f"{server.url}/elsewhere")
    with pytest.raises(ServiceError, match="302"):
        client.delete("A")
    assert len(server.asked) == 1


def test_nobody_there_is_a_service_error() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(ServiceError, match="cannot be reached"):
            Client(url).verify(SCAN, "A")


def test_an_answer_is_true_if_and_only_if_it_is_a_match(client: Client, server: Recorder) -> None:
    for word in ("match", "non-match"):
        server.answers(200, {"decision": word})
        asked = (client.verify(b"x", "A"), client.identify(b"x"), client.compare(b"x", b"y"))
        assert [bool(one) for one in asked] == 3 * [word == "match"]


def test_a_proxy_of_the_environment_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        proxy = f"127.0.0.1:{nobody.getsockname()[1]}"
    monkeypatch.setenv("http_proxy", f"http://user:secret@{proxy}")
    with pytest.raises(ServiceError, match=rf"through the proxy {proxy} .*no_proxy=localhost") as refusal:
        Client("http://localhost:9").verify(b"x", "A")
    assert "secret" not in str(refusal.value)


def test_a_proxy_that_refuses_is_named(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    server.answers(502, "no such host")
    monkeypatch.setenv("http_proxy", server.url)
    with pytest.raises(ServiceError, match=r"answered 502 .*through the proxy 127"):
        Client("http://fingers.example.org").verify(b"x", "A")


def test_a_silent_server_is_a_service_error() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        client = Client(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout_s=0.1)
        with pytest.raises(ServiceError, match=r"no answer within 0\.1 s"):
            client.verify(SCAN, "A")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host", "localhost:8000", "", "http://"])
def test_an_address_of_no_service_is_refused(url: str) -> None:
    with pytest.raises(ServiceError, match="no address"):
        Client(url)


def test_a_missing_certificate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="no certificate"):
        Client("https://host", ca_file=tmp_path / "none.pem")


@pytest.mark.parametrize("scan", [5, None, {"a": 1}, [5]])
def test_what_is_no_file_is_no_scan(client: Client, server: Recorder, scan: Any) -> None:
    with pytest.raises(NotAScan, match="a path, bytes or a RawScan was expected"):
        client.verify(scan, "A")
    assert not server.asked


def test_what_is_no_text_is_neither_an_address_nor_a_key() -> None:
    wrong: Any = 5
    with pytest.raises(ServiceError, match="no address of a service"):
        Client(wrong)
    with pytest.raises(ServiceError, match="the key is none"):
        Client("http://127.0.0.1:8000", wrong)


def test_a_missing_file_is_an_unreadable_scan(client: Client, server: Recorder, tmp_path: Path) -> None:
    with pytest.raises(UnreadableScan, match=r"none\.bmp"):
        client.verify(tmp_path / "none.bmp", "A")
    assert server.asked == []


def test_every_other_route_is_asked_for(client: Client, server: Recorder) -> None:
    server.answers(
        200, {"subject": "B", "metadata": {"gate": 3}, "fingers": [], "impressions": [], "entries": [], "next": None}
    )
    assert client.metadata("A") == {"gate": 3}
    client.update("A", rename="B", metadata={"gate": 3})
    client.update("A", metadata={})
    assert list(client.subjects()) == []
    assert list(client.impressions("A", "left-thumb", page=7)) == []
    client.replace(SCAN, "A", "left-thumb", unchecked=True)
    assert list(client.history("A", page=3)) == list(client.subjects(2, "a b")) == []
    client.quality(SCAN, ppi=500)
    client.health()
    assert "gate" in client.metrics()
    assert [(one.method, one.path) for one in server.asked] == [
        ("GET", "/v1/metadata?subject=A"),
        ("PATCH", "/v1/subjects?subject=A"),
        ("PATCH", "/v1/subjects?subject=A"),
        ("GET", "/v1/subjects?limit=500"),
        ("GET", "/v1/impressions?subject=A&finger=left-thumb&limit=7"),
        ("PUT", "/v1/impressions"),
        ("GET", "/v1/history?subject=A&limit=3"),
        ("GET", "/v1/subjects?search=a+b&limit=2"),
        ("POST", "/v1/quality"),
        ("GET", "/health/ready"),
        ("GET", "/metrics"),
    ]
    assert [json.loads(one.body) for one in server.asked[1:3]] == [
        {"rename": "B", "metadata": {"gate": 3}},
        {"metadata": {}},
    ]
    assert set(server.asked[5].parts) == {"reference", "subject", "finger", "unchecked"}
    assert set(server.asked[8].parts) == {"probe", "ppi"}


def test_pages_are_followed_to_their_end(client: Client, server: Recorder) -> None:
    found = client.subjects(page=1)
    server.answers(200, {"fingers": [{"subject": "A"}], "next": "c/1"})
    assert next(found) == {"subject": "A"}
    server.answers(200, {"fingers": [{"subject": "B"}], "next": None})
    assert list(found) == [{"subject": "B"}]
    assert [one.path for one in server.asked] == ["/v1/subjects?limit=1", "/v1/subjects?limit=1&cursor=c%2F1"]


def test_pixels_are_sent_with_their_size(client: Client, server: Recorder) -> None:
    raw = RawScan(b"\x00" * 6, 3, 2, 500)
    client.verify([raw, RawScan(b"\x01" * 6, 2, 3, 1000)], "A")
    client.identify(raw._replace(ppi=None))
    client.identify(raw, ppi=600)
    sent = [
        [(part.get_param("name", header="content-disposition"), part.get_payload(decode=True)) for part in one._mime()]
        for one in server.asked
    ]
    assert sent[0][1:] == [
        *[("ppi", b"500"), ("ppi", b"1000"), ("width", b"3"), ("width", b"2"), ("height", b"2"), ("height", b"3")],
        *[("probe", b"\x00" * 6), ("probe", b"\x01" * 6)],
    ]
    assert [name for name, _ in sent[1]] == ["width", "height", "probe"]
    assert ("ppi", b"600") in sent[2]
    for mixed in ([raw, SCAN], [raw, raw._replace(ppi=None)]):
        with pytest.raises(UnreadableScan):
            client.identify(mixed)


def test_each_enrollment_has_a_word_of_its_own_unless_one_is_given(client: Client, server: Recorder) -> None:
    for _ in range(2):
        client.enroll(SCAN, "A")
    client.enroll(SCAN, "A", idempotency_key="mine")
    words = [one.headers["Idempotency-Key"] for one in server.asked]
    assert len(set(words)) == 3
    assert words[2] == "mine"


@dataclass
class Keeping:
    """A server that keeps connections, or closes them after an answer without a word, and counts them."""

    url: str = ""
    closes: bool = False
    connections: int = 0
    asked: list[bytes] = field(default_factory=list)


@pytest.fixture
def keeping() -> Iterator[Keeping]:
    state = Keeping()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            state.connections += 1
            super().setup()

        def handle_any(self) -> None:
            state.asked.append(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            self.send_response(200)
            self.send_header("Content-Length", "23")
            self.end_headers()
            self.wfile.write(b'{"decision": "match"}  ')
            self.close_connection = state.closes

        do_GET = do_POST = handle_any  # noqa: N815

        def log_message(self, *_: object) -> None: ...

    class Server(ThreadingHTTPServer):
        request_queue_size = 64  # connections that wait to be taken: 20 come at once

    with Server(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        state.url = f"http://127.0.0.1:{http.server_port}"
        yield state
        http.shutdown()
        thread.join()


def test_a_connection_is_kept_for_the_next_question(keeping: Keeping) -> None:
    with Client(keeping.url) as client:
        for _ in range(5):
            assert client.verify(SCAN, "A")
        assert keeping.connections == 1
        client.close()
        assert client.verify(SCAN, "A")
        assert keeping.connections == 2


def test_a_connection_that_was_closed_meanwhile_is_noticed_before_it_is_used(keeping: Keeping) -> None:
    keeping.closes = True
    with Client(keeping.url) as client:
        for number in range(1, 4):
            assert client.verify(SCAN, "A")
            assert (keeping.connections, len(keeping.asked)) == (number, number)
            time.sleep(0.05)  # until the end of it has come


def test_a_question_is_sent_again_only_where_that_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that reads a question on a kept connection, and ends without an answer: was it done, or not?"""
    asked: list[bytes] = []

    def serve(server: socket.socket) -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                for answers in (True, False):
                    if not (head := connection.recv(65536)):
                        break
                    asked.append(head.split(b" HTTP")[0])
                    if answers:
                        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"locks": [] }')

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with Client(url) as client:
            assert (client.locks(), client.locks()) == ([], [])
            assert asked == [b"GET /v1/locks"] * 3
        asked.clear()
        with Client(url) as client:
            client.delete("A")
            with pytest.raises(ServiceError, match="cannot be reached"):
                client.delete("B")
        assert asked == [b"DELETE /v1/impressions?subject=A", b"DELETE /v1/impressions?subject=B"]
        server.shutdown(socket.SHUT_RDWR)


def test_threads_share_a_client(keeping: Keeping) -> None:
    with Client(keeping.url) as client:
        found: list[bool] = []
        threads = [threading.Thread(target=lambda: found.append(bool(client.verify(SCAN, "A")))) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [True] * 20


def test_answers_can_be_awaited(server: Recorder) -> None:
    async def asked() -> None:
        async with AsyncClient(server.url, "the-key") as door:
            first, second = await asyncio.gather(door.verify(SCAN, "A"), door.identify(SCAN, top=1))
            assert (bool(first), bool(second)) == (True, True)
            server.answers(200, {"fingers": [{"subject": "A"}], "next": None})
            assert [one async for one in door.subjects()] == [{"subject": "A"}]
            server.answers(404, {"error": "NotEnrolled", "message": "nobody"})
            with pytest.raises(errors.NotEnrolled):
                await door.delete("A")
            with pytest.raises(errors.NotEnrolled):
                await anext(door.impressions("A"))

    asyncio.run(asked())


def test_both_clients_ask_alike() -> None:
    own = {name for name in vars(Client) if not name.startswith("_")} - {"close"}
    assert own == {name for name in vars(AsyncClient) if not name.startswith("_")} - {"close"}
