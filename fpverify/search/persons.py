"""Whose fingers several probes of one person show, among all that are enrolled.

Each probe proposes those that it resembles, as alone; whoever one of them proposes is then compared with all of them.
"""

from __future__ import annotations

from collections import defaultdict

from fpverify.comparison import joint_threshold
from fpverify.matching import Matcher, Presentation
from fpverify.search.register import Register
from fpverify.vocabulary import Candidate, Identification, Reference, Template

MOST_COMPLETED = 20  # references of proposed subjects that each probe is compared with: as many as it proposes itself


def identify_person(
    register: Register, matcher: Matcher, presented: Presentation, *, top: int, fpir: float
) -> Identification:
    """The subjects that several probes resemble most, all probes together.

    A subject's score states the false match rate of a decision about it, however many fingers and impressions it has;
    the threshold is that of the best of all subjects.

    Args:
        register: all that is enrolled.
        matcher: of the references' model.
        presented: the probes.
        top: most candidates.
        fpir: false positive identification rate of the whole search, in (0, 1).
    """
    if not register.references:
        return Identification((), fpir, 0.0, 0, extrapolated=False)
    threshold = joint_threshold(fpir, register.people)
    candidates = [
        _candidate(matcher, presented, references, threshold)
        for references in proposed(register, matcher, presented).values()
    ]
    candidates.sort(key=lambda one: -one.score.value)
    beyond = threshold > matcher.calibration.evidence_score
    return Identification(tuple(candidates[:top]), fpir, threshold, len(register.references), beyond)


def proposed(register: Register, matcher: Matcher, presented: Presentation) -> dict[str, list[Reference]]:
    """The subjects that the probes' short lists hold, the likeliest first, with all of their references.

    They have at most `MOST_COMPLETED` references together, or are one. How likely: what each probe's best comparison
    says for a subject, in sum.
    """
    likely: defaultdict[str, float] = defaultdict(float)
    for probe in presented.templates:
        for subject, value in _best_of(register, matcher, probe).items():
            likely[subject] += max(0.0, value)
    of: dict[str, list[Reference]] = {subject: [] for subject in sorted(likely, key=lambda one: -likely[one])}
    for reference in register.of(of):
        of[reference.subject].append(reference)
    chosen: dict[str, list[Reference]] = {}
    for subject, references in of.items():
        if chosen and sum(map(len, chosen.values())) + len(references) > MOST_COMPLETED:
            break
        chosen[subject] = references
    return chosen


def _best_of(register: Register, matcher: Matcher, probe: Template) -> dict[str, float]:
    """The score of the best reference of each subject on a probe's short list."""
    found = register.gallery.search(probe)
    best: dict[str, float] = {}
    for index, score in zip(found.index.tolist(), matcher.calibrated(found.similarity), strict=True):
        best.setdefault(register.references[index].subject, score.value)  # the likeliest comes first
    return best


def _candidate(matcher: Matcher, presented: Presentation, references: list[Reference], threshold: float) -> Candidate:
    """A subject, all of whose references are compared with all probes."""
    templates = [one.template for one in references]
    scores = [matcher.scores(probe, templates) for probe in presented.templates]
    judged = presented.judged([one.finger for one in references], scores)
    match = judged.score.value >= threshold
    return Candidate(references[0].subject, judged.finger, judged.score, match, judged.probes)
