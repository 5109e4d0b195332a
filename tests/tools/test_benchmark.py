"""The benchmark runs, on sizes that take seconds."""

from __future__ import annotations

import json
import time
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from tool_modules import tool

from fpverify.synthesis.dataset import write_ridges


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    return tool("benchmark")


def test_a_stopwatch_sums_the_cpu_time_of_a_stage_and_no_waiting(
    benchmark: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = iter([1.0, 1.0, 2.0, 2.25, 5.0, 5.5])  # CPU s, to which other threads would add
    assert benchmark.time.process_time is time.process_time
    monkeypatch.setattr(benchmark.time, "process_time", lambda: next(used))
    watch = benchmark.Stopwatch()
    assert watch.timed("sleeping", lambda: None) is None
    for _ in range(2):
        assert watch.timed("working", lambda n: n + 1, 1) == 2
    assert watch.cpu_s == {"sleeping": 0.0, "working": 0.75}


def test_a_run_is_measured_as_a_process_of_its_own(benchmark: ModuleType, tmp_path: Path) -> None:
    ballast = np.ones(400 * 2**20 // 8)  # 400 MiB that the measured process must not inherit
    cost = benchmark.synthesis_cost(tmp_path / "made", 1, 2, 1)
    run = benchmark.measured_run(["--version"])
    assert ballast.sum() > 0
    assert cost["prints"] == len(list((tmp_path / "made").glob("*.bmp"))) == 2
    assert cost["wall_s"] > run["wall_s"] > 0
    assert 5 < run["peak_mib"] < 200


def test_a_run_that_fails_ends_the_benchmark_with_its_reason(benchmark: ModuleType) -> None:
    with pytest.raises(SystemExit, match=r"missing\.bmp"):
        benchmark.measured_run(["enroll", "missing.bmp", "--id", "A"])


def test_modules_are_those_of_the_command(benchmark: ModuleType) -> None:
    modules = benchmark.loaded_modules(["--version"])
    assert "fpverify.cli" in modules
    assert "tensorflow" not in modules


def test_the_reference_is_timed_on_the_same_prints(benchmark: ModuleType, tmp_path: Path) -> None:
    write_ridges(tmp_path, fingers=1, impressions=3)
    cost = benchmark.reference_cost(sorted(tmp_path.glob("*.bmp")))
    assert cost["extraction_ms"] > cost["comparison_ms"] > 0


def test_too_few_prints_are_refused(benchmark: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="two prints"):
        benchmark.main(["--prints", str(tmp_path), "--fingers", "1", "--impressions", "2"])


@pytest.mark.slow
def test_the_whole_benchmark_runs_and_prints_either_way(
    benchmark: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, release_model: str
) -> None:
    monkeypatch.setattr(benchmark, "GALLERY", 200)
    sizes = ["--fingers", "2", "--impressions", "2", "--workers", "1", "--runs", "1", "--subjects", "30"]
    assert benchmark.main([*sizes, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert not result["verify"]["tensorflow"]
    assert result["verify"]["wall_s"]["min"] <= result["verify"]["wall_s"]["median"]
    parts = result["verify"]["cpu_ms"]
    assert min(parts.values()) >= 0
    assert {"Python", "NumPy", "reading the scan", "comparing", "the end"} < set(parts)
    stages = result["extraction"]["cpu_ms"]
    of_extraction = [ms for name, ms in stages.items() if name not in ("reading", "total")]
    assert stages["total"] == pytest.approx(sum(of_extraction))
    assert result["comparison"]["comparisons"] == 6
    assert result["store"]["subjects"] == 30
    assert result["store"]["identify"]["wall_s"] > 0
    text = benchmark.table(result)
    assert "store of 30 subjects" in text
    assert "not loaded" in text
    assert f"{stages['total']:.1f} ms" in text
