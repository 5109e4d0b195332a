"""Cards over HTTP: every finger in them is enrolled, and those that are enrolled are verified."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import fpverify
from fpverify.formats.containers import images_to_bytes
from fpverify.vocabulary.images import FingerImage, ImageRecord

NUMBERS = count()
RIGHT_INDEX, LEFT_THUMB, RIGHT_PALM = 2, 6, 21
Card = Callable[..., bytes]


@pytest.fixture
def card(stripes: Path) -> Card:
    """A card of the two fingers, from their n-th scans."""

    def made(
        number: int = 0, fingers: tuple[int, int] = (RIGHT_INDEX, LEFT_THUMB), missing: tuple[Any, ...] = ()
    ) -> bytes:
        scans = [fpverify.read_scan(stripes / f"{name}_{number:02d}.bmp") for name in "AB"]
        images = [
            FingerImage(
                *(one.pixels.tobytes(), "none", *one.pixels.shape[::-1], (500.0, 500.0), finger),  # type: ignore[arg-type]
                missing=missing if finger > 10 else (),
            )
            for one, finger in zip(scans, fingers, strict=True)
        ]
        return images_to_bytes(ImageRecord(tuple(images), missing=missing), format="an2")[0]

    return made


@pytest.fixture
def enrolled(service: Any, card: Card) -> str:
    """A subject whose two fingers came on a card."""
    name = f"on a card {next(NUMBERS)}"
    answer = service.post("/v1/enroll", card(), subject=name, unchecked="true")
    assert answer.status_code == 201, answer.text
    assert [one["finger"] for one in answer.json()["impressions"]] == ["right-index", "left-thumb"]
    return name


def said(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


def test_of_a_card_one_scan_of_each_enrolled_finger_is_verified(service: Any, card: Card, enrolled: str) -> None:
    answer = service.post("/v1/verify", card(1), "scores", subject=enrolled).json()
    assert answer["decision"] == "match"
    assert [one["finger"] for one in answer["probes"]] == ["right-index", "left-thumb"]
    assert "anna" not in json.dumps(answer)
    turned = service.post("/v1/verify", card(1, (LEFT_THUMB, RIGHT_INDEX)), "scores", subject=enrolled)
    assert turned.json()["decision"] == "non-match"


def test_who_decides_is_not_told_which_fingers_are_enrolled(service: Any, card: Card, enrolled: str) -> None:
    answer = service.post("/v1/verify", card(1, (3, 4)), "verify", subject=enrolled)
    assert said(answer) == (404, "NotEnrolled")
    assert "right-index" not in answer.text
    assert said(service.post("/v1/verify", card(1), "verify", subject="nobody")) == (404, "NotEnrolled")


def test_a_card_names_its_fingers(service: Any, card: Card, enrolled: str) -> None:
    answer = service.post("/v1/enroll", card(), subject=enrolled, finger="right-ring")
    assert said(answer) == (422, "InvalidRequest")
    assert "right-index, left-thumb: name none beside them" in answer.json()["message"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"missing": "right-ring"}, "missing is of a slap"),
        ({"slap": "right", "missing": "toe"}, "no finger has this name"),
        ({"slap": "foot"}, "slap"),
    ],
)
def test_what_is_no_slap_is_refused(service: Any, card: Card, fields: dict[str, str], words: str) -> None:
    for path in ("/v1/enroll", "/v1/verify"):
        answer = service.post(path, card(), subject="D", **fields)
        assert answer.status_code == 422
        assert words in answer.json()["message"]


def test_an_enrollment_that_is_asked_for_again_has_the_same_notes(service: Any, card: Card) -> None:
    name, header = f"on a card {next(NUMBERS)}", {"Idempotency-Key": f"card-{next(NUMBERS)}"}
    content = card(0, (RIGHT_INDEX, 13), missing=((3, "amputated"),))
    given = {"files": {"reference": ("a", content)}, "data": {"subject": name, "unchecked": "true"}, "headers": header}
    first, again = (service.ask("POST", "/v1/enroll", **given) for _ in range(2))
    assert first.status_code == 201, first.text
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    assert "the scan, picture 2 (right-four): right-middle is amputated" in first.json()["notes"]
    assert any(note.startswith("left out: the scan, picture 2") for note in first.json()["notes"])


def test_a_file_of_more_pictures_than_a_card_has_is_refused(service: Any, card: Card) -> None:
    pixels = bytes(400)
    images = tuple(FingerImage(pixels, "none", 20, 20, (500.0, 500.0), RIGHT_INDEX) for _ in range(41))
    content = images_to_bytes(ImageRecord(images), format="an2")[0]
    answer = service.post("/v1/enroll", content, subject="D")
    assert said(answer) == (415, "UnreadableScan")
    assert "41 pictures, of one file at most 40 are taken" in answer.json()["message"]


def test_a_card_cut_short_is_refused_by_its_number(service: Any, card: Card) -> None:
    answer = service.post("/v1/enroll", card()[:-9], subject="D")
    assert said(answer) == (415, "UnreadableScan")
    assert answer.json()["message"].startswith("the scan: ")


def test_one_scan_is_wanted_where_a_card_has_two(service: Any, card: Card) -> None:
    answer = service.post("/v1/quality", card())
    assert said(answer) == (415, "UnreadableScan")
    assert "2 pictures of fingers" in answer.json()["message"]


def test_a_list_takes_cards_finger_by_finger(service: Any, card: Card) -> None:
    name = f"on a card {next(NUMBERS)}"
    image = base64.b64encode(card()).decode()
    rows = [{"id": name, "image": image, "file": "card"}, {"id": name, "image": image, "finger": "right-ring"}]
    body = b"".join(json.dumps(one).encode() + b"\n" for one in rows)
    answer = service.ask(
        "POST", "/v1/enroll/list?unchecked=true", content=body, headers={"content-type": "application/x-ndjson"}
    )
    told = [json.loads(one) for one in answer.text.splitlines()]
    assert [(one["finger"], one["outcome"]) for one in told[:2]] == [
        ("right-index", "enrolled"),
        ("left-thumb", "enrolled"),
    ]
    assert "shows no right-ring" in told[2]["reason"]


def test_pictures_of_a_card_that_are_much_work_are_decoded_aside(card: Card) -> None:
    from fpverify.service.crew import heavy_pictures

    wsq = b"\xff\xa0" + bytes(40)
    assert heavy_pictures(wsq) == [wsq]
    assert heavy_pictures(card()) == []
    assert heavy_pictures(card()[:-1]) == []
    coded = BytesIO()
    Image.fromarray(np.arange(1600, dtype=np.uint8).reshape(40, 40)).save(coded, "JPEG2000")
    images = [
        FingerImage(coded.getvalue(), "jpeg2000", 40, 40, (500.0, 500.0), one) for one in (RIGHT_INDEX, RIGHT_PALM)
    ]
    content = images_to_bytes(ImageRecord(tuple(images)), format="an2")[0]
    assert heavy_pictures(content) == [coded.getvalue()]
