"""A scan as the networks see it: 250 ppi, locally normalised."""

from __future__ import annotations

import cv2
import numpy as np

from fpverify.errors import FailureToAcquire
from fpverify.vocabulary import WORKING_PPI, FloatArray, PreparedScan, Scan

NEIGHBOURHOOD_PX = 12.0  # deviation of the Gaussian window: about three ridges to each side
GRID_PX = 4  # of the means of that window: a third of its deviation. What is normalised moves by 0.01 on average
NOISE_FLOOR = 2e-3  # variance of grey in [0, 1], a deviation of 11 of 255 levels: flat areas stay flat
CLIP = 3.0  # local deviations; beyond lies dirt
FAINTEST_DEVIATION = 2.0 / 255  # of the whole image; below it there is nothing but the sensor's noise


def prepare(scan: Scan) -> PreparedScan:
    """Resamples to the working resolution and normalises.

    Raises:
        FailureToAcquire: the image has no contrast.
    """
    deviation = float(cv2.meanStdDev(scan.pixels)[1][0, 0]) / 255
    if deviation < FAINTEST_DEVIATION:
        raise FailureToAcquire(
            f"{scan.source}: ridges too faint: grey levels deviate by {255 * deviation:.1f} of 255, "
            f"at least {255 * FAINTEST_DEVIATION:.0f} needed"
        )
    grey = np.asarray(scan.pixels, np.float32)
    grey /= np.float32(255)
    scale = WORKING_PPI / scan.ppi
    return PreparedScan(normalise(resampled(grey, scale)), scale, scan.source)


def normalise(image: FloatArray) -> FloatArray:
    """Takes away local brightness and contrast.

    Args:
        image: (height, width) float32 in [0, 1], ridges dark, at the working resolution.

    Returns:
        (height, width) float32 within ±3, ridges negative.
    """
    centred = image - _mean_around(image)
    deviation = _mean_around(centred * centred)
    deviation += np.float32(NOISE_FLOOR)
    centred /= np.sqrt(deviation, out=deviation)
    return np.asarray(np.minimum(np.maximum(centred, np.float32(-CLIP), out=centred), np.float32(CLIP)), np.float32)


def _mean_around(image: FloatArray) -> FloatArray:
    """The Gaussian mean around each pixel; on a grid `GRID_PX` wide, which is fine enough for so smooth a thing."""
    height, width = image.shape
    coarse = (-(-width // GRID_PX), -(-height // GRID_PX))
    means = cv2.resize(image, coarse, interpolation=cv2.INTER_AREA)
    means = cv2.GaussianBlur(means, (0, 0), NEIGHBOURHOOD_PX / GRID_PX, borderType=cv2.BORDER_REFLECT)
    return np.asarray(cv2.resize(means, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def resampled(image: FloatArray, scale: float) -> FloatArray:
    """An image with `scale` pixels for each of its own."""
    if scale == 1:
        return image
    height, width = (max(1, round(side * scale)) for side in image.shape)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, (width, height), interpolation=method), np.float32)
