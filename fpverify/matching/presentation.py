"""What one person presents at once: scans of one finger or of several, put together by finger.

Scans that are named alike, or that match each other, are impressions of one finger: the best of them counts, as the
best of several references does. Different fingers add up, each with an enrolled finger of its own
(`comparison.assignment`). Which scans are of one finger is decided without a look at the references, so it is no
further chance for strangers; one finger under two names meets another enrolled finger the second time, and gains
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TypeVar

import numpy as np

from fpverify.comparison import assign, combine, fuse
from fpverify.comparison.assignment import MOST_PROBES
from fpverify.errors import ScanError, WrongKind
from fpverify.matching.matcher import Matcher
from fpverify.vocabulary import AssignedProbe, Finger, Scan, Score, Template

ONE_FINGER_FMR = 0.001  # of scans that are not named: two fingers that pass for one count as one, which costs little

Name = TypeVar("Name", bound=str)  # of a finger, checked or not


@dataclass(frozen=True, slots=True)
class Judged:
    """What a presentation says about the fingers of one subject.

    Attributes:
        score: of all probes together.
        finger: the one that a probe resembles most.
        probes: each with the finger that it is taken for.
    """

    score: Score
    finger: Finger
    probes: tuple[AssignedProbe, ...]


@dataclass(frozen=True, slots=True)
class Presentation:
    """Probes of one person.

    Attributes:
        sources: where each of the n scans came from.
        templates: n, of one model.
        names: n fingers, or None if they are not named.
        groups: which of the probes are of one finger; each probe is in one of them.
    """

    sources: tuple[str, ...]
    templates: tuple[Template, ...]
    names: tuple[Finger, ...] | None
    groups: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, matcher: Matcher, scans: Sequence[Scan], names: Sequence[Finger] | None = None) -> Presentation:
        """The presentation of some scans.

        Args:
            matcher: makes the templates.
            scans: at least one, checked by `require_different`.
            names: the finger that each shows; None if that is not known.

        Raises:
            FailureToAcquire: there is no usable print in one of them; names it.
        """
        return cls.of_templates(matcher, [scan.source for scan in scans], list(map(matcher.template, scans)), names)

    @classmethod
    def of_templates(
        cls,
        matcher: Matcher,
        sources: Sequence[str],
        templates: Sequence[Template],
        names: Sequence[Finger] | None = None,
    ) -> Presentation:
        """The presentation of what was extracted of n >= 1 scans; arguments as the attributes, and `of`, have them."""
        pairs = _one_finger(matcher, templates) if names is None else _alike(names)
        named = None if names is None else tuple(names)
        return cls(tuple(sources), tuple(templates), named, _joined(len(templates), pairs))

    def joined(self, others: Sequence[Presentation]) -> Presentation:
        """The same probes where others of them, seen by other models, count as well: who is alike to one is alike."""
        if not others:
            return self
        pairs = [(group[0], probe) for one in (self, *others) for group in one.groups for probe in group[1:]]
        return replace(self, groups=_joined(len(self.templates), pairs))

    def judged(self, fingers: Sequence[Finger], scores: Sequence[Sequence[Score]]) -> Judged:
        """How a subject's fingers agree with the probes.

        Args:
            fingers: of the subject's k >= 1 references; all the named ones, and no others, where probes are named.
            scores: (n, k) of each probe with each reference.
        """
        columns = tuple(dict.fromkeys(fingers)) if self.names is None else tuple(dict.fromkeys(self.names))
        cells = [[self._cell(group, finger, fingers, scores) for finger in columns] for group in self.groups]
        flat = [(score, finger) for row in scores for score, finger in zip(row, fingers, strict=True)]
        best = max(flat, key=lambda one: one[0].value)[1]
        if min(len(cells), len(columns)) == 1:
            score, taken = fuse([one for one, _ in flat]), self._taken_for_one(cells, columns)
        elif self.names is None:
            assigned = assign(cells)
            score, taken = assigned.score, [None if at is None else columns[at] for at in assigned.finger]
        else:
            score, taken = combine([cells[k][k] for k in range(len(cells))]), list(columns)
        return Judged(score, best, self._each(taken, fingers, scores))

    def _cell(
        self, group: Sequence[int], finger: Finger, fingers: Sequence[Finger], scores: Sequence[Sequence[Score]]
    ) -> Score:
        """The best of all comparisons of some probes with one finger, at their joint rate."""
        return fuse([scores[k][at] for k in group for at, name in enumerate(fingers) if name == finger])

    def _taken_for_one(self, cells: Sequence[Sequence[Score]], columns: Sequence[Finger]) -> list[Finger | None]:
        """The finger of each group where one pair of a group and a finger decides."""
        values = np.array([[score.value for score in row] for row in cells])
        row, column = np.unravel_index(int(values.argmax()), values.shape)
        return [columns[int(column)] if k == row else None for k in range(len(cells))]

    def _each(
        self, taken: Sequence[Finger | None], fingers: Sequence[Finger], scores: Sequence[Sequence[Score]]
    ) -> tuple[AssignedProbe, ...]:
        finger = {probe: name for group, name in zip(self.groups, taken, strict=True) for probe in group}
        return tuple(
            AssignedProbe(
                source,
                fuse([one for one, name in zip(scores[k], fingers, strict=True) if finger[k] in {None, name}]),
                finger[k],
            )
            for k, source in enumerate(self.sources)
        )


def require_different(scans: Sequence[Scan], most: int = MOST_PROBES, what: str = "a decision") -> None:
    """Returns if there are scans, not too many, and no picture twice.

    Args:
        scans: any number.
        most: that `what` takes.
        what: for the message.

    Raises:
        ScanError: otherwise; names both.
    """
    if not 1 <= len(scans) <= most:
        raise ScanError(f"{len(scans)} scans were given; {what} takes 1 to {most}")
    for one, other in combinations(scans, 2):
        if np.array_equal(one.pixels, other.pixels):
            raise ScanError(
                f"{other.source}: the same picture as {one.source}; give another scan, of this finger or of another"
            )


def names_for(count: int, fingers: Name | Sequence[Name] | None) -> tuple[Name, ...] | None:
    """The finger of each of some scans; one name is that of all of them.

    Args:
        count: of the scans.
        fingers: a name, or one for each scan in their order; None or none at all if they are not known.

    Raises:
        ScanError: there are more names than scans, or fewer.
        WrongKind: neither.
    """
    if isinstance(fingers, bytes | bytearray) or not isinstance(fingers, str | Sequence | None):
        raise WrongKind("the name of a finger was expected, or a list of them", fingers)
    given: tuple[Name, ...] = (fingers,) if isinstance(fingers, str) else tuple(fingers or ())
    if len(given) == 1:
        return given * count
    if given and len(given) != count:
        raise ScanError(
            f"{len(given)} fingers are named for {count} {'scan' if count == 1 else 'scans'}; "
            "name one for each, in their order, or one for all"
        )
    return given or None


def _one_finger(matcher: Matcher, templates: Sequence[Template]) -> list[tuple[int, int]]:
    """Pairs of probes that match each other."""
    pairs = list(combinations(range(len(templates)), 2))
    return [
        (one, other) for one, other in pairs if matcher.score(templates[one], templates[other]).fmr <= ONE_FINGER_FMR
    ]


def _alike(names: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of probes with one name."""
    return [(one, other) for one, other in combinations(range(len(names)), 2) if names[one] == names[other]]


def _joined(count: int, pairs: Sequence[tuple[int, int]]) -> tuple[tuple[int, ...], ...]:
    """Numbers below `count` in groups, those of a pair in one; groups and numbers in order."""
    group = list(range(count))
    for one, other in pairs:
        group = [group[one] if of == group[other] else of for of in group]
    return tuple(tuple(k for k in range(count) if group[k] == of) for of in dict.fromkeys(group))
