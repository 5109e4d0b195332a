"""The tables of error rates for README.md and docs: every set of prints below a folder, by the dense protocol.

    python tools/accuracy.py SETS --ppi 500 [--model NAME|DIR] [--fmr 0.001]

A set is a folder of `<finger>_<impression>` images. FMR and FNMR are those at the model's own threshold for `--fmr`;
the last line pools the comparisons of all sets at that one threshold. A second table puts rates that were asked for
beside those that were realised, all sets pooled. Printed as Markdown, rates in per cent, intervals of 95 % by fingers.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fpverify.evaluation import evaluate
from fpverify.evaluation.rates.pooling import pooled
from fpverify.evaluation.rates.reliability import reliability
from fpverify.evaluation.rates.summary import metrics
from fpverify.matching import Matcher
from fpverify.vocabulary import Evaluation, Interval, OperatingPoint

Figures = dict[str, Any]

ASKED_FOR = (0.05, 0.01, 0.001, 0.0005)  # rates of the second table
COLUMNS = ("eer", "fmr100", "fmr1000", "fmr", "fnmr", "fta")


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluates the sets and prints the table."""
    given = _parsed(arguments)
    sets = sorted(path for path in given.sets.iterdir() if path.is_dir())
    matcher = Matcher.load(given.model)
    point = matcher.operating_point(given.fmr)
    done = [evaluate(path, model=given.model, ppi=given.ppi, progress=True) for path in sets]
    print(table(done, point))
    print()
    print(operating_points(pooled(done), [matcher.operating_point(rate) for rate in ASKED_FOR]))
    return 0


def table(evaluations: Sequence[Evaluation], point: OperatingPoint) -> str:
    """The table: a line a set, their mean, and all comparisons pooled at one threshold."""
    figures = {one.name: metrics(one, point) for one in evaluations}
    mean = {column: float(np.mean([row[column] for row in figures.values()])) for column in COLUMNS}
    heads = ("set", "EER", "FMR100", "FMR1000", f"FMR at {100 * point.target_fmr:g} %", "FNMR there", "FTA")
    lines = [_line(heads), _line(["---"] * len(heads))]
    lines += [_line([name, *_percents(row)]) for name, row in figures.items()]
    lines += [
        _line(["**mean**", *_percents(mean)]),
        _line(["**pooled**", *_percents(pooled_figures(evaluations, point))]),
    ]
    return "\n".join(lines)


def pooled_figures(evaluations: Sequence[Evaluation], point: OperatingPoint) -> Figures:
    """FMR, FNMR and FTA over the comparisons of all sets at one threshold."""
    figures = metrics(pooled(evaluations), point)
    return {rate: figures[rate] for rate in ("fmr", "fnmr", "fta")}


def operating_points(evaluation: Evaluation, points: Sequence[OperatingPoint]) -> str:
    """A line for each rate that was asked for: what the card measured, and what these sets realise."""
    heads = ("FMR asked for", "synthetic: FMR", "FNMR", "real: FMR", "FNMR")
    realised = reliability(evaluation, [point.target_fmr for point in points])
    rows = [
        (
            f"{100 * point.target_fmr:g}",
            f"{100 * point.fmr:.3g}",
            f"{100 * point.fnmr:.3g}",
            _within(here.realised, here.interval),
            _within(here.fnmr, here.fnmr_interval),
        )
        for point, here in zip(points, realised, strict=False)
    ]
    return "\n".join([_line(heads), _line(["---"] * len(heads)), *map(_line, rows)])


def _within(rate: float, interval: Interval) -> str:
    return f"{100 * rate:.2f} ({100 * interval.low:.2f} to {100 * interval.high:.2f})"


def _percents(figures: Figures) -> list[str]:
    return [f"{100 * figures[column]:.2f}" if column in figures else "" for column in COLUMNS]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path, help="folder of folders of prints")
    parser.add_argument("--ppi", type=float, help="resolution, where the files state none")
    parser.add_argument("--model", help="shipped name or folder; the release if not given")
    parser.add_argument("--fmr", type=float, default=0.001, help="rate whose threshold is applied")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
