"""evaluate: the error rates of a model on sets of prints, or on the enrolled fingers."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fpverify.cli.options import (
    CACHE,
    CALIBRATION,
    DASK,
    DB,
    FMR,
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
from fpverify.cli.report import Written, write_report
from fpverify.cli.sets import plans_of, writable_cache
from fpverify.cli.words import counted, percent, print_facts, print_json, print_table, set_resolution_facts
from fpverify.folders import private
from fpverify.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fpverify.evaluation.sets.protocol import Plan
    from fpverify.executors import Workforce
    from fpverify.matching import Matcher
    from fpverify.vocabulary import Evaluation, OperatingPoint

PROTOCOLS = ("dense", "fvc", "first-reference", "cross-sensor", "pairs", "touches")
STORE_PROTOCOLS = PROTOCOLS[:3]
SHOWN_FAILURES = 3  # the metrics file has all of them
INDICATORS = ("eer", "fmr100", "fmr1000", "zerofmr", "fta", "fmr", "fnmr")  # columns of the table of sets
UNKNOWN_FTA = "not known: a scan that failed to acquire is not in the store"
MEANS = (*INDICATORS, "far", "frr")


@click.command(
    "evaluate",
    epilog="""\b
Examples:
  fpverify evaluate prints --ppi 500
  fpverify evaluate prints --protocol fvc --scores scores.csv --metrics metrics.json --roc roc.png
  fpverify evaluate optical capacitive --scores scores
  fpverify evaluate optical capacitive --protocol cross-sensor
  fpverify evaluate prints --pairs pairs.csv
  fpverify evaluate touches --protocol touches --metrics metrics.json
  fpverify evaluate --store --db enroll_db
""",
)
@options(
    click.argument("folders", type=click.Path(), nargs=-1, metavar="FOLDER..."),
    click.option("--protocol", type=click.Choice(PROTOCOLS), help="Which pairs.  [default: dense]"),
    click.option("--pairs", type=click.Path(), metavar="CSV", help="Compare these: probe,reference[,mated]."),
    click.option("--store", is_flag=True, help="Evaluate the enrolled impressions instead of folders."),
    DB,
    KEY,
    FMR,
    PPI,
    click.option(
        "--scores",
        type=OutputFile(or_folder=True),
        metavar="CSV|DIR",
        help="Write every comparison here; a folder gets a file for each set.",
    ),
    click.option("--metrics", type=OutputFile(), metavar="JSON", help="Write all figures here."),
    click.option(
        "--roc", type=OutputFile(PICTURES, drawn="--roc"), metavar="PNG", help="Draw the ROC here, threshold marked."
    ),
    click.option(
        "--report",
        type=OutputFile((".html", ".json"), drawn="a report as a page"),
        metavar="HTML",
        help="Write a report here.",
    ),
    click.option(
        "--figures",
        type=OutputFile(or_folder=True, drawn="--figures"),
        metavar="DIR",
        help="Its curves as SVG and PNG.",
    ),
    click.option(
        "--cutoffs",
        type=OutputFile(PICTURES, drawn="--cutoffs"),
        metavar="PNG",
        help="Whole-print models: draw the distances here, with a cutoff of 0.5 and those from curves.",
    ),
    MODEL,
    CALIBRATION,
    WORKERS,
    DASK,
    CACHE,
    click.option("--no-cache", is_flag=True, help="Keep no templates, and use none that were kept."),
    JSON,
)
def evaluate_command(
    *,
    folders: tuple[str, ...],
    protocol: str | None,
    pairs: str | None,
    store: bool,
    db: str | None,
    key: str | None,
    fmr: float | None,
    ppi: float | None,
    scores: Path | None,
    metrics: Path | None,
    roc: Path | None,
    report: Path | None,
    figures: Path | None,
    cutoffs: Path | None,
    model: str | None,
    calibration: str | None,
    workers: int | None,
    dask: str | None,
    cache: str | None,
    no_cache: bool,
    as_json: bool,
) -> None:
    """Compare all prints of a folder and measure the error rates.

    Files are named <finger>_<impression>, such as 101_3.png, or each finger has a folder. Protocol dense compares every
    impression with every other; fvc compares those of one finger, and the first ones of different fingers;
    first-reference compares all later impressions with the first of every finger; cross-sensor compares the prints of
    a first folder with those of a second; touches compares each touch <finger>_p<number> with all touches
    <finger>_r<number> of a finger together. Of several folders, or a folder of sets, each is evaluated by itself and
    all together at one threshold.
    """
    from fpverify.evaluation.runner import calibrated
    from fpverify.matching import Matcher

    _check_use(folders, store=store, protocol=protocol, pairs=pairs, db=db or key, ppi=ppi)
    settings = load_settings(
        db=db, key=key, fmr=fmr, model=model, calibration=calibration, workers=workers, cache=cache
    )
    matcher = Matcher.load(settings.model, settings.calibration, settings.models)
    settings = replace(settings, model=str(matcher.bundle.folder))
    point = matcher.operating_point(settings.fmr)
    if cutoffs and matcher.bundle.kind != "whole-print":
        raise click.UsageError(f"--cutoffs is about the distances of whole-print models; {matcher.model_id} is none")
    if cutoffs and len(folders) > 1:
        raise click.UsageError("--cutoffs draws one set; give one folder")
    began, title = time.perf_counter(), settings.db if store else ", ".join(folders)
    plans = [] if store else plans_of(folders, protocol or ("pairs" if pairs else "dense"), pairs, ppi, settings.ppi)
    _check_scores(scores, max(1, len(plans)))
    with chosen_workforce(settings.processes, dask) as workforce:
        if store:
            raw = [_of_store(settings, protocol, workforce)]
        else:
            raw = _of_plans(plans, settings, workforce, keep=not no_cache)
        cores = workforce.workers
    seconds = time.perf_counter() - began
    evaluations = [calibrated(one, matcher.calibration) for one in raw]
    answer = _figures(evaluations, point)
    for one, its_figures in zip(raw, answer.get("sets", [answer]), strict=True):
        its_figures.update(_further(one, its_figures, matcher, point, cutoffs))
    _write_files(evaluations, answer, point, scores=scores, metrics=metrics, roc=roc)
    if report or figures:
        timing = f"{seconds:.1f} s on {counted(cores, 'core')}"
        written = Written(matcher, evaluations, answer, point, plans, timing)
        write_report(written, f"Evaluation of {title}", report, figures)
    if as_json:
        print_json(answer)
    elif len(evaluations) > 1:
        print_sets(title, answer)
    else:
        print_figures(title, answer, enrolled=store)
    _require_rates(title, answer)


def print_figures(folder: str, figures: Mapping[str, Any], *, enrolled: bool = False) -> None:
    """The error rates of a set as a small table; of what is enrolled nobody knows how many scans were not acquired."""
    compared = figures["eer"] is not None
    click.echo(
        f"{folder}: {counted(figures['scans'], 'scan')}, {figures['mated']:,} mated and {figures['non_mated']:,} "
        f"non-mated comparisons{_of_them_failed(figures)} ({figures['protocol']})"
    )
    unsupported = "" if figures["fmr1000_supported"] or not compared else " (too few comparisons to support it)"
    print_facts(
        [
            ("EER", _with_interval(figures, "eer")),
            ("FMR100", _percent(figures["fmr100"])),
            ("FMR1000", _percent(figures["fmr1000"]) + unsupported),
            ("ZeroFMR", _percent(figures["zerofmr"])),
            ("FTA", UNKNOWN_FTA if enrolled else percent(figures["fta"]) + _failed(figures["failures"])),
            ("threshold", f"{figures['threshold']:.1f}, for a false match rate of {percent(figures['target_fmr'])}"),
            ("FMR", _with_failures(figures, "fmr", "far")),
            ("FNMR", _with_failures(figures, "fnmr", "frr")),
            ("pairs", _concentration(figures)),
            ("model", figures["model"]),
            *set_resolution_facts(figures["resolution"]),
            *(("note", note) for note in figures["notes"]),
        ]
    )
    if "cutoffs" in figures:
        click.echo()
        print_cutoffs(figures["cutoffs"])


def print_cutoffs(cutoffs: Sequence[Mapping[str, Any]]) -> None:
    """What a fixed cutoff on the distance does beside cutoffs from curves."""
    print_table(
        ("cutoff on the distance", "distance", "FMR", "FNMR", "accuracy"),
        [
            (one["name"], f"{one['distance']:.3f}", *(percent(one[rate]) for rate in ("fmr", "fnmr", "accuracy")))
            for one in cutoffs
        ],
    )


def print_sets(title: str, figures: Mapping[str, Any]) -> None:
    """A row for each set, their mean, and all comparisons at one threshold."""
    from fpverify.evaluation.rates.summary import notes_of_sets

    pool = figures["pooled"]
    columns = (*INDICATORS, "failed") if pool["failed"] else INDICATORS
    click.echo(
        f"{title}: {len(figures['sets'])} sets, {counted(pool['scans'], 'scan')}, {pool['mated']:,} mated and "
        f"{pool['non_mated']:,} non-mated comparisons{_of_them_failed(pool)} ({pool['protocol']}), rates in per cent"
    )
    heads = {"eer": "EER", "fta": "FTA", "fmr": "FMR", "fnmr": "FNMR", "zerofmr": "ZeroFMR", "failed": "failed"}
    rows = [(one["name"], one) for one in figures["sets"]] + [("mean", figures["mean"]), ("pooled", pool)]
    print_table(
        ["set", *(heads.get(rate, rate.upper()) for rate in columns)],
        [[name, *(_cell(row, rate) for rate in columns)] for name, row in rows],
    )
    failures = [(f"failed in {one['name']}", _failed(one["failures"])[2:]) for one in figures["sets"]]
    threshold = f"{pool['threshold']:.1f}, for a false match rate of {percent(pool['target_fmr'])}"
    print_facts(
        [
            *failures,
            ("EER", f"{_with_interval(pool, 'eer')} of all sets at one threshold"),
            ("threshold", f"{threshold}; FMR and FNMR are those there"),
            ("pairs", _concentration(pool)),
            ("model", pool["model"]),
            *(fact for one in figures["sets"] for fact in set_resolution_facts(one["resolution"], one["name"])),
            *(("note", note) for note in notes_of_sets(figures["sets"])),
        ]
    )


def _cell(row: Mapping[str, Any], column: str) -> str:
    if column == "failed":  # a number of comparisons, which have no mean
        return f"{row[column]:,}" if column in row else ""
    return "-" if row[column] is None else f"{100 * row[column]:.2f}"


def _of_them_failed(figures: Mapping[str, Any]) -> str:
    return f", {figures['failed']:,} of them failed" if figures["failed"] else ""


def _concentration(figures: Mapping[str, Any]) -> str:
    """Which pairs of fingers make the false matches; nothing without any."""
    from fpverify.evaluation.rates.false_matches import false_matches_said

    found = figures["false_matches"]
    return false_matches_said(found) if found["count"] else ""


def _require_rates(title: str, figures: Mapping[str, Any]) -> None:
    """Nothing, if comparisons of both kinds were made in every set.

    Raises:
        TooFewComparisons: names the sets in which none were.
    """
    from fpverify.errors import TooFewComparisons

    empty = [one.get("name", title) for one in figures.get("sets", [figures]) if one["eer"] is None]
    if empty:
        raise TooFewComparisons(
            f"{', '.join(empty)}: not measured, as no comparison of one kind was made; is the resolution (--ppi) right?"
        )


def _check_use(folders: Sequence[str], *, store: bool, protocol: str | None, pairs: str | None, **other: Any) -> None:
    """Nothing, if what was given fits together."""
    if store and (folders or pairs or other["ppi"]):
        raise click.UsageError("--store evaluates enrolled impressions; no folders, --pairs or --ppi go with it")
    if store and protocol not in {None, *STORE_PROTOCOLS}:
        raise click.UsageError(f"--store goes with the protocols {', '.join(STORE_PROTOCOLS)}")
    if not store and other["db"]:
        raise click.UsageError("--db and --key name the store for --store; folders need none")
    if not store and not folders:
        raise click.UsageError("missing argument 'FOLDER...', or --store")
    if (protocol == "pairs") != bool(pairs) and protocol is not None:
        raise click.UsageError("--protocol pairs and --pairs go together, and with no other protocol")


def _of_plans(plans: Sequence[Plan], settings: Settings, workforce: Workforce, *, keep: bool) -> list[Evaluation]:
    from fpverify.evaluation.runner import Runner

    kept = writable_cache(settings) if keep else None
    runner = Runner(
        model=settings.model,
        calibration=settings.calibration,
        workforce=workforce,
        cache=kept,
        keeps_skin=settings.keep_skin,
        progress=True,
    )
    return [runner.compare(plan) for plan in plans]


def _of_store(settings: Settings, protocol: str | None, workforce: Workforce) -> Evaluation:
    from fpverify.verifier import Verifier

    with Verifier.open(settings.db, model=settings.model, key=settings.key, create=False) as verifier:
        return verifier.compare_enrolled(protocol=protocol or "dense", workforce=workforce, progress=True)  # type: ignore[arg-type]


def _figures(evaluations: Sequence[Evaluation], point: OperatingPoint) -> dict[str, Any]:
    """Of one set its metrics; of several `sets`, their `mean`, and all `pooled`."""
    from fpverify.evaluation.rates.pooling import pooled
    from fpverify.evaluation.rates.summary import mean_rate, metrics
    from fpverify.features.quality import LEAST_QUALITY

    if len(evaluations) == 1:
        return metrics(evaluations[0], point, LEAST_QUALITY)
    sets = [{"name": one.name, **metrics(one, point, LEAST_QUALITY)} for one in evaluations]
    mean = {rate: mean_rate(sets, rate) for rate in MEANS}
    return {"sets": sets, "mean": mean, "pooled": metrics(pooled(evaluations), point, LEAST_QUALITY)}


def _further(
    raw: Evaluation, figures: Mapping[str, Any], matcher: Matcher, point: OperatingPoint, picture: Path | None
) -> dict[str, Any]:
    """What is told of touches and of whole-print models besides."""
    from fpverify.evaluation.rates.touch_rates import touch_rates
    from fpverify.evaluation.runner import scored

    told: dict[str, Any] = {}
    if raw.protocol == "touches":
        told["touches"] = touch_rates(scored(raw, matcher.calibration))
    elif matcher.bundle.kind == "whole-print" and figures["eer"] is not None:
        told["cutoffs"] = _cutoffs(raw, matcher, point, picture)
    return told


def _check_scores(scores: Path | None, sets: int) -> None:
    """Nothing, if the scores of so many sets can be written there."""
    if scores is not None and sets > 1 and not scores.is_dir() and (scores.exists() or scores.suffix):
        raise click.UsageError(f"--scores: '{scores}' is no folder; {sets} sets are written to a file each")


def _cutoffs(raw: Evaluation, matcher: Matcher, point: OperatingPoint, path: Path | None) -> list[dict[str, Any]]:
    from fpverify.evaluation.rates.cutoffs import cutoffs, plot_cutoffs

    chosen = cutoffs(raw, matcher.calibration, point)
    if path:
        plot_cutoffs(raw, chosen, path)
    return [asdict(one) for one in chosen]


def _write_files(
    evaluations: Sequence[Evaluation],
    figures: Mapping[str, Any],
    point: OperatingPoint,
    *,
    scores: Path | None,
    metrics: Path | None,
    roc: Path | None,
) -> None:
    from fpverify.evaluation.rates.error_rates import measured
    from fpverify.evaluation.rates.pooling import pooled
    from fpverify.evaluation.report.plots import plot_roc
    from fpverify.evaluation.scores_file import write_scores

    for one, path in _score_files(evaluations, scores):
        write_scores(one, path)
    if metrics:
        private(metrics).write_text(json.dumps(figures, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    if roc:
        whole = evaluations[0] if len(evaluations) == 1 else pooled(evaluations)
        if measured(whole):
            plot_roc(whole, point.threshold, roc)


def _score_files(evaluations: Sequence[Evaluation], scores: Path | None) -> list[tuple[Evaluation, Path]]:
    """The file of each set: the one that was named, or `<set>.csv` in the folder that was."""
    if scores is None:
        return []
    if len(evaluations) == 1 and not scores.is_dir():
        return [(evaluations[0], scores)]
    scores.mkdir(exist_ok=True)
    return [(one, scores / f"{one.name}.csv") for one in evaluations]


def _percent(rate: float | None) -> str:
    return "not measured" if rate is None else percent(rate)


def _with_interval(figures: Mapping[str, Any], rate: str) -> str:
    """A rate with its interval of 95 % over fingers."""
    interval = figures[f"{rate}_interval"]
    if figures[rate] is None or interval is None:
        return _percent(figures[rate])
    return f"{percent(figures[rate])} ({100 * interval['low']:.3g} to {percent(interval['high'])})"


def _with_failures(figures: Mapping[str, Any], rate: str, with_failures: str) -> str:
    """A rate with its interval, and what it is with failures to acquire."""
    if figures[f"{rate}_interval"] is None:
        return _percent(None)
    return f"{_with_interval(figures, rate)}, {with_failures.upper()} {percent(figures[with_failures])}"


def _failed(failures: Mapping[str, str]) -> str:
    """The names of scans that failed to acquire, each with its reason."""
    names = sorted(failures)
    said = "; ".join(f"{name} ({failures[name]})" for name in names[:SHOWN_FAILURES])
    more = f"; and {len(names) - SHOWN_FAILURES} more" if len(names) > SHOWN_FAILURES else ""
    return f": {said}{more}" if names else ""
