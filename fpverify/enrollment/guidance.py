"""Guided enrollment: what the next touch of a finger should be, which touches are kept, and when there are enough.

    guide = Guide(Matcher.load())
    while not guide.advice.done:
        print(guide.advice.words)
        guide.add(reader.capture(30))
    verifier.enroll_together(guide.kept, "A", ["right-index"] * len(guide.kept))

Of a whole-print model, which looks for no foreground, the best touches are kept, and nothing is said of places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

import numpy as np

from fpverify.comparison import fuse
from fpverify.enrollment.coverage import CELL_MM2, Fingertip, Laid, chances, lay, map_rows
from fpverify.enrollment.touches import Press, how_to_press, plate_is_dirty
from fpverify.features.extraction import Acquired
from fpverify.features.quality import LEAST_QUALITY
from fpverify.matching import Matcher
from fpverify.vocabulary import Scan, Score

Move = Literal["higher", "lower", "left", "right"]

MOST_TOUCHES = 12  # nobody's patience lasts longer; phones take about as many
LEAST_TOUCHES = 2  # the second tells what the first does not: how the skin stretches, whether it is this finger
WELL = 0.9  # mean chance to be found again, over the fingertip, at which it is covered well
LEAST_GAIN_MM2 = 2.0  # that a further kept touch adds, in expectation; with 6, synthetic fingers are missed oftener
SAME_FMR = 0.003  # of two touches that agree: a third of what enrolling asks, since each is compared with several
PLAIN_MM2 = 80.0  # that two touches have in common, from which on the same finger agrees: 9 x 9 mm
LEAST_UNSEEN_MM2 = 5.0  # on one side, for which it is worth to move the finger
WHOLE_PRINTS = 3  # touches that are kept of a whole-print model

MOVES: dict[str, Move] = {"left": "right", "right": "left", "top": "lower", "bottom": "higher"}  # to show a side
WORDS = {
    "higher": "a little higher",
    "lower": "a little lower",
    "left": "further to the left",
    "right": "further to the right",
    "lighter": "press more lightly",
    "firmer": "press more firmly",
    "wipe": "wipe the plate",
    "same": "the same finger again: this one does not agree with the others",
    "poor": "once more, clean and flat",
    "again": "once more",
    "first": "the middle of the finger, flat",
    "done": "that is enough",
}


@dataclass(frozen=True, slots=True)
class Advice:
    """What the next touch should be.

    Attributes:
        move: which way the finger goes, seen by whoever puts it down: up is away from the hand. None for no other.
        press: how to press. None as before.
        wipe: the plate first.
        other: the last touch agrees with none of the others.
        poor: the last touch is too poor to be kept.
        done: no further touch is needed.
        covered: mean chance that a part of the fingertip is found again, in [0, 1]; of a whole-print model the share of
            the touches that are wanted.
        count: touches so far.
    """

    move: Move | None = None
    press: Press | None = None
    wipe: bool = False
    other: bool = False
    poor: bool = False
    done: bool = False
    covered: float = 0.0
    count: int = 0

    @property
    def hints(self) -> tuple[str, ...]:
        """The advice as keys of `WORDS`, what comes first at the front."""
        if self.done:
            return ("done",)
        if not self.count:
            return ("first",)
        flags = (("wipe", self.wipe), ("same", self.other), ("poor", self.poor))
        found = [name for name, given in flags if given]
        found += [hint for hint in (self.move, self.press) if hint is not None]
        return tuple(found) or ("again",)

    @property
    def words(self) -> str:
        """The advice for people."""
        return ", ".join(WORDS[hint] for hint in self.hints)


class Guide:
    """Takes one touch after the other.

    Attributes:
        advice: what the next touch should be.
        touches: the scans so far.
        map: of the fingertip, how likely each part is found again (`coverage.map_rows`); empty before the first good
            touch, and of a whole-print model.
    """

    def __init__(self, matcher: Matcher, most_touches: int = MOST_TOUCHES) -> None:
        """Begins.

        Args:
            matcher: of the model that enrolls.
            most_touches: after which it is enough in any case, at least 1.
        """
        self.advice = Advice()
        self.touches: list[Scan] = []
        self.map: tuple[str, ...] = ()
        self._matcher, self._most = matcher, most_touches
        self._acquired: list[Acquired] = []
        self._scores: dict[tuple[int, int], Score] = {}
        self._kept: tuple[int, ...] = ()

    @property
    def kept(self) -> list[Scan]:
        """The touches to be enrolled, the most telling first; each agrees with those before it."""
        return [self.touches[number] for number in self._kept]

    @property
    def kept_numbers(self) -> tuple[int, ...]:
        """Their places among the touches, from 0."""
        return self._kept

    @property
    def qualities(self) -> tuple[float, ...]:
        """How good each touch is, in [0, 1]."""
        return tuple(one.template.quality for one in self._acquired)

    def add(self, scan: Scan) -> Advice:
        """Takes a touch, and says what the next one should be.

        Raises:
            FailureToAcquire: there is no usable print in it; it does not count.
        """
        acquired = self._matcher.acquire(scan)
        new = len(self.touches)
        scores = self._matcher.scores(acquired.template, [one.template for one in self._acquired])
        self._scores |= {(number, new): score for number, score in enumerate(scores)}
        self.touches.append(scan)
        self._acquired.append(acquired)
        self.advice = self._advised()
        return self.advice

    def _advised(self) -> Advice:
        last = self._acquired[-1]
        count = len(self._acquired)
        good = [number for number, one in enumerate(self._acquired) if one.template.quality >= LEAST_QUALITY]
        poor = count - 1 not in good
        if not good:
            return replace(_state(last), poor=True, count=count, done=count >= self._most)
        if last.foreground is None:
            return self._of_whole_prints(good, poor=poor)
        placed = self._placed(good)
        self._kept = self._chosen(placed)
        tip = Fingertip.of(list(placed.values()))
        found = chances([placed[number] for number in self._kept])
        self.map = map_rows(found, tip.cells)
        covered = float(found[tip.cells].mean())
        done = count >= self._most or (len(self._kept) >= LEAST_TOUCHES and covered >= WELL)
        other = not poor and count - 1 not in placed
        move = None if done or poor or other else _move(tip)
        state = _state(last)
        return replace(state, move=move, other=other, poor=poor, done=done, covered=covered, count=count)

    def _placed(self, good: Sequence[int]) -> dict[int, Laid]:
        """Touches on the canvas, those left out that by their place should agree with another one, and do not.

        Of two that contradict each other the one goes that agrees less with all others: another finger agrees with one
        touch by chance, and hardly ever with two.
        """
        while True:
            laid = lay([self._acquired[number] for number in good], self._links(good))
            placed = {good[number]: one for number, one in laid.items()}
            torn = [pair for pair in combinations(placed, 2) if self._contradict(*pair, placed)]
            if not torn:
                return placed
            worst = min({one for pair in torn for one in pair}, key=lambda one: (self._support(one, good), -one))
            good = [number for number in good if number != worst]

    def _links(self, numbers: Sequence[int]) -> dict[tuple[int, int], float]:
        """Scores of those that agree, by their places among these."""
        pairs = combinations(range(len(numbers)), 2)
        scores = {(one, other): self._score(numbers[one], numbers[other]) for one, other in pairs}
        return {pair: score.value for pair, score in scores.items() if _agree([score])}

    def _contradict(self, one: int, other: int, placed: Mapping[int, Laid]) -> bool:
        common = placed[one].shown & placed[other].shown
        return bool(CELL_MM2 * np.count_nonzero(common) >= PLAIN_MM2) and not _agree([self._score(one, other)])

    def _support(self, one: int, good: Sequence[int]) -> float:
        return sum(score.value for other in good if other != one and _agree([score := self._score(one, other)]))

    def _chosen(self, placed: dict[int, Laid]) -> tuple[int, ...]:
        """The touches that together show most, as likely as not to be found again; each agrees with those before."""
        chosen, left = list[int](), set(placed)
        while left:
            fitting = [one for one in left if not chosen or _agree([self._score(one, other) for other in chosen])]
            gains = {one: _gain(placed[one], [placed[other] for other in chosen]) for one in fitting}
            best = max(sorted(gains), key=lambda one: gains[one], default=None)
            if best is None or (chosen and gains[best] < LEAST_GAIN_MM2):
                break
            chosen.append(best)
            left.remove(best)
        return tuple(chosen)

    def _of_whole_prints(self, good: Sequence[int], *, poor: bool) -> Advice:
        ranked = sorted(good, key=lambda one: (-self._acquired[one].template.quality, one))
        chosen = list[int]()
        for one in ranked:
            if not chosen or _agree([self._score(one, other) for other in chosen]):
                chosen.append(one)
        self._kept = tuple(chosen[:WHOLE_PRINTS])
        count = len(self._acquired)
        done = len(self._kept) == WHOLE_PRINTS or count >= self._most
        other = not poor and count - 1 not in chosen
        return Advice(other=other, poor=poor, done=done, covered=len(self._kept) / WHOLE_PRINTS, count=count)

    def _score(self, one: int, other: int) -> Score:
        return self._scores[min(one, other), max(one, other)]


def _agree(scores: Sequence[Score]) -> bool:
    """Whether a touch is of the finger of others."""
    return fuse(scores).fmr <= SAME_FMR


def _gain(one: Laid, others: Sequence[Laid]) -> float:
    """What a touch adds to others: mm² that are found again."""
    return CELL_MM2 * float((one.trust * (1 - chances(others)))[one.shown].sum())


def _move(tip: Fingertip) -> Move | None:
    unseen = tip.unseen_mm2
    side = max(unseen, key=lambda one: unseen[one])
    return MOVES[side] if unseen[side] >= LEAST_UNSEEN_MM2 else None


def _state(touch: Acquired) -> Advice:
    """How to press, and whether to wipe the plate, after a touch."""
    if touch.foreground is None:
        return Advice()
    return Advice(press=how_to_press(touch), wipe=plate_is_dirty(touch))
