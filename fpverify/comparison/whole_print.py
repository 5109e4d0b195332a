"""Whole prints compared by one vector each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fpverify.comparison.prepared import PreparedTemplate
from fpverify.vocabulary import Scores


def vector_similarities(probe: PreparedTemplate, references: Sequence[PreparedTemplate]) -> Scores:
    """(1 + cosine) / 2 of the probe's vector and each reference's: strictly increasing in the cosine.

    Exactly symmetric, and the same whether references are given one by one or together.

    Args:
        probe: of a `whole-print` model.
        references: of the same model, k of them.

    Returns:
        (k,) float64 in [0, 1].
    """
    if not references:
        return np.empty(0)
    vectors = np.stack([reference.vector for reference in references])  # (k, m)
    cosine = (vectors * probe.vector).sum(axis=1)
    return np.asarray(np.clip((1 + cosine) / 2, 0.0, 1.0))
