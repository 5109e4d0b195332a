"""Model bundles: a card, weights, and networks that LiteRT runs."""

from fpverify.models.bundle import (
    Bundle,
    copy_bundle,
    installed_bundle,
    load_bundle,
    rewrite_card,
    write_bundle,
    write_search_files,
)
from fpverify.models.card import Card
from fpverify.models.installed import former_models, shipped_models
from fpverify.models.runtime import LiteRtNetwork

__all__ = [
    "Bundle",
    "Card",
    "LiteRtNetwork",
    "copy_bundle",
    "former_models",
    "installed_bundle",
    "load_bundle",
    "rewrite_card",
    "shipped_models",
    "write_bundle",
    "write_search_files",
]
