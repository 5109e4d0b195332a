"""Recipes: what is accepted, and what a refusal says."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import yaml

pytest.importorskip("keras")
pytestmark = pytest.mark.train

from fpverify.errors import RecipeError  # noqa: E402
from fpverify.training import read_recipe  # noqa: E402

RECIPES = Path(__file__).parents[2] / "recipes"
GOOD = "kind: whole-print\nname: small\nseed: 1\nwhole_print: {steps: 3}\n"
MINUTIAE = (
    "kind: minutiae\nname: small\nseed: 1\nminutia_map: [{steps: 2}]\ndescriptor: [{steps: 1}]\n"
    "evidence: {fingers: 10, impressions: 2}\n"
)


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_recipes_that_come_with_the_project_are_valid(path: Path) -> None:
    assert read_recipe(path).name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: whole-print\nname: small\nseed: 1\n", "whole_print"),
        (GOOD + "colour: red\n", "colour"),
        (GOOD.replace("steps: 3", "steps: -3"), "whole_print.steps"),
        (GOOD.replace("steps: 3", "steps: many"), "whole_print.steps"),
        (GOOD.replace("small", "../up"), "name"),
        (GOOD.replace("whole-print", "palm"), "kind"),
        (GOOD + "stripes: {noise: [0.3, 0.1]}\n", "stripes.noise: a range is [low, high], not [0.3, 0.1]"),
        (GOOD + "stripes: {noise: [-0.1, 0.1]}\n", "stripes.noise"),
        (GOOD + "stripes: {width_px: [0, 3]}\n", "stripes.width_px"),
        (GOOD + "stripes: {width_px: [3, 161]}\n", "stripes.width_px"),
        (GOOD.replace("steps: 3", "steps: 3, input_px: 7"), "whole_print.input_px"),
        (GOOD.replace("steps: 3", "steps: 3, learning_rate: .inf"), "whole_print.learning_rate"),
        (GOOD + "evidence_scans: 17\n", "289 non-mated comparisons; a calibration needs at least 300"),
        (MINUTIAE.replace("fingers: 10", "fingers: 7"), "evidence: the evidence has 252 non-mated comparisons"),
        (MINUTIAE.replace("fingers: 10", "fingers: 9"), "evidence: the evidence has 27 mated comparisons"),
        (MINUTIAE.replace("impressions: 2", "impressions: 1"), "evidence.impressions"),
        (MINUTIAE.replace("[{steps: 2}]", "[]"), "minutia_map"),
        (MINUTIAE.replace("{steps: 1}", "{steps: 1, impressions: {hardness: [2, 1]}}"), "impressions.hardness"),
        (MINUTIAE.replace("{steps: 1}", "{steps: 1, impressions: {hardness: [-1, 1]}}"), "impressions.hardness"),
        (MINUTIAE.replace("{steps: 1}", "{steps: 1, impressions: {shift_px: 97}}"), "impressions.shift_px"),
        (MINUTIAE.replace("{steps: 1}", "{steps: 1, impressions: {ghosts: 1.5}}"), "impressions.ghosts"),
        (MINUTIAE + "inference: int4\n", "inference"),
        (MINUTIAE + "averaged: {descriptor: 2}\n", "averaged.descriptor is more than the rounds there are"),
        (MINUTIAE.replace("{steps: 1}", "{steps: 1, impressions: {stretch: 0.3}}"), "impressions.stretch"),
        (MINUTIAE.replace("{steps: 1}", "{steps: 1, impressions: {twist_deg: 21}}"), "impressions.twist_deg"),
        (MINUTIAE.replace("{steps: 1}", "{steps: 1, impressions: {push_px: 31}}"), "impressions.push_px"),
        (GOOD.replace("steps: 3", "steps: 3, held: 1.1"), "whole_print.held"),
        ("just words", "dictionary"),
        ("a: [1", "cannot be read"),
        ("!!python/object/apply:os.system ['true']", "cannot be read"),
    ],
)
def test_a_bad_recipe_is_refused_in_one_line_naming_the_field(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    with pytest.raises(RecipeError) as refused:
        read_recipe(path)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_two_hours_are_the_release_without_its_last_rounds() -> None:
    short, release = (read_recipe(RECIPES / f"{name}.yaml") for name in ("two-hours", "release"))
    for network in ("minutia_map", "descriptor"):
        rounds = getattr(short, network)
        assert getattr(release, network)[: len(rounds)] == rounds
    assert (short.seed, short.fingers, short.networks) == (release.seed, release.fingers, release.networks)


@pytest.mark.parametrize("text", [GOOD, MINUTIAE])
def test_the_smallest_recipes_are_accepted_and_stand_in_a_card_as_they_are(tmp_path: Path, text: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    recipe = read_recipe(path)
    path.write_text(yaml.safe_dump(recipe.model_dump(mode="json")))
    assert read_recipe(path) == recipe


def test_a_missing_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"nowhere\.yaml"):
        read_recipe(tmp_path / "nowhere.yaml")


def test_a_round_can_have_fingers_of_every_flow() -> None:
    from fpverify.synthesis.flow import FLOWS
    from fpverify.training.recipe import DescriptorRecipe

    assert [DescriptorRecipe(steps=1, flow=name).flow for name in FLOWS] == list(FLOWS)


def test_every_field_of_an_impressions_recipe_reaches_the_impressions() -> None:
    from dataclasses import asdict

    from fpverify.training.recipe import ImpressionRecipe

    asked = {"bend_px": 5.0, "faint": 0.1, "ghosts": 0.2, "blotches": 0.3, "wrinkles": 0.4, "shift_px": 7.0}
    asked |= {"stretch": 0.1, "roughness": (0.1, 0.2), "swept": 0.5, "small": 0.6, "beads": 0.7}
    asked |= {"specks": 0.8, "streaks": 0.9, "scraps": 0.15, "slits": 0.25, "nets": 0.35, "glare": 0.45}
    asked |= {"centre_px": (1.0, 2.0), "hardness": (0.1, 3.0)}
    asked |= {"twisted": 0.55, "push_px": 5.0}
    assert set(ImpressionRecipe.model_fields) == {*asked, "rotation_deg", "twist_deg"}
    assert ImpressionRecipe(twist_deg=10).settings().twist_rad == pytest.approx(math.radians(10))
    made = asdict(ImpressionRecipe(**asked).settings())
    assert {name: made[name] for name in asked} == asked
