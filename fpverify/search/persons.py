"""Whose fingers several probes of one person show, among all that are enrolled.

Each probe proposes those that it resembles, as alone; whoever one of them proposes is then compared with all of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from fpverify.matching import ProbeOf, Probes
from fpverify.search.register import COMPARED_IN_FULL
from fpverify.vocabulary import Candidate, Reference, Score

MOST_COMPLETED = COMPARED_IN_FULL  # references of proposed subjects that each probe is compared with besides


class Proposing(Protocol):
    """What is searched for a person."""

    def scored(self, probe: ProbeOf, count: int) -> list[tuple[Reference, Score]]:
        """The likeliest references of each model, at most `count`, and their scores."""

    def of(self, subjects: Iterable[str]) -> dict[str, list[Reference]]:
        """All references of some subjects."""


def proposed(searched: Proposing, probes: Probes) -> dict[str, list[Reference]]:
    """The subjects that the probes' short lists hold, the likeliest first, with all of their references.

    They have at most `MOST_COMPLETED` references together, or are one. How likely: what each probe's best comparison
    says for a subject, in sum.
    """
    likely: defaultdict[str, float] = defaultdict(float)
    for probe in probes.each():
        for subject, value in _best_of(searched, probe).items():
            likely[subject] += max(0.0, value)
    chosen: dict[str, list[Reference]] = {}
    for subject, references in searched.of(_first(likely)).items():
        if chosen and sum(map(len, chosen.values())) + len(references) > MOST_COMPLETED:
            break
        chosen[subject] = references
    return chosen


def candidate(probes: Probes, references: Sequence[Reference], threshold: float) -> Candidate:
    """A subject, all of whose references are compared with all probes.

    A subject's score states the false match rate of a decision about it, however many fingers and impressions it has.

    Args:
        probes: of one person.
        references: of the subject, at least one.
        threshold: that its score has to reach.
    """
    judged = probes.judged(references)
    match = judged.score.value >= threshold
    return Candidate(references[0].subject, judged.finger, judged.score, match, judged.probes)


def _first(likely: Mapping[str, float]) -> list[str]:
    """As many of the likeliest subjects as there could be room for."""
    return sorted(likely, key=lambda one: -likely[one])[:MOST_COMPLETED]


def _best_of(searched: Proposing, probe: ProbeOf) -> dict[str, float]:
    """The score of the best reference of each subject on a probe's short list."""
    best: dict[str, float] = {}
    for one, score in searched.scored(probe, COMPARED_IN_FULL):
        best[one.subject] = max(score.value, best.get(one.subject, score.value))
    return best
