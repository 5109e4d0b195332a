"""All that is enrolled with one model, for searching it.

ISO/IEC 19795-1 calls it pre-selection: an index proposes references, and only these are compared in full. Their
templates come from the store, and the threshold is that of all references, so an index decides nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from threading import Lock

from fpverify.comparison import joint_threshold
from fpverify.errors import CorruptRecord, NotEnrolled, StoreError
from fpverify.log import tell
from fpverify.matching import Matcher
from fpverify.search.index import EngineIndex, Index
from fpverify.search.index.choice import chosen_index
from fpverify.search.index.growing import EXACT_UP_TO, GrowingIndex
from fpverify.search.index.inverted import InvertedIndex
from fpverify.search.index.preselection import preselection_error
from fpverify.search.kept import Kept, KeptByEngine, KeptInShards, opened_folder
from fpverify.settings import is_engine_url
from fpverify.store import Store
from fpverify.vocabulary import Candidate, Identification, Reference, Score, Scores, Template

COMPARED_IN_FULL = 20  # references, at any size: 10 ms. Mates are nearly always among the first three
# The same in a look for duplicates, beyond `EXACT_UP_TO` references: of 2,538 mates above its threshold among 26,500
# references the vote had every one first. For a touch, of which it knows less, as many as ever.
DUPLICATES_IN_FULL = 8
FEW_TO_TOUCH = 200  # references that a touch is compared with in full, all of them: a second
DUPLICATE_FPIR = 0.001  # one honest enrollment in a thousand is questioned
TRIES = 3  # of a search, where what lies on disk is written anew by others meanwhile

Finger = tuple[str, str]  # subject, finger


@dataclass(slots=True, eq=False)
class Register:
    """The references of a store that one model made, searched by one thread.

    Attributes:
        store: where their templates are.
        matcher: the model.
        index: which of them resemble a probe; up to date.
        anew: another index in place of one that cannot be read from disk.
    """

    store: Store
    matcher: Matcher
    index: Index
    anew: Callable[[], Index] | None = None

    def identify(self, probe: Template, *, top: int, fpir: float) -> Identification:
        """Whose finger a probe shows.

        Args:
            probe: template of the scan.
            top: most candidates.
            fpir: false positive identification rate of the whole search, in (0, 1).
        """
        search = self.search(probe, in_full=max(COMPARED_IN_FULL, top))
        return search.identification(search.compared(), top=top, fpir=fpir)

    def search(self, probe: Template, besides: Sequence[Reference] = (), in_full: int = COMPARED_IN_FULL) -> Search:
        """What the index proposes for a probe; arguments as of `look`."""
        return self.look(probe, besides, in_full).search()

    def look(self, probe: Template, besides: Sequence[Reference] = (), in_full: int = COMPARED_IN_FULL) -> Look:
        """A search that has not begun.

        Args:
            probe: template of the scan.
            besides: all impressions of fingers that are passed over.
            in_full: references that are compared in full.
        """
        passed = frozenset((one.subject, one.finger) for one in besides)
        return Look(self, probe, passed, max(0, len(self.index) - len(besides)), in_full, in_full + len(besides))

    def look_for_duplicates(self, probe: Template, besides: Sequence[Reference] = ()) -> Look:
        """The same for whom only those matter that match at `DUPLICATE_FPIR`."""
        few = probe.of_touches or len(self.index) <= EXACT_UP_TO
        return self.look(probe, besides, COMPARED_IN_FULL if few else DUPLICATES_IN_FULL)

    def proposed(self, probe: Template, count: int) -> list[Reference]:
        """The likeliest references, as the store has them; at most `count`."""
        if self.compares_all(probe):
            return [one for _, one in self.store.enrolled(self.matcher.model_id)]
        return self.kept(self._likeliest(probe, count))

    def compares_all(self, probe: Template) -> bool:
        """Of a small sensor's touch an index, which goes by minutiae, knows little: few references are all compared."""
        return probe.of_touches and self.matcher.compares_touches and len(self.index) <= FEW_TO_TOUCH

    def kept(self, ids: Iterable[int]) -> list[Reference]:
        """References of the index, as the store has them."""
        return list(self.store.by_record_ids(f"{one:016x}" for one in ids).values())

    def _likeliest(self, probe: Template, count: int) -> list[int]:
        """Of the index; of another if what it has on disk is damaged, or was written anew by another process."""
        for _ in range(TRIES):
            try:
                return self.index.likeliest(probe, count)
            except CorruptRecord:
                if self.anew is None:
                    raise
                self.index = self.anew()
        return self.index.likeliest(probe, count)

    def impressions(self, subject: str, finger: str) -> list[Reference]:
        """Those of a finger that this model made; none if the store does not have it."""
        try:
            found = self.store.references(subject, finger)
        except NotEnrolled:
            return []
        return [one for one in found if one.model_id == self.matcher.model_id]

    @property
    def preselection_error(self) -> float | None:
        """Of the index, at this size; None if it was never measured."""
        return preselection_error(self.matcher.bundle, self.index.name, len(self.index))


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A probe that is to be searched for: the index may be asked by another thread than that which has the store.

    Attributes:
        register: what is searched.
        probe: template of the scan.
        passed: fingers that are passed over.
        searched: how many references there are besides these.
        in_full: how many are compared in full at most.
        count: how many the index is asked for.
    """

    register: Register
    probe: Template
    passed: frozenset[Finger]
    searched: int
    in_full: int
    count: int

    def likeliest(self) -> list[int]:
        """What the index says, in any thread.

        Raises:
            CorruptRecord: what it has on disk cannot be read; `search` without it puts that right.
        """
        return self.register.index.likeliest(self.probe, self.count) if self.searched else []

    def search(self, likeliest: Sequence[int] | None = None) -> Search:
        """What is proposed, in the thread that has the store.

        Args:
            likeliest: what the index has said; None asks it.
        """
        found: list[Reference] = []
        if self.searched:
            if likeliest is None or self.register.compares_all(self.probe):
                found = self.register.proposed(self.probe, self.count)
            else:
                found = self.register.kept(likeliest)
        others = tuple(one for one in found if (one.subject, one.finger) not in self.passed)
        return Search(self.register, self.probe, others, self.searched, self.in_full)


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

    @property
    def to_compare(self) -> tuple[Template, list[Template]]:
        """The probe and the proposed references, as `Matcher.raw_scores` takes them."""
        return self.probe, [one.template for one in self.proposed]

    def compared(self) -> Scores:
        """The similarities of the probe and each proposed reference, as they lie."""
        return self.register.matcher.similarities(*self.to_compare)

    def scores(self, raw: Scores, threshold: float = -math.inf) -> list[Score]:
        """The scores of the proposed references.

        Args:
            raw: as `compared` gives them.
            threshold: where none is reached, they are the scores of prints as they lie: nobody asks whether the probe
                resembles many, which could only lower them.
        """
        matcher = self.register.matcher
        scores = matcher.calibrated(raw)
        if max((one.value for one in scores), default=-math.inf) < threshold:
            return scores
        return matcher.calibrated(matcher.heeded(*self.to_compare, raw))

    def scored(self) -> list[tuple[Reference, Score]]:
        """Each proposed reference with its score."""
        return list(zip(self.proposed, self.scores(self.compared()), strict=True))

    def identification(self, raw: Scores, *, top: int, fpir: float) -> Identification:
        """What the comparisons say.

        Args:
            raw: as `compared` gives them, wherever that was done.
            top: most candidates.
            fpir: false positive identification rate of the whole search, in (0, 1).
        """
        return identification([(self, raw)], top=top, fpir=fpir)


def identification(compared: Sequence[tuple[Search, Scores]], *, top: int, fpir: float) -> Identification:
    """What the searches for one probe say together, each among the references of one model.

    Args:
        compared: each with its similarities, as in `Search.identification`.
        top: most candidates.
        fpir: false positive identification rate of all of them together, in (0, 1).
    """
    searches = [search for search, _ in compared if search.searched]
    searched = sum(search.searched for search in searches)
    if not searched:
        return Identification((), fpir, 0.0, 0, extrapolated=False)
    threshold = joint_threshold(fpir, searched)
    scores = [score for search, raw in compared for score in search.scores(raw, threshold)]
    proposed = [one for search, _ in compared for one in search.proposed]
    return Identification(
        candidates=tuple(_fingers(proposed, scores, threshold)[:top]),
        fpir=fpir,
        threshold=threshold,
        searched=searched,
        extrapolated=any(threshold > one.register.matcher.calibration.evidence_score for one in searches),
        preselection_error=joint_error(
            [one.register.preselection_error for one in searches if one.searched > one.in_full]
        ),
    )


def joint_error(errors: Sequence[float | None]) -> float | None:
    """The pre-selection error of searches of which one has the mate: the greatest, None if it is not known.

    Args:
        errors: of those in which not all was compared in full; None where nobody measured it.
    """
    known = [one for one in errors if one is not None]
    return max(known) if known and len(known) == len(errors) else None


def _fingers(proposed: Sequence[Reference], scores: Sequence[Score], threshold: float) -> list[Candidate]:
    """Fingers by their best impression, the likeliest first."""
    found: dict[Finger, Candidate] = {}
    for one, score in sorted(zip(proposed, scores, strict=True), key=lambda pair: -pair[1].value):
        candidate = Candidate(one.subject, one.finger, score, score.value >= threshold)
        found.setdefault((one.subject, one.finger), candidate)
    return list(found.values())


class Registers:
    """The register of a store as it is now: what was added and removed is taken up, by whomever; threads share it."""

    def __init__(self, index: str = "auto", *, progress: bool = False) -> None:
        """Nothing yet.

        Args:
            index: as `fpverify.settings.Settings.index` has it.
            progress: show a bar on standard error, if that is a terminal, while an index is built.
        """
        self._wanted = index
        self._progress = progress
        self._lock = Lock()
        self._kept: dict[str, Kept] = {}  # by the model's id
        self._in_memory = False  # what lies on disk can be neither read nor put right

    def current(self, store: Store, matcher: Matcher, *, former: bool = False) -> Register:
        """The register of all that a model has enrolled.

        Args:
            store: opened by the calling thread.
            matcher: the model.
            former: the index was chosen for another model; if it cannot be had for this one, another will do.

        Raises:
            StoreError: the store cannot be read.
            SettingsError: the index cannot be had.
        """
        wanted = "auto" if former and self._wanted == "ivf" else self._wanted
        with self._lock:
            kept = self._current(store, matcher, wanted)
        return Register(store, matcher, kept.index, lambda: self._anew(kept, store, matcher, wanted))

    def _current(self, store: Store, matcher: Matcher, wanted: str) -> Kept:
        key = (*store.identity, matcher.model_id, *self._turned_by(store))
        kept = self._kept.get(matcher.model_id)
        if kept is None or kept.key != key or kept.is_outdated:
            kept = self._opened(key, store, matcher, wanted)
        changes = store.changes(kept.point)
        if changes.everything and kept.point is not None:
            kept = self._opened(key, store, matcher, wanted)
        self._kept[matcher.model_id] = kept
        before = len(kept.index)
        kept.take_up(changes, store, matcher.model_id)
        if len(kept.index) != before:
            tell("the index of %s holds %s references of %s", store.place, len(kept.index), matcher.model_id)
        return kept

    def _anew(self, broken: Kept, store: Store, matcher: Matcher, wanted: str) -> Index:
        """The index again, after what it has on disk could not be read; another thread may have been faster."""
        with self._lock:
            if self._kept.get(matcher.model_id) is broken:
                del self._kept[matcher.model_id]
                try:
                    broken.put_right(store, matcher.model_id)
                except (OSError, StoreError):
                    self._in_memory = True
            return self._current(store, matcher, wanted).index

    def _turned_by(self, store: Store) -> tuple[str, ...]:
        """The key by which an engine of its own is given references; it has to be asked whether it is still that."""
        return (store.current_key_id(),) if is_engine_url(self._wanted) else ()

    def _opened(self, key: tuple[str | int, ...], store: Store, matcher: Matcher, wanted: str) -> Kept:
        index = chosen_index(wanted, matcher.bundle, store)
        tell("searching %s by an index of the kind %s", store.place, type(index).__name__)
        if isinstance(index, EngineIndex):
            return KeptByEngine(key, index)
        if isinstance(index, GrowingIndex | InvertedIndex) and not self._in_memory:
            folder = opened_folder(store, matcher.model_id, index)
            if folder is not None:
                return KeptInShards(key, index, folder, progress=self._progress)
        return Kept(key, index)
