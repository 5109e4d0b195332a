"""From a recipe to a model bundle.

The processes that make batches come through here too; Keras is not imported before `train` is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fpverify.training.recipe import read_recipe
    from fpverify.training.release import train

__all__ = ["read_recipe", "train"]

_HOMES = {"read_recipe": "recipe", "train": "release"}


def __getattr__(name: str) -> Any:
    """The public name, from its module."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
