"""What speaks against taking an evaluation as it is labelled, as questions to whoever made the set."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from fpverify.evaluation.rates.error_rates import area_under_curve, measured
from fpverify.evaluation.rates.false_matches import false_match_pairs
from fpverify.vocabulary import BoolArray, Evaluation

# How often a mated score is the higher one of a mated and a non-mated. A matcher with an EER of 30 %, both kinds
# normally distributed, has 77 %; labels that say nothing give 50 %, and such a matcher's distances 23 %.
LIKE_CHANCE = 0.65
LIKE_DISTANCES = 0.35
MOST_FAILURES = 0.5  # of the scans, beyond which more than single bad prints is wrong
FEWEST_PRINTS = 4  # of a finger whose prints can fall into two groups of two


def doubts(evaluation: Evaluation, threshold: float | None = None) -> list[str]:
    """A sentence for everything that looks wrong with the labels, the scores or the resolution.

    Args:
        evaluation: the comparisons.
        threshold: at which comparisons match; None where no threshold is known, as of another program's scores.
    """
    return [*_failures(evaluation), *(_of_scores(evaluation) if threshold is None else _of_set(evaluation, threshold))]


def _failures(evaluation: Evaluation) -> Iterator[str]:
    failed, scans = len(evaluation.failures), len(evaluation.scans)
    if not measured(evaluation):
        kinds = [
            kind
            for kind, side in (("mated", evaluation.mated), ("non-mated", ~evaluation.mated))
            if not np.isfinite(evaluation.scores[side]).any()
        ]
        made = "no comparison was made" if len(kinds) == 2 else f"no {kinds[0]} comparison was made"
        yield f"{made}: {failed} of {scans} scans failed to acquire; is the resolution (--ppi) right?"
    elif failed > MOST_FAILURES * scans:
        yield f"{failed} of {scans} scans failed to acquire: is the resolution (--ppi) right?"


def _of_scores(evaluation: Evaluation) -> Iterator[str]:
    higher = _mated_higher(evaluation)
    if higher < LIKE_DISTANCES:
        yield "mated scores are lower than the others: are they distances?"
    elif higher < LIKE_CHANCE:
        yield "mated scores are hardly higher than the others: does each line say rightly whether it is mated?"


def _of_set(evaluation: Evaluation, threshold: float) -> Iterator[str]:
    parted, several = _parted_fingers(evaluation, threshold)
    made, match = np.isfinite(evaluation.scores), evaluation.scores >= threshold
    mated, non_mated = match[made & evaluation.mated], match[made & ~evaluation.mated]
    if len(parted) > 1 and 2 * len(parted) >= several:
        yield (
            f"the prints of {len(parted)} of {several} fingers, such as {parted[0]}, fall into groups that match "
            "within and not across: does each name mean one finger?"
        )
    elif measured(evaluation) and (_mated_higher(evaluation) < LIKE_CHANCE or mated.mean() < non_mated.mean()):
        counts = f"{mated.sum()} of {len(mated)} mated and {non_mated.sum()} of {len(non_mated)} non-mated"
        hint = "" if match.any() else " Is the resolution (--ppi) right?"
        yield f"{counts} comparisons match: {_naming(evaluation)}{hint}"
    else:
        yield from _one_finger_twice(evaluation, threshold)


def _mated_higher(evaluation: Evaluation) -> float:
    """How often a mated score is above a non-mated one, failures left out; 1 where a kind was not compared."""
    if not measured(evaluation):
        return 1.0
    made = np.isfinite(evaluation.scores)
    return area_under_curve(evaluation.scores[made & evaluation.mated], evaluation.scores[made & ~evaluation.mated])


def _naming(evaluation: Evaluation) -> str:
    """The question that fits how scans are named."""
    tails = [
        [name.rpartition("/")[2] for name in pair] for pair in zip(evaluation.scans, evaluation.fingers, strict=True)
    ]
    if all(re.fullmatch(rf"{re.escape(finger)}_\d+", scan) for scan, finger in tails):
        return "does the last number of the names mean the impression?"
    return "do the names and folders say which prints are of one finger?"


def _one_finger_twice(evaluation: Evaluation, threshold: float) -> Iterator[str]:
    worst = false_match_pairs(evaluation, threshold)["worst"]
    if worst and worst["count"] == worst["comparisons"] > 1:
        one, other = worst["fingers"]
        yield f"all {worst['count']} comparisons of the fingers {one} and {other} match: are they one finger?"


def _parted_fingers(evaluation: Evaluation, threshold: float) -> tuple[list[str], int]:
    """Fingers whose prints fall into groups, two of two prints or more; and how many were looked at."""
    match = evaluation.mated & (evaluation.scores >= threshold)
    failed = set(evaluation.failures)
    prints: dict[str, list[int]] = {}
    for scan, finger in enumerate(evaluation.fingers):
        if evaluation.scans[scan] not in failed:
            prints.setdefault(finger, []).append(scan)
    partners = _partners(evaluation, match)
    several = {finger: scans for finger, scans in prints.items() if len(scans) >= FEWEST_PRINTS}
    return [finger for finger, scans in several.items() if _falls_apart(scans, partners)], len(several)


def _partners(evaluation: Evaluation, match: BoolArray) -> dict[int, set[int]]:
    """For each scan those that it matches, itself included."""
    found = {scan: {scan} for scan in range(len(evaluation.scans))}
    for one, other in zip(evaluation.probe[match].tolist(), evaluation.reference[match].tolist(), strict=True):
        found[one].add(other)
        found[other].add(one)
    return found


def _falls_apart(scans: list[int], partners: dict[int, set[int]]) -> bool:
    """Whether the prints fall into groups of two or more, in each of which all match each other and no other print."""
    groups = {frozenset(partners[scan]) for scan in scans}
    return len(groups) > 1 and sum(map(len, groups)) == len(scans) and min(map(len, groups)) > 1
