"""How often an index leaves the mate out: real prints, each among the others and many synthetic ones.

    python tools/preselection.py SETS CACHE --ppi 500 [--fingers 2000] [--model NAME|DIR] [--write]

SETS is a folder of folders of `<finger>_<impression>` images; CACHE is a folder where templates of synthetic fingers
are kept for the next call. Every print is once the probe; its mates are the other impressions of its finger, one at a
time, among the prints of all other fingers and an impression of each of so many unseen fingers. Printed as Markdown for
every index, rates in per cent: for shortlists of several lengths their share of the gallery (the penetration rate), and
the share of mates that are not on them (the pre-selection error, ISO/IEC 19795-1). CPU time is that of adding all and
of all searches. With `--write` the errors are kept beside the model's codebook, from where answers state them; real
prints that others published say how an index does, and decide nothing about it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from synthetic_prints import Prints, synthetic_templates
from tqdm import tqdm

from fpverify.errors import FailureToAcquire
from fpverify.evaluation.sets.layout import Print, find_sets, read_set
from fpverify.matching import Matcher
from fpverify.models import Bundle, write_search_files
from fpverify.scans import read_scan
from fpverify.search.index import Index
from fpverify.search.index.codebook import Codebook
from fpverify.search.index.exact import ExactIndex
from fpverify.search.index.inverted import InvertedIndex
from fpverify.search.index.preselection import FILE, Measured, decoded, encoded
from fpverify.search.register import COMPARED_IN_FULL
from fpverify.settings import Settings
from fpverify.vocabulary import Template

SEED = 51261124  # of the synthetic fingers: neither training nor calibration nor the codebook draws from it
SHORTLISTS = (1, 5, 10, COMPARED_IN_FULL, 64)
BLOCK = 1000  # templates that an index is given at a time

Ranks = NDArray[np.intp]


def main(arguments: Sequence[str] | None = None) -> int:
    """Extracts everything, looks, and prints the tables."""
    given = _parsed(arguments)
    matcher = Matcher.load(given.model)
    sets = [read_set(folder, ppi=given.ppi) for folder in find_sets([given.sets])]
    own = [(f"{one.name}/{print_.finger}", print_) for one in sets for print_ in one.prints]
    real = list(extracted(matcher, own))
    others = strangers(given)
    fingers, templates = [finger for finger, _ in real], [template for _, template in real]
    measured = []
    for index in indexes(matcher.bundle, given.only):
        start = time.process_time()
        ranks = ranks_of_mates(fingers, templates, others, index)
        cpu_ms = 1000 * (time.process_time() - start) / len(templates)
        print(f"{index.name}, {cpu_ms:.1f} ms of CPU a probe: {table(ranks, len(index))}\n", flush=True)
        missed = int((ranks >= COMPARED_IN_FULL).sum())
        measured.append(Measured(index.name, len(index), COMPARED_IN_FULL, len(ranks), missed))
    if given.write:
        keep(matcher.bundle, measured)
    return 0


def indexes(bundle: Bundle, only: str | None = None) -> Iterator[Index]:
    """Empty ones of every kind that the model has, or of the one of that name."""
    codebook = Codebook.of(bundle)
    if only != "ivf":
        yield ExactIndex()
    if only != "exact" and codebook is not None:
        yield InvertedIndex(codebook)


def ranks_of_mates(
    fingers: Sequence[str], templates: Sequence[Template], others: Sequence[Template], index: Index
) -> Ranks:
    """How many non-mated references an index prefers to each mate, over all probes; those it leaves out rank last.

    Args:
        fingers: of `templates`.
        templates: each is once the probe.
        others: of further fingers.
        index: empty; holds all of them afterwards.
    """
    everybody = [*templates, *others]
    for start in range(0, len(everybody), BLOCK):
        block = everybody[start : start + BLOCK]
        index.add(range(start, start + len(block)), block)
    ranks: list[int] = []
    most = max(SHORTLISTS) + max(map(fingers.count, set(fingers)), default=0)
    for number, template in enumerate(tqdm(templates, desc=index.name, disable=None)):
        mates = [k for k, finger in enumerate(fingers) if finger == fingers[number] and k != number]
        proposed = [one for one in index.likeliest(template, most) if one != number]
        ranks += [_rank(mate, proposed, set(mates), len(everybody)) for mate in mates]
    return np.array(ranks, np.intp)


def _rank(mate: int, proposed: Sequence[int], mates: set[int], last: int) -> int:
    if mate not in proposed:
        return last
    return sum(one not in mates for one in proposed[: proposed.index(mate)])


def table(ranks: Ranks, gallery: int) -> str:
    """A line for each length of the shortlist."""
    lines = ["| shortlist | penetration rate | pre-selection error |", "| --- | --- | --- |"]
    for length in SHORTLISTS:
        missed = float((ranks >= length).mean())
        lines.append(f"| {length} | {100 * length / gallery:.2f} | {100 * missed:.2f} |")
    return "\n".join([f"{len(ranks):,} probes and mates, {gallery:,} references", "", *lines])


def keep(bundle: Bundle, measured: Sequence[Measured]) -> None:
    """Writes the figures beside the codebook, in the place of those of the same index and size."""
    known = decoded(bundle.content(FILE), FILE) if FILE in bundle.card.search_files else []
    new = {(one.index, one.references): one for one in [*known, *measured]}
    write_search_files(bundle, {FILE: encoded(list(new.values()), "python tools/preselection.py --write")})


def extracted(matcher: Matcher, prints: Iterable[tuple[str, Print]]) -> Iterator[tuple[str, Template]]:
    """Fingers and templates of the prints that are acquired; the others are said."""
    for finger, one in tqdm(prints, desc="real", disable=None):
        try:
            yield finger, matcher.template(read_scan(one.path, ppi=one.ppi))
        except FailureToAcquire as failure:
            print(failure, file=sys.stderr)


def strangers(given: argparse.Namespace) -> list[Template]:
    """Synthetic prints, one of each finger."""
    prints = Prints(SEED, given.fingers, 1, given.model)
    return [template for _, template in synthetic_templates(prints, given.cache, given.workers)]


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path, help="folder of folders of prints")
    parser.add_argument("cache", type=Path, help="folder of templates; made if missing")
    parser.add_argument("--ppi", type=float, help="resolution, where the files state none")
    parser.add_argument("--fingers", type=int, default=2000, help="synthetic ones in the gallery")
    parser.add_argument("--model", help="shipped name or folder; the release if not given")
    parser.add_argument("--workers", type=int, default=Settings().processes, help="processes that synthesise")
    parser.add_argument("--only", choices=("exact", "ivf"), help="one index")
    parser.add_argument("--write", action="store_true", help="keep the errors beside the codebook")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
