"""The page in a real browser, against a real server: driven over Chromium's debugging pipe."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import pytest
from PIL import Image

CHROMIUM = os.environ.get("FPVERIFY_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="no chromium on the path, and none in FPVERIFY_CHROMIUM")
PAGE = files("fpverify") / "service" / "page"
SAMPLES = Path(str(files("fpverify") / "samples"))
PATIENCE_S = 60.0
AS_3_AND_4 = (  # the descriptors from which Chromium reads commands, and to which it writes answers
    "import fcntl, os, sys; read, write = (fcntl.fcntl(int(word), fcntl.F_DUPFD, 10) for word in sys.argv[1:3]); "
    "os.dup2(read, 3); os.dup2(write, 4); os.execv(sys.argv[3], sys.argv[3:])"
)


# --- a browser ------------------------------------------------------------------------------------------------------


class Browser:
    """One tab of a headless Chromium.

    Attributes:
        complaints: what the console and the security policy said, in order.
        requests: addresses that were asked for.
    """

    def __init__(self, profile: Path) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        commands, self._write = os.pipe()
        self._read, answers = os.pipe()
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-c", AS_3_AND_4, str(commands), str(answers), str(CHROMIUM), "--headless"),
                *("--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--remote-debugging-pipe"),
                *(f"--user-data-dir={profile}", "about:blank"),
            ],
            pass_fds=(commands, answers),
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(answers)
        self._number, self._rest, self._session = 0, b"", ""
        tab = next(one for one in self.ask("Target.getTargets")["targetInfos"] if one["type"] == "page")
        self._session = self.ask("Target.attachToTarget", targetId=tab["targetId"], flatten=True)["sessionId"]
        for part in ("Page", "Runtime", "Log", "Network", "DOM"):
            self.ask(f"{part}.enable")

    def ask(self, method: str, **parameters: object) -> dict[str, Any]:
        """The result of a command; events on the way are noted."""
        self._number += 1
        command = {"id": self._number, "method": method, "params": parameters}
        command |= {"sessionId": self._session} if self._session else {}
        os.write(self._write, json.dumps(command).encode() + b"\0")
        while True:
            message = self._message()
            if message.get("id") == self._number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result
            self._note(message.get("method"), message.get("params", {}))

    def open(self, url: str, width: int = 1200, height: int = 900, scheme: str = "light") -> None:
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.ask("Page.navigate", url=url)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def value(self, script: str) -> Any:
        done = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def wait(self, script: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while not self.value(script):
            assert time.monotonic() < end, f"never: {script}; {self.value('document.body.innerText')}"
            time.sleep(0.02)

    def pick(self, field: str, *paths: Path) -> None:
        root = self.ask("DOM.getDocument")["root"]["nodeId"]
        node = self.ask("DOM.querySelector", nodeId=root, selector=f"#{field}")["nodeId"]
        self.ask("DOM.setFileInputFiles", nodeId=node, files=[str(path) for path in paths])

    def type(self, text: str) -> None:
        self.ask("Input.insertText", text=text)

    def press(self, key: str, code: int, text: str = "") -> None:
        for kind in ("keyDown", "keyUp"):
            more = {"text": text} if text and kind == "keyDown" else {}
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **more)

    def picture(self, path: Path) -> Path:
        """Of the whole page."""
        size = self.ask("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        shot = self.ask("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))
        return path

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE_S)
        os.close(self._write)
        os.close(self._read)

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            more = os.read(self._read, 1 << 16)
            assert more, "the browser ended"
            self._rest += more
        first, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(first)
        return message

    def _note(self, event: str | None, said: dict[str, Any]) -> None:
        if event == "Runtime.exceptionThrown":
            self.complaints.append(said["exceptionDetails"]["text"])
        elif event == "Runtime.consoleAPICalled":
            self.complaints.append(str(said["args"]))
        elif (
            event == "Log.entryAdded" and "status of 4" not in said["entry"]["text"]
        ):  # refusals are the page's to show
            self.complaints.append(said["entry"]["text"])
        elif event == "Network.requestWillBeSent":
            self.requests.append(said["request"]["url"])


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    browser = Browser(tmp_path / "profile")
    yield browser
    browser.close()


# --- a server -------------------------------------------------------------------------------------------------------


@pytest.fixture
def service(tmp_path: Path, release_model: str) -> Iterator[tuple[str, str]]:
    """Its address, and a key that allows everything; nobody is enrolled."""
    pytest.importorskip("fastapi")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    program, keys = [sys.executable, "-m", "fpverify"], f"--api-keys={tmp_path / 'keys.json'}"
    made = [*program, "api-keys", "new", "--name=test", "--scope=admin", keys]
    key = subprocess.run(made, capture_output=True, text=True, check=True, env=environment).stdout.strip()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [*program, "serve", f"--port={port}", keys, f"--db={tmp_path / 'store'}", "--model", release_model]
    with subprocess.Popen([*words, "--threads=1"], stderr=subprocess.DEVNULL, env=environment) as process:
        wait_for(f"http://127.0.0.1:{port}/health/live", process)
        yield f"http://127.0.0.1:{port}", key
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and process.poll() is None:
        try:
            with urlopen(url, timeout=1):  # noqa: S310 - our own server
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server does not answer")


# --- what a visitor does --------------------------------------------------------------------------------------------


class Visitor:
    """Somebody at the page."""

    def __init__(self, browser: Browser, url: str, key: str) -> None:
        self.browser = browser
        browser.open(url + "/")
        self.fill("key", key)

    def fill(self, field: str, text: str) -> None:
        self.browser.value(f"document.getElementById({field!r}).value = {json.dumps(text)}")

    def choose(self, action: str) -> None:
        self.browser.value(f"document.querySelector('input[value={action}]').click()")

    def send(self) -> str:
        """What the page says: the decision, or an error."""
        self.browser.value("document.getElementById('send').click()")
        self.browser.wait("!document.getElementById('send').disabled")
        return str(
            self.browser.value(
                "['error', 'decision'].map((id) => document.getElementById(id)).filter((e) => e.checkVisibility())"
                ".map((e) => e.innerText).join('|')"
            )
        )

    def text(self, part: str) -> str:
        return str(self.browser.value(f"document.getElementById({part!r}).innerText"))

    def focused(self) -> str:
        return str(self.browser.value("document.activeElement.id"))


@needs_chromium
@pytest.mark.slow
def test_a_visitor_enrolls_and_is_told_match_non_match_and_errors(
    service: tuple[str, str], browser: Browser, tmp_path: Path
) -> None:
    visitor = Visitor(browser, *service)
    browser.pick("scan", SAMPLES / "A_1.bmp")
    visitor.fill("subject", "Zoë <b>")

    assert "'Zoë <b>'" in visitor.send()
    assert visitor.focused() == "error"

    visitor.choose("enroll")
    assert visitor.send() == "✓ Enrolled"
    assert "Zoë <b>" in visitor.text("about")
    assert visitor.focused() == "decision"

    visitor.choose("verify")
    browser.pick("scan", SAMPLES / "A_2.bmp")
    visitor.fill("fmr", "0,1 %")
    assert visitor.send() == "✓ Match"
    assert browser.value("document.getElementById('result').className") == "yes"
    assert "FMR" in visitor.text("facts")
    assert "threshold" in visitor.text("gauge") or browser.value("document.querySelector('#gauge svg') !== null")
    browser.wait("document.querySelector('#picture img').naturalWidth > 100")
    match = browser.picture(tmp_path / "match.png")

    browser.pick("scan", SAMPLES / "B_1.bmp")
    assert visitor.send() == "✕ Non-match"
    assert browser.value("document.getElementById('result').className") == "no"
    assert visitor.focused() == "decision"

    visitor.choose("identify")
    assert visitor.send() == "✕ Non-match"
    browser.pick("scan", SAMPLES / "A_2.bmp")
    assert visitor.send() == "✓ Match"
    assert "Zoë <b>" in visitor.text("candidates")

    visitor.choose("compare")
    assert "second scan" in visitor.send()
    assert visitor.focused() == "second"
    browser.pick("second", SAMPLES / "A_1.bmp")
    assert visitor.send() == "✓ Match"
    browser.wait("document.querySelector('#picture img').naturalWidth > 100")

    visitor.fill("key", "wrong")
    assert "key" in visitor.send()
    assert browser.complaints == []
    assert [url for url in browser.requests if not url.startswith((service[0], "data:", "blob:"))] == []
    with Image.open(match) as picture:
        pixels = np.asarray(picture.convert("RGB"), np.float32)[100:]
    green = (pixels[..., 1] > pixels[..., 0] + 30).mean()
    assert green > 0.001


@needs_chromium
@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_all_of_it_in_both_colour_schemes(
    service: tuple[str, str], browser: Browser, tmp_path: Path, scheme: str
) -> None:
    visitor = Visitor(browser, *service)
    browser.open(service[0] + "/", width=360, height=740, scheme=scheme)
    visitor.fill("key", service[1])
    visitor.choose("compare")
    browser.pick("scan", SAMPLES / "A_1.bmp")
    browser.pick("second", SAMPLES / "A_2.bmp")
    assert visitor.send() == "✓ Match"
    assert browser.value("document.documentElement.scrollWidth") <= 360
    browser.wait("document.querySelector('#picture img').naturalWidth > 100")
    with Image.open(browser.picture(tmp_path / "phone.png")) as picture:
        paper = picture.convert("L").getpixel((2, picture.height - 2))
    assert (paper > 128) is (scheme == "light")


@needs_chromium
@pytest.mark.slow
def test_the_keyboard_is_enough(service: tuple[str, str], browser: Browser) -> None:
    visitor = Visitor(browser, *service)
    browser.value("document.getElementById('key').focus()")
    browser.press("Tab", 9)
    browser.press("ArrowRight", 39)
    assert browser.value("document.querySelector('input[name=action]:checked').value") == "enroll"
    browser.press("Tab", 9)
    assert visitor.focused() == "scan"
    browser.pick("scan", SAMPLES / "A_1.bmp")
    browser.press("Tab", 9)
    assert visitor.focused() == "subject"
    browser.type("A")
    browser.press("Enter", 13, "\r")
    browser.wait("document.activeElement.id === 'decision'")
    assert visitor.text("decision") == "✓ Enrolled"


@needs_chromium
@pytest.mark.slow
def test_the_key_is_nowhere_but_in_the_page(service: tuple[str, str], browser: Browser) -> None:
    visitor = Visitor(browser, *service)
    browser.pick("scan", SAMPLES / "A_1.bmp")
    visitor.choose("identify")
    assert visitor.send() == "✕ Non-match"
    kept = "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])"
    assert service[1] not in browser.value(kept)
    assert all(service[1] not in url for url in browser.requests)
    browser.open(service[0] + "/")
    assert browser.value("document.getElementById('key').value") == ""


# --- the files ------------------------------------------------------------------------------------------------------


class Parts(HTMLParser):
    """What a strict policy forbids, and controls without a label."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forbidden: list[str] = []
        self.addresses: list[str] = []
        self.controls: set[str] = set()
        self.labelled: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.forbidden += [f"{tag} {name}" for name in given if name == "style" or name.startswith("on")]
        self.forbidden += [tag] if tag == "style" or (tag == "script" and "src" not in given) else []
        self.addresses += [str(given[name]) for name in ("src", "href", "action") if name in given]
        if tag in {"input", "select", "textarea"} and given.get("type") != "radio":
            self.controls.add(str(given.get("id")))
        if tag == "label" and "for" in given:
            self.labelled.add(str(given["for"]))


def test_the_page_has_nothing_inline_and_asks_nobody_else() -> None:
    parts = Parts((PAGE / "index.html").read_text(encoding="utf-8"))
    assert parts.forbidden == []
    assert set(parts.addresses) == {"data:,", "/page/page.css", "/page/page.js"}
    for name in ("page.css", "page.js"):
        text = (PAGE / name).read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http" not in text.replace("HTTP", "")
        assert "innerHTML" not in text


def test_something_inline_would_be_found() -> None:
    parts = Parts('<p onclick="x()" style="x"><script>x</script><style></style><input id="a"><label for="b">')
    assert parts.forbidden == ["p onclick", "p style", "script", "style"]
    assert parts.controls - parts.labelled == {"a"}


def test_every_control_has_a_label() -> None:
    parts = Parts((PAGE / "index.html").read_text(encoding="utf-8"))
    assert len(parts.controls) > 8
    assert parts.controls == parts.labelled


@pytest.mark.parametrize("name", ["index.html", "page.js"])
def test_the_page_uses_every_element_that_it_names(name: str) -> None:
    page = (PAGE / "index.html").read_text(encoding="utf-8")
    script = (PAGE / "page.js").read_text(encoding="utf-8")
    named = {part.split('"')[0] for part in script.split('byId("')[1:]}
    assert len(named) > 8
    assert [one for one in named if f'id="{one}"' not in page] == []
