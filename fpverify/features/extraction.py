"""From a scan to its template."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fpverify.errors import FailureToAcquire
from fpverify.features.grid import descriptors_on_grid, minutiae_on_grid, quality_on_grid
from fpverify.features.minutiae import CELL_PX, decode_minutiae, foreground_cells, largest_piece
from fpverify.features.patches import sample_patches
from fpverify.features.preparation import prepare
from fpverify.features.quality import scan_quality
from fpverify.features.ridges import ridge_signs
from fpverify.vocabulary import WORKING_PPI, BoolArray, FloatArray, Minutiae, PreparedScan, Scan, Template

Network = Callable[[FloatArray], FloatArray]

MULTIPLE_PX = 8  # the minutia map network halves the image three times
LEAST_AREA_MM2 = 25.0  # 5 x 5 mm, an eighth of a fingertip: less shows too few ridges to tell fingers apart
LEAST_RIDGE_SHARE = 0.12  # of the power: 99 of 100 ordinary synthetic impressions lie above, a good print at 0.55
MOST_RIDGE_SHARE = 0.95  # a drawn grating has 0.97 and more, good prints up to 0.85; ridges swell, bend and end
LEAST_RIDGE_FLOW = 0.55  # 100 ordinary synthetic impressions lie above 0.7, good ones at 0.9; photographs at 0.2 to 0.6
LEAST_MINUTIAE = 6  # fewer cannot reach consensus
LEAST_CERTAINTY = 0.45  # mean probability of the six best minutiae: in a print at least these are plain
SURE = 0.7  # probability of foreground that counts towards the least area
CELL_MM2 = (CELL_PX * 25.4 / WORKING_PPI) ** 2
NO_DESCRIPTORS = np.zeros((0, 0), np.int8)
NO_MINUTIAE = Minutiae(*(np.zeros(0, np.float32) for _ in range(4)))


@dataclass(frozen=True, slots=True)
class MinutiaExtractor:
    """Scan to template for a model of the kind `minutiae`.

    Attributes:
        model_id: of the bundle the networks come from.
        minutia_map: (1, h, w, 1) -> (1, h/4, w/4, 6), see `fpverify.networks.minutia_map`.
        descriptor: (n, 64, 64, 1) -> (n, d) of unit length, see `fpverify.networks.patch_siamese`.
    """

    model_id: str
    minutia_map: Network
    descriptor: Network

    def extract(self, scan: Scan) -> Template:
        """The template of a scan.

        Raises:
            FailureToAcquire: ridges too faint, too little foreground, no ridges in it, or too few minutiae.
        """
        prepared = prepare(scan)
        answer = self._minutia_map(prepared)
        foreground = foreground_cells(answer)
        _check_area(largest_piece(foreground_cells(answer, SURE)), scan)
        _check_ridges(prepared, foreground, scan)
        minutiae = _checked_minutiae(minutiae_on_grid(decode_minutiae(answer, foreground)), scan)
        descriptors = self._descriptors(prepared, minutiae)
        quality = quality_on_grid(scan_quality(minutiae, _area_mm2(foreground)))
        return Template(self.model_id, quality, minutiae, descriptors)

    def _minutia_map(self, prepared: PreparedScan) -> FloatArray:
        """(h/4, w/4, 6), the image padded on the right and below with nothing."""
        height, width = prepared.image.shape
        below, right = -height % MULTIPLE_PX, -width % MULTIPLE_PX
        image = cv2.copyMakeBorder(prepared.image, 0, below, 0, right, cv2.BORDER_CONSTANT, value=0)
        answer: FloatArray = self.minutia_map(np.asarray(image, np.float32)[None, ..., None])[0]
        return answer

    def _descriptors(self, prepared: PreparedScan, minutiae: Minutiae) -> NDArray[np.int8]:
        patches = sample_patches(prepared.image, minutiae.x_px, minutiae.y_px, minutiae.angle_rad)
        return descriptors_on_grid(self.descriptor(patches[..., None]))


@dataclass(frozen=True, slots=True)
class WholePrintExtractor:
    """Scan to template for a model of the kind `whole-print`.

    Attributes:
        model_id: of the bundle the network comes from.
        network: (1, input_px, input_px, 1) -> (1, m) of unit length.
        input_px: side of the square the print is centred on.
    """

    model_id: str
    network: Network
    input_px: int

    def extract(self, scan: Scan) -> Template:
        """The template of a scan: one vector.

        Raises:
            FailureToAcquire: ridges too faint.
        """
        canvas = centred(prepare(scan).image, self.input_px)
        vector = self.network(canvas[None, ..., None])[0]
        return Template(self.model_id, 1.0, NO_MINUTIAE, NO_DESCRIPTORS, np.asarray(vector, np.float32))


def centred(image: FloatArray, side: int) -> FloatArray:
    """The middle of an image on a square of `side` px, with nothing (0) around it; (side, side) float32."""
    canvas = np.zeros((side, side), np.float32)
    height, width = (min(side, extent) for extent in image.shape)
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    to_top, to_left = (side - height) // 2, (side - width) // 2
    canvas[to_top : to_top + height, to_left : to_left + width] = image[top : top + height, left : left + width]
    return canvas


def _area_mm2(cells: BoolArray) -> float:
    return float(cells.sum()) * CELL_MM2


def _check_area(piece: BoolArray, scan: Scan) -> None:
    area_mm2 = _area_mm2(piece)
    if area_mm2 < LEAST_AREA_MM2:
        raise FailureToAcquire(
            f"{scan.source}: too little foreground: {area_mm2:.0f} mm² of print in one piece found, "
            f"at least {LEAST_AREA_MM2:.0f} mm² needed (at {scan.ppi:.0f} ppi)"
        )


def _check_ridges(prepared: PreparedScan, foreground: BoolArray, scan: Scan) -> None:
    signs = ridge_signs(prepared.image, foreground)
    if signs.share < LEAST_RIDGE_SHARE:
        raise FailureToAcquire(
            f"{scan.source}: no ridges: {signs.share:.0%} of the pattern is parallel lines of their period, "
            f"at least {LEAST_RIDGE_SHARE:.0%} needed (at {scan.ppi:.0f} ppi)"
        )
    if signs.share > MOST_RIDGE_SHARE:
        raise FailureToAcquire(f"{scan.source}: no finger: lines as regular as these are drawn or woven, not grown")
    if signs.flow < LEAST_RIDGE_FLOW:
        raise FailureToAcquire(
            f"{scan.source}: no ridges: the directions of neighbouring places agree to {signs.flow:.0%}, "
            f"at least {LEAST_RIDGE_FLOW:.0%} needed"
        )


def _checked_minutiae(minutiae: Minutiae, scan: Scan) -> Minutiae:
    if len(minutiae) < LEAST_MINUTIAE:
        raise FailureToAcquire(
            f"{scan.source}: too few minutiae: {len(minutiae)} found, at least {LEAST_MINUTIAE} needed"
        )
    certainty = float(minutiae.quality[:LEAST_MINUTIAE].mean())
    if certainty < LEAST_CERTAINTY:
        raise FailureToAcquire(
            f"{scan.source}: no clear minutiae: the best {LEAST_MINUTIAE} are {certainty:.0%} certain, "
            f"at least {LEAST_CERTAINTY:.0%} needed"
        )
    return minutiae
