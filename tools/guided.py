"""What guided enrollment keeps, and what it is worth: rates with the touches it keeps beside the first alone.

    python tools/guided.py SETS... --ppi 500 [--cut] [--model NAME|DIR] [--touches 4]

SETS are folders of <finger>_<impression> images, or folders of such. The first impressions of each finger are its
touches, in their order, until guidance has enough; the others are probes, and then the other way round. A probe is
compared with all kept impressions together; non-mated ones with those of the set's other fingers. FNMR is that where
the realised FMR of the same comparisons is 0.1 %. Failures to acquire are left out. Printed as Markdown, in per cent,
with intervals of 95 % over fingers. With --cut every print is what a sensor of 8.1 x 8.1 mm sees of it: the first touch
its middle, all others any place of it, three of each impression that is a touch.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import numpy as np
from scan_changes import Cutter

from fpverify.comparison import PreparedTemplate, fuse, prepare_template, similarities
from fpverify.enrollment.guidance import Guide
from fpverify.errors import FailureToAcquire
from fpverify.evaluation.rates.error_rates import threshold_at_fmr
from fpverify.evaluation.sets.layout import Print, find_sets, read_set
from fpverify.matching import Matcher
from fpverify.scans import read_scan
from fpverify.vocabulary import Scan, Scores, Template

FMR = 0.001
TOUCHES = 4  # half of the impressions that FVC's sets have
CUTS = 3  # of each impression that is a touch: twelve, as many as guidance asks for at most
RESAMPLES = 1000  # of the fingers: the ends of intervals are then known to a tenth of their distance
WAYS = (
    "the first touch",
    "the best of those that are kept",
    "the best three",
    "the best five",
    "the touches that are kept",
    "all touches",
)


@dataclass(slots=True)
class Enrolled:
    """One finger, with some of its impressions as touches and the others as probes.

    Attributes:
        finger: its name, with its set's.
        references: for each of `WAYS`, the impressions that are enrolled.
        probes: the others.
        hints: what was said of the touches.
        taken, kept: numbers of touches.
    """

    finger: str
    references: tuple[list[PreparedTemplate], ...]
    probes: list[Template]
    hints: list[str] = field(default_factory=list)
    taken: int = 0
    kept: int = 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--ppi", type=float)
    parser.add_argument("--model", help="shipped name or folder; the release if not given")
    parser.add_argument("--cut", action="store_true", help="what a sensor of 8.1 x 8.1 mm sees")
    parser.add_argument("--touches", type=int, default=TOUCHES, help="impressions that are touches, at most")
    given = parser.parse_args(arguments)
    matcher = Matcher.load(given.model)
    sets = [read_set(folder, ppi=given.ppi).prints for folder in find_sets(given.sets)]
    enrolled = [list(enroll_set(prints, Reading(matcher, given.cut), given.touches)) for prints in sets]
    report(enrolled, matcher)
    return 0


@dataclass(frozen=True, slots=True)
class Reading:
    """Prints as scans.

    Attributes:
        matcher: the model.
        cut: to what a small sensor sees.
    """

    matcher: Matcher
    cut: bool

    def scan(self, print_: Print, *, middle: bool = False, number: int = 0) -> Scan:
        """Of a print; if it is cut, its middle or any place, for each number another."""
        scan = read_scan(print_.path, ppi=print_.ppi)
        if not self.cut:
            return scan
        cutter, rng = Cutter(self.matcher), np.random.default_rng([number, *print_.name.encode()])
        return cutter.middle(scan, rng) if middle else cutter.anywhere(scan, rng)

    def touches(self, prints: Sequence[Print]) -> Iterator[Scan]:
        """Of prints, in their order; if they are cut, each in several places."""
        for number in range(CUTS if self.cut else 1):
            for place, print_ in enumerate(prints):
                yield self.scan(print_, middle=number == place == 0, number=number)

    def template(self, print_: Print) -> Template | None:
        """Of a print; None if there is none in it."""
        try:
            return self.matcher.template(self.scan(print_))
        except FailureToAcquire:
            return None


def enroll_set(prints: Sequence[Print], reading: Reading, touches: int) -> Iterator[Enrolled]:
    """Every finger of a set, twice: with its first impressions as touches, and with the next ones."""
    for finger, group in groupby(prints, key=lambda one: one.finger):
        impressions = list(group)
        name = f"{impressions[0].path.parent}/{finger}"
        first, second = impressions[:touches], impressions[touches:]
        for some, others in ((first, second), (second[:touches], first + second[touches:])):
            one = enroll(name, some, others, reading)
            if one is not None:
                yield one


def enroll(name: str, touches: Sequence[Print], probes: Sequence[Print], reading: Reading) -> Enrolled | None:
    """A finger; None if no touch can be used."""
    guide, all_, hints = Guide(reading.matcher), list[PreparedTemplate](), list[str]()
    for scan in reading.touches(touches):
        try:
            all_.append(prepare_template(reading.matcher.template(scan)))
        except FailureToAcquire:
            continue
        if not guide.advice.done:
            hints += guide.add(scan).hints
    if not guide.kept_numbers:
        return None
    kept = [all_[number] for number in guide.kept_numbers]
    found = [one for print_ in probes if (one := reading.template(print_)) is not None]
    return Enrolled(
        name, (all_[:1], kept[:1], kept[:3], kept[:5], kept, all_), found, hints, len(guide.touches), len(kept)
    )


def report(sets: Sequence[Sequence[Enrolled]], matcher: Matcher) -> None:
    """Prints what was enrolled, and the rates."""
    all_ = [one for enrolled in sets for one in enrolled]
    hints = Counter(hint for one in all_ for hint in one.hints)
    print(f"{len(all_)} enrollments: {np.mean([one.taken for one in all_]):.2f} touches, of which", end=" ")
    print(f"{np.mean([one.kept for one in all_]):.2f} are kept. Said:", dict(hints.most_common()), end="\n\n")
    print("| enrolled | FNMR at FMR 0.1 % | of the first | threshold | mated | non-mated |\n|---|---|---|---|---|---|")
    first: float | None = None
    for way, words in enumerate(WAYS):
        mated, fingers, non_mated = scores(sets, way, matcher)
        threshold = threshold_at_fmr(non_mated, FMR)
        missed = mated < threshold
        low, high = interval(missed, fingers)
        rate = float(missed.mean())
        first = rate if first is None else first
        of_first = f"{rate / first:.2f}" if first else "-"
        shown = f"{100 * rate:.2f} ({100 * low:.2f} to {100 * high:.2f})"
        print(f"| {words} | {shown} | {of_first} | {threshold:.1f} | {len(mated)} | {len(non_mated)} |", flush=True)


def scores(sets: Sequence[Sequence[Enrolled]], way: int, matcher: Matcher) -> tuple[Scores, list[str], Scores]:
    """Mated scores with the finger of each, and non-mated ones, of probes and all enrolled impressions together."""
    mated, fingers, non_mated = list[float](), list[str](), list[float]()
    for enrolled in sets:
        for one in enrolled:
            for probe in one.probes:
                mated.append(_together(probe, one.references[way], matcher))
                fingers.append(one.finger)
                others = (other for other in enrolled if other.finger != one.finger)
                non_mated += [_together(probe, other.references[way], matcher) for other in others]
    return np.array(mated), fingers, np.array(non_mated)


def _together(probe: Template, references: Sequence[PreparedTemplate], matcher: Matcher) -> float:
    similar = similarities(probe, references, alignment=matcher.bundle.alignment)
    return fuse(matcher.calibrated(matcher.believed(probe, similar))).value


def interval(missed: np.ndarray, fingers: Sequence[str]) -> tuple[float, float]:
    """95 % of the rates of fingers that are drawn anew."""
    names, place = np.unique(fingers, return_inverse=True)
    wrong, all_ = np.bincount(place, missed), np.bincount(place)
    drawn = np.random.default_rng(1).multinomial(len(names), np.full(len(names), 1 / len(names)), RESAMPLES)
    low, high = np.percentile(drawn @ wrong / (drawn @ all_), (2.5, 97.5))
    return float(low), float(high)


if __name__ == "__main__":
    sys.exit(main())
