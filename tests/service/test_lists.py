"""Lists of fingers over HTTP: the real service, asked by a socket and by the client."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from fpverify.client import Client, ListedScan
from fpverify.errors import ServiceError
from fpverify.store import Store

PATH = "/v1/enroll/list"
LINES = {"content-type": "application/x-ndjson"}


def line(subject: str | None, image: bytes | str | None, **other: Any) -> bytes:
    said = {"id": subject, "image": base64.b64encode(image).decode() if isinstance(image, bytes) else image, **other}
    return json.dumps(said).encode() + b"\n"


def told(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return [json.loads(one) for one in answer.text.splitlines()]


def kinds(answers: list[dict[str, Any]]) -> list[str]:
    return [one.get("outcome", one.get("error")) for one in answers]


def kept(service: Any) -> set[str]:
    with Store.open(service.db, key=str(service.db.parent / "store.key"), create=False) as store:
        return {one.subject for one in store.records()}


@pytest.fixture
def scans(stripes: Path) -> list[bytes]:
    """Files of their own, with the same few pictures."""
    pictures = [path.read_bytes() for path in sorted(stripes.glob("A_*.bmp"))]
    return [pictures[number % len(pictures)] + b"%d" % number for number in range(300)]


class Duplex:
    """Sends lines and reads answers at the same time."""

    def __init__(self, service: Any, scope: str = "admin") -> None:
        place = urlsplit(service.url)
        self.connection = HTTPConnection(str(place.hostname), place.port, timeout=60)
        self.connection.putrequest("POST", PATH + "?unchecked=true")
        self.connection.putheader("Authorization", f"Bearer {service.keys[scope]}")
        self.connection.putheader("Content-Type", LINES["content-type"])
        self.connection.putheader("Transfer-Encoding", "chunked")
        self.connection.endheaders()
        self._answer: HTTPResponse | None = None

    def send(self, content: bytes) -> None:
        self.connection.send(b"%x\r\n%b\r\n" % (len(content), content))

    def end(self) -> None:
        self.connection.send(b"0\r\n\r\n")

    def close(self) -> None:
        if self._answer is not None:
            self._answer.close()
        self.connection.close()

    def read(self) -> dict[str, Any] | None:
        if self._answer is None:
            self._answer = self.connection.getresponse()
        content = self._answer.readline()
        return json.loads(content) if content else None


@pytest.fixture
def duplex() -> Iterator[Callable[[Any], Duplex]]:
    with ExitStack() as opened:
        yield lambda service: opened.enter_context(closing(Duplex(service)))


def test_each_line_has_an_answer(service: Any, scans: list[bytes]) -> None:
    lines = [
        line("each-A", scans[0], finger="right-index", file="a.bmp", ppi=500),
        line("each-A", scans[0], finger="right-index"),
        line("each-B", scans[1], finger="right-index"),
        b"\r\n",
        line("each-C", b"no scan", file=None),
        line("each-D", "no base64!"),
        line("each-E", None),
        line("", scans[0]),
        line("each-F", scans[0], finger="big-toe"),
        line("each-G", scans[0], ppi=-3),
        line("each-H", scans[0], subjects="each-H"),
        line("each-I\n", scans[0]),
        line("x" * 5000, scans[0]),
        b"[1]\n",
        b"\xff\n",
        line("each-\ud800", scans[0]),
        line("each-J", scans[2]).rstrip(),
    ]
    answers = told(service.ask("POST", PATH, "admin", content=b"".join(lines), headers=LINES))
    refused = ["refused"] * 11
    assert kinds(answers) == ["enrolled", "present", "duplicate", "unreadable", *refused, "duplicate"]
    assert answers[0] == {
        "id": "each-A",
        "finger": "right-index",
        "file": "a.bmp",
        "outcome": "enrolled",
        "reason": None,
        "other_id": None,
        "other_finger": None,
        "score": None,
        "impression": 1,
    }
    assert (answers[2]["other_id"], answers[2]["other_finger"], answers[2]["file"]) == (
        "each-A",
        "right-index",
        "line 3",
    )
    reasons = [one["reason"] for one in answers[4:15]]
    assert reasons[:3] == ["line 6: image is no base64", "line 7: no image", "line 8: no id"]
    assert all(reasons)
    assert max(len(json.dumps(one)) for one in answers) < 2000
    assert {one for one in kept(service) if one.startswith("each")} == {"each-A"}


@pytest.mark.parametrize(
    ("scope", "status"), [(None, 401), ("verify", 403), ("scores", 403), ("enroll", 403), ("admin", 200)]
)
def test_only_who_may_enroll_may_send_a_list(service: Any, scope: str | None, status: int) -> None:
    assert service.ask("POST", PATH, scope, content=b"", headers=LINES).status_code == status


def test_what_is_no_list_is_refused(service: Any) -> None:
    answer = service.ask("POST", PATH, data={"id": "A"})
    assert (answer.status_code, answer.json()["error"]) == (422, "InvalidRequest")
    assert "application/x-ndjson" in answer.json()["message"]


def test_an_answer_comes_before_the_next_line_is_sent(
    service: Any, duplex: Callable[[Any], Duplex], scans: list[bytes]
) -> None:
    one = duplex(service)
    for number in range(4):
        content = line(f"step-{number}", scans[number])
        one.send(content[:100])
        one.send(content[100:])
        answer = one.read()
        assert answer is not None
        assert (answer["id"], answer["outcome"]) == (f"step-{number}", "enrolled")
        assert f"step-{number}" in kept(service)
    one.end()
    assert one.read() is None


def test_what_was_answered_is_kept_whenever_the_connection_ends(
    service: Any, duplex: Callable[[Any], Duplex], scans: list[bytes]
) -> None:
    one = duplex(service)
    acknowledged = set()
    for number in range(60):
        one.send(line(f"gone-{number}", scans[number]))
    for _ in range(20):
        answer = one.read()
        assert answer is not None
        acknowledged.add(answer["id"])
    one.send(line("gone-half", scans[60])[:500])
    one.close()
    answers = told(service.ask("POST", PATH, content=line("gone-after", b"no scan"), headers=LINES))
    assert kinds(answers) == ["unreadable"]  # the next list has its turn
    assert len(acknowledged) == 20
    assert acknowledged <= kept(service)
    assert "gone-half" not in kept(service)


def test_a_list_may_be_longer_than_a_request_but_its_lines_may_not(start: Any, scans: list[bytes]) -> None:
    most = max(map(len, scans))
    with start(most_bytes=most) as service:
        lines = [line(f"S{number}", scans[number]) for number in range(30)]
        lines[7] = line("S7", bytes(3 * most))
        assert sum(map(len, lines)) > 20 * most
        answers = told(service.ask("POST", PATH + "?unchecked=true", content=b"".join(lines), headers=LINES))
        assert kinds(answers) == ["enrolled"] * 7 + ["refused"] + ["enrolled"] * 22
        assert answers[7]["reason"].startswith("line 8: a picture of more than")
        assert service.ask("POST", "/v1/enroll", files={"scan": bytes(2 * most)}).status_code == 413


def test_a_list_that_stalls_gives_way_to_the_next(
    start: Any, duplex: Callable[[Any], Duplex], scans: list[bytes]
) -> None:
    with start(timeout_s=2.0) as service:
        stalled = duplex(service)
        stalled.send(line("A", scans[0]))
        assert kinds([stalled.read() or {}]) == ["enrolled"]
        assert stalled.read() == {"error": "Timeout", "message": "no line came within 2 s"}
        after = service.ask("POST", PATH + "?unchecked=true", content=line("C", scans[2]), headers=LINES)
        assert kinds(told(after)) == ["enrolled"]


def test_one_list_at_a_time_is_enrolled(start: Any, duplex: Callable[[Any], Duplex], scans: list[bytes]) -> None:
    with start(timeout_s=1.0) as service:
        first, ended = duplex(service), threading.Event()

        def steps() -> None:
            for number in range(100):
                first.send(line(f"S{number}", scans[number]))
                first.read()
                if ended.wait(0.2):
                    return

        stepping = threading.Thread(target=steps)
        stepping.start()
        time.sleep(0.5)
        busy = service.ask("POST", PATH, content=line("B", scans[1]), headers=LINES)
        ended.set()
        stepping.join()
        assert (busy.status_code, busy.json()["error"], busy.headers["Retry-After"]) == (503, "Busy", "1")
        first.end()
        assert first.read() is None
        after = service.ask("POST", PATH + "?unchecked=true", content=line("C", scans[2]), headers=LINES)
        assert kinds(told(after)) == ["enrolled"]


def test_a_fault_of_the_store_is_the_last_line(start: Any, duplex: Callable[[Any], Duplex], scans: list[bytes]) -> None:
    with start() as service:
        place = next(service.db.rglob("*.sqlite"))
        one = duplex(service)
        one.send(line("A", scans[0]))
        assert one.read() is not None
        place.write_bytes(b"nothing" * 1000)
        one.send(line("B", scans[1]))
        answer = one.read()
        assert answer is not None
        assert answer["error"] == "CorruptRecord"


def test_a_store_that_cannot_be_opened_is_told_at_once(start: Any, scans: list[bytes]) -> None:
    with start() as service:
        next(service.db.rglob("*.sqlite")).write_bytes(b"nothing" * 1000)
        answer = service.ask("POST", PATH, content=line("A", scans[0]), headers=LINES)
        assert (answer.status_code, answer.json()["error"]) == (503, "CorruptRecord")


def test_rows_are_counted(service: Any, scans: list[bytes]) -> None:
    told(service.ask("POST", PATH, content=line("", scans[0]), headers=LINES))
    assert 'fpverify_rows_total{outcome="refused"}' in service.ask("GET", "/metrics").text
    assert "each-" not in service.log.getvalue()


def test_the_client_sends_rows_as_they_come_and_tells_what_becomes_of_them(
    service: Any, scans: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fpverify.client.scans.BLOCK_ROWS", 8)
    door = Client(service.url, service.keys["admin"])
    asked: list[int] = []
    (tmp_path / "scan.bmp").write_bytes(scans[200])

    def rows() -> Iterator[ListedScan]:
        for number in range(20):
            asked.append(number)
            yield ListedScan(f"client-{number}", scans[number], "left-thumb", 500)
        yield ListedScan("client-file", tmp_path / "scan.bmp")
        yield ListedScan("client-none", tmp_path / "none.bmp")

    answers = []
    for one in door.enroll_many(rows(), unchecked=True):
        answers.append(one)
        assert len(asked) <= len(answers) + 8
    assert kinds(answers) == ["enrolled"] * 21 + ["unreadable"]
    assert [one["file"] for one in answers[19:]] == ["line 20", f"{tmp_path / 'scan.bmp'}", f"{tmp_path / 'none.bmp'}"]
    assert {key for one in answers for key in one} == set(answers[0]) == set(answers[-1])
    assert kinds(list(door.enroll_many(rows()))) == ["present"] * 21 + ["unreadable"]
    assert kinds(list(door.enroll_many([ListedScan("x", tmp_path / "none.bmp")]))) == ["unreadable"]
    assert list(door.enroll_many([])) == []


def test_the_client_is_told_that_it_may_not(service: Any, scans: list[bytes]) -> None:
    door = Client(service.url, service.keys["verify"])
    with pytest.raises(ServiceError, match="needs admin"):
        list(door.enroll_many([ListedScan("A", scans[0])]))


def test_a_list_may_last_longer_than_any_other_request(
    start: Any, scans: list[bytes], duplex: Callable[[Any], Duplex]
) -> None:
    with start(header_s=0.2, body_s=0.2, timeout_s=1.5) as service:
        slow = duplex(service)
        for number in range(4):  # 2.4 s in all
            slow.send(line(f"slow-{number}", scans[number]))
            assert kinds([slow.read() or {}]) == ["enrolled"]
            time.sleep(0.6)
        slow.end()
        assert slow.read() is None
