"""The working forms of skin: a touch as a probe, and what it is laid on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fpverify.comparison.highest import highest
from fpverify.vocabulary import BoolArray, FloatArray, IndexArray, Skin

STEP_PX = 5.0  # of the lattice that places lie on
REACH_PX = 4.5  # from a place of a probe, laid on a reference, to one of the reference's that it may be
PICTURE_STEPS = np.float32(127 / 3)  # of a single touch's picture, a local deviation
TOP = 30  # of the cohort, whose mean cosine says how common a place is
BESIDE = ((-1, 0), (0, -1), (0, 1), (1, 0))  # rows and columns of the fields beside a field
LEAST_BESIDE = 3  # for a place to be interpolated: what has fewer lies at a rim
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


class Places(NamedTuple):
    """Of ridges on a lattice: (n,) float32 in px, px and rad, and (n, d) float32 of unit length."""

    x: FloatArray
    y: FloatArray
    angle: FloatArray
    descriptors: FloatArray


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
    def of(cls, skin: Skin, *, interpolate: bool = False) -> Ground:
        """What lies in a template.

        Args:
            skin: of it.
            interpolate: together with places that were left out of it, which none are of a single touch.
        """
        picture = skin.picture.astype(np.float32)
        if skin.touches == 1:
            picture /= PICTURE_STEPS
        places = Places(skin.x_px, skin.y_px, skin.angle_rad, unit(skin.descriptors))
        if interpolate and skin.touches != 1:
            places = Places(*map(np.concatenate, zip(places, interpolated(places), strict=True)))
        return cls.at(*places, picture)

    @classmethod
    def at(
        cls, x: FloatArray, y: FloatArray, angle: FloatArray, descriptors: FloatArray, picture: FloatArray
    ) -> Ground:
        """Of places on a lattice; attributes as above."""
        index, origin = _fields(x, y)
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


def interpolated(known: Places) -> Places:
    """Places that are none of these, on fields of the lattice with three or four of these beside them.

    Their descriptors are the means of those beside them: neighbourhoods of 3.3 mm have nearly all in common with others
    half a millimetre aside. Such a mean has a cosine of 0.9 with the descriptor that was left out.
    """
    if not len(known.x):
        return known
    index, origin = _fields(known.x, known.y)
    row, column = (part + 1 for part in np.nonzero(index[1:-1, 1:-1] < 0))
    beside = np.stack([index[row + down, column + across] for down, across in BESIDE])
    doubled = np.where(beside < 0, 0, np.exp(2j * known.angle[beside])).sum(0)
    angle = np.asarray(np.angle(doubled) / 2 % np.pi, np.float32)
    here, so = beside >= 0, np.cos(known.angle[beside] - angle) > 0
    most = 2 * np.count_nonzero(here & so, axis=0) >= np.count_nonzero(here, axis=0)
    angle, one_sense = np.where(most, angle, angle + np.float32(np.pi)), here & (so == most)
    enough = np.count_nonzero(one_sense, axis=0) >= LEAST_BESIDE
    total = np.einsum("kn,knd->nd", one_sense[:, enough].astype(np.float32), known.descriptors[beside[:, enough]])
    length = np.sqrt(np.einsum("nd,nd->n", total, total))
    x, y = (
        np.asarray(first + (part[enough] - 2) * STEP_PX, np.float32)
        for first, part in zip(origin, (column, row), strict=True)
    )
    return Places(x, y, angle[enough], np.asarray(total / np.maximum(length, np.float32(1e-6))[:, None]))


def _fields(x: FloatArray, y: FloatArray) -> tuple[NDArray[np.int32], tuple[float, float]]:
    """`index` and `origin` of a `Ground`."""
    if not len(x):
        return np.full((5, 5), -1, np.int32), (0.0, 0.0)
    origin = float(x.min()), float(y.min())
    column, row = (
        np.rint((part - first) / STEP_PX).astype(int) + 2 for part, first in zip((x, y), origin, strict=True)
    )
    index = np.full((row.max() + 3, column.max() + 3), -1, np.int32)
    index[row, column] = np.arange(len(x))
    return index, origin


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
    return np.asarray(highest(cosines, TOP).mean(1), np.float32)
