"""The tool that makes a million comparisons, with a few."""

from __future__ import annotations

import json
from types import ModuleType

import numpy as np
import pytest
from tool_modules import tool

from fpverify.store import encode_template


@pytest.fixture(scope="module")
def million() -> ModuleType:
    return tool("million")


def test_there_are_as_many_comparisons_as_were_asked_for_and_few_more(million: ModuleType) -> None:
    plan, templates = million.synthetic_set(1000, "m")
    assert 1000 <= len(plan.comparisons) < 1000 + len(templates)
    assert len(plan.scans) == len(set(plan.scans)) == len(templates)
    again = million.synthetic_set(1000, "m")[1]
    assert [encode_template(one) for one in again] == [encode_template(one) for one in templates]


def test_impressions_of_a_finger_are_alike_and_fingers_are_not(
    million: ModuleType, release_model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert million.main(["--comparisons", "150", "--workers", "1", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["comparisons"] >= 150
    assert result["mated_median"] > 0.15
    assert result["non_mated_median"] < 0.05
    assert result["cpu_s"] > 0


def test_memory_of_this_process_is_seen(million: ModuleType) -> None:
    if million.resident_mb(1) is None:
        pytest.skip("no /proc")
    with million.MemoryWatch() as watch:
        held = np.ones(20_000_000)
        million.time.sleep(0.5)
    assert watch.peak_mb > held.nbytes / 1e6


def test_the_number_of_scans_is_the_least_that_has_so_many_pairs(million: ModuleType) -> None:
    for comparisons in (1, 2, 3, 10, 11, 1000):
        scans = million.scans_for(comparisons)
        assert scans * (scans - 1) // 2 >= comparisons > (scans - 1) * (scans - 2) // 2


@pytest.mark.slow
def test_realised_rates_stand_beside_those_stated(
    million: ModuleType, release_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(million, "SENSORS", {"optical": million.SENSORS["optical"]})
    head, _, _, _, *rows = million.realised(60, None, 1).splitlines()
    fingers, comparisons = (int(word.replace(",", "")) for word in head.split() if word[0].isdigit())
    assert fingers == 5  # of three impressions: 12 scans have 66 pairs; one finger more, as some of them are mated
    assert comparisons == 15 * 14 // 2 - 5 * 3
    assert [row.split("|")[1].strip() for row in rows] == ["0.1", "0.05"]  # 90 comparisons say nothing about 2 %
