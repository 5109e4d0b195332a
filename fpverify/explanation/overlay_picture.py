"""One print laid on the other, as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from fpverify.comparison import Alignment, Overlap
from fpverify.explanation.explanation import Explanation
from fpverify.explanation.palette import PROBE, QUIET, REFERENCE, mixed
from fpverify.explanation.print_picture import MARGIN_PX, box_of, caption, frame, ink_of, outline, points_per_px
from fpverify.features.minutiae import CELL_PX
from fpverify.vocabulary import BoolArray, FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_overlay(explained: Explanation, found: Overlap, axes: Axes) -> None:
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


def draw_joined(explained: Explanation, found: Overlap, alignment: Alignment, axes: Axes) -> None:
    """A ring around each partner of the reference, and a line from where the probe's lies."""
    one, other = explained.probe.template.minutiae, explained.reference.template.minutiae
    i, j = found.pairs.T
    here = alignment.laid(one.x_px[i].astype(np.float64) + 1j * one.y_px[i])
    there = other.x_px[j].astype(np.float64) + 1j * other.y_px[j]
    for a, b in zip(here, there, strict=True):
        axes.plot([a.real, b.real], [a.imag, b.imag], color="black", linewidth=1.2, zorder=4)
    size = (4.2 * points_per_px(axes)) ** 2
    axes.scatter(there.real, there.imag, s=size, facecolors="none", edgecolors="black", linewidths=0.9, zorder=5)
