"""What makes the release model anew: its plan, and what it takes for the same model."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from tool_modules import TOOLS, tool

pytest.importorskip("keras")
pytestmark = pytest.mark.train

from fpverify.models import Card, load_bundle  # noqa: E402
from fpverify.training import read_recipe  # noqa: E402
from fpverify.training.recipe import Recipe  # noqa: E402
from fpverify.vocabulary import Interval  # noqa: E402

RELEASE = TOOLS.parent / "recipes" / "release.yaml"


@pytest.fixture(scope="module")
def model() -> ModuleType:
    return tool("model")


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return read_recipe(RELEASE)


@pytest.fixture(scope="module")
def card(release_model: str) -> Card:
    return load_bundle(release_model).card


def complaints(model: ModuleType, made: Card, wanted: Card, recipe: Recipe) -> list[str]:
    return [line for fits, line in model.compared(made, wanted, recipe) if not fits]


def test_the_shipped_model_is_of_the_recipe_that_makes_it(model: ModuleType, card: Card, recipe: Recipe) -> None:
    assert complaints(model, card, card, recipe) == []


def test_other_weights_agree_and_other_rates_do_not(model: ModuleType, card: Card, recipe: Recipe) -> None:
    others = replace(card, files=dict.fromkeys(card.files, "0" * 64), versions={})
    assert complaints(model, others, card, recipe) == []
    first, *rest = card.operating_points
    worse = replace(first, fmr=0.2, fmr_interval=Interval(0.19, 0.21))
    (told,) = complaints(model, replace(card, operating_points=(worse, *rest)), card, recipe)
    assert told.startswith("at 10 %: FMR 20.0000 and ")
    moved = replace(first, threshold=first.threshold + 1)
    (told,) = complaints(model, replace(card, operating_points=(moved, *rest)), card, recipe)
    assert told == "at 10 %: threshold 11.00, not 10.00"


def test_another_seed_a_missing_file_or_a_missing_rate_is_told(model: ModuleType, card: Card, recipe: Recipe) -> None:
    seeds = {**card.seeds, "calibration": 1}
    fewer = {name: digest for name, digest in card.files.items() if name != "places.json"}
    for changed, begins in (
        ({"seeds": seeds}, "seeds: "),
        ({"files": fewer}, "files: "),
        ({"operating_points": card.operating_points[1:]}, "operating points: "),
    ):
        (told,) = complaints(model, replace(card, **changed), card, recipe)
        assert told.startswith(begins)


def test_what_only_real_prints_can_measure_is_not_asked_for(model: ModuleType, card: Card, recipe: Recipe) -> None:
    assert "preselection.json" in card.search_files
    searched = {name: digest for name, digest in card.search_files.items() if name != "preselection.json"}
    assert complaints(model, replace(card, search_files=searched), card, recipe) == []


def test_the_plan_has_all_that_is_trained_and_what_was_done(
    model: ModuleType, recipe: Recipe, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "training" / "descriptor" / "round-1" / "log.jsonl"
    log.parent.mkdir(parents=True)
    log.write_text("".join(json.dumps({"step": step}) + "\n" for step in (50, 100)))
    before = sorted(tmp_path.rglob("*"))
    assert model.main(["--plan", "--out", str(tmp_path)]) == 0
    said = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert set(recipe.stage_names) < set(said)
    assert "26500 steps in 5 rounds, 100 of them are done" in said["descriptor"]
    assert 5 < float(said["in"].split()[2]) < 8  # hours, as recipe and documents say
    assert sorted(tmp_path.rglob("*")) == before


def test_a_recipe_that_is_none_is_told_in_a_line(model: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert model.main(["--recipe", "nowhere.yaml"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
