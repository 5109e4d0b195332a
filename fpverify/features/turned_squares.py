"""Squares of an image around places, turned upright, the same by every OpenCV."""

from __future__ import annotations

import cv2
import numpy as np

from fpverify.vocabulary import FloatArray

EXACT = int(cv2.__version__.split(".")[0]) >= 5  # OpenCV 4 rounds places to 1/32 px: a few of a score, at times more


def turned_squares(
    image: FloatArray, x_px: FloatArray, y_px: FloatArray, angle_rad: FloatArray, side_px: int
) -> FloatArray:
    """Square neighbourhoods, rotated so that the angle of each points along +x.

    Args:
        image: (height, width) float32.
        x_px: (n,) of the places.
        y_px: (n,) likewise.
        angle_rad: (n,) likewise.
        side_px: of a square.

    Returns:
        (n, side_px, side_px) float32, bilinear, zero beyond the image; the place lies at (side_px - 1) / 2.
    """
    maps = _maps(x_px, y_px, angle_rad, side_px)
    if not EXACT:
        return interpolated(image, maps, side_px)
    squares = np.empty((len(maps), side_px, side_px), np.float32)
    for square, matrix in zip(squares, maps, strict=True):
        cv2.warpAffine(
            image,
            matrix,
            (side_px, side_px),
            dst=square,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=0,
        )
    return squares


def interpolated(image: FloatArray, maps: FloatArray, side_px: int) -> FloatArray:
    """The same of NumPy alone, for OpenCV 4: bit for bit what OpenCV 5 makes by fused products, in 5 ms more a print.

    The network that sees the squares counts in whole numbers, so that a last bit can move a score.

    Args:
        image: (height, width) float32.
        maps: (n, 2, 3) from each square to the image.
        side_px: of a square.
    """
    height, width = image.shape
    row_px = width + 4  # with two pixels of zeros on each side
    pixels = np.pad(image, 2).ravel()
    column = np.arange(side_px, dtype=np.float32)
    row = column[:, None]
    squares = np.empty((len(maps), side_px, side_px), np.float32)
    for square, ((xx, xy, x), (yx, yy, y)) in zip(squares, maps.astype(np.float32), strict=True):
        right, lower = _fused(xx, column, xy * row + x), _fused(yx, column, yy * row + y)
        left, top = np.floor(right), np.floor(lower)
        right -= left
        lower -= top
        at = (np.clip(top, -2, height) + 2).astype(np.int32) * row_px + (np.clip(left, -2, width) + 2).astype(np.int32)
        above, below = pixels.take(at), pixels.take(at + row_px)
        above = _fused(right, pixels.take(at + 1) - above, above)
        below = _fused(right, pixels.take(at + row_px + 1) - below, below)
        square[:] = _fused(lower, below - above, above)
    return squares


def _fused(factor: FloatArray, other: FloatArray, added: FloatArray) -> FloatArray:
    """Product and sum, rounded once; float32."""
    exact = np.multiply(factor, other, dtype=np.float64)
    return np.asarray(exact + added, np.float32)


def _maps(x_px: FloatArray, y_px: FloatArray, angle_rad: FloatArray, side_px: int) -> FloatArray:
    """The affine maps from squares to the image, (n, 2, 3) float64."""
    cos, sin = np.cos(angle_rad, dtype=np.float64), np.sin(angle_rad, dtype=np.float64)
    centre = (side_px - 1) / 2
    first = np.stack([cos, -sin, x_px - (cos - sin) * centre], 1)
    second = np.stack([sin, cos, y_px - (sin + cos) * centre], 1)
    return np.stack([first, second], 1)
