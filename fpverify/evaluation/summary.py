"""An evaluation in numbers, for people and for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fpverify.evaluation.rates import failure_to_acquire_rate, fvc_indicators, operating_point
from fpverify.vocabulary import Evaluation, OperatingPoint


def metrics(evaluation: Evaluation, chosen: OperatingPoint) -> dict[str, Any]:
    """Plain numbers: FVC's indicators, FTA, and the rates at the model's chosen threshold.

    Args:
        evaluation: the comparisons.
        chosen: the model's operating point, whose threshold is applied here.

    Returns:
        For JSON. `fmr1000_supported` says whether there are enough non-mated comparisons for FMR 0.1 % (rule of three).
    """
    here = operating_point(evaluation, chosen.threshold, chosen.target_fmr, evidence="this evaluation")
    non_mated = int((~evaluation.mated).sum())
    return {
        "model": evaluation.model_id,
        "protocol": evaluation.protocol,
        "data_hash": evaluation.data_hash,
        "scans": len(evaluation.scans),
        "mated": int(evaluation.mated.sum()),
        "non_mated": non_mated,
        **fvc_indicators(evaluation),
        "fmr1000_supported": non_mated * 0.001 >= 3,
        "fta": failure_to_acquire_rate(evaluation),
        "failures": dict(evaluation.failures),
        "target_fmr": chosen.target_fmr,
        "threshold": chosen.threshold,
        "fmr": here.fmr,
        "fmr_interval": asdict(here.fmr_interval),
        "fnmr": here.fnmr,
        "fnmr_interval": asdict(here.fnmr_interval),
        "far": here.far,
        "frr": here.frr,
    }
