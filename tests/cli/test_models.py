from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fpverify.models import load_bundle

Call = Callable[..., Any]


def test_a_card_is_shown(call: Call, edges_model: Path) -> None:
    ended = call("models", edges_model)
    assert ended.code == 0
    assert ended.out.startswith("edges-1\n")
    for said in ("whole-print", "No liveness detection", "0.09 % (0.05 to 0.15 %)", "2 % (1 to 3 %)"):
        assert said in ended.out
    card = call("models", edges_model, "--json").answer["models"][0]
    assert card["id"] == "edges-1"
    assert [point["target_fmr"] for point in card["operating_points"]] == [0.01, 0.001, 0.0001]


def test_the_release_model_is_listed(call: Call, release_model: str) -> None:
    assert release_model in call("models").out
    assert release_model in [card["id"] for card in call("models", "--json").answer["models"]]


def test_listing_no_models_says_so(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fpverify.models.shipped_models", list)
    assert call("models").out == "no models are installed\n"


def test_former_models_are_listed_and_shown_by_their_ids(
    call: Call, edges_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(edges_model, "former/kept")
    assert "edges-1" not in call("models").out
    monkeypatch.setenv("FPVERIFY_MODELS", "former")
    assert "edges-1" in [card["id"] for card in call("models", "--json").answer["models"]]
    assert call("models", "edges-1").out.startswith("edges-1\n")


def test_a_shipped_model_is_copied_whole(call: Call) -> None:
    assert call("models", "ridgeline-12", "--copy", "kept/old").out == "ridgeline-12: copied into kept/old\n"
    copied = load_bundle(Path("kept/old"))
    for name in copied.card.files | copied.card.search_files:
        assert (copied.folder / name).exists()
    assert copied.card == load_bundle("ridgeline-12").card


def test_a_model_is_copied_onto_nothing(call: Call, edges_model: Path) -> None:
    before = sorted(edges_model.iterdir())
    ended = call("models", "--copy", edges_model)
    assert (ended.code, sorted(edges_model.iterdir())) == (2, before)
    assert ended.err == f"fpverify: {edges_model}: exists already; name a folder that does not\n"


@pytest.mark.train
def test_the_tests_own_model_is_what_its_source_says(stripes: Path) -> None:
    pytest.importorskip("tensorflow")
    import runpy

    from fpverify.models import LiteRtNetwork

    source = runpy.run_path(str(Path(__file__).parents[1] / "data" / "edges.py"))
    batch = np.random.default_rng(1).normal(size=(1, 160, 160, 1)).astype(np.float32)
    kept = LiteRtNetwork(source["EDGES"].read_bytes())(batch)
    assert np.abs(source["edges_network"]()(batch) - kept).max() < 1e-6
