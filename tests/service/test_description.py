"""What the service says of itself: to programs, which form requests by it, and to people, in a browser."""

from __future__ import annotations

import re
import urllib.request
from pathlib import Path
from typing import Any

import pytest


def described(service: Any) -> dict[str, Any]:
    answer: dict[str, Any] = service.ask("GET", "/openapi.json", None).json()
    return answer


def header_of(schema: dict[str, Any], path: str, method: str, key: str) -> dict[str, str]:
    """The header that a generated client sends, by the security scheme of an operation."""
    (needed,) = schema["paths"][path][method]["security"]
    (name,) = needed
    scheme = schema["components"]["securitySchemes"][name]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    return {"Authorization": f"Bearer {key}"}


def test_a_request_that_is_formed_from_the_description_is_authenticated(service: Any) -> None:
    schema = described(service)
    for path, method in (("/v1/subjects", "get"), ("/v1/locks", "get"), ("/metrics", "get")):
        header = header_of(schema, path, method, service.keys["admin"])
        request = urllib.request.Request(service.url + path, headers=header, method=method.upper())  # noqa: S310
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            assert answer.status == 200


def test_every_route_that_asks_for_a_key_says_so_and_no_other(service: Any) -> None:
    for path, operations in described(service)["paths"].items():
        for operation in operations.values():
            assert ("security" in operation) == (path.startswith("/v1/") or path == "/metrics"), path


def test_every_operation_says_the_scope_it_takes(service: Any) -> None:
    paths = described(service)["paths"]
    for path, method, scope in (
        ("/v1/verify", "post", "verify"),
        ("/v1/compare", "post", "scores"),
        ("/v1/impressions", "get", "enroll"),
        ("/v1/impressions", "put", "admin"),
        ("/metrics", "get", "admin"),
    ):
        assert f"a key of the scope `{scope}`" in paths[path][method]["description"]
    assert "scope" not in paths["/health/live"]["get"]["description"]


def test_open_metrics_are_described_without_a_key(start: Any) -> None:
    with start(open_metrics=True) as service:
        assert "security" not in described(service)["paths"]["/metrics"]["get"]
        assert service.ask("GET", "/metrics", None).status_code == 200


def test_the_page_of_the_routes_comes_from_here_alone(service: Any) -> None:
    pytest.importorskip("fastapi_offline")
    page = service.ask("GET", "/docs", None)
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert not re.search(r"https?:", page.text)
    for part in re.findall(r'(?:src|href)="(docs/[^"]+)"', page.text):
        assert service.ask("GET", f"/{part}", None).status_code == 200


def test_without_swagger_ui_that_is_said(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fpverify.service.routes.documentation.ASSETS", "fpverify_nothing_of_this_name")
    answer = service.ask("GET", "/docs/swagger-ui.css", None)
    assert answer.status_code == 404
    assert "pip install" in answer.json()["message"]


@pytest.mark.slow
def test_the_page_of_the_routes_shows_them_in_a_browser_and_asks_nobody_else(service: Any, tmp_path: Path) -> None:
    pytest.importorskip("websocket")
    pytest.importorskip("fastapi_offline")
    from browser import CHROMIUM, running_browser

    if not CHROMIUM:
        pytest.skip("no chromium on the path, and none in FPVERIFY_CHROMIUM")
    with running_browser(tmp_path / "profile") as browser:
        browser.open(f"{service.url}/docs", "document.querySelectorAll('.opblock').length > 10")
        shown = browser.value("document.body.innerText")
        asked = browser.value("performance.getEntriesByType('resource').map((one) => one.name)")
        browser.value("document.querySelector('.opblock-summary-control').click()")
        browser.until("document.querySelector('.opblock-body') !== null")
        browser.value("document.querySelector('.btn.authorize').click()")
        browser.until("document.querySelector('.auth-container input') !== null")
        kept = browser.value("localStorage.length + sessionStorage.length + document.cookie.length")
        browser.screenshot(tmp_path / "docs.png")
    assert "/v1/verify" in shown
    assert f"{service.url}/openapi.json" in asked
    assert [one for one in asked if not one.startswith((service.url, "data:"))] == []
    assert kept == 0
    assert [text for text in browser.complaints if "Content Security Policy" in text] == []
