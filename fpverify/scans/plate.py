"""Whether the dark around a print is the bare plate of the sensor, or a frame.

In the negative of a print, surroundings and valleys both show the plate, which nothing touches. A finger in a dark
frame, or before a dark background, is surrounded by something else. The ridges cannot tell: where one of them ends, a
valley forks. But three things are true of the plate, and seldom all of a frame:

- It is dark everywhere. Beside a finger in a frame there may be plate, too, and then it is bright.
- It has the sensor's noise, as the print has, whose ridges add to it. A frame is filled with one grey, or is noisier
  than the print. Where the noise is cut off since the plate is black, the valleys have to be black, too.
- It begins where the skin ceases to touch, so the print fades and frays over a ridge or more. A frame cuts it.
"""

from __future__ import annotations

import cv2
import numpy as np

from fpverify.scans.masks import ellipse, largest_patch, widened
from fpverify.vocabulary import BoolArray, ByteArray, FloatArray

# Lengths are at 250 ppi, 0.1 mm a pixel, with 4.4 px from ridge to ridge.
CLOSE_PX = 4  # what lies closer to the print may still be print
FAR_PX = 12  # plate of the same light as the print's
LEAST_AROUND_PX = 50  # for a median
RIM_PX = 12  # inside of which a print is whole

BRIGHT = 0.25  # of the ridges' amplitude, brighter than the print
MOST_BRIGHT = 0.15  # of the surroundings; of negatives of synthetic prints one in fifty has as much

# Blind to slopes; J. Immerkaer, "Fast noise variance estimation", Computer Vision and Image Understanding 64 (1996)
NOISE_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
NOISE_SHARE = (0.11, 1.5)  # of the plate's noise over the print's; synthetic prints have 0.12 to 1.12
BLACK = 2.5  # grey level; up to here noise is cut off
BLACK_VALLEYS = 0.15  # of the ridges' amplitude

SMOOTH_PX = 0.6  # deviation; the noise would fray a frame
RIDGE_PX = 7  # side of the disc that holds a ridge and a valley, wherever it lies
GAP_PX = 6  # half of the widest gap or bridge of the print that its outline passes over
OUTLINE_PX = 6.0  # deviation: smooths the outline to a line along which a frame may cut
TOP = (-0.5, 1.5)  # of the usual height of ridges: speckles count no more
REACH_PX = 11  # to either side of the outline
DEEPEST_PX = 6  # where ridges are as high as they get
EDGE_PX = 3  # of the image, where smoothing sees half
LEAST_FADE_PX = 2.1  # synthetic prints have 1.9 (one in fifty less) to 5, fingers cut out to 0.1 mm 0.6 to 2


def is_plate(
    pixels: ByteArray, image: ByteArray, above: FloatArray, print_: BoolArray, *, window: BoolArray, amplitude: float
) -> bool:
    """Whether dark surroundings of a print look as bare plate does if ridges are bright.

    Args:
        pixels: (height, width) uint8 as scanned, whose noise counts.
        image: the same at 250 ppi.
        above: by how many grey levels each pixel of `image` is brighter than the print beside it.
        print_: where in `image` the print is.
        window: where in `image` the sensor sees.
        amplitude: of the ridges, grey levels.

    Returns:
        False also where too little of the surroundings is seen.
    """
    around = widened(print_, FAR_PX) & ~widened(print_, CLOSE_PX) & window
    if around.sum() < LEAST_AROUND_PX or np.mean(above[around] > BRIGHT * amplitude) > MOST_BRIGHT:
        return False
    whole = ~widened(~print_, RIM_PX)
    whole = whole if whole.any() else print_
    smooth = cv2.GaussianBlur(image.astype(np.float32), (0, 0), SMOOTH_PX)
    grey = float(np.median(smooth[around]))
    share = _noise_share(pixels, around, whole)
    if share > NOISE_SHARE[1] or _fade_px(smooth - grey, print_, whole, window) < LEAST_FADE_PX:
        return False
    if grey > BLACK:
        return share >= NOISE_SHARE[0]
    rim = print_ & ~whole
    valleys = cv2.erode(smooth, ellipse(RIDGE_PX))[rim if rim.any() else print_]
    return float(np.median(valleys)) - grey <= BLACK_VALLEYS * amplitude


def _noise_share(pixels: ByteArray, around: BoolArray, whole: BoolArray) -> float:
    """What changes from pixel to pixel around the print, over that in the print."""
    noise = np.abs(cv2.filter2D(pixels, cv2.CV_32F, NOISE_KERNEL))
    size = pixels.shape[::-1]
    outside, inside = (
        noise[cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0].mean()
        for mask in (around, whole)
    )
    return float(outside / max(float(inside), 1e-3))


def _fade_px(height: FloatArray, print_: BoolArray, whole: BoolArray, window: BoolArray) -> float:
    """Over how many pixels the ridges rise from the plate: the area between their profile across the outline and a cut.

    0 for a cut, 2.5 for an even rise over 10 px.
    """
    top = np.asarray(cv2.dilate(height, ellipse(RIDGE_PX)), np.float32)
    top = np.clip(top / max(float(np.median(top[whole])), 1.0), TOP[0], TOP[1])
    risen = largest_patch((top > 0.5) & widened(print_, FAR_PX), GAP_PX)
    line = cv2.GaussianBlur(risen.astype(np.float32), (0, 0), OUTLINE_PX) > 0.5
    inwards = _depth(line) - _depth(~line)
    seen = window & (np.abs(inwards) < REACH_PX)
    seen[:EDGE_PX] = seen[-EDGE_PX:] = seen[:, :EDGE_PX] = seen[:, -EDGE_PX:] = False
    if not seen.any():
        return 0.0
    place = np.floor(inwards[seen]).astype(np.intp) + REACH_PX
    counted = np.bincount(place, minlength=2 * REACH_PX)
    profile = np.bincount(place, top[seen], minlength=2 * REACH_PX) / np.maximum(counted, 1)
    risen_by = np.clip(profile / max(float(profile[-DEEPEST_PX:].mean()), 0.1), 0, 1)
    return float(np.minimum(risen_by, 1 - risen_by).sum())


def _depth(mask: BoolArray) -> FloatArray:
    """How far each pixel of a mask lies from its end."""
    return np.asarray(cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5), np.float32)
