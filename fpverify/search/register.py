"""All that is enrolled with one model, for searching it.

ISO/IEC 19795-1 calls it pre-selection: an index proposes references, and only these are compared in full. Their
templates come from the store, and the threshold is that of all references, so an index decides nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import islice
from threading import Lock
from typing import TypeVar

from fpverify.comparison import joint_threshold, similarities
from fpverify.errors import NotEnrolled
from fpverify.matching import Matcher
from fpverify.search.index import EngineIndex, Index
from fpverify.search.index.choice import advice, chosen_index
from fpverify.search.index.preselection import preselection_error
from fpverify.settings import is_engine_url
from fpverify.store import Changes, Point, Store
from fpverify.vocabulary import Candidate, Identification, Reference, Score, Scores, Template

COMPARED_IN_FULL = 20  # references, at any size: 20 ms. Mates are nearly always among the first three
DUPLICATE_FPIR = 0.001  # one honest enrollment in a thousand is questioned
TAKEN_UP = 1000  # references at a time: 3 MB of templates

NOTED_EVERY = 200  # changes, after which an engine is told how far it follows the store: taken up in a second

Finger = tuple[str, str]  # subject, finger
One = TypeVar("One")


@dataclass(frozen=True, slots=True, eq=False)
class Register:
    """The references of a store that one model made, searched by one thread.

    Attributes:
        store: where their templates are.
        matcher: the model.
        index: which of them resemble a probe; up to date.
    """

    store: Store
    matcher: Matcher
    index: Index

    def identify(self, probe: Template, *, top: int, fpir: float) -> Identification:
        """Whose finger a probe shows.

        Args:
            probe: template of the scan.
            top: most candidates.
            fpir: false positive identification rate of the whole search, in (0, 1).
        """
        search = self.search(probe, in_full=max(COMPARED_IN_FULL, top))
        return search.identification(search.compared(), top=top, fpir=fpir)

    def duplicates(self, probe: Template, own: Sequence[Reference]) -> tuple[Candidate, ...]:
        """The finger that a probe shows, if it is another than that whose impressions are given: one, or none."""
        search = self.search(probe, own)
        return search.identification(search.compared(), top=1, fpir=DUPLICATE_FPIR).matches

    def search(self, probe: Template, besides: Sequence[Reference] = (), in_full: int = COMPARED_IN_FULL) -> Search:
        """What the index proposes for a probe.

        Args:
            probe: template of the scan.
            besides: all impressions of fingers that are passed over.
            in_full: references that are compared in full.
        """
        searched = max(0, len(self.index) - len(besides))
        passed = {(one.subject, one.finger) for one in besides}
        proposed = self.proposed(probe, in_full + len(besides)) if searched else []
        others = tuple(one for one in proposed if (one.subject, one.finger) not in passed)
        return Search(self, probe, others, searched, in_full)

    def proposed(self, probe: Template, count: int) -> list[Reference]:
        """The likeliest references, as the store has them; at most `count`."""
        ids = self.index.likeliest(probe, count)
        return list(self.store.by_record_ids(f"{one:016x}" for one in ids).values())

    def impressions(self, subject: str, finger: str) -> list[Reference]:
        """Those of a finger that this model made; none if the store does not have it."""
        try:
            found = self.store.references(subject, finger)
        except NotEnrolled:
            return []
        return [one for one in found if one.model_id == self.matcher.model_id]

    def of(self, subjects: Iterable[str]) -> dict[str, list[Reference]]:
        """All references of some subjects, those that are gone meanwhile left out."""
        found: dict[str, list[Reference]] = {}
        for subject in subjects:
            with suppress(NotEnrolled):
                own = [one for one in self.store.references(subject) if one.model_id == self.matcher.model_id]
                found |= {subject: own} if own else {}
        return found

    @property
    def preselection_error(self) -> float | None:
        """Of the index, at this size; None if it was never measured."""
        return preselection_error(self.matcher.bundle, self.index.name, len(self.index))


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """A probe and what an index proposes for it, before anything is compared in full.

    Attributes:
        register: what is searched.
        probe: template of the scan.
        proposed: references to be compared in full, the likeliest first.
        searched: how many references there are.
        in_full: how many of them would be compared in full at most.
    """

    register: Register
    probe: Template
    proposed: tuple[Reference, ...]
    searched: int
    in_full: int

    def compared(self) -> Scores:
        """The raw similarities of the probe and each proposed reference."""
        return similarities(self.probe, [one.template for one in self.proposed])

    def identification(self, raw: Scores, *, top: int, fpir: float) -> Identification:
        """What the comparisons say.

        Args:
            raw: as `compared` gives them, wherever that was done.
            top: most candidates.
            fpir: false positive identification rate of the whole search, in (0, 1).
        """
        if not self.searched:
            return Identification((), fpir, 0.0, 0, extrapolated=False)
        matcher, index = self.register.matcher, self.register.index
        threshold = joint_threshold(fpir, self.searched)
        return Identification(
            candidates=tuple(self._fingers(matcher.calibrated(raw), threshold)[:top]),
            fpir=fpir,
            threshold=threshold,
            searched=self.searched,
            extrapolated=threshold > matcher.calibration.evidence_score,
            preselection_error=self.register.preselection_error if self.searched > self.in_full else None,
            note=advice(index, matcher.bundle),
        )

    def _fingers(self, scores: Sequence[Score], threshold: float) -> list[Candidate]:
        """Fingers by their best impression, the likeliest first."""
        found: dict[Finger, Candidate] = {}
        for one, score in sorted(zip(self.proposed, scores, strict=True), key=lambda pair: -pair[1].value):
            candidate = Candidate(one.subject, one.finger, score, score.value >= threshold)
            found.setdefault((one.subject, one.finger), candidate)
        return list(found.values())


class Registers:
    """The register of a store as it is now: what was added and removed is taken up, by whomever; threads share it."""

    def __init__(self, index: str = "auto") -> None:
        """Nothing yet.

        Args:
            index: as `fpverify.settings.Settings.index` has it.
        """
        self._wanted = index
        self._lock = Lock()
        self._kept: _Kept | None = None

    def current(self, store: Store, matcher: Matcher) -> Register:
        """The register of all that a model has enrolled.

        Args:
            store: opened by the calling thread.
            matcher: the model.

        Raises:
            StoreError: the store cannot be read.
            SettingsError: the index cannot be had.
        """
        with self._lock:
            key = (*store.identity, matcher.model_id, *self._turned_by(store))
            if self._kept is None or self._kept.key != key:
                self._kept = self._opened(key, store, matcher)
            changes = store.changes(self._kept.point)
            if changes.everything and self._kept.point is not None:
                self._kept = self._opened(key, store, matcher)
            self._kept.take_up(changes, store, matcher.model_id)
            return Register(store, matcher, self._kept.index)

    def _turned_by(self, store: Store) -> tuple[str, ...]:
        """The key by which an engine of its own is given references; it has to be asked whether it is still that."""
        return (store.current_key_id(),) if is_engine_url(self._wanted) else ()

    def _opened(self, key: tuple[str | int, ...], store: Store, matcher: Matcher) -> _Kept:
        index = chosen_index(self._wanted, matcher.bundle, store)
        return _KeptByEngine(key, index) if isinstance(index, EngineIndex) else _Kept(key, index)


class _Kept:
    """An index and the state of the store that it shows."""

    def __init__(self, key: tuple[str | int, ...], index: Index) -> None:
        self.key = key
        self.index = index
        self.point: Point | None = None

    def take_up(self, changes: Changes, store: Store, model_id: str) -> None:
        """Makes the index show the state that changes lead to."""
        if changes.everything:
            self._add(store.enrolled(model_id))
        elif changes:
            added = store.by_record_ids(changes.added).items()
            self._add((number, one) for number, one in added if one.model_id == model_id)
            self.index.remove([int(one, 16) for one in changes.removed])
        self.point = changes.point

    def _add(self, records: Iterable[tuple[str, Reference]]) -> None:
        for block in _blocks(iter(records), TAKEN_UP):
            self.index.add([int(number, 16) for number, _ in block], [one.template for _, one in block])


class _KeptByEngine(_Kept):
    """An index that outlives this process and is shared with others, and the state that this process knows it has.

    Whoever uses it makes it follow the store, and notes how far from time to time: another process begins there. What
    is done twice changes nothing, so it does not matter who was first.
    """

    def __init__(self, key: tuple[str | int, ...], index: EngineIndex) -> None:
        super().__init__(key, index)
        self._engine = index
        self.point = self._noted = point_of(index.note)

    def take_up(self, changes: Changes, store: Store, model_id: str) -> None:
        """Makes the index show the state that changes lead to."""
        if changes.everything:
            self._follow(store, model_id)
            self.point = changes.point
        else:
            super().take_up(changes, store, model_id)
        if self._noted is None or changes.everything or changes.point.revision >= self._noted.revision + NOTED_EVERY:
            self._engine.keep_note(json.dumps(asdict(changes.point)))
            self._engine.drop_kin()
            self._noted = changes.point

    def _follow(self, store: Store, model_id: str) -> None:
        """Removes what the store does not have, and adds what is missing; nobody who searches meanwhile loses more."""
        held = set(self._engine.ids())  # first: what others add from here on is in the store
        wanted = {int(one, 16) for one in store.record_ids(model_id)}
        self._engine.remove(held - wanted)
        for block in _blocks(iter([f"{one:016x}" for one in wanted - held]), TAKEN_UP):
            self._add(store.by_record_ids(block).items())


def point_of(note: str) -> Point | None:
    """The point that was noted; None if none was, or something else."""
    try:
        return Point(**json.loads(note))
    except (ValueError, TypeError):
        return None


def _blocks(those: Iterator[One], size: int) -> Iterator[list[One]]:
    while block := list(islice(those, size)):
        yield block
