"""Rows of a list that were taken, and are not in the index of the store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fpverify.comparison import joint_threshold
from fpverify.enrollment.listing import EnrollmentRow
from fpverify.matching import Matcher
from fpverify.models import Bundle
from fpverify.search.index import Index
from fpverify.search.index.choice import chosen_index
from fpverify.search.register import DUPLICATE_FPIR, Finger
from fpverify.vocabulary import Candidate, Scan, Template

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


class TakenBefore:
    """What a rehearsal has taken so far, in place of the store in which it would be."""

    def __init__(self, bundle: Bundle) -> None:
        self._rows: list[Taken] = []
        self._fingers: defaultdict[Finger, list[Taken]] = defaultdict(list)
        self._index = chosen_index("auto", bundle)

    def add(self, taken: Sequence[Taken]) -> None:
        """Takes rows in."""
        self._index.add(range(len(self._rows), len(self._rows) + len(taken)), [one.template for one in taken])
        self._rows += taken
        for one in taken:
            self._fingers[one.finger].append(one)

    def likeliest(self, finger: Finger, probe: Template) -> list[Taken]:
        """The rows of a finger, and those of others that resemble a probe most."""
        own = self._fingers.get(finger, [])
        listed = _likeliest(self._index, probe, LOOKED_AT + len(own))
        return [*own, *(one for k in listed if (one := self._rows[k]).finger != finger)]


def nearest(matcher: Matcher, taken: Taken, others: Sequence[Taken], searched: int) -> Candidate | None:
    """The finger among other rows that a print shows; None if there is none.

    Args:
        matcher: of the model.
        taken: the print.
        others: rows of other fingers.
        searched: references that it was compared with besides.
    """
    index = chosen_index("exact", matcher.bundle)
    index.add(range(len(others)), [one.template for one in others])
    listed = [others[k] for k in _likeliest(index, taken.template, LOOKED_AT)]
    scores = matcher.scores(taken.template, [one.template for one in listed])
    threshold = joint_threshold(DUPLICATE_FPIR, searched + len(others)) if others else 0.0
    pairs = zip(listed, scores, strict=True)
    found = [Candidate(*one.finger, score, match=True) for one, score in pairs if score.value >= threshold]  # type: ignore[arg-type]  # of the store
    return max(found, key=lambda one: one.score.value, default=None)


def _likeliest(index: Index, probe: Template, count: int) -> list[int]:
    return index.likeliest(probe, count)[:count] if len(index) else []
