"""A touch in the common frame of its finger: turned and shifted as a whole, and its skin bent a little.

Skin that is pressed moves by up to half a millimetre against itself. The displacement is quadratic in the touch's own
frame, fitted to blocks that are moved to where they agree best with what others show.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from fpverify.vocabulary import BoolArray, FloatArray, Scores

REACH_PX = 3  # that a block is moved by, either way, in one round
BLOCK_PX, STRIDE_PX = 20, 8
MOST_MISSING = 0.15  # of what others show about a block
LEAST_SHOWN = 0.9  # of a block
PLAIN = 0.35  # correlation of a block that is leant on; its excess over ...
CHANCE = 0.3  # ... this is its weight
LEAST_BLOCKS = 4  # for a fit
STIFFNESS = np.diag([0.05, 0.3, 0.3, 1.0, 1.0, 1.0])  # of the skin, by power of the displacement: a prior, in blocks
SPAN_PX = 40.0  # that displacements are written in
ROUNDS = 2  # of fitting a touch to the others
LEAST_COMMON_PX = 150  # pixels that a touch and the others must show, to tell whether they agree


@dataclass(eq=False)
class BentTouch:
    """A touch and where it lies.

    Attributes:
        picture: (h, w) float32, normalised.
        shown: (h, w) float32, 1 where there is print, else 0.
        angle: (h, w) float32, along the ridges, rad.
        turn, x, y: of its frame in the common one; rad, px.
        bend: (6, 2) float32 of the displacement, in its own frame.
    """

    picture: FloatArray
    shown: FloatArray
    angle: FloatArray
    turn: float = 0.0
    x: float = 0.0
    y: float = 0.0
    bend: FloatArray | None = None

    def own(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Points of the common frame in its own."""
        cos, sin = np.float32(np.cos(self.turn)), np.float32(np.sin(self.turn))
        x, y = x - np.float32(self.x), y - np.float32(self.y)
        u, v = cos * x + sin * y, cos * y - sin * x
        du, dv = self._displacement(u, v)
        return u + du, v + dv

    def common(self, u: FloatArray, v: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Its own points in the common frame, to a tenth of a pixel."""
        du, dv = self._displacement(u, v)
        u, v = u - du, v - dv
        cos, sin = np.float32(np.cos(self.turn)), np.float32(np.sin(self.turn))
        return cos * u - sin * v + np.float32(self.x), sin * u + cos * v + np.float32(self.y)

    def layer(self, canvas: Canvas) -> Layer:
        """What it shows of the common frame."""
        u, v = self.own(*canvas.grid())
        weight = cv2.remap(self.shown, u, v, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
        picture = cv2.remap(self.picture, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
        return Layer(np.asarray(picture * weight, np.float32), np.asarray(weight, np.float32))

    def corners(self) -> FloatArray:
        """(2, 4) of its picture, in the common frame."""
        height, width = self.picture.shape
        u, v = np.array([[0, width, 0, width], [0, 0, height, height]], np.float32)
        return np.stack(self.common(u, v))

    def refit(self, others: FloatArray, canvas: Canvas) -> None:
        """Bends it to fit what others show; (h, w) of the canvas, 0 where they show nothing."""
        rows = list(self._moved_blocks(others, canvas))
        if len(rows) < LEAST_BLOCKS:
            return
        u, v, across, down, weight = np.array(rows, np.float64).T
        du, dv = self._displacement(u.astype(np.float32), v.astype(np.float32))
        basis, target = _basis(u, v, self.picture.shape), np.stack([du - across, dv - down], 1)
        left = basis.T @ (weight[:, None] * basis) + STIFFNESS
        self.bend = np.linalg.solve(left, basis.T @ (weight[:, None] * target)).astype(np.float32)

    def _moved_blocks(self, others: FloatArray, canvas: Canvas) -> Iterator[tuple[float, ...]]:
        """The middle of each block that agrees plainly with the others somewhere near, how far off, and its weight."""
        height, width = self.picture.shape
        v, u = np.mgrid[-REACH_PX : height + REACH_PX, -REACH_PX : width + REACH_PX].astype(np.float32)
        x, y = self.common(u, v)
        around = cv2.remap(
            others,
            x - np.float32(canvas.left),
            y - np.float32(canvas.top),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=0,
        )
        for top in range(0, height - BLOCK_PX + 1, STRIDE_PX):
            for left in range(0, width - BLOCK_PX + 1, STRIDE_PX):
                area = around[top : top + BLOCK_PX + 2 * REACH_PX, left : left + BLOCK_PX + 2 * REACH_PX]
                block = slice(top, top + BLOCK_PX), slice(left, left + BLOCK_PX)
                if np.count_nonzero(area) < (1 - MOST_MISSING) * area.size or self.shown[block].mean() < LEAST_SHOWN:
                    continue
                found = cv2.matchTemplate(area, self.picture[block], cv2.TM_CCOEFF_NORMED)
                _, best, _, (column, row) = cv2.minMaxLoc(found)
                if best > PLAIN and 0 < row < 2 * REACH_PX and 0 < column < 2 * REACH_PX:
                    middle = left + BLOCK_PX / 2, top + BLOCK_PX / 2
                    yield *middle, column - REACH_PX, row - REACH_PX, best - CHANCE

    def _displacement(self, u: FloatArray, v: FloatArray) -> tuple[FloatArray, FloatArray]:
        if self.bend is None:
            return np.zeros_like(u), np.zeros_like(v)
        moved = _basis(u, v, self.picture.shape).astype(np.float32) @ self.bend
        return moved[..., 0], moved[..., 1]


@dataclass(frozen=True, slots=True)
class Canvas:
    """A part of the common frame: its corner and its size, px."""

    left: float
    top: float
    height: int
    width: int

    @classmethod
    def around(cls, touches: Sequence[BentTouch], margin_px: int = 2) -> Canvas:
        """One that holds touches; its corner is a whole pixel."""
        corners = np.concatenate([one.corners() for one in touches], 1)
        left, top = np.floor(corners.min(1)) - margin_px
        right, bottom = np.ceil(corners.max(1)) + margin_px
        return cls(float(left), float(top), int(bottom - top), int(right - left))

    def grid(self) -> tuple[FloatArray, FloatArray]:
        """X and y of its pixels, (h, w) float32 each."""
        y, x = np.mgrid[0 : self.height, 0 : self.width].astype(np.float32)
        return x + np.float32(self.left), y + np.float32(self.top)


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """What touches show of a canvas: the sum of their pictures, and how many show each pixel; (h, w) float32."""

    picture: FloatArray
    weight: FloatArray

    def __add__(self, other: Layer) -> Layer:
        return Layer(self.picture + other.picture, self.weight + other.weight)

    def __sub__(self, other: Layer) -> Layer:
        return Layer(self.picture - other.picture, self.weight - other.weight)

    @property
    def mean(self) -> FloatArray:
        """The mean picture, 0 where there is none."""
        return np.asarray(np.where(self.weight > 0, self.picture / np.maximum(self.weight, 1), 0), np.float32)

    def agreement(self, other: Layer) -> float:
        """The correlation with another where both show something; nan if that is too little to tell."""
        seen: BoolArray = (self.weight > 0) & (other.weight > 0)
        if np.count_nonzero(seen) < LEAST_COMMON_PX:
            return float("nan")
        return float(np.corrcoef(self.mean[seen], other.mean[seen])[0, 1])


def bent_together(touches: Sequence[BentTouch], canvas: Canvas, rounds: int = ROUNDS) -> list[Layer]:
    """Bends touches to fit the mean of the others, one after the other, some rounds; what each shows then."""
    layers = [one.layer(canvas) for one in touches]
    for _ in range(rounds if len(touches) > 1 else 0):
        total = summed(layers)
        for k, one in enumerate(touches):
            rest = total - layers[k]
            one.refit(rest.mean, canvas)
            layers[k] = one.layer(canvas)
            total = rest + layers[k]
    return layers


def agreements(layers: Sequence[Layer]) -> Scores:
    """Of each touch with the mean of the others; nan where they have too little in common."""
    total = summed(layers)
    return np.array([one.agreement(total - one) for one in layers])


def summed(layers: Sequence[Layer]) -> Layer:
    """All of them together."""
    total = layers[0]
    for one in layers[1:]:
        total = total + one
    return total


def _basis(u: FloatArray | Scores, v: FloatArray | Scores, shape: tuple[int, ...]) -> Scores | FloatArray:
    """Powers of the place up to the second, (..., 6)."""
    p, q = (u - shape[1] / 2) / SPAN_PX, (v - shape[0] / 2) / SPAN_PX
    return np.stack([np.ones_like(p), p, q, p * p, p * q, q * q], -1)
