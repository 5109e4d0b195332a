"""HEAD, OPTIONS, and pages of elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from fpverify.errors import SettingsError

DESK = "https://desk.example.org"


def test_head_is_get_without_the_body(service: Any) -> None:
    for path in ("/", "/health/live", "/v1/subjects", "/openapi.json"):
        got, headed = service.ask("GET", path), service.ask("HEAD", path)
        assert (headed.status_code, headed.content) == (200, b"")
        assert headed.headers["content-type"] == got.headers["content-type"]
        assert headed.headers["content-length"] == got.headers["content-length"]
    assert service.ask("HEAD", "/v1/subjects", None).status_code == 401
    assert service.ask("HEAD", "/v1/verify").status_code == 405
    assert '"method": "HEAD"' in service.log.getvalue()


def test_options_say_what_a_path_can_do_and_ask_for_no_key(service: Any) -> None:
    for path, allowed in (
        ("/v1/verify", "OPTIONS, POST"),
        ("/v1/locks", "DELETE, GET, HEAD, OPTIONS"),
        ("/health/live", "GET, HEAD, OPTIONS"),
    ):
        answer = service.ask("OPTIONS", path, None)
        assert (answer.status_code, answer.headers["allow"], answer.content) == (204, allowed, b"")
        assert service.ask("PUT" if "PUT" not in allowed else "TRACE", path).headers["allow"] == allowed
    assert service.ask("OPTIONS", "/v1/elsewhere", None).status_code == 401
    assert service.ask("OPTIONS", "/elsewhere", None).status_code == 404


def preflight(service: Any, path: str, origin: str = DESK, method: str = "POST") -> Any:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    asked["Access-Control-Request-Headers"] = "authorization,idempotency-key,content-type"
    return service.ask("OPTIONS", path, None, headers=asked)


def opening(answer: Any) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-allow")}


def test_no_page_of_elsewhere_may_ask_unless_it_is_named(service: Any) -> None:
    assert opening(preflight(service, "/v1/verify")) == {}
    assert opening(service.ask("GET", "/v1/subjects", headers={"Origin": DESK})) == {}


def test_pages_that_are_named_may_ask_and_no_others(start: Any) -> None:
    with start(origins=(DESK,)) as service:
        may = opening(preflight(service, "/v1/verify"))
        assert may["access-control-allow-origin"] == DESK
        assert "idempotency-key" in may["access-control-allow-headers"].lower()
        assert opening(service.ask("GET", "/v1/subjects", headers={"Origin": DESK})) == {
            "access-control-allow-origin": DESK
        }
        refused = service.ask("GET", "/v1/subjects", None, headers={"Origin": DESK})
        assert (refused.status_code, opening(refused)) == (401, {"access-control-allow-origin": DESK})
        for other in ("https://evil.example.org", "http://desk.example.org", f"{DESK}.evil.org", "null"):
            assert "access-control-allow-origin" not in opening(preflight(service, "/v1/verify", other))
            assert opening(service.ask("GET", "/v1/subjects", headers={"Origin": other})) == {}
        for path in ("/", "/docs", "/page/main.js", "/v1/session", "/metrics", "/health/live"):
            assert opening(service.ask("GET", path, headers={"Origin": DESK})) == {}
            assert opening(preflight(service, path, method="GET")) == {}


def test_no_password_of_a_browser_is_ever_let_in(start: Any) -> None:
    with start(origins=(DESK,)) as service:
        answers = [preflight(service, "/v1/verify"), service.ask("GET", "/v1/subjects", headers={"Origin": DESK})]
        assert [one for one in answers if "access-control-allow-credentials" in one.headers] == []
        assert [one for one in answers if "set-cookie" in one.headers] == []


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("https://Desk.example.org", DESK),
        ("https://desk.example.org/", DESK),
        ("https://desk.example.org:443", DESK),
        ("http://localhost:5173", "http://localhost:5173"),
        ("http://[::1]:80", "http://[::1]"),
    ],
)
def test_an_origin_is_taken_as_browsers_send_it(given: str, origin: str) -> None:
    from fpverify.service.origins import origin_of

    assert origin_of(given) == origin


@pytest.mark.parametrize(
    "given",
    ["*", "null", "", "https://*.example.org", "desk.example.org", "https://a/b", "file:///x", "https://u@a", "https://a:x",
     "https://a b", "https://a?b"],
)  # fmt: skip
def test_what_is_no_exact_origin_is_refused(given: str) -> None:
    from fpverify.service.origins import origin_of

    with pytest.raises(SettingsError):
        origin_of(given)
