"""One print as a picture: its ridges and outline, its minutiae, a caption, and the scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fpverify.comparison import Alignment
from fpverify.explanation.palette import EDGE, INK, LONE, QUIET, colours_of
from fpverify.explanation.side import Side
from fpverify.features import Acquired
from fpverify.features.minutiae import CELL_PX
from fpverify.vocabulary import WORKING_PPI, BoolArray, FloatArray, Minutiae

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MM_PER_PX = 25.4 / WORKING_PPI
RIDGE_SHADE = 0.36  # of black: ridges stay behind what is drawn on them
MARGIN_PX = 6  # around the foreground, 0.6 mm
RIM_PX = 3 * CELL_PX  # around an image, for the outline's blur to end in
TAIL_PX = 6.5  # of a minutia's direction, one and a half ridge periods
SCALES_MM = (5, 2, 1)  # of the bar: the longest within a third of a panel


def draw_print(side: Side, axes: Axes, letters: float) -> None:
    """A print in its panel, and above it what it is, in letters of so many points."""
    image = side.acquired.prepared.image
    foreground = side.acquired.foreground
    shade = RIDGE_SHADE * ink_of(image, foreground)
    height, width = image.shape
    axes.imshow(1 - shade, cmap="gray", vmin=0, vmax=1, extent=(0, width, height, 0), interpolation="hanning")
    outline(side.acquired, "0.45", axes)
    frame(axes, box_of(image.shape, foreground))
    caption(axes, f"{side.role} {_short(side.name)}", _facts(side), letters)


def caption(axes: Axes, first: str, second: str, letters: float) -> None:
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


# --- ridges and outline ---------------------------------------------------------------------------------------------


def ink_of(image: FloatArray, foreground: BoolArray | None) -> FloatArray:
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


def outline(acquired: Acquired, colour: str, axes: Axes, alignment: Alignment | None = None) -> None:
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


# --- what a panel shows, and how large ------------------------------------------------------------------------------


def box_of(shape: tuple[int, ...], foreground: BoolArray | None) -> tuple[float, float, float, float]:
    """(left, right, top, bottom) of what there is to show, px."""
    if foreground is None or not foreground.any():
        return 0.0, float(shape[1]), 0.0, float(shape[0])
    rows, columns = np.flatnonzero(foreground.any(1)), np.flatnonzero(foreground.any(0))
    ends = (columns[0], columns[-1] + 1, rows[0], rows[-1] + 1)
    left, right, top, bottom = (float(CELL_PX * end) for end in ends)
    return left - MARGIN_PX, right + MARGIN_PX, top - MARGIN_PX, bottom + MARGIN_PX


def frame(axes: Axes, box: tuple[float, float, float, float]) -> None:
    """Lets a panel show this (left, right, top, bottom), px, and nothing around it."""
    left, right, top, bottom = box
    axes.set(xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[], aspect="auto")
    axes.spines[:].set_visible(False)


def same_scale(panels: Sequence[Axes]) -> None:
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


def points_per_px(axes: Axes) -> float:
    """Points of the page for a pixel of the print."""
    return 72 * _size_in(axes)[0] / _span(axes.get_xlim())


def draw_scale(axes: Axes, letters: float) -> None:
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


# --- minutiae -------------------------------------------------------------------------------------------------------


def draw_minutiae(minutiae: Minutiae, strengths: FloatArray, common: BoolArray, axes: Axes) -> None:
    """A mark with a tail for each, as large as its quality; with a partner, filled with the colour of its strength."""
    paired = strengths > 0
    inside = common if len(common) == len(minutiae) else np.ones(len(minutiae), bool)
    for chosen, alpha in ((~paired & ~inside, 0.45), (~paired & inside, 1.0)):
        _draw_marks(minutiae, chosen, axes, colours=LONE, filled=False, alpha=alpha)
    _draw_marks(minutiae, paired, axes, colours=colours_of(strengths[paired]), filled=True, alpha=1.0)


def _draw_marks(minutiae: Minutiae, chosen: BoolArray, axes: Axes, *, colours: Any, filled: bool, alpha: float) -> None:
    x, y, angle = minutiae.x_px[chosen], minutiae.y_px[chosen], minutiae.angle_rad[chosen]
    if len(x) == 0:
        return
    from matplotlib.collections import LineCollection

    tails = np.stack([x, y, x + TAIL_PX * np.cos(angle), y + TAIL_PX * np.sin(angle)], axis=1).reshape(-1, 2, 2)
    scale = points_per_px(axes)
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
