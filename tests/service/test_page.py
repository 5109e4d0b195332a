"""The page in a real browser, driven by its keyboard over the DevTools protocol."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

websocket = pytest.importorskip("websocket")

CHROMIUM = os.environ.get("FPVERIFY_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no chromium on the path, and none in FPVERIFY_CHROMIUM")
WAIT_S = 30.0
SAMPLES = Path(__file__).parents[2] / "fpverify" / "samples"
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")


class Browser:
    """One page of a browser.

    Attributes:
        complaints: what the browser wrote on its console.
    """

    def __init__(self, port: int) -> None:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
            target = next(one for one in json.load(answer) if one["type"] == "page")
        self._wire = websocket.create_connection(target["webSocketDebuggerUrl"], timeout=WAIT_S, suppress_origin=True)
        self._number = 0
        self.complaints: list[str] = []
        for domain in ("Page", "Runtime", "Log", "DOM"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        self._wire.close()

    def call(self, method: str, **given: Any) -> dict[str, Any]:
        self._number += 1
        self._wire.send(json.dumps({"id": self._number, "method": method, "params": given}))
        while True:
            message = json.loads(self._wire.recv())
            if message.get("method") == "Log.entryAdded":
                self.complaints.append(message["params"]["entry"]["text"])
            if message.get("id") == self._number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result

    def value(self, script: str) -> Any:
        return self.call("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def until(self, script: str) -> None:
        end = time.monotonic() + WAIT_S
        while not self.value(script):
            assert time.monotonic() < end, f"{script}: {self.value('document.body.innerText')}"
            time.sleep(0.05)

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)
        self.until("document.readyState === 'complete' && !!document.getElementById('request')")

    def pick(self, field: str, file: Path) -> None:
        found = self.call("Runtime.evaluate", expression=f"document.getElementById('{field}')")["result"]
        self.call("DOM.setFileInputFiles", files=[str(file)], objectId=found["objectId"])

    def write(self, field: str, text: str) -> None:
        self.value(f"document.getElementById('{field}').value = ''; document.getElementById('{field}').focus()")
        self.call("Input.insertText", text=text)

    def press(self, key: str, code: int) -> None:
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, text="\r", windowsVirtualKeyCode=code)

    def choose(self, action: str) -> None:
        self.value(f"document.querySelector('input[value={action}]').click()")

    def send(self, action: str) -> str:
        """What the page answers, in its result or its error."""
        self.choose(action)
        self.value("document.getElementById('result').hidden = document.getElementById('error').hidden = true")
        self.value("document.getElementById('send').focus()")
        self.press("Enter", 13)
        self.until("!document.getElementById('result').hidden || !document.getElementById('error').hidden")
        self.until("!document.getElementById('send').disabled")
        shown: str = self.value("['result', 'error'].map((id) => document.getElementById(id).innerText).join(' ')")
        return shown.strip()

    def screenshot(self, path: Path) -> None:
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    command = [str(CHROMIUM), *FLAGS, "--remote-debugging-port=0", f"--user-data-dir={tmp_path / 'profile'}"]
    process = subprocess.Popen([*command, "about:blank"], stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        port = next(int(found[1]) for line in process.stderr if (found := re.search(r"ws://127.0.0.1:(\d+)/", line)))
        with closing(Browser(port)) as opened:
            yield opened
    finally:
        process.terminate()
        process.communicate(timeout=WAIT_S)


def test_a_finger_is_enrolled_matched_and_told_from_another(
    start: Any, release_model: str, browser: Browser, tmp_path: Path
) -> None:
    with start(release_model) as service:
        browser.open(service.url)
        browser.write("subject", "<b>Eve</b>")
        browser.pick("scan", SAMPLES / "A_1.bmp")
        assert "key" in browser.send("verify").lower()
        browser.write("key", service.keys["admin"])
        assert "<b>Eve</b>" in browser.send("enroll")
        browser.pick("scan", SAMPLES / "A_2.bmp")
        matched = browser.send("verify")
        assert matched.lower().lstrip("✓ ").startswith("match")
        browser.screenshot(tmp_path / "match.png")
        assert browser.value("document.querySelector('#picture img').naturalWidth") > 100
        assert browser.value("document.activeElement.id") == "decision"
        browser.pick("scan", SAMPLES / "B_1.bmp")
        assert "non-match" in browser.send("verify").lower()
        browser.screenshot(tmp_path / "non-match.png")
        assert "<b>Eve</b>" not in browser.value("document.body.innerHTML")
        browser.pick("second", SAMPLES / "A_2.bmp")
        browser.pick("scan", SAMPLES / "A_1.bmp")
        assert "match" in browser.send("compare").lower()
        assert "<b>Eve</b>" in browser.send("identify")
        browser.choose("verify")
        browser.write("subject", "nobody")
        assert "no subject 'nobody'" in browser.send("verify").lower()
        browser.screenshot(tmp_path / "error.png")
    assert browser.value("[...document.querySelectorAll('input, select')].every((one) => one.labels.length > 0)")
    assert browser.value("localStorage.length + sessionStorage.length + document.cookie.length") == 0
    assert not [text for text in browser.complaints if "Content Security Policy" in text]


def test_the_policy_allows_nothing_from_elsewhere(service: Any) -> None:
    answer = service.ask("GET", "/", None)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    for path in ("/", "/page/page.css", "/page/page.js"):
        part = service.ask("GET", path, None)
        assert part.status_code == 200
        assert not re.search(r"https?://(?!www\.w3\.org)", part.text)
