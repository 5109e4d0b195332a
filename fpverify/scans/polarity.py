"""Whether ridges are bright on dark, as some sensors and raw dumps have them.

Where a finger does not touch, the image looks as it does in the valleys. So just outside the print an image with dark
ridges is brighter than the print is on average, and an inverted one darker. The ridges themselves tell nothing sure:
in a wet print they are broad and in a dry one narrow.

Three things besides the finger make the surroundings dark or bright, and must not decide. A window (the sensor's, with
straight edges or round) around which the image is filled with one grey: then the surroundings have to say the same
inside the window and with all around it. A smudge in a print that fills the image: then too little of the outline is
seen. And a dark frame around a finger: the surroundings have to look like bare plate (`fpverify.scans.plate`). When in
doubt an image is left as it is.
"""

from __future__ import annotations

from functools import reduce
from itertools import compress

import cv2
import numpy as np

from fpverify.scans.masks import Outline, bordered, ellipse, inside, largest_patch, local_mean, longest_outline
from fpverify.scans.plate import is_plate
from fpverify.vocabulary import WORKING_PPI, BoolArray, ByteArray

FINEST_PX = 0.7  # deviations of the two Gaussians whose difference passes ridges of 3 to 6 px
COARSEST_PX = 4.0
CONTRAST_PX = 13  # side of the square over which contrast is measured: three ridges
PRINT_CONTRAST = 0.5  # of the strongest: what is above is print
PRINT_PERCENTILE = 90  # of the contrasts, which is called the strongest
LEAST_CONTRAST = 1.0  # grey levels; below there is no print
NEAR_PX = 6  # 0.6 mm: how far the surroundings of the print are looked at, and the smallest gap that parts prints
MEAN_PX = 33  # side of the square over which the print's grey is averaged: the near part of it counts
LEAST_PRINT_PX = 400  # 4 mm²
LEAST_OUTLINE = 0.35  # of the print's outline must be seen, the rest cut by the edges of the image
LEAST_OUTLINE_IN_WINDOW = 0.25  # where what surrounds the window says the same
CLEAR_STEP = 0.25  # of the ridges' amplitude; prints have 0.4 and more, with few exceptions

FRAME_GREY = 10  # grey levels that the filling around a window may vary by
FRAME_OPENING_PX = 7  # wider than a ridge, so that the filling does not leak into the print
FRAME_REACH_PX = 9  # farther away nothing tells whether a pixel is filled
WINDOW_CORNERS = 6  # most that a window with straight edges has
CORNER_PX = 2.5  # how far its edges may deviate from straight
WINDOW_SOLIDITY = 0.95  # least share of its convex hull that such a window fills
WINDOW_ROUNDNESS = 0.98  # least overlap of a round window with an ellipse; outlines of prints have 0.97 at most
LEAST_WINDOW = 0.1  # of the image
EDGE_PX = 2  # around which greys of inside and outside mix


def is_inverted(pixels: ByteArray, ppi: float) -> bool:
    """Whether the ridges are clearly the bright ones.

    Args:
        pixels: (height, width) uint8.
        ppi: of `pixels`.

    Returns:
        False also when it cannot be told. For the negative of an image the answer is the opposite, or False.
    """
    image = _at_working_resolution(pixels, ppi)
    window = _window(image)
    print_, amplitude = _print(image, window)
    if print_.sum() < LEAST_PRINT_PX:
        return False
    everywhere = np.ones_like(window)
    views = (everywhere,) if window.all() else (everywhere, window)
    if any(_step(image, print_, view) >= -CLEAR_STEP * amplitude for view in views):
        return False
    above = image - local_mean(image, print_, MEAN_PX, everywhere).reshape(image.shape)
    return is_plate(pixels, image, above, print_, window=window, amplitude=amplitude)


def _at_working_resolution(pixels: ByteArray, ppi: float) -> ByteArray:
    scale = WORKING_PPI / ppi
    if scale >= 1:  # nothing is gained by more pixels
        return pixels
    width, height = (max(1, round(side * scale)) for side in pixels.shape[::-1])
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _step(image: ByteArray, print_: BoolArray, view: BoolArray) -> float:
    """By how many grey levels the surroundings are brighter than the print beside them; 0 where too few are seen."""
    inner = bordered(print_, NEAR_PX)
    wide = cv2.dilate(inner, ellipse(2 * NEAR_PX + 1)) > 0
    outline = wide & (inner == 0)  # also beyond the edges of the image
    seen = outline[NEAR_PX:-NEAR_PX, NEAR_PX:-NEAR_PX] & view
    least = LEAST_OUTLINE if view.all() else LEAST_OUTLINE_IN_WINDOW
    if np.count_nonzero(seen) < least * np.count_nonzero(outline) or not seen.any():
        return 0.0
    return float(np.median(image[seen] - local_mean(image, print_, MEAN_PX, seen)))


def _print(image: ByteArray, window: BoolArray) -> tuple[BoolArray, float]:
    """The largest patch with the contrast of ridges, its holes filled, and the amplitude of its ridges."""
    grey = image.astype(np.float32)
    if not window.all():
        grey[~window] = local_mean(image, window, MEAN_PX, ~window)
    band = cv2.GaussianBlur(grey, (0, 0), FINEST_PX)
    cv2.subtract(band, cv2.GaussianBlur(grey, (0, 0), COARSEST_PX), dst=band)
    power = cv2.blur(np.square(band, out=band), (CONTRAST_PX, CONTRAST_PX))
    strongest = _percentile(power[window], PRINT_PERCENTILE) if window.any() else 0.0
    if strongest < LEAST_CONTRAST**2:
        return np.zeros_like(window), 0.0
    patch = largest_patch((power > PRINT_CONTRAST**2 * strongest) & window, NEAR_PX)
    return patch, float(np.sqrt(2 * _percentile(power[patch], 50))) if patch.any() else 0.0


def _percentile(values: np.ndarray, per_cent: int) -> float:
    """As NumPy's, in a fifth of the time: that looks for two places of an order apart."""
    place = (len(values) - 1) * per_cent / 100
    below = int(place)
    parted = np.partition(values, below)
    low, high = float(parted[below]), float(parted[below + 1 :].min(initial=np.inf))
    return low if place == below else low + (high - low) * (place - below)


def _window(image: ByteArray) -> BoolArray:
    """Where the sensor looks: all of the image, or the part within a filling of one grey if its edges are straight.

    Bare plate at the edge of the image may look like a filling, too. Then one grey alone may still be one.
    """
    fillings = _fillings(image)
    masks = [mask for _, mask in fillings]
    window = _within(masks)
    if window is not None:
        return window
    of_one_grey = dict.fromkeys(tuple(abs(one - grey) <= FRAME_GREY for one, _ in fillings) for grey, _ in fillings)
    groups = [list(compress(masks, kept)) for kept in of_one_grey if not all(kept)]
    parts = [part for part in map(_within, groups) if part is not None]
    return max(parts, key=np.count_nonzero, default=np.ones(image.shape, np.bool_))


def _within(fillings: list[BoolArray]) -> BoolArray | None:
    """What fillings leave, if that is a window."""
    outline = longest_outline(~reduce(np.logical_or, fillings)) if fillings else None
    if outline is None:
        return None
    window = inside(outline, fillings[0].shape)
    hull = np.asarray(cv2.convexHull(outline), np.int32)
    large = np.count_nonzero(window) >= LEAST_WINDOW * window.size
    if not large or not (_is_straight(window, hull) or _is_round(window, hull)):
        return None
    edge = np.ones((2 * EDGE_PX + 1, 2 * EDGE_PX + 1), np.uint8)
    return np.asarray(cv2.erode(window.astype(np.uint8), edge) > 0)  # the image's own edges are left as they are


def _is_straight(window: BoolArray, hull: Outline) -> bool:
    few_corners = len(cv2.approxPolyDP(hull, CORNER_PX, True)) <= WINDOW_CORNERS
    return few_corners and bool(np.count_nonzero(window) > WINDOW_SOLIDITY * cv2.contourArea(hull))


def _is_round(window: BoolArray, hull: Outline) -> bool:
    if len(hull) < 5:  # numbers that an ellipse has
        return False
    drawn = np.zeros(window.shape, np.uint8)
    cv2.ellipse(drawn, cv2.fitEllipse(hull), (1.0,), cv2.FILLED)
    both, either = (np.count_nonzero(one) for one in (window & (drawn > 0), window | (drawn > 0)))
    return bool(both > WINDOW_ROUNDNESS * either)


def _fillings(image: ByteArray) -> list[tuple[float, BoolArray]]:
    """What is of nearly one grey and connected to a corner, or to the middle of a side: its grey, and where it is."""
    height, width = image.shape
    fillings: list[tuple[float, BoolArray]] = []
    for y in (0, height // 2, height - 1):
        for x in (0, width // 2, width - 1):
            if (y, x) != (height // 2, width // 2) and not any(mask[y, x] for _, mask in fillings):
                grey, mask = _alike(image, y, x)
                if mask.any():
                    fillings.append((grey, mask))
    return fillings


def _alike(image: ByteArray, y: int, x: int) -> tuple[float, BoolArray]:
    """The grey of a place, and what is connected to it by more than a ridge's width of this grey."""
    around = image[max(0, y - 2) : y + 3, max(0, x - 2) : x + 3]
    grey = float(np.sort(around, axis=None)[around.size // 2])
    top, left = max(0, y - FRAME_REACH_PX), max(0, x - FRAME_REACH_PX)
    near = image[top : y + FRAME_REACH_PX + 1, left : x + FRAME_REACH_PX + 1]
    if not _filled(near, grey)[y - top, x - left]:  # seen sooner than by looking at all of the image
        return grey, np.zeros(image.shape, np.bool_)
    _, parts = cv2.connectedComponents(_filled(image, grey))
    return grey, np.asarray(parts == parts[y, x])


def _filled(image: ByteArray, grey: float) -> ByteArray:
    """Where an image has about a grey over more than a ridge's width."""
    fitting = np.asarray(cv2.inRange(image, grey - FRAME_GREY, grey + FRAME_GREY), np.uint8)
    alike = bordered(fitting, FRAME_OPENING_PX, cv2.BORDER_REPLICATE)
    closed = cv2.morphologyEx(alike, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, ellipse(FRAME_OPENING_PX))
    return np.asarray(opened[FRAME_OPENING_PX:-FRAME_OPENING_PX, FRAME_OPENING_PX:-FRAME_OPENING_PX], np.uint8)
