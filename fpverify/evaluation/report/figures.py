"""The curves of a report, as SVG that is the same for the same numbers.

Curves differ in line and marker as well as in colour and bear a letter each, so that they can be told apart in grey.
Text stays text.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from fpverify.evaluation.rates.distributions import normal_quantile
from fpverify.evaluation.rates.error_rates import error_rates
from fpverify.evaluation.rates.intervals import Curves
from fpverify.evaluation.rates.paired import Difference
from fpverify.evaluation.rates.reliability import ReliabilityPoint
from fpverify.evaluation.report.bounds import bounded_name, error_bounds, no_fmr, without_errors
from fpverify.evaluation.report.looks import COLOURS, CORRIDOR, GREY, GRID, letter, letters, looks, write_on_curves
from fpverify.extras import require
from fpverify.vocabulary import Evaluation, OperatingPoint

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    require("plots", "a picture")
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

INK, ACCENT = COLOURS[:2]
CROSS: Mapping[str, Any] = MappingProxyType(  # that marks a threshold
    {"marker": "X", "markersize": 9, "markeredgecolor": "#ffffff", "zorder": 5}
)
SIZE_IN = (5.6, 4.2)
SMALL_IN = (3.9, 3.5)  # of one among several, as wide as a phone: its letters are read there
TICKS = (0.0001, 0.0005, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4)  # of the DET's axes
CROWDED = (0.0005, 0.005)  # of them, bare in a small figure
EVEN = 0.5  # a rate of guessing, where the DET's axes end
DET_WIDTH = 3.7  # normal deviates from the first tick to there
ROW_IN = 0.17  # of a difference
DIFFERENCES_IN = 4.4  # their width
SWATCH_IN = (0.7, 0.2)
BAND_RESAMPLES = 500  # of the fingers, for the bands: their ends then move by a tenth of their width
MOST_POINTS = 2000  # of a curve that is drawn: then less than the width of its line between any two
FEW_POINTS = 30  # of a curve: each is seen
BINS = 60  # of a histogram
RELIABLE = (0.2, 2.0)  # realised over nominal FMR, the shaded corridor


def det(
    evaluations: Sequence[Evaluation], threshold: float | None = None, *, band: bool = False, small: bool = False
) -> Figure:
    """Detection error trade-off: FNMR over FMR on normal deviate axes.

    Args:
        evaluations: a curve each, named after it.
        threshold: marked on every curve.
        band: shade the middle 95 % over fingers, of the last curve.
        small: one among several, whose key stands beside them all.

    Source: A. Martin et al., "The DET curve in assessment of detection task performance", Eurospeech 1997.
    """
    figure, axes = _blank(*(SMALL_IN if small else SIZE_IN))
    lines: list[Line2D] = []
    for one, label, look in _shown(evaluations):
        fmr, fnmr = _corners(one)
        lines += axes.plot(_deviate(fmr), _deviate(fnmr), **look, label=label, markevery=_every(len(fmr)))
        if without_errors(one):
            _det_bound(axes, one, look["color"])
        if threshold is not None:
            at = [float(_deviate(np.clip(rate, TICKS[0], EVEN))) for rate in _at(one, threshold)]
            axes.plot(*at, **CROSS, color=look["color"], clip_on=False)  # on the edge if it lies beyond, and seen whole
    if band:
        _det_band(axes, evaluations[-1])
    ends = _deviate(np.array([TICKS[0], EVEN]))
    axes.plot(ends, ends, color=GREY, linewidth=0.8, label="FMR = FNMR")
    ticks = _deviate(np.array(TICKS))
    labels = ["" if small and tick in CROWDED else f"{100 * tick:g}" for tick in TICKS]
    axes.set(xlim=ends, ylim=ends, xticks=ticks, yticks=ticks, xlabel="FMR, per cent", ylabel="FNMR, per cent")
    axes.set_xticklabels(labels, rotation=60)
    axes.set_yticklabels(labels)
    write_on_curves(axes, lines, letters(len(lines)))
    return _finished(figure, axes, "" if small else "upper right")


def roc(
    evaluations: Sequence[Evaluation], threshold: float | None = None, *, band: bool = False, small: bool = False
) -> Figure:
    """Receiver operating characteristic: share of owners accepted over FMR; arguments as of `det`.

    Between two thresholds stands what the stricter one gives: no threshold gives more at so low an FMR.
    """
    figure, axes = _blank(*(SMALL_IN if small else SIZE_IN))
    floor = min(no_fmr(one) for one in evaluations)
    lowest = 1.0
    lines: list[Line2D] = []
    for one, label, look in _shown(evaluations):
        fmr, fnmr = _corners(one)
        marks = _every(len(fmr))
        lines += axes.step(np.maximum(fmr, floor), 1 - fnmr, where="pre", **look, label=label, markevery=marks)
        lowest = min(lowest, _least_accepted(fmr, fnmr))
        if without_errors(one):
            fnmr_bound = error_bounds(one)[1]
            axes.axhline(1 - fnmr_bound, color=look["color"], linestyle=":", linewidth=1.0)
            lowest = min(lowest, 1 - fnmr_bound)
        if threshold is not None:
            fmr_there, fnmr_there = _at(one, threshold)
            axes.plot(max(fmr_there, floor), 1 - fnmr_there, **CROSS, color=look["color"])
    if band:
        curves = Curves.of(evaluations[-1], BAND_RESAMPLES)
        fmr, fnmr = curves.band()
        middle = np.maximum(np.median(curves.fmr, axis=0), floor)
        axes.fill_between(middle, 1 - fnmr[:, 1], 1 - fnmr[:, 0], color=INK, alpha=0.15, linewidth=0, step="pre")
    axes.set(xscale="log", xlim=(floor, 1), ylim=(max(0.0, lowest - 0.02), 1.003))
    axes.set(xlabel="false match rate", ylabel="true match rate, 1 - FNMR")
    write_on_curves(axes, lines, letters(len(lines)))
    return _finished(figure, axes, "" if small else "lower right")


def histogram(evaluation: Evaluation, threshold: float | None, *, small: bool = False) -> Figure:
    """How the scores of mated and non-mated comparisons are spread, and where the threshold lies.

    Args:
        evaluation: the comparisons.
        threshold: marked; None where there is none below every score.
        small: one among several.
    """
    figure, axes = _blank(*(SMALL_IN if small else SIZE_IN))
    made = np.isfinite(evaluation.scores)
    scores = evaluation.scores[made]
    bins = np.linspace(float(scores.min()), float(scores.max()), BINS + 1).tolist()
    for side, colour, hatch, label in (
        (evaluation.mated[made], INK, "", "mated"),
        (~evaluation.mated[made], ACCENT, "////", "non-mated"),
    ):
        look: dict[str, Any] = {"color": colour, "hatch": hatch, "alpha": 0.55, "edgecolor": "#ffffff"}
        share = np.full(int(side.sum()), 100 / max(int(side.sum()), 1))
        axes.hist(scores[side], bins, weights=share, label=label, **look)
    if threshold is not None:
        axes.axvline(threshold, color="black", linestyle="--", linewidth=1.2, label=f"threshold {threshold:.1f}")
    axes.set(xlabel="score", ylabel="comparisons, per cent of each kind")
    return _finished(figure, axes, "upper right")


def rates_over_threshold(evaluation: Evaluation, point: OperatingPoint) -> Figure:
    """FMR and FNMR at every threshold: steps, each up to the score it belongs to."""
    figure, axes = _blank()
    thresholds, fmr, fnmr = error_rates(evaluation.mated_scores, evaluation.non_mated_scores)
    floor = no_fmr(evaluation)
    thresholds[-1] = thresholds[-2] + 0.02 * max(thresholds[-2] - thresholds[0], 1.0)  # above every score
    lines: list[Line2D] = []
    for rate, look, label in zip((fmr, fnmr), looks(2)[::-1], ("FMR", "FNMR"), strict=True):
        shown = np.maximum(rate, floor)
        kept = _drawn_alike(thresholds / np.ptp(thresholds), np.log(shown) / -np.log(floor))
        line = {name: look[name] for name in ("color", "linestyle")}
        lines += axes.step(thresholds[kept], shown[kept], where="pre", **line, label=label)
    axes.axvline(point.threshold, color="black", linestyle="--", linewidth=1.2, label="chosen threshold")
    axes.axhline(point.target_fmr, color=GREY, linewidth=0.8)
    axes.set(yscale="log", ylim=(floor, 1.2), xlabel="threshold", ylabel="rate")
    write_on_curves(axes, lines, ("FMR", "FNMR"))
    return _finished(figure, axes, "upper right")


def reliability_curves(curves: Mapping[str, Sequence[ReliabilityPoint]]) -> Figure:
    """Realised over nominal false match rate, a curve for each set."""
    figure, axes = _blank()
    nominal = sorted({point.nominal for points in curves.values() for point in points})
    ends = np.array([nominal[0], nominal[-1]])
    axes.fill_between(ends, ends * RELIABLE[0], ends * RELIABLE[1], color=CORRIDOR, label="a fifth to twice")
    axes.plot(ends, ends, color=GREY, linewidth=0.8, label="as asked for")
    floor = float(ends[0]) / 20
    lines: list[Line2D] = []
    labels = _lettered(list(curves))
    for (name, points), label, look in zip(curves.items(), labels, looks(len(curves)), strict=True):
        rates = [point.nominal for point in points]
        lines += axes.plot(rates, [max(point.realised, floor) for point in points], **look, label=label)
        if len(curves) == 1 or name == "pooled":
            low, high = ([getattr(point.interval, end) for point in points] for end in ("low", "high"))
            axes.fill_between(rates, np.maximum(low, floor), high, color=look["color"], alpha=0.15, linewidth=0)
    axes.set(xscale="log", yscale="log", ylim=(floor * 0.8, 1))
    axes.set(xlabel="false match rate asked for", ylabel="false match rate realised")
    write_on_curves(axes, lines, letters(len(lines)))
    return _finished(figure, axes, "lower right")


def differences(found: Sequence[Mapping[str, Difference]], what: str) -> Figure:
    """How much worse other matchers are than the best, with 95 % intervals, a group of lines for each set.

    Args:
        found: of every matcher but the best, by set.
        what: rate it is.
    """
    sets, others = list(found[0]), len(found)
    figure, axes = _blank(DIFFERENCES_IN, 1.0 + ROW_IN * len(sets) * (others + 1))
    for number, (its, look) in enumerate(zip(found, looks(others + 1)[1:], strict=True)):
        for group, one in enumerate(its.values()):
            low, middle, high = (100 * value for value in (one.low, one.value, one.high))
            up = group + (number + 1) / (others + 1)
            axes.plot([low, high], [up, up], color=look["color"], linewidth=1.6)
            axes.plot([middle], [up], look["marker"], color=look["color"], markersize=5)
            axes.annotate(letter(number + 1), (high, up), (4, 0), textcoords="offset points", va="center", fontsize=8)
    axes.axvline(0, color="black", linewidth=1.0)
    axes.set(ylim=(len(sets), 0), yticks=np.arange(len(sets)) + 0.5, xlabel=f"{what} less that of A, percentage points")
    axes.set_yticklabels(sets)
    axes.tick_params("y", length=0)
    axes.grid(visible=False, axis="y")
    for edge in range(1, len(sets)):
        axes.axhline(edge, color=GRID, linewidth=0.6)
    axes.margins(x=0.06)
    return figure


def swatch(number: int) -> Figure:
    """A piece of the curve with this number, for a key."""
    require("plots", "a picture")
    from matplotlib.figure import Figure

    figure = Figure(figsize=SWATCH_IN)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    look = looks(number + 1)[number]
    axes.plot([0, 0.5, 1], [0, 0, 0], **{**look, "markersize": 6}, markevery=[1])
    axes.set(xlim=(-0.05, 1.05), ylim=(-1, 1))
    return figure


def as_svg(figure: Figure) -> str:
    """The figure as an `<svg>` element; the same text for the same figure."""
    import matplotlib as mpl

    out = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "fpverify"}):
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    return text[text.index("<svg") :]


def _blank(width_in: float = SIZE_IN[0], height_in: float = SIZE_IN[1]) -> tuple[Figure, Axes]:
    require("plots", "a picture")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    axes = figure.subplots()
    axes.grid(visible=True, which="major", color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _shown(evaluations: Sequence[Evaluation]) -> Iterator[tuple[Evaluation, str, dict[str, Any]]]:
    """Each evaluation with what the legend calls it, and how its curve looks."""
    labels = _lettered([bounded_name(one, one.name) for one in evaluations])
    return zip(evaluations, labels, looks(len(evaluations)), strict=True)


def _lettered(names: Sequence[str]) -> list[str]:
    """Names for a legend, each after the letter on its curve."""
    return [f"{its} {name}".strip() for its, name in zip(letters(len(names)), names, strict=True)]


def _every(count: int) -> float | None:
    """How far apart markers stand, in diagonals of the picture; each of a few points bears one."""
    return None if count <= FEW_POINTS else 0.1


def _corners(evaluation: Evaluation) -> tuple[np.ndarray, np.ndarray]:
    """(c,) FMR and (c,) FNMR at the thresholds, the lowest first; of very many, those that can be told apart."""
    _, fmr, fnmr = error_rates(evaluation.mated_scores, evaluation.non_mated_scores)
    if len(fmr) <= MOST_POINTS:
        return fmr, fnmr
    moves = np.stack([np.diff(fmr) != 0, np.diff(fnmr) != 0])  # (2, t - 1)
    straight = (moves[:, 1:] == moves[:, :-1]).all(0) & (moves[:, 1:].sum(0) == 1)  # one rate alone moves, as before
    turns = np.concatenate([[0], np.flatnonzero(~straight) + 1, [len(fmr) - 1]])
    fmr, fnmr = fmr[turns], fnmr[turns]
    if len(fmr) <= MOST_POINTS:
        return fmr, fnmr
    logarithm = np.log(np.maximum(fmr, no_fmr(evaluation))) / -np.log(no_fmr(evaluation))
    across, up = (_deviate(rate) / DET_WIDTH for rate in (fmr, fnmr))
    kept = _drawn_alike(across, up, logarithm, fnmr)
    return fmr[kept], fnmr[kept]


def _drawn_alike(*columns: np.ndarray) -> np.ndarray:
    """Places of points that draw the same line as all of them, within the line's width.

    The way along the points is cut into `MOST_POINTS` pieces, and of each the first and the last point stay: a jump
    begins and ends at its own points.

    Args:
        columns: (n,) each, how far the points lie along an axis, in widths of the picture.
    """
    way = np.cumsum(sum(np.abs(np.diff(column, prepend=column[:1])) for column in columns))
    piece = np.floor(way / max(float(way[-1]), 1e-12) * (MOST_POINTS // 2))
    ends = np.flatnonzero(np.diff(piece))
    return np.unique(np.concatenate([[0], ends, ends + 1, [len(way) - 1]]))


def _det_bound(axes: Axes, evaluation: Evaluation, colour: str) -> None:
    """The rectangle that a set without errors leaves to its true rates."""
    corner = [float(_deviate(bound)) for bound in error_bounds(evaluation)]
    low = float(_deviate(0.0))
    axes.fill_between([low, corner[0]], low, corner[1], color=colour, alpha=0.12, linewidth=0)
    axes.plot([corner[0], corner[0], low], [low, corner[1], corner[1]], ":", color=colour, linewidth=1.2)


def _least_accepted(fmr: np.ndarray, fnmr: np.ndarray) -> float:
    """The lowest true match rate at corners right of an FMR of 0; without any, the curve is flat from there."""
    right = (fmr > 0) & (fmr <= 0.5)
    return float((1 - fnmr)[right].min() if right.any() else (1 - fnmr)[fmr == 0].max())


def _at(evaluation: Evaluation, threshold: float) -> tuple[float, float]:
    mated, non_mated = evaluation.mated_scores, evaluation.non_mated_scores
    return float((non_mated >= threshold).mean()), float((mated < threshold).mean())


def _deviate(rate: np.ndarray | float) -> np.ndarray:
    """Normal deviates; rates beyond the axes are drawn at their ends."""
    return np.asarray(np.vectorize(normal_quantile, otypes=[np.float64])(np.clip(rate, TICKS[0] / 2, 0.7)))


def _det_band(axes: Axes, evaluation: Evaluation) -> None:
    curves = Curves.of(evaluation, BAND_RESAMPLES)
    _, fnmr = curves.band()
    middle = _deviate(np.median(curves.fmr, axis=0))
    axes.fill_between(middle, _deviate(fnmr[:, 0]), _deviate(fnmr[:, 1]), color=INK, alpha=0.15, linewidth=0)


def _finished(figure: Figure, axes: Axes, legend: str) -> Figure:
    if legend:
        axes.legend(loc=legend, fontsize=9, framealpha=0.85, edgecolor="none")
    return figure
