"""Fingers that are enrolled twice, under two ids or two names.

Each reference is searched for among all others, as a probe would be. Of P pairs of references, all of different
fingers, P times the false match rate are expected to match by chance: the threshold is that at which this is the number
that was asked for. Templates of two models cannot be compared: each is searched for among those of its own. Those of
scans are searched for among records as well, by their minutiae.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Container, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from fpverify.comparison import similarities
from fpverify.comparison.calibration import DECIBEL
from fpverify.executors import Workforce
from fpverify.features.bare import bare
from fpverify.search.register import Finger, Register, Search
from fpverify.vocabulary import Finger as FingerName
from fpverify.vocabulary import Reference, Score, Scores

AHEAD = 4  # references under way for each process, so that none waits for the next


@dataclass(frozen=True, slots=True)
class DuplicatePair:
    """Two impressions that show one finger, enrolled as two.

    Attributes:
        subject, finger, impression: of the one.
        other_subject, other_finger, other_impression: of the other.
        score: of the comparison.
    """

    subject: str
    finger: FingerName
    impression: int
    other_subject: str
    other_finger: FingerName
    other_impression: int
    score: Score

    @property
    def fingers(self) -> tuple[Finger, Finger]:
        """Both, in one order whichever was searched for."""
        one, other = (self.subject, self.finger), (self.other_subject, self.other_finger)
        return (one, other) if one <= other else (other, one)


def pair_threshold(pairs: float, references: int) -> float:
    """The score at which so many pairs of n references match by chance.

    Args:
        pairs: expected number of false pairs, above 0.
        references: n; those of one finger are counted as if they were of different ones, which is on the safe side.
    """
    every = max(1.0, references * (references - 1) / 2)
    return max(0.0, float(DECIBEL) * math.log(every / pairs))


def duplicate_pairs(
    register: Register,
    workforce: Workforce,
    threshold: float,
    done: Container[str] = (),
    records: Sequence[Register] = (),
) -> Iterator[tuple[str, list[DuplicatePair]]]:
    """What is found with each reference; a pair comes with either of its references, or with both.

    Args:
        register: all that is enrolled.
        workforce: compares the prints.
        threshold: that a score has to reach.
        done: record ids of references that are left out.
        records: those of minutiae alone, among which templates of scans are looked for by their minutiae.

    Yields:
        Record id of a reference, and the pairs that it is one of.

    Raises:
        StoreError: the store cannot be read.
    """
    under_way: deque[tuple[str, Reference, list[_Compared]]] = deque()
    for number, one in register.store.enrolled(register.matcher.model_id):
        if number in done:
            continue
        under_way.append((number, one, [_asked(workforce, search) for search in _searches(one, register, records)]))
        if len(under_way) >= AHEAD * workforce.workers:
            yield _found(*under_way.popleft(), threshold)
    while under_way:
        yield _found(*under_way.popleft(), threshold)


_Compared = tuple[Search, Future[Scores]]


def _searches(one: Reference, register: Register, records: Sequence[Register]) -> Iterator[Search]:
    """Among the references of its own model, and of a scan among records; those of its own finger are passed over."""
    yield register.search(one.template, register.impressions(one.subject, one.finger))
    for each in records if one.template.vector is None else ():
        seen = bare(one.template, each.matcher.model_id)
        yield each.search(seen, each.impressions(one.subject, one.finger))


def _asked(workforce: Workforce, search: Search) -> _Compared:
    probe, proposed = search.to_compare
    return search, workforce.executor.submit(
        similarities, probe, proposed, alignment=search.register.matcher.bundle.alignment
    )


def _found(number: str, one: Reference, searches: list[_Compared], threshold: float) -> tuple[str, list[DuplicatePair]]:
    scored = [
        pair
        for search, compared in searches
        for pair in zip(search.proposed, search.scores(compared.result(), threshold), strict=True)
    ]
    return number, [
        DuplicatePair(one.subject, one.finger, one.impression, other.subject, other.finger, other.impression, score)
        for other, score in scored
        if score.value >= threshold
    ]
