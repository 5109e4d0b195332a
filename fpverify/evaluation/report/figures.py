"""The curves of a report, as SVG that is the same for the same numbers.

Curves differ in line and marker as well as in colour, so that they can be told apart in grey. Text stays text.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fpverify.evaluation.rates.error_rates import error_rates
from fpverify.evaluation.rates.intervals import Curves
from fpverify.evaluation.rates.reliability import ReliabilityPoint
from fpverify.vocabulary import Evaluation, OperatingPoint

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, ACCENT, GREY = "#1b3a5c", "#c8502b", "#8a8a8a"
LOOKS = (  # of the curves: colour (Okabe and Ito's, which the colour-blind tell apart), line, marker
    ("#1b3a5c", "-", "o"),
    ("#d55e00", "--", "s"),
    ("#009e73", "-.", "^"),
    ("#cc79a7", ":", "D"),
    ("#0072b2", (0, (5, 1, 1, 1, 1, 1)), "v"),
    ("#7f6000", (0, (1, 1)), "P"),
)
SIZE_IN = (5.6, 4.2)
TICKS = (0.0001, 0.0005, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4)  # of the DET's axes
BAND_RESAMPLES = 500  # of the fingers, for the bands: their ends then move by a tenth of their width
MOST_POINTS = 600  # of a curve: more than a page can show
BINS = 60  # of a histogram
RELIABLE = (0.2, 2.0)  # realised over nominal FMR, the shaded corridor


def det(evaluations: Sequence[Evaluation], threshold: float | None = None, *, band: bool = False) -> Figure:
    """Detection error trade-off: FNMR over FMR on normal deviate axes.

    Args:
        evaluations: a curve each, named after it.
        threshold: marked on every curve.
        band: shade the middle 95 % over fingers, of the last curve.

    Source: A. Martin et al., "The DET curve in assessment of detection task performance", Eurospeech 1997.
    """
    figure, axes = _blank()
    for one, look in zip(evaluations, _looks(len(evaluations)), strict=True):
        fmr, fnmr = _corners(one)
        axes.plot(_deviate(fmr), _deviate(fnmr), **look, label=one.name, markevery=_every(len(fmr)))
        if threshold is not None:
            at = _at(one, threshold)
            axes.plot(*map(_deviate, at), marker="X", markersize=9, color=look["color"], markeredgecolor="white")
    if band:
        _det_band(axes, evaluations[-1])
    ends = _deviate(np.array([TICKS[0], 0.5]))
    axes.plot(ends, ends, color=GREY, linewidth=0.8, label="FMR = FNMR")
    ticks = _deviate(np.array(TICKS))
    labels = [f"{100 * tick:g}" for tick in TICKS]
    axes.set(xlim=ends, ylim=ends, xticks=ticks, yticks=ticks, xlabel="FMR, per cent", ylabel="FNMR, per cent")
    axes.set_xticklabels(labels, rotation=60)
    axes.set_yticklabels(labels)
    return _finished(figure, axes, "upper right")


def roc(evaluations: Sequence[Evaluation], threshold: float | None = None, *, band: bool = False) -> Figure:
    """Receiver operating characteristic: share of owners accepted over FMR; arguments as of `det`."""
    figure, axes = _blank()
    floor = min(0.3 / max(int((~one.mated).sum()), 1) for one in evaluations)
    lowest = 1.0
    for one, look in zip(evaluations, _looks(len(evaluations)), strict=True):
        fmr, fnmr = _corners(one)
        axes.step(np.maximum(fmr, floor), 1 - fnmr, where="post", **look, label=one.name, markevery=_every(len(fmr)))
        lowest = min(lowest, _least_accepted(fmr, fnmr))
        if threshold is not None:
            at = _at(one, threshold)
            axes.plot(
                max(at[0], floor), 1 - at[1], marker="X", markersize=9, color=look["color"], markeredgecolor="white"
            )
    if band:
        curves = Curves.of(evaluations[-1], BAND_RESAMPLES)
        fmr, fnmr = curves.band()
        middle = np.maximum(np.median(curves.fmr, axis=0), floor)
        axes.fill_between(middle, 1 - fnmr[:, 1], 1 - fnmr[:, 0], color=INK, alpha=0.15, linewidth=0, step="post")
    axes.set(xscale="log", xlim=(floor, 1), ylim=(max(0.0, lowest - 0.02), 1.003))
    axes.set(xlabel="false match rate", ylabel="true match rate, 1 - FNMR")
    return _finished(figure, axes, "lower right")


def histogram(evaluation: Evaluation, threshold: float) -> Figure:
    """How the scores of mated and non-mated comparisons are spread, and where the threshold lies."""
    figure, axes = _blank()
    made = np.isfinite(evaluation.scores)
    scores = evaluation.scores[made]
    bins = np.linspace(float(scores.min()), float(scores.max()), BINS + 1).tolist()
    for side, colour, hatch, label in (
        (evaluation.mated[made], INK, "", "mated"),
        (~evaluation.mated[made], ACCENT, "////", "non-mated"),
    ):
        look: dict[str, Any] = {"color": colour, "hatch": hatch, "alpha": 0.55, "edgecolor": "white"}
        share = np.full(int(side.sum()), 100 / max(int(side.sum()), 1))
        axes.hist(scores[side], bins, weights=share, label=label, **look)
    axes.axvline(threshold, color="black", linestyle="--", linewidth=1.2, label=f"threshold {threshold:.1f}")
    axes.set(xlabel="score", ylabel="comparisons, per cent of each kind")
    return _finished(figure, axes, "upper right")


def rates_over_threshold(evaluation: Evaluation, point: OperatingPoint) -> Figure:
    """FMR and FNMR at every threshold."""
    figure, axes = _blank()
    thresholds, fmr, fnmr = error_rates(evaluation.mated_scores, evaluation.non_mated_scores)
    floor = 0.3 / max(int((~evaluation.mated).sum()), 1)
    kept = np.unique(np.linspace(0, len(thresholds) - 2, min(len(thresholds) - 1, 400)).astype(int))
    for rate, look, label in ((fmr, LOOKS[1], "FMR"), (fnmr, LOOKS[0], "FNMR")):
        axes.plot(thresholds[kept], np.maximum(rate[kept], floor), color=look[0], linestyle=look[1], label=label)
    axes.axvline(point.threshold, color="black", linestyle="--", linewidth=1.2, label="chosen threshold")
    axes.axhline(point.target_fmr, color=GREY, linewidth=0.8)
    axes.set(yscale="log", ylim=(floor, 1.2), xlabel="threshold", ylabel="rate")
    return _finished(figure, axes, "upper right")


def reliability_curves(curves: Mapping[str, Sequence[ReliabilityPoint]]) -> Figure:
    """Realised over nominal false match rate, a curve for each set."""
    figure, axes = _blank()
    nominal = sorted({point.nominal for points in curves.values() for point in points})
    ends = np.array([nominal[0], nominal[-1]])
    axes.fill_between(ends, ends * RELIABLE[0], ends * RELIABLE[1], color="0.92", label="a fifth to twice")
    axes.plot(ends, ends, color=GREY, linewidth=0.8, label="as asked for")
    floor = float(ends[0]) / 20
    for (name, points), look in zip(curves.items(), _looks(len(curves)), strict=True):
        rates = [point.nominal for point in points]
        axes.plot(rates, [max(point.realised, floor) for point in points], **look, label=name)
        if len(curves) == 1 or name == "pooled":
            low, high = ([getattr(point.interval, end) for point in points] for end in ("low", "high"))
            axes.fill_between(rates, np.maximum(low, floor), high, color=look["color"], alpha=0.15, linewidth=0)
    axes.set(xscale="log", yscale="log", ylim=(floor * 0.8, 1))
    axes.set(xlabel="false match rate asked for", ylabel="false match rate realised")
    return _finished(figure, axes, "lower right")


def as_svg(figure: Figure) -> str:
    """The figure as an `<svg>` element; the same text for the same figure."""
    import matplotlib as mpl

    out = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "fpverify"}):
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    return text[text.index("<svg") :]


def _blank() -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE_IN, layout="constrained")
    axes = figure.subplots()
    axes.grid(visible=True, which="major", color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _looks(count: int) -> list[dict[str, Any]]:
    return [
        {"color": colour, "linestyle": line, "marker": marker, "markersize": 4, "linewidth": 1.6}
        for colour, line, marker in (LOOKS[number % len(LOOKS)] for number in range(count))
    ]


def _every(count: int) -> int:
    """Of so many points, every how-manieth bears a marker."""
    return max(1, count // 8)


def _corners(evaluation: Evaluation) -> tuple[np.ndarray, np.ndarray]:
    """FMR and FNMR where the curve turns."""
    _, fmr, fnmr = error_rates(evaluation.mated_scores, evaluation.non_mated_scores)
    moves = np.stack([np.diff(fmr) != 0, np.diff(fnmr) != 0])  # (2, t - 1)
    turns = np.append(np.flatnonzero((moves[:, 1:] != moves[:, :-1]).any(0)) + 1, len(fmr) - 1)
    kept = np.append(0, turns[np.unique(np.linspace(0, len(turns) - 1, min(len(turns), MOST_POINTS)).astype(int))])
    return fmr[kept], fnmr[kept]


def _least_accepted(fmr: np.ndarray, fnmr: np.ndarray) -> float:
    """The lowest true match rate at corners right of an FMR of 0; without any, the curve is flat from there."""
    right = (fmr > 0) & (fmr <= 0.5)
    return float((1 - fnmr)[right].min() if right.any() else (1 - fnmr)[fmr == 0].max())


def _at(evaluation: Evaluation, threshold: float) -> tuple[float, float]:
    mated, non_mated = evaluation.mated_scores, evaluation.non_mated_scores
    return float((non_mated >= threshold).mean()), float((mated < threshold).mean())


def _deviate(rate: np.ndarray | float) -> np.ndarray:
    """Normal deviates; rates beyond the axes are drawn at their ends."""
    from scipy.stats import norm

    return np.asarray(norm.ppf(np.clip(rate, TICKS[0] / 2, 0.7)))


def _det_band(axes: Axes, evaluation: Evaluation) -> None:
    curves = Curves.of(evaluation, BAND_RESAMPLES)
    _, fnmr = curves.band()
    middle = _deviate(np.median(curves.fmr, axis=0))
    axes.fill_between(middle, _deviate(fnmr[:, 0]), _deviate(fnmr[:, 1]), color=INK, alpha=0.15, linewidth=0)


def _finished(figure: Figure, axes: Axes, legend: str) -> Figure:
    axes.legend(loc=legend, fontsize=9, framealpha=0.85, edgecolor="none")
    return figure
