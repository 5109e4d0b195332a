"""Touches of small sensors: every probe by itself against all reference touches of a finger together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fpverify.comparison import fuse
from fpverify.evaluation.sets.layout import TOUCH
from fpverify.vocabulary import Evaluation, IndexArray, Score, Scores

TOGETHER = "r00"  # what stands for all reference touches of a finger in names: no touch has the number 0
SHOWN_FAILURES = 3  # reference touches whose reason is told


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """Which scans of an evaluation are what, by index.

    Attributes:
        probes: (p,) in the scans' order.
        references: of each finger that has some, in its order; the names are sorted as the scans are.
    """

    probes: IndexArray
    references: Mapping[str, IndexArray]

    @classmethod
    def of(cls, evaluation: Evaluation) -> Sides:
        """The sides of an evaluation of touches."""
        kinds = np.array([kind_of(name) for name in evaluation.scans])
        members: dict[str, list[int]] = {}
        for number in np.flatnonzero(kinds == "r").tolist():
            members.setdefault(evaluation.fingers[number], []).append(number)
        references = {finger: np.array(numbers, np.int32) for finger, numbers in members.items()}
        return cls(np.flatnonzero(kinds == "p").astype(np.int32), references)


def kind_of(name: str) -> str:
    """`p` of a probe touch, `r` of a reference touch; of the name that a scores file has.

    Raises:
        ValueError: it is no touch's.
    """
    parts = TOUCH.fullmatch(name)
    if parts is None:
        raise ValueError(f"{name!r} is no touch: <finger>_p<number> and <finger>_r<number> are")
    return parts[2]


def touch_pairs(names: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Every probe touch with every reference touch, as places in the names."""
    kinds = np.array([kind_of(name) for name in names])
    probes, references = np.flatnonzero(kinds == "p"), np.flatnonzero(kinds == "r")
    return np.repeat(probes, len(references)), np.tile(references, len(probes))


def fused_touches(evaluation: Evaluation, most: int | None = None) -> Evaluation:
    """One comparison for each probe touch and finger, from those with each reference touch.

    The score is the best one, corrected for the number of reference touches that were acquired (`comparison.fuse`). A
    finger's touches together are a scan `<finger>_r00`, which failed where all of them did; the notes name others that
    failed. A probe that failed has failed against every finger.

    Args:
        evaluation: of the protocol `touches`, with calibrated scores.
        most: reference touches of a finger that are used, the first ones; None takes all.
    """
    sides = Sides.of(evaluation)
    used = {finger: numbers[:most] for finger, numbers in sides.references.items()}
    scores = _table(evaluation, len(evaluation.scans))
    fused = np.array([[_best(scores[probe, numbers]) for numbers in used.values()] for probe in sides.probes.tolist()])
    probes, fingers = len(sides.probes), tuple(used)
    owners = [evaluation.fingers[probe] for probe in sides.probes.tolist()]
    scans = [evaluation.scans[probe] for probe in sides.probes.tolist()] + [f"{one}_{TOGETHER}" for one in fingers]
    probe, reference = np.divmod(np.arange(fused.size, dtype=np.int32), len(fingers))
    return replace(
        evaluation,
        scans=tuple(scans),
        fingers=(*owners, *fingers),
        probe=probe.astype(np.int32),
        reference=(probes + reference).astype(np.int32),
        mated=np.array([owners[p] == fingers[r] for p, r in zip(probe.tolist(), reference.tolist(), strict=True)]),
        scores=fused.ravel(),
        failures=_failures(evaluation, sides.probes, used),
        quality=_of_best(evaluation.quality, sides.probes, used),
        area_mm2=_of_best(evaluation.area_mm2, sides.probes, used),
        notes=(*evaluation.notes, *_refused(evaluation, used)),
    )


def _table(evaluation: Evaluation, scans: int) -> Scores:
    """(scans, scans) scores by probe and reference, -inf where there is none."""
    table = np.full((scans, scans), -np.inf)
    table[evaluation.probe, evaluation.reference] = evaluation.scores
    return table


def _best(scores: Scores) -> float:
    """Of a probe against the touches of one finger; -inf if none could be compared."""
    made = scores[np.isfinite(scores)].tolist()
    return fuse([Score(one, extrapolated=False) for one in made]).value if made else -np.inf


def _failures(evaluation: Evaluation, probes: IndexArray, used: Mapping[str, IndexArray]) -> dict[str, str]:
    names = [evaluation.scans[probe] for probe in probes.tolist()]
    failed = {name: evaluation.failures[name] for name in names if name in evaluation.failures}
    for finger, numbers in used.items():
        reasons = [evaluation.failures.get(evaluation.scans[number]) for number in numbers.tolist()]
        if all(reasons):
            failed[f"{finger}_{TOGETHER}"] = f"none of {len(reasons)} touches: {reasons[0]}"
    return failed


def _refused(evaluation: Evaluation, used: Mapping[str, IndexArray]) -> tuple[str, ...]:
    """A note about reference touches that failed, if some did."""
    every = [evaluation.scans[number] for numbers in used.values() for number in numbers.tolist()]
    refused = [name for name in every if name in evaluation.failures]
    if not refused:
        return ()
    said = "; ".join(f"{name} ({evaluation.failures[name]})" for name in refused[:SHOWN_FAILURES])
    more = "; ..." if len(refused) > SHOWN_FAILURES else ""
    return (f"{len(refused)} of {len(every)} reference touches failed to acquire: {said}{more}",)


def _of_best(
    values: NDArray[np.float32] | None, probes: IndexArray, used: Mapping[str, IndexArray]
) -> NDArray[np.float32] | None:
    """Of each probe its own, of each finger the highest of its touches, nan where all failed."""
    if values is None:
        return None
    kept = np.where(np.isnan(values), -np.inf, values)
    highest = np.array([kept[numbers].max() for numbers in used.values()])
    return np.concatenate([values[probes], np.where(np.isfinite(highest), highest, np.nan)]).astype(np.float32)
