"""Many fingers into a store: acquired and compared wherever an executor does it, decided here, kept in batches.

Rows are decided in their order, so the same list has the same outcomes, however many processes there are. Between a
row's search and its decision earlier rows may have been taken that the search could not see: it is compared with these
besides. An outcome is given when it is on disk.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from fpverify.enrollment.acquisition import Acquisition, acquire, row_sha256
from fpverify.enrollment.comparing import Comparing
from fpverify.enrollment.listing import EnrollmentRow
from fpverify.enrollment.outcomes import RowOutcome
from fpverify.enrollment.taken import Prints, Taken, best_match, nearest
from fpverify.errors import CorruptRecord, EnrollmentError, NotEnrolled, ScanError
from fpverify.executors import CarriedModel, Workforce
from fpverify.matching import Matcher, Matchers, require_agreeing
from fpverify.scans.files import file_bytes
from fpverify.search.enrolled import Enrolled
from fpverify.search.index.choice import chosen_index
from fpverify.search.register import DUPLICATE_FPIR, Finger, Look, Registers, Search, identification
from fpverify.store import Store
from fpverify.store.subject_ids import subject_id
from fpverify.vocabulary import Candidate, Reference, Score, Scores, Template

FILE_HASH = "file_sha256"  # in an impression's metadata: by this a list that is enrolled again knows its rows
BATCH_ROWS = 32  # kept in one transaction: what a kill loses, and what shares a disk's sync
BATCH_S = 1.0  # a row waits no longer for others to be kept with it
AHEAD = 4  # rows under way for each process, so that none waits for the next
VOTING = 2  # threads that ask the indexes; half of their work holds the interpreter's lock


@dataclass(slots=True, eq=False)
class _Try:
    """A row under way.

    Attributes:
        row: of the list.
        finger: subject and finger, as the store has them.
        acquiring: the template of its file, or why there is none.
        outcome: of a row that is decided.
        taken: its print, unless something speaks against it.
        own: what the store has of the finger; None before that was looked up.
        unseen: rows that were taken and that the search did not see.
        like: rows that it did not see, taken or not decided by then: those of the finger, and the likeliest of others.
        looks: searches among all other fingers, one for each model, where they are looked through.
        votes: what the indexes propose.
        searches: the same with references of the store, once the indexes have said it.
        comparing: with `compared`.
    """

    row: EnrollmentRow
    finger: Finger
    acquiring: Future[Acquisition]
    outcome: RowOutcome | None = None
    taken: Taken | None = None
    own: list[Reference] | None = None
    unseen: list[Taken] = field(default_factory=list)
    like: list[Taken] = field(default_factory=list)
    looks: list[Look] | None = None
    votes: list[Future[list[int]]] = field(default_factory=list)
    searches: list[Search] | None = None
    comparing: Comparing | None = None

    @property
    def is_looked_up(self) -> bool:
        """Whether it is known what the store has of the finger, or the row is decided without."""
        return self.outcome is not None or self.own is not None

    @property
    def is_proposed(self) -> bool:
        """Whether it is time to have it compared."""
        waits = self.looks is not None and self.searches is None and self.outcome is None
        return waits and all(one.done() for one in self.votes)

    @property
    def is_compared(self) -> bool:
        """Whether it can be decided."""
        if self.outcome is not None or self.looks is None:
            return self.is_looked_up
        return self.comparing is not None and not self.comparing.awaited

    @property
    def awaited(self) -> Sequence[Future[Any]]:
        """What has to come before there is more to be done about it."""
        if not self.is_looked_up:
            return [self.acquiring]
        if self.outcome is not None:
            return []
        return [one for one in self.votes if not one.done()] if self.comparing is None else self.comparing.awaited

    @property
    def compared(self) -> list[Template]:
        """What it is compared with: proposals of each search, the finger's impressions, other rows."""
        proposed = [one.template for search in self.searches or [] for one in search.proposed]
        return [*proposed, *(one.template for one in self.own or []), *(one.template for one in self.like)]


@dataclass(frozen=True, slots=True, eq=False)
class MassEnrollment:
    """How lists of fingers are enrolled.

    Attributes:
        store: where they are kept.
        matchers: the model, and those that made what the store has.
        registers: what is enrolled, for searching it.
        workforce: reads and compares the scans.
        unchecked: neither compare rows with their finger's impressions nor look for them among all others.
        rehearsal: nothing is kept.
        keeps_scans: scans are kept beside their templates.
        keeps_skin: the skin of whole prints is kept, see `Matcher.enrolled`.
        ppi: resolution of files for which the list states none; None takes what they say.
    """

    store: Store
    matchers: Matchers
    registers: Registers
    workforce: Workforce
    unchecked: bool = False
    rehearsal: bool = False
    keeps_scans: bool = False
    keeps_skin: bool = False
    ppi: float | None = None

    def outcomes(self, rows: Iterable[EnrollmentRow | None]) -> Iterator[RowOutcome]:
        """What becomes of each row, in order; of one that is enrolled, when it is on disk.

        Args:
            rows: of the list; None where the next has not come yet, so that those before it are told meanwhile.

        Raises:
            StoreError: the store cannot be read or written. What was told is in it.
            SettingsError: the index cannot be had.
            BrokenExecutor: a process was ended from outside.
        """
        with ThreadPoolExecutor(VOTING, "vote") as threads:
            work = _Work(self, threads)
            for row in rows:
                if row is not None:
                    work.begin(row)
                while work.is_full or (row is None and work.under_way):
                    work.advance()
                yield from work.told(all_of_them=row is None)
            while work.under_way:
                work.advance()
                yield from work.told()
            yield from work.told(all_of_them=True)


class _Work:
    """A list that is being enrolled."""

    def __init__(self, how: MassEnrollment, threads: Executor) -> None:
        self._how = how
        self._threads = threads
        self.under_way: deque[_Try] = deque()
        self._decided: list[RowOutcome | Taken] = []  # in order, since the last batch
        self._since = time.monotonic()
        self._models: tuple[Path | CarriedModel, ...] = ()  # the present one first
        self._sends: bool | None = None  # files to the workers; it is not known before the first
        bundle = how.matchers.own.bundle
        self._unkept = Prints(chosen_index("exact", bundle))  # that the store does not have yet
        self._before = Prints(chosen_index("auto", bundle)) if how.rehearsal else None  # that it would have
        self._voting: set[Future[list[int]]] = set()
        self._has_grown = False  # the store, since the indexes were asked last

    @property
    def is_full(self) -> bool:
        """Whether rows have to be decided before another begins."""
        return len(self.under_way) >= AHEAD * self._how.workforce.workers

    def begin(self, row: EnrollmentRow) -> None:
        """Has a row's file read, if that needs to be."""
        waiting = Future[Acquisition]()
        try:
            finger = (row.subject if row.flaw else subject_id(row.subject), row.finger)
            outcome = self._known(row, finger)
        except EnrollmentError as error:
            finger, outcome = (row.subject, row.finger), RowOutcome(row, "refused", f"{error}")
        if outcome is None:
            try:
                waiting = self._acquiring(row)
            except ScanError as error:
                outcome = RowOutcome(row, "unreadable", f"{error}")
        bare = replace(row, content=None)  # of what waits, nothing large is kept
        self.under_way.append(_Try(bare, finger, waiting, outcome and replace(outcome, row=bare)))

    def _acquiring(self, row: EnrollmentRow) -> Future[Acquisition]:
        """The work on a row's file, which is sent along where the workers do not see it."""
        how, force = self._how, self._how.workforce
        if not self._models:
            self._models = tuple(force.model(one.bundle) for one in self._matchers())
        if self._sends is None and row.content is None:
            self._sends = not force.sees(row.path)
        model, *former = self._models
        content = file_bytes(row.path) if self._sends and row.content is None else row.content
        keeps, row = how.keeps_scans and not how.rehearsal, replace(row, content=None)
        kept = {"keeps_scan": keeps, "keeps_skin": how.keeps_skin}
        return force.executor.submit(acquire, row, model, content, former=former, ppi=how.ppi, **kept)

    def _matchers(self) -> list[Matcher]:
        """The model of new references, and those of what they are compared with, as far as they are installed."""
        how = self._how
        made = [] if how.unchecked else how.store.model_ids()
        former = [one for one in made if one != how.matchers.own.model_id and how.matchers.has(one)]
        return [how.matchers.own, *map(how.matchers.of, former)]

    def advance(self) -> None:
        """Decides the first rows, or waits until something has come."""
        self._look_up()
        for one in self.under_way:
            if one.is_proposed:
                self._compare(one)
        if self.under_way[0].is_compared:
            self._decide(self.under_way.popleft())
        else:
            wait(self._awaited(), return_when=FIRST_COMPLETED)

    def _look_up(self) -> None:
        """Looks up what is acquired, in order: each row sees all of those before it."""
        for one in self.under_way:
            if not one.is_looked_up:
                if not one.acquiring.done():
                    return
                self._look(one)

    def _awaited(self) -> list[Future[Any]]:
        """What comes next: of the rows that were not looked up, the first."""
        later = [one for one in self.under_way if not one.is_looked_up]
        looked_up = [one for one in self.under_way if one.is_looked_up]
        return [each for one in [*looked_up, *later[:1]] for each in one.awaited]

    def told(self, *, all_of_them: bool = False) -> list[RowOutcome]:
        """The outcomes of the rows that were decided, once they are on disk; none while a batch is being gathered."""
        if not self._decided:
            self._since = time.monotonic()
            return []
        is_due = len(self._decided) >= BATCH_ROWS or time.monotonic() >= self._since + BATCH_S
        if not (is_due or all_of_them):
            return []
        decided, self._decided, self._since = self._decided, [], time.monotonic()
        taken = [one for one in decided if isinstance(one, Taken)]
        self._unkept.remove(taken)
        self._has_grown = True
        if self._before is not None:
            self._before.add(taken)
            return [RowOutcome(one.row, "enrolled") if isinstance(one, Taken) else one for one in decided]
        with self._how.store.batch():
            return [self._kept(one) if isinstance(one, Taken) else one for one in decided]

    def _known(self, row: EnrollmentRow, finger: Finger) -> RowOutcome | None:
        """The outcome of a row that needs no look at its print."""
        if row.flaw:
            return RowOutcome(row, "refused", row.flaw)
        known = _hashes(self._impressions(finger))
        try:
            return RowOutcome(row, "present") if known and row_sha256(row) in known else None
        except ScanError as error:
            return RowOutcome(row, "unreadable", f"{error}")

    def _impressions(self, finger: Finger) -> list[Reference]:
        """Those that the store has of a finger."""
        try:
            return self._how.store.references(*finger)
        except NotEnrolled:
            return []

    def _look(self, one: _Try) -> None:
        """Has a row compared with what the store has by now."""
        acquired, one.own = one.acquiring.result(), self._impressions(one.finger)
        if acquired.template is None:
            one.outcome = RowOutcome(one.row, acquired.outcome, acquired.reason)
            return
        if acquired.sha256 in _hashes(one.own):
            one.outcome = RowOutcome(one.row, "present")
            return
        one.taken = Taken(one.row, one.finger, acquired.sha256, acquired.template, acquired.scan, acquired.former)
        one.unseen = [each for each in self._decided if isinstance(each, Taken)]
        own, others = self._unkept.like(one.finger, acquired.template)
        if self._before is not None:
            own_before, others_before = self._before.like(one.finger, acquired.template)
            one.unseen += own_before + others_before
            own, others = own + own_before, others + others_before
        if not self._how.unchecked:
            one.like = own + others
            self._unkept.add([one.taken])
            self._vote(one, one.taken)

    def _vote(self, one: _Try, taken: Taken) -> None:
        """Asks the index of each model what it proposes; none of them changes before it has answered."""
        how = self._how
        if self._has_grown:
            wait(self._voting)
            self._has_grown = False
        enrolled = Enrolled.current(how.registers, how.store, how.matchers).of_models(taken.templates)
        one.own = enrolled.searched(one.own or [])
        one.looks = enrolled.looks_for_duplicates(taken.templates.__getitem__, one.own)
        one.votes = [self._threads.submit(each.likeliest) for each in one.looks]
        self._voting = {each for each in [*self._voting, *one.votes] if not each.done()}

    def _compare(self, one: _Try) -> None:
        """Has a print compared in full with what was proposed, and with all else that decides about it."""
        one.searches = [_search(*each) for each in zip(one.looks or [], one.votes, strict=True)]
        probes = one.taken.templates if one.taken else {}
        one.comparing = Comparing.begun(self._how.workforce.executor, self._how.matchers, probes, one.compared)

    def _decide(self, one: _Try) -> None:
        outcome = self._refusal(one, one.taken) if one.taken else one.outcome
        if outcome is not None:
            self._decided.append(outcome)
            if one.taken is not None:
                self._unkept.remove([one.taken])
        elif one.taken is not None:
            self._decided.append(one.taken)
            for other in self.under_way:
                other.unseen.append(one.taken)

    def _refusal(self, one: _Try, taken: Taken) -> RowOutcome | None:
        """Why a print is not taken; None if it is."""
        same = [each for each in one.unseen if each.finger == taken.finger]
        if taken.sha256 in {each.sha256 for each in same}:
            return RowOutcome(one.row, "present")
        if one.comparing is None or one.searches is None:
            return None
        raw = one.comparing.result()
        ends = np.cumsum([*(len(search.proposed) for search in one.searches), len(one.own or [])])
        *proposed, own, like = np.split(raw, ends)
        similarity = dict(zip(one.like, like.tolist(), strict=True))
        subject, finger = taken.finger
        try:
            scores = [*self._scores(taken, one.own or [], own), *self._scores_of_rows(taken, same, similarity)]
            require_agreeing(scores, one.row.file, f"{subject!r}, {finger}")
        except EnrollmentError as error:
            return RowOutcome(one.row, "disagreement", f"{error}")
        matches = identification(list(zip(one.searches, proposed, strict=True)), top=1, fpir=DUPLICATE_FPIR).matches
        found = matches[0] if matches else self._other_row(one, taken, similarity)
        return None if found is None else _duplicate_outcome(one.row, found)

    def _other_row(self, one: _Try, taken: Taken, similarity: Mapping[Taken, float]) -> Candidate | None:
        """The finger of another row that a print shows, of those that its search did not see."""
        unseen = {each: None for each in one.unseen if each.finger != taken.finger}
        near = [each for each in one.like if each.finger != taken.finger]
        if not unseen.keys() >= set(near):  # some were not taken in the end, and kept others from being compared
            near = nearest(self._how.matchers.own.bundle, taken.template, list(unseen))
            rest = [each for each in near if each not in similarity]
            found = self._how.matchers.own.similarities(taken.template, [each.template for each in rest])
            similarity = {**similarity, **dict(zip(rest, found.tolist(), strict=True))}
        searched = sum(search.searched for search in one.searches or []) + len(unseen)
        as_they_lie = self._how.matchers.own.calibrated(np.array([similarity[each] for each in near]))
        if best_match(near, as_they_lie, searched) is None:
            return None
        return best_match(near, self._scores_of_rows(taken, near, similarity), searched)

    def _scores(self, taken: Taken, own: Sequence[Reference], raw: Scores) -> list[Score]:
        """Of impressions that the store has, by the model that made each; what was learnt does not speak."""
        scores: list[Score] = []
        for each, similar in zip(own, raw.tolist(), strict=True):
            if not each.learnt:
                matcher, probe = self._how.matchers.of(each.model_id), taken.templates[each.model_id]
                scores += matcher.calibrated(matcher.heeded(probe, [each.template], np.array([similar])))
        return scores

    def _scores_of_rows(self, taken: Taken, rows: Sequence[Taken], similarity: Mapping[Taken, float]) -> list[Score]:
        matcher, raw = self._how.matchers.own, np.array([similarity[one] for one in rows])
        return matcher.calibrated(matcher.heeded(taken.template, [one.template for one in rows], raw))

    def _kept(self, taken: Taken) -> RowOutcome:
        subject, finger = taken.finger
        try:
            reference = self._how.store.add(
                subject, finger, taken.template, metadata={FILE_HASH: taken.sha256}, scan=taken.scan
            )
        except EnrollmentError as error:
            return RowOutcome(taken.row, "refused", f"{error}")
        return RowOutcome(taken.row, "enrolled", impression=reference.impression)


def _hashes(references: Sequence[Reference]) -> set[object]:
    """Of the files that impressions were made of, where they came in a list."""
    return {one.metadata[FILE_HASH] for one in references if FILE_HASH in one.metadata}


def _duplicate_outcome(row: EnrollmentRow, found: Candidate) -> RowOutcome:
    value = found.score.value
    reason = f"{row.file}: this finger is enrolled already, of {found.subject!r}, {found.finger} (score {value:.1f})"
    return RowOutcome(row, "duplicate", reason, found.subject, found.finger, value)


def _search(look: Look, vote: Future[list[int]]) -> Search:
    """What an index has proposed; what it has on disk is put right if it could not be read."""
    try:
        return look.search(vote.result())
    except CorruptRecord:
        return look.search()
