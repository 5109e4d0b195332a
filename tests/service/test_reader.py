"""The server's reader in the page: one capture at a time, and what is told of it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from signed_in import ELSEWHERE, PAGE, signed_in

from fpverify.errors import FpverifyError, NoReader, NothingCaptured, ReaderUnplugged, UnusableCapture
from fpverify.scans import read_scan
from fpverify.service.captures import MEDIA_TYPE, Captures
from fpverify.vocabulary import Scan

PATH = "/v1/reader/captures"
LONG_S = 20.0
Event = tuple[str, dict[str, Any]]


class Desk:
    """A reader whose next touches are laid down by the test: a scan, or an error; nothing waits.

    Attributes:
        waits: a capture is under way.
        opened: how often it was.
    """

    name, ppi = "folder:/srv/secret place", None

    def __init__(self) -> None:
        self.next: list[Scan | Exception] = []
        self.waits = threading.Event()
        self.opened = self.closed = 0
        self._stopped = threading.Event()

    def open(self) -> Desk:
        if self.next and isinstance(self.next[0], NoReader):
            raise self.next.pop(0)
        self.opened += 1
        return self

    def capture(self, timeout_s: float) -> Scan:
        self._stopped.clear()
        self.waits.set()
        end_s = time.monotonic() + timeout_s
        try:
            while time.monotonic() < end_s and not self._stopped.wait(0.01):
                if self.next:
                    given = self.next.pop(0)
                    if isinstance(given, Exception):
                        raise given
                    return given
        finally:
            self.waits.clear()
        raise NothingCaptured(f"{self.name}: no finger within {timeout_s:g} s")

    def stop(self) -> None:
        self._stopped.set()

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def reader() -> Desk:
    return Desk()


@pytest.fixture
def begin(start: Callable[..., Any], reader: Desk) -> Callable[..., Any]:
    from fpverify.service.reader import ConnectedReader

    return lambda **limits: start(reader=ConnectedReader(reader.open), **limits)


@contextmanager
def events(browser: httpx.Client, **headers: str) -> Iterator[Iterator[Event]]:
    with browser.stream("POST", PATH, headers=headers) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        yield told(answer)


def told(answer: httpx.Response) -> Iterator[Event]:
    name = ""
    for line in answer.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def outcome(browser: httpx.Client) -> Event:
    with events(browser) as seen:
        return list(seen)[-1]


def captured(browser: httpx.Client, reader: Desk, scan: Scan) -> str:
    reader.next = [scan]
    name, data = outcome(browser)
    assert name == "captured", data
    return str(data["capture"])


def sent(browser: httpx.Client, path: str, word: str, field: str = "probe", **fields: str) -> httpx.Response:
    return browser.post(path, files={field: ("capture", word.encode(), MEDIA_TYPE)}, data=fields)


def until(true: Callable[[], bool]) -> None:
    end_s = time.monotonic() + LONG_S
    while not true():
        assert time.monotonic() < end_s
        time.sleep(0.02)


@pytest.fixture
def print_of(stripes: Path) -> Callable[[str], Scan]:
    return lambda name: read_scan(stripes / name, ppi=500)


def test_what_the_reader_sees_is_enrolled_verified_and_identified(begin: Any, reader: Desk, print_of: Any) -> None:
    with begin() as service, signed_in(service, reader=True) as browser:
        word = captured(browser, reader, print_of("A_00.bmp"))
        assert sent(browser, "/v1/quality", word).json()["ppi_source"] == "given"
        assert sent(browser, "/v1/enroll", word, "reference", subject="A").status_code == 201
        word = captured(browser, reader, print_of("A_01.bmp"))
        assert sent(browser, "/v1/verify", word, subject="A").json()["decision"] == "match"
        assert sent(browser, "/v1/identify", word).json()["candidates"][0]["subject"] == "A"
        word = captured(browser, reader, print_of("B_01.bmp"))
        assert sent(browser, "/v1/verify", word, subject="A").json()["decision"] == "non-match"
        assert reader.opened == 1


def test_no_picture_of_a_finger_goes_to_the_browser(begin: Any, reader: Desk, print_of: Any) -> None:
    with begin() as service, signed_in(service, reader=True) as browser:
        reader.next = [print_of("A_00.bmp")]
        with events(browser) as seen:
            everything = list(seen)
    assert [name for name, _ in everything][-1] == "captured"
    assert set(everything[-1][1]) == {"capture"}
    assert len(json.dumps(everything)) < 200


def test_a_finger_is_asked_for_when_it_counts_and_others_are_answered_meanwhile(
    begin: Any, reader: Desk, print_of: Any
) -> None:
    with (
        begin() as service,
        signed_in(service, reader=True) as browser,
        signed_in(service, reader=True) as other,
        events(browser) as seen,
    ):
        assert next(seen) == ("ready", {})
        assert reader.waits.is_set()
        for _ in range(20):
            assert other.get("/v1/subjects").status_code == 200
        assert reader.waits.is_set()
        reader.next = [print_of("A_00.bmp")]
        assert next(seen)[0] == "captured"


def test_there_is_one_capture_at_a_time_and_others_are_told(begin: Any, reader: Desk, print_of: Any) -> None:
    with begin() as service, signed_in(service, reader=True) as browser, signed_in(service, reader=True) as other:
        with events(browser) as seen:
            next(seen)
            name, data = outcome(other)
            assert (name, data["error"]) == ("failed", "ReaderBusy")
            assert "in use by another page" in data["message"]
            reader.next = [print_of("A_00.bmp")]
            assert next(seen)[0] == "captured"
        captured(other, reader, print_of("A_00.bmp"))


def test_a_page_that_goes_away_ends_its_capture(begin: Any, reader: Desk, print_of: Any) -> None:
    with begin() as service, signed_in(service, reader=True) as other:
        with signed_in(service, reader=True) as browser, events(browser) as seen:
            next(seen)
        until(lambda: not reader.waits.is_set())
        until(lambda: outcome_or_busy(other, reader, print_of))


def outcome_or_busy(browser: httpx.Client, reader: Desk, print_of: Any) -> bool:
    reader.next = [print_of("A_00.bmp")]
    name, data = outcome(browser)
    assert name == "captured" or data["error"] == "ReaderBusy"
    return name == "captured"


@pytest.mark.parametrize("ends", ["sign out", "revoked", "narrowed"])
def test_a_session_that_ends_midway_gets_nothing(begin: Any, reader: Desk, print_of: Any, ends: str) -> None:
    with begin() as service, signed_in(service, reader=True) as browser:
        with events(browser) as seen:
            next(seen)
            if ends == "sign out":
                httpx.delete(service.url + "/v1/session", cookies=browser.cookies, headers=dict(browser.headers))
            elif ends == "narrowed":
                httpx.put(service.url + "/v1/session", cookies=browser.cookies, headers=dict(browser.headers))
            else:
                with service.store() as store:
                    store.api_keys.revoke("admin")
                reader.next = [print_of("A_00.bmp")]
            name, data = list(seen)[-1]
        if ends == "revoked":  # the word is there, and opens nothing
            assert sent(browser, "/v1/quality", data["capture"]).status_code == 401
        else:
            assert (name, data["error"]) == ("failed", "Unauthorized")
            until(lambda: not reader.waits.is_set())


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NoReader("no reader is called 'x'"), "no reader is connected"),
        (ReaderUnplugged("folder:/srv/secret place: went away"), "was unplugged"),
        (NothingCaptured("folder:/srv/secret place: no finger within 30 s"), "no finger"),
        (UnusableCapture("folder:/srv/secret place: gave 7 bytes"), "is no picture"),
        (ZeroDivisionError("folder:/srv/secret place"), "reader failed"),
    ],
)
def test_what_goes_wrong_at_the_reader_is_one_clear_line_and_it_works_on(
    begin: Any, reader: Desk, print_of: Any, error: Exception, said: str
) -> None:
    with begin() as service, signed_in(service, reader=True) as browser:
        reader.next = [error]
        name, data = outcome(browser)
        expected = type(error).__name__ if isinstance(error, FpverifyError) else "ReaderError"
        assert (name, data["error"]) == ("failed", expected)
        assert said in data["message"]
        assert "\n" not in data["message"]
        assert "secret" not in json.dumps(data) + service.log.getvalue()
        captured(browser, reader, print_of("A_00.bmp"))


def test_a_reader_that_failed_is_opened_anew(begin: Any, reader: Desk, print_of: Any) -> None:
    with begin() as service, signed_in(service, reader=True) as browser:
        captured(browser, reader, print_of("A_00.bmp"))
        reader.next = [NothingCaptured("nothing")]
        assert outcome(browser)[1]["error"] == "NothingCaptured"
        assert (reader.opened, reader.closed) == (1, 0)
        reader.next = [ReaderUnplugged("gone")]
        outcome(browser)
        assert reader.closed == 1
        captured(browser, reader, print_of("A_00.bmp"))
        assert reader.opened == 2


def test_a_word_is_for_the_session_that_it_was_made_for(begin: Any, reader: Desk, print_of: Any) -> None:
    with begin() as service, signed_in(service, reader=True) as browser, signed_in(service, reader=True) as other:
        word = captured(browser, reader, print_of("A_00.bmp"))
        for stranger in (word, "nonsense", "x" * 100_000, "\u00e9"):
            refused = sent(other, "/v1/quality", stranger)
            assert (refused.status_code, refused.json()["error"]) == (410, "CaptureGone")
        by_key = service.ask("POST", "/v1/quality", files={"probe": ("capture", word.encode(), MEDIA_TYPE)})
        assert by_key.json()["error"] == "CaptureGone"
        assert sent(browser, "/v1/quality", word).status_code == 200
        assert browser.delete(PATH).status_code == 204
        assert sent(browser, "/v1/quality", word).status_code == 410


def test_what_a_kiosk_captured_is_looked_at_once_and_what_was_before_is_gone(
    begin: Any, reader: Desk, print_of: Any
) -> None:
    with begin() as service, signed_in(service, reader=True) as browser:
        before = captured(browser, reader, print_of("A_00.bmp"))
        browser.put("/v1/session")
        assert sent(browser, "/v1/quality", before).status_code == 410
        word = captured(browser, reader, print_of("A_00.bmp"))
        assert sent(browser, "/v1/identify", word).status_code == 200
        assert sent(browser, "/v1/identify", word).status_code == 410


def test_only_the_services_own_page_may_ask(begin: Any, reader: Desk) -> None:
    with begin(origins=(ELSEWHERE,)) as service, signed_in(service, reader=True) as browser:
        for told_ in ({"Origin": ELSEWHERE}, {"X-Fpverify-Page": ""}, {"Sec-Fetch-Site": "cross-site"}):
            assert browser.post(PATH, headers=told_).json()["error"] == "ForeignPage"
        assert service.ask("POST", PATH, None, headers=PAGE).status_code == 401
        by_key = service.ask("POST", PATH, "admin")
        assert (by_key.status_code, by_key.json()["error"]) == (422, "InvalidRequest")
        asked = {"Origin": ELSEWHERE, "Access-Control-Request-Method": "POST"}
        opened = service.ask("OPTIONS", PATH, None, headers=asked)
        assert "access-control-allow-origin" not in opened.headers
        assert not reader.opened


def test_a_service_without_a_reader_says_so(service: Any) -> None:
    with signed_in(service) as browser:
        refused = browser.post(PATH)
        assert (refused.status_code, refused.json()["error"]) == (404, "NoReader")


def test_who_never_reads_what_is_told_holds_the_reader_no_longer_than_a_finger_takes(
    begin: Any, reader: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    monkeypatch.setattr("fpverify.service.routes.reader.TIMEOUT_S", 1.5)
    with begin() as service, signed_in(service, reader=True) as browser:
        host, _, port = service.url.removeprefix("http://").partition(":")
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        lines = [f"POST {PATH} HTTP/1.1", f"Host: {host}:{port}", f"Origin: {service.url}", f"Cookie: {cookie}"]
        lines += ["X-Fpverify-Page: 1", "Content-Length: 0", "", ""]
        with socket.create_connection((host, int(port))) as wire:
            wire.sendall("\r\n".join(lines).encode())
            assert reader.waits.wait(LONG_S)
            until(lambda: not reader.waits.is_set())
            until(lambda: outcome(browser)[1].get("error") == "NothingCaptured")


def scan(side: int) -> Scan:
    return Scan(np.zeros((side, side), np.uint8), 500.0)


def test_captures_are_few_and_short_lived() -> None:
    from fpverify.service import captures

    now = [0.0]
    kept = Captures(lambda: now[0])
    words = [kept.hold("one", scan(8)) for _ in range(captures.MOST + 3)]
    assert [kept.of("one", word) is not None for word in words] == [False] * 3 + [True] * captures.MOST
    now[0] += captures.LASTS_S
    assert kept.of("one", words[-1]) is None
    assert len(kept) == 0


def test_whoever_captures_much_takes_no_room_from_others() -> None:
    kept = Captures()
    desk = kept.hold("desk", scan(500))
    greedy = [kept.hold("greedy", scan(4000)) for _ in range(12)]
    assert kept.of("desk", desk) is not None
    assert [kept.of("greedy", word) is not None for word in greedy] == [False] * 9 + [True] * 3
