"""Grey levels: whatever an image or array counts in, as 0 to 255."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fpverify.errors import UnreadableScan
from fpverify.vocabulary import ByteArray

GREY_WEIGHTS = (0.299, 0.587, 0.114)  # of red, green and blue (ITU-R BT.601), as Pillow has them
SIXTEEN_BITS = 65535
ROWS = 256  # of 4000 px: 4 MB of fractions
SPARE_BITS = (255, 1023, 4095)  # whites of sensors of 8, 10 and 12 bits whose values come in 16


def grey_from_array(pixels: NDArray[np.generic], source: str) -> ByteArray:
    """An array as grey levels, transparent parts white.

    Args:
        pixels: (height, width), or (height, width, 3 or 4) as red, green, blue, alpha; uint8, uint16 or bool.
        source: name for messages.

    Returns:
        (height, width) uint8, a copy.

    Raises:
        UnreadableScan: another shape or type.
    """
    array = np.asarray(pixels)
    if array.dtype not in (np.uint8, np.uint16, np.bool_):
        raise UnreadableScan(f"{source}: pixels are {array.dtype}: give uint8, uint16 or bool")
    if array.size == 0 or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in {3, 4})):
        raise UnreadableScan(f"{source}: pixels are {array.shape}: give (height, width), and 3 or 4 for colours")
    levels = grey_from_integers(array, source) if array.dtype == np.uint16 else _bytes(array)
    return levels if levels.ndim == 2 else _without_colour(levels)


def grey_from_integers(values: NDArray[np.generic], source: str) -> ByteArray:
    """Integers of 16 bits as grey levels: 65535 becomes 255.

    Where even the brightest has no more than 8, 10 or 12 bits, that is what the sensor had, and becomes 255.

    Raises:
        UnreadableScan: a value below 0 or above 65535.
    """
    least, most = int(values.min()), int(values.max())
    if least < 0 or most > SIXTEEN_BITS:
        raise UnreadableScan(f"{source}: grey levels from {least} to {most}: 0 to {SIXTEEN_BITS} are read")
    white = next((spare for spare in SPARE_BITS if most <= spare), SIXTEEN_BITS)
    return np.asarray(np.rint(values.astype(np.float32) * np.float32(255 / white)), np.uint8)


def grey_from_floats(values: NDArray[np.floating], source: str) -> ByteArray:
    """Fractions as grey levels: 1 becomes 255.

    Raises:
        UnreadableScan: a value that is no number from 0 to 1.
    """
    least, most = float(values.min()), float(values.max())
    if not (least >= 0 and most <= 1):  # NaN is neither
        raise UnreadableScan(f"{source}: grey levels from {least:.4g} to {most:.4g}: fractions from 0 to 1 are read")
    return np.asarray(np.rint(values * 255), np.uint8)


def _bytes(array: NDArray[np.generic]) -> ByteArray:
    levels = np.array(array, np.uint8)
    return levels * np.uint8(255) if array.dtype == np.bool_ else levels


def _without_colour(levels: ByteArray) -> ByteArray:
    """(height, width, 3 or 4) to (height, width), composited on white; some rows at a time, for fractions take room."""
    grey = np.empty(levels.shape[:2], np.uint8)
    for top in range(0, len(levels), ROWS):
        grey[top : top + ROWS] = _rows_without_colour(levels[top : top + ROWS])
    return grey


def _rows_without_colour(levels: ByteArray) -> ByteArray:
    grey = levels[..., :3] @ np.array(GREY_WEIGHTS, np.float32)
    if levels.shape[2] == 3:
        return np.rint(grey).astype(np.uint8)
    opacity = levels[..., 3] / np.float32(255)
    return np.rint(grey * opacity + 255 * (1 - opacity)).astype(np.uint8)
