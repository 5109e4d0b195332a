"""The causes of a decision, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from fpverify.comparison import Overlap
from fpverify.explanation.common_area import common_minutiae
from fpverify.explanation.side import Side
from fpverify.features.quality import LEAST_QUALITY
from fpverify.vocabulary import Decision, Score

FEW_MINUTIAE = 12  # the pairs that a consensus is a mean of; a print with fewer cannot fill it
LITTLE_COMMON_MM2 = 60.0  # of common area: a third of a fingertip, some ten minutiae
FEW_COMMON = 10.0  # minutiae in the common area; fewer cannot add up to much, all being partners
LOW_SHARE = 0.45  # partners of the common minutiae: 98 of 100 synthetic mated pairs have 0.59, non-mated less than 0.32
NON_MATED_SHARE = 0.32  # partners of the common minutiae that 98 of 100 synthetic non-mated pairs stay below
WEAK_STRENGTH = 0.42  # mean of the partners: 98 of 100 synthetic mated pairs lie above, as many non-mated below

Sides = tuple[Side, Side]  # probe and reference
CauseName = Literal[
    "partners",  # a match: most of the common area agrees
    "few-minutiae",
    "poor-quality",
    "no-consensus",
    "little-overlap",
    "few-partners",
    "weak-partners",
    "just-short",
    "resembles-many",  # the score would have done if the probe did not score with strangers, too
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


def causes(decision: Decision, sides: Sides, found: Overlap, common_mm2: float | None) -> Iterator[Cause]:
    """Why minutiae decided as they did, the weightiest cause first; at least one.

    Args:
        decision: that is explained.
        sides: probe and reference.
        found: what the comparison of them found.
        common_mm2: their common area, if it is known.
    """
    if decision.match:
        yield Cause("partners", f"{_partners(found)}; two different fingers seldom show as many.")
        yield from _shortcomings(sides, "although")
    else:
        yield from _reasons_against(decision, sides, found, common_mm2)


def strangers_cause(decision: Decision, before: Score) -> Cause:
    """Why a score that would have done did not: the probe scores with strangers, too."""
    short = f"count {decision.score.value:.1f}; the threshold is {decision.operating_point.threshold:.1f}"
    return Cause(
        "resembles-many",
        "The probe resembles many: it scores more with strangers than prints do. "
        f"Of the {before.value:.1f} that the two prints show {short}.",
    )


def whole_print_cause(decision: Decision, raw: float) -> Cause:
    """The one reason that a whole-print model gives, of a raw similarity in [0, 1]."""
    cosine = 2 * raw - 1
    nearer = "nearer than" if decision.match else "not as near as"
    return Cause(
        "vectors",
        f"The vectors of the two whole prints have the cosine {cosine:.3f}: {nearer} different fingers come "
        f"at a false match rate of {100 * decision.operating_point.target_fmr:g} %. "
        "A whole-print model gives no finer reason.",
    )


def _reasons_against(decision: Decision, sides: Sides, found: Overlap, common_mm2: float | None) -> Iterator[Cause]:
    """Why it was no match; shortcomings of the prints come last, where the comparison itself has a reason."""
    own = list(_shortcomings(sides, "perhaps because"))
    against = list(_against(found, common_mm2))
    if against or own:
        yield from against + own
    else:
        short = decision.operating_point.threshold - decision.score.value
        yield Cause(
            "just-short",
            f"{_partners(found)}, which is {short:.1f} short of the threshold: "
            "more than chance would give, less than the false match rate asks for.",
        )


def _against(found: Overlap, common_mm2: float | None) -> Iterator[Cause]:
    if found.alignment is None:
        yield Cause("no-consensus", f"{_disagreement(found)}: the prints cannot be laid on each other.")
        return
    little = found.common < FEW_COMMON or (common_mm2 is not None and common_mm2 < LITTLE_COMMON_MM2)
    if little:
        covered = "" if common_mm2 is None else f" {common_mm2:.0f} mm²"
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
        return ": two different fingers mostly look like this, good scans of one finger seldom"
    return ": two good prints of one finger mostly show more, two different fingers mostly less"


def _disagreement(found: Overlap) -> str:
    if found.proposed == 0:
        return "No minutiae of the two prints could be paired"
    agreed = f"only {found.agreed}" if found.agreed else "none"
    return f"Of {_counted(found.proposed, 'pair')} of minutiae that look alike, {agreed} agree about where they lie"


def _shortcomings(sides: Sides, opening: str) -> Iterator[Cause]:
    """What the prints lack."""
    for side in sides:
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


def _counted(number: int, noun: str) -> str:
    plural = "minutiae" if noun == "minutia" else f"{noun}s"
    return f"{number} {noun if number == 1 else plural}"
