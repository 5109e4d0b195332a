"""The lesson of the fixed cutoff: what 0.5 on a Siamese distance does, and what a threshold from a curve does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fpverify.comparison import Calibration
from fpverify.evaluation.rates.error_rates import error_rates
from fpverify.extras import require
from fpverify.folders import private
from fpverify.vocabulary import Evaluation, OperatingPoint, Scores

FIXED_DISTANCE = 0.5  # the cutoff of Siamese tutorials with contrastive loss: closer is "same"
ROC_FMR = 0.01  # at which a cutoff is taken from the set's own curve
HALVINGS = 50  # of the similarities between which the threshold lies: to the last bit
BINS = 60  # of the histogram of distances
DOTS_PER_INCH = 130


@dataclass(frozen=True, slots=True)
class Cutoff:
    """A cutoff on the distance of two unit vectors, and its errors on a set.

    Attributes:
        name: how it was chosen.
        distance: in [0, 2]; a comparison at most so far apart is a match.
        fmr, fnmr: failures to acquire left out.
        accuracy: share of right decisions, which depends on how many pairs are mated.
    """

    name: str
    distance: float
    fmr: float
    fnmr: float
    accuracy: float


def distances(similarity: Scores) -> Scores:
    """Euclidean distances of unit vectors from their similarities (1 + cosine) / 2: 2 sqrt(1 - similarity)."""
    return np.asarray(2 * np.sqrt(np.clip(1 - similarity, 0, 1)))


def cutoffs(raw: Evaluation, calibration: Calibration, point: OperatingPoint) -> list[Cutoff]:
    """A fixed cutoff beside two from curves, on the comparisons of a whole-print model.

    Args:
        raw: raw similarities for scores.
        calibration: of the model.
        point: of the model, whose threshold rests on its own evidence.

    Returns:
        The fixed one; that of the operating point; that of this set's own ROC at FMR 1 %.
    """
    made = np.isfinite(raw.scores)
    distance, mated = distances(raw.scores[made]), raw.mated[made]
    thresholds, fmr, _ = error_rates(-distance[mated], -distance[~mated])
    own = -float(thresholds[np.flatnonzero(fmr <= ROC_FMR)[0]])
    chosen = (
        ("fixed 0.5", FIXED_DISTANCE),
        (f"model's evidence, FMR {100 * point.target_fmr:g} %", _distance_at(calibration, point.threshold)),
        (f"this set's ROC, FMR {100 * ROC_FMR:g} %", max(own, 0.0)),
    )
    return [_cutoff(name, cut, distance, mated) for name, cut in chosen]


def _distance_at(calibration: Calibration, threshold: float) -> float:
    """The distance whose score is the threshold; 0 if identical vectors do not reach it."""
    low, high = 0.0, 1.0  # similarities
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if float(calibration.scores(middle)) >= threshold else (middle, high)
    return float(distances(np.array(high)))


def _cutoff(name: str, cut: float, distance: Scores, mated: np.ndarray) -> Cutoff:
    match = distance <= cut
    return Cutoff(name, cut, float(match[~mated].mean()), float((~match[mated]).mean()), float((match == mated).mean()))


def plot_cutoffs(raw: Evaluation, chosen: Sequence[Cutoff], path: str | Path) -> None:
    """Writes the histogram of mated and non-mated distances with the cutoffs, as PNG, SVG or PDF."""
    require("plots", "a picture")
    from matplotlib.figure import Figure

    made = np.isfinite(raw.scores)
    distance, mated = distances(raw.scores[made]), raw.mated[made]
    figure = Figure(figsize=(6.4, 3.6), dpi=DOTS_PER_INCH, layout="constrained")
    axes = figure.subplots()
    bins = np.linspace(0, max(float(distance.max(initial=0.0)), 1.0), BINS + 1)
    for side, colour, hatch, label in ((mated, "#1b3a5c", "", "mated"), (~mated, "#c8502b", "////", "non-mated")):
        axes.hist(
            distance[side],
            bins.tolist(),
            density=True,
            alpha=0.55,
            color=colour,
            hatch=hatch,
            edgecolor="white",
            label=label,
        )
    for cutoff, line in zip(chosen, ("--", "-", ":"), strict=True):
        axes.axvline(cutoff.distance, color="black", linestyle=line, linewidth=1.3)
        axes.annotate(
            cutoff.name, (cutoff.distance, 0.98), xycoords=("data", "axes fraction"), rotation=90, va="top", ha="right"
        )
    axes.set(xlabel="Siamese distance", ylabel="density", title=raw.name)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(private(path))
