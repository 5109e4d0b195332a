"""An evaluation in numbers, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from fpverify.evaluation.rates.doubts import doubts
from fpverify.evaluation.rates.error_curve import error_curve, indicator_thresholds
from fpverify.evaluation.rates.error_rates import (
    FVC_RATES,
    SystemRates,
    area_under_curve,
    d_prime,
    failure_to_enroll_rate,
    fvc_indicators,
    measured,
    operating_point,
    supported,
)
from fpverify.evaluation.rates.false_matches import false_match_pairs
from fpverify.evaluation.rates.intervals import Curves, interval_of
from fpverify.vocabulary import Evaluation, OperatingPoint, SetResolution


def metrics(evaluation: Evaluation, chosen: OperatingPoint, min_quality: float = 0.0) -> dict[str, Any]:
    """Plain numbers: FVC's indicators, failure rates, and the rates at the model's chosen threshold.

    Args:
        evaluation: the comparisons.
        chosen: the model's operating point, whose threshold is applied here.
        min_quality: below which a scan is not enrolled, in [0, 1]; for FTE.

    Returns:
        For JSON: every number is finite, or null where it is not defined or nothing was compared. `fmr1000_supported`
        says whether there are enough non-mated comparisons for FMR 0.1 % (rule of three).
    """
    here = operating_point(evaluation, chosen.threshold, chosen.target_fmr, evidence="this evaluation")
    system = SystemRates(here.fmr, here.fnmr, here.fta, failure_to_enroll_rate(evaluation, min_quality))
    sides, compared = (evaluation.mated_scores, evaluation.non_mated_scores), measured(evaluation)
    return {
        "model": evaluation.model_id,
        "protocol": evaluation.protocol,
        "data_hash": evaluation.data_hash,
        "scans": len(evaluation.scans),
        "mated": len(sides[0]),
        "non_mated": len(sides[1]),
        "failed": failed_comparisons(evaluation),
        **{f"{name}_supported": compared and supported(len(sides[1]), rate) for name, rate in FVC_RATES.items()},
        "auc": area_under_curve(*sides) if compared else None,
        "d_prime": d_prime(*sides),
        "fta": here.fta,
        "fte": system.fte,
        "failures": dict(evaluation.failures),
        "resolution": resolution_fields(evaluation.resolution),
        "target_fmr": chosen.target_fmr,
        "threshold": chosen.threshold,
        **_at_threshold(here, system),
        "false_matches": false_match_pairs(evaluation, chosen.threshold),
        "notes": [*evaluation.notes, *doubts(evaluation, chosen.threshold)],
        **indicators(evaluation),
    }


def mean_rate(rows: Sequence[Mapping[str, Any]], rate: str) -> float | None:
    """Over the metrics of several sets; None if one of them has none."""
    values = [row[rate] for row in rows]
    return None if None in values else sum(values) / len(values)


def notes_of_sets(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The notes of several sets' metrics, which have a `name`: those of all once, the others after their set's name."""
    common = [note for note in rows[0]["notes"] if all(note in row["notes"] for row in rows)]
    return [f"{row['name']}: {note}" for row in rows for note in row["notes"] if note not in common] + common


def failed_comparisons(evaluation: Evaluation) -> int:
    """How many comparisons could not be made."""
    return int((~np.isfinite(evaluation.scores)).sum())


def indicators(evaluation: Evaluation) -> dict[str, Any]:
    """FVC's indicators with their intervals, the thresholds they stand at, and the curve that they lie on.

    Every value is None where no comparison of one kind was made.
    """
    names, sides = ("eer", *FVC_RATES), (evaluation.mated_scores, evaluation.non_mated_scores)
    if not measured(evaluation):
        return {
            **dict.fromkeys((*names, "zerofmr", *(f"{name}_interval" for name in names))),
            "thresholds": dict.fromkeys(names),
            "curve": None,
        }
    return {
        **fvc_indicators(evaluation),
        **indicator_intervals(evaluation),
        "thresholds": indicator_thresholds(*sides),
        "curve": error_curve(*sides),
    }


def _at_threshold(here: OperatingPoint, system: SystemRates) -> dict[str, Any]:
    """The rates at a threshold; None where they rest on no comparison."""
    mated, non_mated = here.mated > 0, here.non_mated > 0
    return {
        "fmr": here.fmr if non_mated else None,
        "fmr_interval": asdict(here.fmr_interval) if non_mated else None,
        "fnmr": here.fnmr if mated else None,
        "fnmr_interval": asdict(here.fnmr_interval) if mated else None,
        "far": system.far if non_mated else None,
        "frr": system.frr if mated else None,
        "gfar": system.gfar if non_mated else None,
        "gfrr": system.gfrr if mated else None,
    }


def resolution_fields(resolution: SetResolution | None) -> dict[str, Any] | None:
    """At which resolution the scans were read, as plain values; None where none were read."""
    if resolution is None:
        return None
    fields = asdict(resolution)
    fields.pop("own_ppi")
    return fields


def indicator_intervals(evaluation: Evaluation) -> dict[str, dict[str, float]]:
    """`eer_interval`, `fmr100_interval`, ...: 95 %, over fingers; none for ZeroFMR, which hangs on one comparison."""
    curves, values = Curves.of(evaluation), fvc_indicators(evaluation)
    mated, fingers = int(evaluation.mated.sum()), curves.fingers
    eer = interval_of(values["eer"], curves.eer, mated, fingers, crossing=True)
    rates = {name: interval_of(values[name], curves.fnmr_at(r), mated, fingers) for name, r in FVC_RATES.items()}
    return {f"{name}_interval": asdict(interval) for name, interval in {"eer": eer, **rates}.items()}
