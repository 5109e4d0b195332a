"""From a recipe to a model bundle."""

from fpverify.training.recipe import read_recipe
from fpverify.training.release import train

__all__ = ["read_recipe", "train"]
