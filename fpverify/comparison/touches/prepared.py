"""The working forms of skin: a touch as a probe, and what it is laid on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fpverify.vocabulary import BoolArray, FloatArray, IndexArray, Skin

STEP_PX = 5.0  # of the lattice that places lie on
REACH_PX = 4.5  # from a place of a probe, laid on a reference, to one of the reference's that it may be
PICTURE_STEPS = np.float32(127 / 3)  # of a single touch's picture, a local deviation
TOP = 30  # of the cohort, whose mean cosine says how common a place is
CORNERS = np.array([(0, 0), (0, 1), (1, 0), (1, 1)])  # of a field of the lattice: what lies further is out of reach


@dataclass(frozen=True, slots=True, eq=False)
class Touch:
    """A touch as a probe.

    Attributes:
        x, y, angle: (n,) float32 of its places; px, rad.
        descriptors: (2n, d) float32 of unit length, of both senses.
        common: (n,) float32, how alike the most alike places of other fingers are; a mean cosine.
        picture: (h, w) float32 in local deviations, 0 where nothing is shown.
        shown: (h, w) bool.
    """

    x: FloatArray
    y: FloatArray
    angle: FloatArray
    descriptors: FloatArray
    common: FloatArray
    picture: FloatArray
    shown: BoolArray

    def __len__(self) -> int:
        return len(self.x)

    @classmethod
    def of(cls, skin: Skin, cohort: FloatArray) -> Touch:
        """The probe that a single touch is; `cohort` is (c, d), of unit length, of other fingers."""
        descriptors = unit(np.concatenate([skin.descriptors, skin.opposite]))
        common = commonness(descriptors[: len(skin)], cohort)
        picture = skin.picture.astype(np.float32) / PICTURE_STEPS
        return cls(skin.x_px, skin.y_px, skin.angle_rad, descriptors, common, picture, skin.picture != 0)


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What a touch is laid on: a finger from touches, another touch, or a whole print.

    Attributes:
        x, y, angle: (m,) float32 of its places; px, rad.
        descriptors: (m, d) float32 of unit length, of one sense.
        index: (rows, columns) places by their fields of the lattice, -1 where there is none; two empty rows and columns
            on all sides.
        origin: x, y of the field that is [2, 2].
        picture: (h, w) float32, 0 where nothing is shown; (0, 0) of a whole print.
    """

    x: FloatArray
    y: FloatArray
    angle: FloatArray
    descriptors: FloatArray
    index: NDArray[np.int32]
    origin: tuple[float, float]
    picture: FloatArray

    def __len__(self) -> int:
        return len(self.x)

    @property
    def whole(self) -> bool:
        """Whether it is a whole print, of which places are known alone."""
        return self.picture.size == 0

    @classmethod
    def of(cls, skin: Skin) -> Ground:
        """What lies in a template."""
        picture = skin.picture.astype(np.float32)
        if skin.touches == 1:
            picture /= PICTURE_STEPS
        return cls.at(skin.x_px, skin.y_px, skin.angle_rad, unit(skin.descriptors), picture)

    @classmethod
    def at(
        cls, x: FloatArray, y: FloatArray, angle: FloatArray, descriptors: FloatArray, picture: FloatArray
    ) -> Ground:
        """Of places on a lattice; attributes as above."""
        if not len(x):
            return cls(x, y, angle, descriptors, np.full((5, 5), -1, np.int32), (0.0, 0.0), picture)
        origin = float(x.min()), float(y.min())
        column, row = (
            np.rint((part - first) / STEP_PX).astype(int) + 2 for part, first in zip((x, y), origin, strict=True)
        )
        index = np.full((row.max() + 3, column.max() + 3), -1, np.int32)
        index[row, column] = np.arange(len(x))
        return cls(x, y, angle, descriptors, index, origin, picture)

    def nearest(self, x: FloatArray, y: FloatArray) -> IndexArray:
        """The place in the field nearest to each of some points (...), -1 for none."""
        column, row = (
            np.clip(np.rint((part - np.float32(first)) / np.float32(STEP_PX)).astype(np.int32) + 2, 0, most - 1)
            for part, first, most in zip((x, y), self.origin, self.index.shape[::-1], strict=True)
        )
        return np.asarray(self.index[row, column])

    def near(self, x: FloatArray, y: FloatArray) -> IndexArray:
        """The places within reach of points (...); (..., 4), -1 for none."""
        rows, columns = self.index.shape
        column, row = (
            np.clip(np.floor((part - first) / np.float32(STEP_PX)).astype(np.int32) + 2, 0, most - 2)
            for part, first, most in ((x, self.origin[0], columns), (y, self.origin[1], rows))
        )
        found = self.index[row[..., None] + CORNERS[:, 0], column[..., None] + CORNERS[:, 1]]
        far = (self.x[found] - x[..., None]) ** 2 + (self.y[found] - y[..., None]) ** 2
        return np.where(far <= np.float32(REACH_PX**2), found, np.int32(-1))


def unit(descriptors: NDArray[np.int8]) -> FloatArray:
    """Integers (n, d) as float32 of unit length; nothing stays nothing."""
    vectors = descriptors.astype(np.float32)
    length = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
    return np.asarray(vectors / np.maximum(length, 1)[:, None], np.float32)


def commonness(descriptors: FloatArray, cohort: FloatArray) -> FloatArray:
    """The mean of the `TOP` highest cosines with places of other fingers; (n, d), (c, d) -> (n,)."""
    if not len(descriptors):
        return np.zeros(0, np.float32)
    cosines = descriptors @ cohort.T
    return np.asarray(np.partition(cosines, -TOP, axis=1)[:, -TOP:].mean(1), np.float32)
