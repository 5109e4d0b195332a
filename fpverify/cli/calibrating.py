"""calibrate: what a model's scores mean on the operator's own sensor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fpverify.cli.measurement import PICTURES, PROTOCOLS, OutputFile
from fpverify.cli.options import FOLDER, JSON, MODEL, PPI, WORKERS, options
from fpverify.cli.words import counted, percent, percent_within, print_json, print_table
from fpverify.settings import load_settings

if TYPE_CHECKING:
    from fpverify.evaluation.reliability import ReliabilityPoint
    from fpverify.evaluation.sensor_fit import SensorFit


@click.command(
    "calibrate",
    epilog="""\b
Examples:
  fpverify calibrate prints --out door.yaml
  fpverify verify scan.bmp --id A --calibration door.yaml
""",
)
@options(
    FOLDER,
    click.option("--out", required=True, type=OutputFile((".yaml", ".yml")), metavar="YAML", help="Write it here."),
    click.option("--protocol", type=click.Choice(PROTOCOLS), default="dense", show_default=True, help="Which pairs."),
    click.option("--plot", type=OutputFile(PICTURES), metavar="PNG", help="Draw nominal against realised FMR here."),
    PPI,
    MODEL,
    WORKERS,
    JSON,
)
def calibrate_command(
    *,
    folder: str,
    out: Path,
    protocol: str,
    plot: Path | None,
    ppi: float | None,
    model: str | None,
    workers: int | None,
    as_json: bool,
) -> None:
    """Fit a calibration to prints of your own sensor, and see how wrong the shipped one would have been.

    At least ten fingers with two impressions each; the more fingers, the lower the error rates it supports.
    """
    from fpverify.evaluation.matching import Matcher
    from fpverify.evaluation.plots import plot_reliability
    from fpverify.evaluation.runner import compare_folder
    from fpverify.evaluation.sensor_fit import fields, fit_sensor

    settings = load_settings(ppi=ppi, model=model, workers=workers)
    raw = compare_folder(
        folder,
        model=settings.model,
        protocol=protocol,  # type: ignore[arg-type]  # one of PROTOCOLS
        ppi=settings.ppi,
        workers=settings.processes,
        progress=True,
    )
    fit = fit_sensor(raw, Matcher.load(settings.model).calibration, f"{len(raw.scans):,} scans in {folder}")
    fit.fitted.write(out)
    if plot:
        plot_reliability({"shipped calibration": fit.shipped, "own calibration": fit.own}, plot)
    if as_json:
        print_json({**fields(fit), "calibration": str(out)})
    else:
        print_fit(fit, out)


def print_fit(fit: SensorFit, out: Path) -> None:
    """Both calibrations side by side, and where the new one lies."""
    mated, non_mated = fit.fitted.likelihood.mated, fit.fitted.calibration.comparisons
    click.echo(
        f"{fit.fitted.evidence}: {counted(mated, 'mated comparison')}, {counted(non_mated, 'non-mated comparison')}; "
        f"failure to acquire {percent(fit.fta)}"
    )
    print_table(
        ("FMR asked for", "shipped calibration gave", "own gives", "FNMR"),
        [_row(shipped, own) for shipped, own in zip(fit.shipped, fit.own, strict=True)],
    )
    click.echo(
        "95 % intervals over fingers in brackets. The own calibration is judged on fingers it was not fitted on.\n"
        f"Written to {out}; use it with --calibration {out}, or with a line in fpverify.yaml."
    )


def _row(shipped: ReliabilityPoint, own: ReliabilityPoint) -> tuple[str, ...]:
    return (
        percent(own.nominal),
        percent_within(shipped.realised, shipped.interval),
        percent_within(own.realised, own.interval),
        percent_within(own.fnmr, own.fnmr_interval),
    )
