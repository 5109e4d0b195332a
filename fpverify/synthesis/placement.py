"""A finger put on a sensor: rotation, shift, stretch and the elastic distortion of the skin, as an exact map.

The map takes every pixel of the impression to its point on the master, so labels and correspondences stay exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from fpverify.synthesis.fields import pixel_grid, smooth_field
from fpverify.vocabulary import BoolArray, FloatArray, Minutiae

STRETCH_DEVIATION = 0.035  # relative, of the whole print; people and sensors differ
SHEAR_DEVIATION = 0.02  # relative; a finger pushed sideways while pressed
DISTORTION_PX = 3.0  # most bending of the skin; 0.3 mm (Cappelli, Maio, Maltoni 2001 show up to 1 mm)
PLASTIC_TURN_RAD = 0.14  # most torsion of the middle of the contact area against its rim
SWEEP_SPEED_DEVIATION = 0.08  # relative; a line sensor guesses how fast the finger goes by
SWEEP_SPEED_PX = 4.0  # most that uneven speed shifts a row along the way
SWEEP_DRIFT_PX = 3.0  # most that a finger wanders aside
SWEEP_KNOTS = 4  # changes of speed and way over the image: the hand is slow
ROLL_STRETCH = (0.0, 0.12)  # most that skin is drawn out towards a side of a finger that is rolled, relative
ROLL_SLIP_PX = 4.0  # deviation of a finger's slip along its axis while it is rolled, most: 0.4 mm
ROLL_LEAN = 0.03  # deviation of the slope of the way on which a finger is rolled
ROLL_KNOTS = 6  # changes of the slip on that way: the hand is slow
INVERSION_STEPS = 4  # Newton steps; the map is nearly affine, the residue is then below 0.05 px


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """Where on the master each pixel of an impression lies: `x`, `y`, each (height, width) float32, pixels."""

    x: FloatArray
    y: FloatArray

    def taken(self, master: FloatArray) -> FloatArray:
        """The master seen through the map, zero beyond its rim; (height, width) float32."""
        border = cv2.BORDER_CONSTANT
        return np.asarray(cv2.remap(master, self.x, self.y, cv2.INTER_LINEAR, borderMode=border, borderValue=0))

    def project(self, minutiae: Minutiae) -> tuple[Minutiae, BoolArray]:
        """The master's minutiae in the impression, and which of them fall inside the image; all n are kept."""
        x, y = self._nearest(minutiae)
        for _ in range(INVERSION_STEPS):
            column, row, jacobian = self._linearised(x, y)
            ahead_x, ahead_y = minutiae.x_px - self.x[row, column], minutiae.y_px - self.y[row, column]
            step_x, step_y = _solved(jacobian, ahead_x, ahead_y)
            x, y = column + step_x, row + step_y
        _, _, jacobian = self._linearised(x, y)
        along_x, along_y = _solved(jacobian, np.cos(minutiae.angle_rad), np.sin(minutiae.angle_rad))
        angle = np.arctan2(along_y, along_x).astype(np.float32)
        height, width = self.x.shape
        inside = (x >= 1) & (x <= width - 2) & (y >= 1) & (y <= height - 2)
        return Minutiae(x.astype(np.float32), y.astype(np.float32), angle, minutiae.quality), inside

    def _nearest(self, minutiae: Minutiae) -> tuple[FloatArray, FloatArray]:
        coarse = 8  # px between candidates for the start of the inversion
        x, y = self.x[::coarse, ::coarse].ravel(), self.y[::coarse, ::coarse].ravel()
        distance = (x - minutiae.x_px[:, None]) ** 2 + (y - minutiae.y_px[:, None]) ** 2
        row, column = np.divmod(distance.argmin(1), self.x[::coarse, ::coarse].shape[1])
        return (column * coarse).astype(np.float32), (row * coarse).astype(np.float32)

    def _linearised(
        self, x: FloatArray, y: FloatArray
    ) -> tuple[np.ndarray, np.ndarray, tuple[FloatArray, FloatArray, FloatArray, FloatArray]]:
        height, width = self.x.shape
        column = np.clip(np.rint(x), 1, width - 2).astype(int)
        row = np.clip(np.rint(y), 1, height - 2).astype(int)
        jacobian = (
            (self.x[row, column + 1] - self.x[row, column - 1]) / 2,
            (self.x[row + 1, column] - self.x[row - 1, column]) / 2,
            (self.y[row, column + 1] - self.y[row, column - 1]) / 2,
            (self.y[row + 1, column] - self.y[row - 1, column]) / 2,
        )
        return column, row, jacobian


def draw_placement(
    rng: np.random.Generator,
    shape: tuple[int, int],
    master_shape: tuple[int, int],
    *,
    rotation_rad: float,
    shift_px: float,
    bend_px: float = DISTORTION_PX,
    stretch: float = STRETCH_DEVIATION,
    swept: bool = False,
) -> Map:
    """A random placement.

    Args:
        rng: source of randomness.
        shape: (height, width) of the impression, pixels.
        master_shape: (height, width) of the master, pixels.
        rotation_rad: most rotation either way.
        shift_px: most shift either way, along each axis.
        bend_px: most bending of the skin.
        stretch: deviation of the scale of the whole print, relative.
        swept: the finger is drawn over a sensor of one line, never at quite the speed that it reckons with.
    """
    x, y = _swept(rng, shape) if swept else pixel_grid(shape)
    turn, scale = rng.uniform(-rotation_rad, rotation_rad), rng.normal(1, stretch)
    shear_x, shear_y = rng.normal(0, SHEAR_DEVIATION, 2)
    cos, sin = np.cos(turn) / scale, np.sin(turn) / scale
    twisted_x, twisted_y = _twisted(rng, x, y)
    bend = rng.uniform(0, bend_px)
    centre_x, centre_y = (master_shape[1] - 1) / 2, (master_shape[0] - 1) / 2
    to_x = cos * twisted_x - (sin - shear_x) * twisted_y + centre_x + rng.uniform(-shift_px, shift_px)
    to_y = (sin + shear_y) * twisted_x + cos * twisted_y + centre_y + rng.uniform(-shift_px, shift_px)
    to_x = to_x + bend * smooth_field(rng, shape, 3)
    to_y = to_y + bend * smooth_field(rng, shape, 3)
    return Map(to_x.astype(np.float32), to_y.astype(np.float32))


def draw_rolling(rng: np.random.Generator, placement: Map, master_shape: tuple[int, int]) -> Map:
    """A placement of a finger that is rolled from nail to nail: stretched towards its sides, and slipping on its way.

    Args:
        rng: source of randomness.
        placement: of the finger as it would be put down.
        master_shape: (height, width) of the master, pixels.
    """
    half = master_shape[1] / 2
    across = (placement.x - np.float32(half)) / np.float32(half)  # -1 and 1 at the sides, whatever the finger's turn
    sides = rng.uniform(*ROLL_STRETCH, 2)  # of the left and of the right
    stretch = np.where(across < 0, sides[0], sides[1])
    knots = rng.standard_normal(ROLL_KNOTS)
    places = np.clip((across + 1.3) / 2.6 * (ROLL_KNOTS - 1), 0, ROLL_KNOTS - 1)
    slip = rng.uniform(0, ROLL_SLIP_PX) * np.interp(places, np.arange(ROLL_KNOTS), knots)
    lean = rng.normal(0, ROLL_LEAN) * across * half
    return Map(
        np.asarray(half + half * across * (1 - stretch * across**2), np.float32),
        np.asarray(placement.y + slip + lean, np.float32),
    )


def _swept(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
    """Where each pixel lay on the skin: rows too near or too far from each other, and shifted sideways."""
    x, y = pixel_grid(shape)
    along, aside = (
        most * rng.random() * smooth_field(rng, shape, SWEEP_KNOTS)[:, :1] for most in (SWEEP_SPEED_PX, SWEEP_DRIFT_PX)
    )
    speed = rng.normal(1, SWEEP_SPEED_DEVIATION)
    return np.asarray(x + aside, np.float32), np.asarray(speed * y + along, np.float32)


def _twisted(rng: np.random.Generator, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Torsion: the pressed middle turns less than the free rim (the idea of the skin plasticity model)."""
    about_x, about_y = rng.normal(0, 15, 2)
    reach = rng.uniform(25, 70)
    dx, dy = x - about_x, y - about_y
    pressed = np.exp(-(dx * dx + dy * dy) / (2 * reach**2))
    angle = rng.uniform(-PLASTIC_TURN_RAD, PLASTIC_TURN_RAD) * pressed
    return np.asarray(x - angle * dy, np.float32), np.asarray(y + angle * dx, np.float32)


def _solved(
    jacobian: tuple[FloatArray, FloatArray, FloatArray, FloatArray], x: FloatArray, y: FloatArray
) -> tuple[FloatArray, FloatArray]:
    xx, xy, yx, yy = jacobian
    determinant = xx * yy - xy * yx
    solved_x, solved_y = (yy * x - xy * y) / determinant, (xx * y - yx * x) / determinant
    return solved_x.astype(np.float32), solved_y.astype(np.float32)
