"""What programs are told, by command line and service alike: decisions, identifications, enrollments as plain values.

Rates are fractions, intervals [low, high], times ISO 8601.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fpverify.store import FingerSummary
    from fpverify.vocabulary import Decision, Identification, OperatingPoint, Reference, Scan

Answer = dict[str, Any]


def decision_answer(decision: Decision, probe: Scan) -> Answer:
    """A decision and what it was based on."""
    return {
        "decision": decision.word,
        "score": decision.score.value,
        "extrapolated": decision.score.extrapolated,
        "llr": decision.score.llr,
        **operating_point_answer(decision.operating_point),
        "subject": decision.subject,
        "finger": decision.finger,
        **scan_answer(probe),
    }


def identification_answer(found: Identification, probe: Scan) -> Answer:
    """Who matches, if anybody does, and who comes near."""
    return {
        "decision": found.word,
        "fpir": found.fpir,
        "threshold": found.threshold,
        "extrapolated": found.extrapolated,
        "searched": found.searched,
        "preselection_error": found.preselection_error,
        "candidates": [
            {"subject": one.subject, "finger": one.finger, "score": one.score.value, "match": one.match}
            for one in found.candidates
        ],
        **scan_answer(probe),
    }


def operating_point_answer(point: OperatingPoint) -> Answer:
    """A threshold and the rates measured there."""
    return {
        "threshold": point.threshold,
        "target_fmr": point.target_fmr,
        "fmr": point.fmr,
        "fmr_interval": [point.fmr_interval.low, point.fmr_interval.high],
        "fnmr": point.fnmr,
        "fnmr_interval": [point.fnmr_interval.low, point.fnmr_interval.high],
        "far": point.far,
        "frr": point.frr,
        "fta": point.fta,
        "mated": point.mated,
        "non_mated": point.non_mated,
        "evidence": point.evidence,
        "model": point.model_id,
    }


def reference_answer(reference: Reference) -> Answer:
    """An enrolled impression, without its template."""
    return {
        "subject": reference.subject,
        "finger": reference.finger,
        "impression": reference.impression,
        "quality": reference.template.quality,
        "minutiae": len(reference.template.minutiae),
        "model": reference.model_id,
        "enrolled_at": reference.enrolled_at.isoformat(),
    }


def finger_answer(summary: FingerSummary) -> Answer:
    """What the store holds of one finger."""
    return {
        "subject": summary.subject,
        "finger": summary.finger,
        "impressions": summary.impressions,
        "qualities": list(summary.qualities),
        "models": list(summary.model_ids),
        "first_enrolled_at": summary.first_enrolled_at.isoformat(),
        "last_enrolled_at": summary.last_enrolled_at.isoformat(),
    }


def scan_answer(scan: Scan) -> Answer:
    """How a scan was taken."""
    return {
        "ppi": scan.ppi,
        "ppi_estimated": scan.ppi_estimated,
        "ppi_source": scan.ppi_source,
        "ppi_note": scan.ppi_note,
        "inverted": scan.inverted,
    }
