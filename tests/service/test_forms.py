"""What a scan may come as: a file, grey bytes, base64 in JSON, by present names and former ones, in one limit."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pytest

from fpverify.service.limits import TryLimit

Sent = dict[str, Any]


def coded(scan: bytes) -> str:
    return base64.b64encode(scan).decode()


def pixels(path: Path) -> tuple[bytes, dict[str, int]]:
    """The grey bytes of a file, and what goes with them."""
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    return image.tobytes(), {"width": image.shape[1], "height": image.shape[0], "ppi": 500}


def as_form(path: Path, name: str = "probe", **fields: Any) -> Sent:
    return {"files": {name: path.read_bytes()}, "data": fields}


def as_pixels(path: Path, name: str = "probe", **fields: Any) -> Sent:
    content, size = pixels(path)
    return {"files": {name: content}, "data": fields | size}


def as_json(path: Path, name: str = "probe", **fields: Any) -> Sent:
    return {"json": {name: coded(path.read_bytes()), **fields}}


def as_json_pixels(path: Path, name: str = "probe", **fields: Any) -> Sent:
    content, size = pixels(path)
    return {"json": {name: coded(content), **fields, **size}}


WAYS: dict[str, Callable[..., Sent]] = {
    "a form": as_form,
    "pixels": as_pixels,
    "JSON": as_json,
    "pixels in JSON": as_json_pixels,
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Callable[..., Sent]:
    return WAYS[request.param]


def decided(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["decision"], round(answer.json()["score"], 3)


def test_every_route_takes_every_form_of_a_scan_and_decides_alike(
    service: Any, stripes: Path, way: Callable[..., Sent], request: pytest.FixtureRequest
) -> None:
    name = f"form {request.node.callspec.id}"
    first = service.ask("POST", "/v1/enroll", **way(stripes / "A_00.bmp", "reference", subject=name, unchecked="true"))
    assert first.status_code == 201, first.text
    for scan in ("A_01.bmp", "B_01.bmp"):
        usual = decided(service.ask("POST", "/v1/verify", "scores", **as_form(stripes / scan, subject=name)))
        assert decided(service.ask("POST", "/v1/verify", "scores", **way(stripes / scan, subject=name))) == usual
    assert decided(service.ask("POST", "/v1/identify", "scores", **way(stripes / "A_01.bmp")))[0] == "match"
    both = way(stripes / "A_00.bmp")
    other = way(stripes / "A_01.bmp", "reference")
    for part in both:
        both[part] |= other[part]
    assert decided(service.ask("POST", "/v1/compare", "scores", **both))[0] == "match"
    more = way(stripes / "B_00.bmp", "reference", subject=name, finger="left-thumb", unchecked="true")
    proof = way(stripes / "A_02.bmp", "proof")
    for part in more:
        more[part] |= proof[part]
    assert service.ask("POST", "/v1/enroll", "enroll", **more).status_code == 201
    service.ask("DELETE", "/v1/impressions", params={"subject": name})


@pytest.mark.parametrize("made", [as_form, as_json])
def test_the_former_names_of_fields_still_work(service: Any, stripes: Path, made: Callable[..., Sent]) -> None:
    given = made(stripes / "A_00.bmp", "scan", subject="former", unchecked="true")
    assert service.ask("POST", "/v1/enroll", **given).status_code == 201
    assert decided(service.ask("POST", "/v1/verify", **made(stripes / "A_01.bmp", "scan", subject="former")))
    assert decided(service.ask("POST", "/v1/identify", **made(stripes / "A_01.bmp", "scan")))
    both = {"first": coded((stripes / "A_00.bmp").read_bytes()), "second": coded((stripes / "A_01.bmp").read_bytes())}
    assert decided(service.ask("POST", "/v1/compare", json=both))[0] == "match"
    service.ask("DELETE", "/v1/impressions", params={"subject": "former"})


def test_former_names_are_described_as_deprecated_and_files_in_json_as_base64(service: Any) -> None:
    schema = service.ask("GET", "/openapi.json", None).json()
    for path, former in (
        ("verify", {"scan"}),
        ("identify", {"scan"}),
        ("compare", {"first", "second"}),
        ("enroll", {"scan"}),
    ):
        content = schema["paths"][f"/v1/{path}"]["post"]["requestBody"]["content"]
        assert set(content) == {"multipart/form-data", "application/json"}
        for kind in content.values():
            fields = schema["components"]["schemas"][kind["schema"]["$ref"].rpartition("/")[2]]["properties"]
            assert {name for name, one in fields.items() if one.get("deprecated")} == former
    as_json = schema["components"]["schemas"][content["application/json"]["schema"]["$ref"].rpartition("/")[2]]
    assert as_json["properties"]["proof"]["anyOf"][0] == {"type": "string", "contentEncoding": "base64"}


def test_several_scans_in_json_are_one_decision(service: Any, stripes: Path) -> None:
    scans = [coded((stripes / name).read_bytes()) for name in ("A_00.bmp", "B_00.bmp")]
    names = ["right-thumb", "left-thumb"]
    given = {"reference": scans, "subject": "pair", "finger": names, "unchecked": True}
    assert service.ask("POST", "/v1/enroll", json=given).status_code == 201
    probes = [coded((stripes / name).read_bytes()) for name in ("B_01.bmp", "A_01.bmp")]
    found = service.ask("POST", "/v1/verify", "scores", json={"probe": probes, "subject": "pair", "fmr": 0.0001}).json()
    assert [one["finger"] for one in found["probes"]] == ["left-thumb", "right-thumb"]
    assert found["target_fmr"] == 0.0001
    service.ask("DELETE", "/v1/impressions", params={"subject": "pair"})


@pytest.mark.parametrize("text", [
    lambda scan: "data:image/bmp;base64," + coded(scan),
    lambda scan: base64.urlsafe_b64encode(scan).decode().rstrip("="),
    lambda scan: base64.encodebytes(scan).decode(),
])  # fmt: skip
def test_base64_is_taken_as_it_is_made_elsewhere(service: Any, stripes: Path, text: Callable[[bytes], str]) -> None:
    scan = (stripes / "A_00.bmp").read_bytes()
    given = {"probe": text(scan), "reference": coded(scan)}
    assert decided(service.ask("POST", "/v1/compare", json=given))[0] == "match"


@pytest.mark.parametrize(("route", "most"), [("verify", 10), ("identify", 10), ("enroll", 40)])
def test_more_scans_than_a_decision_takes_are_not_decoded(
    service: Any, stripes: Path, monkeypatch: pytest.MonkeyPatch, route: str, most: int
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("something was decoded")

    monkeypatch.setattr("fpverify.service.crew.Crew.decoding", never)
    scan = coded((stripes / "A_00.bmp").read_bytes())
    given = {"reference" if route == "enroll" else "probe": [scan] * (most + 1)}
    what = "an enrollment" if route == "enroll" else "a decision"
    said = f"{most + 1} scans were given; {what} takes 1 to {most}"
    answer = service.ask("POST", f"/v1/{route}", json=given | ({} if route == "identify" else {"subject": "A"}))
    assert (answer.status_code, answer.json()["message"]) == (422, said)


@pytest.mark.parametrize("twice", ["subject", "fmr", "picture"])
def test_a_field_that_is_one_is_not_there_twice(service: Any, stripes: Path, twice: str) -> None:
    values = {"subject": ["A", "B"], "fmr": ["0.001", "0.0001"], "picture": ["true", "false"]}[twice]
    given = {"probe": coded((stripes / "A_00.bmp").read_bytes()), "subject": "A", twice: values}
    answer = service.ask("POST", "/v1/verify", json=given)
    assert answer.status_code == 422
    assert f"2 fields {twice}, and takes one" in answer.json()["message"]


DEEP = b"[" * 900
BAD = {
    "no JSON": (b"{", "is no JSON"),
    "no UTF-8": (b"\xff\xfe{\x00}\x00", "is no JSON"),
    "no object": (b"[1]", "is no object"),
    "nothing": (b"", "is no JSON"),
    "no number": (b'{"ppi": NaN}', "NaN and Infinity are no numbers"),
    "a number without end": (b'{"ppi": ' + b"1" * 100_000 + b"}", "is no JSON"),
    "twice": (b'{"subject": "A", "subject": "B"}', "a name is there twice"),
    "deep": (b'{"subject": ' + DEEP + b"]" * 900 + b"}", "list of lists"),
    "too deep": (b"[" * 5000, "more than 1000 values"),
    "many": (b'{"ppi": [' + b"1," * 5000 + b"1]}", "more than 1000 values"),
    "an object": (b'{"subject": {"a": 1}}', "is an object or a list of lists"),
    "numbers": (b'{"probe": [1, 2, 3]}', "probe is no text"),
    "no base64": (b'{"probe": "scan.bmp", "subject": "A"}', "probe is no base64"),
    "no ASCII": ('{"probe": "\u00e9\u00e9\u00e9", "subject": "A"}'.encode(), "probe is no base64"),
    "a surrogate": (b'{"probe": "AAAA", "subject": "\\ud800"}', ""),
    "a field of no route": (b'{"probe": "AAAA", "subject": "A", "\\ud800": 1}', "has a field"),
    "no probe": (b'{"subject": "A"}', "no field probe"),
}


@pytest.mark.parametrize("name", BAD)
def test_json_that_is_no_form_is_refused_in_one_line(service: Any, name: str) -> None:
    content, words = BAD[name]
    answer = service.ask("POST", "/v1/verify", content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, set(answer.json())) == (422, {"error", "message"}), answer.text
    assert words in answer.json()["message"]
    assert "\n" not in answer.json()["message"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"width": 100}, "belong together"),
        ({"width": 100, "height": 100}, "has 80000 bytes, 100 x 100 px of one byte each have 10000"),
        ({"width": [400, 400], "height": 200}, "2 values of width for 1 scan"),
        ({"width": 0, "height": 200}, "width"),
        ({"width": 1_000_000, "height": 1}, "width"),
        ({"ppi": [500, 500]}, "2 values of ppi for 1 scan"),
    ],
)
def test_a_size_that_is_not_that_of_the_pixels_is_said(service: Any, fields: Sent, words: str) -> None:
    answer = service.ask("POST", "/v1/verify", files={"probe": bytes(80_000)}, data={"subject": "A"} | fields)
    assert answer.status_code == 422, answer.text
    assert words in answer.json()["message"]


def test_pixels_are_held_to_the_limits_of_files(service: Any) -> None:
    for width, height, status in ((4001, 200, 413), (400, 200, 422), (40, 40, 422)):
        given = {"subject": "A", "width": width, "height": height, "ppi": 500}
        answer = service.ask("POST", "/v1/verify", files={"probe": b"\x80" * (width * height)}, data=given)
        assert answer.status_code in {status, 404}, answer.text
        given = {"width": width, "height": height, "ppi": 500}
        assert (
            service.ask("POST", "/v1/identify", files={"probe": b"\x80" * (width * height)}, data=given).status_code
            == status
        )


def test_base64_is_no_way_round_the_size_of_a_request(start: Any) -> None:
    with start(most_bytes=100_000) as service:
        for size, status in ((150_000, 413), (60_000, 415)):
            body = json.dumps({"probe": coded(bytes(size))}).encode()
            for content in (body, iter([body[:50_000], body[50_000:]])):
                answer = service.ask(
                    "POST", "/v1/identify", content=content, headers={"Content-Type": "application/json"}
                )
                assert answer.status_code == status, answer.text


def test_who_goes_before_the_end_of_json_is_no_fault(start: Any) -> None:
    import socket
    import time

    with start() as service:
        host, port = service.url.removeprefix("http://").split(":")
        for method, path in ((b"POST", b"/v1/identify"), (b"PATCH", b"/v1/subjects?subject=A")):
            with socket.create_connection((host, int(port)), timeout=10) as gone:
                head = method + b" " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                key = service.keys["admin"].encode()
                gone.sendall(head + b"Authorization: Bearer " + key + b"\r\nContent-Length: 1000\r\n\r\n{")
                time.sleep(0.3)
        assert service.ask("GET", "/health/ready", None).status_code == 200
    statuses = [json.loads(line)["status"] for line in service.log.getvalue().splitlines()]
    assert sorted(statuses) == [200, 400, 400]


def test_long_json_is_read_aside_and_refused_alike(service: Any) -> None:
    kind = {"Content-Type": "application/json"}
    for body, status in (
        (json.dumps({"probe": coded(bytes(1_500_000))}), 415),
        ("[" * 2_000_000, 422),
        (" " * 2_000_000, 422),
    ):
        answer = service.ask("POST", "/v1/identify", content=body.encode(), headers=kind)
        assert (answer.status_code, set(answer.json())) == (status, {"error", "message"})


@pytest.mark.parametrize("name", WAYS)
def test_a_try_is_a_try_whatever_it_came_as(start: Any, stripes: Path, name: str) -> None:
    once = TryLimit(((2, 600.0),), calm_s=3600)
    with start(subject=once, identifying=once) as service:
        service.ask("POST", "/v1/enroll", **as_form(stripes / "A_00.bmp", "reference", subject="A"))
        wrong = WAYS[name](stripes / "B_01.bmp", subject="A")
        assert [service.ask("POST", "/v1/verify", "verify", **wrong).status_code for _ in range(3)] == [200, 200, 423]
        found = [service.ask("POST", "/v1/identify", "verify", **WAYS[name](stripes / "B_01.bmp")) for _ in range(3)]
        assert [one.status_code for one in found] == [200, 200, 429]
