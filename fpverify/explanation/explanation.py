"""Why two scans match or do not: the numbers behind a score, and the decision in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from fpverify.comparison import Alignment, Overlap
from fpverify.explanation.causes import Cause, causes, strangers_cause, whole_print_cause
from fpverify.explanation.common_area import common_minutiae, common_mm2
from fpverify.explanation.side import Side
from fpverify.matching import Matcher
from fpverify.vocabulary import Decision, OperatingPoint, Scan, Score


@dataclass(frozen=True, repr=False)  # without slots: the common area is computed once
class Explanation:
    """What a comparison found, from the pairs that were proposed to the decision.

    Attributes:
        probe, reference: the prints, in the order they were given.
        overlap: of a `minutiae` model; None for a whole-print model.
        raw: similarity in [0, 1].
        score: calibrated.
        point: the operating point that it is decided at.
        before: the score before strangers were asked, where they have lowered it.
    """

    probe: Side
    reference: Side
    overlap: Overlap | None
    raw: float
    score: Score
    point: OperatingPoint
    before: Score | None = None

    def __repr__(self) -> str:
        return f"Explanation({self.verdict}: {self.probe.name}, {self.reference.name})"

    def __bool__(self) -> bool:
        """Whether the prints match."""
        return self.decision.match

    @property
    def decision(self) -> Decision:
        """Match or non-match at the operating point."""
        return Decision(self.score, self.point)

    @property
    def verdict(self) -> str:
        """The decision in one line."""
        sign = "≥" if self.decision.match else "<"
        rate = f"{100 * self.point.target_fmr:g} %"
        return (
            f"{self.decision.word}: score {self.score.value:.1f} {sign} threshold "
            f"{self.point.threshold:.1f} (false match rate {rate})"
        )

    @property
    def steps(self) -> list[tuple[str, str]]:
        """What each step to the score came to: (what it counts, the number)."""
        last = [
            *([] if self.before is None else [("score, before strangers were asked", f"{self.before.value:.1f}")]),
            ("raw similarity, 0 to 1", f"{self.raw:.3f}"),
            (
                "score, beyond the evidence" if self.score.extrapolated else "score, calibrated",
                f"{self.score.value:.1f}",
            ),
        ]
        if self.overlap is None:
            cosine = 2 * self.raw - 1
            distance = math.sqrt(max(0.0, 2 - 2 * cosine))
            return [
                ("cosine of the prints' vectors", f"{cosine:.3f}"),
                ("distance of them, 0 to 2", f"{distance:.3f}"),
                *last,
            ]
        common = "–" if self.overlap.alignment is None else str(common_minutiae(self.overlap))
        return [
            ("pairs alike by descriptor", str(self.overlap.proposed)),
            ("of them in consensus", str(self.overlap.agreed)),
            ("minutiae in common area", common),
            ("partners among them", str(len(self.overlap.pairs))),
            *last,
        ]

    @cached_property
    def causes(self) -> tuple[Cause, ...]:
        """Why, the weightiest first; at least one."""
        if self.overlap is None:
            return (whole_print_cause(self.decision, self.raw),)
        others = causes(self.decision, (self.probe, self.reference), self.overlap, self.common_mm2)
        if self.before is None or self.decision.match or self.before.value < self.point.threshold:
            return tuple(others)
        return (strangers_cause(self.decision, self.before), *others)

    @cached_property
    def common_mm2(self) -> float | None:
        """Common area of the two foregrounds; None where the prints were not aligned."""
        if self.overlap is None:
            return None
        return common_mm2(self.probe.acquired, self.reference.acquired, self.overlap.alignment)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values, for programs; rates are fractions."""
        return {
            "decision": self.decision.word,
            "score": self.score.value,
            "extrapolated": self.score.extrapolated,
            "llr": self.score.llr,
            "threshold": self.point.threshold,
            "target_fmr": self.point.target_fmr,
            "fmr": self.point.fmr,
            "fnmr": self.point.fnmr,
            "model": self.point.model_id,
            "raw_similarity": self.raw,
            "causes": [{"cause": cause.name, "sentence": cause.sentence} for cause in self.causes],
            "overlap": None if self.overlap is None else self._overlap_to_dict(self.overlap),
            "probe": self.probe.to_dict(),
            "reference": self.reference.to_dict(),
        }

    def _overlap_to_dict(self, found: Overlap) -> dict[str, Any]:
        strengths = found.strengths.astype(float).round(4).tolist()
        return {
            "proposed_pairs": found.proposed,
            "consensus_pairs": found.agreed,
            "alignment": None if found.alignment is None else _alignment_to_dict(found.alignment),
            "common_area_mm2": None if self.common_mm2 is None else round(self.common_mm2, 2),
            "common_minutiae": [int(found.probe_common.sum()), int(found.reference_common.sum())],
            "partners": [
                {"probe": probe, "reference": reference, "strength": strength}
                for (probe, reference), strength in zip(found.pairs.tolist(), strengths, strict=True)
            ],
        }


def explain(matcher: Matcher, probe: Scan, reference: Scan, point: OperatingPoint) -> Explanation:
    """Compares two scans and keeps all that led to the score.

    Exchanging them gives mirrored pairs, and the same score unless one of them resembles many.

    Args:
        matcher: the model.
        probe: one scan.
        reference: the other.
        point: of the model, to decide at.

    Raises:
        FailureToAcquire: there is no usable print in one of them; the message names it.
        ModelError: the model is not calibrated.
    """
    sides = Side("probe", probe, matcher.acquire(probe)), Side("reference", reference, matcher.acquire(reference))
    templates = sides[0].template, sides[1].template
    if matcher.bundle.kind == "whole-print":
        found, before, raw = None, None, float(matcher.raw_scores(templates[0], [templates[1]])[0])
    else:
        found = matcher.laid(*templates)
        both_touches = all(one.skin is not None for one in templates)
        similar = matcher.similarities(templates[0], [templates[1]]) if both_touches else np.array([found.similarity])
        raw = float(matcher.heeded(templates[0], [templates[1]], similar)[0])
        before = matcher.calibrated(similar)[0] if raw < similar[0] else None
    return Explanation(*sides, found, raw, matcher.calibrated(np.array([raw]))[0], point, before)


def _alignment_to_dict(alignment: Alignment) -> dict[str, Any]:
    return {
        "rotation_deg": float(np.degrees(alignment.rotation_rad)),
        "matrix": alignment.matrix.tolist(),  # (x, y, 1) of the probe to (x, y) on the reference, px at 250 ppi
    }
