"""Pictures of error rates; computing is done elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from fpverify.evaluation.rates.error_rates import equal_error_rate, error_rates
from fpverify.evaluation.rates.reliability import ReliabilityPoint
from fpverify.evaluation.report.bounds import bounded_name, no_fmr
from fpverify.extras import require
from fpverify.folders import private
from fpverify.vocabulary import Evaluation

DOTS_PER_INCH = 130
INK = "#1b3a5c"
ACCENT = "#c8502b"
CURVES = (("#1b3a5c", "o", "-"), ("#c8502b", "s", "--"), ("#4f8a63", "^", "-."), ("#8a6fb0", "D", ":"))


def plot_roc(evaluation: Evaluation, threshold: float, path: str | Path, title: str = "") -> None:
    """Writes the ROC with a threshold marked: true match rate over false match rate, as PNG, SVG or PDF.

    Args:
        evaluation: the comparisons; failures count as never matching.
        threshold: score at and above which a comparison matches.
        path: of the picture; the ending chooses the format.
        title: above the picture.
    """
    require("plots", "a picture")
    from matplotlib.figure import Figure

    mated, non_mated = evaluation.mated_scores, evaluation.non_mated_scores
    _, fmr, fnmr = error_rates(mated, non_mated)
    floor = no_fmr(evaluation)
    figure = Figure(figsize=(6.4, 4.8), dpi=DOTS_PER_INCH, layout="constrained")
    axes = figure.subplots()
    label = bounded_name(evaluation, "ROC")
    axes.step(np.maximum(fmr, floor), 1 - fnmr, where="pre", color=INK, linewidth=1.8, label=label)
    diagonal = np.geomspace(floor, 1, 200)
    axes.plot(diagonal, 1 - diagonal, ":", color="0.55", linewidth=1, label="FMR = FNMR")
    at_fmr, at_tmr = float((non_mated >= threshold).mean()), float((mated >= threshold).mean())
    failed = "" if np.isfinite(evaluation.scores).all() else ",\nfailures to acquire counted"
    chosen = f"threshold {threshold:.1f}: FMR {at_fmr:.2%}, FNMR {1 - at_tmr:.2%}{failed}"
    axes.plot([max(at_fmr, floor)], [at_tmr], "o", color=ACCENT, markersize=8, label=chosen)
    axes.axvline(max(at_fmr, floor), color=ACCENT, linewidth=0.8, linestyle="--")
    axes.set(
        xscale="log",
        xlim=(floor, 1),
        ylim=(min(0.9, float(1 - fnmr[(fmr <= 0.5) & (fmr > 0)].max(initial=0.0)) - 0.02), 1.003),
    )
    axes.set(xlabel="false match rate (FMR)", ylabel="true match rate (1 - FNMR)")
    axes.set_title(
        title or f"{len(mated)} mated, {len(non_mated)} non-mated, EER {equal_error_rate(mated, non_mated):.2%}"
    )
    axes.grid(visible=True, which="major", color="0.9")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower right", frameon=False)
    figure.savefig(private(path))


def plot_reliability(curves: Mapping[str, Sequence[ReliabilityPoint]], path: str | Path) -> None:
    """Writes realised over nominal FMR, a curve for each name, with 95 % intervals over fingers.

    Args:
        curves: points by what they are of.
        path: of the picture; the ending chooses the format.
    """
    require("plots", "a picture")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.8), dpi=DOTS_PER_INCH, layout="constrained")
    axes = figure.subplots()
    nominal = [point.nominal for points in curves.values() for point in points]
    ends = np.array([min(nominal), max(nominal)])
    axes.fill_between(ends, ends / 5, ends * 2, color="0.93", label="a fifth to twice what was asked for")
    axes.plot(ends, ends, color="0.45", linewidth=1, label="as asked for")
    for (name, points), (color, marker, line) in zip(curves.items(), CURVES, strict=False):
        rates = np.array([point.nominal for point in points])
        realised = np.array([max(point.realised, ends[0] / 20) for point in points])
        low = np.array([max(point.interval.low, ends[0] / 20) for point in points])
        high = np.array([point.interval.high for point in points])
        axes.fill_between(rates, low, high, color=color, alpha=0.15, linewidth=0)
        axes.plot(rates, realised, line, marker=marker, color=color, label=name)
    axes.set(xscale="log", yscale="log", xlabel="false match rate asked for", ylabel="false match rate realised")
    axes.grid(visible=True, which="major", color="0.9")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="upper left", frameon=False)
    figure.savefig(private(path))
