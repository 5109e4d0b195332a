"""What programs are told, by command line and service alike: decisions, identifications, enrollments as plain values.

Rates are fractions, intervals [low, high], times ISO 8601.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fpverify.enrollment import RowOutcome
    from fpverify.single_templates import SingleTemplate
    from fpverify.store import FingerSummary
    from fpverify.store.audit import AuditEntry
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


def enrollment_answer(references: Sequence[Reference], scans: Sequence[Scan], notes: Sequence[str] = ()) -> Answer:
    """The first of the impressions that were just enrolled, all of them, and what is noted of cards and slaps."""
    each = [{**reference_answer(one), **scan_answer(scan)} for one, scan in zip(references, scans, strict=True)]
    return {**each[0], "impressions": each, "notes": list(notes)}


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


def entry_answer(entry: AuditEntry) -> Answer:
    """An entry of the audit trail; what was perhaps forged need not be of the kind it should be."""
    texts = {"at": entry.at, "action": entry.action, "subject": entry.subject, "finger": entry.finger}
    shown = {name: value if value is None else str(value) for name, value in texts.items()}
    return {"entry": entry.sequence, **shown, "details": {name: _plain(value) for name, value in entry.details.items()}}


def _plain(value: object) -> object:
    finite = isinstance(value, float) and math.isfinite(value)
    return value if finite or isinstance(value, bool | int | str | None) else str(value)


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
    """A decision about two prints alone; how the probe was taken, where it is a scan."""
    return {
        **decision_answer(decision, *([probe.scan] if probe.scan else [])),
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
