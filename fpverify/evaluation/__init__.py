"""Protocols, scores and error rates."""

from fpverify.evaluation.matching import Matcher
from fpverify.evaluation.protocol import comparisons, list_prints
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
