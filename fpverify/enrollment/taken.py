"""Prints of a list that were taken, or may be, and are not in the index of the store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from fpverify.comparison import joint_threshold
from fpverify.enrollment.listing import EnrollmentRow
from fpverify.models import Bundle
from fpverify.search.index import Index
from fpverify.search.index.choice import chosen_index
from fpverify.search.register import DUPLICATE_FPIR, Finger
from fpverify.vocabulary import Candidate, Scan, Score, Template

LOOKED_AT = 3  # of the likeliest rows: mates are nearly always the first


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """A print that was found good.

    Attributes:
        row: of the list.
        finger: subject and finger, as the store has them.
        sha256: of the file, in hex.
        template: of the print.
        scan: where it is to be kept.
        former: what other models make of it, by their ids.
    """

    row: EnrollmentRow
    finger: Finger
    sha256: str
    template: Template
    scan: Scan | None = None
    former: Mapping[str, Template] = field(default_factory=dict)

    @property
    def templates(self) -> dict[str, Template]:
        """Of all models, by their ids."""
        return {**self.former, self.template.model_id: self.template}


class Prints:
    """Prints of a list that the index of the store does not have."""

    def __init__(self, index: Index) -> None:
        """Holds nothing.

        Args:
            index: empty; of these prints.
        """
        self._index = index
        self._numbers: dict[Taken, int] = {}
        self._prints: dict[int, Taken] = {}
        self._fingers: defaultdict[Finger, dict[int, Taken]] = defaultdict(dict)
        self._next = count()

    def add(self, prints: Sequence[Taken]) -> None:
        """Takes prints in."""
        new = {next(self._next): one for one in prints}
        self._index.add(list(new), [one.template for one in new.values()])
        self._prints |= new
        for number, one in new.items():
            self._numbers[one] = number
            self._fingers[one.finger][number] = one

    def remove(self, prints: Sequence[Taken]) -> None:
        """Gives prints up, if it holds them."""
        gone = [self._numbers.pop(one) for one in prints if one in self._numbers]
        self._index.remove(gone)
        for number in gone:
            finger = self._prints.pop(number).finger
            del self._fingers[finger][number]
            if not self._fingers[finger]:
                del self._fingers[finger]

    def like(self, finger: Finger, probe: Template) -> tuple[list[Taken], list[Taken]]:
        """The prints of a finger, and those of others that resemble a probe most, `LOOKED_AT` at most."""
        own = list(self._fingers[finger].values()) if finger in self._fingers else []
        listed = self._index.likeliest(probe, LOOKED_AT + len(own)) if self._prints else []
        others = [one for number in listed if (one := self._prints[number]).finger != finger]
        return own, others[:LOOKED_AT]


def nearest(bundle: Bundle, probe: Template, others: Sequence[Taken]) -> list[Taken]:
    """Those of some prints that resemble a probe most, `LOOKED_AT` at most."""
    index = chosen_index("exact", bundle)
    index.add(range(len(others)), [one.template for one in others])
    listed = index.likeliest(probe, LOOKED_AT) if others else []
    return [others[number] for number in listed[:LOOKED_AT]]


def best_match(near: Sequence[Taken], scores: Sequence[Score], searched: int) -> Candidate | None:
    """The finger that a print shows, of some that it was compared with; None if it shows none.

    Args:
        near: other prints.
        scores: of the comparison with each.
        searched: how many there are of whom these are the nearest.
    """
    threshold = joint_threshold(DUPLICATE_FPIR, searched) if near else 0.0
    pairs = zip(near, scores, strict=True)
    found = [Candidate(*one.finger, score, match=True) for one, score in pairs if score.value >= threshold]  # type: ignore[arg-type]  # of the store
    return max(found, key=lambda one: one.score.value, default=None)
