"""Known ways in which a scan can be changed: turned, resampled, inverted, faded, twisted, wet, or cut to a part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fpverify.errors import FailureToAcquire
from fpverify.features.preparation import normalise
from fpverify.matching import Matcher
from fpverify.synthesis.harsh_skin import draw_slits
from fpverify.synthesis.placement import Map
from fpverify.synthesis.twist import draw_twist
from fpverify.vocabulary import WORKING_PPI, BoolArray, ByteArray, Scan

Change = Callable[[Scan, np.random.Generator], Scan]

# Share of the contrast that is left, and deviation of a pixel's noise in grey levels: some are refused, most are not.
FADED, NOISE_GREY = 0.35, 25.0
PARTIAL_MM = 160 / 500 * 25.4  # side of a small sensor: 160 px at 500 ppi
CELL_PER_MM = 250 / 25.4 / 4  # of the foreground, which has a cell for 4 x 4 px at 250 ppi
PX_PER_MM = WORKING_PPI / 25.4
SHARPNESS = 4.0  # of ridges' edges where a print is drawn anew: the middle of those that the generator draws
SOFT_PX = 8.0  # deviation of the border between what is drawn anew and the rest: two periods of ridges
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
class Skin:
    """What skin does to a print; the foreground is what the matcher takes for it."""

    matcher: Matcher

    def twisted(self, turn_deg: float, push_mm: float, one_sided: bool = False) -> Change:
        """The finger twisted, either way, and pushed aside, while its middle sticks to the plate."""

        def twist(scan: Scan, rng: np.random.Generator) -> Scan:
            scale = scan.ppi / WORKING_PPI
            rows, columns = np.nonzero(found_foreground(self.matcher, scan))
            y, x = (float(cells.mean() + 0.5) / CELL_PER_MM * PX_PER_MM for cells in (rows, columns))
            turn = np.deg2rad(turn_deg) * rng.choice((-1, 1))
            drawn = draw_twist(rng, (2 * y, 2 * x), turn, push_mm * PX_PER_MM, one_sided=one_sided)
            y, x = np.mgrid[: scan.pixels.shape[0], : scan.pixels.shape[1]].astype(np.float32) / np.float32(scale)
            taken = drawn(Map(x, y))
            grey = border_grey(scan.pixels)
            pixels = cv2.remap(
                scan.pixels,
                taken.x * np.float32(scale),
                taken.y * np.float32(scale),
                cv2.INTER_CUBIC,
                borderMode=cv2.BORDER_CONSTANT,
                borderValue=(grey,),
            )
            return replace(scan, pixels=np.asarray(pixels, np.uint8))

        return twist

    def wet(self, pressure: float, depth: float) -> Change:
        """The print drawn anew at 250 ppi, its ridges thicker and valleys closed in parts; see `draw_slits`."""

        def wetten(scan: Scan, rng: np.random.Generator) -> Scan:
            height, width = scan.pixels.shape
            small = tuple(max(1, round(side * WORKING_PPI / scan.ppi)) for side in (width, height))
            image = cv2.resize(scan.pixels, small, interpolation=cv2.INTER_AREA).astype(np.float32)
            ridges = np.clip(-normalise(image / np.float32(255)), -1, 1)
            if depth > 0:
                ridges = draw_slits(rng, ridges, (pressure, pressure), (depth, depth))
            cells = found_foreground(self.matcher, scan).astype(np.float32)
            there = cv2.GaussianBlur(cv2.resize(cells, small, interpolation=cv2.INTER_NEAREST), (0, 0), SOFT_PX)
            dark, light = np.quantile(image[there > 0.5], (0.05, 0.95)) if (there > 0.5).any() else (0.0, 255.0)
            drawn = light + (dark - light) / (1 + np.exp(-SHARPNESS * ridges))
            pixels = cv2.resize(image + there * (drawn - image), (width, height), interpolation=cv2.INTER_CUBIC)
            return replace(scan, pixels=np.asarray(np.clip(np.rint(pixels), 0, 255), np.uint8))

        return wetten


@dataclass(frozen=True, slots=True)
class Cutter:
    """Cuts what a small sensor would see; the foreground is what the matcher takes for it."""

    matcher: Matcher

    def middle(self, scan: Scan, _: np.random.Generator) -> Scan:
        """About the foreground's centre of mass."""
        foreground = found_foreground(self.matcher, scan)
        share = foreground_share(foreground)
        size = round(PARTIAL_MM * CELL_PER_MM)
        starts = [
            int(np.clip(round(float(place.mean()) - size / 2), 0, most - 1))
            for place, most in zip(np.nonzero(foreground), share.shape, strict=True)
        ]
        return cut(scan, starts[0], starts[1])

    def anywhere(self, scan: Scan, rng: np.random.Generator) -> Scan:
        """At a random place that is foreground, or that has the most of it if there is none."""
        return cut(scan, *place_within(found_foreground(self.matcher, scan), rng))


def found_foreground(matcher: Matcher, scan: Scan) -> BoolArray:
    """Where a matcher sees the finger, in cells of 4 x 4 px at 250 ppi; all of a scan that it refuses."""
    try:
        found = matcher.acquire(scan).foreground
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
