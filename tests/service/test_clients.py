"""Both clients against the service itself: every route that it describes, and no other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pytest

from fpverify.client import AsyncClient, Client, ListedScan, RawScan
from fpverify.client.connections import Connections
from fpverify.errors import NotEnrolled, ProofNeeded


def test_the_client_has_every_route(start: Callable[..., Any], stripes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[tuple[str, str]] = set()
    answer = Connections.answer

    def noted(self: Connections, method: str, path: str, *given: Any) -> Any:
        asked.add((method, "/" + path.partition("?")[0]))
        return answer(self, method, path, *given)

    monkeypatch.setattr(Connections, "answer", noted)
    with start() as service, Client(service.url, service.keys["admin"]) as desk:
        assert desk.health()["model"] == "edges-1"
        assert desk.quality(stripes / "A_00.bmp")["enrollable"]
        assert desk.enroll(stripes / "A_00.bmp", "A", "right-index")["impression"] == 1
        assert desk.verify(stripes / "A_01.bmp", "A")
        assert not desk.verify(stripes / "B_01.bmp", "A")
        assert desk.identify(stripes / "A_01.bmp")
        assert desk.guidance([stripes / "A_00.bmp", stripes / "A_01.bmp"])["kept"] == [0, 1]
        assert desk.compare(stripes / "A_00.bmp", (stripes / "A_01.bmp").read_bytes())
        listed = [ListedScan(name, stripes / f"{name[0]}_02.bmp") for name in ("B1", "B2")]
        assert [one["outcome"] for one in desk.enroll_many(listed, unchecked=True)] == ["enrolled", "enrolled"]
        assert [one["subject"] for one in desk.subjects(page=1)] == ["A", "B1", "B2"]
        assert [one["subject"] for one in desk.subjects(page=1, search="b")] == ["B1", "B2"]
        assert [one["action"] for one in desk.history("A", page=2)] == ["identify", "verify", "verify", "enroll"]
        assert desk.update("A", rename="Z", metadata={"gate": 3})["subject"] == "Z"
        assert desk.metadata("Z") == {"gate": 3}
        assert desk.replace(stripes / "A_01.bmp", "Z", "right-index")["impression"] == 1
        assert [one["finger"] for one in desk.impressions("Z", page=1)] == ["right-index"]
        assert desk.locks() == []
        assert desk.unlock(subject="Z") == {"forgiven": 1}
        assert "fpverify_decisions_total" in desk.metrics()
        assert desk.delete("Z")["deleted"] == 1
        with pytest.raises(NotEnrolled):
            desk.metadata("Z")
        described = service.ask("GET", "/openapi.json", None).json()["paths"]
    routes = {(method.upper(), path) for path, operations in described.items() for method in operations}
    assert routes - asked == {("GET", "/health/live")}


def test_pixels_are_judged_as_their_file_is(service: Any, stripes: Path) -> None:
    image = cv2.imread(str(stripes / "A_01.bmp"), cv2.IMREAD_GRAYSCALE)
    raw = RawScan(image.tobytes(), image.shape[1], image.shape[0], 500)
    with Client(service.url, service.keys["admin"]) as desk:
        as_file = desk.compare(stripes / "A_01.bmp", stripes / "A_00.bmp")
        other = cv2.imread(str(stripes / "A_00.bmp"), cv2.IMREAD_GRAYSCALE)
        as_pixels = desk.compare(raw, RawScan(other.tobytes(), other.shape[1], other.shape[0], 500))
    assert as_pixels["score"] == as_file["score"]


def test_an_enrollment_is_asked_for_again_with_its_word(service: Any, stripes: Path) -> None:
    with Client(service.url, service.keys["enroll"]) as desk:
        first = desk.enroll(stripes / "A_00.bmp", "worded", unchecked=True, idempotency_key="w-1")
        assert desk.enroll(stripes / "A_00.bmp", "worded", unchecked=True, idempotency_key="w-1") == first
        with pytest.raises(ProofNeeded):
            desk.enroll(stripes / "A_00.bmp", "worded", unchecked=True)
    service.ask("DELETE", "/v1/impressions", params={"subject": "worded"})


def test_many_questions_are_awaited_at_once(service: Any, stripes: Path) -> None:
    async def ask() -> list[bool]:
        async with AsyncClient(service.url, service.keys["admin"]) as door:
            await door.enroll(stripes / "A_00.bmp", "awaited", unchecked=True)
            names = ["A_01.bmp", "B_01.bmp"] * 4
            found = await asyncio.gather(*(door.verify(stripes / name, "awaited") for name in names))
            listed = [one async for one in door.enroll_many([ListedScan("awaited", stripes / "none.bmp")])]
            assert [one["outcome"] for one in listed] == ["unreadable"]
            assert "awaited" in [one["subject"] async for one in door.subjects()]
            await door.delete("awaited")
            return [bool(one) for one in found]

    assert asyncio.run(ask()) == [True, False] * 4
