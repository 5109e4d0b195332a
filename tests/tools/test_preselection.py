"""The tool that measures the first look at a gallery."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import synthetic_prints
from tool_modules import tool

from fpverify.models import load_bundle
from fpverify.search.index.exact import ExactIndex
from fpverify.search.index.preselection import Measured, preselection_error
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
    same, strange, others = template(0), template(1), [template(k) for k in range(2, 100)]
    templates = [same, same, same, strange]
    ranks = preselection.ranks_of_mates(["a", "a", "b", "b"], templates, others, ExactIndex())
    assert ranks[:2].tolist() == [0, 0]  # the third looks as they do, and comes behind by its number
    assert ranks[2:].min() > 0  # nobody looks like the last


def test_the_table_counts_mates_beyond_the_shortlist(preselection: ModuleType) -> None:
    lines = preselection.table(np.array([0, 0, 4, 30]), 1000).splitlines()
    assert lines[0] == "4 probes and mates, 1,000 references"
    assert "| 1 | 0.10 | 50.00 |" in lines
    assert "| 20 | 2.00 | 25.00 |" in lines
    assert "| 64 | 6.40 | 0.00 |" in lines


def test_it_runs(
    preselection: ModuleType,
    release_model: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_ridges(tmp_path / "sets" / "one", fingers=2, impressions=2)
    monkeypatch.setattr(synthetic_prints, "DRAWN", 2)
    given = [str(tmp_path / "sets"), str(tmp_path / "cache"), "--fingers", "4", "--workers", "1"]
    assert preselection.main(given) == 0
    said = capsys.readouterr().out
    assert said.count("4 probes and mates, 8 references") == 2
    assert preselection.main(given) == 0  # from the cache
    assert tables(capsys.readouterr().out) == tables(said)


def tables(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("|")]


def test_figures_are_kept_beside_the_codebook_one_for_each_index_and_size(
    preselection: ModuleType, release_model: str, tmp_path: Path
) -> None:
    shutil.copytree(load_bundle().folder, tmp_path / "model")
    first = [Measured("ivf", 10_000_000, 20, 100, 1), Measured("ivf", 20_000_000, 20, 100, 2)]
    preselection.keep(load_bundle(tmp_path / "model"), first)
    preselection.keep(load_bundle(tmp_path / "model"), [Measured("ivf", 20_000_000, 20, 100, 5)])
    bundle = load_bundle(tmp_path / "model")
    sizes = (9_000_000, 15_000_000, 30_000_000)
    assert [preselection_error(bundle, "ivf", size) for size in sizes] == [0.01, 0.05, 0.05]
