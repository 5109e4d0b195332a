"""What a score is made of, and where it lies, as a picture."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

from fpverify.explanation.explanation import Explanation
from fpverify.explanation.palette import INK, QUIET, verdict_colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STEP_LETTERS = 15  # of a line below a number
CLOSE_TICKS = 75.0  # score at the bar's end from which on every second tick is left out
FINEST_TICK = 60  # 0.0001 %: beyond, nothing is measured
LEAST_BAR = 20.0  # score at the end of the bar, at least: a false match rate of 1 %
BAR_END = 2.3  # thresholds: what a score is above that makes no difference to the eye


def draw_numbers(explained: Explanation, figure: Figure) -> None:
    """From the pairs proposed to the score, as a row of numbers; then the score against its threshold."""
    steps = explained.steps
    for k, (words, number) in enumerate(steps):
        x = 0.03 + k * 0.6 / len(steps)
        colour = verdict_colour(explained.decision.match) if k == len(steps) - 1 else INK
        figure.text(x, 0.128, number, size=16, weight="bold", color=colour, va="center")
        figure.text(x, 0.096, fill(words, STEP_LETTERS), size=8.5, color=QUIET, va="top", linespacing=1.25)
    _draw_score(explained, figure.add_axes((0.65, 0.085, 0.32, 0.05)))


def _draw_score(explained: Explanation, axes: Axes) -> None:
    """The score as a bar against the threshold, with the false match rates that scores stand for."""
    score, threshold = explained.score.value, explained.point.threshold
    colour = verdict_colour(explained.decision.match)
    end = max(BAR_END * threshold, LEAST_BAR)
    axes.barh([0], [end], color="0.92", height=1)
    axes.barh([0], [min(max(score, 0.006 * end), end)], color=colour, height=1)
    axes.plot([threshold, threshold], [-0.8, 0.8], color="black", linewidth=1.6, clip_on=False)
    axes.text(threshold, 1.0, f"threshold {threshold:.1f}", size=8.5, color="0.2", ha="center", va="bottom")
    if score > end:
        axes.text(0.985 * end, -0.03, "›", size=14, color="white", ha="right", va="center_baseline", weight="bold")
    step = 10 if end < CLOSE_TICKS else 20
    ticks = [tick for tick in range(0, 6 * step, step) if tick < 0.97 * end and tick <= FINEST_TICK]
    axes.set(xlim=(0, end), ylim=(-0.8, 0.8), yticks=[], xticks=ticks)
    axes.set_xticklabels([f"{10.0 ** (2 - tick / 10):.12g} %" for tick in ticks], size=7.5, color=QUIET)
    axes.set_xlabel("false match rate of a threshold at this score", size=8, color=QUIET, labelpad=2)
    axes.tick_params(length=2, color=QUIET, pad=2)
    axes.spines[:].set_visible(False)
