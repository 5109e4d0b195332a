"""The one resolution of a set: its scans come from one sensor.

A single scan's ridges are good to a factor of 1.6; those of ten fingers to a tenth. So a set without a resolution
gets one by all of its ridges, and a set with a wrong one shows it, where its fingers are not unusual themselves.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from fpverify.evaluation.sets.protocol import Plan
from fpverify.scans.acquisition import Surveyed
from fpverify.scans.resolution import (
    MM_PER_INCH,
    OVERRULED,
    PERIODS_MM,
    RIDGE_PERIOD_MM,
    STANDARDS_PPI,
    better_ppi,
)
from fpverify.scans.ridges import Ridges
from fpverify.vocabulary import PpiSource, SetResolution

SAME = 0.01  # difference of the logarithms of two statements of one resolution
CLEARLY = 0.1  # ... of statements of which only one can be right
# The mean period of many people, mm: women and children have less, men more (H. Cummins et al., American Journal of
# Anatomy 68, 1941: 0.48 for young men); the generator draws from 0.46.
POPULATIONS_MM = (0.43, 0.51)
FINGERS_MM = 0.05  # least deviation between the fingers of a set; observed in a small set it may happen to be less
ERRORS = 2.3  # standard errors of the mean beyond those: one set in a hundred on a side
FEW_FINGERS, FEW_ERRORS = 8, 3.0  # that may be of one or two people
POPULATION = 0.08  # how far populations lie from the mean, of the logarithm of the period: `POPULATIONS_MM`
FINGER = 0.13  # and single fingers from their population


class Agreed(NamedTuple):
    """What a set's scans agree on, and at which resolution each is read; (n) None where nothing says it."""

    resolution: SetResolution
    ppi: list[float | None]


class _Facts(NamedTuple):
    """What a note tells: the resolution in use, who says so, what the files state, and the period there."""

    used: float
    source: PpiSource
    stated: float | None
    period_mm: float | None


class _Evidence(NamedTuple):
    """The ridges of a set.

    Attributes:
        ridges: the mean period of the fingers, and the median side, in pixels.
        deviation_px: of the period from finger to finger.
        fingers: how many have clear ridges.
    """

    ridges: Ridges
    deviation_px: float
    fingers: int


def agree(
    names: Sequence[str], fingers: Sequence[str], surveyed: Sequence[Surveyed], given_ppi: float | None
) -> Agreed:
    """The resolution of a set.

    Args:
        names: (n) of the scans.
        fingers: (n) that they show.
        surveyed: (n) what each says.
        given_ppi: by the caller, for all of them; nothing overrules it.
    """
    evidence = _evidence(fingers, surveyed)
    stated = _commonest([one.stated_ppi for one in surveyed if one.stated_ppi is not None])
    estimated = None if evidence is None else _estimated(evidence)
    used, source, overruled = _used(given_ppi, stated, estimated, evidence)
    if used is None:
        return Agreed(SetResolution(None, "estimated", None, None, 0.0, False), [None] * len(names))
    own = {} if given_ppi is not None else _of_their_own(names, surveyed, used, evidence)
    facts = _Facts(used, source, stated, None if evidence is None else _mm(evidence.ridges.period_px, used))
    doubtful = evidence is not None and (_better_stated(facts) or not _usual(evidence, used))
    disagreeing = sum(_disagrees(one, used) for one in surveyed) / max(1, len(surveyed))
    note = _note(facts, overruled=overruled, doubtful=doubtful)
    resolution = SetResolution(used, source, stated, estimated, disagreeing, doubtful, facts.period_mm, note, own)
    return Agreed(resolution, [own.get(name, used) for name in names])


def set_resolution(plan: Plan, surveyed: Sequence[Surveyed | str]) -> tuple[SetResolution, list[float | None]]:
    """The resolution of a plan's set, or what its two sets have in common, and of each scan.

    Args:
        plan: of s scans.
        surveyed: (s) what their files tell, or why they cannot be read.
    """
    groups: Mapping[tuple[str, float | None], list[int]] = defaultdict(list)
    for number, one in enumerate(plan.prints):
        sensor = one.name.split("/")[0] if plan.protocol == "cross-sensor" else plan.name
        groups[sensor, one.ppi].append(number)
    ppi: list[float | None] = [None] * len(plan.prints)
    parts = []
    for (sensor, given), members in groups.items():
        told = [_told(surveyed[k]) for k in members]
        agreed = agree([plan.scans[k] for k in members], [plan.fingers[k] for k in members], told, given)
        parts.append((sensor, len(members), agreed.resolution))
        for k, own in zip(members, agreed.ppi, strict=True):
            ppi[k] = own
    return (parts[0][2] if len(parts) == 1 else merged(parts)), ppi


def _told(surveyed: Surveyed | str) -> Surveyed:
    return Surveyed(None, None) if isinstance(surveyed, str) else surveyed


def merged(resolutions: Sequence[tuple[str, int, SetResolution]]) -> SetResolution:
    """Several sets as one, each with its name and number of scans: what they have in common, and every doubt."""
    every = [one for _, _, one in resolutions]
    scans = sum(count for _, count, _ in resolutions)
    notes = [f"{name}: {one.note}" for name, _, one in resolutions if one.note]
    periods = [one.period_mm for one in every if one.period_mm is not None]
    return SetResolution(
        used=_common([one.used for one in every]),
        source=every[0].source if len({one.source for one in every}) == 1 else "set",
        stated=_common([one.stated for one in every]),
        estimated=_common([one.estimated for one in every]),
        disagreeing=sum(count * one.disagreeing for _, count, one in resolutions) / max(1, scans),
        doubtful=any(one.doubtful for one in every),
        period_mm=float(np.mean(periods)) if periods else None,
        note="; ".join(notes) or None,
        own_ppi={scan: ppi for one in every for scan, ppi in one.own_ppi.items()},
    )


def _evidence(fingers: Sequence[str], surveyed: Sequence[Surveyed]) -> _Evidence | None:
    periods: Mapping[str, list[float]] = defaultdict(list)
    for finger, one in zip(fingers, surveyed, strict=True):
        if one.ridges is not None:
            periods[finger].append(one.ridges.period_px)
    if not periods:
        return None
    medians = [float(np.median(own)) for own in periods.values()]
    side_px = float(np.median([one.ridges.side_px for one in surveyed if one.ridges is not None]))
    deviation_px = float(np.std(medians, ddof=1)) if len(medians) > 1 else 0.0
    return _Evidence(Ridges(float(np.mean(medians)), side_px), deviation_px, len(medians))


def _commonest(stated: Sequence[float]) -> float | None:
    return Counter(stated).most_common(1)[0][0] if stated else None


def _estimated(evidence: _Evidence) -> float:
    """The standard that is as near as populations and so few fingers vary; else the estimate as a whole number."""
    ppi = evidence.ridges.period_px * MM_PER_INCH / RIDGE_PERIOD_MM
    near = min(STANDARDS_PPI, key=lambda standard: abs(math.log(ppi / standard)))
    within = POPULATION + FINGER / math.sqrt(evidence.fingers)
    return near if abs(math.log(ppi / near)) <= within else float(round(ppi))


def _used(
    given: float | None, stated: float | None, estimated: float | None, evidence: _Evidence | None
) -> tuple[float | None, PpiSource, bool]:
    """The resolution, who says so, and whether the files' own was overruled."""
    if given is not None:
        return given, "given", False
    if stated is None:
        return estimated, "estimated", False
    if evidence is not None and better_ppi(evidence.ridges, stated) is not None:
        return estimated, "estimated", True
    return stated, "file", False


def _of_their_own(
    names: Sequence[str], surveyed: Sequence[Surveyed], used: float, evidence: _Evidence | None
) -> dict[str, float]:
    """The scans that state a resolution far from the set's and have ridges that bear it out."""
    own = {}
    for name, (stated, ridges, _) in zip(names, surveyed, strict=True):
        if stated is None or max(stated / used, used / stated) < OVERRULED:
            continue
        if ridges is None or evidence is None or _nearer(ridges, evidence, stated, used):
            own[name] = stated
    return own


def _nearer(ridges: Ridges, evidence: _Evidence, stated: float, used: float) -> bool:
    """Whether a scan's period lies nearer to its set's at its own resolution than at the set's."""
    usual_mm = _mm(evidence.ridges.period_px, used)
    at_stated, at_used = (abs(math.log(_mm(ridges.period_px, ppi) / usual_mm)) for ppi in (stated, used))
    return at_stated <= at_used


def _disagrees(one: Surveyed, used: float) -> bool:
    if one.stated_ppi is not None:
        return _differ(one.stated_ppi, used, SAME)
    return one.ridges is not None and not PERIODS_MM[0] <= _mm(one.ridges.period_px, used) <= PERIODS_MM[1]


def _usual(evidence: _Evidence, used: float) -> bool:
    """Whether the mean period of so many fingers is one that populations have."""
    deviation = max(FINGERS_MM, _mm(evidence.deviation_px, used))
    errors = ERRORS if evidence.fingers >= FEW_FINGERS else FEW_ERRORS
    margin = errors * deviation / math.sqrt(evidence.fingers)
    period_mm = _mm(evidence.ridges.period_px, used)
    return POPULATIONS_MM[0] - margin <= period_mm <= POPULATIONS_MM[1] + margin


def _better_stated(facts: _Facts) -> bool:
    """Whether the files state clearly something else than the caller, and the ridges side with them."""
    if facts.stated is None or facts.period_mm is None or not _differ(facts.stated, facts.used, CLEARLY):
        return False
    at_stated_mm = facts.period_mm * facts.used / facts.stated
    return abs(math.log(at_stated_mm / RIDGE_PERIOD_MM)) < abs(math.log(facts.period_mm / RIDGE_PERIOD_MM))


def _differ(ppi: float, other: float, relative: float) -> bool:
    return abs(math.log(ppi / other)) > relative


def _note(facts: _Facts, *, overruled: bool, doubtful: bool) -> str | None:
    used, source, stated, period_mm = facts
    states = "the files state no resolution" if stated is None else f"the files state {stated:g} ppi"
    if doubtful:
        right = "is --ppi right?" if source == "given" else "is the resolution in the files right? (else give --ppi)"
        apart = f"the ridges lie {period_mm:.2f} mm apart at {used:g} ppi, usual is {RIDGE_PERIOD_MM:.2f}"
        known = f"; {states}" if source == "given" and stated is not None else ""
        return f"{apart}{known}: {right} If not, the false match rates do not hold"
    if overruled:
        return f"{states}, but their ridges say {used:g} (else give --ppi)"
    if source == "estimated":
        return f"{states}, {used:g} ppi estimated from the ridges of all (else give --ppi)"
    if stated is not None and _differ(stated, used, SAME):
        return f"{states}, {used:g} was given"
    return None


def _mm(length_px: float, ppi: float) -> float:
    return length_px / ppi * MM_PER_INCH


def _common(values: Sequence[float | None]) -> float | None:
    return values[0] if len(set(values)) == 1 else None
