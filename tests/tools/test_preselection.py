"""The tool that measures the first look at a gallery."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from tool_modules import tool

from fpverify.synthesis.dataset import write_ridges
from fpverify.vocabulary import Minutiae, Template


@pytest.fixture(scope="module")
def preselection() -> ModuleType:
    return tool("preselection")


def template(seed: int) -> Template:
    rng = np.random.default_rng(seed)
    x, y, angle = (rng.uniform(0, most, 30).astype(np.float32) for most in (190, 190, 3))
    return Template("m", 0.8, Minutiae(x, y, angle, np.ones(30, np.float32)), rng.integers(-15, 16, (30, 64), np.int8))


def test_a_mate_that_looks_like_the_probe_comes_first_and_another_does_not(preselection: ModuleType) -> None:
    same, strange = template(0), template(1)
    ranks = preselection.ranks_of_mates(["a", "a", "b", "b"], [same, same, same, strange], [template(2)])
    assert ranks.tolist() == [1, 1, 3, 3]  # the `a` are also as like as one `b`; nobody looks like the last


def test_the_table_counts_mates_beyond_the_shortlist(preselection: ModuleType) -> None:
    lines = preselection.table(np.array([0, 0, 4, 30]), 1000).splitlines()
    assert lines[0] == "4 probes and mates, 1,000 references"
    assert "| 1 | 0.10 | 50.00 |" in lines
    assert "| 20 | 2.00 | 25.00 |" in lines
    assert "| 64 | 6.40 | 0.00 |" in lines


def test_it_runs(
    preselection: ModuleType, release_model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_ridges(tmp_path / "sets" / "one", fingers=2, impressions=2)
    assert preselection.main([str(tmp_path / "sets"), "--fingers", "3", "--workers", "1"]) == 0
    assert "4 probes and mates, 13 references" in capsys.readouterr().out
