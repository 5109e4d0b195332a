"""Doddington's zoo: how unevenly false matches are spread, by a million comparisons of synthetic prints.

    python tools/wolves.py CACHE [--prints 1000] [--others 1000] [--model NAME|DIR] [--workers N]

Each print is compared with each of the others, all of different fingers that neither training nor calibration saw.
CACHE is a folder where their templates are kept for the next call. Printed as Markdown, for thresholds of a stated FMR
of 1, 0.1 and 0.01 %: what is realised, what share of the others the worst print matches, how many prints match more
than 1 % of them, how many would if all prints were alike, and what share of all false matches the worst hundredth of
the prints makes. Drawing takes 0.13 s of CPU a finger, comparing half a millisecond a comparison.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from synthetic_prints import Prints, synthetic_templates
from tqdm import tqdm

from fpverify.comparison import prepare_template, similarities
from fpverify.evaluation.rates.distributions import binomial_tail
from fpverify.matching import Matcher
from fpverify.vocabulary import Scores, Template

SEED = 81261124  # neither training nor calibration nor another tool draws from it
RATES = (0.01, 0.001, 0.0001)
MANY = 0.01  # of the others; a print that matches more is a wolf
WORST = 0.01  # of the prints
CHUNK = 50  # prints that a process compares at a time: half a minute


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cache", type=Path, help="folder of templates")
    parser.add_argument("--prints", type=int, default=1000)
    parser.add_argument("--others", type=int, default=1000)
    parser.add_argument("--model", help="shipped name or folder; the release if not given")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    given = parser.parse_args(arguments)
    wanted = given.prints + given.others
    drawn = synthetic_templates(Prints(SEED, wanted, 1, given.model), given.cache, given.workers)
    templates = [template for _, template in islice(drawn, wanted)]
    prints, others = templates[: given.prints], templates[given.prints :]
    scores = np.stack(list(compared(prints, others, given.model, given.workers)))
    points = [(rate, Matcher.load(given.model).operating_point(rate).threshold) for rate in RATES]
    print("\n".join(table(scores, points)))
    return 0


def compared(
    prints: Sequence[Template], others: Sequence[Template], model: str | None, workers: int
) -> Iterator[Scores]:
    """The scores (k,) of each print with the k others."""
    chunks = [prints[start : start + CHUNK] for start in range(0, len(prints), CHUNK)]
    job = partial(_scores, others=others, model=model)
    if workers <= 1:
        yield from chain.from_iterable(tqdm(map(job, chunks), total=len(chunks), disable=None))
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from chain.from_iterable(tqdm(pool.map(job, chunks), total=len(chunks), disable=None))


def table(scores: Scores, points: Iterable[tuple[float, float]]) -> Iterator[str]:
    """Lines of Markdown.

    Args:
        scores: (prints, others).
        points: stated rates and their thresholds.
    """
    yield "| stated FMR | realised | the worst print | more than 1 % | if all were alike | of the worst hundredth |"
    yield "|---|---|---|---|---|---|"
    for rate, threshold in points:
        matched = (scores >= threshold).sum(1)
        realised = matched.sum() / scores.size
        alike = len(matched) * expected_wolves(scores.shape[1], realised)
        worst = np.sort(matched)[::-1][: max(1, round(WORST * len(matched)))].sum() / max(1, matched.sum())
        cells = (
            f"{100 * rate:g} %",
            f"{100 * realised:.3g} %",
            f"{100 * matched.max() / scores.shape[1]:.1f} %",
            f"{int((matched > MANY * scores.shape[1]).sum())} of {len(matched)}",
            f"{alike:.2g}",
            f"{100 * worst:.0f} %",
        )
        yield f"| {' | '.join(cells)} |"


def expected_wolves(others: int, rate: float) -> float:
    """The chance that a print like all others matches more than `MANY` of them."""
    return float(binomial_tail(int(MANY * others) + 1, others, rate))


def _scores(prints: Sequence[Template], others: Sequence[Template], model: str | None) -> Scores:
    """(prints, others)."""
    matcher, prepared = Matcher.load(model), [prepare_template(one) for one in others]
    raw = [similarities(one, prepared, alignment=matcher.bundle.alignment) for one in prints]
    return matcher.calibration.scores(np.stack(raw))


if __name__ == "__main__":
    sys.exit(main())
