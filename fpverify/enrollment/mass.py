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
from fpverify.matching import Matcher, require_agreement
from fpverify.scans.files import file_bytes
from fpverify.search.register import DUPLICATE_FPIR, Finger, Registers, Search
from fpverify.store import Store
from fpverify.store.subject_ids import subject_id
from fpverify.vocabulary import Candidate, Reference, Scores, Template

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
        search: among all other fingers, where they are looked through.
        comparing: raw similarities of what the search proposes.
        unseen: rows that were taken and that the search did not see.
    """

    row: EnrollmentRow
    finger: Finger
    acquiring: Future[Acquisition]
    outcome: RowOutcome | None = None
    taken: Taken | None = None
    own: list[Reference] | None = None
    search: Search | None = None
    comparing: Future[Scores] | None = None
    unseen: list[Taken] = field(default_factory=list)

    @property
    def is_acquired(self) -> bool:
        """Whether it is time to look what the store has."""
        return self.outcome is None and self.own is None and self.acquiring.done()

    @property
    def is_compared(self) -> bool:
        """Whether it can be decided."""
        return self.outcome is not None or (self.own is not None and (self.comparing is None or self.comparing.done()))


@dataclass(frozen=True, slots=True, eq=False)
class MassEnrollment:
    """How lists of fingers are enrolled.

    Attributes:
        store: where they are kept.
        matcher: the model.
        registers: what is enrolled, for searching it.
        workforce: reads and compares the scans.
        unchecked: neither compare rows with their finger's impressions nor look for them among all others.
        rehearsal: nothing is kept.
        keeps_scans: scans are kept beside their templates.
        ppi: resolution of files for which the list states none; None takes what they say.
    """

    store: Store
    matcher: Matcher
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
        self._model: Path | CarriedModel | None = None
        self._sends: bool | None = None  # files to the workers; it is not known before the first
        self._before = TakenBefore(how.matcher.bundle) if how.rehearsal else None

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
        if self._model is None:
            self._model = force.model(how.matcher.bundle.folder)
        if self._sends is None and row.content is None:
            self._sends = not force.sees(row.path)
        content = file_bytes(row.path) if self._sends and row.content is None else row.content
        keeps, row = how.keeps_scans and not how.rehearsal, replace(row, content=None)
        return force.executor.submit(acquire, row, self._model, content, ppi=how.ppi, keeps_scan=keeps)

    def advance(self) -> None:
        """Decides the first rows, or waits until something has come."""
        for one in self.under_way:
            if one.is_acquired:
                self._look(one)
        if self.under_way[0].is_compared:
            self._decide(self.under_way.popleft())
        else:
            wait([_awaited(one) for one in self.under_way if one.outcome is None], return_when=FIRST_COMPLETED)

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
        one.taken = Taken(one.row, one.finger, acquired.sha256, acquired.template, acquired.scan)
        one.unseen = [each for each in self._decided if isinstance(each, Taken)]
        if self._before is not None:
            one.unseen += self._before.likeliest(one.finger, acquired.template)
        if not self._how.unchecked:
            self._search(one, acquired.template)

    def _search(self, one: _Try, template: Template) -> None:
        """Has a print compared in full with what the index proposes."""
        how = self._how
        register = how.registers.current(how.store, how.matcher)
        one.own = [each for each in one.own or [] if each.model_id == how.matcher.model_id]
        one.search = register.search(template, one.own)
        proposed = [each.template for each in one.search.proposed]
        one.comparing = how.workforce.executor.submit(similarities, template, proposed) if proposed else None

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
        if one.search is None:
            return None
        impressions = [*(each.template for each in one.own or []), *(each.template for each in same)]
        subject, finger = taken.finger
        try:
            require_agreement(self._how.matcher, taken.template, impressions, one.row.file, f"{subject!r}, {finger}")
        except EnrollmentError as error:
            return RowOutcome(one.row, "disagreement", f"{error}")
        found = self._duplicate(one, taken, one.search)
        return None if found is None else _duplicate_outcome(one.row, found)

    def _duplicate(self, one: _Try, taken: Taken, search: Search) -> Candidate | None:
        """The other finger that a print shows."""
        raw = np.zeros(0) if one.comparing is None else one.comparing.result()
        matches = search.identification(raw, top=1, fpir=DUPLICATE_FPIR).matches
        others = [each for each in one.unseen if each.finger != taken.finger]
        return matches[0] if matches else nearest(self._how.matcher, taken, others, search.searched)

    def _kept(self, taken: Taken) -> RowOutcome:
        subject, finger = taken.finger
        try:
            reference = self._how.store.add(
                subject, finger, taken.template, metadata={FILE_HASH: taken.sha256}, scan=taken.scan
            )
        except EnrollmentError as error:
            return RowOutcome(taken.row, "refused", f"{error}")
        return RowOutcome(taken.row, "enrolled", impression=reference.impression)


def _awaited(one: _Try) -> Future[Any]:
    return one.acquiring if one.comparing is None else one.comparing


def _hashes(references: Sequence[Reference]) -> set[object]:
    """Of the files that impressions were made of, where they came in a list."""
    return {one.metadata[FILE_HASH] for one in references if FILE_HASH in one.metadata}


def _duplicate_outcome(row: EnrollmentRow, found: Candidate) -> RowOutcome:
    value = found.score.value
    reason = f"{row.file}: this finger is enrolled already, of {found.subject!r}, {found.finger} (score {value:.1f})"
    return RowOutcome(row, "duplicate", reason, found.subject, found.finger, value)
