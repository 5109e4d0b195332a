"""What programs are told, by command line and service alike: decisions, identifications, enrollments as plain values.

Rates are fractions, intervals [low, high], times ISO 8601.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fpverify.enrollment import RowOutcome
    from fpverify.single_templates import SingleTemplate
    from fpverify.store import FingerSummary
    from fpverify.vocabulary import Candidate, Decision, Identification, OperatingPoint, Reference, Scan, Score

Answer = dict[str, Any]


def decision_answer(decision: Decision, *probes: Scan) -> Answer:
    """A decision and what it was based on; how the first scan was taken, and in `probes` each of them."""
    return {
        "decision": decision.word,
        "score": decision.score.value,
        "extrapolated": decision.score.extrapolated,
        "llr": decision.score.llr,
        **operating_point_answer(decision.operating_point),
        "subject": decision.subject,
        "finger": decision.finger,
        **scan_answer(probes[0]),
        "probes": _taken(decision, probes),
        "pad": [asdict(one) for one in decision.pad],
    }


def identification_answer(found: Identification, *probes: Scan) -> Answer:
    """Who matches, if anybody does, and who comes near; how the first scan was taken, and in `probes` each of them.

    Of several scans each candidate says which of its fingers they are taken for, the answer that of the likeliest.
    """
    likeliest = found.candidates[0] if found.candidates else None
    return {
        "decision": found.word,
        "fpir": found.fpir,
        "threshold": found.threshold,
        "extrapolated": found.extrapolated,
        "searched": found.searched,
        "preselection_error": found.preselection_error,
        "note": found.note,
        "candidates": [
            {
                "subject": one.subject,
                "finger": one.finger,
                "score": one.score.value,
                "match": one.match,
                "probes": [{"score": score.value, "finger": finger} for score, finger in _each(one)],
            }
            for one in found.candidates
        ],
        **scan_answer(probes[0]),
        "score": likeliest.score.value if likeliest else None,
        "probes": _taken(likeliest, probes),
        "pad": [asdict(one) for one in found.pad],
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


def _taken(by: Decision | Candidate | None, probes: Sequence[Scan]) -> list[Answer]:
    """How each scan was taken, and for which finger; null where nothing was found that it could be taken for."""
    each: Sequence[tuple[Score | None, str | None]] = [(None, None)] * len(probes) if by is None else _each(by)
    return [
        {"file": probe.source, "score": None if score is None else score.value, "finger": finger, **scan_answer(probe)}
        for (score, finger), probe in zip(each, probes, strict=True)
    ]


def _each(by: Decision | Candidate) -> list[tuple[Score, str | None]]:
    """Score and finger of each probe; of a single one they are those of the whole."""
    return [(one.score, one.finger) for one in by.probes] or [(by.score, by.finger)]


def scan_answer(scan: Scan) -> Answer:
    """How a scan was taken."""
    return {
        "ppi": scan.ppi,
        "ppi_estimated": scan.ppi_estimated,
        "ppi_source": scan.ppi_source,
        "ppi_note": scan.ppi_note,
        "inverted": scan.inverted,
    }
