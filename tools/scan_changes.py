"""Known ways in which a scan can be changed: turned, resampled, inverted, faded, or cut as by a small sensor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fpverify.errors import FailureToAcquire
from fpverify.matching import Matcher
from fpverify.vocabulary import BoolArray, ByteArray, Scan

Change = Callable[[Scan, np.random.Generator], Scan]

# Share of the contrast that is left, and deviation of a pixel's noise in grey levels: some are refused, most are not.
FADED, NOISE_GREY = 0.35, 25.0
PARTIAL_MM = 160 / 500 * 25.4  # side of a small sensor: 160 px at 500 ppi
CELL_PER_MM = 250 / 25.4 / 4  # of the foreground, which has a cell for 4 x 4 px at 250 ppi
MOSTLY = 0.9  # share of foreground in a cut that lies within the print


def turned_by(angle_deg: float) -> Change:
    """Rotation about the middle, on a canvas that holds all of the image; around it the grey of the image's border."""

    def turn(scan: Scan, _: np.random.Generator) -> Scan:
        height, width = scan.pixels.shape
        cos, sin = np.cos(np.deg2rad(angle_deg)), np.sin(np.deg2rad(angle_deg))
        wide = round(abs(width * cos) + abs(height * sin))
        high = round(abs(width * sin) + abs(height * cos))
        centre, middle = np.array([width - 1, height - 1]) / 2, np.array([wide - 1, high - 1]) / 2
        linear = np.array([[cos, -sin], [sin, cos]])
        affine = np.column_stack([linear, middle - linear @ centre])
        grey = border_grey(scan.pixels)
        pixels = cv2.warpAffine(scan.pixels, affine, (wide, high), flags=cv2.INTER_CUBIC, borderValue=(grey,))
        return replace(scan, pixels=np.asarray(pixels, np.uint8))

    return turn


def border_grey(pixels: ByteArray) -> float:
    """The median of the image's outermost pixels."""
    return float(np.median(np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])))


def resampled_to(ppi: float) -> Change:
    """A copy at another resolution, by Pillow's Lanczos filter: not the one that preparation uses."""

    def resample(scan: Scan, _: np.random.Generator) -> Scan:
        height, width = (round(side * ppi / scan.ppi) for side in scan.pixels.shape)
        copy = Image.fromarray(scan.pixels).resize((width, height), Image.Resampling.LANCZOS)
        return replace(scan, pixels=np.asarray(copy, np.uint8), ppi=ppi)

    return resample


def inverted(scan: Scan, _: np.random.Generator) -> Scan:
    """The negative."""
    return replace(scan, pixels=255 - scan.pixels)


def faded(scan: Scan, rng: np.random.Generator) -> Scan:
    """With a part of its contrast to the grey of the border, and noise as of a poor sensor."""
    grey = border_grey(scan.pixels)
    pixels = grey + FADED * (scan.pixels - grey) + rng.normal(0, NOISE_GREY, scan.pixels.shape)
    return replace(scan, pixels=np.asarray(np.clip(np.rint(pixels), 0, 255), np.uint8))


@dataclass(frozen=True, slots=True)
class Cutter:
    """Cuts what a small sensor would see; the foreground is what the matcher takes for it."""

    matcher: Matcher

    def middle(self, scan: Scan, _: np.random.Generator) -> Scan:
        """About the foreground's centre of mass."""
        foreground = self._foreground(scan)
        share = foreground_share(foreground)
        size = round(PARTIAL_MM * CELL_PER_MM)
        starts = [
            int(np.clip(round(float(place.mean()) - size / 2), 0, most - 1))
            for place, most in zip(np.nonzero(foreground), share.shape, strict=True)
        ]
        return cut(scan, starts[0], starts[1])

    def anywhere(self, scan: Scan, rng: np.random.Generator) -> Scan:
        """At a random place that is foreground, or that has the most of it if there is none."""
        return cut(scan, *place_within(self._foreground(scan), rng))

    def _foreground(self, scan: Scan) -> BoolArray:
        try:
            found = self.matcher.acquire(scan).foreground
        except FailureToAcquire:
            found = None
        cells = (max(1, round(side / scan.ppi * 25.4 * CELL_PER_MM)) for side in scan.pixels.shape)
        return np.ones(tuple(cells), np.bool_) if found is None else found


def place_within(foreground: BoolArray, rng: np.random.Generator) -> tuple[int, int]:
    """The first row and column of cells of a random cut that shows mostly foreground."""
    share = foreground_share(foreground)
    top, left = rng.choice(np.argwhere(share >= min(MOSTLY, float(share.max()))))
    return int(top), int(left)


def foreground_share(foreground: BoolArray) -> NDArray[np.float64]:
    """The share of foreground in the cut that begins at each cell, where all of it lies in the image."""
    high, wide = (min(round(PARTIAL_MM * CELL_PER_MM), side) for side in foreground.shape)
    windows = np.lib.stride_tricks.sliding_window_view(foreground, (high, wide))
    return np.asarray(windows.mean((2, 3)), np.float64)


def cut(scan: Scan, top: int, left: int) -> Scan:
    """A square of `PARTIAL_MM` from a cell of the foreground on, moved into the image."""
    side, step = round(PARTIAL_MM / 25.4 * scan.ppi), scan.ppi / 25.4 / CELL_PER_MM
    height, width = scan.pixels.shape
    y, x = (max(0, min(round(at * step), most - side)) for at, most in ((top, height), (left, width)))
    return replace(scan, pixels=scan.pixels[y : y + side, x : x + side])
