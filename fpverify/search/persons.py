"""Whose fingers several probes of one person show, among all that are enrolled.

Each probe proposes those that it resembles, as alone; whoever one of them proposes is then compared with all of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from fpverify.comparison import joint_threshold, similarities
from fpverify.matching import Matcher, Presentation
from fpverify.search.register import COMPARED_IN_FULL, Register
from fpverify.vocabulary import Candidate, Identification, Reference, Template

MOST_COMPLETED = COMPARED_IN_FULL  # references of proposed subjects that each probe is compared with besides


class Proposing(Protocol):
    """What a search for a person asks a register."""

    @property
    def matcher(self) -> Matcher:
        """The model."""

    def proposed(self, probe: Template, count: int) -> list[Reference]:
        """The likeliest references, at most `count`."""

    def of(self, subjects: Iterable[str]) -> dict[str, list[Reference]]:
        """All references of some subjects."""


def identify_person(register: Register, presented: Presentation, *, top: int, fpir: float) -> Identification:
    """The subjects that several probes resemble most, all probes together.

    A subject's score states the false match rate of a decision about it, however many fingers and impressions it has;
    the threshold is that of the best of all subjects.

    Args:
        register: all that is enrolled.
        presented: the probes.
        top: most candidates.
        fpir: false positive identification rate of the whole search, in (0, 1).
    """
    searched, people = len(register.index), register.store.subject_count()
    if not searched or not people:  # the store may have been emptied since the index was brought up to date
        return Identification((), fpir, 0.0, 0, extrapolated=False)
    threshold = joint_threshold(fpir, people)
    subjects = proposed(register, presented).values()
    candidates = [candidate(register.matcher, presented, references, threshold) for references in subjects]
    candidates.sort(key=lambda one: -one.score.value)
    return Identification(
        candidates=tuple(candidates[:top]),
        fpir=fpir,
        threshold=threshold,
        searched=searched,
        extrapolated=threshold > register.matcher.calibration.evidence_score,
        preselection_error=register.preselection_error if searched > COMPARED_IN_FULL else None,
    )


def proposed(register: Proposing, presented: Presentation) -> dict[str, list[Reference]]:
    """The subjects that the probes' short lists hold, the likeliest first, with all of their references.

    They have at most `MOST_COMPLETED` references together, or are one. How likely: what each probe's best comparison
    says for a subject, in sum.
    """
    likely: defaultdict[str, float] = defaultdict(float)
    for probe in presented.templates:
        for subject, value in _best_of(register, probe).items():
            likely[subject] += max(0.0, value)
    chosen: dict[str, list[Reference]] = {}
    for subject, references in register.of(_first(likely)).items():
        if chosen and sum(map(len, chosen.values())) + len(references) > MOST_COMPLETED:
            break
        chosen[subject] = references
    return chosen


def candidate(
    matcher: Matcher, presented: Presentation, references: Sequence[Reference], threshold: float
) -> Candidate:
    """A subject, all of whose references are compared with all probes.

    Args:
        matcher: of the model.
        presented: the probes.
        references: of the subject, at least one.
        threshold: that its score has to reach.
    """
    templates = [one.template for one in references]
    scores = [matcher.scores(probe, templates) for probe in presented.templates]
    judged = presented.judged([one.finger for one in references], scores)
    match = judged.score.value >= threshold
    return Candidate(references[0].subject, judged.finger, judged.score, match, judged.probes)


def _first(likely: Mapping[str, float]) -> list[str]:
    """As many of the likeliest subjects as there could be room for."""
    return sorted(likely, key=lambda one: -likely[one])[:MOST_COMPLETED]


def _best_of(register: Proposing, probe: Template) -> dict[str, float]:
    """The score of the best reference of each subject on a probe's short list."""
    found = register.proposed(probe, COMPARED_IN_FULL)
    scores = register.matcher.calibrated(similarities(probe, [one.template for one in found]))
    best: dict[str, float] = {}
    for one, score in zip(found, scores, strict=True):
        best[one.subject] = max(score.value, best.get(one.subject, score.value))
    return best
