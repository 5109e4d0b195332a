"""What can be said of comparisons without errors, and where a rate of 0 lies on a logarithmic axis."""

from __future__ import annotations

import numpy as np

from fpverify.evaluation.rates.intervals import clopper_pearson
from fpverify.vocabulary import Evaluation

NO_FMR = 0.3  # of one false match's share: where an FMR of 0 is drawn


def no_fmr(evaluation: Evaluation) -> float:
    """Where an FMR of 0 is drawn on a logarithmic axis: below that of a single false match."""
    return NO_FMR / max(int((~evaluation.mated).sum()), 1)


def without_errors(evaluation: Evaluation) -> bool:
    """Whether a threshold keeps all mated from all non-mated comparisons: there is no error to draw."""
    return float(evaluation.mated_scores.min()) > float(evaluation.non_mated_scores.max())


def error_bounds(evaluation: Evaluation) -> tuple[float, float]:
    """FMR and FNMR that so many comparisons without an error still allow: the upper ends of their 95 % intervals."""
    made = np.isfinite(evaluation.scores)
    mated, non_mated = (int((made & side).sum()) for side in (evaluation.mated, ~evaluation.mated))
    return clopper_pearson(0, non_mated).high, clopper_pearson(0, mated).high


def bounded_name(evaluation: Evaluation, name: str) -> str:
    """A name for a legend, with what can be said of a set without errors."""
    if not without_errors(evaluation):
        return name
    fmr, fnmr = (f"{100 * bound:.2g} %" for bound in error_bounds(evaluation))
    return f"{name}{': ' if name else ''}no errors,\nFMR below {fmr}, FNMR below {fnmr}"
