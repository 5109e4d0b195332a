"""Batches of pictures that show one finger or several, with where fingers border on each other."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fpverify.features.borders import folded
from fpverify.features.preparation import normalise
from fpverify.synthesis.finger import MASTER_SHAPE, draw_finger
from fpverify.synthesis.impression import ImpressionSettings, draw_impression
from fpverify.synthesis.montage import MOST_PRINTS, Montage, Print, draw_montage
from fpverify.training.batches import Batch
from fpverify.training.prefetch import prefetched
from fpverify.vocabulary import FloatArray

CELL_PX = 8  # the seam map has one cell for 8 x 8 px
CHANNELS = 4  # border, its weight, several, its weight
SHAPE = (192, 192)  # px: 19.5 mm, as the other networks have
TURNS = 8  # quarter turns, mirrored or not: each is another print
# Fingertips, prints rolled from nail to nail, fingers down to the second joint; (height, width) px
KINDS = (*[MASTER_SHAPE] * 10, *[(300, 380)] * 3, *[(440, 216)] * 2)
IMPRESSIONS = 3  # of a finger
MARGIN_PX = 24  # kept around a print
GREYS = 255


@dataclass(frozen=True, slots=True)
class PrintPool:
    """Impressions of many fingers on disk.

    Attributes:
        folder: holds `<finger>.npz`.
        fingers: how many.
    """

    folder: Path
    fingers: int

    @classmethod
    def create(
        cls, folder: Path, fingers: int, seed: int, settings: ImpressionSettings, *, workers: int = 0
    ) -> PrintPool:
        """Draws what is missing and opens the pool; a killed call is continued by the next.

        Args:
            folder: made if missing; of one pool.
            fingers: how many, at least `montage.MOST_PRINTS`.
            seed: of the pool.
            settings: of the impressions, but for their shape.
            workers: processes; 0 draws in this one.
        """
        pool = cls(folder, fingers)
        folder.mkdir(parents=True, exist_ok=True)
        missing = [number for number in range(fingers) if not pool.path(number).exists()]
        job = partial(_write_prints, pool=pool, seed=seed, settings=settings)
        for _ in prefetched(job, missing, workers=workers):
            pass
        return pool

    def path(self, finger: int) -> Path:
        """Of the file of a finger, from 0."""
        return self.folder / f"{finger:05d}.npz"

    def print(self, finger: int, impression: int, way: int) -> Print:
        """An impression, both from 0, turned one of `TURNS` ways."""
        one = _prints(self.path(finger))[impression]
        image, foreground = np.rot90(one.image, way % 4), np.rot90(one.foreground, way % 4)
        if way >= TURNS // 2:
            image, foreground = image[:, ::-1], foreground[:, ::-1]
        return Print(image.astype(np.float32) / np.float32(GREYS), np.ascontiguousarray(foreground))


@dataclass(frozen=True, slots=True)
class SeamBatches:
    """Pictures and the map of borders in them.

    Attributes:
        pool: prints to draw from.
        seed: of the sequence of batches.
        size: pictures a batch, every other one of several fingers.
        hard: how often they are two parts edge to edge, see `montage.draw_montage`.
        across_px: how wide gaps are that have a border, see there.
        darkest: how often such parts are where prints are darkest, see there.
    """

    pool: PrintPool
    seed: int
    size: int = 24
    hard: float = 0.0
    across_px: float = 0.0
    darkest: float = 0.0

    def __call__(self, index: int) -> Batch:
        """Batch number `index`: images (size, h/4, w/4, 16), targets (size, h/8, w/8, CHANNELS), both float32."""
        rng = np.random.default_rng([self.seed, index])
        images, targets = zip(*(self._example(rng, number % 2 == 1) for number in range(self.size)), strict=True)
        return np.stack([folded(image) for image in images]), np.stack(targets)

    def _example(self, rng: np.random.Generator, several: bool) -> tuple[FloatArray, FloatArray]:
        fingers = rng.choice(self.pool.fingers, MOST_PRINTS, replace=False)
        rolls = zip(
            fingers, rng.integers(IMPRESSIONS, size=MOST_PRINTS), rng.integers(TURNS, size=MOST_PRINTS), strict=True
        )
        chosen = [partial(self.pool.print, *(int(v) for v in roll)) for roll in rolls]
        how = {"hard": self.hard, "across_px": self.across_px, "darkest": self.darkest}
        made = draw_montage(rng, chosen, SHAPE, several=several, **how)
        return _on_canvas(rng, made)


def _write_prints(finger: int, pool: PrintPool, seed: int, settings: ImpressionSettings) -> None:
    rng = np.random.default_rng([seed, finger])
    drawn = draw_finger(rng, KINDS[finger % len(KINDS)])
    side = max(drawn.ridges.shape)
    stored: dict[str, Any] = {}
    for number in range(IMPRESSIONS):
        made = draw_impression(rng, drawn.ridges, drawn.minutiae, replace(settings, shape=(side, side)))
        box = _around(made.foreground)
        stored[f"image{number}"] = np.rint(GREYS * made.image[box]).astype(np.uint8)
        stored[f"foreground{number}"] = made.foreground[box]
    part = pool.folder / f"part-{os.getpid()}-{finger}.npz"
    np.savez(part, **stored)
    part.replace(pool.path(finger))


@cache
def _prints(path: Path) -> Sequence[Print]:
    with np.load(path) as stored:
        return [Print(stored[f"image{number}"], stored[f"foreground{number}"]) for number in range(IMPRESSIONS)]


def _around(foreground: np.ndarray) -> tuple[slice, slice]:
    if not foreground.any():
        return slice(None), slice(None)
    rows, columns = (np.flatnonzero(foreground.any(axis)) for axis in (1, 0))
    down, across = (slice(max(int(one[0]) - MARGIN_PX, 0), int(one[-1]) + 1 + MARGIN_PX) for one in (rows, columns))
    return down, across


def _on_canvas(rng: np.random.Generator, made: Montage) -> tuple[FloatArray, FloatArray]:
    """The picture, normalised, somewhere on nothing, as the network sees one smaller than its sides are padded to."""
    top, left = (int(rng.integers(0, whole - own + 1)) for whole, own in zip(SHAPE, made.image.shape, strict=True))
    box = slice(top, top + made.image.shape[0]), slice(left, left + made.image.shape[1])
    image, border, doubtful = (np.zeros(SHAPE, np.float32) for _ in range(3))
    image[box], border[box], doubtful[box] = normalise(made.image), made.border, made.doubtful
    cells = (SHAPE[1] // CELL_PX, SHAPE[0] // CELL_PX)
    near, maybe = (cv2.resize(part, cells, interpolation=cv2.INTER_AREA) for part in (border, doubtful))
    target = np.zeros((*cells[::-1], CHANNELS), np.float32)
    target[..., 0] = near > 0.5
    target[..., 1] = (near > 0.5) | (near + maybe < 0.1)
    target[..., 2], target[..., 3] = made.several is True, made.several is not None
    return image, target
