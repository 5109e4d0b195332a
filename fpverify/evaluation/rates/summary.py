"""An evaluation in numbers, for people and for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fpverify.evaluation.rates.error_rates import (
    FVC_RATES,
    SystemRates,
    area_under_curve,
    d_prime,
    failure_to_enroll_rate,
    fvc_indicators,
    operating_point,
    supported,
)
from fpverify.evaluation.rates.intervals import Curves, interval_of
from fpverify.vocabulary import Evaluation, OperatingPoint, SetResolution


def metrics(evaluation: Evaluation, chosen: OperatingPoint, min_quality: float = 0.0) -> dict[str, Any]:
    """Plain numbers: FVC's indicators, failure rates, and the rates at the model's chosen threshold.

    Args:
        evaluation: the comparisons.
        chosen: the model's operating point, whose threshold is applied here.
        min_quality: below which a scan is not enrolled, in [0, 1]; for FTE.

    Returns:
        For JSON: every number is finite, or null where it is not defined. `fmr1000_supported` says whether there are
        enough non-mated comparisons for FMR 0.1 % (rule of three).
    """
    here = operating_point(evaluation, chosen.threshold, chosen.target_fmr, evidence="this evaluation")
    system = SystemRates(here.fmr, here.fnmr, here.fta, failure_to_enroll_rate(evaluation, min_quality))
    sides = evaluation.mated_scores, evaluation.non_mated_scores
    return {
        "model": evaluation.model_id,
        "protocol": evaluation.protocol,
        "data_hash": evaluation.data_hash,
        "scans": len(evaluation.scans),
        "mated": len(sides[0]),
        "non_mated": len(sides[1]),
        **fvc_indicators(evaluation),
        **{f"{name}_supported": supported(len(sides[1]), rate) for name, rate in FVC_RATES.items()},
        **indicator_intervals(evaluation),
        "auc": area_under_curve(*sides),
        "d_prime": d_prime(*sides),
        "fta": here.fta,
        "fte": system.fte,
        "failures": dict(evaluation.failures),
        "resolution": resolution_fields(evaluation.resolution),
        "target_fmr": chosen.target_fmr,
        "threshold": chosen.threshold,
        "fmr": here.fmr,
        "fmr_interval": asdict(here.fmr_interval),
        "fnmr": here.fnmr,
        "fnmr_interval": asdict(here.fnmr_interval),
        "far": system.far,
        "frr": system.frr,
        "gfar": system.gfar,
        "gfrr": system.gfrr,
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
