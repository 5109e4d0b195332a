"""Error rates of touches by how many a finger was enrolled with, and by how much of it the probe shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from fpverify.evaluation.rates.error_rates import FVC_RATES, fvc_indicators, measured
from fpverify.evaluation.sets.touches import TOGETHER, Sides, fused_touches
from fpverify.vocabulary import BoolArray, Evaluation

COUNTS = (1, 2, 3, 4, 6, 8, 12)  # reference touches of a finger for which rates are told
AREAS_MM2 = (0.0, 20.0, 30.0, 50.0, 80.0, float("inf"))  # squares of 4.5, 5.5, 7.1 and 8.9 mm


def touch_rates(each: Evaluation) -> list[dict[str, Any]]:
    """Error rates by the number of reference touches of a finger and the area of the probe's picture.

    Args:
        each: of the protocol `touches`, with the calibrated score of each comparison (`runner.scored`).

    Returns:
        For JSON, rows for some numbers of touches up to the most that a finger has: of each one for all areas
        (`from_mm2` and `to_mm2` are None), and one for each class of areas in which both kinds of comparisons are. Of
        touches that were joined, rows for all of them alone, whose `references` is None.
    """
    references = Sides.of(each).references
    if all(each.scans[one].endswith(f"_{TOGETHER}") for numbers in references.values() for one in numbers.tolist()):
        return list(_rows(each, None))
    most = max(map(len, references.values()), default=0)
    counts = [*(count for count in COUNTS if count < most), most]
    return [row for count in counts for row in _rows(fused_touches(each, count), count)]


def _rows(fused: Evaluation, count: int | None) -> Iterator[dict[str, Any]]:
    yield _row(fused, count, np.ones(len(fused.probe), bool), (None, None))
    if fused.area_mm2 is not None:
        area = fused.area_mm2[fused.probe]
        for low, high in pairwise(AREAS_MM2):
            chosen = (area >= low) & (area < high)
            if fused.mated[chosen].any() and not fused.mated[chosen].all():
                yield _row(fused, count, chosen, (low, high if np.isfinite(high) else None))


def _row(
    fused: Evaluation, count: int | None, chosen: BoolArray, area_mm2: tuple[float | None, float | None]
) -> dict[str, Any]:
    mated, scores = fused.mated[chosen], fused.scores[chosen]
    part = replace(fused, probe=fused.probe[chosen], reference=fused.reference[chosen], mated=mated, scores=scores)
    rates = fvc_indicators(part) if measured(part) else dict.fromkeys(("eer", *FVC_RATES, "zerofmr"))
    return {
        "references": count,
        "from_mm2": area_mm2[0],
        "to_mm2": area_mm2[1],
        "mated": int(mated.sum()),
        "non_mated": int((~mated).sum()),
        "failed": int((~np.isfinite(scores)).sum()),
        **rates,
    }
