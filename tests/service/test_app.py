from __future__ import annotations

import base64
import json
import re
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

SAMPLES = Path(__file__).parents[2] / "fpverify" / "samples"


def said(answer: Any) -> tuple[int, str]:
    """Status and name of an error, which comes in one shape."""
    body = answer.json()
    assert set(body) - {"prints_seen"} == {"error", "message"}
    assert "\n" not in body["message"]
    return answer.status_code, body["error"]


def everything(service: Any) -> list[Any]:
    return service.ask("GET", "/v1/subjects").json()["fingers"]


@pytest.fixture(scope="module")
def enrolled(service: Any, stripes: Path) -> str:
    answer = service.post("/v1/enroll", stripes / "A_00.bmp", "enroll", subject="enrolled", finger="right-index")
    assert answer.status_code == 201, answer.text
    return "enrolled"


def test_an_enrollment_is_answered_like_that_of_the_command_line(service: Any, stripes: Path) -> None:
    answer = service.post("/v1/enroll", stripes / "A_00.bmp", subject="Zoë", finger="left-thumb", unchecked="true")
    body = answer.json()
    assert answer.status_code == 201
    assert re.match(r"\d{4}-\d\d-\d\dT", body.pop("enrolled_at"))
    assert body.pop("notes") == []
    assert [one | {"enrolled_at": ""} for one in body.pop("impressions")] == [body | {"enrolled_at": ""}]
    assert body == {
        "subject": "Zoë",
        "finger": "left-thumb",
        "impression": 1,
        "quality": 1.0,
        "minutiae": 0,
        "model": "edges-1",
        "ppi": 500.0,
        "ppi_estimated": False,
        "ppi_source": "file",
        "ppi_note": None,
        "inverted": False,
        "learnt": False,
    }
    assert service.ask("GET", "/v1/impressions", params={"subject": "Zoe\u0308"}).json()["impressions"][0] == {
        name: answer.json()[name]
        for name in ("subject", "finger", "impression", "quality", "minutiae", "model", "enrolled_at", "learnt")
    }
    assert service.ask("DELETE", "/v1/impressions", params={"subject": "Zoë"}).json()["deleted"] == 1
    gone = service.ask("GET", "/v1/impressions", params={"subject": "Zoë"})
    assert said(gone) == (404, "NotEnrolled")
    assert gone.json()["message"] == "no subject 'Zoë' in the store"


def test_match_and_non_match_are_answers(service: Any, enrolled: str, stripes: Path) -> None:
    for scan, word in (("A_01.bmp", "match"), ("B_01.bmp", "non-match")):
        answer = service.post("/v1/verify", stripes / scan, "scores", subject=enrolled)
        assert (answer.status_code, answer.json()["decision"]) == (200, word)
        assert answer.json()["target_fmr"] == 0.001
        assert (answer.json()["score"] >= answer.json()["threshold"]) == (word == "match")
    stricter = service.post("/v1/verify", stripes / "A_01.bmp", subject=enrolled, fmr="0.0001", finger="right-index")
    assert stricter.json()["threshold"] == pytest.approx(40)


def test_identification_names_the_finger(service: Any, enrolled: str, stripes: Path) -> None:
    answer = service.post("/v1/identify", stripes / "A_01.bmp", "verify", top="1").json()
    assert (answer["decision"], answer["fpir"]) == ("match", 0.001)
    assert [(one["subject"], one["match"]) for one in answer["candidates"]] == [(enrolled, True)]
    assert service.post("/v1/identify", stripes / "B_01.bmp", "verify").json()["decision"] == "non-match"


@pytest.fixture
def hand(service: Any, stripes: Path) -> Iterator[str]:
    """A subject with two fingers."""
    given = {"subject": "hand", "finger": ["right-thumb", "left-thumb"], "unchecked": "true"}
    scans = scans_of(stripes, "A_00.bmp", "B_00.bmp")
    assert service.ask("POST", "/v1/enroll", "enroll", files=scans, data=given).status_code == 201
    yield "hand"
    service.ask("DELETE", "/v1/impressions", params={"subject": "hand"})


def scans_of(stripes: Path, *names: str) -> list[tuple[str, Any]]:
    return [("scan", (f"anna-{name}", (stripes / name).read_bytes())) for name in names]


def test_several_scans_are_one_decision(service: Any, hand: str, stripes: Path) -> None:
    scans = scans_of(stripes, "B_01.bmp", "A_01.bmp")
    answer = service.ask("POST", "/v1/verify", "scores", files=scans, data={"subject": hand}).json()
    assert answer["decision"] == "match"
    assert [(one["file"], one["finger"]) for one in answer["probes"]] == [
        ("scan 1", "left-thumb"),
        ("scan 2", "right-thumb"),
    ]
    names = ["left-thumb", "right-thumb"]
    named = service.ask("POST", "/v1/verify", "scores", files=scans, data={"subject": hand, "finger": names}).json()
    crossed = service.ask("POST", "/v1/verify", files=scans, data={"subject": hand, "finger": names[::-1]}).json()
    assert (named["decision"], crossed["decision"]) == ("match", "non-match")
    assert named["score"] > answer["score"]
    found = service.ask("POST", "/v1/identify", "verify", files=scans, data={"top": 1}).json()
    assert [(one["subject"], one["match"]) for one in found["candidates"]] == [(hand, True)]


def test_what_is_wrong_with_one_of_several_scans_is_said_by_its_number(service: Any, hand: str, stripes: Path) -> None:
    good, data = scans_of(stripes, "A_01.bmp"), {"subject": hand}
    for bad, status, words in (
        (("scan", ("anna.bmp", b"this is no image")), 415, "scan 2"),
        (good[0], 422, "scan 2: the same picture as scan 1"),
        (("scan", (None, "anna")), 422, "probe is text"),
    ):
        answer = service.ask("POST", "/v1/verify", files=[*good, bad], data=data)
        assert said(answer)[0] == status, answer.text
        assert words in answer.json()["message"]
        assert "anna" not in answer.json()["message"]
    many = service.ask("POST", "/v1/verify", files=good, data=data | {"finger": ["left-thumb", "right-thumb"]})
    assert said(many) == (422, "InvalidRequest")
    assert many.json()["message"].startswith("2 fingers are named for 1 scan")


def test_two_scans_are_compared_with_a_picture(service: Any, stripes: Path) -> None:
    both = {side: (stripes / name).read_bytes() for side, name in (("first", "A_00.bmp"), ("second", "A_01.bmp"))}
    answer = service.ask("POST", "/v1/compare", "scores", files=both, data={"picture": "true"}).json()
    assert answer["decision"] == "match"
    assert base64.b64decode(answer["picture"]).startswith(b"\x89PNG")


def enroll_with(model: Path, service: Any, scan: Path, subject: str) -> None:
    """Enrolls in the service's store, with another model than the service's."""
    from fpverify.scans import read_scan
    from fpverify.verifier import Verifier

    with Verifier.open(service.db, model=model, key=str(service.db.parent / "store.key")) as verifier:
        verifier.enroll(read_scan(scan), subject, unchecked=True)


def test_the_release_models_picture_shows_the_probe(
    release_model: str, start: Any, edges_model: Path, stripes: Path
) -> None:
    samples = Path(__file__).parents[2] / "fpverify" / "samples"
    with start(release_model) as service:
        enroll_with(edges_model, service, stripes / "A_00.bmp", "A")
        assert service.post("/v1/enroll", samples / "A_1.bmp", subject="A").status_code == 201
        answer = service.post("/v1/verify", samples / "A_2.bmp", subject="A", picture="true").json()
        assert answer["decision"] == "match"
        assert base64.b64decode(answer["picture"]).startswith(b"\x89PNG")
        assert said(service.post("/v1/enroll", samples / "A_2.bmp", subject="B")) == (409, "DuplicateFinger")


def test_a_whole_print_model_has_no_picture(service: Any, stripes: Path, make_edges_model: Any, tmp_path: Path) -> None:
    enroll_with(make_edges_model(tmp_path / "newer", "edges-2"), service, stripes / "A_00.bmp", "both")
    service.post("/v1/enroll", stripes / "A_00.bmp", subject="both", unchecked="true")
    answer = service.post("/v1/verify", stripes / "A_01.bmp", subject="both", picture="true").json()
    assert (answer["decision"], answer["picture"]) == ("match", None)
    assert service.ask("DELETE", "/v1/impressions", params={"subject": "both"}).json()["deleted"] == 2


def test_a_reference_of_a_model_that_is_not_installed_is_a_conflict_that_shows_no_place(
    service: Any, stripes: Path, make_edges_model: Any, tmp_path: Path
) -> None:
    enroll_with(make_edges_model(tmp_path / "gone", "edges-9"), service, stripes / "A_00.bmp", "left behind")
    answer = service.post("/v1/verify", stripes / "A_01.bmp", subject="left behind")
    assert said(answer) == (409, "ModelMismatch")
    assert "edges-9 is not installed" in answer.json()["message"]
    assert "/" not in answer.json()["message"]
    service.ask("DELETE", "/v1/impressions", params={"subject": "left behind"})


def test_a_reference_of_a_former_model_is_verified_and_drawn_by_that(
    release_model: str, start: Any, edges_model: Path
) -> None:
    samples = Path(__file__).parents[2] / "fpverify" / "samples"
    with start(edges_model) as service:
        enroll_with(release_model, service, samples / "A_1.bmp", "A")
        answer = service.post("/v1/verify", samples / "A_2.bmp", subject="A", picture="true").json()
        assert (answer["decision"], answer["model"]) == ("match", release_model)
        assert base64.b64decode(answer["picture"]).startswith(b"\x89PNG")
        found = service.post("/v1/identify", samples / "A_2.bmp").json()
        assert (found["decision"], found["candidates"][0]["subject"], found["note"]) == ("match", "A", None)


def test_health_and_metrics(service: Any, enrolled: str, stripes: Path) -> None:
    service.post("/v1/verify", stripes / "A_01.bmp", subject=enrolled)
    assert service.ask("GET", "/health/live", None).json() == {"status": "ok", "model": None}
    assert service.ask("GET", "/health/ready", None).json() == {"status": "ok", "model": "edges-1"}
    assert said(service.ask("GET", "/metrics", None)) == (401, "Unauthorized")
    assert said(service.ask("GET", "/metrics", "enroll")) == (403, "Forbidden")
    metrics = service.ask("GET", "/metrics").text
    assert 'fpverify_decisions_total{decision="match",kind="verify"}' in metrics
    assert 'fpverify_requests_total{route="/v1/verify",status="200"}' in metrics


REQUESTS = (
    ("POST", "/v1/verify", "verify"),
    ("POST", "/v1/identify", "verify"),
    ("POST", "/v1/compare", "verify"),
    ("POST", "/v1/enroll", "enroll"),
    ("GET", "/v1/impressions", "enroll"),
    ("GET", "/v1/subjects", "admin"),
    ("DELETE", "/v1/impressions", "admin"),
)
WEAKER = {"verify": (), "enroll": ("verify",), "admin": ("verify", "enroll")}


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda one: " ".join(one[:2]))
def test_without_a_key_that_allows_it_nothing_is_done(
    service: Any, enrolled: str, stripes: Path, request_: tuple[str, str, str]
) -> None:
    method, path, needed = request_
    before = everything(service)
    scan = (stripes / "B_00.bmp").read_bytes()
    given: dict[str, Any] = {"params": {"subject": enrolled}}
    if method == "POST":
        given = {"files": {"scan": scan, "first": scan, "second": scan}, "data": {"subject": "intruder"}}
    for key in (None, "nonsense", "fpv_" + "x" * 43):
        assert said(service.ask(method, path, key, **given))[0] == 401
    for weaker in WEAKER[needed]:
        assert said(service.ask(method, path, weaker, **given)) == (403, "Forbidden")
    assert everything(service) == before


def test_a_body_is_not_waited_for_without_a_key(service: Any) -> None:
    host, port = service.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"POST /v1/enroll HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 401")


BAD_SCANS = {
    "no image": (b"this is no image", 415),
    "nothing": (b"", 415),
    "half of one": (None, 415),
    "a blank one": ("blank", 422),
    "a text": ("\u00e9".encode() * 4000, 415),
}


@pytest.mark.parametrize("name", BAD_SCANS)
def test_what_is_no_scan_is_refused(service: Any, enrolled: str, stripes: Path, name: str) -> None:
    import cv2
    import numpy as np

    content, status = BAD_SCANS[name]
    if content is None:
        content = (stripes / "A_00.bmp").read_bytes()[:5000]
    if content == "blank":
        content = cv2.imencode(".bmp", np.full((200, 200), 200, np.uint8))[1].tobytes()
    before = everything(service)
    for path, whose in (("enroll", {"subject": enrolled}), ("verify", {"subject": enrolled}), ("identify", {})):
        answer = service.post(f"/v1/{path}", content, ppi="500", **whose)
        assert said(answer)[0] == status, answer.text
        assert "anna-smith" not in answer.text
    assert everything(service) == before


IDS = (
    "../../etc/passwd",
    "a'; DROP TABLE subjects; --",
    "%00",
    "{{7*7}}",
    "<script>alert(1)</script>",
    "x" * 256,
    "\U0001f600",
)


@pytest.mark.parametrize("subject", IDS)
def test_any_printable_id_is_only_a_name(service: Any, enrolled: str, stripes: Path, subject: str) -> None:
    enrolling = service.post("/v1/enroll", stripes / "A_00.bmp", subject=subject, unchecked="true")
    assert (enrolling.status_code, enrolling.json()["subject"]) == (201, subject)
    assert service.post("/v1/verify", stripes / "A_01.bmp", subject=subject).json()["decision"] == "match"
    assert service.ask("DELETE", "/v1/impressions", params={"subject": subject}).json()["deleted"] == 1
    assert [one["subject"] for one in everything(service)] == [enrolled]


@pytest.mark.parametrize("subject", ["", "x" * 257, "x" * 10_000, "a\x00b", "two\nlines", "\x1b[31m"])
def test_ids_that_cannot_be_kept_are_refused(service: Any, stripes: Path, subject: str) -> None:
    assert said(service.post("/v1/enroll", stripes / "A_00.bmp", subject=subject))[0] == 422
    assert said(service.ask("GET", "/v1/impressions", params={"subject": subject}))[0] == 422


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"fmr": "0"}, 422),
        ({"fmr": "1"}, 422),
        ({"fmr": "nan"}, 422),
        ({"fmr": "1e-9"}, 422),
        ({"fmr": "x"}, 422),
        ({"ppi": "-5"}, 422),
        ({"ppi": "99"}, 422),
        ({"finger": "sixth"}, 422),
        ({"finger": "left-thumb"}, 404),
        ({"subject": "nobody"}, 404),
    ],
)
def test_values_out_of_range_are_refused(
    service: Any, enrolled: str, stripes: Path, fields: dict[str, str], status: int
) -> None:
    assert said(service.post("/v1/verify", stripes / "A_01.bmp", **{"subject": enrolled, **fields}))[0] == status


def coded(scan: bytes) -> str:
    return base64.b64encode(scan).decode()


HOW = "send multipart/form-data with the fields probe and subject, as curl -F probe=@scan.bmp -F subject=A does"
NOT_FORMS = {  # what httpx sends of a scan, and what is said
    "a text": (lambda scan: {"content": coded(scan), "headers": {"Content-Type": "text/plain"}}, "is 'text/plain'"),
    "a scan": (
        lambda scan: {"content": scan, "headers": {"Content-Type": "image/bmp"}},
        "the request is 'image/bmp'",
    ),
    "nothing": (lambda _: {}, "the request has no Content-Type"),
    "a plain form": (
        lambda scan: {"data": {"scan": coded(scan), "subject": "A"}},
        "the request is 'application/x-www-form-urlencoded'",
    ),
    "another name": (
        lambda scan: {"files": {"image": scan}, "data": {"subject": "A"}},
        "a field 'image', but takes probe, ",
    ),
    "a slip": (
        lambda scan: {"files": {"scan": scan}, "data": {"subject": "A", "frm": "0.1"}},
        "a field 'frm', but takes probe, subject, finger, fmr, slap, missing, ppi, width, height, picture",
    ),
    "no subject": (lambda scan: {"files": {"scan": scan}}, "the form has no field subject"),
    "no scan": (lambda _: {"files": {"subject": (None, "A")}}, "the form has no field probe"),
    "text": (lambda _: {"files": {"scan": (None, "scan.bmp"), "subject": (None, "A")}}, "probe is text: send a file"),
    "base64": (
        lambda scan: {"files": {"scan": (None, coded(scan)), "subject": (None, "A")}},
        "probe is base64: send the bytes of the file, or application/json",
    ),
    "both names": (
        lambda scan: {"files": [("scan", scan), ("probe", scan), ("subject", (None, "A"))]},
        "a field 'scan', beside probe, which is its present name",
    ),
}


@pytest.mark.parametrize("name", NOT_FORMS)
def test_what_is_no_form_for_a_route_is_told_what_to_send(service: Any, stripes: Path, name: str) -> None:
    made, words = NOT_FORMS[name]
    answer = service.ask("POST", "/v1/verify", **made((stripes / "A_00.bmp").read_bytes()))
    assert said(answer) == (422, "InvalidRequest")
    assert words in answer.json()["message"]
    assert answer.json()["message"].endswith(HOW)


def test_every_route_names_its_own_fields(service: Any) -> None:
    assert "with the fields probe and reference, as" in service.ask("POST", "/v1/compare").json()["message"]
    assert "with the fields probe, as" in service.ask("POST", "/v1/identify").json()["message"]


@pytest.mark.parametrize("prefix", [b"", b"data:image/bmp;base64,"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode, base64.encodebytes])
def test_a_file_in_base64_is_said_to_be_that(
    service: Any, enrolled: str, stripes: Path, prefix: bytes, encode: Any
) -> None:
    answer = service.post("/v1/verify", prefix + encode((stripes / "A_00.bmp").read_bytes()), subject=enrolled)
    assert said(answer) == (415, "UnreadableScan")
    assert answer.json()["message"] == "the scan is base64: send the bytes of the file"


def test_invalid_utf_8_and_broken_forms_are_refused(service: Any) -> None:
    form = b'--b\r\nContent-Disposition: form-data; name="subject"\r\n\r\n\xff\xfe\xed\xa0\x80\r\n--b--\r\n'
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    assert said(service.ask("POST", "/v1/verify", content=form, headers=kind))[0] in {400, 422}
    assert said(service.ask("POST", "/v1/verify", content=b"--x", headers=kind))[0] in {400, 422}
    assert said(service.ask("POST", "/v1/verify", json={"subject": "A"}))[0] == 422
    assert service.ask("GET", "/v1/impressions?subject=%ff%fe").status_code in {404, 422}


def test_unknown_routes_and_methods_are_refused_in_the_same_shape(service: Any) -> None:
    assert said(service.ask("GET", "/nothing"))[0] == 404
    assert said(service.ask("PUT", "/v1/enroll"))[0] == 405
    assert said(service.ask("GET", "/page/../app.py"))[0] == 404


# What Starlette before 1.6 had of a form that is refused it closes by forgetting it.
@pytest.mark.filterwarnings("ignore:Exception ignored in.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_is_read_no_further_than_allowed(start: Any, chunked: bool) -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="scan"; filename="x"\r\n\r\n' + b"x" * 200_000 + b"\r\n--b--\r\n"
    )

    def pieces() -> Iterator[bytes]:
        for begin in range(0, len(body), 10_000):
            yield body[begin : begin + 10_000]

    with start(most_bytes=100_000) as service:
        kind = {"Content-Type": "multipart/form-data; boundary=b"}
        answer = service.ask("POST", "/v1/verify", content=pieces() if chunked else body, headers=kind)
        assert said(answer) == (413, "ScanTooLarge")
        assert service.ask("GET", "/health/live", None).status_code == 200


def test_another_file_at_the_stores_place_is_served_and_a_missing_one_is_said(start: Any, stripes: Path) -> None:
    with start() as service:
        place = service.db / "enrollments.sqlite"
        service.post("/v1/enroll", stripes / "A_00.bmp", subject="A")
        shutil.copy(place, service.db / "backup")
        service.post("/v1/enroll", stripes / "B_00.bmp", subject="B")
        (service.db / "backup").replace(place)
        for _ in range(4):  # every thread has its own
            assert said(service.post("/v1/verify", stripes / "B_01.bmp", subject="B")) == (404, "NotEnrolled")
            assert service.post("/v1/verify", stripes / "A_01.bmp", subject="A").json()["decision"] == "match"
        assert service.ask("GET", "/health/ready", None).status_code == 200
        place.unlink()
        assert said(service.post("/v1/verify", stripes / "A_01.bmp", subject="A")) == (503, "StoreError")
        ready = service.ask("GET", "/health/ready", None)
        assert said(ready) == (503, "StoreError")
        assert ready.json()["message"].startswith("there is no enrollment store; ")
        assert list(service.db.iterdir()) == []


@pytest.mark.parametrize(
    ("said_to_operators", "told_to_clients"),
    [
        ("the store /srv/db/e.sqlite is damaged; restore it", "the store is damaged; restore it"),
        ("there is no enrollment store at /srv/db/e.sqlite; enroll", "there is no enrollment store; enroll"),
        ("/srv/db/e.sqlite is a database of another program; give", "a file is a database of another program; give"),
        ("the key at file:/etc/k is ab, the store /srv/e needs cd", "the key is ab, the store needs cd"),
        (
            "the store /e is open, but a key was given (file:/k); give none",
            "the store is open, but a key was given; give none",
        ),
    ],
)
def test_where_store_and_key_lie_is_not_told_to_clients(said_to_operators: str, told_to_clients: str) -> None:
    from fpverify.errors import StoreError
    from fpverify.service.refusals import Refused

    assert Refused.of(StoreError(said_to_operators)).message == told_to_clients


def answered(service: Any, stripes: Path) -> dict[str, Any]:
    """An answer of each kind, and whether it may be kept."""
    return {
        "enroll": service.post("/v1/enroll", stripes / "A_00.bmp", subject="headed"),
        "list": service.ask("GET", "/v1/subjects"),
        "no key": service.ask("GET", "/v1/subjects", None),
        "nobody": service.ask("GET", "/v1/impressions", params={"subject": "nobody"}),
        "no route": service.ask("GET", "/v1/elsewhere"),
        "no scan": service.post("/v1/verify", b"no image", subject="headed"),
        "page": service.ask("GET", "/", None),
        "health": service.ask("GET", "/health/live", None),
        "api": service.ask("GET", "/openapi.json", None),
    }


def test_every_answer_bears_the_usual_headers(service: Any, stripes: Path) -> None:
    for name, answer in answered(service, stripes).items():
        assert answer.headers["x-content-type-options"] == "nosniff", name
        assert answer.headers["referrer-policy"] == "no-referrer", name
        is_html = answer.headers["content-type"].startswith("text/html")
        assert ("content-security-policy" in answer.headers) == is_html, name
        if answer.request.url.path.startswith("/v1/"):
            assert answer.headers["cache-control"] == "no-store", name


def test_what_fails_unforeseen_bears_them_as_well(service: Any, enrolled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fpverify.answers.reference_answer", lambda _: 1 / 0)
    answer = service.ask("GET", "/v1/impressions", params={"subject": enrolled})
    assert said(answer) == (500, "InternalError")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


def test_a_key_that_asks_too_often_is_slowed_down(start: Any) -> None:
    with start(per_minute=10) as service:  # one at once, the next after six seconds: longer than an answer takes
        assert service.ask("GET", "/v1/subjects").status_code == 200
        refused = service.ask("GET", "/v1/subjects")
        assert said(refused) == (429, "TooManyRequests")
        assert int(refused.headers["Retry-After"]) >= 1
        assert service.ask("GET", "/v1/impressions", "enroll", params={"subject": "A"}).status_code == 404


def test_a_revoked_key_fails_at_once(start: Any) -> None:
    with start() as service:
        assert service.ask("GET", "/v1/subjects").status_code == 200
        with service.store() as store:
            store.api_keys.revoke("admin")
        assert service.ask("GET", "/v1/subjects").status_code == 401


def test_api_keys_that_cannot_be_read_are_said_to_be_out_of_use(start: Any) -> None:
    with start() as service:
        with service.store() as store:
            store._database.execute("UPDATE api_keys SET scope = 'admin' WHERE name = 'verify'")
        for path in ("/v1/subjects", "/metrics"):
            answer = service.ask("GET", path, "verify")
            assert said(answer) == (503, "CorruptRecord")
            assert str(service.db) not in answer.text
            assert service.ask("GET", path).status_code == 200


def test_the_journal_is_one_line_a_request_and_names_nobody(start: Any, stripes: Path) -> None:
    with start() as service:
        service.post("/v1/enroll", stripes / "A_00.bmp", subject="anna")
        service.post("/v1/verify", stripes / "A_01.bmp", "verify", subject="anna")
        service.ask("GET", "/v1/impressions", params={"subject": "anna"})
        service.ask("GET", "/anna")
    lines = [json.loads(line) for line in service.log.getvalue().splitlines()]
    assert [(one["route"], one["status"], one["key"]) for one in lines] == [
        ("/v1/enroll", 201, "admin"),
        ("/v1/verify", 200, "verify"),
        ("/v1/impressions", 200, "admin"),
        ("unknown", 404, None),
    ]
    assert "anna" not in service.log.getvalue()


def test_a_picture_of_two_fingers_is_refused_with_their_number(
    start: Callable[..., Any], release_model: str, tmp_path: Path
) -> None:
    import cv2
    import numpy as np

    two = np.hstack(
        [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in (SAMPLES / "A_1.bmp", SAMPLES / "B_1.bmp")]
    )
    cv2.imwrite(str(tmp_path / "two.png"), two)
    with start(release_model) as service:
        answer = service.post("/v1/enroll", tmp_path / "two.png", subject="A", ppi="500")
    assert said(answer) == (422, "SeveralPrints")
    assert answer.json()["prints_seen"] == 2
