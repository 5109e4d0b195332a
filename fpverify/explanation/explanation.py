"""Why two scans match or do not: the numbers behind a score, and what they say in words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np

from fpverify.comparison import Alignment, Overlap, overlap
from fpverify.features import Acquired
from fpverify.features.acquisition import CELL_MM2
from fpverify.features.minutiae import CELL_PX
from fpverify.features.quality import LEAST_QUALITY
from fpverify.matching import Matcher
from fpverify.vocabulary import WORKING_PPI, BoolArray, Decision, OperatingPoint, Scan, Score, Template

FEW_MINUTIAE = 12  # the pairs that a consensus is a mean of; a print with fewer cannot fill it
LITTLE_COMMON_MM2 = 60.0  # of common area: a third of a fingertip, some ten minutiae
FEW_COMMON = 10.0  # minutiae in the common area; fewer cannot add up to much, all being partners
LOW_SHARE = 0.45  # partners of the common minutiae: 98 of 100 synthetic mated pairs have 0.59, non-mated less than 0.32
NON_MATED_SHARE = 0.32  # partners of the common minutiae that 98 of 100 synthetic non-mated pairs stay below
WEAK_STRENGTH = 0.42  # mean of the partners: 98 of 100 synthetic mated pairs lie above, as many non-mated below
MM_PER_PX = 25.4 / WORKING_PPI

CauseName = Literal[
    "partners",  # a match: most of the common area agrees
    "few-minutiae",
    "poor-quality",
    "no-consensus",
    "little-overlap",
    "few-partners",
    "weak-partners",
    "just-short",
    "vectors",  # a whole-print model gives no other reason
]


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason for a decision, or one reason to be careful with it.

    Attributes:
        name: which, for programs.
        sentence: the same in words, with the numbers.
    """

    name: CauseName
    sentence: str


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One of the two prints.

    Attributes:
        role: "probe" or "reference".
        scan: as it was given.
        acquired: what was found in it.
    """

    role: Literal["probe", "reference"]
    scan: Scan
    acquired: Acquired

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return Path(self.scan.source).name

    @property
    def template(self) -> Template:
        """The template that was compared."""
        return self.acquired.template

    def to_dict(self) -> dict[str, Any]:
        """Plain values; positions in px of 250 ppi from the top left corner."""
        minutiae = self.template.minutiae
        columns = (minutiae.x_px, minutiae.y_px, minutiae.angle_rad, minutiae.quality)
        area_mm2 = self.acquired.area_mm2
        return {
            "source": self.scan.source,
            "ppi": self.scan.ppi,
            "ppi_estimated": self.scan.ppi_estimated,
            "inverted": self.scan.inverted,
            "quality": self.template.quality,
            "area_mm2": None if area_mm2 is None else round(area_mm2, 2),
            "minutiae": [
                {"x_px": x, "y_px": y, "angle_rad": angle, "quality": quality}
                for x, y, angle, quality in np.stack(columns, axis=1).astype(float).round(4).tolist()
            ],
        }


@dataclass(frozen=True)  # without slots: the common area is computed once
class Explanation:
    """What a comparison found, from the pairs that were proposed to the decision.

    Attributes:
        probe, reference: the prints, in the order they were given.
        overlap: of a `minutiae` model; None for a whole-print model.
        raw: similarity in [0, 1].
        score: calibrated.
        point: the operating point that it is decided at.
    """

    probe: Side
    reference: Side
    overlap: Overlap | None
    raw: float
    score: Score
    point: OperatingPoint

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
        return tuple(_causes(self))

    @cached_property
    def common_mm2(self) -> float | None:
        """Common area of the two foregrounds; None where the prints were not aligned."""
        here, there = self.probe.acquired.foreground, self.reference.acquired.foreground
        if self.overlap is None or self.overlap.alignment is None or here is None or there is None:
            return None
        return float((laid_cells(here, there.shape, self.overlap.alignment) & there).sum()) * CELL_MM2

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

    Exchanging them gives the same score and mirrored pairs.

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
        found, raw = None, float(matcher.raw_scores(templates[0], [templates[1]])[0])
    else:
        found = overlap(*templates)
        raw = found.similarity
    return Explanation(*sides, found, raw, matcher.calibrated(np.array([raw]))[0], point)


def laid_cells(cells: BoolArray, shape: tuple[int, int], alignment: Alignment) -> BoolArray:
    """The probe's foreground on the reference; (h/4, w/4) bool of that shape."""
    matrix = alignment.matrix
    half = np.array([0.5, 0.5])  # cell k spans k to k + 1; warping has its middle at k
    matrix[:, 2] = matrix[:, :2] @ half + matrix[:, 2] / CELL_PX - half
    laid = cv2.warpAffine(cells.astype(np.uint8), matrix, shape[::-1], flags=cv2.INTER_NEAREST)
    return np.asarray(laid > 0)


def common_minutiae(found: Overlap) -> int:
    """Of the common area, the mean of both prints in whole numbers; partners just outside count as inside."""
    return max(math.ceil(found.common), len(found.pairs))


def _alignment_to_dict(alignment: Alignment) -> dict[str, Any]:
    return {
        "rotation_deg": float(np.degrees(alignment.rotation_rad)),
        "matrix": alignment.matrix.tolist(),  # (x, y, 1) of the probe to (x, y) on the reference, px at 250 ppi
    }


def _causes(explained: Explanation) -> Iterator[Cause]:
    if explained.overlap is None:
        yield Cause("vectors", _vectors(explained))
    elif explained.decision.match:
        yield Cause("partners", f"{_partners(explained.overlap)}; two different fingers show fewer.")
        yield from _shortcomings(explained, "although")
    else:
        yield from _reasons_against(explained, explained.overlap)


def _reasons_against(explained: Explanation, found: Overlap) -> Iterator[Cause]:
    """Why it was no match; shortcomings of the prints come last, where the comparison itself has a reason."""
    own = list(_shortcomings(explained, "perhaps because"))
    against = list(_against(explained, found))
    if against or own:
        yield from against + own
    else:
        short = explained.point.threshold - explained.score.value
        yield Cause(
            "just-short",
            f"{_partners(found)}, which is {short:.1f} short of the threshold: "
            "more than chance would give, less than the false match rate asks for.",
        )


def _against(explained: Explanation, found: Overlap) -> Iterator[Cause]:
    if found.alignment is None:
        yield Cause("no-consensus", f"{_disagreement(found)}: the prints cannot be laid on each other.")
        return
    area = explained.common_mm2
    little = found.common < FEW_COMMON or (area is not None and area < LITTLE_COMMON_MM2)
    if little:
        covered = "" if area is None else f" {area:.0f} mm²"
        yield Cause(
            "little-overlap",
            f"Laid on each other as well as it goes, the prints share little{covered and ', only' + covered} with "
            f"{_counted(common_minutiae(found), 'minutia')}: two scans of one finger may show different parts of it.",
        )
    if len(found.pairs) < LOW_SHARE * found.common:
        ending = "" if little else _likeness(len(found.pairs) / found.common)
        yield Cause("few-partners", f"{_partners(found)}{ending}.")
    elif len(found.pairs) and float(found.strengths.mean()) < WEAK_STRENGTH:
        yield Cause(
            "weak-partners",
            f"{_partners(found)}, but they resemble each other only by {float(found.strengths.mean()):.2f} of 1 on "
            "average: distorted skin, noise, or another finger.",
        )


def _likeness(share: float) -> str:
    """What so few partners are usual for."""
    if share < NON_MATED_SHARE:
        return ": this is how two different fingers look"
    return ": two good prints of one finger mostly show more, two different fingers less"


def _disagreement(found: Overlap) -> str:
    if found.proposed == 0:
        return "No minutiae of the two prints could be paired"
    agreed = f"only {found.agreed}" if found.agreed else "none"
    return f"Of {_counted(found.proposed, 'pair')} of minutiae that look alike, {agreed} agree about where they lie"


def _shortcomings(explained: Explanation, opening: str) -> Iterator[Cause]:
    """What the prints lack."""
    for side in (explained.probe, explained.reference):
        number, quality = len(side.template.minutiae), side.template.quality
        if number < FEW_MINUTIAE:
            yield Cause(
                "few-minutiae",
                f"{opening.capitalize()} the {side.role} shows only {_counted(number, 'minutia')}; "
                f"{FEW_MINUTIAE} are needed for a full comparison.",
            )
        if quality < LEAST_QUALITY:
            yield Cause(
                "poor-quality",
                f"{opening.capitalize()} the {side.role} is poor: quality {quality:.2f} of 1; "
                f"a good scan has {LEAST_QUALITY:.2f} and more.",
            )


def _partners(found: Overlap) -> str:
    return (
        f"{len(found.pairs) or 'None'} of the {common_minutiae(found)} minutiae in the common area "
        f"{'has' if len(found.pairs) == 1 else 'have'} a partner"
    )


def _vectors(explained: Explanation) -> str:
    cosine = 2 * explained.raw - 1
    nearer = "nearer than" if explained.decision.match else "not as near as"
    return (
        f"The vectors of the two whole prints have the cosine {cosine:.3f}: {nearer} different fingers come "
        f"at a false match rate of {100 * explained.point.target_fmr:g} %. A whole-print model gives no finer reason."
    )


def _counted(number: int, noun: str) -> str:
    plural = "minutiae" if noun == "minutia" else f"{noun}s"
    return f"{number} {noun if number == 1 else plural}"
