"""The table of error rates for README.md: every set of prints below a folder, by the dense protocol.

    python tools/accuracy.py SETS --ppi 500 [--model NAME|DIR] [--fmr 0.001]

A set is a folder of `<finger>_<impression>` images. FMR and FNMR are those at the model's own threshold for `--fmr`;
the last line pools the comparisons of all sets at that one threshold. Printed as Markdown, rates in per cent.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fpverify.evaluation import Matcher, evaluate
from fpverify.evaluation.pooling import pooled
from fpverify.evaluation.summary import metrics
from fpverify.vocabulary import Evaluation, OperatingPoint

Figures = dict[str, Any]

COLUMNS = ("eer", "fmr100", "fmr1000", "fta", "fmr", "fnmr")


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluates the sets and prints the table."""
    given = _parsed(arguments)
    sets = sorted(path for path in given.sets.iterdir() if path.is_dir())
    point = Matcher.load(given.model).operating_point(given.fmr)
    done = [evaluate(path, model=given.model, ppi=given.ppi, progress=True) for path in sets]
    print(table(done, point))
    return 0


def table(evaluations: Sequence[Evaluation], point: OperatingPoint) -> str:
    """The table: a line a set, their mean, and all comparisons pooled at one threshold."""
    figures = {one.name: metrics(one, point) for one in evaluations}
    mean = {column: float(np.mean([row[column] for row in figures.values()])) for column in COLUMNS}
    heads = ("set", "EER", "FMR100", "FMR1000", "FTA", f"FMR at {100 * point.target_fmr:g} %", "FNMR there")
    lines = [_line(heads), _line(["---"] * len(heads))]
    lines += [_line([name, *_percents(row)]) for name, row in figures.items()]
    lines += [
        _line(["**mean**", *_percents(mean)]),
        _line(["**pooled**", *_percents(pooled_figures(evaluations, point))]),
    ]
    return "\n".join(lines)


def pooled_figures(evaluations: Sequence[Evaluation], point: OperatingPoint) -> Figures:
    """FTA, FMR and FNMR over the comparisons of all sets at one threshold."""
    figures = metrics(pooled(evaluations), point)
    return {rate: figures[rate] for rate in ("fta", "fmr", "fnmr")}


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
