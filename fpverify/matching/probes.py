"""What one person presents, as the model of each reference sees it; and what of a finger counts as one reference.

A decision is made at the rate it states, however many references a finger has. What was learnt of it counts little in
that:

- Touches that were learnt are ground of the finger's own, which a probe is laid on together with the rest
  (`fpverify.comparison.touches.growing`): more places, one comparison.
- Prints that were learnt are, all of a finger, one further reference, whose score is that of the best of them corrected
  for how many they are. So what was enrolled is corrected for one more, not for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from fpverify.comparison import fuse
from fpverify.errors import FailureToAcquire
from fpverify.matching.matcher import Matcher
from fpverify.matching.matchers import Matchers, ProbeOf
from fpverify.matching.presentation import Judged, Presentation
from fpverify.vocabulary import Finger, Reference, Scan, Score, Template


class Probes:
    """Scans of one person, whose templates each model makes when it is first asked: nearly always there is one."""

    def __init__(self, matchers: Matchers, scans: Sequence[Scan], names: Sequence[Finger] | None = None) -> None:
        """Nothing is made yet.

        Args:
            matchers: make the templates.
            scans: at least one, checked by `require_different`.
            names: the finger that each shows; None if that is not known.
        """
        self._matchers = matchers
        self._scans = scans
        self._names = names
        self._presented: dict[str, Presentation] = {}
        self._count = len(scans)

    @classmethod
    def of_presentation(cls, matcher: Matcher, presented: Presentation) -> Probes:
        """Probes that one model has seen already, for its own references."""
        probes = cls(Matchers(matcher), (), presented.names)
        probes._presented[matcher.model_id] = presented
        probes._count = len(presented.templates)
        return probes

    def __len__(self) -> int:
        """How many there are."""
        return self._count

    def of(self, model_id: str) -> Presentation:
        """What a model makes of them.

        Raises:
            ModelError: the model cannot be had.
            FailureToAcquire: there is no usable print in one of them; names it.
        """
        if model_id not in self._presented:
            matcher, sources = self._matchers.of(model_id), [scan.source for scan in self._scans]
            templates = self._as_seen(matcher) or [matcher.template(scan) for scan in self._scans]
            self._presented[model_id] = Presentation.of_templates(matcher, sources, templates, self._names)
        return self._presented[model_id]

    def _as_seen(self, matcher: Matcher) -> list[Template] | None:
        """The templates of a model that differs in how it compares alone; None if none saw the scans as prints."""
        for known, seen in self._presented.items():
            alike = matcher.bundle.sees_as(self._matchers.of(known).bundle)
            if alike and all(one.skin is None for one in seen.templates):
                return [replace(one, model_id=matcher.model_id) for one in seen.templates]
        return None

    def each(self) -> list[ProbeOf]:
        """Each of them, by the model that makes its template."""

        def one(number: int) -> ProbeOf:
            def template(model_id: str) -> Template:
                return self.of(model_id).templates[number]

            return template

        return [one(number) for number in range(self._count)]

    def seen_by(self, model_ids: Iterable[str]) -> dict[str, FailureToAcquire | None]:
        """Which of some models find a print in each of them, and why one does not; at least one does.

        Raises:
            FailureToAcquire: none does.
        """
        found: dict[str, FailureToAcquire | None] = {}
        for model_id in model_ids:
            try:
                self.of(model_id)
                found[model_id] = None
            except FailureToAcquire as failure:
                found[model_id] = failure
        failures = [one for one in found.values() if one is not None]
        if failures and len(failures) == len(found):
            raise failures[0]
        return found

    def judged(self, references: Sequence[Reference]) -> Judged:
        """How a subject's fingers agree with them; a reference whose model finds no print in them says nothing.

        Args:
            references: of the subject, at least one; all those of the named fingers, and no others, where probes are
                named.

        Raises:
            ModelError: a model cannot be had.
            FailureToAcquire: there is no usable print in one of them, says the model of every reference of a finger.
        """
        failures = self.seen_by(dict.fromkeys(one.model_id for one in references))
        every, references = references, [one for one in references if failures[one.model_id] is None]
        for one in every:
            failure = failures[one.model_id]
            if failure and self._names and one.finger not in {each.finger for each in references}:
                raise failure
        columns = _columns(self._matchers, references)
        templates = [each for one in columns for each in one.templates]
        scores = [_of_columns(columns, self._matchers.scores(probe, templates)) for probe in self.each()]
        presented = [self.of(model_id) for model_id in dict.fromkeys(one.model_id for one in references)]
        return presented[0].joined(presented[1:]).judged([one.finger for one in columns], scores)


def _of_columns(columns: Sequence[_Column], scores: Sequence[Score]) -> list[Score]:
    """The score of each column, from those of all templates in their order."""
    each = iter(scores)
    return [fuse([next(each) for _ in one.templates]) for one in columns]


@dataclass(frozen=True, slots=True)
class _Column:
    """What counts as one reference of a finger.

    Attributes:
        finger: its name.
        templates: at least one; the best of them counts, corrected for their number.
    """

    finger: Finger
    templates: tuple[Template, ...]


def _columns(matchers: Matchers, references: Sequence[Reference]) -> list[_Column]:
    """The columns of some references, those of what was enrolled first.

    Args:
        matchers: of the models of all of them.
        references: of one subject.
    """
    if not any(one.learnt for one in references):
        return [_Column(one.finger, (one.template,)) for one in references]
    enrolled = [one for one in references if not one.learnt]
    learnt = [one for one in references if one.learnt]
    found = list[_Column]()
    for one in enrolled:
        touches = [each for each in learnt if _grows(matchers, one, each)]
        learnt = [each for each in learnt if each not in touches]
        found.append(_Column(one.finger, (_grown(one, touches),)))
    for finger in dict.fromkeys(one.finger for one in learnt):
        found.append(_Column(finger, tuple(one.template for one in learnt if one.finger == finger)))
    return found


def _grows(matchers: Matchers, one: Reference, learnt: Reference) -> bool:
    """Whether a learnt touch becomes ground of a reference that was enrolled from touches."""
    return (
        one.template.of_touches
        and learnt.template.of_touches
        and (one.finger, one.model_id) == (learnt.finger, learnt.model_id)
        and matchers.of(one.model_id).compares_touches
    )


def _grown(one: Reference, touches: Sequence[Reference]) -> Template:
    if not touches:
        return one.template
    from fpverify.comparison.touches.growing import grown

    return grown(one.template, [each.template for each in touches])
