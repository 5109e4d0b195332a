"""Recipes: what is accepted, and what a refusal says."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("keras")
pytestmark = pytest.mark.train

from fpverify.errors import RecipeError  # noqa: E402
from fpverify.training import read_recipe  # noqa: E402

RECIPES = Path(__file__).parents[2] / "recipes"
GOOD = "kind: whole-print\nname: small\nseed: 1\nwhole_print: {steps: 3}\n"


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
        ("just words", "kind"),
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


def test_a_missing_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"nowhere\.yaml"):
        read_recipe(tmp_path / "nowhere.yaml")
