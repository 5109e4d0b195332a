"""Deprecated: where `Matcher` was before it had a room of its own."""

from __future__ import annotations

import warnings

from fpverify.matching import Extractor, Matcher

__all__ = ["Extractor", "Matcher"]

warnings.warn("fpverify.evaluation.matching is deprecated: use fpverify.Matcher", DeprecationWarning, stacklevel=2)
