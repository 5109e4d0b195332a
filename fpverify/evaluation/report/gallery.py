"""The pairs that went wrong, or came nearest to it, drawn with their minutiae and partners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fpverify.explanation.explanation import explain
from fpverify.explanation.pair_picture import pair_png
from fpverify.matching import Matcher
from fpverify.scans import read_scan
from fpverify.vocabulary import Evaluation, OperatingPoint

SHOWN = 6  # pairs of each kind: 12 pictures of 60 KB
OF_ONE_FINGER = 2  # pairs at most, so that one bad finger does not fill the gallery


@dataclass(frozen=True, slots=True)
class Pair:
    """A comparison for the gallery.

    Attributes:
        set_name: of the evaluation.
        probe, reference: names of the scans.
        mated: the truth.
        score: calibrated.
        match: the decision at the operating point.
        why: in words.
        png: the picture; empty if none was drawn.
    """

    set_name: str
    probe: str
    reference: str
    mated: bool
    score: float
    match: bool
    why: str
    png: bytes


@dataclass(frozen=True, slots=True)
class PrintFile:
    """Where a scan lies, and at which resolution it is read."""

    path: Path
    ppi: float | None


def gallery(
    matcher: Matcher,
    evaluations: Sequence[Evaluation],
    files: Sequence[Mapping[str, PrintFile]],
    point: OperatingPoint,
    *,
    drawn: bool = True,
) -> list[Pair]:
    """The mated pairs with the lowest scores, then the non-mated ones with the highest.

    Args:
        matcher: the model.
        evaluations: of sets.
        files: of each set, the file of every scan by its name.
        point: to decide at.
        drawn: with pictures, which need the extra "plots".
    """
    pairs = []
    for mated in (True, False):
        for number, place in _extreme(evaluations, mated=mated):
            pairs.append(_pair(matcher, evaluations[number], files[number], place, point, drawn=drawn))
    return pairs


def _extreme(evaluations: Sequence[Evaluation], *, mated: bool) -> list[tuple[int, int]]:
    """(evaluation, place) of the pairs to show."""
    sign = 1.0 if mated else -1.0
    candidates = []
    for number, one in enumerate(evaluations):
        places = np.flatnonzero((one.mated == mated) & np.isfinite(one.scores))
        worst = places[np.argsort(sign * one.scores[places], kind="stable")[: 20 * SHOWN]]
        candidates += [(sign * float(one.scores[place]), number, int(place)) for place in worst]
    chosen: list[tuple[int, int]] = []
    seen: dict[tuple[int, str], int] = {}
    for _, number, place in sorted(candidates):
        one = evaluations[number]
        fingers = {(number, one.fingers[side]) for side in (one.probe[place], one.reference[place])}
        if max(seen.get(finger, 0) for finger in fingers) < OF_ONE_FINGER:
            seen |= {finger: seen.get(finger, 0) + 1 for finger in fingers}
            chosen.append((number, place))
        if len(chosen) == SHOWN:
            break
    return chosen


def _pair(
    matcher: Matcher,
    evaluation: Evaluation,
    files: Mapping[str, PrintFile],
    place: int,
    point: OperatingPoint,
    *,
    drawn: bool,
) -> Pair:
    names = evaluation.scans[evaluation.probe[place]], evaluation.scans[evaluation.reference[place]]
    scans = [read_scan(files[name].path, ppi=files[name].ppi) for name in names]
    explained = explain(matcher, scans[0], scans[1], point)
    return Pair(
        set_name=evaluation.name,
        probe=names[0],
        reference=names[1],
        mated=bool(evaluation.mated[place]),
        score=float(evaluation.scores[place]),
        match=bool(evaluation.scores[place] >= point.threshold),
        why=explained.causes[0].sentence,
        png=pair_png(explained) if drawn else b"",
    )
