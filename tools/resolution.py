"""What a wrong resolution costs: the realised error rates when all scans are read at so many times their resolution.

    python tools/resolution.py SETS --ppi 500      # folders of real prints, and what they truly have
    python tools/resolution.py --synthetic         # unseen synthetic fingers, a set for each simulated sensor

All of a set is read at the wrong resolution, by the dense protocol. Printed as Markdown, rates in per cent: the mean
of the sets' EER, then, all sets pooled, the false match rates that are realised where 1 % and 0.1 % were asked for, the
FNMR there, and FTA; last how many of the sets are doubted by their ridges.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fpverify.evaluation.rates.error_rates import equal_error_rate
from fpverify.evaluation.rates.pooling import pooled
from fpverify.evaluation.runner import Runner
from fpverify.evaluation.sets.layout import find_sets, read_set
from fpverify.evaluation.sets.protocol import set_plan
from fpverify.settings import Settings
from fpverify.synthesis.dataset import write_ridges
from fpverify.synthesis.sensor import SENSORS
from fpverify.vocabulary import Evaluation

SEED = 31261900  # of the synthetic sets: neither training nor calibration draws from it
FINGERS, IMPRESSIONS = 40, 3  # of each synthetic set: 360 mated and 21,060 non-mated pairs in three
SYNTHETIC_PPI = 500.0
FACTORS = (0.8, 0.84, 0.87, 0.9, 0.95, 1.0, 1.05, 1.1, 1.15, 1.19, 1.25)  # of the true resolution
ASKED_FOR = (0.01, 0.001)  # false match rates
HEADS = ("read at", "mean EER", "FMR at 1 %", "FMR at 0.1 %", "FNMR at 1 %", "FNMR at 0.1 %", "FTA", "sets doubted")


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluates the sets at every factor and prints the table, line by line."""
    given = _parsed(arguments)
    runner = Runner(model=given.model, workers=given.workers)
    with tempfile.TemporaryDirectory() as place:
        if not given.sets:
            synthetic_sets(Path(place), given.fingers, given.workers)
        sets, ppi = find_sets([given.sets or place]), given.ppi or SYNTHETIC_PPI
        print(f"{_line(HEADS)}\n{_line(['---'] * len(HEADS))}", flush=True)
        for factor in given.factors:
            done = [runner.evaluate(set_plan(read_set(one, ppi=factor * ppi))) for one in sets]
            print(row(factor, done), flush=True)
    return 0


def row(factor: float, done: Sequence[Evaluation]) -> str:
    """A line of the table."""
    together = pooled(done)
    mated, non_mated = together.mated_scores, together.non_mated_scores
    thresholds = [-10 * np.log10(rate) for rate in ASKED_FOR]
    eer = np.mean([equal_error_rate(one.mated_scores, one.non_mated_scores) for one in done])
    cells = [
        f"{factor:g} times",
        f"{100 * eer:.2f}",
        *(f"{100 * np.mean(non_mated >= threshold):.2f}" for threshold in thresholds),
        *(f"{100 * np.mean(mated < threshold):.2f}" for threshold in thresholds),
        f"{100 * len(together.failures) / len(together.scans):.2f}",
        f"{sum(one.resolution is not None and one.resolution.doubtful for one in done)} of {len(done)}",
    ]
    return _line(cells)


def synthetic_sets(folder: Path, fingers: int, workers: int) -> None:
    """Unseen synthetic fingers: a set for each simulated sensor."""
    for number, sensor in enumerate(SENSORS):
        seed = SEED + number
        write_ridges(
            folder / sensor, fingers=fingers, impressions=IMPRESSIONS, seed=seed, workers=workers, sensor=sensor
        )


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("sets", type=Path, nargs="?", help="folder of folders of prints")
    which.add_argument("--synthetic", action="store_true", help="make sets of unseen synthetic fingers")
    parser.add_argument("--ppi", type=float, help="the true resolution, where the files state none")
    parser.add_argument("--fingers", type=int, default=FINGERS, help="of each synthetic set")
    parser.add_argument("--factors", type=float, nargs="+", default=FACTORS, help="of the true resolution")
    parser.add_argument("--model", help="shipped name or folder; the release if not given")
    parser.add_argument("--workers", type=int, default=Settings().processes, help="processes")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
