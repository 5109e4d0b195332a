"""All that is enrolled, whichever models made it: a register for each of them.

A probe is searched for among the references of each model with the template that this model makes of it. The candidates
are put together by their scores, and the threshold is that of all references. Where one model made them all, which is
nearly always so, this is its register.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from fpverify.comparison import joint_threshold
from fpverify.errors import ModelMismatch, NotEnrolled
from fpverify.matching import Matchers, ProbeOf, Probes
from fpverify.search.persons import candidate, proposed
from fpverify.search.register import (
    COMPARED_IN_FULL,
    DUPLICATE_FPIR,
    Look,
    Register,
    Registers,
    Search,
    identification,
    joint_error,
)
from fpverify.store import Store
from fpverify.vocabulary import Candidate, Identification, Reference, Score


@dataclass(frozen=True, slots=True, eq=False)
class Enrolled:
    """The references of a store, searched by one thread.

    Attributes:
        store: where their templates are.
        registers: of each model that made some and is installed, the present one first; at least one.
        missing: models that made some which are not searched, and why, in words.
    """

    store: Store
    registers: tuple[Register, ...]
    missing: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def current(cls, registers: Registers, store: Store, matchers: Matchers) -> Enrolled:
        """All that is enrolled now.

        Args:
            registers: what was known before.
            store: opened by the calling thread.
            matchers: the models.

        Raises:
            CorruptModel: a model of references is damaged.
            StoreError: the store cannot be read.
            SettingsError: the index cannot be had.
        """
        own = matchers.own.model_id
        made = sorted(store.model_ids(), key=lambda one: one != own)
        known = [one for one in made if matchers.has(one)] or [own]
        current = tuple(registers.current(store, matchers.of(one), former=one != own) for one in known)
        return cls(store, current, {one: "which is not installed" for one in made if one not in known})

    def of_models(self, model_ids: Container[str]) -> Enrolled:
        """What some models made of it."""
        return replace(self, registers=tuple(one for one in self.registers if one.matcher.model_id in model_ids))

    @property
    def records(self) -> tuple[Register, ...]:
        """The registers of records of minutiae."""
        return tuple(one for one in self.registers if one.matcher.bundle.kind == "bare")

    def __len__(self) -> int:
        """How many references are searched."""
        return sum(len(register.index) for register in self.registers)

    @property
    def model_ids(self) -> tuple[str, ...]:
        """The models by which it is searched."""
        return tuple(one.matcher.model_id for one in self.registers)

    @property
    def note(self) -> str | None:
        """What is not searched, in words."""
        if not self.missing:
            return None
        counts = {one: self.store.count(one) for one in self.missing}
        return "; ".join(
            f"without {count} impression{'s' * (count != 1)} of {one}, {self.missing[one]}"
            for one, count in counts.items()
        )

    def identify(self, probes: Probes, *, top: int, fpir: float) -> Identification:
        """Whose finger a probe shows, or whose fingers several of one person do.

        The threshold is that of the best of all fingers; for several probes of the best of all subjects.

        Args:
            probes: of one person.
            top: most candidates.
            fpir: false positive identification rate of the whole search, in (0, 1).

        Raises:
            ModelMismatch: there are references, and none of their models is installed.
            FailureToAcquire: there is no usable print in a probe.
        """
        if self.missing and not len(self):
            raise ModelMismatch(
                f"nothing that is enrolled can be searched: {', '.join(self.missing)}, which made it, is not "
                "installed; put its bundle into the folder of former models"
            )
        seen = self.seen(probes)
        if len(probes) > 1:
            return replace(seen._person(probes, top, fpir), note=seen.note)
        searches = seen.search(probes.each()[0], in_full=max(COMPARED_IN_FULL, top))
        found = identification([(one, one.compared()) for one in searches], top=top, fpir=fpir)
        return replace(found, note=seen.note)

    def seen(self, probes: Probes) -> Enrolled:
        """What the models have made that find a print in each probe; raises FailureToAcquire if none does."""
        failures = probes.seen_by(self.model_ids)
        blind = {one: f"which says: {failure}" for one, failure in failures.items() if failure is not None}
        known = tuple(one for one in self.registers if one.matcher.model_id not in blind)
        return replace(self, registers=known, missing={**self.missing, **blind})

    def _person(self, probes: Probes, top: int, fpir: float) -> Identification:
        people = self.store.subject_count()
        if not len(self) or not people:  # the store may have been emptied since the index was brought up to date
            return Identification((), fpir, 0.0, 0, extrapolated=False)
        threshold = joint_threshold(fpir, people)
        candidates = [candidate(probes, references, threshold) for references in proposed(self, probes).values()]
        candidates.sort(key=lambda one: -one.score.value)
        large = [one for one in self.registers if len(one.index) > COMPARED_IN_FULL]
        return Identification(
            candidates=tuple(candidates[:top]),
            fpir=fpir,
            threshold=threshold,
            searched=len(self),
            extrapolated=any(threshold > one.matcher.calibration.evidence_score for one in self.registers),
            preselection_error=joint_error([one.preselection_error for one in large]),
        )

    def duplicates(self, probe: ProbeOf, own: Sequence[Reference]) -> tuple[Candidate, ...]:
        """The finger that a probe shows, if it is another than that whose impressions are given: one, or none."""
        compared = [(one, one.compared()) for one in (look.search() for look in self.looks_for_duplicates(probe, own))]
        return identification(compared, top=1, fpir=DUPLICATE_FPIR).matches

    def search(
        self, probe: ProbeOf, besides: Sequence[Reference] = (), in_full: int = COMPARED_IN_FULL
    ) -> list[Search]:
        """What the index of each model proposes for a probe.

        Args:
            probe: the templates of the scan.
            besides: all impressions of fingers that are passed over.
            in_full: references of each model that are compared in full.
        """
        return [
            one.search(probe(one.matcher.model_id), _made_by(one.matcher.model_id, besides), in_full)
            for one in self.registers
        ]

    def looks_for_duplicates(self, probe: ProbeOf, own: Sequence[Reference]) -> list[Look]:
        """The searches for a probe that is enrolled, one for each model, before they begin.

        Args:
            probe: the templates of the scan.
            own: all impressions of its finger, which is passed over.
        """
        return [
            one.look_for_duplicates(probe(one.matcher.model_id), _made_by(one.matcher.model_id, own))
            for one in self.registers
        ]

    def scored(self, probe: ProbeOf, count: int) -> list[tuple[Reference, Score]]:
        """The likeliest references of each model, at most `count`, and their scores."""
        return [pair for one in self.search(probe, in_full=count) for pair in one.scored()]

    def impressions(self, subject: str, finger: str) -> list[Reference]:
        """Those of a finger that the models made; none if the store does not have it."""
        try:
            return self.searched(self.store.references(subject, finger))
        except NotEnrolled:
            return []

    def of(self, subjects: Iterable[str]) -> dict[str, list[Reference]]:
        """All references of some subjects, those that are gone meanwhile left out."""
        found: dict[str, list[Reference]] = {}
        for subject in subjects:
            with suppress(NotEnrolled):
                own = self.searched(self.store.references(subject))
                found |= {subject: own} if own else {}
        return found

    def searched(self, references: Sequence[Reference]) -> list[Reference]:
        """Those among some references that are searched."""
        return [one for one in references if one.model_id in self.model_ids]


def _made_by(model_id: str, references: Sequence[Reference]) -> list[Reference]:
    return [one for one in references if one.model_id == model_id]
