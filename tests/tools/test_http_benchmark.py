"""The benchmark of the service runs, on a size that takes seconds."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import ModuleType

import pytest
from tool_modules import tool


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    return tool("http_benchmark")


@pytest.mark.slow
def test_it_measures_a_service_that_it_starts(
    benchmark: ModuleType, stripes: Path, edges_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("fastapi")
    words = ["--requests=30", "--clients=2", "--model", str(edges_model), "--scan", str(stripes / "A_00.bmp")]
    assert benchmark.main([*words, "--json"]) in {0, 1}
    cost = json.loads(capsys.readouterr().out)
    assert 0 < cost["median_ms"] <= cost["p95_ms"] < 10_000
    assert (cost["clients"], cost["requests"]) == (2, 30)
    assert cost["per_second"] > 0
    if Path("/proc/self/status").exists():
        assert len(cost["memory_mib"]) == benchmark.MEMORY_SAMPLES
        assert min(cost["memory_mib"]) > 10


def test_memory_is_that_of_the_process(benchmark: ModuleType) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("no /proc")
    before = benchmark.memory_mib(os.getpid())
    ballast = b"x" * 200 * 2**20
    assert benchmark.memory_mib(os.getpid()) - before > 0.9 * len(ballast) / 2**20
    assert benchmark.memory_mib(None) is None


def test_growth_is_that_of_the_second_half(benchmark: ModuleType) -> None:
    memory = (100.0, 110.0, 120.0, 130.0, 140.0, 150.0, 151.0, 152.0, 153.0, 154.0, 155.0)
    cost = benchmark.Cost(1.0, 1.0, 99.0, 8, 1024, memory)
    assert cost.growth_kib == pytest.approx(5 * 1024 / 512)
    assert "+10.00 KiB" in "\n".join(benchmark.lines(cost))


@pytest.mark.parametrize(("median_ms", "per_second", "reached"), [(60, 30, True), (61, 99, False), (1, 29, False)])
def test_both_targets_have_to_be_reached(
    benchmark: ModuleType, median_ms: float, per_second: float, reached: bool
) -> None:
    assert benchmark.Cost(median_ms, median_ms, per_second, 8, 100, ()).reached is reached


def test_a_service_that_is_not_there_is_one_line(benchmark: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmark.main(["--url", f"http://127.0.0.1:{benchmark.free_port()}", "--key", "x"]) == 3
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
