"""Two prints and what a comparison found in them, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from fpverify.comparison import Alignment, Overlap
from fpverify.explanation.common_area import common_minutiae
from fpverify.explanation.explanation import Explanation
from fpverify.explanation.palette import (
    EDGE,
    INK,
    LONE,
    PROBE,
    QUIET,
    REFERENCE,
    REFUSED,
    colours_of,
    mixed,
    png,
    strength_colours,
)
from fpverify.explanation.print_picture import (
    MARGIN_PX,
    box_of,
    caption,
    draw_minutiae,
    draw_print,
    draw_scale,
    frame,
    ink_of,
    outline,
    points_per_px,
    same_scale,
)
from fpverify.features.minutiae import CELL_PX
from fpverify.vocabulary import BoolArray, FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DOTS_PER_INCH = 130
SIZE_IN = (11.0, 6.4)  # of the picture: an A4 page across
COMPACT_SIZE_IN = (6.0, 3.6)
COMPACT_DOTS_PER_INCH = 100  # 600 px wide
PNG_BYTES = 200_000  # fits a mail and a manual
COMPACT_BYTES = 60_000  # a report shows dozens
FOOT = 0.235  # of the picture's height, below the prints: legend and numbers
LINE_LETTERS = 150  # of a sentence on the picture's width
STEP_LETTERS = 15  # of a line below a number
LINE_HEIGHT = 0.029  # of a line of it, of the picture's height
CAPTION_HEIGHT = 0.072  # of two lines above a print
CLOSE_TICKS = 75.0  # score at the bar's end from which on every second tick is left out
FINEST_TICK = 60  # 0.0001 %: beyond, nothing is measured
LEAST_BAR = 20.0  # score at the end of the bar, at least: a false match rate of 1 %
BAR_END = 2.3  # thresholds: what a score is above that makes no difference to the eye
MOST_CAUSES = 3  # in the picture; all are in `Explanation.causes`


def write_picture(explained: Explanation, path: str | Path) -> None:
    """Writes the whole picture; the ending chooses PNG, SVG or PDF."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE_IN, dpi=DOTS_PER_INCH, facecolor="white")
    draw_pair(explained, figure)
    if Path(path).suffix.lower() == ".png":
        Path(path).write_bytes(png(figure, PNG_BYTES))
    else:
        figure.savefig(path)


def pair_png(explained: Explanation) -> bytes:
    """A small picture for a gallery: both prints with their partners, 600 x 360 px, at most 60 KB of PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=COMPACT_SIZE_IN, dpi=COMPACT_DOTS_PER_INCH, facecolor="white")
    draw_pair(explained, figure, compact=True)
    return png(figure, COMPACT_BYTES)


def draw_pair(explained: Explanation, figure: Figure, *, compact: bool = False) -> None:
    """Draws a comparison on an empty figure.

    Args:
        explained: what to show.
        figure: of about 11 x 6.4 inches, or 6 x 3.6 if compact.
        compact: only the two prints with their partners, and a line on top.
    """
    if compact:
        _draw_compact(explained, figure)
        return
    top = _head(explained, figure)
    whole_print = explained.overlap is None
    places = [(0.03, 0.46), (0.51, 0.46)] if whole_print else [(0.03, 0.30), (0.35, 0.30), (0.67, 0.30)]
    panels = [figure.add_axes((left, FOOT, width, top - FOOT)) for left, width in places]
    _draw_prints(explained, panels[0], panels[1])
    if explained.overlap is not None:
        _draw_overlay(explained, explained.overlap, panels[2])
    same_scale(panels)
    if explained.overlap is not None:
        _draw_partners(explained, explained.overlap, figure, panels)
        _legend(figure)
    draw_scale(panels[0], 8)
    _draw_numbers(explained, figure)


def _draw_compact(explained: Explanation, figure: Figure) -> None:
    score, threshold = explained.score.value, explained.point.threshold
    line = f"{explained.decision.word.capitalize()}, score {score:.1f}, threshold {threshold:.1f}"
    figure.text(0.02, 0.97, line, size=9.5, weight="bold", color=_verdict_colour(explained), va="top")
    if explained.overlap is not None:
        figure.text(0.98, 0.97, _partners(explained.overlap), size=8.5, color=QUIET, va="top", ha="right")
    panels = [figure.add_axes((left, 0.02, 0.47, 0.80)) for left in (0.02, 0.51)]
    _draw_prints(explained, panels[0], panels[1], letters=8)
    same_scale(panels)
    if explained.overlap is not None:
        _draw_partners(explained, explained.overlap, figure, panels)
    draw_scale(panels[0], 7)


def _partners(found: Overlap) -> str:
    if found.alignment is None:
        return "not aligned: no consensus"
    return f"{len(found.pairs)} partners of {common_minutiae(found)} in common"


# --- the words on top -----------------------------------------------------------------------------------------------


def _head(explained: Explanation, figure: Figure) -> float:
    """Draws the verdict and its causes; how high the prints below may reach."""
    word, _, rest = explained.verdict.partition(": ")
    title = figure.text(
        0.03, 0.955, word.capitalize(), size=19, weight="bold", color=_verdict_colour(explained), va="center"
    )
    right = title.get_window_extent().x1
    figure.text(right / figure.bbox.width + 0.015, 0.953, rest, size=12.5, color=INK, va="center")
    sentences = "\n".join(fill(cause.sentence, LINE_LETTERS) for cause in explained.causes[:MOST_CAUSES])
    figure.text(0.03, 0.915, sentences, size=9.5, color="0.25", va="top", linespacing=1.35)
    return 0.915 - LINE_HEIGHT * len(sentences.splitlines()) - CAPTION_HEIGHT


def _verdict_colour(explained: Explanation) -> str:
    return INK if explained.decision.match else REFUSED


# --- the prints and their partners ----------------------------------------------------------------------------------


def _draw_prints(explained: Explanation, left: Axes, right: Axes, letters: float = 9.5) -> None:
    for side, axes in ((explained.probe, left), (explained.reference, right)):
        draw_print(side, axes, letters)


def _draw_partners(explained: Explanation, found: Overlap, figure: Figure, panels: Sequence[Axes]) -> None:
    """The minutiae of both prints and what joins them; the panels show their final parts by now."""
    commons = found.probe_common, found.reference_common
    for column, side in enumerate((explained.probe, explained.reference)):
        minutiae = side.template.minutiae
        draw_minutiae(minutiae, _strength_of(found, len(minutiae), column), commons[column], panels[column])
    _draw_lines(explained, found, figure, panels[0], panels[1])
    if len(panels) > 2 and found.alignment is not None:
        _draw_joined(explained, found, found.alignment, panels[2])


def _strength_of(found: Overlap, number: int, column: int) -> FloatArray:
    """Strength of each minutia's pair; (n,), 0 without a partner."""
    strengths = np.zeros(number, np.float32)
    strengths[found.pairs[:, column]] = found.strengths
    return strengths


def _draw_lines(explained: Explanation, found: Overlap, figure: Figure, left: Axes, right: Axes) -> None:
    """From each of the probe's minutiae to its partner, the strongest above the others."""
    from matplotlib.patches import ConnectionPatch

    one, other = explained.probe.template.minutiae, explained.reference.template.minutiae
    colours = colours_of(found.strengths)
    for k in np.argsort(found.strengths, kind="stable"):
        i, j = found.pairs[k]
        line = ConnectionPatch(
            (one.x_px[i], one.y_px[i]),
            (other.x_px[j], other.y_px[j]),
            coordsA="data",
            coordsB="data",
            axesA=left,
            axesB=right,
            color=colours[k],
            linewidth=0.8,
            alpha=0.55,
            zorder=3,
        )
        figure.add_artist(line)


# --- the overlay ----------------------------------------------------------------------------------------------------


def _draw_overlay(explained: Explanation, found: Overlap, axes: Axes) -> None:
    """The probe laid on the reference, each in its colour, partners joined."""
    one, other = explained.probe.acquired, explained.reference.acquired
    alignment = found.alignment
    caption(axes, "probe laid on reference", _overlay_facts(explained, alignment), 9.5)
    if alignment is None or one.foreground is None or other.foreground is None:
        frame(axes, (0.0, 10.0, 0.0, 10.0))
        axes.text(5, 5, "no consensus\nto lay them by", size=11, color=QUIET, ha="center", va="center")
        return
    left, right, top, bottom = _union(_laid_box(one.foreground, alignment), box_of((), other.foreground))
    corner, size = np.array([left, top]), (round(right - left), round(bottom - top))
    here = _shifted(ink_of(one.prepared.image, one.foreground), alignment.matrix, corner, size)
    there = _shifted(ink_of(other.prepared.image, other.foreground), np.eye(2, 3), corner, size)
    extent = (left, left + size[0], top + size[1], top)
    axes.imshow(mixed(here, there), extent=extent, interpolation="hanning")
    outline(one, PROBE, axes, alignment)
    outline(other, REFERENCE, axes)
    frame(axes, (left, right, top, bottom))


def _overlay_facts(explained: Explanation, alignment: Alignment | None) -> str:
    if alignment is None:
        return "not possible"
    area = explained.common_mm2
    turned = f"turned by {np.degrees(alignment.rotation_rad):.0f}°".replace("-", "−")
    return turned if area is None else f"{turned}, {area:.0f} mm² in common"


def _laid_box(foreground: BoolArray, alignment: Alignment) -> tuple[float, float, float, float]:
    rows, columns = np.nonzero(foreground)
    z = alignment.laid(CELL_PX * ((columns + 0.5) + 1j * (rows + 0.5)))
    rim = MARGIN_PX + CELL_PX / 2
    return z.real.min() - rim, z.real.max() + rim, z.imag.min() - rim, z.imag.max() + rim


def _union(one: tuple[float, ...], other: tuple[float, ...]) -> tuple[float, float, float, float]:
    return min(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), max(one[3], other[3])


def _shifted(
    ink: FloatArray, matrix: NDArray[np.float64], corner: NDArray[np.float64], size: tuple[int, int]
) -> FloatArray:
    """An image laid by a (2, 3) matrix, seen from a corner; positions are of pixels' corners, warping has middles."""
    laid = np.array(matrix, np.float64)
    half = np.array([0.5, 0.5])
    laid[:, 2] += laid[:, :2] @ half - half - corner
    return np.asarray(cv2.warpAffine(ink, laid, size, flags=cv2.INTER_LINEAR), np.float32)


def _draw_joined(explained: Explanation, found: Overlap, alignment: Alignment, axes: Axes) -> None:
    """A ring around each partner of the reference, and a line from where the probe's lies."""
    one, other = explained.probe.template.minutiae, explained.reference.template.minutiae
    i, j = found.pairs.T
    here = alignment.laid(one.x_px[i].astype(np.float64) + 1j * one.y_px[i])
    there = other.x_px[j].astype(np.float64) + 1j * other.y_px[j]
    for a, b in zip(here, there, strict=True):
        axes.plot([a.real, b.real], [a.imag, b.imag], color="black", linewidth=1.2, zorder=4)
    size = (4.2 * points_per_px(axes)) ** 2
    axes.scatter(there.real, there.imag, s=size, facecolors="none", edgecolors="black", linewidths=0.9, zorder=5)


# --- the make-up of the score ---------------------------------------------------------------------------------------


def _legend(figure: Figure) -> None:
    """What the marks mean, on one line below the prints."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.lines import Line2D

    dark, lone = strength_colours()(0.9), LONE
    marks = [
        Line2D([], [], marker="o", ls="", c=dark, ms=6, mec=EDGE, label="minutia with a partner"),
        Line2D([], [], marker="o", ls="", c=lone, ms=5.5, mfc="white", label="without"),
        Line2D([], [], marker="o", ls="", c=lone, ms=5.5, mfc="white", alpha=0.45, label="outside the common area"),
        Line2D([], [], color=PROBE, linewidth=3, label="probe"),
        Line2D([], [], color=REFERENCE, linewidth=3, label="reference"),
        Line2D([], [], marker="o", ls="", c="black", ms=6, mfc="none", label="partners, joined"),
    ]
    figure.legend(
        handles=marks,
        loc="center left",
        bbox_to_anchor=(0.03, 0.206),
        ncols=6,
        frameon=False,
        fontsize=8.5,
        labelcolor="0.25",
        handlelength=1.3,
        columnspacing=1.4,
        handletextpad=0.6,
        borderaxespad=0,
    )
    axes = figure.add_axes((0.805, 0.198, 0.105, 0.016))
    bar = figure.colorbar(ScalarMappable(cmap=strength_colours()), cax=axes, orientation="horizontal", ticks=[])
    bar.outline.set_visible(False)
    figure.text(0.799, 0.206, "weak", size=8.5, color="0.25", ha="right", va="center")
    figure.text(0.916, 0.206, "strong pair", size=8.5, color="0.25", ha="left", va="center")


def _draw_numbers(explained: Explanation, figure: Figure) -> None:
    """From the pairs proposed to the score, as a row of numbers; then the score against its threshold."""
    steps = explained.steps
    for k, (words, number) in enumerate(steps):
        x = 0.03 + k * 0.6 / len(steps)
        colour = _verdict_colour(explained) if k == len(steps) - 1 else INK
        figure.text(x, 0.128, number, size=16, weight="bold", color=colour, va="center")
        figure.text(x, 0.096, fill(words, STEP_LETTERS), size=8.5, color=QUIET, va="top", linespacing=1.25)
    _draw_score(explained, figure.add_axes((0.65, 0.085, 0.32, 0.05)))


def _draw_score(explained: Explanation, axes: Axes) -> None:
    """The score as a bar against the threshold, with the false match rates that scores stand for."""
    score, threshold = explained.score.value, explained.point.threshold
    colour = _verdict_colour(explained)
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
