"""What programs are told, by command line and service alike: decisions, identifications, enrollments as plain values.

Rates are fractions, intervals [low, high], times ISO 8601.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fpverify.enrollment import RowOutcome
    from fpverify.single_templates import SingleTemplate
    from fpverify.store import FingerSummary
    from fpverify.vocabulary import Decision, Identification, OperatingPoint, Reference, Scan

Answer = dict[str, Any]


def decision_answer(decision: Decision, *probes: Scan) -> Answer:
    """A decision and what it was based on; how the first scan was taken, and in `probes` each of them."""
    return replace(decision, taken=tuple(one.taken for one in probes)).to_dict()


def identification_answer(found: Identification, *probes: Scan) -> Answer:
    """Who matches, if anybody does, and who comes near; how the first scan was taken, and in `probes` each of them.

    Of several scans each candidate says which of its fingers they are taken for, the answer that of the likeliest.
    """
    return replace(found, taken=tuple(one.taken for one in probes)).to_dict()


def operating_point_answer(point: OperatingPoint) -> Answer:
    """A threshold and the rates measured there."""
    return point.to_dict()


def reference_answer(reference: Reference) -> Answer:
    """An enrolled impression, without its template."""
    return reference.to_dict()


def row_answer(outcome: RowOutcome) -> Answer:
    """What became of a row of a list, by the names that the list has."""
    return {
        "id": outcome.row.subject,
        "finger": outcome.row.finger,
        "file": outcome.row.file,
        "outcome": outcome.outcome,
        "reason": outcome.reason or None,
        "other_id": outcome.other_subject or None,
        "other_finger": outcome.other_finger or None,
        "score": outcome.score,
        "impression": outcome.impression,
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


def comparison_answer(decision: Decision, probe: SingleTemplate, reference: SingleTemplate) -> Answer:
    """A decision about two prints alone."""
    return {
        "decision": decision.word,
        "score": decision.score.value,
        "extrapolated": decision.score.extrapolated,
        "llr": decision.score.llr,
        **operating_point_answer(decision.operating_point),
        "probe": single_template_answer(probe),
        "reference": single_template_answer(reference),
    }


def single_template_answer(one: SingleTemplate) -> Answer:
    """A template apart from any store, without its content; null is what only a scan has, or only a file."""
    template, kept = one.template, one.kept
    return {
        "file": one.source,
        "is_template": one.scan is None,
        "model": template.model_id,
        "minutiae": len(template.minutiae),
        "quality": template.quality,
        "area_mm2": kept.area_mm2,
        "bytes": one.size_bytes,
        "ppi": kept.ppi,
        "ppi_source": kept.ppi_source,
        "ppi_note": one.scan.ppi_note if one.scan else None,
        "inverted": one.scan.inverted if one.scan else None,
        "finger": kept.finger if one.scan is None else None,
        "made_at": kept.made_at,
        "protected": one.protected if one.scan is None else None,
    }


def scan_answer(scan: Scan) -> Answer:
    """How a scan was taken."""
    return scan.taken.to_dict()
