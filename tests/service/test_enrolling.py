"""Who may add to whom: somebody new, with any key that enrolls; somebody enrolled, with a proof or an admin key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from fpverify.errors import ProofNeeded
from fpverify.service.limits import TryLimit

Enroll = Callable[..., Any]
NUMBERS = count()


def said(answer: Any) -> tuple[int, str]:
    """Status and name of an error."""
    return answer.status_code, answer.json()["error"]


def scans_of(stripes: Path, *names: str) -> list[tuple[str, Any]]:
    return [("scan", (f"anna-{name}", (stripes / name).read_bytes())) for name in names]


@pytest.fixture
def enroll(service: Any, stripes: Path) -> Enroll:
    """Enrolls scans of the stripes, unchecked unless told otherwise, with a key that enrolls unless told otherwise."""

    def send(subject: str, *scans: str, proof: str | None = None, scope: str = "enroll", **fields: Any) -> Any:
        files = scans_of(stripes, *scans)
        if proof is not None:
            files.append(("proof", ("anna.bmp", (stripes / proof).read_bytes())))
        data = {"subject": subject, "unchecked": "true"} | fields
        return service.ask("POST", "/v1/enroll", scope, files=files, data=data)

    return send


@pytest.fixture
def somebody(service: Any, enroll: Enroll) -> Iterator[str]:
    """A subject with one finger."""
    name = f"somebody {next(NUMBERS)}"
    assert enroll(name, "A_00.bmp", finger="right-index").status_code == 201
    yield name
    service.ask("DELETE", "/v1/impressions", params={"subject": name})


def fingers_of(service: Any, subject: str) -> list[str]:
    answer = service.ask("GET", "/v1/impressions", params={"subject": subject})
    return [one["finger"] for one in answer.json().get("impressions", [])]


@pytest.mark.parametrize("fields", [{"finger": "left-index"}, {"finger": "right-index"}, {}, {"unchecked": "false"}])
def test_who_is_enrolled_is_not_added_to_without_proof(
    service: Any, enroll: Enroll, somebody: str, fields: dict[str, str]
) -> None:
    answer = enroll(somebody, "B_00.bmp", **fields)
    assert said(answer) == (403, "ProofNeeded")
    assert "a finger is added with proof" in answer.json()["message"]
    assert fingers_of(service, somebody) == ["right-index"]


def test_a_proof_that_matches_adds_a_finger_and_one_that_does_not_adds_none(
    service: Any, enroll: Enroll, somebody: str
) -> None:
    refused = enroll(somebody, "B_00.bmp", proof="B_01.bmp", finger="left-index")
    assert said(refused) == (403, "ProofNeeded")
    assert "anna" not in refused.text
    assert fingers_of(service, somebody) == ["right-index"]
    assert enroll(somebody, "B_00.bmp", proof="A_01.bmp", finger="left-index").status_code == 201
    assert fingers_of(service, somebody) == ["right-index", "left-index"]


def test_an_administrator_adds_without_proof(service: Any, enroll: Enroll, somebody: str) -> None:
    assert enroll(somebody, "B_00.bmp", scope="admin", finger="left-index").status_code == 201
    assert fingers_of(service, somebody) == ["right-index", "left-index"]


def test_an_id_in_another_form_is_no_way_round(service: Any, enroll: Enroll) -> None:
    assert enroll("Zoë", "A_00.bmp").status_code == 201
    assert said(enroll("Zoe\u0308", "B_00.bmp")) == (403, "ProofNeeded")
    service.ask("DELETE", "/v1/impressions", params={"subject": "Zoë"})


def test_a_proof_is_a_try_like_any_other(start: Any, stripes: Path) -> None:
    with start(subject=TryLimit(((2, 600.0),), calm_s=3600)) as service:
        service.post("/v1/enroll", stripes / "A_00.bmp", subject="A")
        codes = []
        for _ in range(3):
            files = [*scans_of(stripes, "B_00.bmp"), ("proof", ("x", (stripes / "B_01.bmp").read_bytes()))]
            codes.append(service.ask("POST", "/v1/enroll", "enroll", files=files, data={"subject": "A"}).status_code)
        assert codes == [403, 403, 423]
        assert service.post("/v1/verify", stripes / "A_01.bmp", subject="A").status_code == 423


def test_a_proof_for_nobody_is_said(enroll: Enroll) -> None:
    assert said(enroll("nobody yet", "A_00.bmp", proof="A_01.bmp")) == (404, "NotEnrolled")


def test_several_fingers_of_somebody_new_go_in_one_request(service: Any, enroll: Enroll) -> None:
    answer = enroll("many", "A_00.bmp", "B_00.bmp", "A_01.bmp", finger=["right-thumb", "left-thumb", "right-thumb"])
    assert answer.status_code == 201
    body = answer.json()
    assert [(one["finger"], one["impression"]) for one in body["impressions"]] == [
        ("right-thumb", 1),
        ("left-thumb", 1),
        ("right-thumb", 2),
    ]
    assert body["finger"] == "right-thumb"
    service.ask("DELETE", "/v1/impressions", params={"subject": "many"})


@pytest.mark.parametrize(
    ("scans", "fields", "refusal"),
    [
        (("A_00.bmp", "B_00.bmp"), {"finger": ["right-thumb", "nose"]}, (422, "no finger")),
        (("A_00.bmp", "B_00.bmp"), {"finger": ["right-thumb", "left-thumb", "left-index"]}, (422, "3 fingers are")),
        (
            ("A_00.bmp", "A_00.bmp"),
            {"finger": ["right-thumb", "left-thumb"]},
            (422, "scan 2: the same picture as scan 1"),
        ),
        (
            ("A_00.bmp", "A_01.bmp"),
            {"finger": ["right-thumb", "left-thumb"], "unchecked": "false"},
            (409, "scan 2: this finger is given as right-thumb as well"),
        ),
        (("A_00.bmp", "B_00.bmp"), {"unchecked": "false"}, (409, "scan 2: does not agree")),
    ],
)
def test_all_of_several_are_enrolled_or_none(
    start: Any, stripes: Path, scans: tuple[str, ...], fields: dict[str, Any], refusal: tuple[int, str]
) -> None:
    with start() as service:
        data = {"subject": "none", "unchecked": "true"} | fields
        answer = service.ask("POST", "/v1/enroll", "enroll", files=scans_of(stripes, *scans), data=data)
        assert said(answer)[0] == refusal[0], answer.text
        assert refusal[1] in answer.json()["message"]
        assert fingers_of(service, "none") == []


def test_who_becomes_somebody_meanwhile_is_not_added_to(
    stripes: Path, edges_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fpverify import Verifier, read_scan

    scan, other = (read_scan(stripes / name) for name in ("A_00.bmp", "B_00.bmp"))
    with Verifier.open(tmp_path / "db", model=edges_model, key="none") as verifier:
        template = verifier.matcher.template

        def slowly(_: Any, given: Any) -> Any:
            verifier.store.add("A", "unknown", template(other))
            return template(given)

        monkeypatch.setattr(type(verifier.matcher), "template", slowly)
        with pytest.raises(ProofNeeded):
            verifier.enroll_together([scan], "A", ["right-index"], unchecked=True, must_be_new=True)
        assert [one.finger for one in verifier.references("A")] == ["unknown"]
