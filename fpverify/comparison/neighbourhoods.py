"""What lies around each minutia, told by minutiae alone: descriptors for templates that have none.

The others are counted in cells around a minutia, turned to its direction: by how far away they lie, where, and which
way they point. Each counts a little in the cells beside its own, and what is beyond the print is told apart from what
is empty. A network of two layers makes a vector of that, whose cosine says how alike two neighbourhoods are. It learnt
from synthetic prints with the errors of detectors: `tools/bare_networks.py`.

The cells are those of R. Cappelli, M. Ferrara and D. Maltoni, "Minutia Cylinder-Code", IEEE PAMI 32(12), 2010, but in
rings that grow wider with the distance, as skin's stretching does, and with a learnt comparison.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from math import prod
from pathlib import Path
from pkgutil import get_data

import cv2
import numpy as np
from numpy.lib.format import read_array
from numpy.typing import NDArray

from fpverify.vocabulary import BoolArray, FloatArray, Minutiae

WEIGHTS = Path(__file__).with_name("neighbourhoods.npy")  # float16, all in one row
RINGS_PX = np.array([5, 9, 14, 20, 28, 38, 50, 64], np.float64)  # 0.5 to 6.5 mm
RING_OFFSET_PX = 6.0  # distances are compared by log(distance + 6 px): near ones err by what detection errs by
RING_WIDTH = 0.75  # deviation of a minutia's share in rings, in steps from ring to ring
SECTORS, DIRECTIONS = 12, 6  # around the minutia, and of the others' directions
SHARE_WIDTH = 0.7  # deviation of a minutia's share in sectors and directions, in steps
REACH_PX = 80.0  # what is farther away counts nowhere
MARGIN_PX = 6.0  # a cell so near the hull of all minutiae is still within the print
MOST = 2.0  # minutiae that a cell counts
HIDDEN, NUMBERS = 256, 64  # units of the first layer; numbers of a descriptor
CELLS = len(RINGS_PX) * SECTORS
SHAPES = ((CELLS * DIRECTIONS + CELLS, HIDDEN), (HIDDEN,), (HIDDEN, NUMBERS), (NUMBERS,))
STEPS = 15  # of a descriptor's largest number, as in stored templates
LEAST_MINUTIAE = 3  # fewer have no hull

Points = NDArray[np.complex128]


def described(minutiae: Minutiae) -> FloatArray:
    """The descriptors of all minutiae of a print; (n, 64) float32, whole numbers from -15 to 15.

    Whole numbers, so that their products are exact in any order, and comparing is the same whichever is the probe.
    """
    if len(minutiae) < LEAST_MINUTIAE:
        return np.zeros((len(minutiae), NUMBERS), np.float32)
    inwards, bias, outwards, offset = weights()
    hidden = np.maximum(neighbourhoods(minutiae) @ inwards + bias, 0)
    made = hidden @ outwards + offset
    largest = np.abs(made).max(axis=1, keepdims=True, initial=1e-9)
    return np.asarray(np.rint(made / largest * STEPS), np.float32)


def neighbourhoods(minutiae: Minutiae) -> FloatArray:
    """How many others lie in the cells around each, and which cells are within the print; (n, 672) float32."""
    z = np.asarray(minutiae.x_px + 1j * minutiae.y_px.astype(np.float64), np.complex128)
    angle = minutiae.angle_rad.astype(np.float64)
    relative = (z[None, :] - z[:, None]) * np.exp(-1j * angle)[:, None]  # the second seen from the first
    distance = np.abs(relative)
    near = (distance < REACH_PX) & ~np.eye(len(z), dtype=bool)
    places = _ring_shares(distance, near)[..., :, None] * _shares(np.angle(relative), SECTORS)[..., None, :]
    places = places.reshape(*near.shape, CELLS).astype(np.float32)
    directions = _shares(angle[None, :] - angle[:, None], DIRECTIONS).astype(np.float32)
    counted = np.matmul(places.transpose(0, 2, 1), directions).reshape(len(z), -1)
    centres = (RINGS_PX[:, None] * np.exp(2j * np.pi * np.arange(SECTORS) / SECTORS)).ravel()
    covered = _within(z[:, None] + centres * np.exp(1j * angle)[:, None], minutiae)
    return np.concatenate([np.minimum(counted, np.float32(MOST)), covered], axis=1, dtype=np.float32)


def _ring_shares(distance: NDArray[np.float64], near: BoolArray) -> NDArray[np.float64]:
    """(n, n, rings)."""
    rings = np.log(RINGS_PX + RING_OFFSET_PX)
    steps = (np.log(distance + RING_OFFSET_PX)[..., None] - rings) / np.diff(rings).mean()
    return np.asarray(np.exp(-0.5 * (steps / RING_WIDTH) ** 2) * near[..., None])


def _shares(angle: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Of angles in rad, in each of `count` directions; (..., count)."""
    turns = angle[..., None] / (2 * np.pi) - np.arange(count) / count
    return np.asarray(np.exp(-0.5 * ((turns - np.rint(turns)) * count / SHARE_WIDTH) ** 2))


def _within(points: Points, minutiae: Minutiae) -> BoolArray:
    """Which points lie within the convex hull of the minutiae, moved out by the margin."""
    corners = cv2.convexHull(np.stack([minutiae.x_px, minutiae.y_px], 1).astype(np.float32)).reshape(-1, 2)
    if len(corners) < LEAST_MINUTIAE:
        return np.zeros(points.shape, bool)
    z = corners[:, 0].astype(np.float64) + 1j * corners[:, 1]
    edges = np.roll(z, -1) - z
    outwards = -1j * edges / np.abs(edges)
    outwards *= np.sign(((z - z.mean()) * outwards.conj()).real.sum())
    beyond = (points[..., None] * outwards.conj()).real - (z * outwards.conj()).real
    return np.asarray(beyond.max(-1) <= MARGIN_PX)


@cache
def weights() -> tuple[FloatArray, ...]:
    """Of both layers."""
    return shaped(stored(WEIGHTS.name).astype(np.float32), SHAPES)


def stored(name: str) -> NDArray[np.floating]:
    """Weights that come with this package, as part of its code, in one row."""
    content = get_data(__package__, name)
    return np.asarray(read_array(BytesIO(content or b""), allow_pickle=False))


def shaped(row: FloatArray, shapes: tuple[tuple[int, ...], ...]) -> tuple[FloatArray, ...]:
    """All weights, which lie in one row, layer by layer."""
    ends = np.cumsum([prod(shape) for shape in shapes])
    return tuple(part.reshape(shape) for part, shape in zip(np.split(row, ends[:-1]), shapes, strict=True))
