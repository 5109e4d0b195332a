"""Protocols, scores and error rates. Each name is fetched from its module when it is first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fpverify.evaluation.rates.error_rates import fvc_indicators, operating_point, threshold_at_fmr
    from fpverify.evaluation.runner import evaluate
    from fpverify.evaluation.scores_file import read_scores, write_scores
    from fpverify.evaluation.sets.layout import list_prints
    from fpverify.evaluation.sets.protocol import comparisons

__all__ = [
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
    "comparisons": "sets.protocol",
    "evaluate": "runner",
    "fvc_indicators": "rates.error_rates",
    "list_prints": "sets.layout",
    "operating_point": "rates.error_rates",
    "read_scores": "scores_file",
    "threshold_at_fmr": "rates.error_rates",
    "write_scores": "scores_file",
}


def __getattr__(name: str) -> Any:
    """The public name, from its module."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
