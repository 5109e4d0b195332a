"""evaluate: the error rates of a model on a folder of prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fpverify.cli.options import FMR, FOLDER, JSON, MODEL, PPI, WORKERS, options
from fpverify.cli.words import counted, percent, print_facts, print_json
from fpverify.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

PROTOCOLS = ("dense", "fvc")
PICTURES = (".png", ".svg", ".pdf")
SHOWN_FAILURES = 3  # the metrics file has all of them


class OutputFile(click.ParamType):  # type: ignore[type-arg]  # not generic before click 8.3
    """A file to be written; its folder has to exist before the long work begins."""

    name = "file"

    def __init__(self, endings: tuple[str, ...] = ()) -> None:
        self._endings = endings

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path; one that cannot be written is wrong use."""
        path = Path(value)
        if self._endings and path.suffix.lower() not in self._endings:
            self.fail(f"{value!r} ends in none of {', '.join(self._endings)}", param, ctx)
        if path.is_dir() or not path.parent.is_dir():
            self.fail(f"{value!r} cannot be written: {_obstacle(path)}", param, ctx)
        return path


@click.command(
    "evaluate",
    epilog="""\b
Examples:
  fpverify evaluate prints --ppi 500
  fpverify evaluate prints --protocol fvc --scores scores.csv --metrics metrics.json --roc roc.png
""",
)
@options(
    FOLDER,
    click.option("--protocol", type=click.Choice(PROTOCOLS), default="dense", show_default=True, help="Which pairs."),
    FMR,
    PPI,
    click.option("--scores", type=OutputFile(), metavar="CSV", help="Write every comparison here."),
    click.option("--metrics", type=OutputFile(), metavar="JSON", help="Write all figures here."),
    click.option("--roc", type=OutputFile(PICTURES), metavar="PNG", help="Draw the ROC here, threshold marked."),
    MODEL,
    WORKERS,
    JSON,
)
def evaluate_command(
    *,
    folder: str,
    protocol: str,
    fmr: float | None,
    ppi: float | None,
    scores: Path | None,
    metrics: Path | None,
    roc: Path | None,
    model: str | None,
    workers: int | None,
    as_json: bool,
) -> None:
    """Compare all prints of a folder and measure the error rates.

    Files are named <finger>_<impression>, such as 101_3.png. Protocol dense compares every impression with every other;
    fvc compares those of one finger, and the first ones of different fingers.
    """
    from fpverify.evaluation.matching import Matcher
    from fpverify.evaluation.plots import plot_roc
    from fpverify.evaluation.scores_file import write_scores
    from fpverify.evaluation.summary import metrics as figures_of
    from fpverify.verifier import evaluate

    settings = load_settings(fmr=fmr, ppi=ppi, model=model, workers=workers)
    point = Matcher.load(settings.model).operating_point(settings.fmr)
    evaluation = evaluate(
        folder,
        model=settings.model,
        protocol=protocol,  # type: ignore[arg-type]  # one of PROTOCOLS
        ppi=settings.ppi,
        workers=settings.processes,
        progress=True,
    )
    figures = figures_of(evaluation, point)
    if scores:
        write_scores(evaluation, scores)
    if metrics:
        metrics.write_text(json.dumps(figures, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    if roc:
        plot_roc(evaluation, point.threshold, roc)
    if as_json:
        print_json(figures)
    else:
        print_figures(folder, figures)


def print_figures(folder: str, figures: Mapping[str, Any]) -> None:
    """The error rates of a set as a small table."""
    click.echo(
        f"{folder}: {counted(figures['scans'], 'scan')}, {figures['mated']:,} mated and {figures['non_mated']:,} "
        f"non-mated comparisons ({figures['protocol']})"
    )
    unsupported = "" if figures["fmr1000_supported"] else " (too few comparisons to support it)"
    print_facts(
        [
            ("EER", percent(figures["eer"])),
            ("FMR100", percent(figures["fmr100"])),
            ("FMR1000", percent(figures["fmr1000"]) + unsupported),
            ("ZeroFMR", percent(figures["zerofmr"])),
            ("FTA", percent(figures["fta"]) + _failed(figures["failures"])),
            ("threshold", f"{figures['threshold']:.1f}, for a false match rate of {percent(figures['target_fmr'])}"),
            ("FMR", f"{_with_interval(figures, 'fmr')}, FAR {percent(figures['far'])}"),
            ("FNMR", f"{_with_interval(figures, 'fnmr')}, FRR {percent(figures['frr'])}"),
            ("model", figures["model"]),
        ]
    )


def _with_interval(figures: Mapping[str, Any], rate: str) -> str:
    interval = figures[f"{rate}_interval"]
    return f"{percent(figures[rate])} ({100 * interval['low']:.3g} to {percent(interval['high'])})"


def _failed(failures: Mapping[str, str]) -> str:
    names = sorted(failures)
    more = f" and {len(names) - SHOWN_FAILURES} more" if len(names) > SHOWN_FAILURES else ""
    return f": {', '.join(names[:SHOWN_FAILURES])}{more}" if names else ""


def _obstacle(path: Path) -> str:
    return "it is a folder" if path.is_dir() else f"there is no folder {str(path.parent)!r}"
