"""What one person presents, as the model of each reference sees it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from fpverify.errors import FailureToAcquire
from fpverify.matching.matcher import Matcher
from fpverify.matching.matchers import Matchers, ProbeOf
from fpverify.matching.presentation import Judged, Presentation
from fpverify.vocabulary import Finger, Reference, Scan, Template


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
        templates = [one.template for one in references]
        scores = [self._matchers.scores(probe, templates) for probe in self.each()]
        presented = [self.of(model_id) for model_id in dict.fromkeys(one.model_id for one in references)]
        return presented[0].joined(presented[1:]).judged([one.finger for one in references], scores)
