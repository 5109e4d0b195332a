"""What got dearer is an alarm, whatever the machine; the page is what the history says."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import pytest
from tool_modules import tool

RESULT: dict[str, Any] = {
    "machine": {"system": "Linux x86_64", "cpu": "Some CPU", "python": "3.12.1"},
    "verify": {"cpu_s": 0.4},
    "floor": {"cpu_s": 0.2},
    "extraction": {"cpu_ms": {"reading": 6.0, "total": 15.0}},
    "comparison": {"one_to_one_ms": 0.8, "one_to_many_ms": 0.02},
    "reference": {"name": "ORB", "extraction_ms": 4.0, "comparison_ms": 0.4},
}


@pytest.fixture
def history() -> ModuleType:
    return tool("benchmark_history")


def run_at(history: ModuleType, speed: float = 1.0, **figures: float) -> dict[str, Any]:
    """A run on a machine that is slower by a factor, of figures that grew by factors of their own."""
    result = copy.deepcopy(RESULT)
    for name, one in history.FIGURES.items():
        place = result
        for word in one.own[:-1]:
            place = place[word]
        place[one.own[-1]] *= speed * figures.get(name, 1.0)
    for where, name in (("floor", "cpu_s"), ("reference", "extraction_ms"), ("reference", "comparison_ms")):
        result[where][name] *= speed
    return result


def test_a_slow_machine_is_no_alarm_and_slow_code_is(history: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "b" / "history.jsonl"
    for speed in (1.0, 3.0, 0.5, 1.2, 2.0):
        assert history.appended(run_at(history, speed), path) == []
    (told,) = history.appended(run_at(history, 0.4, extraction=1.2), path)
    assert told.startswith("extraction: 4.50 times its reference, 20% over the median of 5")
    assert len(path.read_text().splitlines()) == 6


@pytest.mark.parametrize(("factor", "count"), [(1.14, 0), (1.16, 1)])
def test_the_alarm_begins_at_15_per_cent(history: ModuleType, factor: float, count: int) -> None:
    before = [history.entry(run_at(history)) for _ in range(5)]
    assert len(history.alarms(before, history.entry(run_at(history, comparison=factor)))) == count


def test_one_line_of_noise_moves_no_median(history: ModuleType) -> None:
    before = [history.entry(run_at(history, verify=factor)) for factor in (1.0, 1.0, 9.0, 1.0, 1.0)]
    assert len(history.alarms(before, history.entry(run_at(history, verify=1.2)))) == 1


def test_too_few_and_other_processors_say_nothing(history: ModuleType) -> None:
    slow = history.entry(run_at(history, verify=9.0))
    assert history.alarms([history.entry(run_at(history))] * 2, slow) == []
    other = run_at(history)
    other["machine"]["cpu"] = "Another CPU"
    assert history.alarms([history.entry(other)] * 5, slow) == []


def test_the_page_and_its_picture_have_every_figure(history: ModuleType) -> None:
    runs = [history.entry(run_at(history, verify=factor)) for factor in (1.0, 1.5)]
    page, picture = history.page(runs), history.picture(runs)
    assert "| `fpverify verify`, CPU of the process | 0.6 s | 3.00 | Python, NumPy, OpenCV | 2.00 |" in page
    drawn = ElementTree.fromstring(picture)  # noqa: S314
    assert len(drawn.findall("{*}polyline")) == len(history.FIGURES)


def test_the_page_is_what_the_history_says(history: ModuleType) -> None:
    assert history.main(["--check"]) == 0, "run python tools/benchmark_history.py"
    for run in history.read(history.HISTORY):
        assert set(run["ratios"]) == set(history.FIGURES)
        assert json.dumps(run)


README = """\
before
<!-- speed table -->

| | one core |
|---|---|
| `fpverify verify`, whole process | 9 to 9 s |
| extraction, a print, of old | 9 to 9 ms of CPU |
| verification over HTTP, warm | 31 ms |

<!-- /speed table -->
after
"""


def test_the_readmes_table_goes_over_the_last_runs_of_the_last_commit(history: ModuleType) -> None:
    def run(commit: str, wall_s: float, ms: float) -> dict[str, Any]:
        shown = {"verify_s": wall_s, "extraction_ms": ms, "verify_mib": 98.4}
        return {**history.entry(run_at(history)), "commit": commit, "shown": shown}

    runs = [run("a", 9.0, 90.0), run("b", 0.301, 14.2), run("b", 0.284, 13.6), run("b", 0.29, 14.0)]
    figures = history.latest(runs)
    text = history.with_table(README, figures)
    assert "| `fpverify verify`, whole process | 0.28 to 0.3 s |\n" in text
    assert "| its memory at most | 98 MiB |\n" in text
    assert "| extraction, a print, mean of synthetic ones | 14 to 14 ms of CPU |\n" in text
    assert "| verification over HTTP, warm | 31 ms |\n" in text
    assert history.with_table(text, figures) == text
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    copy = history.with_copies('"command_s": Stated(0.5, 0.6),  # s\n"comparison_ms": Stated(1, 2),', figures)
    assert copy == '"command_s": Stated(0.28, 0.3),  # s\n"comparison_ms": Stated(1, 2),'


def test_runs_without_figures_for_the_readme_are_refused(history: ModuleType) -> None:
    old = {name: value for name, value in history.entry(run_at(history)).items() if name != "shown"}
    with pytest.raises(SystemExit, match="figures for the README"):
        history.latest([old])


def test_the_page_says_where_the_time_goes(history: ModuleType) -> None:
    run = {**history.entry(run_at(history)), "stages": {"verify": {"Python": 12.34}, "extraction": {}}}
    assert "| Python | 12.3 |" in history.page([run])
    assert "Where the time goes" not in history.page([{**run, "stages": {}}])
