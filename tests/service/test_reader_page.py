"""The server's reader in the page: a service in a process of its own, libfprint's virtual device, a browser."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

pytest.importorskip("fastapi")
pytest.importorskip("websocket")

from browser import CHROMIUM, Browser, running_browser
from page_visit import Visit
from signed_in import PAGE
from virtual_reader import REMOVE, command, require_libfprint, show

from fpverify.service.api_keys import Scope, new_key
from fpverify.service.routes import reader
from fpverify.store import Store

pytestmark = pytest.mark.slow

SAMPLES = Path(__file__).parents[2] / "fpverify" / "samples"
DESK, PHONE = (1280, 800), (390, 844)
START_S = 90.0
ASKS = "Put the finger on the reader."
WAITING = """
import sys
from fpverify.cli import main
from fpverify.service.routes import reader

reader.TIMEOUT_S = {}
sys.exit(main(["serve", *sys.argv[1:]]))
"""

needs_browser = pytest.mark.skipif(not CHROMIUM, reason="no chromium on the path, and none in FPVERIFY_CHROMIUM")


@dataclass(frozen=True)
class Served:
    """A service that has a reader.

    Attributes:
        url: where it answers.
        keys: by scope.
        place: of the virtual device's socket.
    """

    url: str
    keys: dict[str, str]
    place: Path

    def touch(self, name: str) -> None:
        """Puts a sample's finger on the reader."""
        show(self.place, np.asarray(Image.open(SAMPLES / f"{name}.bmp").convert("L")))


@pytest.fixture
def served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, release_model: str, request: pytest.FixtureRequest
) -> Iterator[Served]:
    """A service, which waits for a finger as long as services do, or for so many seconds."""
    monkeypatch.chdir(tmp_path)
    place = require_libfprint(tmp_path, monkeypatch)
    with Store.open("db", key="none") as store:
        keys = {scope.word: new_key(store, scope.word, scope) for scope in Scope}
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = ["--db", "db", "--key", "none", "--threads", "1", "--port", str(port), "--reader", "--reader-ppi", "500"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    program = WAITING.format(getattr(request, "param", reader.TIMEOUT_S))
    process = subprocess.Popen([sys.executable, "-c", program, *words], stderr=subprocess.DEVNULL, env=environment)
    try:
        url = f"http://127.0.0.1:{port}"
        end_s = time.monotonic() + START_S
        while not answers(f"{url}/health/ready"):
            assert process.poll() is None
            assert time.monotonic() < end_s
            time.sleep(0.1)
        yield Served(url, keys, place)
    finally:
        process.terminate()
        assert process.wait(30) == 0


def answers(url: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(url):  # noqa: S310 - the service that was started here
        return True
    return False


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with running_browser(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def tab(browser: Browser) -> Iterator[Browser]:
    browser.size(*DESK)
    browser.complaints.clear()
    yield browser
    browser.call("Network.clearBrowserCookies")
    assert not [text for text in browser.complaints if "Policy" in text or "Uncaught" in text]


@needs_browser
@pytest.mark.parametrize("size", [DESK, pytest.param(PHONE, marks=pytest.mark.thorough)])
def test_somebody_is_enrolled_touch_after_touch_verified_and_identified(
    served: Served, tab: Browser, size: tuple[int, int]
) -> None:
    tab.size(*size)
    visit = Visit(tab, served.url)
    visit.sign_in(served.keys["admin"])
    visit.press("a Enrol")
    visit.until("Right index: put it down flat")
    visit.write("input Person", "Eve")
    visit.press("button Use the reader")
    visit.until(ASKS)
    served.touch("A_1")
    visit.until(f"{ASKS} A little higher.")
    assert visit.focus == "button Stop"
    served.touch("B_1")
    visit.until(f"{ASKS} The same finger again: this one does not agree with the others.")
    served.touch("A_2")
    tab.until("document.querySelectorAll('.touch:not(.out)').length === 2")
    visit.until("Covered: 73 %")
    visit.until(ASKS)
    visit.press("button Stop")
    visit.until("Use the reader")
    assert "is left out" in visit.text
    assert tab.value("document.querySelectorAll('img').length") == 0
    visit.press("button Enrol Eve")
    visit.until("Eve is enrolled: 1 finger, 2 impressions.")
    visit.press("button Verify Eve")
    for name, said in (("A_2", "This is Eve"), ("B_1", "Not recognised as Eve")):
        visit.press("button Use the reader")
        visit.until(ASKS)
        served.touch(name)
        tab.until("!!document.querySelector('.chosen .quality')")
        visit.press("button Verify")
        visit.until(said)
    visit.press("a Identify")
    visit.until("Who is it")
    visit.press("button Use the reader")
    visit.until(ASKS)
    served.touch("A_1")
    visit.until("From the reader")
    visit.press("button Identify")
    visit.until("This is Eve")
    assert tab.value("document.documentElement.scrollWidth <= window.innerWidth")


@needs_browser
@pytest.mark.parametrize("mode", ["verify", "identify"])
def test_a_kiosk_waits_for_the_finger_by_itself(served: Served, tab: Browser, mode: str) -> None:
    enroll = [sys.executable, "-m", "fpverify", "enroll", str(SAMPLES / "A_1.bmp"), "--id", "Eve", "--db", "db"]
    subprocess.run([*enroll, "--key", "none"], check=True, capture_output=True)
    visit = Visit(tab, served.url)
    visit.sign_in(served.keys["admin"])
    visit.press("a Kiosk")
    visit.until("Start the kiosk")
    visit.tab_to("input The person's id")
    if mode == "identify":
        tab.press("ArrowDown")
    assert tab.value("document.querySelector('[name=from]:checked').value") == "reader"
    visit.press("button Start the kiosk")
    for name, said in (("B_1", "Not recognised"), ("A_2", "Welcome")):
        if mode == "verify":
            visit.until("Please enter your id")
            tab.type("Eve")
            tab.press("Enter")
        visit.until("Please put your finger on the reader")
        assert not tab.value("!!document.querySelector('input')")
        served.touch(name)
        visit.until(said)
        assert visit.focus == f"h1 {said}"
        assert ("Eve" in visit.text) == (said == "Welcome")
        visit.press("button Done")
    if mode == "verify":
        visit.until("Please enter your id")
        tab.type("Eve")
        tab.press("Enter")
    visit.until("Please put your finger on the reader")
    command(REMOVE)(served.place)
    visit.until("Not available")
    visit.press("button Done")
    visit.until("Please enter your id" if mode == "verify" else "Please put your finger on the reader")


@needs_browser
@pytest.mark.parametrize("served", [12.0], indirect=True)
def test_what_goes_wrong_at_the_reader_is_one_line_on_the_page(served: Served, tab: Browser) -> None:
    visit = Visit(tab, served.url)
    visit.sign_in(served.keys["verify"])
    visit.press("a Identify")
    visit.until("Who is it")
    visit.press("button Use the reader")
    visit.until(ASKS)
    command(REMOVE)(served.place)
    visit.until("The reader was unplugged. Plug it in, and try again.")
    visit.press("button Use the reader")
    visit.until(ASKS)  # it is plugged in again, and nobody comes
    tab.until("document.body.innerText.includes('No finger was put on the reader.')", 45)
    visit.press("button Use the reader")
    visit.until(ASKS)
    served.touch("A_1")
    visit.until("From the reader")


@needs_browser
def test_a_view_that_is_left_leaves_the_reader_to_others(served: Served, tab: Browser) -> None:
    visit = Visit(tab, served.url)
    visit.sign_in(served.keys["verify"])
    for _ in range(3):
        visit.press("a Identify")
        visit.until("Who is it")
        visit.press("button Use the reader")
        visit.until(ASKS)
        visit.press("a Verify")
        visit.until("Is it the person")
        time.sleep(1.0)  # in which the service hears of it
    tab.call("Page.reload")
    visit.until("Is it the person")
    visit.press("button Use the reader")
    visit.until(ASKS)
    tab.call("Page.reload")
    visit.until("Is it the person")
    time.sleep(1.0)
    visit.press("button Use the reader")
    visit.until(ASKS)
    served.touch("A_1")
    visit.until("From the reader")


@needs_browser
def test_a_reader_that_another_page_uses_is_said(served: Served, tab: Browser) -> None:
    visit = Visit(tab, served.url)
    visit.sign_in(served.keys["verify"])
    with httpx.Client(base_url=served.url, headers=PAGE | {"Origin": served.url}, timeout=60) as other:
        other.post("/v1/session", headers={"Authorization": f"Bearer {served.keys['verify']}"})
        with other.stream("POST", "/v1/reader/captures") as capture:
            lines = capture.iter_lines()  # kept: it closes the connection when it goes
            assert next(lines) == "event: ready"
            visit.press("button Use the reader")
            visit.until("The reader is in use by another page.")
            assert visit.focus == "button Use the reader"
        time.sleep(1.0)  # in which the service hears that it has gone
    visit.press("button Use the reader")
    visit.until(ASKS)
