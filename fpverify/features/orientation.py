"""Which way the ridges run, on a grid of cells.

The angle is doubled, because a ridge has no sense: a field is complex, its argument twice the angle across the ridges
in radians and its modulus how alike the directions around are, in [0, 1] (Kass and Witkin, 1987).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from fpverify.features.minutiae import CELL_PX
from fpverify.vocabulary import BoolArray, FloatArray

Field = NDArray[np.complex64]

SMOOTH_PX, BROAD_PX = 1.0, 4.0  # deviations of Gaussians: what lies between them has the period of ridges, about 4.5 px
LEAST_ENERGY = 1e-4  # squared slope of the normalised image, whose deviation is 1: below it a cell has no direction
LEAST_SHARE = 0.3  # of a cell's neighbourhood that shows ridges; less says nothing


class Ridges(NamedTuple):
    """What counts as ridges, and how far a direction is averaged.

    Attributes:
        contrast: in local deviations, that both a ridge and a valley must have ...
        within_px: ... in a square this wide.
        shrunk_px: of what is found, the rim of a square this wide is left out: slopes there are those of an edge.
        rim_cells: the same of the foreground, in cells.
        deviation_cells: of the Gaussian mean over cells.
    """

    contrast: float
    within_px: int
    shrunk_px: int
    rim_cells: int
    deviation_cells: float


@dataclass(frozen=True, slots=True, eq=False)
class Slopes:
    """An image and its slopes, from which fields are taken.

    Attributes:
        smooth: (h, w) float32, ridges negative.
        along, skew, energy: (h, w) float32: squared slopes across less those down, twice their product, their sum.
    """

    smooth: FloatArray
    along: FloatArray
    skew: FloatArray
    energy: FloatArray

    @classmethod
    def of(cls, image: FloatArray, cells: tuple[int, ...]) -> Slopes:
        """The slopes of a prepared image, cut or continued to whole cells; `cells` is how many (down, across)."""
        height, width = (CELL_PX * number for number in cells)
        below, right = max(0, height - image.shape[0]), max(0, width - image.shape[1])
        whole = np.asarray(
            cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_REPLICATE)[:height, :width], np.float32
        )
        smooth = np.asarray(cv2.GaussianBlur(whole, (0, 0), SMOOTH_PX), np.float32)
        band = smooth - _broad(whole)
        across, down = (np.asarray(cv2.Sobel(band, cv2.CV_32F, x, 1 - x), np.float32) for x in (1, 0))
        squared, other = across * across, down * down
        return cls(smooth, squared - other, 2 * across * down, squared + other)

    def field(self, foreground: BoolArray, ridges: Ridges) -> Field:
        """The directions in the foreground; (h / 4, w / 4), 0 where there are none."""
        shown = self._shown(ridges)
        size = foreground.shape[::-1]
        along, skew, energy, share = (
            np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.float32)
            for part in (self.along * shown, self.skew * shown, self.energy * shown, shown)
        )
        share = np.asarray(share * _without_rim(foreground.astype(np.uint8), ridges.rim_cells), np.float32)
        weight = np.asarray(
            share / np.maximum(energy, np.float32(LEAST_ENERGY)), np.float32
        )  # each cell counts alike, however steep it is
        along, skew, share = (_mean(part, ridges.deviation_cells) for part in (along * weight, skew * weight, share))
        directed = np.where(share > LEAST_SHARE, 1 / np.maximum(share, LEAST_SHARE), np.float32(0))
        return np.asarray((along + 1j * skew) * directed, np.complex64)

    def _shown(self, ridges: Ridges) -> FloatArray:
        """1 where a ridge and a valley are near, else 0; (h, w) float32."""
        square = np.ones((ridges.within_px, ridges.within_px), np.uint8)
        dark, bright = (
            np.asarray(cv2.dilate(part.astype(np.uint8), square), np.uint8)
            for part in (self.smooth < -ridges.contrast, self.smooth > ridges.contrast)
        )
        return _without_rim(dark & bright, ridges.shrunk_px).astype(np.float32)


def _broad(image: FloatArray) -> FloatArray:
    """The Gaussian mean of `BROAD_PX`; on pixels twice as wide, which are fine enough for so smooth a thing."""
    half = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    mean = cv2.GaussianBlur(half, (0, 0), BROAD_PX / 2)
    return np.asarray(cv2.resize(mean, image.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _without_rim(mask: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.erode(mask, np.ones((side, side), np.uint8), borderValue=1), np.uint8)


def _mean(cells: FloatArray, deviation: float) -> FloatArray:
    """Gaussian, with nothing outside the image."""
    return np.asarray(cv2.GaussianBlur(cells, (0, 0), deviation, borderType=cv2.BORDER_CONSTANT), np.float32)
