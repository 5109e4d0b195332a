"""Who is enrolled: in pages, renamed, noted, and with new impressions in place of old ones."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

NAMES = ("Zoë", "a", "b", "c/d", "e e")


def said(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


def enroll(service: Any, scan: Path, subject: str, *fingers: str) -> None:
    for finger in fingers or ("unknown",):
        given = {"subject": subject, "finger": finger, "unchecked": "true"}
        assert service.post("/v1/enroll", scan, **given).status_code == 201


def enroll_several(service: Any, scan: Path) -> Any:
    for name in NAMES:
        enroll(service, scan, name, "right-index", "left-index")
    return service


@pytest.fixture(scope="module")
def several(service: Any, stripes: Path) -> Any:
    """For those who change nothing."""
    return enroll_several(service, stripes / "A_00.bmp")


@pytest.fixture
def changing(start: Any, stripes: Path) -> Iterator[Any]:
    with start() as service:
        yield enroll_several(service, stripes / "A_00.bmp")


def pages(service: Any, path: str, list_name: str, limit: int, **given: Any) -> list[list[Any]]:
    """Every page of a list."""
    found, cursor = [], None
    while True:
        asked = given | {"limit": limit} | ({} if cursor is None else {"cursor": cursor})
        page = service.ask("GET", path, params=asked).json()
        found.append(page[list_name])
        if (cursor := page["next"]) is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 5, 6])
def test_pages_hold_everybody_once_in_the_order_of_the_whole(several: Any, limit: int) -> None:
    whole = several.ask("GET", "/v1/subjects").json()
    found = pages(several, "/v1/subjects", "fingers", limit)
    assert [one for page in found for one in page] == whole["fingers"]
    assert whole["next"] is None
    assert [len({one["subject"] for one in page}) for page in found][:-1] == [limit] * (len(found) - 1)
    assert len(found) == -(-len(NAMES) // limit)


def test_impressions_of_a_subject_come_in_pages_as_well(changing: Any, stripes: Path) -> None:
    enroll(changing, stripes / "A_01.bmp", "a", "right-index")
    whole = changing.ask("GET", "/v1/impressions", "enroll", params={"subject": "a"}).json()["impressions"]
    assert len(whole) == 3
    for limit in (1, 2, 3):
        found = pages(changing, "/v1/impressions", "impressions", limit, subject="a")
        assert [one for page in found for one in page] == whole


def test_who_comes_or_goes_between_two_pages_loses_nobody_else(changing: Any, stripes: Path) -> None:
    first = changing.ask("GET", "/v1/subjects", params={"limit": 2}).json()
    changing.ask("DELETE", "/v1/impressions", params={"subject": first["fingers"][-1]["subject"]})
    enroll(changing, stripes / "A_00.bmp", "0 before all")
    rest = changing.ask("GET", "/v1/subjects", params={"limit": 9, "cursor": first["next"]}).json()
    told = [one["subject"] for page in (first, rest) for one in page["fingers"]]
    assert set(NAMES) == set(told)


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "W10", "WzFd", "WyJhIiwgMV0", "\u00e9", "eyJhIjogMX0", "x" * 3000, "WyJcdWQ4MDAiXQ", "WyJcdTAwMDAiXQ"],
)
def test_a_cursor_of_nothing_is_refused(service: Any, cursor: str) -> None:
    answer = service.ask("GET", "/v1/subjects", params={"limit": 1, "cursor": cursor})
    assert said(answer) == (422, "InvalidRequest")


@pytest.mark.parametrize("limit", [0, -1, 1001, "x"])
def test_a_page_has_a_limit(service: Any, limit: object) -> None:
    assert said(service.ask("GET", "/v1/subjects", params={"limit": limit})) == (422, "InvalidRequest")


def test_pages_need_the_scope_of_the_whole(service: Any) -> None:
    for scope in ("verify", "scores", "enroll"):
        assert service.ask("GET", "/v1/subjects", scope, params={"limit": 1}).status_code == 403
        assert service.ask("GET", "/v1/subjects", scope, params={"cursor": "WyJhIl0"}).status_code == 403
        assert service.ask("GET", "/v1/metadata", scope, params={"subject": "A"}).status_code == 403
        assert (
            service.ask("PATCH", "/v1/subjects", scope, params={"subject": "A"}, json={"rename": "B"}).status_code
            == 403
        )
    for scope in ("verify", "scores"):
        assert service.ask("GET", "/v1/impressions", scope, params={"subject": "A", "limit": 1}).status_code == 403


def update(service: Any, subject: str, **changes: Any) -> Any:
    return service.ask("PATCH", "/v1/subjects", params={"subject": subject}, json=changes)


def test_a_subject_is_renamed_and_noted_and_keeps_its_impressions(start: Any, stripes: Path) -> None:
    with start() as service:
        enroll(service, stripes / "A_00.bmp", "old")
        enroll(service, stripes / "B_00.bmp", "taken")
        assert update(service, "old", rename="new", metadata={"gate": 3}).json() == {
            "subject": "new",
            "metadata": {"gate": 3},
        }
        assert service.post("/v1/verify", stripes / "A_01.bmp", subject="new").json()["decision"] == "match"
        assert service.ask("GET", "/v1/metadata", params={"subject": "new"}).json()["metadata"] == {"gate": 3}
        assert update(service, "new", metadata={}).json()["metadata"] == {}
        assert said(update(service, "old", rename="x")) == (404, "NotEnrolled")
        assert said(update(service, "new", rename="taken")) == (409, "EnrollmentError")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"json": {}}, 422),
        ({"json": {"rename": 7}}, 422),
        ({"json": {"rename": None}}, 422),
        ({"json": {"metadata": [1]}}, 422),
        ({"json": {"metadata": None}}, 422),
        ({"json": {"rename": "B", "rank": 1}}, 422),
        ({"json": {"rename": "two\nlines"}}, 422),
        ({"json": {"rename": ""}}, 422),
        ({"json": [1]}, 422),
        ({"data": {"rename": "B"}}, 422),
        ({"json": {"metadata": {"a": "x" * 5000}}}, 409),
        ({"json": {"metadata": {"a": "x" * 70_000}}}, 413),
        ({"content": b'{"metadata": {"a": ' + b"[" * 40 + b"]" * 40 + b"}}"}, 422),
        ({"content": b"[" * 100_000}, 413),
        ({"content": b'{"rename": "\\ud800"}'}, 422),
        ({"content": b'{"metadata": {"a": "\\ud800"}}'}, 409),
    ],
)
def test_changes_that_cannot_be_made_are_refused(several: Any, sent: dict[str, Any], status: int) -> None:
    if "content" in sent:
        sent = sent | {"headers": {"Content-Type": "application/json"}}
    answer = several.ask("PATCH", "/v1/subjects", params={"subject": "a"}, **sent)
    assert said(answer)[0] == status, answer.text
    assert several.ask("GET", "/v1/metadata", params={"subject": "a"}).json()["metadata"] == {}


def replace(service: Any, scan: Path, scope: str = "admin", **fields: Any) -> Any:
    return service.ask("PUT", "/v1/impressions", scope, files={"reference": scan.read_bytes()}, data=fields)


@pytest.mark.slow
def test_impressions_of_a_finger_are_replaced_in_one_change(start: Any, stripes: Path) -> None:
    with start() as service:
        enroll(service, stripes / "A_00.bmp", "A", "right-index")
        enroll(service, stripes / "B_03.bmp", "A", "left-index")
        enroll(service, stripes / "A_01.bmp", "A", "right-index")
        update(service, "A", metadata={"gate": 3})
        assert replace(service, stripes / "A_02.bmp", subject="A", finger="right-index").json()["impression"] == 1
        found = service.ask("GET", "/v1/impressions", params={"subject": "A"}).json()["impressions"]
        assert [(one["finger"], one["impression"]) for one in found] == [("right-index", 1), ("left-index", 1)]
        refused = replace(service, stripes / "B_00.bmp", subject="A", finger="right-index")
        assert said(refused) == (409, "EnrollmentError")
        coded = base64.b64encode((stripes / "B_00.bmp").read_bytes()).decode()
        given = {"reference": coded, "subject": "A", "finger": "right-index", "unchecked": True}
        assert service.ask("PUT", "/v1/impressions", json=given).status_code == 200
        assert (
            service.post("/v1/verify", stripes / "B_01.bmp", subject="A", finger="right-index").json()["decision"]
            == "match"
        )
        assert service.ask("GET", "/v1/metadata", params={"subject": "A"}).json()["metadata"] == {"gate": 3}
        with service.store() as store:
            from fpverify.store.inspection import inspect

            assert inspect(store).intact


def test_the_only_finger_is_replaced_without_losing_what_was_noted(start: Any, stripes: Path) -> None:
    with start() as service:
        enroll(service, stripes / "A_00.bmp", "A", "right-index")
        update(service, "A", metadata={"gate": 3})
        assert replace(service, stripes / "A_01.bmp", subject="A", finger="right-index").status_code == 200
        assert service.ask("GET", "/v1/metadata", params={"subject": "A"}).json()["metadata"] == {"gate": 3}


def test_who_is_deleted_meanwhile_is_not_brought_back(
    start: Any, stripes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fpverify.verifier.Verifier.references", lambda *_: [])  # it was there a moment ago
    with start() as service:
        given = {"subject": "A", "finger": "right-index", "unchecked": True}
        assert said(replace(service, stripes / "A_00.bmp", **given)) == (404, "NotEnrolled")
        assert service.ask("GET", "/v1/subjects").json()["fingers"] == []


def test_who_is_not_enrolled_and_who_may_not_are_told_so(service: Any, stripes: Path) -> None:
    given = {"subject": "nobody at all", "finger": "right-index"}
    assert said(replace(service, stripes / "A_00.bmp", **given)) == (404, "NotEnrolled")
    for scope in ("verify", "scores", "enroll"):
        assert said(replace(service, stripes / "A_00.bmp", scope, **given)) == (403, "Forbidden")


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", NAMES),
        ("A", ("a",)),
        ("ZO\u00cb", ("Zoë",)),
        ("zoe\u0308", ("Zoë",)),
        ("/", ("c/d",)),
        ("%", ()),
        ("_", ()),
    ],
)
def test_a_search_finds_what_has_the_text_in_it_in_capitals_or_not(
    several: Any, search: str, found: tuple[str, ...]
) -> None:
    for limit in (1, 2, 9):
        told = pages(several, "/v1/subjects", "fingers", limit, search=search)
        assert sorted({one["subject"] for page in told for one in page}) == sorted(found)
        assert all(page for page in told) or not found
    whole = several.ask("GET", "/v1/subjects", params={"search": search}).json()
    assert {one["subject"] for one in whole["fingers"]} == set(found)


def test_a_search_looks_through_all_of_many(several: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fpverify.store.rows.NAMES", 2)
    told = pages(several, "/v1/subjects", "fingers", 1, search="e")
    assert {one["subject"] for page in told for one in page} == {"e e"}


def test_the_history_is_the_trail_of_one_subject_the_latest_first(service: Any, stripes: Path) -> None:
    enroll(service, stripes / "A_00.bmp", "remembered", "right-index", "left-index")
    service.post("/v1/verify", stripes / "A_01.bmp", subject="remembered")
    service.post("/v1/verify", stripes / "B_00.bmp", subject="remembered")
    service.ask("DELETE", "/v1/impressions", params={"subject": "remembered"})
    whole = service.ask("GET", "/v1/history", params={"subject": "remembered"}).json()
    with service.store() as store:
        trail = [one for one in store.audit_entries() if one.subject == "remembered"]
    assert [one["entry"] for one in whole["entries"]] == [one.sequence for one in reversed(trail)]
    assert [one["action"] for one in whole["entries"]] == ["delete", "verify", "verify", "enroll", "enroll"]
    assert [one["details"].get("decision") for one in whole["entries"]][1:3] == ["non-match", "match"]
    assert whole["next"] is None
    for limit in (1, 2, 5):
        found = pages(service, "/v1/history", "entries", limit, subject="remembered")
        assert [one for page in found for one in page] == whole["entries"]
        assert len(found) == -(-5 // limit)
    assert service.ask("GET", "/v1/history", params={"subject": "never"}).json() == {"entries": [], "next": None}
    assert said(service.ask("GET", "/v1/history", "enroll", params={"subject": "a"})) == (403, "Forbidden")


def test_quality_is_that_of_the_enrollment_and_keeps_nothing(service: Any, stripes: Path) -> None:
    before = service.ask("GET", "/v1/subjects").json()
    told = service.post("/v1/quality", stripes / "A_00.bmp", "verify").json()
    assert service.ask("GET", "/v1/subjects").json() == before
    answer = service.post("/v1/enroll", stripes / "A_00.bmp", subject="measured", unchecked="true").json()
    assert told["quality"] == answer["quality"]
    assert told["enrollable"] == (told["quality"] >= told["least_quality"])
    assert "score" not in told
    assert said(service.post("/v1/quality", b"no image at all", "verify")) == (415, "UnreadableScan")


def test_the_operator_alone_decides_whether_a_service_learns(
    start: Any, stripes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kept(service: Any) -> list[bool]:
        whole = service.ask("GET", "/v1/impressions", params={"subject": "a"}).json()["impressions"]
        return [one["learnt"] for one in whole]  # in order of impression

    with start() as service:
        enroll(service, stripes / "A_00.bmp", "a", "right-index")
        asked = service.post("/v1/verify", stripes / "A_01.bmp", "verify", subject="a", learn="true")
        assert said(asked) == (422, "InvalidRequest")
        assert service.post("/v1/verify", stripes / "A_01.bmp", "verify", subject="a").json()["decision"] == "match"
        assert kept(service) == [False]
    monkeypatch.setenv("FPVERIFY_LEARN", "yes")
    with start() as service:  # of the same store
        answer = service.post("/v1/verify", stripes / "A_01.bmp", "verify", subject="a")
        assert answer.json()["decision"] == "match"
        assert "learnt" not in answer.json()
        assert kept(service) == [False, True]
        assert service.ask("DELETE", "/v1/impressions", "enroll", params={"subject": "a"}).status_code == 403
        gone = service.ask("DELETE", "/v1/impressions", params={"subject": "a", "learnt": "true"})
        assert gone.json() == {"subject": "a", "finger": None, "deleted": 1}
        assert kept(service) == [False]
