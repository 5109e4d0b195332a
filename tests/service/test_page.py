"""The page in a real browser, driven by its keyboard over the DevTools protocol."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("websocket")

from browser import CHROMIUM, Browser, running_browser

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no chromium on the path, and none in FPVERIFY_CHROMIUM")
SAMPLES = Path(__file__).parents[2] / "fpverify" / "samples"


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with running_browser(tmp_path / "profile") as browser:
        yield browser


def test_a_finger_is_enrolled_matched_and_told_from_another(
    start: Any, release_model: str, browser: Browser, tmp_path: Path
) -> None:
    with start(release_model) as service:
        browser.open(f"{service.url}/", "!!document.getElementById('request')")
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
        browser.write("key", service.keys["enroll"])
        assert "is enrolled: a finger is added with proof" in browser.send("enroll")
        browser.pick("proof", SAMPLES / "A_2.bmp")
        assert "Impression 2 of <b>Eve</b>" in browser.send("enroll")
        browser.choose("verify")
        browser.write("subject", "nobody")
        assert "no such subject in the store" in browser.send("verify").lower()
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
