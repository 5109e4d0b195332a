"""Places along the ridges of a touch: what a small sensor's pictures are compared by, where minutiae are few.

Places lie on a lattice in the foreground, each with the direction of the ridges there. The Siamese tower
`fpverify.networks.places` turns the 32 x 32 px around each, turned to that direction, into a unit vector. A ridge has
no sense, so a touch has the vectors of both.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fpverify.features.minutiae import CELL_PX
from fpverify.features.turned_squares import turned_squares
from fpverify.vocabulary import BoolArray, FloatArray

SIDE_PX = 32  # of a neighbourhood at 250 ppi: 3.3 mm, seven ridges
STEP_PX = 5  # of the lattice: 0.5 mm, a ridge period
MARGIN_PX = 2  # of a picture, where no place lies
SMOOTH_PX, TENSOR_PX = 1.0, 4.0  # deviations of Gaussians: of the image, and of the mean of the structure tensor
ANGLE_STEPS = 256  # of half a turn: 0.7 degrees
PICTURE_STEPS = 127 / 3  # a local deviation
DESCRIPTOR_STEPS = 127  # for the largest component: all of an int8


def directions(image: FloatArray) -> FloatArray:
    """Along the ridges of a normalised image (h, w); (h, w) float32 radians modulo pi."""
    xx, yy, xy = structure(image)
    return np.asarray(0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2, np.float32)


def structure(image: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The mean squared slopes of a normalised image across and down, and their product; (h, w) float32 each.

    Source: the structure tensor; Bigün and Granlund, "Optimal orientation detection of linear symmetry", ICCV 1987.
    """
    smooth = cv2.GaussianBlur(image, (0, 0), SMOOTH_PX)
    across, down = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    xx, yy, xy = (
        np.asarray(cv2.GaussianBlur(part, (0, 0), TENSOR_PX, borderType=cv2.BORDER_CONSTANT), np.float32)
        for part in (across * across, down * down, across * down)
    )
    return xx, yy, xy


def lattice(cells: BoolArray, shape: tuple[int, ...], *, staggered: bool) -> tuple[FloatArray, FloatArray]:
    """The places of a picture, x and y, (n,) float32 each.

    Args:
        cells: (h/4, w/4) bool, the foreground.
        shape: of the picture, px.
        staggered: every second place only, as the fields of one colour of a chessboard.
    """
    down, across = (np.arange(_first(side), side - MARGIN_PX, STEP_PX) for side in shape)
    y, x = (part.ravel() for part in np.meshgrid(down, across, indexing="ij"))
    keep = cells[np.minimum(y // CELL_PX, cells.shape[0] - 1), np.minimum(x // CELL_PX, cells.shape[1] - 1)]
    if staggered:
        keep &= (x // STEP_PX + y // STEP_PX) % 2 == 0
    return x[keep].astype(np.float32), y[keep].astype(np.float32)


def at_places(field: FloatArray, x_px: FloatArray, y_px: FloatArray) -> FloatArray:
    """What a field (h, w) has at the pixels nearest to places; (n,) float32."""
    row, column = (
        np.clip(np.rint(part), 0, side - 1).astype(int)
        for part, side in ((y_px, field.shape[0]), (x_px, field.shape[1]))
    )
    return np.asarray(field[row, column], np.float32)


def neighbourhoods(image: FloatArray, x_px: FloatArray, y_px: FloatArray, angle_rad: FloatArray) -> FloatArray:
    """Squares around places, turned so that the angle points along +x.

    Args:
        image: (h, w) float32, normalised.
        x_px: (n,) of the places.
        y_px: (n,) likewise.
        angle_rad: (n,) likewise.

    Returns:
        (n, SIDE_PX, SIDE_PX) float32, bilinear, zero beyond the image; the place lies at (SIDE_PX - 1) / 2.
    """
    return turned_squares(image, x_px, y_px, angle_rad, SIDE_PX)


def both_senses(patches: FloatArray) -> FloatArray:
    """Neighbourhoods, and behind them the same turned by half a turn; (2n, SIDE_PX, SIDE_PX)."""
    return np.concatenate([patches, patches[:, ::-1, ::-1]])


def angles_on_grid(angle_rad: FloatArray) -> FloatArray:
    """Directions modulo pi, to 1/256 of it, in [0, pi)."""
    steps = np.rint(angle_rad.astype(np.float64) * (ANGLE_STEPS / np.pi)) % ANGLE_STEPS
    return (steps * (np.pi / ANGLE_STEPS)).astype(np.float32)


def vectors_on_grid(vectors: FloatArray) -> NDArray[np.int8]:
    """Unit vectors (n, d) as int8, each in steps of 1/127 of its largest component."""
    largest = np.abs(vectors).max(axis=1, keepdims=True, initial=1e-12)
    return np.asarray(np.rint(vectors / largest * DESCRIPTOR_STEPS), np.int8)


def shown(cells: BoolArray, shape: tuple[int, ...]) -> BoolArray:
    """The foreground's cells as pixels of a picture; (h, w) bool."""
    whole = np.repeat(np.repeat(cells, CELL_PX, axis=0), CELL_PX, axis=1)
    below, right = (max(0, side - had) for side, had in zip(shape, whole.shape, strict=True))
    return np.asarray(np.pad(whole, ((0, below), (0, right)), mode="edge")[: shape[0], : shape[1]])


def picture_on_grid(image: FloatArray, foreground: BoolArray) -> NDArray[np.int8]:
    """A normalised image as the picture of some skin: int8, 0 where there is no foreground (h, w) and nowhere else."""
    steps = np.rint(image * PICTURE_STEPS).astype(np.int8)
    return np.where(foreground, np.where(steps == 0, np.int8(1), steps), np.int8(0))


def _first(side_px: int) -> int:
    """Where the lattice begins, so that it lies in the middle."""
    inner = side_px - 2 * MARGIN_PX - 1
    return MARGIN_PX + inner % STEP_PX // 2
