"""Several sets as one: every comparison counts the same, at one global threshold."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from fpverify.evaluation.rates.summary import notes_of_sets
from fpverify.evaluation.sets.resolution import merged
from fpverify.vocabulary import Evaluation


def pooled(evaluations: Sequence[Evaluation], name: str = "pooled") -> Evaluation:
    """All comparisons of several sets by one model; scans and fingers are named `<set>/<name>`.

    Raises:
        ValueError: no sets, two of one name, or scores of two models.
    """
    if len({one.model_id for one in evaluations}) != 1 or len({one.name for one in evaluations}) != len(evaluations):
        raise ValueError("pooled are one or more evaluations of one model, no two of one name")
    first_scan = np.cumsum([0, *(len(one.scans) for one in evaluations)], dtype=np.int32)
    offset = list(zip(evaluations, first_scan, strict=False))
    resolutions = [(one.name, len(one.scans), one.resolution) for one in evaluations if one.resolution is not None]
    measured = [one.quality for one in evaluations if one.quality is not None]
    return Evaluation(
        scans=tuple(f"{one.name}/{scan}" for one in evaluations for scan in one.scans),
        fingers=tuple(f"{one.name}/{finger}" for one in evaluations for finger in one.fingers),
        probe=np.concatenate([one.probe + first for one, first in offset]),
        reference=np.concatenate([one.reference + first for one, first in offset]),
        mated=np.concatenate([one.mated for one in evaluations]),
        scores=np.concatenate([one.scores for one in evaluations]),
        name=name,
        protocol=" and ".join(dict.fromkeys(one.protocol for one in evaluations)),
        data_hash=hashlib.sha256("".join(one.data_hash for one in evaluations).encode()).hexdigest(),
        model_id=evaluations[0].model_id,
        failures={f"{one.name}/{scan}": why for one in evaluations for scan, why in one.failures.items()},
        quality=np.concatenate(measured) if len(measured) == len(evaluations) else None,
        notes=tuple(notes_of_sets([{"name": one.name, "notes": one.notes} for one in evaluations])),
        resolution=merged(resolutions) if len(resolutions) == len(evaluations) else None,
    )
