"""Two prints and what a comparison found in them, as a picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fpverify.comparison import Alignment, Overlap
from fpverify.evaluation.explanation import MM_PER_PX, Explanation, Side, common_minutiae
from fpverify.features import Acquired
from fpverify.features.minutiae import CELL_PX
from fpverify.vocabulary import BoolArray, ByteArray, FloatArray, Minutiae

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

DOTS_PER_INCH = 130
SIZE_IN = (11.0, 6.4)  # of the picture: an A4 page across
COMPACT_SIZE_IN = (6.0, 3.6)
COMPACT_DOTS_PER_INCH = 100  # 600 px wide
PNG_BYTES = 200_000  # fits a mail and a manual
COMPACT_BYTES = 60_000  # a report shows dozens
PALETTES = (3.0, 2.0, 1.5, 1.0, 0.5)  # how finely a PNG has its colours, 1 being some sixty: the finest that fits

INK = "#1b3a5c"
QUIET = "#6b7280"  # of words beside the numbers
PROBE = "#0072b2"  # blue and vermilion: the pair of Okabe and Ito that all colour-blind tell apart ...
REFERENCE = "#e69f00"  # ... this orange is also lighter, so that grey print keeps them apart
LONE = "#8a8f98"  # minutiae without a partner
EDGE = "#1f2937"  # around minutiae with one
REFUSED = "#9a3412"  # a non-match
RIDGE_SHADE = 0.36  # of black: ridges stay behind what is drawn on them
MARGIN_PX = 6  # around the foreground, 0.6 mm
RIM_PX = 3 * CELL_PX  # around an image, for the outline's blur to end in
TAIL_PX = 6.5  # of a minutia's direction, one and a half ridge periods
SCALES_MM = (5, 2, 1)  # of the bar: the longest within a third of a panel
STRONGEST = 0.9  # strength at the dark end of the colours; the strengths of good pairs lie at 0.4 to 0.9
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
        Path(path).write_bytes(_png(figure, PNG_BYTES))
    else:
        figure.savefig(path)


def pair_png(explained: Explanation) -> bytes:
    """A small picture for a gallery: both prints with their partners, 600 x 360 px, at most 60 KB of PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=COMPACT_SIZE_IN, dpi=COMPACT_DOTS_PER_INCH, facecolor="white")
    draw_pair(explained, figure, compact=True)
    return _png(figure, COMPACT_BYTES)


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
    _same_scale(panels)
    if explained.overlap is not None:
        _draw_partners(explained, explained.overlap, figure, panels)
        _legend(figure)
    _draw_scale(panels[0], 8)
    _draw_numbers(explained, figure)


def _draw_compact(explained: Explanation, figure: Figure) -> None:
    score, threshold = explained.score.value, explained.point.threshold
    line = f"{explained.decision.word.capitalize()}, score {score:.1f}, threshold {threshold:.1f}"
    figure.text(0.02, 0.97, line, size=9.5, weight="bold", color=_verdict_colour(explained), va="top")
    if explained.overlap is not None:
        figure.text(0.98, 0.97, _partners(explained.overlap), size=8.5, color=QUIET, va="top", ha="right")
    panels = [figure.add_axes((left, 0.02, 0.47, 0.80)) for left in (0.02, 0.51)]
    _draw_prints(explained, panels[0], panels[1], letters=8)
    _same_scale(panels)
    if explained.overlap is not None:
        _draw_partners(explained, explained.overlap, figure, panels)
    _draw_scale(panels[0], 7)


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


# --- the prints -----------------------------------------------------------------------------------------------------


def _draw_prints(explained: Explanation, left: Axes, right: Axes, letters: float = 9.5) -> None:
    for side, axes in ((explained.probe, left), (explained.reference, right)):
        _draw_print(side, axes)
        _caption(axes, f"{side.role} {_short(side.name)}", _facts(side), letters)


def _draw_partners(explained: Explanation, found: Overlap, figure: Figure, panels: Sequence[Axes]) -> None:
    """The minutiae of both prints and what joins them; the panels show their final parts by now."""
    commons = found.probe_common, found.reference_common
    for column, side in enumerate((explained.probe, explained.reference)):
        minutiae = side.template.minutiae
        _draw_minutiae(minutiae, _strength_of(found, len(minutiae), column), commons[column], panels[column])
    _draw_lines(explained, found, figure, panels[0], panels[1])
    if len(panels) > 2 and found.alignment is not None:
        _draw_joined(explained, found, found.alignment, panels[2])


def _caption(axes: Axes, first: str, second: str, letters: float) -> None:
    """Two lines above a panel."""
    place: dict[str, Any] = {
        "xycoords": "axes fraction",
        "textcoords": "offset points",
        "va": "bottom",
        "annotation_clip": False,
        "parse_math": False,  # a dollar in a file name is one
    }
    axes.annotate(first, (0, 1), (0, 1.55 * letters), size=letters, color=INK, weight="bold", **place)
    axes.annotate(second, (0, 1), (0, 0.2 * letters), size=letters - 1, color=QUIET, **place)


def _short(name: str) -> str:
    """A file name that can be drawn on one line."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in name)
    return shown if len(shown) <= 26 else f"{shown[:11]}…{shown[-14:]}"


def _facts(side: Side) -> str:
    area_mm2 = side.acquired.area_mm2
    if area_mm2 is None:
        return f"{side.scan.ppi:.0f} ppi"
    return f"{len(side.template.minutiae)} minutiae on {area_mm2:.0f} mm², quality {side.template.quality:.2f}"


def _draw_print(side: Side, axes: Axes) -> None:
    image = side.acquired.prepared.image
    foreground = side.acquired.foreground
    shade = RIDGE_SHADE * _ink(image, foreground)
    height, width = image.shape
    axes.imshow(1 - shade, cmap="gray", vmin=0, vmax=1, extent=(0, width, height, 0), interpolation="hanning")
    _outline(side.acquired, "0.45", axes)
    _frame(axes, _box(image.shape, foreground))


def _ink(image: FloatArray, foreground: BoolArray | None) -> FloatArray:
    """0 for paper to 1 for a ridge; (h, w), nothing outside the foreground."""
    ink = np.clip(0.5 - image / 2.4, 0, 1)
    return np.asarray(ink if foreground is None else ink * _coverage(foreground, image.shape), np.float32)


def _coverage(foreground: BoolArray, shape: tuple[int, ...]) -> FloatArray:
    """The foreground's cells as pixels with a soft rim, as wide as the outline; (h, w) in [0, 1]."""
    smooth = _smooth_cells(foreground, shape)[RIM_PX:-RIM_PX, RIM_PX:-RIM_PX]
    return np.asarray(np.clip(4 * smooth - 1.5, 0, 1))


def _smooth_cells(foreground: BoolArray, shape: tuple[int, ...]) -> FloatArray:
    """The foreground's cells as pixels without steps, with a rim of nothing; (h + 2 RIM_PX, w + 2 RIM_PX) in [0, 1]."""
    cells = np.asarray(np.kron(foreground, np.ones((CELL_PX, CELL_PX))), np.float32)[: shape[0], : shape[1]]
    framed = cv2.copyMakeBorder(cells, RIM_PX, RIM_PX, RIM_PX, RIM_PX, cv2.BORDER_CONSTANT, value=0)
    return np.asarray(cv2.GaussianBlur(framed, (0, 0), CELL_PX), np.float32)


def _outline(acquired: Acquired, colour: str, axes: Axes, alignment: Alignment | None = None) -> None:
    """Smooth lines around the foreground, laid by an alignment if there is one."""
    if acquired.foreground is None:
        return
    smooth = _smooth_cells(acquired.foreground, acquired.prepared.image.shape)
    rims, _ = cv2.findContours((smooth > 0.5).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for rim in rims:
        z = _smooth_ring(rim[:, 0, 0] + 1j * rim[:, 0, 1]) + (0.5 - RIM_PX) * (1 + 1j)
        z = z if alignment is None else alignment.laid(z)
        axes.plot(z.real, z.imag, color=colour, linewidth=1.0, solid_joinstyle="round", zorder=2)


def _smooth_ring(z: NDArray[np.complex128], window: int = 9) -> NDArray[np.complex128]:
    """A closed line of points, each the mean of its neighbours, so that no pixel steps are left; ends as it starts."""
    if len(z) <= window:
        return np.append(z, z[:1])
    around = np.concatenate([z[-(window // 2) :], z, z[: window // 2]])
    smooth = np.convolve(around, np.full(window, 1 / window), "valid")
    return np.append(smooth, smooth[:1])


def _box(shape: tuple[int, ...], foreground: BoolArray | None) -> tuple[float, float, float, float]:
    """(left, right, top, bottom) of what there is to show, px."""
    if foreground is None or not foreground.any():
        return 0.0, float(shape[1]), 0.0, float(shape[0])
    rows, columns = np.flatnonzero(foreground.any(1)), np.flatnonzero(foreground.any(0))
    ends = (columns[0], columns[-1] + 1, rows[0], rows[-1] + 1)
    left, right, top, bottom = (float(CELL_PX * end) for end in ends)
    return left - MARGIN_PX, right + MARGIN_PX, top - MARGIN_PX, bottom + MARGIN_PX


def _frame(axes: Axes, box: tuple[float, float, float, float]) -> None:
    left, right, top, bottom = box
    axes.set(xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[], aspect="auto")
    axes.spines[:].set_visible(False)


def _same_scale(panels: Sequence[Axes]) -> None:
    """Widens what the panels show, about its middle, until a millimetre is as long in all and each fills its place."""
    px_per_inch = 0.0
    sizes = [_size_in(axes) for axes in panels]
    for axes, (width, height) in zip(panels, sizes, strict=True):
        px_per_inch = max(px_per_inch, _span(axes.get_xlim()) / width, _span(axes.get_ylim()) / height)
    for axes, (width, height) in zip(panels, sizes, strict=True):
        x, y = float(np.mean(axes.get_xlim())), float(np.mean(axes.get_ylim()))
        across, down = px_per_inch * width / 2, px_per_inch * height / 2
        axes.set(xlim=(x - across, x + across), ylim=(y + down, y - down))


def _size_in(axes: Axes) -> tuple[float, float]:
    """Width and height of a panel on the page, inches."""
    inch = axes.get_window_extent().transformed(axes.figure.dpi_scale_trans.inverted())
    return inch.width, inch.height


def _span(ends: tuple[float, float]) -> float:
    return abs(ends[1] - ends[0])


def _draw_scale(axes: Axes, letters: float) -> None:
    """A bar of some millimetres in the lower left corner, on a white ground."""
    across_mm = _span(axes.get_xlim()) * MM_PER_PX
    length_mm = next((length for length in SCALES_MM if length <= across_mm / 3), SCALES_MM[-1])
    share = length_mm / across_mm
    point = 1 / 72 / _size_in(axes)[1]  # of the page, as a share of the panel's height
    axes.plot(
        [0, share], [2 * point] * 2, color="0.3", linewidth=2, solid_capstyle="butt", transform=axes.transAxes, zorder=7
    )
    ground = {"facecolor": "white", "edgecolor": "none", "pad": 2.5}
    axes.text(
        0, 5 * point, f"{length_mm} mm", size=letters, color="0.3", va="bottom", transform=axes.transAxes, bbox=ground
    )


# --- minutiae and partners ------------------------------------------------------------------------------------------


def _strength_of(found: Overlap, number: int, column: int) -> FloatArray:
    """Strength of each minutia's pair; (n,), 0 without a partner."""
    strengths = np.zeros(number, np.float32)
    strengths[found.pairs[:, column]] = found.strengths
    return strengths


def _draw_minutiae(minutiae: Minutiae, strengths: FloatArray, common: BoolArray, axes: Axes) -> None:
    """A mark with a tail for each, as large as its quality; with a partner, filled with the colour of its strength."""
    paired = strengths > 0
    inside = common if len(common) == len(minutiae) else np.ones(len(minutiae), bool)
    for chosen, alpha in ((~paired & ~inside, 0.45), (~paired & inside, 1.0)):
        _draw_marks(minutiae, chosen, axes, colours=LONE, filled=False, alpha=alpha)
    _draw_marks(minutiae, paired, axes, colours=_colours()(_shade(strengths[paired])), filled=True, alpha=1.0)


def _draw_marks(minutiae: Minutiae, chosen: BoolArray, axes: Axes, *, colours: Any, filled: bool, alpha: float) -> None:
    x, y, angle = minutiae.x_px[chosen], minutiae.y_px[chosen], minutiae.angle_rad[chosen]
    if len(x) == 0:
        return
    from matplotlib.collections import LineCollection

    tails = np.stack([x, y, x + TAIL_PX * np.cos(angle), y + TAIL_PX * np.sin(angle)], axis=1).reshape(-1, 2, 2)
    scale = _points_per_px(axes)
    axes.add_collection(LineCollection(list(tails), colors=colours, linewidths=1.3, alpha=alpha, zorder=4))
    across = (2.0 + 2.2 * minutiae.quality[chosen]) * scale  # px: up to a ridge period
    axes.scatter(
        x,
        y,
        s=across**2,
        facecolors=colours if filled else "white",
        edgecolors=EDGE if filled else colours,
        linewidths=0.6 if filled else 1.0,
        alpha=alpha,
        zorder=5,
    )


def _points_per_px(axes: Axes) -> float:
    """Points of the page for a pixel of the print."""
    return 72 * _size_in(axes)[0] / _span(axes.get_xlim())


def _draw_lines(explained: Explanation, found: Overlap, figure: Figure, left: Axes, right: Axes) -> None:
    """From each of the probe's minutiae to its partner, the strongest above the others."""
    from matplotlib.patches import ConnectionPatch

    one, other = explained.probe.template.minutiae, explained.reference.template.minutiae
    colours = _colours()(_shade(found.strengths))
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


def _colours() -> Colormap:
    """From sand (weak) to dark blue (strong): in order for the colour-blind, and darker and darker in grey."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    return ListedColormap(colormaps["cividis_r"](np.linspace(0.12, 1, 256)))


def _shade(strengths: FloatArray) -> FloatArray:
    return np.asarray(np.clip(strengths / np.float32(STRONGEST), 0, 1))


# --- the overlay ----------------------------------------------------------------------------------------------------


def _draw_overlay(explained: Explanation, found: Overlap, axes: Axes) -> None:
    """The probe laid on the reference, each in its colour, partners joined."""
    one, other = explained.probe.acquired, explained.reference.acquired
    alignment = found.alignment
    _caption(axes, "probe laid on reference", _overlay_facts(explained, alignment), 9.5)
    if alignment is None or one.foreground is None or other.foreground is None:
        _frame(axes, (0.0, 10.0, 0.0, 10.0))
        axes.text(5, 5, "no consensus\nto lay them by", size=11, color=QUIET, ha="center", va="center")
        return
    left, right, top, bottom = _union(_laid_box(one.foreground, alignment), _box((), other.foreground))
    corner, size = np.array([left, top]), (round(right - left), round(bottom - top))
    here = _shifted(_ink(one.prepared.image, one.foreground), alignment.matrix, corner, size)
    there = _shifted(_ink(other.prepared.image, other.foreground), np.eye(2, 3), corner, size)
    extent = (left, left + size[0], top + size[1], top)
    axes.imshow(_mixed(here, there), extent=extent, interpolation="hanning")
    _outline(one, PROBE, axes, alignment)
    _outline(other, REFERENCE, axes)
    _frame(axes, (left, right, top, bottom))


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


def _mixed(probe: FloatArray, reference: FloatArray) -> FloatArray:
    """Two inks on white paper, as printed one on the other: dark where ridges meet; (h, w, 3) in [0, 1]."""
    from matplotlib.colors import to_rgb

    paper = np.ones((*probe.shape, 3), np.float32)
    for ink, colour in ((probe, PROBE), (reference, REFERENCE)):
        paper *= 1 - 0.75 * ink[..., None] * (1 - np.array(to_rgb(colour), np.float32))
    return paper


def _draw_joined(explained: Explanation, found: Overlap, alignment: Alignment, axes: Axes) -> None:
    """A ring around each partner of the reference, and a line from where the probe's lies."""
    one, other = explained.probe.template.minutiae, explained.reference.template.minutiae
    i, j = found.pairs.T
    here = alignment.laid(one.x_px[i].astype(np.float64) + 1j * one.y_px[i])
    there = other.x_px[j].astype(np.float64) + 1j * other.y_px[j]
    for a, b in zip(here, there, strict=True):
        axes.plot([a.real, b.real], [a.imag, b.imag], color="black", linewidth=1.2, zorder=4)
    size = (4.2 * _points_per_px(axes)) ** 2
    axes.scatter(there.real, there.imag, s=size, facecolors="none", edgecolors="black", linewidths=0.9, zorder=5)


# --- the make-up of the score ---------------------------------------------------------------------------------------


def _legend(figure: Figure) -> None:
    """What the marks mean, on one line below the prints."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.lines import Line2D

    dark, lone = _colours()(0.9), LONE
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
    bar = figure.colorbar(ScalarMappable(cmap=_colours()), cax=axes, orientation="horizontal", ticks=[])
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


# --- small files ----------------------------------------------------------------------------------------------------


def _png(figure: Figure, most_bytes: int) -> bytes:
    """The figure in the colours it is drawn with and their blends, as finely as fits."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    for fineness in PALETTES:
        palette = Image.new("P", (1, 1))
        palette.putpalette(_palette(fineness).tobytes())
        file = io.BytesIO()
        image.quantize(palette=palette, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
        if file.tell() <= most_bytes:
            break
    return file.getvalue()


def _palette(fineness: float) -> ByteArray:
    """Greys, the strengths' colours, words' colours fading into white, and the overlay's two inks; (n, 3)."""
    from matplotlib.colors import to_rgb

    def steps(number: float) -> FloatArray:
        return np.linspace(0, 1, round(number), dtype=np.float32)

    white = np.ones(3)
    greys = steps(9 * fineness)[:, None] * white
    strong = _colours()(steps(8 * fineness))[:, :3]
    words = [
        white + share * (np.array(to_rgb(colour)) - white)
        for colour in (INK, REFUSED, PROBE, REFERENCE)
        for share in steps(1 + 3 * fineness)[1:]
    ]
    one, other = np.meshgrid(steps(3 * fineness), steps(3 * fineness))
    inks = _mixed(one, other).reshape(-1, 3)
    pale = (white + strong[::2]) / 2  # lines between partners, which are half transparent
    colours = np.concatenate([greys, strong, pale, words, inks])
    return np.unique(np.rint(255 * colours).astype(np.uint8), axis=0)[:256]
