"""Searches by two fingers of a person, for the tables of `search_errors.py`.

A person is a synthetic master and the mirror image of the next one, or two fingers of one set: a master and its own
mirror image would both resemble another such person, or neither.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from fpverify.matching import Matcher, Presentation, ProbeOf, Probes
from fpverify.search.index import Index
from fpverify.search.persons import candidate, proposed
from fpverify.vocabulary import Finger, Reference, Score, Template

HANDS: tuple[Finger, ...] = ("right-index", "left-index")
PAIRINGS = 2  # of each right finger of nobody enrolled with left ones: as many persons
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)  # nobody asks when a reference was enrolled


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """An impression.

    Attributes:
        person, hand: whose, and which of the two `HANDS`.
        impression: fingers of a person are put down together by this number.
        kind: what it is an impression of.
        enrolled: it is a reference.
        known: its person is in the gallery.
    """

    person: str
    hand: int
    impression: int
    kind: str
    template: Template
    enrolled: bool
    known: bool


@dataclass(frozen=True, slots=True, eq=False)
class PersonProbe:
    """One search.

    Attributes:
        kind: what it shows impressions of.
        templates: of both fingers.
        person: whose they are; empty if nobody's who is enrolled.
        mated: the person is looked for; otherwise left out of the search.
    """

    kind: str
    templates: tuple[Template, Template]
    person: str
    mated: bool


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """All who are enrolled, as `fpverify.search.persons` asks a register for them.

    Attributes:
        matcher: of the model.
        references: by number.
        index: holds all of them by these numbers.
        subjects: the references of each person.
        besides: a person who is passed over.
    """

    matcher: Matcher
    references: Sequence[Reference]
    index: Index
    subjects: dict[str, list[Reference]]
    besides: str = ""

    @classmethod
    def of_references(cls, matcher: Matcher, references: Sequence[Reference], index: Index) -> People:
        """Those whose references these are."""
        subjects: defaultdict[str, list[Reference]] = defaultdict(list)
        for one in references:
            subjects[one.subject].append(one)
        return cls(matcher, references, index, subjects)

    def scored(self, probe: ProbeOf, count: int) -> list[tuple[Reference, Score]]:
        """The likeliest references, and their scores."""
        template = probe(self.matcher.model_id)
        listed = self.index.likeliest(template, count + len(HANDS))
        found = [one for k in listed if (one := self.references[k]).subject != self.besides][:count]
        return list(zip(found, self.matcher.scores(template, [one.template for one in found]), strict=True))

    def of(self, subjects: Iterable[str]) -> dict[str, list[Reference]]:
        """All references of some subjects."""
        return {one: self.subjects[one] for one in subjects}

    def search(self, probe: PersonProbe) -> tuple[bool, float, float]:
        """Whether the person is proposed, the person's score whether proposed or not, and the best of all others."""
        presented = Presentation.of_templates(self.matcher, HANDS, probe.templates)
        probes = Probes.of_presentation(self.matcher, presented)
        found = proposed(self if probe.mated else replace(self, besides=probe.person), probes)
        scores = {name: self._score(probes, name) for name in {*found, *([probe.person] if probe.mated else [])}}
        mate = scores.pop(probe.person) if probe.mated else -math.inf
        return probe.person in found, mate, max(scores.values(), default=-math.inf)

    def _score(self, probes: Probes, person: str) -> float:
        return candidate(probes, self.subjects[person], 0.0).score.value


def enrolled(shown: Iterable[Shown]) -> list[Reference]:
    """The references."""
    return [Reference(one.person, HANDS[one.hand], 1, one.template, LONG_AGO) for one in shown if one.enrolled]


def person_probes(shown: Sequence[Shown]) -> Iterator[PersonProbe]:
    """Those who are looked for, those of nobody enrolled, and the first again, as if they were not enrolled."""
    people: defaultdict[tuple[str, int, str], dict[int, Template]] = defaultdict(dict)
    strangers: defaultdict[tuple[int, str], tuple[list[Template], list[Template]]] = defaultdict(lambda: ([], []))
    for one in shown:
        if not one.known:
            strangers[one.impression, one.kind][one.hand].append(one.template)
        elif not one.enrolled:
            people[one.person, one.impression, one.kind][one.hand] = one.template
    whole = [
        (person, kind, (both[0], both[1])) for (person, _, kind), both in people.items() if len(both) == len(HANDS)
    ]
    yield from (PersonProbe(kind, both, person, mated=True) for person, kind, both in whole)
    for (_, kind), (right, left) in strangers.items():
        for k, first in enumerate(right):
            others = (left[(k + shift) % len(left)] for shift in range(min(PAIRINGS, len(left))))
            yield from (PersonProbe(kind, (first, other), "", mated=False) for other in others)
    yield from (PersonProbe(kind, both, person, mated=False) for person, kind, both in whole)
