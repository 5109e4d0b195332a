"""What a search misses and what it finds wrongly: FNIR, FPIR and the pre-selection error in a large gallery.

    python tools/search_errors.py CACHE [--gallery 20000] [--real SETS --ppi 500] [--index ivf] [--workers 2]

CACHE was filled by `tools/gallery.py`. Enrolled are the first impressions of its first fingers, and of the real ones in
SETS, a folder of folders of `<finger>_<impression>` images. Mated probes are their further impressions: ordinary and
hard synthetic ones, real ones. Probes of nobody enrolled are the impressions of the fingers beyond the gallery; where
these are too few, those of fingers of the gallery too, their own references left out.

The index proposes, the likeliest are compared in full, and the best has to reach the threshold of the whole gallery.
Without an index every reference would be compared in full: a mate is then missed only if its own score is too low,
which takes one comparison to know. Then the same by two fingers of a person (`search_persons.py`). Printed as Markdown:
rates in per cent with Wilson's interval of 95 % over probes.

Source: FNIR, FPIR, pre-selection error: ISO/IEC 19795-1.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy comes: one core a process

import numpy as np
from gallery import FIRST, HARD_PROBE, ORDINARY_PROBE, GalleryCache, Made
from search_persons import People, PersonProbe, Shown, enrolled, person_probes
from tqdm import tqdm

from fpverify.comparison import joint_threshold
from fpverify.errors import FailureToAcquire
from fpverify.evaluation.sets.layout import find_sets, read_set
from fpverify.matching import Matcher
from fpverify.models import write_search_files
from fpverify.scans import read_scan
from fpverify.search.index import Index
from fpverify.search.index.choice import chosen_index
from fpverify.search.index.preselection import FILE, Measured, decoded, encoded
from fpverify.settings import Settings
from fpverify.vocabulary import Interval, Template

GALLERY = 20_000  # synthetic fingers
OUTSIDERS = 20_000  # probes of nobody enrolled, at least
FPIRS = (0.01, 0.001)
SHORT_LISTS = (1, 5, 20, 40, 100)
NORMAL_95 = 1.959964  # deviations of a normal that 95 % lie within
KINDS = {ORDINARY_PROBE: "synthetic, ordinary", HARD_PROBE: "synthetic, hard"}
REAL = "real"


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """One search.

    Attributes:
        kind: what it is an impression of.
        template: of the impression.
        own: number of the reference of its finger; -1 if that is not enrolled.
        mated: the finger is looked for; otherwise its reference is left out of the search.
    """

    kind: str
    template: Template
    own: int
    mated: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one search.

    Attributes:
        rank: of the mate among what the index proposes, from 0; the length of the longest list if it is not there.
        mate: its score, compared in full whether proposed or not; -inf for a probe of nobody enrolled.
        best: the highest score on the list of other fingers' references.
    """

    rank: int
    mate: float
    best: float


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """What is searched.

    Attributes:
        matcher: of the model.
        references: templates by number.
        index: holds all of them by these numbers.
        in_full: references of a list that are compared in full.
    """

    matcher: Matcher
    references: Sequence[Template]
    index: Index
    in_full: int

    def outcome(self, probe: Probe) -> Outcome:
        """What a search for a probe finds."""
        left_out = {probe.own} if probe.own >= 0 else set()
        listed = self.index.likeliest(probe.template, max(SHORT_LISTS) + len(left_out))
        rank = listed.index(probe.own) if probe.mated and probe.own in listed else max(SHORT_LISTS)
        compared = [one for one in listed[: self.in_full + len(left_out)] if one not in left_out][: self.in_full]
        chosen = [*compared, *([probe.own] if probe.mated else [])]
        raw = self.matcher.raw_scores(probe.template, [self.references[one] for one in chosen])
        scores = np.array([one.value for one in self.matcher.calibrated(raw)])
        mate = scores[-1] if probe.mated else -math.inf
        return Outcome(min(rank, max(SHORT_LISTS)), float(mate), float(scores[: len(compared)].max(initial=-math.inf)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Searches, and prints the tables."""
    given = _parsed(arguments)
    matcher = Matcher.load(given.model)
    cache = GalleryCache.of(given.cache, matcher.bundle)
    made, real = list(cache.all()), list(real_prints(matcher, given.real, given.ppi))
    references, probes, failed = collected(made, real, given.gallery)
    if not references:
        raise SystemExit(f"{cache.folder}: no templates; make them with tools/gallery.py")
    gallery = Gallery(matcher, references, filled_index(given.index, matcher, references), given.in_full)
    chosen = list(enough(probes, given.outsiders))
    outcomes = searched(gallery.outcome, chosen, given.workers)
    print(report(chosen, outcomes, len(references), given.in_full, failed), flush=True)
    print(by_two_fingers(gallery, list(shown(made, real, given.gallery)), given), flush=True)
    if given.write:
        mates = by_kind(chosen, outcomes, mated=True)["all"]
        keep_error(matcher, gallery, mates)
    return 0


def keep_error(matcher: Matcher, gallery: Gallery, mates: Sequence[Outcome]) -> None:
    """Keeps the pre-selection error beside the model's card, where answers take it from; others stay as they are."""
    bundle, missed = matcher.bundle, sum(one.rank >= gallery.in_full for one in mates)
    measured = Measured(gallery.index.name, len(gallery.references), gallery.in_full, len(mates), missed)
    known = decoded(bundle.content(FILE), str(bundle.folder / FILE)) if FILE in bundle.card.search_files else []
    same = [one for one in known if (one.index, one.references) != (measured.index, measured.references)]
    write_search_files(bundle, {FILE: encoded([*same, measured], "tools/search_errors.py --write")})


def collected(
    made: Iterable[Made], real: Iterable[tuple[str, bool, Template]], size: int
) -> tuple[list[Template], list[Probe], int]:
    """References, probes, and how many impressions of fingers in the gallery failed to acquire.

    Args:
        made: the cache, finger by finger.
        real: finger, whether its first impression, template.
        size: synthetic fingers of the gallery.
    """
    references: list[Template] = []
    probes: list[Probe] = []
    own: dict[int | str, int] = {}
    failed = 0
    for one in made:
        if one.template is None:
            failed += one.finger < size
        elif one.finger >= size:
            probes.append(Probe(KINDS.get(one.impression, KINDS[ORDINARY_PROBE]), one.template, -1, mated=False))
        elif one.impression == FIRST:
            own[one.finger] = len(references)
            references.append(one.template)
        elif one.finger in own:
            probes.append(Probe(KINDS[one.impression], one.template, own[one.finger], mated=True))
    for finger, first, template in real:
        if first:
            own[finger] = len(references)
            references.append(template)
        elif finger in own:
            probes.append(Probe(REAL, template, own[finger], mated=True))
    return references, probes, failed


def real_prints(matcher: Matcher, sets: Path | None, ppi: float | None) -> Iterator[tuple[str, bool, Template]]:
    """Finger, whether it is the first of its impressions that is acquired, and template."""
    seen: set[str] = set()
    for one in [] if sets is None else [read_set(folder, ppi=ppi) for folder in find_sets([sets])]:
        for print_ in tqdm(one.prints, desc=one.name, disable=None):
            finger = f"{one.name}/{print_.finger}"
            try:
                template = matcher.template(read_scan(print_.path, ppi=print_.ppi))
            except FailureToAcquire as failure:
                print(failure, file=sys.stderr)
                continue
            yield finger, finger not in seen, template
            seen.add(finger)


def enough(probes: Sequence[Probe], outsiders: int) -> Iterator[Probe]:
    """All mated probes, all of nobody enrolled, and, where these are too few, mated ones with their finger left out."""
    yield from probes
    missing = outsiders - sum(not one.mated for one in probes)
    mated = [one for one in probes if one.mated]
    yield from (Probe(one.kind, one.template, one.own, mated=False) for one in mated[: max(missing, 0)])


def filled_index(kind: str, matcher: Matcher, references: Sequence[Template]) -> Index:
    """An index of all references by their numbers."""
    index = chosen_index(kind, matcher.bundle)
    index.add(range(len(references)), references)
    return index


def searched(outcome: Callable[[Any], Outcome], probes: Sequence[Any], workers: int) -> list[Outcome]:
    """Outcomes in the order of the probes."""
    bar = partial(tqdm, total=len(probes), desc="searching", unit="probe", disable=None)
    if workers <= 1 or "fork" not in multiprocessing.get_all_start_methods():
        return list(bar(map(outcome, probes)))
    _SHARED[:] = [(outcome, probes)]
    with multiprocessing.get_context("fork").Pool(workers) as pool:  # forked: the gallery is there already
        return list(bar(pool.imap(_outcome, range(len(probes)), chunksize=16)))


_SHARED: list[tuple[Callable[[Any], Outcome], Sequence[Any]]] = []  # what forked processes work on


def _outcome(number: int) -> Outcome:
    outcome, probes = _SHARED[0]
    return outcome(probes[number])


def shown(made: Iterable[Made], real: Iterable[tuple[str, bool, Template]], size: int) -> Iterator[Shown]:
    """All impressions, with whose they are; arguments as `collected` has them."""
    for one in made:
        if one.template is not None:
            hand = one.finger % 2
            person = one.finger // 2 - hand  # a master and the next one's mirror image: its own would be as alike as it
            known, kind = one.finger < size, KINDS.get(one.impression, KINDS[ORDINARY_PROBE])
            first = known and one.impression == FIRST
            yield Shown(f"{person}", hand, one.impression, kind, one.template, enrolled=first, known=known)
    fingers: dict[str, int] = {}
    impressions: Counter[str] = Counter()
    for finger, first, template in real:  # sets have even numbers of fingers, so that nobody has fingers of two
        person, hand = divmod(fingers.setdefault(finger, len(fingers)), 2)
        impressions[finger] += 1
        yield Shown(f"real {person}", hand, impressions[finger], REAL, template, enrolled=first, known=True)


def by_two_fingers(gallery: Gallery, impressions: Sequence[Shown], given: argparse.Namespace) -> str:
    """The tables of searches by two fingers, without whose names."""
    people = People.of_references(gallery.matcher, enrolled(impressions), gallery.index)
    probes = list(person_probes(impressions))
    outcomes = searched(partial(_person_outcome, people=people), probes, given.workers)
    mated, others = (by_kind(probes, outcomes, mated=one) for one in (True, False))
    lines = [
        f"\nBy two fingers: {len(people.subjects):,} people, {len(mated['all']):,} mated pairs of probes, "
        f"{len(others['all']):,} of nobody enrolled",
        "",
        *fnir_table(mated, len(people.subjects), given.in_full),
        "",
        *fpir_table(others, len(people.subjects)),
    ]
    return "\n".join(lines)


def _person_outcome(probe: PersonProbe, people: People) -> Outcome:
    listed, mate, best = people.search(probe)
    return Outcome(0 if listed else max(SHORT_LISTS), mate, best)


def report(probes: Sequence[Probe], outcomes: Sequence[Outcome], enrolled: int, in_full: int, failed: int) -> str:
    """All tables."""
    mated = by_kind(probes, outcomes, mated=True)
    others = by_kind(probes, outcomes, mated=False)
    lines = [
        f"{enrolled:,} references, {in_full} of them compared in full, {len(mated['all']):,} mated probes, "
        f"{len(others['all']):,} of nobody enrolled; {failed} impressions failed to acquire",
        "",
        *missed_table(mated),
        "",
        *fnir_table(mated, enrolled, in_full),
        "",
        *fpir_table(others, enrolled),
    ]
    return "\n".join(lines)


def by_kind(
    probes: Sequence[Probe | PersonProbe], outcomes: Sequence[Outcome], *, mated: bool
) -> dict[str, list[Outcome]]:
    """The outcomes of mated probes, or of the others, by kind, and all of them."""
    chosen = [(one.kind, outcome) for one, outcome in zip(probes, outcomes, strict=True) if one.mated == mated]
    found = {kind: [outcome for of, outcome in chosen if of == kind] for kind in (*KINDS.values(), REAL)}
    return {kind: part for kind, part in found.items() if part} | {"all": [outcome for _, outcome in chosen]}


def missed_table(mated: dict[str, list[Outcome]]) -> list[str]:
    """Share of mates that are not on a list of so many."""
    lines = _head("pre-selection error, %", "probes", *(f"of {length}" for length in SHORT_LISTS))
    for kind, found in mated.items():
        missed = [sum(one.rank >= length for one in found) for length in SHORT_LISTS]
        lines.append(_line([kind, f"{len(found):,}", *(rate_words(count, len(found)) for count in missed)]))
    return lines


def fnir_table(mated: dict[str, list[Outcome]], enrolled: int, in_full: int) -> list[str]:
    """Share of mates that do not match, without and with the index."""
    columns = [f"{what}, FPIR {100 * fpir:g} %" for fpir in FPIRS for what in ("exact", "index")]
    lines = _head("FNIR, %", "probes", *columns)
    for kind, found in mated.items():
        cells = []
        for fpir in FPIRS:
            threshold = joint_threshold(fpir, enrolled)
            low = sum(one.mate < threshold for one in found)
            lost = sum(one.mate < threshold or one.rank >= in_full for one in found)
            cells += [rate_words(low, len(found)), rate_words(lost, len(found))]
        lines.append(_line([kind, f"{len(found):,}", *cells]))
    return lines


def fpir_table(others: dict[str, list[Outcome]], enrolled: int) -> list[str]:
    """How often a probe of nobody enrolled matches somebody, beside the rate that was asked for."""
    lines = _head("realised FPIR, %", "probes", *(f"nominal {100 * fpir:g} %" for fpir in FPIRS))
    for kind, found in others.items():
        counts = [sum(one.best >= joint_threshold(fpir, enrolled) for one in found) for fpir in FPIRS]
        lines.append(_line([kind, f"{len(found):,}", *(rate_words(count, len(found)) for count in counts)]))
    return lines


def rate_words(count: int, trials: int) -> str:
    """A share in per cent with its interval."""
    bounds = wilson(count, trials)
    return f"{100 * count / max(trials, 1):.2f} ({100 * bounds.low:.2f} to {100 * bounds.high:.2f})"


def wilson(count: int, trials: int, deviations: float = NORMAL_95) -> Interval:
    """The interval of a share; source: E. B. Wilson, JASA 22, 1927."""
    if not trials:
        return Interval(0.0, 1.0)
    share, z2 = count / trials, deviations**2
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = deviations / (1 + z2 / trials) * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2))
    return Interval(max(centre - half, 0.0), min(centre + half, 1.0))


def _head(*names: str) -> list[str]:
    return [_line(names), _line(["---"] * len(names))]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cache", type=Path, help="folder that tools/gallery.py filled")
    parser.add_argument("--gallery", type=int, default=GALLERY, help="synthetic fingers that are enrolled")
    parser.add_argument("--outsiders", type=int, default=OUTSIDERS, help="probes of nobody enrolled, at least")
    parser.add_argument("--real", type=Path, help="folder of folders of real prints")
    parser.add_argument("--ppi", type=float, help="their resolution, where the files state none")
    parser.add_argument("--index", default="ivf", help="exact, ivf, or what else FPVERIFY_INDEX takes")
    parser.add_argument("--in-full", type=int, default=20, help="references of a list that are compared in full")
    parser.add_argument("--write", action="store_true", help="keep the pre-selection error beside the model's card")
    parser.add_argument("--model", help="shipped name or folder; the release if not given")
    parser.add_argument("--workers", type=int, default=Settings().processes, help="processes")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
