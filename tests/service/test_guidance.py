"""Guided enrollment over HTTP: the advice of `enrollment.guidance`, for touches that are sent."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from fpverify.client import Client
from fpverify.enrollment.guidance import WORDS, Guide
from fpverify.matching import Matcher
from fpverify.scans import read_scan

SAMPLES = Path(__file__).parents[2] / "fpverify" / "samples"
TOUCHES = ("A_1.bmp", "B_1.bmp", "A_2.bmp")


def asked(service: Any, touches: Sequence[Path], scope: str = "enroll", **fields: Any) -> Any:
    files = [("touch", (one.name, one.read_bytes())) for one in touches]
    return service.ask("POST", "/v1/guidance", scope, files=files, data=fields)


def test_the_advice_is_that_of_the_command_line(start: Any, release_model: str) -> None:
    guide = Guide(Matcher.load())
    with start(release_model) as service:
        for number, name in enumerate(TOUCHES, 1):
            advice = guide.add(read_scan(SAMPLES / name))
            answer = asked(service, [SAMPLES / one for one in TOUCHES[:number]]).json()
            assert (tuple(answer["hints"]), answer["words"]) == (advice.hints, advice.words)
            assert (answer["covered"], answer["done"]) == (pytest.approx(advice.covered), advice.done)
            assert (tuple(answer["kept"]), tuple(answer["map"])) == (guide.kept_numbers, guide.map)
        assert [one["quality"] for one in answer["touches"]] == [pytest.approx(one) for one in guide.qualities]
        assert "same" in asked(service, [SAMPLES / one for one in TOUCHES[:2]]).json()["hints"]
        with Client(service.url, service.keys["enroll"]) as desk:
            assert desk.guidance([SAMPLES / one for one in TOUCHES]) == answer
        assert service.ask("GET", "/v1/subjects").json()["fingers"] == []


def test_a_touch_without_a_print_is_said_and_does_not_count(start: Any, release_model: str, stripes: Path) -> None:
    with start(release_model) as service:
        touches = [stripes / "A_00.bmp", SAMPLES / "A_1.bmp", SAMPLES / "README.md"]
        answer = asked(service, touches).json()
    assert [one["error"] is None for one in answer["touches"]] == [False, True, False]
    assert answer["touches"][2]["error"] == "UnreadableScan"
    assert all("README" not in (one["message"] or "") for one in answer["touches"])
    assert answer["kept"] == [1]


def test_of_a_whole_print_model_the_best_are_kept_and_no_places_are_said(service: Any, stripes: Path) -> None:
    answer = asked(service, [stripes / f"A_0{number}.bmp" for number in range(3)]).json()
    assert (answer["hints"], answer["done"], answer["map"]) == (["done"], True, [])
    assert sorted(answer["kept"]) == [0, 1, 2]


def test_it_takes_a_key_that_enrolls_and_ten_touches_at_most(service: Any, stripes: Path) -> None:
    assert asked(service, [stripes / "A_00.bmp"], "scores").status_code == 403
    assert asked(service, [stripes / "A_00.bmp"] * 11).status_code == 422
    assert asked(service, [stripes / "A_00.bmp"], subject="A").json()["error"] == "InvalidRequest"


def test_the_page_has_words_for_all_that_is_said() -> None:
    words = (SAMPLES.parent / "service" / "page" / "words.js").read_text()
    assert all(words.count(f'"hint.{hint}":') == 2 for hint in WORDS)
