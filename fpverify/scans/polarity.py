"""Whether ridges are bright on dark, as some sensors and raw dumps have them.

Three things tell, and none of them surely. Where a finger does not touch, the image looks as it does in the valleys;
but a frame or a filling may lie there. Skin has pores, ridges break and end and are ragged, where valleys are not; but
a wet print has broad ridges and a dry one narrow ones, in pieces. And a print fades where it ends, unless it is cut.
A small network weighs them (`fpverify.scans.polarity_network`); it is asked once about a picture that is clearly right,
and about others again, turned and mirrored. When in doubt an image is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from fpverify.scans.polarity_network import evidence
from fpverify.vocabulary import WORKING_PPI, BoolArray, ByteArray, FloatArray

FINEST_PX = 0.7  # deviations of the two Gaussians whose difference passes ridges of 3 to 6 px
COARSEST_PX = 4.0
CONTRAST_PX = 13  # side of the square over which contrast is measured: three ridges
PRINT_CONTRAST = 0.5  # of the strongest: what is above is print
PRINT_PERCENTILE = 90  # of the contrasts, which is called the strongest
LEAST_CONTRAST = 0.6  # grey levels of mean deviation; below there is no print
GAP_PX = 6  # 0.6 mm: the smallest gap that parts prints
LEAST_PRINT_PX = 400  # 4 mm²

VIEW_PX = 192  # least side of what is looked at, 19.5 mm: most prints with what lies around them
LARGEST_PX = 256  # most, 26 mm: thumbs
AROUND_PX = 16  # beside a large print
MOST = 3.0  # of the ridges' amplitude: plate is less than 2 from the middle of the ridges, and farther is a frame
FAINTEST = 0.1  # of the ridges' amplitude: below, contrast is not evened out
CLEAR = 1.7  # log odds; of rings and gratings that fill an image or a window, and show nothing, it has said up to 1.6


def is_inverted(pixels: ByteArray, ppi: float) -> bool:
    """Whether the ridges are clearly the bright ones.

    Args:
        pixels: (height, width) uint8.
        ppi: of `pixels`.

    Returns:
        False also when it cannot be told. For the negative of an image the answer is the opposite, or False.
    """
    view = seen(pixels, ppi)
    if view is None or evidence(view) > CLEAR:
        return False
    return float(np.mean([evidence(turned) for turned in _turned(view)])) < -CLEAR


def seen(pixels: ByteArray, ppi: float, largest_px: int = LARGEST_PX) -> FloatArray | None:
    """What tells polarity: the print and what lies around it, as it is and with even contrast.

    Args:
        pixels: (height, width) uint8, ridges dark or bright.
        ppi: of `pixels`.
        largest_px: most that either side of the view has, at least `VIEW_PX`.

    Returns:
        (height, width, 2) float32, about the middle of the print at 250 ppi, in units of the ridges' amplitude from
        their middle grey, and 0 beyond the image; None where there is no print. Of the negative, the negative.
    """
    grey = _at_working_resolution(pixels, ppi).astype(np.float32)
    band = cv2.GaussianBlur(grey, (0, 0), FINEST_PX) - cv2.GaussianBlur(grey, (0, 0), COARSEST_PX)
    contrast = cv2.blur(np.abs(band), (CONTRAST_PX, CONTRAST_PX))
    strongest = _percentile(contrast, PRINT_PERCENTILE)
    print_ = _largest_patch(contrast > PRINT_CONTRAST * strongest)
    if strongest < LEAST_CONTRAST or np.count_nonzero(print_) < LEAST_PRINT_PX:
        return None
    amplitude = np.pi / 2 * _percentile(contrast[print_], 50)  # of a sine wave
    plain = _cut(grey - grey[print_].mean(), print_, largest_px) / np.float32(amplitude)
    return np.clip(np.stack([plain, _even(plain)], -1), -MOST, MOST)


def _largest_patch(mask: BoolArray) -> BoolArray:
    """The largest connected part, narrow bridges and gaps undone and holes filled."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * GAP_PX + 1, 2 * GAP_PX + 1))
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, disc)
    closed = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, disc)
    outlines, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    patch = np.zeros(mask.shape, np.uint8)
    if outlines:
        cv2.drawContours(patch, [max(outlines, key=len)], -1, (1.0,), cv2.FILLED)
    return np.asarray(patch > 0)


def _turned(view: FloatArray) -> Iterator[FloatArray]:
    """The view turned and mirrored in all eight ways: what is no evidence differs, and goes out in their mean."""
    for upright in (view, view.swapaxes(0, 1)):
        for rows in (1, -1):
            yield from (upright[::rows], upright[::rows, ::-1])


def _even(plain: FloatArray) -> FloatArray:
    """With the same contrast all over, in units of its deviation."""
    ridges = plain - cv2.GaussianBlur(plain, (0, 0), COARSEST_PX)
    power = cv2.blur(np.square(ridges), (CONTRAST_PX, CONTRAST_PX))
    return np.asarray(ridges / (np.sqrt(np.maximum(power, 0)) + np.float32(FAINTEST)))


def _cut(grey: FloatArray, print_: BoolArray, largest_px: int) -> FloatArray:
    """A rectangle about the middle of the print, within the image as far as it goes."""
    taken, put, sides = zip(
        *(_overlap(np.flatnonzero(print_.any(1 - axis)), print_.shape[axis], largest_px) for axis in (0, 1)),
        strict=True,
    )
    view = np.zeros(sides, np.float32)
    view[put] = grey[taken]
    return view


def _overlap(occupied: np.ndarray, extent: int, largest_px: int) -> tuple[slice, slice, int]:
    """Along one axis: what is taken of the image, where it is put in the view, and the view's side."""
    first, last = int(occupied[0]), int(occupied[-1])
    side = min(max(VIEW_PX, last + 1 - first + 2 * AROUND_PX), largest_px)
    if extent <= side:
        side = max(VIEW_PX, extent)
        start = (side - extent) // 2
        return slice(0, extent), slice(start, start + extent), side
    start = min(max((first + last + 1) // 2 - side // 2, 0), extent - side)
    return slice(start, start + side), slice(0, side), side


def _at_working_resolution(pixels: ByteArray, ppi: float) -> ByteArray:
    scale = WORKING_PPI / ppi
    if scale >= 1:  # nothing is gained by more pixels
        return pixels
    width, height = (max(1, round(side * scale)) for side in pixels.shape[::-1])
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _percentile(values: FloatArray, per_cent: int) -> float:
    """The value below which so many lie."""
    place = (values.size - 1) * per_cent // 100
    return float(np.partition(values, place, axis=None)[place])
