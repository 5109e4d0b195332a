"""Protocols, scores and error rates. Each name is fetched from its module when it is first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fpverify.evaluation.layout import list_prints
    from fpverify.evaluation.matching import Matcher
    from fpverify.evaluation.protocol import comparisons
    from fpverify.evaluation.rates import fvc_indicators, operating_point, threshold_at_fmr
    from fpverify.evaluation.runner import evaluate
    from fpverify.evaluation.scores_file import read_scores, write_scores

__all__ = [
    "Matcher",
    "comparisons",
    "evaluate",
    "fvc_indicators",
    "list_prints",
    "operating_point",
    "read_scores",
    "threshold_at_fmr",
    "write_scores",
]

_HOMES = {
    "Matcher": "matching",
    "comparisons": "protocol",
    "evaluate": "runner",
    "fvc_indicators": "rates",
    "list_prints": "layout",
    "operating_point": "rates",
    "read_scores": "scores_file",
    "threshold_at_fmr": "rates",
    "write_scores": "scores_file",
}


def __getattr__(name: str) -> Any:
    """The public name, from its module."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
