"""The tool that measures what a store costs as it grows."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import pytest
from made_up_prints import finger
from tool_modules import tool

from fpverify.matching import Matcher
from fpverify.search.index.exact import ExactIndex
from fpverify.vocabulary import Template


@pytest.fixture
def growth() -> ModuleType:
    return tool("growth")


def level(growth: ModuleType, enrolled: int, slower: float, extraction_ms: float = 14.5) -> object:
    costs = {
        "extraction": 1.0,
        "verify": 17.0,
        "enroll": 60.0 * slower,
        "identify": extraction_ms + 5,
        "linear look": 400.0,
    }
    made = {name: growth.Cost(ms, ms) for name, ms in costs.items()} | {"extraction": growth.Cost(extraction_ms, 1.0)}
    return growth.Level(enrolled, 0.1, made, {"identify": growth.Fresh(1.0, 0.5, 200.0)})


def test_bars_are_held_against_the_first_size(growth: ModuleType) -> None:
    first, same, slower = (level(growth, *given) for given in ((1000, 1.0), (100_000, 1.4), (100_000, 2.0)))
    assert not growth.exceeded([first, same])
    assert growth.exceeded([first, slower])
    rows = growth.bars_table([first, slower]).splitlines()
    assert "| enroll, times its cost at the first size | 1.6 | 2 | exceeded |" in rows
    assert "| verify, times its cost at the first size | 1.2 | 1 | kept |" in rows


def test_limits_in_time_rise_with_the_extraction_time_and_others_do_not(growth: ModuleType) -> None:
    usual, slow = level(growth, 1000, 1.0), level(growth, 1000, 1.0, extraction_ms=43.5)
    most = {bar.what: (bar.most(usual), bar.most(slow)) for bar in growth.BARS}
    assert most["identify, ms of CPU"] == (50, 150)
    assert most["enroll, times its cost at the first size"] == (1.6, 1.6)


def test_times_are_medians(growth: ModuleType) -> None:
    waits = iter([0.0, 0.0, 1.0])
    cost = growth.timed([lambda: growth.time.sleep(next(waits))] * 3)
    assert cost.wall_ms < 300  # their mean is more
    assert cost.cpu_ms < 100


def test_the_index_alone(growth: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    costs = tool("index_cost")
    for name, value in {"PROBES": 2, "CHANGES": 3, "STORED": 20, "AT_ONCE": 8}.items():
        monkeypatch.setattr(costs, name, value)
    model, index = tool("modelled").TemplateModel.of([finger(seed) for seed in range(4)]), ExactIndex()
    cost = costs.index_cost(index, model, _NoModel(), 30)
    assert len(index) == cost.references == 30
    assert min(cost.probe_ms) > 0
    assert cost.build_min > 0
    assert "| adding one, ms | 5 |" in costs.cost_table(cost)


class _NoModel:
    def template(self, _: object) -> Template:
        return finger(100)


@pytest.mark.slow
def test_a_small_store_is_measured_from_end_to_end(
    growth: ModuleType, release_model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"PEOPLE": 2, "FRESH_RUNS": 1, "LOOKS": 1, "AT_ONCE": 7}.items():
        monkeypatch.setattr(growth, name, value)
    monkeypatch.setattr(growth, "model_of", lambda *_: few_sources(Matcher.load()))
    kept = tmp_path / "figures.json"
    growth.main(["--sizes", "30", "60", "--runs", "2", "--work", str(tmp_path), "--json", str(kept)])
    small, large = json.loads(kept.read_text())["SQLite"]
    assert (small["enrolled"], large["enrolled"]) == (30, 60)
    assert set(large["costs"]) >= {"extraction", "verify", "identify", "enroll", "delete", "linear look"}
    assert all(one["cpu_ms"] > 0 for one in large["costs"].values())
    assert large["fresh"]["identify"]["peak_mb"] > 50


def few_sources(matcher: Matcher) -> object:
    made = tool("gallery").impressions_of
    return tool("modelled").TemplateModel.of([made(number, (1,), matcher)[0].template for number in range(2)])
