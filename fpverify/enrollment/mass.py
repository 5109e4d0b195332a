"""Many fingers into a store: acquired and compared wherever an executor does it, decided here, kept in batches.

Rows are decided in their order, so the same list has the same outcomes, however many processes there are. Between a
row's search and its decision earlier rows may have been taken that the search could not see: it is compared with these
besides. An outcome is given when it is on disk.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from fpverify.comparison import similarities
from fpverify.enrollment.acquisition import Acquisition, acquire, row_sha256
from fpverify.enrollment.listing import EnrollmentRow
from fpverify.enrollment.outcomes import RowOutcome
from fpverify.enrollment.taken import Taken, TakenBefore, nearest
from fpverify.errors import EnrollmentError, NotEnrolled, ScanError
from fpverify.executors import CarriedModel, Workforce
from fpverify.matching import Matcher, Matchers, require_agreement
from fpverify.scans.files import file_bytes
from fpverify.search.enrolled import Enrolled
from fpverify.search.register import DUPLICATE_FPIR, Finger, Registers, Search, identification
from fpverify.store import Store
from fpverify.store.subject_ids import subject_id
from fpverify.vocabulary import Candidate, Reference, Scores

FILE_HASH = "file_sha256"  # in an impression's metadata: by this a list that is enrolled again knows its rows
BATCH_ROWS = 32  # kept in one transaction: what a kill loses, and what shares a disk's sync
BATCH_S = 1.0  # a row waits no longer for others to be kept with it
AHEAD = 4  # rows under way for each process, so that none waits for the next


@dataclass(slots=True, eq=False)
class _Try:
    """A row under way.

    Attributes:
        row: of the list.
        finger: subject and finger, as the store has them.
        acquiring: the template of its file, or why there is none.
        outcome: of a row that is decided.
        taken: its print, unless something speaks against it.
        own: what the store has of the finger.
        searches: among all other fingers, one for each model, where they are looked through; None if they are not.
        comparing: raw similarities of what each proposes.
        unseen: rows that were taken and that the search did not see.
    """

    row: EnrollmentRow
    finger: Finger
    acquiring: Future[Acquisition]
    outcome: RowOutcome | None = None
    taken: Taken | None = None
    own: list[Reference] | None = None
    searches: list[Search] | None = None
    comparing: list[Future[Scores]] = field(default_factory=list)
    unseen: list[Taken] = field(default_factory=list)

    @property
    def is_acquired(self) -> bool:
        """Whether it is time to look what the store has."""
        return self.outcome is None and self.own is None and self.acquiring.done()

    @property
    def is_compared(self) -> bool:
        """Whether it can be decided."""
        return self.outcome is not None or (self.own is not None and all(one.done() for one in self.comparing))

    @property
    def awaited(self) -> list[Future[Any]]:
        """What has to come before there is more to be done about it."""
        return [self.acquiring] if self.own is None else [one for one in self.comparing if not one.done()]


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
        ppi: resolution of files for which the list states none; None takes what they say.
    """

    store: Store
    matchers: Matchers
    registers: Registers
    workforce: Workforce
    unchecked: bool = False
    rehearsal: bool = False
    keeps_scans: bool = False
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
        work = _Work(self)
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

    def __init__(self, how: MassEnrollment) -> None:
        self._how = how
        self.under_way: deque[_Try] = deque()
        self._decided: list[RowOutcome | Taken] = []  # in order, since the last batch
        self._since = time.monotonic()
        self._models: tuple[Path | CarriedModel, ...] = ()  # the present one first
        self._sends: bool | None = None  # files to the workers; it is not known before the first
        self._before = TakenBefore(how.matchers.own.bundle) if how.rehearsal else None

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
            self._models = tuple(force.model(one.bundle.folder) for one in self._matchers())
        if self._sends is None and row.content is None:
            self._sends = not force.sees(row.path)
        model, *former = self._models
        content = file_bytes(row.path) if self._sends and row.content is None else row.content
        keeps, row = how.keeps_scans and not how.rehearsal, replace(row, content=None)
        return force.executor.submit(acquire, row, model, content, former=former, ppi=how.ppi, keeps_scan=keeps)

    def _matchers(self) -> list[Matcher]:
        """The model of new references, and those of what they are compared with, as far as they are installed."""
        how = self._how
        made = [] if how.unchecked else how.store.model_ids()
        former = [one for one in made if one != how.matchers.own.model_id and how.matchers.has(one)]
        return [how.matchers.own, *map(how.matchers.of, former)]

    def advance(self) -> None:
        """Decides the first rows, or waits until something has come."""
        for one in self.under_way:
            if one.is_acquired:
                self._look(one)
        if self.under_way[0].is_compared:
            self._decide(self.under_way.popleft())
        else:
            undecided = [one for one in self.under_way if one.outcome is None]
            wait([each for one in undecided for each in one.awaited], return_when=FIRST_COMPLETED)

    def told(self, *, all_of_them: bool = False) -> list[RowOutcome]:
        """The outcomes of the rows that were decided, once they are on disk; none while a batch is being gathered."""
        if not self._decided:
            self._since = time.monotonic()
            return []
        is_due = len(self._decided) >= BATCH_ROWS or time.monotonic() >= self._since + BATCH_S
        if not (is_due or all_of_them):
            return []
        decided, self._decided, self._since = self._decided, [], time.monotonic()
        if self._before is not None:
            self._before.add([one for one in decided if isinstance(one, Taken)])
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
        if self._before is not None:
            one.unseen += self._before.likeliest(one.finger, acquired.template)
        if not self._how.unchecked:
            self._search(one, one.taken)

    def _search(self, one: _Try, taken: Taken) -> None:
        """Has a print compared in full with what the index of each model proposes."""
        how = self._how
        enrolled = Enrolled.current(how.registers, how.store, how.matchers).of_models(taken.templates)
        one.own = enrolled.searched(one.own or [])
        one.searches = enrolled.search(taken.templates.__getitem__, one.own)
        one.comparing = [self._comparing(each) for each in one.searches]

    def _comparing(self, search: Search) -> Future[Scores]:
        if search.proposed and search.probe.skin is None:
            return self._how.workforce.executor.submit(similarities, *search.to_compare)
        done = Future[Scores]()  # of nothing, or of a touch of a small sensor, for which it takes the model itself
        done.set_result(search.compared() if search.proposed else np.zeros(0))
        return done

    def _decide(self, one: _Try) -> None:
        outcome = self._refusal(one, one.taken) if one.taken else one.outcome
        if outcome is not None:
            self._decided.append(outcome)
        elif one.taken is not None:
            self._decided.append(one.taken)
            for other in self.under_way:
                other.unseen.append(one.taken)

    def _refusal(self, one: _Try, taken: Taken) -> RowOutcome | None:
        """Why a print is not taken; None if it is."""
        same = [each for each in one.unseen if each.finger == taken.finger]
        if taken.sha256 in {each.sha256 for each in same}:
            return RowOutcome(one.row, "present")
        if one.searches is None:
            return None
        impressions = [*(each.template for each in one.own or []), *(each.template for each in same)]
        subject, finger = taken.finger
        try:
            probe = taken.templates.__getitem__
            require_agreement(self._how.matchers, probe, impressions, one.row.file, f"{subject!r}, {finger}")
        except EnrollmentError as error:
            return RowOutcome(one.row, "disagreement", f"{error}")
        found = self._duplicate(one, taken, one.searches)
        return None if found is None else _duplicate_outcome(one.row, found)

    def _duplicate(self, one: _Try, taken: Taken, searches: Sequence[Search]) -> Candidate | None:
        """The other finger that a print shows."""
        compared = [(search, each.result()) for search, each in zip(searches, one.comparing, strict=True)]
        matches = identification(compared, top=1, fpir=DUPLICATE_FPIR).matches
        others = [each for each in one.unseen if each.finger != taken.finger]
        searched = sum(search.searched for search in searches)
        return matches[0] if matches else nearest(self._how.matchers.own, taken, others, searched)

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
