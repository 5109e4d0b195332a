"""Connections and bodies have deadlines, and an end to their number and size; honest requests go on meanwhile."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

pytest.importorskip("fastapi")

QUICK_S = 10.0  # of what takes a second, on a busy machine


@pytest.fixture
def limited(start: Callable[..., Any]) -> Iterator[Any]:
    with start(header_s=1.0, body_s=1.5, most_bytes_held=3_000_000, most_connections=20) as running:
        yield running


def connected(service: Any) -> socket.socket:
    parts = urlsplit(service.url)
    return socket.create_connection((parts.hostname, parts.port), timeout=QUICK_S)


def body_begun(service: Any, first: int, length: int = 15_000_000) -> socket.socket:
    """A connection with a right key that sends the beginning of a large body."""
    one = connected(service)
    head = f"POST /v1/verify HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {service.keys['admin']}\r\n"
    head += f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {length}\r\n\r\n"
    field = b'--x\r\nContent-Disposition: form-data; name="scan"; filename="a"\r\n\r\n'
    one.sendall(head.encode() + field + bytes(first))
    return one


def said(connection: socket.socket) -> tuple[int, str]:
    """Status and body of an answer; 0 if there is none before the end."""
    whole = b""
    try:
        while part := connection.recv(65536):
            whole += part
            head, _, body = whole.partition(b"\r\n\r\n")
            if body.endswith(b"}"):
                return int(head.split()[1]), json.loads(body).get("message", "")
    except ConnectionError:
        pass
    return 0, ""


@pytest.mark.parametrize("first", [b"", b"GET /health/live HT", b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Slow: "])
def test_a_header_that_does_not_come_ends_the_connection(limited: Any, first: bytes) -> None:
    with connected(limited) as one:
        one.sendall(first)
        begun = time.monotonic()
        assert said(one) == (0, "")
        assert 0.5 < time.monotonic() - begun < QUICK_S


def test_a_second_header_on_a_connection_has_the_same_deadline(limited: Any) -> None:
    with connected(limited) as one:
        one.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert said(one) == (200, "")
        time.sleep(1.5)  # between requests there is more time
        one.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert said(one) == (200, "")
        one.sendall(b"GET ")
        assert said(one) == (0, "")


def test_a_header_beyond_all_measure_is_refused(start: Callable[..., Any]) -> None:
    with start() as service, connected(service) as one:
        one.sendall(b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000)
        assert b" 400 " in one.recv(65536)


def test_a_body_that_does_not_come_is_answered_with_408(limited: Any) -> None:
    with body_begun(limited, 1000) as one:
        begun = time.monotonic()
        assert said(one) == (408, "the request did not come in time")
        assert 1.0 < time.monotonic() - begun < QUICK_S


def test_bodies_that_hold_too_much_end_and_small_ones_are_answered(limited: Any, stripes: Path) -> None:
    assert limited.post("/v1/enroll", stripes / "A_00.bmp", subject="A").status_code == 201
    slow = [body_begun(limited, 1_400_000) for _ in range(3)]  # 4.2 MB; there is room for 3
    answers: list[tuple[int, str]] = []
    threads = [threading.Thread(target=lambda one=one: answers.append(said(one))) for one in slow]
    for thread in threads:
        thread.start()
    assert limited.post("/v1/verify", stripes / "A_00.bmp", subject="A").json()["decision"] == "match"
    for thread, one in zip(threads, slow, strict=True):
        thread.join(QUICK_S)
        one.close()
    assert sorted(status for status, _ in answers) == [408, 408, 503]
    assert (503, "too much is being sent at once; try again") in answers


def test_where_there_are_too_many_connections_the_oldest_without_a_request_ends(limited: Any) -> None:
    idle = [connected(limited) for _ in range(20)]
    time.sleep(0.2)
    try:
        assert limited.ask("GET", "/health/live", None).status_code == 200
        assert said(idle[0]) == (0, "")
        idle[-1].sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert said(idle[-1]) == (200, "")
    finally:
        for one in idle:
            one.close()


def test_health_is_told_while_all_workers_are_busy(start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from fpverify.verifier import Verifier

    go_on = threading.Event()
    monkeypatch.setattr(Verifier, "fingers", lambda self: go_on.wait(60) and [])
    with start() as service:
        busy = [threading.Thread(target=service.ask, args=("GET", "/v1/subjects")) for _ in range(3)]
        for thread in busy:
            thread.start()
        time.sleep(0.5)
        try:
            begun = time.monotonic()
            assert service.ask("GET", "/health/live", None).status_code == 200
            assert service.ask("GET", "/health/ready", None).status_code == 200
            assert time.monotonic() - begun < QUICK_S
        finally:
            go_on.set()
            for thread in busy:
                thread.join()


@pytest.mark.slow
def test_files_that_are_slow_to_decode_keep_nobody_waiting(start: Callable[..., Any], stripes: Path) -> None:
    import malformed

    slow = malformed.BOMBS["png"]["empty chunks"]()[:19_000_000]
    with start() as service:
        assert service.post("/v1/enroll", stripes / "A_00.bmp", subject="A").status_code == 201
        answers: list[Any] = []
        jam = [
            threading.Thread(target=lambda: answers.append(service.post("/v1/verify", slow, subject="A")))
            for _ in range(2)
        ]
        for thread in jam:
            thread.start()
        time.sleep(1.0)
        assert service.post("/v1/verify", stripes / "A_00.bmp", subject="A").json()["decision"] == "match"
        assert answers == []  # they are still being decoded
        for thread in jam:
            thread.join()
    assert [one.status_code for one in answers] == [415, 415]
    assert all(one.json()["message"].startswith("the scan: ") for one in answers)
