"""Deprecated: where `Matcher` was before it had a room of its own."""

from __future__ import annotations

from fpverify.deprecation import warn_of
from fpverify.matching import Extractor, Matcher

__all__ = ["Extractor", "Matcher"]

warn_of("fpverify.evaluation.matching", instead="fpverify.Matcher", since="1.0")
