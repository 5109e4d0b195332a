"""Fingers that are enrolled twice: of planted doubles, those that `fpverify deduplicate` finds, and what it costs.

    python tools/doubles.py CACHE [--references 20000] [--doubles 50] [--pairs 0.1] [--workers N] [--work DIR]

CACHE was filled by `tools/gallery.py`. Enrolled are first impressions of synthetic fingers, and for the doubles
another, ordinary impression of some of these under an id of its own; which, a seed says. Printed are the doubles that
were found and their lowest scores, the pairs of different fingers beside the number that was asked for, and CPU and
wall time beside those of an identification without extraction.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy comes: one core a process

import numpy as np
from gallery import FIRST, ORDINARY_PROBE, GalleryCache
from tqdm import tqdm

from fpverify.executors import local_workforce
from fpverify.matching import Matcher
from fpverify.search.doubles import DuplicatePair, pair_threshold
from fpverify.settings import Settings
from fpverify.store import Store
from fpverify.verifier import Verifier
from fpverify.vocabulary import Template

FINGER = "unknown"
AT_ONCE = 500  # references kept in one change
IDENTIFICATIONS = 50  # that are timed
SEED = 61261128


def main(arguments: Sequence[str] | None = None) -> int:
    """Fills a store, searches it, and prints what was found."""
    given = _parsed(arguments)
    with tempfile.TemporaryDirectory(dir=given.work) as folder:
        store = Store.open(Path(folder) / "db", key="none")
        with Verifier(store, Matcher.load(), 0.001) as verifier:
            planted = filled(store, GalleryCache.of(given.cache, verifier.matcher.bundle), given)
            print(report(verifier, planted, given), flush=True)
    return 0


def filled(store: Store, cache: GalleryCache, given: argparse.Namespace) -> set[frozenset[str]]:
    """Enrolls the references; the ids of the fingers that are in the store twice."""
    first: dict[int, Template] = {}
    again: dict[int, Template] = {}
    for one in cache.all():
        if one.template is not None and one.impression in {FIRST, ORDINARY_PROBE}:
            (first if one.impression == FIRST else again)[one.finger] = one.template
    chosen = dict(islice(first.items(), given.references - given.doubles))
    able = sorted(chosen.keys() & again.keys())
    if len(chosen) + given.doubles < given.references or len(able) < given.doubles:
        raise SystemExit(f"{cache.folder}: too few templates; make more with tools/gallery.py")
    doubled = np.random.default_rng(SEED).choice(able, given.doubles, replace=False).tolist()
    rows = [(f"finger-{number}", FINGER, one) for number, one in chosen.items()]
    rows += [(f"again-{number}", FINGER, again[number]) for number in doubled]
    for start in tqdm(range(0, len(rows), AT_ONCE), desc="enrolling", unit=f"{AT_ONCE} references", disable=None):
        store.add_many(rows[start : start + AT_ONCE])
    return {frozenset((f"finger-{number}", f"again-{number}")) for number in doubled}


def report(verifier: Verifier, planted: set[frozenset[str]], given: argparse.Namespace) -> str:
    """The lines that are printed."""
    one_ms = 1000 * identification_s(verifier)
    began, cpu = time.perf_counter(), cpu_s()
    with local_workforce(given.workers) as workforce:
        found = list(searched(verifier, given, workforce))
    wall_s, spent_s = time.perf_counter() - began, cpu_s() - cpu
    pairs = {frozenset((one.subject, one.other_subject)): one.score.value for one in found}
    true, false = pairs.keys() & planted, pairs.keys() - planted
    lowest = ", ".join(f"{score:.0f}" for score in sorted(pairs[one] for one in true)[:5])
    return "\n".join(
        [
            f"{given.references:,} references, threshold {pair_threshold(given.pairs, given.references):.1f}",
            f"doubles found: {len(true)} of {len(planted)}; the lowest scores {lowest}",
            f"pairs of different fingers: {len(false)}, expected {given.pairs:g}",
            f"{wall_s:.0f} s by the clock on {given.workers} processes, {spent_s:.0f} s of CPU, "
            f"{1000 * spent_s / given.references:.1f} ms a reference; an identification without extraction takes "
            f"{one_ms:.1f} ms",
        ]
    )


def searched(verifier: Verifier, given: argparse.Namespace, workforce: object) -> Iterator[DuplicatePair]:
    """All pairs, with a bar."""
    every = verifier.duplicates(pairs=given.pairs, workforce=workforce)  # type: ignore[arg-type]
    for _, pairs in tqdm(every, total=given.references, desc="searching", disable=None):
        yield from pairs


def identification_s(verifier: Verifier) -> float:
    """CPU of a search with a template, in the process that asks; the first one reads the index."""
    (register,) = verifier.enrolled.registers
    probes = [one.template for _, one in islice(verifier.store.enrolled(), IDENTIFICATIONS + 1)]
    register.identify(probes[0], top=5, fpir=0.01)
    began = time.process_time()
    for probe in probes[1:]:
        register.identify(probe, top=5, fpir=0.01)
    return (time.process_time() - began) / max(1, len(probes) - 1)


def cpu_s() -> float:
    """Of this process and those it has waited for."""
    own, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", 1)[0])
    parser.add_argument("cache", type=Path, help="that tools/gallery.py filled")
    parser.add_argument("--references", type=int, default=20_000)
    parser.add_argument("--doubles", type=int, default=50)
    parser.add_argument("--pairs", type=float, default=0.1, help="false ones to be expected")
    parser.add_argument("--workers", type=int, default=Settings().processes)
    parser.add_argument("--work", type=Path, help="folder for the store; the system's temporary one if not given")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
