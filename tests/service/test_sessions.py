"""The page's sessions: what a cookie opens, for whom, and what ends it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from signed_in import ELSEWHERE, PAGE, signed_in

from fpverify.service.api_keys import Scope

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


@pytest.fixture
def desk(service: Any) -> Iterator[httpx.Client]:
    with signed_in(service) as browser:
        yield browser


def scoped_routes() -> list[tuple[str, str, str]]:
    """Method, path and scope of all routes that ask for a key, as the application itself has them."""
    from fastapi.routing import APIRoute

    from fpverify.service.app import create_app
    from fpverify.service.crew import Crew
    from fpverify.service.journal import Journal
    from fpverify.service.limits import Limits
    from fpverify.service.scopes import needed_by
    from fpverify.service.service import Service

    def none() -> Any:
        raise AssertionError

    app = create_app(Service(Crew(none, threads=1), Limits(), Journal()))
    routes = [one for one in app.routes if isinstance(one, APIRoute)]
    found = [(method, one.path, needed_by(one)) for one in routes for method in one.methods]
    return sorted((method, path, scope) for method, path, scope in found if scope and path.startswith("/v1/"))


ROUTES = scoped_routes()


def test_a_cookie_is_for_the_interface_alone_and_no_script_reads_it(service: Any) -> None:
    asked = {"Authorization": f"Bearer {service.keys['verify']}", **PAGE}
    plain = service.ask("POST", "/v1/session", None, headers=asked | {"Origin": service.url})
    (given,) = plain.headers.get_list("set-cookie")
    name, *attributes = given.lower().split("; ")
    assert name.startswith("fpverify-session=")
    assert set(attributes) == {"httponly", "path=/v1/", "samesite=strict"}
    host = service.url.removeprefix("http://")
    over_tls = service.ask("POST", "/v1/session", None, headers=asked | {"Origin": f"https://{host}"})
    (given,) = over_tls.headers.get_list("set-cookie")
    assert given.startswith("__Host-fpverify-session=")
    assert {"secure", "path=/", "httponly", "samesite=strict"} <= set(given.lower().split("; "))
    assert "domain" not in given.lower()
    assert service.keys["verify"] not in given + plain.text


@pytest.mark.parametrize(("method", "path", "scope"), ROUTES)
def test_a_session_opens_what_its_scope_opens_and_nothing_else(
    service: Any, method: str, path: str, scope: str
) -> None:
    for own in Scope:
        with signed_in(service, own.word) as browser:
            status = browser.request(method, path).status_code
        assert (status == 403) == (not own.includes(Scope(scope))), own


def test_there_are_routes_of_every_scope() -> None:
    assert {scope for _, _, scope in ROUTES} == {one.word for one in Scope}
    assert len(ROUTES) >= 21


@pytest.mark.parametrize(
    "told",
    [
        {"X-Fpverify-Page": ""},
        {"X-Fpverify-Page": "2"},
        {"Origin": ELSEWHERE},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_a_cookie_that_another_page_brings_opens_nothing(desk: httpx.Client, told: dict[str, str]) -> None:
    for method in ("GET", *UNSAFE):
        answer = desk.request(method, "/v1/impressions", params={"subject": "nobody"}, headers=told)
        assert (answer.status_code, answer.json()["error"]) == (403, "ForeignPage"), method
    assert desk.get("/v1/session").status_code == 200


def test_what_changes_anything_says_where_it_comes_from(desk: httpx.Client) -> None:
    del desk.headers["Origin"]
    for method in UNSAFE:
        assert desk.request(method, "/v1/impressions").json()["error"] == "ForeignPage"
    assert desk.get("/v1/subjects").status_code == 200


def test_a_port_of_the_same_host_is_another_page(service: Any, desk: httpx.Client) -> None:
    port = int(service.url.rpartition(":")[2])
    answer = desk.delete("/v1/session", headers={"Origin": f"http://127.0.0.1:{port + 1}"})
    assert answer.json()["error"] == "ForeignPage"


def test_pages_that_may_ask_with_keys_get_no_session(start: Any) -> None:
    with start(origins=(ELSEWHERE,)) as service:
        with signed_in(service) as browser:
            asked = {"Origin": ELSEWHERE}
            for method, path in (("GET", "/v1/subjects"), ("DELETE", "/v1/impressions"), ("POST", "/v1/session")):
                assert browser.request(method, path, headers=asked).json()["error"] == "ForeignPage"
        wanted = {"Origin": ELSEWHERE, "Access-Control-Request-Method": "POST"}
        wanted["Access-Control-Request-Headers"] = "x-fpverify-page"
        for path in ("/v1/session", "/v1/verify"):
            answer = service.ask("OPTIONS", path, None, headers=wanted)
            assert "x-fpverify-page" not in answer.headers.get("access-control-allow-headers", "").lower()
            assert "access-control-allow-credentials" not in answer.headers
        opened = service.ask("GET", "/v1/session", headers={"Origin": ELSEWHERE})
        assert "access-control-allow-origin" not in opened.headers
        header = {"Authorization": f"Bearer {service.keys['admin']}", "Origin": ELSEWHERE, **PAGE}
        assert service.ask("POST", "/v1/session", None, headers=header).json()["error"] == "ForeignPage"


def test_signing_in_takes_a_key_and_signing_out_ends_it(service: Any, desk: httpx.Client) -> None:
    assert desk.post("/v1/session").status_code == 422
    assert service.ask("POST", "/v1/session", "fpv_nobody", headers=PAGE).status_code == 401
    assert service.ask("GET", "/v1/session", None).status_code == 401
    cookie = dict(desk.cookies)
    assert len(cookie) == 1
    assert desk.delete("/v1/session").status_code == 204
    assert not desk.cookies
    again = httpx.get(f"{service.url}/v1/subjects", headers=PAGE, cookies=cookie)
    assert again.status_code == 401


def test_another_sign_in_ends_the_one_before(service: Any) -> None:
    with signed_in(service) as browser:
        before = dict(browser.cookies)
        browser.post("/v1/session", headers={"Authorization": f"Bearer {service.keys['verify']}"})
        assert browser.get("/v1/session").json()["scope"] == "verify"
    assert httpx.get(f"{service.url}/v1/subjects", headers=PAGE, cookies=before).status_code == 401


def test_a_session_ends_with_its_key(start: Any) -> None:
    with start() as service, signed_in(service, "enroll") as browser:
        assert browser.get("/v1/session").status_code == 200
        with service.store() as store:
            store.api_keys.revoke("enroll")
        assert browser.get("/v1/session").status_code == 401


def test_a_key_counts_more_than_a_cookie(service: Any, desk: httpx.Client) -> None:
    lesser = {"Authorization": f"Bearer {service.keys['verify']}"}
    assert desk.get("/v1/subjects", headers=lesser).status_code == 403
    assert desk.get("/v1/subjects", headers={"Authorization": "Bearer fpv_wrong"}).status_code == 401
    assert desk.get("/v1/subjects", headers={"Authorization": ""}).status_code == 401


def test_a_kiosk_has_nothing_left_but_decisions(service: Any) -> None:
    with signed_in(service) as browser:
        assert browser.put("/v1/session").json() == {"key": "admin", "scope": "verify", "kiosk": True, "reader": False}
        assert browser.get("/v1/session").json() == {"key": "admin", "scope": "verify", "kiosk": True, "reader": False}
        for method, path, scope in ROUTES:
            if path != "/v1/session":
                status = browser.request(method, path).status_code
                assert (status == 403) == (scope != "verify"), path
        assert browser.post("/v1/session").status_code == 422


def test_metrics_and_pages_are_not_opened_by_a_cookie(desk: httpx.Client) -> None:
    assert desk.get("/metrics").status_code == 401


@pytest.fixture
def sessions() -> tuple[Any, Callable[[float], None]]:
    from fpverify.service.sessions import Sessions

    now = [0.0]

    def wait(seconds: float) -> None:
        now[0] += seconds

    return Sessions(lambda: now[0]), wait


def request_with(word: str, name: str = "fpverify-session", scheme: str = "http") -> Any:
    from starlette.requests import Request

    headers = [(b"cookie", f"{name}={word}".encode()), (b"x-fpverify-page", b"1")]
    asked = {"type": "http", "method": "GET", "path": "/v1/session", "headers": headers, "query_string": b""}
    return Request(asked | {"scheme": scheme, "server": ("desk", 443)})


def key_of(scope: str, sha256: str = "0" * 64) -> Any:
    from fpverify.store.api_keys import ApiKey

    return ApiKey("desk", scope, sha256, "2026-01-01T00:00:00+00:00")


def test_a_session_ends_unused_and_at_last(sessions: Any) -> None:
    kept, wait = sessions
    word = kept.begin(key_of("admin"))
    for _ in range(13):
        wait(3500)
        assert (kept.of(request_with(word)) is not None) == (_ < 12)
    idle = kept.begin(key_of("admin"))
    wait(3700)
    assert kept.of(request_with(idle)) is None
    door = kept.begin(key_of("verify"))
    wait(70 * 3600)
    assert kept.of(request_with(door)) is not None


def test_there_are_never_more_than_so_many_and_the_idlest_goes(sessions: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fpverify.service.sessions.MOST", 3)
    kept, wait = sessions
    words = [kept.begin(key_of("admin")) for _ in range(3)]
    wait(1)
    assert kept.of(request_with(words[0]))
    kept.begin(key_of("admin"))
    assert len(kept) == 3
    assert [kept.of(request_with(one)) is not None for one in words] == [True, False, True]


def test_nothing_of_a_word_or_a_key_is_kept_but_hashes(sessions: Any) -> None:
    kept, _ = sessions
    words = [kept.begin(key_of("admin")) for _ in range(20)]
    assert len(set(words)) == 20
    assert all(len(one) >= 43 for one in words)
    assert not [one for one in words if one in repr(vars(kept))]


def test_nobody_signs_others_out_by_signing_in(sessions: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fpverify.service.sessions.MOST", 5)
    monkeypatch.setattr("fpverify.service.sessions.MOST_OF_KEY", 2)
    kept, _ = sessions
    office = kept.begin(key_of("admin"))
    doors = [kept.begin(key_of("verify", "1" * 64)) for _ in range(9)]
    assert kept.of(request_with(office))
    assert [kept.of(request_with(one)) is not None for one in doors] == [False] * 7 + [True, True]


def test_over_tls_a_cookie_that_was_planted_without_it_opens_nothing(sessions: Any) -> None:
    kept, _ = sessions
    word = kept.begin(key_of("verify"))
    assert kept.of(request_with(word, scheme="https")) is None
    assert kept.of(request_with(word, "__Host-fpverify-session", "https")) is not None
    assert kept.of(request_with(word)) is not None


def test_at_a_kiosk_all_that_is_no_match_is_one_answer_in_one_time(start: Any, stripes: Path) -> None:
    from fpverify.service.limits import TryLimit

    with start(subject=TryLimit(((1, 60.0),), calm_s=60)) as service:
        for name in ("Eve", "locked"):
            service.post("/v1/enroll", stripes / "A_00.bmp", subject=name, unchecked="true")
        service.post("/v1/verify", stripes / "B_00.bmp", subject="locked")
        with signed_in(service) as browser:
            browser.put("/v1/session")
            answers, times = [], []
            for subject in ("Eve", "nobody", "locked"):
                began = time.monotonic()
                asked = {"probe": (stripes / "B_00.bmp").read_bytes()}
                answer = browser.post("/v1/verify", files=asked, data={"subject": subject})
                times.append(time.monotonic() - began)
                answers.append((answer.status_code, answer.json(), answer.headers.get("retry-after")))
            assert answers == [(200, {"decision": "non-match"}, None)] * 3
            assert min(times) >= 0.6
            found = browser.post("/v1/identify", files={"probe": (stripes / "A_01.bmp").read_bytes()}).json()
            assert found["decision"] == "match"
            assert set(found) == {"decision", "candidates"}
            assert [set(one) for one in found["candidates"]] == [{"subject"}]


def test_at_a_kiosk_a_scan_is_judged_before_anybody_is_looked_up(start: Any, release_model: str, stripes: Path) -> None:
    samples = Path(__file__).parents[2] / "fpverify" / "samples"
    with start(release_model) as service:
        service.post("/v1/enroll", samples / "A_1.bmp", subject="Eve", unchecked="true")
        with signed_in(service) as browser:
            browser.put("/v1/session")
            said = []
            for subject in ("Eve", "nobody"):
                asked = {"probe": (stripes / "A_00.bmp").read_bytes()}
                answer = browser.post("/v1/verify", files=asked, data={"subject": subject})
                said.append((answer.status_code, answer.json()))
    assert said[0] == said[1]
    assert said[0][1]["error"] == "FailureToAcquire"
