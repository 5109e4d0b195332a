"""calibrate: what a model's scores mean on the operator's own sensor."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fpverify.cli.options import (
    CACHE,
    DASK,
    DB,
    JSON,
    KEY,
    MODEL,
    PICTURES,
    PPI,
    WORKERS,
    OutputFile,
    chosen_workforce,
    options,
)
from fpverify.cli.sets import plans_of, writable_cache
from fpverify.cli.words import (
    counted,
    percent,
    percent_within,
    print_facts,
    print_json,
    print_table,
    set_resolution_facts,
)
from fpverify.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fpverify.evaluation.rates.reliability import ReliabilityPoint
    from fpverify.evaluation.sensor_fit import SensorFit
    from fpverify.executors import Workforce
    from fpverify.vocabulary import Evaluation


@click.command(
    "calibrate",
    epilog="""\b
Examples:
  fpverify calibrate prints --out door.yaml
  fpverify calibrate --store --db enroll_db --out door.yaml
  fpverify verify scan.bmp --id A --calibration door.yaml
""",
)
@options(
    click.argument("folders", type=click.Path(), nargs=-1, metavar="FOLDER..."),
    click.option("--store", is_flag=True, help="Calibrate on the enrolled impressions instead of folders."),
    click.option("--out", required=True, type=OutputFile((".yaml", ".yml")), metavar="YAML", help="Write it here."),
    click.option(
        "--plot",
        type=OutputFile(PICTURES, drawn="--plot"),
        metavar="PNG",
        help="Draw nominal against realised FMR here.",
    ),
    DB,
    KEY,
    PPI,
    MODEL,
    WORKERS,
    DASK,
    CACHE,
    JSON,
)
def calibrate_command(
    *,
    folders: tuple[str, ...],
    store: bool,
    out: Path,
    plot: Path | None,
    db: str | None,
    key: str | None,
    ppi: float | None,
    model: str | None,
    workers: int | None,
    dask: str | None,
    cache: str | None,
    as_json: bool,
) -> None:
    """Fit a calibration to prints of your own sensor, and see how wrong the shipped one would have been.

    Ten fingers with four impressions each are enough, or eleven with three, or fifteen with two; all comparisons are
    within a folder. The more fingers, the lower the error rates it supports.
    """
    from fpverify.evaluation.rates.summary import resolution_fields
    from fpverify.evaluation.report.plots import plot_reliability
    from fpverify.evaluation.sensor_fit import fields, fit_sensor
    from fpverify.matching import Matcher

    if bool(folders) == store:
        raise click.UsageError("give either folders of prints, or --store for the enrolled impressions")
    settings = load_settings(db=db, key=key, model=model, workers=workers, cache=cache)
    matcher = Matcher.load(settings.model, models=settings.models)
    settings = replace(settings, model=str(matcher.bundle.folder))
    with chosen_workforce(settings.processes, dask) as workforce:
        raw = _of_store(settings, workforce) if store else _of_folders(folders, settings, ppi, workforce)
    place = f"the store {settings.db}" if store else ", ".join(folders)
    fit = fit_sensor(raw, matcher.calibration, f"{len(raw.scans):,} scans in {place}")
    fit.fitted.write(out)
    resolution = resolution_fields(raw.resolution)
    if plot:
        plot_reliability({"shipped calibration": fit.shipped, "own calibration": fit.own}, plot)
    if as_json:
        print_json({**fields(fit), "calibration": str(out), "resolution": resolution})
    else:
        print_fit(fit, out)
        print_facts(set_resolution_facts(resolution))


def _of_folders(folders: Sequence[str], settings: Settings, ppi: float | None, workforce: Workforce) -> Evaluation:
    from fpverify.evaluation.rates.pooling import pooled
    from fpverify.evaluation.runner import Runner

    plans = plans_of(folders, "dense", None, ppi, settings.ppi)
    runner = Runner(model=settings.model, workforce=workforce, cache=writable_cache(settings), progress=True)
    raw = [runner.compare(plan) for plan in plans]
    return pooled(raw) if len(raw) > 1 else raw[0]


def _of_store(settings: Settings, workforce: Workforce) -> Evaluation:
    from fpverify.verifier import Verifier

    with Verifier.open(settings.db, model=settings.model, key=settings.key, create=False) as verifier:
        return verifier.compare_enrolled(workforce=workforce, progress=True)


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
