"""How a finger was put down: pressed well or not, on a clean plate or not."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np

from fpverify.features.extraction import Acquired
from fpverify.features.minutiae import CELL_PX
from fpverify.features.pieces import CELL_MM
from fpverify.vocabulary import BoolArray, FloatArray

Press = Literal["lighter", "firmer"]

TOO_HEAVY, TOO_LIGHT = 0.45, -0.5  # skew of the evened image: ridges run into each other, or hardly touch
FINE_PX, COARSE_PX = 1.0, 3.0  # deviations of Gaussian windows between which ridges lie: periods of 3 to 6 px
AROUND_PX = 5.0  # deviation of the window for how parallel slopes are: two ridges
PARALLEL = 0.6  # coherence from which slopes are those of ridges; noise of sensors has 0.2 to 0.5
RESIDUE = 0.1  # of the print's energy in ridges, beside it: an earlier print at a third of its contrast
LEAST_RESIDUE_MM2 = 4.0  # less is a speck; of 30 clean synthetic plates none shows 1 mm²
BESIDE_CELLS = 6  # 2.4 mm from the print, where nothing of it shows
BORDER_CELLS = 5  # 2 mm: the edges of a sensor are no ridges


def how_to_press(touch: Acquired) -> Press | None:
    """How to press the next time, if not as it was.

    Of an even press ridges and valleys are equally wide; where ridges are wide, few bright pixels lie far from many
    dark ones, and the skew of the evened image is positive.

    Args:
        touch: of a minutiae model.
    """
    foreground = _foreground(touch)
    image = touch.prepared.image
    cells = cv2.resize(foreground.astype(np.uint8), None, fx=CELL_PX, fy=CELL_PX, interpolation=cv2.INTER_NEAREST)
    height, width = (min(sides) for sides in zip(cells.shape, image.shape, strict=True))
    values = image[:height, :width][cells[:height, :width] > 0].astype(np.float64)
    centred = values - values.mean()
    skew = float((centred**3).mean() / max((centred**2).mean(), 1e-9) ** 1.5)
    return "lighter" if skew > TOO_HEAVY else "firmer" if skew < TOO_LIGHT else None


def plate_is_dirty(touch: Acquired) -> bool:
    """Whether ridges of earlier prints show beside a touch of a minutiae model."""
    foreground = _foreground(touch)
    energy, coherence = _slopes(touch.prepared.image, foreground.shape)
    beside = cv2.dilate(foreground.astype(np.uint8), np.ones((2 * BESIDE_CELLS + 1,) * 2, np.uint8)) == 0
    inner = np.zeros_like(beside)
    inner[BORDER_CELLS:-BORDER_CELLS, BORDER_CELLS:-BORDER_CELLS] = True
    ridges = (coherence > PARALLEL) & (energy > RESIDUE * float(np.median(energy[foreground])))
    return bool(CELL_MM**2 * np.count_nonzero(beside & inner & ridges) >= LEAST_RESIDUE_MM2)


def _foreground(touch: Acquired) -> BoolArray:
    assert touch.foreground is not None  # noqa: S101 - of a minutiae model
    return touch.foreground


def _slopes(image: FloatArray, cells: tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
    """How steep the image is at the scale of ridges, squared, and how parallel its slopes are, 0 to 1; of each cell.

    Source: the structure tensor; Bigün and Granlund, "Optimal orientation detection of linear symmetry", ICCV 1987.
    """
    ridges = cv2.GaussianBlur(image, (0, 0), FINE_PX) - cv2.GaussianBlur(image, (0, 0), COARSE_PX)
    across, down = (cv2.Sobel(ridges, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    xx, yy, xy = (cv2.GaussianBlur(one, (0, 0), AROUND_PX) for one in (across * across, down * down, across * down))
    coherence = np.hypot(xx - yy, 2 * xy) / (xx + yy + np.float32(1e-6))
    energy, parallel = (cv2.resize(one, cells[::-1], interpolation=cv2.INTER_AREA) for one in (xx + yy, coherence))
    return np.asarray(energy, np.float32), np.asarray(parallel, np.float32)
