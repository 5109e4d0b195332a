"""The neighbourhood of each minutia, turned upright: what the Siamese network compares."""

from __future__ import annotations

from fpverify.features.turned_squares import turned_squares
from fpverify.vocabulary import FloatArray

PATCH_PX = 64  # side at 250 ppi: 6.5 mm, about 14 ridges


def sample_patches(image: FloatArray, x_px: FloatArray, y_px: FloatArray, angle_rad: FloatArray) -> FloatArray:
    """Square neighbourhoods, rotated so that each minutia's direction points along +x.

    Args:
        image: (height, width) float32, normalised.
        x_px: (n,) of the minutiae.
        y_px: (n,) likewise.
        angle_rad: (n,) likewise.

    Returns:
        (n, PATCH_PX, PATCH_PX) float32, bilinear, zero beyond the image; the minutia lies at the centre, pixel
        coordinate (PATCH_PX - 1) / 2.
    """
    return turned_squares(image, x_px, y_px, angle_rad, PATCH_PX)
