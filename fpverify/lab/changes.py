"""How the copies of an image are changed, for training and for measuring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from fpverify.vocabulary import FloatArray


class Change(Protocol):
    """A random change of one image, (h, w, c) float32 in [0, 1] to the same.

    Attributes:
        both: left and right sides are changed; else the right one alone.
    """

    @property
    def both(self) -> bool: ...  # noqa: D102

    def __call__(self, image: FloatArray, rng: np.random.Generator) -> FloatArray:
        """The changed image."""
        ...


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Images as they are."""

    both: bool = False

    def __call__(self, image: FloatArray, rng: np.random.Generator) -> FloatArray:
        """The image itself."""
        return image


@dataclass(frozen=True, slots=True)
class Turned:
    """Rotation, zoom, shift and mirroring, each drawn evenly; what lies outside repeats the rim.

    Attributes:
        degrees: most rotation either way.
        zoom: most enlargement and reduction, relative, of each axis by itself, as Keras' ImageDataGenerator has it.
        shift: most shift either way, as a share of the side.
        mirrored: every other image is mirrored.
        both: as in `Change`.
    """

    degrees: float = 10.0
    zoom: float = 0.1
    shift: float = 0.0
    mirrored: bool = False
    both: bool = False

    def __call__(self, image: FloatArray, rng: np.random.Generator) -> FloatArray:
        """The changed image."""
        height, width = image.shape[:2]
        angle = np.deg2rad(rng.uniform(-self.degrees, self.degrees))
        zoom_x, zoom_y = rng.uniform(1 - self.zoom, 1 + self.zoom, 2)
        shift = rng.uniform(-self.shift, self.shift, 2) * (width, height)
        flip = -1.0 if self.mirrored and rng.random() < 0.5 else 1.0
        cosine, sine = np.cos(angle), np.sin(angle)
        matrix = np.array([[flip * zoom_x * cosine, -zoom_y * sine], [flip * zoom_x * sine, zoom_y * cosine]])
        centre = np.array([(width - 1) / 2, (height - 1) / 2])
        affine = np.column_stack([matrix, centre - matrix @ centre + shift])
        return _warped(image, affine)


def at_scale(image: FloatArray, factor: float) -> FloatArray:
    """The image taken at another resolution on a canvas of the same size, white around it; about the centre."""
    height, width = image.shape[:2]
    small = image if factor >= 1 else cv2.GaussianBlur(image, (0, 0), 0.5 / factor).reshape(image.shape)
    affine = np.array([[factor, 0, (1 - factor) * (width - 1) / 2], [0, factor, (1 - factor) * (height - 1) / 2]])
    white = (1.0,) * 4
    drawn = cv2.warpAffine(small, affine, (width, height), borderMode=cv2.BORDER_CONSTANT, borderValue=white)
    return np.asarray(drawn, np.float32).reshape(image.shape)


def _warped(image: FloatArray, affine: np.ndarray) -> FloatArray:
    height, width = image.shape[:2]
    drawn = cv2.warpAffine(image, affine, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(drawn, np.float32).reshape(image.shape)
