"""Batches of pictures of which some, or some parts, are drawn lines and not a finger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from fpverify.features.borders import folded
from fpverify.features.preparation import normalise
from fpverify.synthesis.dataset import MasterPool
from fpverify.synthesis.fields import pixel_grid, smooth_field
from fpverify.synthesis.impression import ImpressionSettings, draw_impression
from fpverify.synthesis.nonprints import pictured
from fpverify.synthesis.patterns import draw_lines, draw_pattern
from fpverify.training.batches import Batch, Window, any_finger, drawn_finger
from fpverify.vocabulary import BoolArray, FloatArray

CELL_PX = 8  # the drawn map has one cell for 8 x 8 px
CHANNELS = 2  # drawn, weight
PRESSED = 0.25  # of what is drawn, as if skin had it: what tells it then is that it is even
WORN = 0.4  # likewise, as a camera has it; the rest is as it was drawn
EVEN = 0.3  # of what no skin has pressed, patterns of any kind and not lines alone
WINDOW_CELLS = (5, 17)  # sides of the windows of small sensors: 40 to 128 px, 4 to 13 mm
SHAPED = 0.3  # of it, in the shape of a fingertip on white

Shown = tuple[FloatArray, FloatArray]  # a picture, and its target


@dataclass(frozen=True, slots=True)
class DrawnBatches:
    """Fingers, drawn lines, and pictures that have both.

    Attributes:
        masters: fingers to draw from.
        seed: of the sequence of batches.
        pictures: in a batch.
        settings: of the impressions.
        mixed: fraction of the pictures that are drawn in one part and a finger's in the other; of the others, half are
            drawn.
        windows: fraction of the pictures of which a window is seen and nothing around it.
    """

    masters: MasterPool
    seed: int
    pictures: int = 32
    settings: ImpressionSettings = field(default_factory=ImpressionSettings)
    mixed: float = 0.15
    windows: float = 0.25

    def __call__(self, index: int) -> Batch:
        """Batch number `index`: folded pictures (b, h/4, w/4, 16) and targets (b, h/8, w/8, CHANNELS), float32."""
        rng = np.random.default_rng([self.seed, index])
        shown = [self._framed(rng, *self._picture(rng)) for _ in range(self.pictures)]
        images, targets = zip(*shown, strict=True)
        return np.stack([folded(image) for image in images]), np.stack(targets)

    def _picture(self, rng: np.random.Generator) -> Shown:
        if rng.random() < self.mixed:
            return _mixed(rng, self._finger(rng), self._drawn(rng))
        return self._drawn(rng) if rng.random() < 0.5 else self._finger(rng)

    def _finger(self, rng: np.random.Generator) -> Shown:
        made = draw_impression(rng, *any_finger(rng, self.masters), self.settings)
        return made.image, _target(made.foreground, 0.0)

    def _drawn(self, rng: np.random.Generator) -> Shown:
        kind, shape = rng.random(), self.settings.shape
        if kind < PRESSED:
            made = draw_impression(rng, *drawn_finger(rng, shape), self.settings)
            return made.image, _target(made.foreground, 1.0)
        lines = draw_pattern(rng, shape) if rng.random() < EVEN else draw_lines(rng, shape)[0]
        image = pictured(rng, lines) if kind < PRESSED + WORN else np.float32(0.5) * (1 + lines)
        seen = _fingertip(shape) if rng.random() < SHAPED else np.ones(shape, np.bool_)
        return np.where(seen, image, np.float32(1)), _target(seen, 1.0)

    def _framed(self, rng: np.random.Generator, image: FloatArray, target: FloatArray) -> Shown:
        """The picture normalised, or a window of it, somewhere in the shape of a batch with nothing around it."""
        cells = target.shape[:2]
        if rng.random() < self.windows:
            cells = (min(int(rng.integers(*WINDOW_CELLS)), cells[0]), min(int(rng.integers(*WINDOW_CELLS)), cells[1]))
        of_image, of_target = _window(rng, target.shape[:2], cells)
        high, wide = (side // CELL_PX for side in self.settings.shape)
        to_image, to_target = _window(rng, (high, wide), cells)
        framed, asked = np.zeros(self.settings.shape, np.float32), np.zeros((high, wide, CHANNELS), np.float32)
        framed[to_image] = normalise(np.ascontiguousarray(image[of_image]))
        asked[to_target] = target[of_target]
        return framed, asked


def _target(seen: BoolArray, drawn: float) -> FloatArray:
    """Of a picture that is drawn, or not; what is not `seen` weighs nothing."""
    size = (seen.shape[1] // CELL_PX, seen.shape[0] // CELL_PX)
    weight = np.floor(cv2.resize(seen.astype(np.float32), size, interpolation=cv2.INTER_AREA))
    return np.stack([np.full_like(weight, drawn), weight], -1)


def _mixed(rng: np.random.Generator, finger: Shown, drawn: Shown) -> Shown:
    """A part of each, along a smooth border beside which nothing is asked."""
    rows, columns = (min(one, other) for one, other in zip(finger[1].shape[:2], drawn[1].shape[:2], strict=True))
    shape = (CELL_PX * rows, CELL_PX * columns)
    parts = smooth_field(rng, shape, 3) > rng.normal(0, 0.5)
    image = np.where(parts, drawn[0][: shape[0], : shape[1]], finger[0][: shape[0], : shape[1]])
    share = cv2.resize(parts.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA)
    target = np.where(share[..., None] > 0.5, drawn[1][:rows, :columns], finger[1][:rows, :columns])
    target[..., 1] *= (share == 0) | (share == 1)
    return image, target


def _fingertip(shape: tuple[int, int]) -> BoolArray:
    """An ellipse that fills a picture."""
    x, y = pixel_grid(shape)
    return np.asarray((2 * x / shape[1]) ** 2 + (2 * y / shape[0]) ** 2 < 1)


def _window(rng: np.random.Generator, whole: Sequence[int], cells: Sequence[int]) -> tuple[Window, Window]:
    """Somewhere within `whole`, in cells, a window of so many: of an image, and of its target."""
    starts = [int(rng.integers(0, most - own + 1)) for most, own in zip(whole, cells, strict=True)]
    rows, columns = (slice(start, start + own) for start, own in zip(starts, cells, strict=True))
    of_image = tuple(slice(CELL_PX * part.start, CELL_PX * part.stop) for part in (rows, columns))
    return (of_image[0], of_image[1]), (rows, columns)
