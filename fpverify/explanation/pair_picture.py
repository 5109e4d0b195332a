"""Two prints and what a comparison found in them, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from fpverify.comparison import Overlap
from fpverify.explanation.common_area import common_minutiae
from fpverify.explanation.explanation import Explanation
from fpverify.explanation.overlay_picture import draw_joined, draw_overlay
from fpverify.explanation.palette import (
    EDGE,
    INK,
    LONE,
    PROBE,
    QUIET,
    REFERENCE,
    colours_of,
    png,
    strength_colours,
    verdict_colour,
)
from fpverify.explanation.print_picture import draw_minutiae, draw_print, draw_scale, same_scale
from fpverify.explanation.score_picture import draw_numbers
from fpverify.extras import require
from fpverify.folders import private
from fpverify.vocabulary import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    require("plots", "a picture")
    from matplotlib.figure import Figure

DOTS_PER_INCH = 130
SIZE_IN = (11.0, 6.4)  # of the picture: an A4 page across
COMPACT_SIZE_IN = (6.0, 3.6)
COMPACT_DOTS_PER_INCH = 100  # 600 px wide
PNG_BYTES = 200_000  # fits a mail and a manual
COMPACT_BYTES = 60_000  # a report shows dozens
FOOT = 0.235  # of the picture's height, below the prints: legend and numbers
LINE_LETTERS = 150  # of a sentence on the picture's width
LINE_HEIGHT = 0.029  # of a line of it, of the picture's height
CAPTION_HEIGHT = 0.072  # of two lines above a print
MOST_CAUSES = 3  # in the picture; all are in `Explanation.causes`


def write_picture(explained: Explanation, path: str | Path) -> None:
    """Writes the whole picture; the ending chooses PNG, SVG or PDF."""
    require("plots", "a picture")
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE_IN, dpi=DOTS_PER_INCH, facecolor="white")
    draw_pair(explained, figure)
    if Path(path).suffix.lower() == ".png":
        private(path).write_bytes(png(figure, PNG_BYTES))
    else:
        figure.savefig(private(path))


def pair_png(explained: Explanation) -> bytes:
    """A small picture for a gallery: both prints with their partners, 600 x 360 px, at most 60 KB of PNG."""
    require("plots", "a picture")
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
        draw_overlay(explained, explained.overlap, panels[2])
    same_scale(panels)
    if explained.overlap is not None:
        _draw_partners(explained, explained.overlap, figure, panels)
        _legend(figure)
    draw_scale(panels[0], 8)
    draw_numbers(explained, figure)


def _draw_compact(explained: Explanation, figure: Figure) -> None:
    score, threshold = explained.score.value, explained.point.threshold
    line = f"{explained.decision.word.capitalize()}, score {score:.1f}, threshold {threshold:.1f}"
    figure.text(0.02, 0.97, line, size=9.5, weight="bold", color=verdict_colour(explained.decision.match), va="top")
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
        0.03,
        0.955,
        word.capitalize(),
        size=19,
        weight="bold",
        color=verdict_colour(explained.decision.match),
        va="center",
    )
    right = title.get_window_extent().x1
    figure.text(right / figure.bbox.width + 0.015, 0.953, rest, size=12.5, color=INK, va="center")
    sentences = "\n".join(fill(cause.sentence, LINE_LETTERS) for cause in explained.causes[:MOST_CAUSES])
    figure.text(0.03, 0.915, sentences, size=9.5, color="0.25", va="top", linespacing=1.35)
    return 0.915 - LINE_HEIGHT * len(sentences.splitlines()) - CAPTION_HEIGHT


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
        draw_joined(explained, found, found.alignment, panels[2])


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


# --- the legend -----------------------------------------------------------------------------------------------------


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
