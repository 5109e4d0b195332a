"""From a scan to its template."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fpverify.features.acquisition import (
    area_mm2,
    require_area,
    require_certainty,
    require_minutiae,
    require_one_print,
)
from fpverify.features.borders import CELL_PX as BORDER_PX
from fpverify.features.borders import folded
from fpverify.features.drawn import without_drawn
from fpverify.features.grid import descriptors_on_grid, minutiae_on_grid, quality_on_grid
from fpverify.features.minutiae import CELL_PX, LIKELY, decode_minutiae, foreground_around
from fpverify.features.patches import sample_patches
from fpverify.features.photographs import require_contact
from fpverify.features.preparation import prepare
from fpverify.features.prints_seen import Borders, without_ghosts
from fpverify.features.quality import scan_quality, touch_quality
from fpverify.vocabulary import BoolArray, FloatArray, Minutiae, PreparedScan, Scan, Template
from fpverify.vocabulary.templates import PIXEL_MM2

Network = Callable[[FloatArray], FloatArray]

MULTIPLE_PX = 8  # the minutia map network halves the image three times
LARGEST_TOUCH_MM2 = 110.0  # of a picture, 10.5 mm square: above it a sensor shows enough of a finger for minutiae
USUAL_PPI = 500.0  # of sensors; none of small area is known to have much more
LEAST_MAP_PX = 128  # 13 mm: smaller images get nothing around them, as the 192 px have that the network learnt on
NO_DESCRIPTORS = np.zeros((0, 0), np.int8)
NO_MINUTIAE = Minutiae(*(np.zeros(0, np.float32) for _ in range(4)))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Acquired:
    """What was found in a scan: its template, and where in the picture it came from.

    Attributes:
        template: what is kept.
        prepared: the image at the working resolution.
        foreground: (h/4, w/4) bool, cells of `CELL_PX` px where there is print; None for a whole-print model, which
            looks for none.
    """

    template: Template
    prepared: PreparedScan
    foreground: BoolArray | None

    def __repr__(self) -> str:
        return f"Acquired({self.template!r}, {self.prepared!r})"

    @property
    def area_mm2(self) -> float | None:
        """Of the foreground."""
        return None if self.foreground is None else area_mm2(self.foreground)


@dataclass(frozen=True, slots=True, eq=False)
class _Padded:
    """An image as the networks take it, padded on the right and below with nothing, and a small one on all sides.

    Attributes:
        image: (h, w) float32, both multiples of `MULTIPLE_PX`.
        rows, columns: what of it is the image, up to such a multiple; px.
    """

    image: FloatArray
    rows: slice
    columns: slice

    @classmethod
    def of(cls, image: FloatArray) -> _Padded:
        """The padded image."""
        (top, high, below), (left, wide, right) = (_padding(side) for side in image.shape)
        padded = cv2.copyMakeBorder(image, top, below, left, right, cv2.BORDER_CONSTANT, value=0)
        return cls(np.asarray(padded, np.float32), slice(top, top + high), slice(left, left + wide))

    def within(self, answer: FloatArray, cell_px: int) -> FloatArray:
        """The answers, one for each cell of so many pixels, that are of the image."""
        rows, columns = (slice(part.start // cell_px, part.stop // cell_px) for part in (self.rows, self.columns))
        return answer[rows, columns]


@dataclass(frozen=True, slots=True)
class MinutiaExtractor:
    """Scan to template for a model of the kind `minutiae`.

    Attributes:
        model_id: of the bundle the networks come from.
        minutia_map: (1, h, w, 1) -> (1, h/4, w/4, 6), see `fpverify.networks.minutia_map`.
        descriptor: (n, 64, 64, 1) -> (n, d) of about unit length, see `fpverify.networks.patch_siamese`.
        seam_map: (1, h/4, w/4, 16) -> (1, h/8, w/8, 1), see `fpverify.networks.seams`; None where the model has none.
        places: (n, 32, 32, 1) -> (n, d) of about unit length, see `fpverify.networks.places`; likewise. Without it the
            picture of a small sensor is one as any other.
        drawn_map: (1, h/4, w/4, 16) -> (1, h/8, w/8, 1), see `fpverify.networks.drawn`; likewise. Without it drawn
            lines are ridges as any other.
    """

    model_id: str
    minutia_map: Network
    descriptor: Network
    seam_map: Network | None = None
    places: Network | None = None
    drawn_map: Network | None = None

    def extract(self, scan: Scan) -> Template:
        """The template of a scan.

        Raises:
            FailureToAcquire: ridges too faint, too little foreground, too few minutiae, or no clear print; the message
                says how much of it was found and how much is needed.
            SeveralPrints: more than one finger.
        """
        return self.acquire(scan).template

    def acquire(self, scan: Scan) -> Acquired:
        """The template of a scan together with its foreground; errors as in `extract`."""
        prepared = prepare(scan)
        padded = _Padded.of(prepared.image)
        answer = padded.within(self.minutia_map(padded.image[None, ..., None])[0], CELL_PX)
        around = foreground_around(answer)
        foreground = self._skin(scan, padded, np.asarray(around > LIKELY))
        if self.places is not None and _is_small(scan, prepared):
            return self._touch(scan, prepared, answer, foreground, self.places)
        require_area(around, scan)
        foreground = without_ghosts(scan, prepared, foreground)
        require_contact(scan, foreground)
        minutiae = minutiae_on_grid(decode_minutiae(answer, foreground))
        require_minutiae(minutiae, scan)
        require_certainty(answer, foreground, minutiae, scan)
        require_one_print(scan, prepared, foreground, self._borders(padded))
        descriptors = self._descriptors(prepared, minutiae)
        quality = quality_on_grid(scan_quality(minutiae, area_mm2(foreground)))
        return Acquired(Template(self.model_id, quality, minutiae, descriptors), prepared, foreground)

    def _touch(
        self, scan: Scan, prepared: PreparedScan, answer: FloatArray, foreground: BoolArray, places: Network
    ) -> Acquired:
        """What is kept of a small sensor's picture: its skin, and what minutiae it shows."""
        from fpverify.features.touches import require_touch, skin_of  # which nothing else needs

        require_touch(answer, foreground, prepared, scan)
        minutiae = minutiae_on_grid(decode_minutiae(answer, foreground))
        descriptors = self._descriptors(prepared, minutiae) if len(minutiae) else NO_DESCRIPTORS
        skin = skin_of(prepared.image, foreground, places)
        quality = quality_on_grid(touch_quality(area_mm2(foreground)))
        return Acquired(Template(self.model_id, quality, minutiae, descriptors, skin=skin), prepared, foreground)

    def _skin(self, scan: Scan, padded: _Padded, foreground: BoolArray) -> BoolArray:
        """The foreground but for what is drawn."""
        if self.drawn_map is None:
            return foreground
        answer = padded.within(self.drawn_map(folded(padded.image)[None])[0], BORDER_PX)
        return without_drawn(scan, answer[..., 0], foreground)

    def _borders(self, padded: _Padded) -> Borders | None:
        network = self.seam_map
        if network is None:
            return None
        return lambda: padded.within(network(folded(padded.image)[None])[0], BORDER_PX)[..., 0]

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
        return self.acquire(scan).template

    def acquire(self, scan: Scan) -> Acquired:
        """The template of a scan together with its image; errors as in `extract`."""
        prepared = prepare(scan)
        canvas = centred(prepared.image, self.input_px)
        vector = np.asarray(self.network(canvas[None, ..., None])[0], np.float32)
        return Acquired(Template(self.model_id, 1.0, NO_MINUTIAE, NO_DESCRIPTORS, vector), prepared, None)


def _is_small(scan: Scan, prepared: PreparedScan) -> bool:
    """Whether a picture is a small sensor's; a resolution that ridges alone speak for makes none of a large one."""
    doubt = max(1.0, scan.ppi / USUAL_PPI) if scan.ppi_estimated else 1.0
    return prepared.image.size * PIXEL_MM2 * doubt**2 <= LARGEST_TOUCH_MM2


def _padding(side_px: int) -> tuple[int, int, int]:
    """What comes before a side, the side as a multiple of `MULTIPLE_PX`, and what comes after it; all in pixels."""
    whole = side_px + -side_px % MULTIPLE_PX
    margin = -(-max(LEAST_MAP_PX - whole, 0) // (2 * MULTIPLE_PX)) * MULTIPLE_PX
    return margin, whole, whole - side_px + margin


def centred(image: FloatArray, side: int) -> FloatArray:
    """The middle of an image on a square of `side` px, with nothing (0) around it; (side, side) float32."""
    canvas = np.zeros((side, side), np.float32)
    height, width = (min(side, extent) for extent in image.shape)
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    to_top, to_left = (side - height) // 2, (side - width) // 2
    canvas[to_top : to_top + height, to_left : to_left + width] = image[top : top + height, left : left + width]
    return canvas
