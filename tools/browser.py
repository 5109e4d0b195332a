"""Chromium without a window, driven over its DevTools protocol: for pictures of pages, and for tests of one."""

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
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import websocket

CHROMIUM = os.environ.get("FPVERIFY_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
WAIT_S = 60.0
KEYS = {  # number of a key, and the character that it gives
    "Tab": (9, ""),
    "Enter": (13, "\r"),
    "Escape": (27, ""),
    "Space": (32, " "),
    "ArrowUp": (38, ""),
    "ArrowDown": (40, ""),
}
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
        """Lets the browser go on alone."""
        self._wire.close()

    def call(self, method: str, **given: Any) -> dict[str, Any]:
        """The result of a method of the protocol."""
        self._number += 1
        self._wire.send(json.dumps({"id": self._number, "method": method, "params": given}))
        while True:
            message = json.loads(self._wire.recv())
            if message.get("method") == "Log.entryAdded":
                self.complaints.append(message["params"]["entry"]["text"])
            if message.get("id") == self._number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                result: dict[str, Any] = message["result"]
                return result

    def value(self, script: str) -> Any:
        """The value of an expression on the page; of a promise, what it comes to."""
        asked = {"expression": script, "returnByValue": True, "awaitPromise": True}
        return self.call("Runtime.evaluate", **asked)["result"].get("value")

    def until(self, script: str, wait_s: float = WAIT_S) -> None:
        """Waits until an expression on the page is true.

        Raises:
            TimeoutError: it has not become true; says what the page shows.
        """
        end = time.monotonic() + wait_s
        while not self.value(script):
            if time.monotonic() > end:
                raise TimeoutError(f"{script}: {self.value('document.body.innerText')}")
            time.sleep(0.05)

    def open(self, url: str, ready: str = "document.body.childElementCount > 0") -> None:
        """Shows a page, and waits until it is loaded and `ready` is true of it."""
        self.call("Page.navigate", url=url)
        self.until(f"location.href === {json.dumps(url)} && document.readyState === 'complete' && ({ready})")

    def pick(self, field: str, file: Path) -> None:
        """Chooses a file in a field for files, by its id."""
        self.give(f"document.getElementById('{field}')", file)

    def give(self, field: str, *files: Path) -> None:
        """Chooses files in a field for files, by an expression for it."""
        found = self.call("Runtime.evaluate", expression=field)["result"]
        self.call("DOM.setFileInputFiles", files=[str(file) for file in files], objectId=found["objectId"])

    def write(self, field: str, text: str) -> None:
        """Puts text into a field, by its id."""
        self.value(f"document.getElementById('{field}').value = ''; document.getElementById('{field}').focus()")
        self.call("Input.insertText", text=text)

    def press(self, *keys: str, shift: bool = False) -> None:
        """Presses keys one after the other, each by its name, such as Tab, Enter, Space, ArrowDown or Escape."""
        for key in keys:
            number, text = KEYS[key]
            given = {"key": text or key, "code": key, "windowsVirtualKeyCode": number, "modifiers": 8 * shift}
            self.call("Input.dispatchKeyEvent", type="keyDown", **given, **({"text": text} if text else {}))
            self.call("Input.dispatchKeyEvent", type="keyUp", **given)

    def type(self, text: str) -> None:
        """Puts text in where the focus is."""
        self.call("Input.insertText", text=text)

    def scheme(self, name: str) -> None:
        """Lets the page believe that its user likes it `light` or `dark`."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def size(self, width_px: int, height_px: int, scale: float = 1.0) -> None:
        """Makes the window so large in CSS pixels, of `scale` pixels of a screenshot, and its scroll bars invisible."""
        metrics = {"width": width_px, "height": height_px, "deviceScaleFactor": scale, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **metrics)
        self.call("Emulation.setScrollbarsHidden", hidden=True)

    def screenshot(self, path: Path) -> None:
        """Writes what the window shows, as PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))


@contextmanager
def running_browser(profile: Path) -> Iterator[Browser]:
    """A browser that ends with the block.

    Args:
        profile: a new folder for its files.
    """
    command = [str(CHROMIUM), *FLAGS, "--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        lines = process.stderr or ()
        port = next(int(found[1]) for line in lines if (found := re.search(r"ws://127.0.0.1:(\d+)/", line)))
        with closing(Browser(port)) as browser:
            yield browser
    finally:
        process.terminate()
        process.communicate(timeout=WAIT_S)
