"""The neighbourhood of each minutia, turned upright: what the Siamese network compares."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

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
    patches = np.empty((len(x_px), PATCH_PX, PATCH_PX), np.float32)
    for patch, matrix in zip(patches, _patches_to_image(x_px, y_px, angle_rad), strict=True):
        cv2.warpAffine(
            image,
            matrix,
            (PATCH_PX, PATCH_PX),
            dst=patch,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=0,
        )
    return patches


def _patches_to_image(x_px: FloatArray, y_px: FloatArray, angle_rad: FloatArray) -> NDArray[np.float64]:
    """The (n, 2, 3) affine maps from patch to image coordinates."""
    x, y, angle = (part.astype(np.float64) for part in (x_px, y_px, angle_rad))
    cos, sin = np.cos(angle), np.sin(angle)
    centre = (PATCH_PX - 1) / 2
    rows = [cos, -sin, x - (cos - sin) * centre, sin, cos, y - (sin + cos) * centre]
    return np.stack(rows, 1).reshape(-1, 2, 3)
