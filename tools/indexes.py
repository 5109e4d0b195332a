"""What indexes cost: time and memory of each, by the number of references.

    python tools/indexes.py CACHE [--references 1000 10000 100000] [--fingers 300] [--only exact|ivf] [--model NAME|DIR]

References are templates that a model of synthetic prints draws (`modelled`); those prints are kept in CACHE, and
some of them are the probes. Printed as Markdown: seconds to add all, a thousand at a time; milliseconds to add one
more, to remove one, and to propose the likeliest to a probe; bytes of memory a reference. All on one core, in CPU time,
and with what extracting one print takes in the same run, by which machines can be told apart.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy comes

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from modelled import TemplateModel
from preselection import BLOCK, indexes
from synthetic_prints import Prints, synthetic_templates

from fpverify.matching import Matcher
from fpverify.search.index import Index
from fpverify.search.register import COMPARED_IN_FULL
from fpverify.settings import Settings
from fpverify.synthesis.dataset import synthesise
from fpverify.vocabulary import Template

SEED = 53261124  # of the prints: neither training nor calibration nor the codebook draws from it
MODELLED_SEED = 3  # of the templates that are drawn
CHANGED = 50  # references that are added and removed one by one
SECONDS = 2.0  # of searching, at least
HEADS = ("references", "index", "add all, s", "add one, ms", "remove one, ms", "a probe, ms", "KB a reference")


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a line for each index and size."""
    given = _parsed(arguments)
    matcher = Matcher.load(given.model)
    prints = Prints(SEED, given.fingers, 1, given.model)
    probes = [template for _, template in synthetic_templates(prints, given.cache, given.workers)]
    model = TemplateModel.of(probes)
    print(f"Extracting a print takes {extraction_ms(matcher):.1f} ms.\n\n| {' | '.join(HEADS)} |")
    print(f"|{' --- |' * len(HEADS)}", flush=True)
    for count in given.references:
        for index in indexes(matcher.bundle, given.only):
            figures = measured(index, model, count, probes)
            print(f"| {count:,} | {index.name} | {' | '.join(f'{one:.3g}' for one in figures)} |", flush=True)
    return 0


def measured(index: Index, model: TemplateModel, count: int, probes: Sequence[Template]) -> tuple[float, ...]:
    """The figures of a line, for an empty index."""
    before, add_s = _resident(), 0.0
    for start in range(0, count, BLOCK):
        block = list(model.templates(min(BLOCK, count - start), MODELLED_SEED, start))
        add_s += _cpu_s(partial(index.add, range(start, start + len(block)), block))
    size = (_resident() - before) / count / 1000
    added = [partial(index.add, [2 * count + k], [template]) for k, template in enumerate(probes[:CHANGED])]
    removed = [partial(index.remove, [2 * count + k]) for k in range(len(added))]
    add_one, remove_one = (1000 * sum(map(_cpu_s, jobs)) / len(jobs) for jobs in (added, removed))
    return add_s, add_one, remove_one, search_ms(index, probes), size


def search_ms(index: Index, probes: Sequence[Template]) -> float:
    """Mean of as many searches as `SECONDS` allow."""
    index.likeliest(probes[0], COMPARED_IN_FULL)
    done, taken = 0, 0.0
    while taken < SECONDS:
        probe = probes[done % len(probes)]
        taken += _cpu_s(partial(index.likeliest, probe, COMPARED_IN_FULL))
        done += 1
    return 1000 * taken / done


def extraction_ms(matcher: Matcher) -> float:
    """Of a print that is in memory."""
    scans = [made.scan for made in synthesise(5, 1, SEED)]
    matcher.template(scans[0])
    return 1000 * _cpu_s(lambda: [matcher.template(scan) for scan in scans]) / len(scans)


def _cpu_s(job: Callable[[], object]) -> float:
    start = time.process_time()
    job()
    return time.process_time() - start


def _resident() -> int:
    """Bytes of memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cache", type=Path, help="folder of templates; made if missing")
    parser.add_argument("--references", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--fingers", type=int, default=300, help="synthetic ones, that the model is fitted on")
    parser.add_argument("--only", choices=("exact", "ivf"), help="one index")
    parser.add_argument("--model", help="shipped name or folder; the release if not given")
    parser.add_argument("--workers", type=int, default=Settings().processes, help="processes that synthesise")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
