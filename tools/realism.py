"""Synthetic prints beside real ones: what a print shows, and how hard it is to tell fingers apart.

    python tools/realism.py SETS --ppi 500 [--out docs/images] [--fingers 20] [--model NAME|DIR]

SETS is a folder of folders of real prints. The synthetic sets are ordinary impressions of unseen fingers, a set for
each simulated sensor, as a model is calibrated on. Everything is measured by the matcher itself, so a statistic is what
the matcher sees. Printed as Markdown: quantiles of every statistic, the largest differences first (by the distance of
Kolmogorov and Smirnov: the most by which the two distributions differ anywhere), then quantiles of similarity and
score. With `--out`, `realism.png` has the histograms and `difficulty.png` the similarities; neither shows any print.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from fpverify.errors import FailureToAcquire
from fpverify.evaluation.rates.pooling import pooled
from fpverify.evaluation.runner import Runner, calibrated
from fpverify.evaluation.sets.layout import Print, find_sets, read_set
from fpverify.evaluation.sets.protocol import set_plan
from fpverify.executors import answers, local_workforce
from fpverify.features import Acquired
from fpverify.features.minutiae import CELL_PX
from fpverify.folders import private
from fpverify.matching import Matcher
from fpverify.scans import read_scan
from fpverify.scans.ridges import find_ridges
from fpverify.settings import Settings
from fpverify.synthesis.dataset import write_ridges
from fpverify.synthesis.sensor import SENSORS
from fpverify.vocabulary import WORKING_PPI, BoolArray, Evaluation, FloatArray, Minutiae, Scan, Scores, Template

Values = NDArray[np.float64]
Number = TypeVar("Number", np.complex64, np.float32)

SEED = 32261124  # of the synthetic sets: neither training nor calibration draws from it
FINGERS, IMPRESSIONS = 20, 8  # of each synthetic set: in three, 1,680 mated and 36,480 non-mated pairs
MM_PER_PX = 25.4 / WORKING_PPI
FLOW_PX = 10.0  # deviation of the window that a ridge direction is averaged over: two ridges to each side
BEND_CELLS = 5  # 2 mm: how far before and behind a place the flow is looked at to see whether it runs on as it came
RIM_CELLS = 5  # 2 mm at the foreground's rim, where ridge directions are not known well enough for singular points
SILENCE = 1e-6  # power of gradients; keeps the coherence of nothing at 0
MATED_QUANTILES = (0.01, 0.1, 0.5)
NON_MATED_QUANTILES = (0.9, 0.99, 0.999, 0.9999)
BINS = 24
COLOURS = {"synthetic": "#c8502b", "real": "#1b3a5c"}


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What one print shows; (n,) arrays have an entry for each minutia.

    Attributes:
        template: as compared.
        values: of each statistic of `STATISTICS`, (n,) or (1,).
    """

    template: Template
    values: dict[str, Values]


@dataclass(frozen=True, slots=True)
class Side:
    """All prints of one kind: their facts, the number of failures to acquire, raw similarities and scores of pairs."""

    facts: list[Facts]
    failures: int
    raw: Evaluation
    scores: Evaluation

    def values(self, statistic: str) -> Values:
        """Of all prints together."""
        return np.concatenate([one.values[statistic] for one in self.facts])


STATISTICS = (
    "minutiae",
    "minutiae a cm²",
    "to the nearest minutia, mm",
    "certainty of minutiae",
    "minutia direction, degrees",
    "minutia off the ridge flow, degrees",
    "ridge period, mm",
    "coherence of ridges",
    "bend of the ridge flow in 2 mm, degrees",
    "loops (cores)",
    "deltas",
    "foreground, mm²",
    "scan quality",
    "contrast, grey levels",
)
COUNTED = ("loops (cores)", "deltas")  # a bar for each number


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures both sides, prints the tables and draws the pictures."""
    given = _parsed(arguments)
    if given.out is not None:
        given.out.mkdir(parents=True, exist_ok=True)  # before the work, should it not be possible
    with tempfile.TemporaryDirectory() as place:
        made = synthetic_sets(Path(place), given.fingers, given.workers)
        sides = {
            "synthetic": measured(find_sets([made]), given.model, None, given.workers),
            "real": measured(find_sets([given.sets]), given.model, given.ppi, given.workers),
        }
    for name, side in sides.items():
        acquired, pairs = len(side.facts), int(side.raw.mated.sum())
        print(f"{name}: {acquired} prints, {side.failures} failed to acquire, {pairs} mated, ", end="")
        print(f"{len(side.raw.mated) - pairs} non-mated pairs")
    print(f"\n{statistics_table(sides)}\n\n{difficulty_table(sides)}")
    if given.out is not None:
        plot_statistics(sides, given.out / "realism.png")
        plot_difficulty(sides, given.out / "difficulty.png")
    return 0


def synthetic_sets(folder: Path, fingers: int, workers: int) -> Path:
    """Unseen synthetic fingers: a set for each simulated sensor."""
    for number, sensor in enumerate(SENSORS):
        out = folder / sensor
        write_ridges(out, fingers=fingers, impressions=IMPRESSIONS, seed=SEED + number, workers=workers, sensor=sensor)
    return folder


def measured(sets: Sequence[Path], model: str | None, ppi: float | None, workers: int) -> Side:
    """The facts of all prints, and the comparisons of the dense protocol within each set."""
    runner, facts, raw = Runner(model=model, workers=workers), [], []
    for folder in sets:
        plan = set_plan(read_set(folder, ppi=ppi))
        with local_workforce(workers) as workforce:
            found: dict[int, Facts | str] = dict(answers(workforce, _Measuring(model), plan.prints))
        ordered = [found[number] for number in range(len(plan.prints))]
        outcomes = [one if isinstance(one, str) else one.template for one in ordered]
        raw.append(runner.compare_templates(plan, outcomes, ""))
        facts += [one for one in ordered if isinstance(one, Facts)]
    together = pooled(raw)
    scores = calibrated(together, Matcher.load(model).calibration)
    return Side(facts, len(together.failures), together, scores)


@dataclass(frozen=True, slots=True)
class _Measuring:
    """Begins the measuring of prints: loads the model."""

    model: str | None

    def __call__(self, _: None) -> Callable[[Print], Facts | str]:
        matcher = Matcher.load(self.model)
        return lambda job: _facts_of(matcher, job)


def _facts_of(matcher: Matcher, one: Print) -> Facts | str:
    try:
        scan = read_scan(one.path, ppi=one.ppi)
        return facts(scan, matcher.acquire(scan))
    except FailureToAcquire as failure:
        return str(failure)


def facts(scan: Scan, acquired: Acquired) -> Facts:
    """What a print shows."""
    foreground, area_mm2 = acquired.foreground, acquired.area_mm2
    if foreground is None or area_mm2 is None:
        raise SystemExit(f"{acquired.template.model_id} is no model of the kind minutiae: it looks for none")
    minutiae = acquired.template.minutiae
    image, flow = acquired.prepared.image, ridge_flow(acquired.prepared.image)
    loops, deltas = singular_points(flow, foreground)
    ridges = find_ridges(scan.pixels)
    values = (
        [len(minutiae)],
        [100 * len(minutiae) / area_mm2],
        spacing_mm(minutiae),
        minutiae.quality,
        np.rad2deg(minutiae.angle_rad),
        np.rad2deg(off_flow_rad(minutiae, flow)),
        [] if ridges is None else [25.4 * ridges.period_px / scan.ppi],
        coherence(image, flow, foreground),
        np.rad2deg(flow_bend_rad(flow, foreground)),
        [loops],
        [deltas],
        [area_mm2],
        [acquired.template.quality],
        [scan.pixels.std()],
    )
    return Facts(acquired.template, {name: np.array(v, np.float64) for name, v in zip(STATISTICS, values, strict=True)})


def spacing_mm(minutiae: Minutiae) -> Values:
    """(n,) the distance from each minutia to the nearest other one; none where there is but one."""
    away = np.hypot(minutiae.x_px[:, None] - minutiae.x_px, minutiae.y_px[:, None] - minutiae.y_px)
    np.fill_diagonal(away, np.inf)
    nearest = away.min(1, initial=np.inf)
    return np.asarray(MM_PER_PX * nearest[np.isfinite(nearest)], np.float64)


def ridge_flow(image: FloatArray) -> NDArray[np.complex64]:
    """(height, width): ridge directions as vectors at twice their angle, longer where they are clearer.

    Source: M. Kass, A. Witkin, "Analyzing oriented patterns", CVGIP 37 (1987): averages of squared gradients.
    """
    squared = squared_gradients(image)
    parts = (cv2.GaussianBlur(np.ascontiguousarray(part), (0, 0), FLOW_PX) for part in (squared.real, squared.imag))
    along, aslant = parts
    return np.asarray(along + 1j * aslant, np.complex64)


def squared_gradients(image: FloatArray) -> NDArray[np.complex64]:
    """(height, width): vectors at twice the angle of the ridges, which run across the gradient."""
    across, down = (cv2.Sobel(image, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    return np.asarray(-((across + 1j * down) ** 2), np.complex64)


def coherence(image: FloatArray, flow: NDArray[np.complex64], foreground: BoolArray) -> Values:
    """(1,) how far gradients share one direction, the median over the foreground, in [0, 1]; none without foreground.

    Source: as of `ridge_flow`, the length of the mean vector by the mean of the lengths.
    """
    power = np.asarray(cv2.GaussianBlur(np.abs(squared_gradients(image)), (0, 0), FLOW_PX), np.float32)
    cells = np.abs(_cells(flow)) / np.maximum(_cells(power), SILENCE)
    inside = cells[foreground[: cells.shape[0], : cells.shape[1]]]
    return np.array([np.median(inside)] if len(inside) else [], np.float64)


def off_flow_rad(minutiae: Minutiae, flow: NDArray[np.complex64]) -> Values:
    """(n,) the angle between each minutia's direction and the ridges around it, in [0, pi / 2]."""
    row, column = (
        np.clip(np.rint(place), 0, side - 1).astype(int)
        for place, side in zip((minutiae.y_px, minutiae.x_px), flow.shape, strict=True)
    )
    return np.asarray(np.abs(np.angle(flow[row, column] * np.exp(-2j * minutiae.angle_rad))) / 2, np.float64)


def singular_points(flow: NDArray[np.complex64], foreground: BoolArray) -> tuple[int, int]:
    """Numbers of loops and deltas: around them ridge directions turn by half a turn, one way or the other.

    Source: the Poincaré index; M. Kawagoe, A. Tojo, "Fingerprint pattern classification", Pattern Recognition 17
    (1984).
    """
    inside, cells = _within_rim(foreground), _cells(flow)
    corners = (cells[:-1, :-1], cells[:-1, 1:], cells[1:, 1:], cells[1:, :-1])
    turns = sum(np.angle(there * here.conj()) for here, there in zip(corners, (*corners[1:], corners[0]), strict=True))
    index = np.rint(np.asarray(turns) / (2 * np.pi))[: inside.shape[0] - 1, : inside.shape[1] - 1]
    seen = inside[: index.shape[0], : index.shape[1]]
    return int(((index > 0) & seen).sum()), int(((index < 0) & seen).sum())


def flow_bend_rad(flow: NDArray[np.complex64], foreground: BoolArray) -> Values:
    """(0,) or (1,): by how much ridge directions turn from one 2 mm to the next otherwise than before, the median."""
    inside, cells, step = _within_rim(foreground), _cells(flow), BEND_CELLS
    inside = inside[: cells.shape[0], : cells.shape[1]]
    bends = []
    for directions, seen in ((cells, inside), (cells.T, inside.T)):
        before, here, behind = directions[: -2 * step], directions[step:-step], directions[2 * step :]
        known = seen[: -2 * step] & seen[step:-step] & seen[2 * step :]
        bends.append(np.abs(np.angle(before * behind * here.conj() ** 2))[known] / 2)
    together = np.concatenate(bends)
    return np.array([np.median(together)] if len(together) else [])


def _within_rim(foreground: BoolArray) -> BoolArray:
    rim = np.ones((2 * RIM_CELLS + 1, 2 * RIM_CELLS + 1), np.uint8)
    return np.asarray(cv2.erode(foreground.astype(np.uint8), rim, borderValue=0) > 0)


def _cells(field: NDArray[Number]) -> NDArray[Number]:
    """What lies in the middle of each cell of the foreground."""
    return field[CELL_PX // 2 :: CELL_PX, CELL_PX // 2 :: CELL_PX]


def statistics_table(sides: dict[str, Side]) -> str:
    """A line a statistic: quantiles of 10, 50 and 90 % on both sides, the largest differences first."""
    lines = []
    for name in STATISTICS:
        synthetic, real = (sides[side].values(name) for side in ("synthetic", "real"))
        lines.append((distance(synthetic, real), name, _quantiles(synthetic), _quantiles(real)))
    heads = ("of a print, or of its minutiae", "synthetic: 10 %, median, 90 %", "real", "mean", "distance")
    rows = [
        (
            name,
            synthetic,
            real,
            " / ".join(f"{sides[s].values(name).mean():.3g}" for s in ("synthetic", "real")),
            f"{apart:.2f}",
        )
        for apart, name, synthetic, real in sorted(lines, reverse=True)
    ]
    return "\n".join([_line(heads), _line(["---"] * len(heads)), *map(_line, rows)])


def distance(one: Values, other: Values) -> float:
    """The most by which two distributions differ anywhere, in [0, 1]: that of Kolmogorov and Smirnov."""
    both = np.concatenate([one, other])
    shares = (np.searchsorted(np.sort(values), both, side="right") / len(values) for values in (one, other))
    return float(np.abs(next(shares) - next(shares)).max())


def difficulty_table(sides: dict[str, Side]) -> str:
    """Quantiles of raw similarity and of the calibrated score, mated and non-mated."""
    heads = ("quantile", "synthetic: similarity", "score", "real: similarity", "score")
    kinds = [("mated", q) for q in MATED_QUANTILES] + [("non-mated", q) for q in NON_MATED_QUANTILES]
    rows = []
    for kind, share in kinds:
        cells = [f"{kind}, {100 * share:g} %"]
        for side in (sides["synthetic"], sides["real"]):
            raw, score = (np.quantile(similarities(one, kind), share) for one in (side.raw, side.scores))
            cells += [f"{raw:.3f}", f"{score:.1f}"]
        rows.append(cells)
    return "\n".join([_line(heads), _line(["---"] * len(heads)), *map(_line, rows)])


def similarities(evaluation: Evaluation, kind: str) -> Scores:
    """The finite scores of one kind, "mated" or "non-mated"."""
    scores = evaluation.mated_scores if kind == "mated" else evaluation.non_mated_scores
    return scores[np.isfinite(scores)]


def plot_statistics(sides: dict[str, Side], path: Path) -> None:
    """Histograms of all statistics, both sides in one."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 9), dpi=80, layout="constrained")
    for axes, name in zip(figure.subplots(4, 4).flat, STATISTICS, strict=False):
        both = {side: facts.values(name) for side, facts in sides.items()}
        low, high = np.quantile(np.concatenate(list(both.values())), [0.002, 0.998])
        bins = np.arange(-0.5, high + 1.5) if name in COUNTED else np.linspace(low, high, BINS + 1)
        for side, values in both.items():
            weights = np.full(len(values), 1 / len(values))
            axes.hist(values, bins=bins, weights=weights, histtype="step", color=COLOURS[side], label=side, lw=1.4)
        axes.set_title(name, fontsize=9)
        axes.tick_params(labelsize=7)
        axes.set_yticks([])
        axes.spines[["top", "right", "left"]].set_visible(False)
    for axes in figure.axes[len(STATISTICS) :]:
        axes.set_axis_off()
    figure.axes[-1].legend(*figure.axes[0].get_legend_handles_labels(), loc="center", frameon=False)
    figure.savefig(private(path))


def plot_difficulty(sides: dict[str, Side], path: Path) -> None:
    """Raw similarity: the share of mated pairs below, and of non-mated pairs at or above, on a logarithmic axis."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), dpi=80, layout="constrained")
    left, right = figure.subplots(1, 2)
    for name, side in sides.items():
        mated, non_mated = (np.sort(similarities(side.raw, kind)) for kind in ("mated", "non-mated"))
        left.plot(mated, np.arange(1, len(mated) + 1) / len(mated), color=COLOURS[name], label=name)
        right.plot(non_mated, np.arange(len(non_mated), 0, -1) / len(non_mated), color=COLOURS[name], label=name)
    left.set(yscale="log", xlabel="raw similarity", title="mated: share of pairs below")
    right.set(yscale="log", xlabel="raw similarity", title="non-mated: share of pairs above")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(visible=True, color="0.9")
        axes.legend(frameon=False)
    figure.savefig(private(path))


def _quantiles(values: Values) -> str:
    return ", ".join(f"{q:.3g}" for q in np.quantile(values, [0.1, 0.5, 0.9]))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path, help="folder of folders of real prints")
    parser.add_argument("--ppi", type=float, help="resolution of the real prints, where the files state none")
    parser.add_argument("--fingers", type=int, default=FINGERS, help="of each synthetic set")
    parser.add_argument("--out", type=Path, help="folder for the pictures")
    parser.add_argument("--model", help="shipped name or folder; the release if not given")
    parser.add_argument("--workers", type=int, default=Settings().processes, help="processes")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
