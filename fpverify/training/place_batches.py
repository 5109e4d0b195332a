"""Batches of the same places of two touches of a finger: for each pair of impressions it is known where they lie.

Impressions are drawn once, which costs more than all else of a batch, and kept with their maps. A touch is a window of
one; its directions are measured in it, as in use.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from fpverify.features.extraction import Network
from fpverify.features.places import STEP_PX, at_places, directions, neighbourhoods
from fpverify.features.preparation import normalise
from fpverify.synthesis.creases import draw_creases
from fpverify.synthesis.dataset import MasterPool
from fpverify.synthesis.impression import Impression, ImpressionSettings, draw_impression
from fpverify.training.batches import Batch
from fpverify.training.place_bank import PlaceBank
from fpverify.training.prefetch import prefetched
from fpverify.vocabulary import BoolArray, FloatArray, Minutiae, Scores

IMPRESSIONS = 6  # of a finger
GRID_PX, CELL_PX = 8, 4  # of the maps between impressions and the finger, and of the foreground
SIDE_PX = 192  # of an impression
NEAR_PX, APART_PX = 22.0, 9.0  # deviations of a touch's middle from the finger's, and of the other touch's from its own
LEAST_APART_PX = 8.0  # of two places of a touch: neighbours tell nothing new
PLACES = 12  # of two touches, at most
LEAST_PLACES = 2
SHAKE_PX = (0.5, 1.5)  # deviations, in the one touch and in the other: places of a lattice hardly meet
SAME_WAY = 0.85  # cosine, 32 degrees: a place whose direction was mistaken is lost in use too
ALONG_PX = 2.0  # a step along the ridges, by which it is told which sense is which
MARGIN_PX = 2  # of a window, where no place lies
CLUSTER = 16  # places of different fingers that look most alike
BANK_PLACES, BANK_NEAR_PX, BANK_SIDE_PX = 30_000, 26.0, 80  # about fingers' middles, seen in wide touches
GREYS = np.float32(255)


class Drawn(NamedTuple):
    """The impressions of a finger and their maps.

    Attributes:
        images: (k, 192, 192) uint8.
        shown: (k, 48, 48) bool, the foreground.
        to: (k, 2, 25, 25) float32, x and y on the finger of the pixels (8 i, 8 j) of an impression.
        back: (k, 2, h, w) float32, x and y in the impression of the pixels (8 i, 8 j) of the finger.
    """

    images: NDArray[np.uint8]
    shown: BoolArray
    to: FloatArray
    back: FloatArray

    @property
    def middle(self) -> FloatArray:
        """X and y of the finger's middle."""
        rows, columns = self.back.shape[2:]
        return np.array([GRID_PX * (columns - 1) / 2, GRID_PX * (rows - 1) / 2], np.float32)

    def there(self, impression: int, x: FloatArray, y: FloatArray) -> FloatArray:
        """(2, n) where places of the finger lie in an impression."""
        return sampled(self.back[impression], x, y)

    def window(self, impression: int, left: int, top: int, side: int) -> FloatArray:
        """A touch: (side, side) float32, normalised."""
        part = self.images[impression, top : top + side, left : left + side]
        return normalise(part.astype(np.float32) / GREYS)

    def shows(self, impression: int, x: FloatArray, y: FloatArray) -> BoolArray:
        """Which pixels of an impression show the finger; (n,)."""
        row, column = (np.clip(part, 0, SIDE_PX - 1).astype(int) // CELL_PX for part in (y, x))
        return np.asarray(self.shown[impression, row, column])


@dataclass(frozen=True, slots=True)
class ImpressionPool:
    """Impressions of master fingers on disk, with where each place lies in each.

    Attributes:
        folder: holds `<finger>.npz`.
        masters: the fingers.
    """

    folder: Path
    masters: MasterPool

    @classmethod
    def create(
        cls,
        folder: Path,
        masters: MasterPool,
        seed: int,
        settings: ImpressionSettings,
        creased: float = 0.0,
        *,
        workers: int = 0,
    ) -> ImpressionPool:
        """Draws what is missing and opens the pool; a killed call is continued by the next.

        Args:
            folder: made if missing; of one pool.
            masters: the fingers.
            seed: of the pool.
            settings: of the impressions.
            creased: how often a finger has creases, which all of its impressions show.
            workers: processes; 0 draws in this one.
        """
        pool = cls(folder, masters)
        folder.mkdir(parents=True, exist_ok=True)
        missing = [number for number in range(masters.fingers) if not pool.path(number).exists()]
        write = partial(_write_finger, pool=pool, seed=seed, settings=settings, creased=creased)
        for _ in prefetched(write, missing, workers=workers):
            pass
        return pool

    def path(self, finger: int) -> Path:
        """Of the file of a finger, from 0."""
        return self.folder / f"{finger:05d}.npz"

    def finger(self, number: int) -> Drawn:
        """The impressions of a finger, from 0."""
        return _drawn(self.path(number))


@dataclass(frozen=True, slots=True)
class PlaceBatches:
    """Neighbourhoods of the same places in two touches.

    Attributes:
        pool: impressions to draw from.
        seed: of the sequence of batches.
        pairs: of places in a batch.
        window_px: range of the sides of touches.
        one_pattern: fraction of the batches whose fingers are all of one pattern and hand: ridges flow alike then, and
            only details tell them apart.
        bank: file of places of different fingers that look alike; None for none.
        alike: fraction of a batch that is clusters of these.
    """

    pool: ImpressionPool
    seed: int
    pairs: int = 512
    window_px: tuple[int, int] = (40, 96)
    one_pattern: float = 0.6
    bank: Path | None = None
    alike: float = 0.0

    def __call__(self, index: int) -> Batch:
        """Batch number `index`.

        Returns:
            neighbourhoods (2n, 32, 32, 1) float32, the first n corresponding to the last n, and for each of them what
            it is of (2n,) float32, counted from 0.
        """
        rng = np.random.default_rng([self.seed, index])
        clustered = 0 if self.bank is None else round(self.alike * self.pairs)
        made = [*self._touches(rng, self.pairs - clustered), *self._clusters(rng, clustered)]
        owners = np.repeat(np.arange(len(made)), [len(left) for left, _ in made])[: self.pairs]
        sides = [np.concatenate(side)[: self.pairs] for side in zip(*made, strict=True)]
        return np.concatenate(sides)[..., None], np.tile(owners.astype(np.float32), 2)

    def _touches(self, rng: np.random.Generator, pairs: int) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Two touches of one finger after the other, until there are enough places."""
        shown, count = self._fingers(rng), 0
        while count < pairs:
            number, mirrored = next(shown)
            made = _two_touches(rng, self.pool.finger(number), self.window_px)
            if made is not None:
                kept = min(len(made[0]), pairs - count)
                count += kept
                yield _mirrored(made[0][:kept], mirrored), _mirrored(made[1][:kept], mirrored)

    def _fingers(self, rng: np.random.Generator) -> Iterator[tuple[int, bool]]:
        """Without end: any fingers, or, now and then, those of one pattern; mirrored they are others."""
        if not (self.one_pattern > 0 and rng.random() < self.one_pattern):
            while True:
                yield int(rng.integers(self.pool.masters.fingers)), bool(rng.random() < 0.5)
        patterns, mirrored = self.pool.masters.patterns(), bool(rng.random() < 0.5)
        alike = rng.permutation(np.flatnonzero(patterns == rng.choice(patterns)))
        yield from ((int(number), mirrored) for number in cycle(alike))

    def _clusters(self, rng: np.random.Generator, pairs: int) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Places of different fingers that look alike, one after the other."""
        count = 0
        while self.bank is not None and count < pairs:
            bank = _bank(self.bank)
            for place in bank.cluster(rng, CLUSTER):
                finger, mirrored = self.pool.finger(int(bank.finger[place])), bool(bank.mirrored[place])
                made = _one_place(rng, finger, bank.xy[place], self.window_px)
                if made is not None and count < pairs:
                    count += 1
                    yield _mirrored(made[0], mirrored), _mirrored(made[1], mirrored)


def look_alikes(pool: ImpressionPool, network: Network, seed: int, places: int | None = None) -> PlaceBank:
    """Places of the pool's fingers, and which of them look alike to a network.

    Args:
        pool: impressions.
        network: the descriptor as it is.
        seed: of the places.
        places: how many are drawn, `BANK_PLACES` if not given; some show nowhere.
    """
    rng = np.random.default_rng(seed)
    owners, flips, points, patches = [], [], [], []
    for _ in range(BANK_PLACES if places is None else places):
        number, mirrored = int(rng.integers(pool.masters.fingers)), bool(rng.random() < 0.5)
        finger = pool.finger(number)
        xy = (finger.middle + rng.normal(0, BANK_NEAR_PX, 2)).astype(np.float32)
        made = _one_place(rng, finger, xy, (BANK_SIDE_PX, BANK_SIDE_PX))
        if made is not None:
            owners.append(number)
            flips.append(mirrored)
            points.append(xy)
            patches.append(_mirrored(made[0], mirrored)[0])
    return PlaceBank.of(np.array(owners, np.int32), np.array(flips), np.stack(points), np.stack(patches), network)


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Places in a touch.

    Attributes:
        image: (side, side) float32, normalised.
        x, y: (n,) float32 in it.
        angle: (n,) float32, as measured there.
    """

    image: FloatArray
    x: FloatArray
    y: FloatArray
    angle: FloatArray

    @classmethod
    def of(cls, image: FloatArray, x: FloatArray, y: FloatArray) -> View:
        """Places whose directions are measured."""
        return cls(image, x, y, at_places(directions(image), x, y))

    def patches(self, angle: FloatArray) -> FloatArray:
        """(n, 32, 32), turned to angles."""
        return neighbourhoods(self.image, self.x, self.y, angle)


def _one_place(
    rng: np.random.Generator, finger: Drawn, master_xy: FloatArray, window_px: tuple[int, int]
) -> tuple[FloatArray, FloatArray] | None:
    """A place of a finger in two touches, (1, 32, 32) each; None where one does not show it."""
    impressions, side = rng.choice(len(finger.images), 2, replace=False), int(rng.integers(*window_px, endpoint=True))
    corners, points = [], []
    for impression in impressions:
        x, y = finger.there(impression, master_xy[:1], master_xy[1:])
        if not _inside(x, y, 0, 0, SIDE_PX)[0] or not finger.shows(impression, x, y)[0]:
            return None
        off = rng.uniform(0.12, 0.88, 2) * side
        corners.append(_corner(float(x[0]) - off[0], float(y[0]) - off[1], side))
        points.append((x, y))
    return _patches(rng, finger, _Common(impressions, side, corners, points))


def _two_touches(
    rng: np.random.Generator, finger: Drawn, window_px: tuple[int, int]
) -> tuple[FloatArray, FloatArray] | None:
    """The same places of two touches, (k, 32, 32) each; None where they have too few in common."""
    impressions, side = rng.choice(len(finger.images), 2, replace=False), int(rng.integers(*window_px, endpoint=True))
    middle = finger.middle + rng.normal(0, NEAR_PX, 2)
    corners = []
    for impression, apart in zip(impressions, (0.0, APART_PX), strict=True):
        x, y = finger.there(impression, *(np.array([one + rng.normal(0, apart)], np.float32) for one in middle))
        corners.append(_corner(float(x[0]) - side / 2, float(y[0]) - side / 2, side))
    points = _common(rng, finger, impressions, side, corners)
    if len(points[0][0]) < LEAST_PLACES:
        return None
    return _patches(rng, finger, _Common(impressions, side, corners, points))


def _common(
    rng: np.random.Generator, finger: Drawn, impressions: np.ndarray, side: int, corners: list[tuple[int, int]]
) -> list[tuple[FloatArray, FloatArray]]:
    """Places that both touches show, x and y in each impression."""
    (one, other), (left, top) = impressions, corners[0]
    first = rng.uniform(0, STEP_PX, 2)
    across, down = (np.arange(start, side, STEP_PX, dtype=np.float32) for start in first)
    x, y = (part.ravel() for part in np.meshgrid(across + left, down + top))
    there = finger.there(other, *sampled(finger.to[one], x, y))
    keep = _inside(x, y, left, top, side) & finger.shows(one, x, y)
    keep &= _inside(there[0], there[1], corners[1][0], corners[1][1], side) & finger.shows(other, *there)
    places = np.flatnonzero(keep)
    chosen: list[int] = []
    for place in rng.permutation(places).tolist():
        if all(np.hypot(x[place] - x[had], y[place] - y[had]) >= LEAST_APART_PX for had in chosen):
            chosen.append(place)
        if len(chosen) == PLACES:
            break
    return [(x[chosen], y[chosen]), (there[0][chosen], there[1][chosen])]


class _Common(NamedTuple):
    """Places of two touches: impressions, side and corners of the windows, x and y of the places in each impression."""

    impressions: np.ndarray
    side: int
    corners: list[tuple[int, int]]
    points: list[tuple[FloatArray, FloatArray]]

    def view(self, rng: np.random.Generator, finger: Drawn, which: int) -> View:
        """The places in one of the touches, as far off as a lattice's are."""
        (left, top), (x, y), shake = self.corners[which], self.points[which], SHAKE_PX[which]
        image = finger.window(int(self.impressions[which]), left, top, self.side)
        return View.of(image, _shaken(rng, x - left, shake), _shaken(rng, y - top, shake))


def _patches(rng: np.random.Generator, finger: Drawn, common: _Common) -> tuple[FloatArray, FloatArray] | None:
    """Neighbourhoods of corresponding places in two touches, each turned to the ridges as measured there."""
    one, other = (common.view(rng, finger, which) for which in (0, 1))
    angle = one.angle + np.float32(np.pi) * rng.integers(0, 2, len(one.angle)).astype(np.float32)
    along = _along(finger, common, angle)
    turned = np.where(np.cos(other.angle - along) < 0, other.angle + np.float32(np.pi), other.angle)
    keep = np.cos(turned - along) > SAME_WAY
    if not keep.any():
        return None
    return one.patches(angle)[keep], other.patches(turned)[keep]


def _along(finger: Drawn, common: _Common, angle: FloatArray) -> FloatArray:
    """Where a step along the ridges in the one impression leads in the other; (n,) rad."""
    (x, y), (one, other) = common.points[0], common.impressions
    step_px = np.float32(ALONG_PX)
    ahead = sampled(finger.to[one], x + step_px * np.cos(angle), y + step_px * np.sin(angle))
    step = finger.there(other, *ahead) - np.stack(common.points[1])
    return np.asarray(np.arctan2(step[1], step[0]), np.float32)


def sampled(grid: FloatArray, x: FloatArray | Scores, y: FloatArray | Scores) -> FloatArray:
    """Bilinear values (2, n) of a grid (2, h, w) with knots `GRID_PX` apart; continued beyond its rim."""
    rows, columns = grid.shape[1:]
    u, v = (np.asarray(part, np.float64) / GRID_PX for part in (x, y))
    row, column = np.clip(np.floor(v).astype(int), 0, rows - 2), np.clip(np.floor(u).astype(int), 0, columns - 2)
    down, across = v - row, u - column
    upper = grid[:, row, column] * (1 - across) + grid[:, row, column + 1] * across
    lower = grid[:, row + 1, column] * (1 - across) + grid[:, row + 1, column + 1] * across
    return np.asarray(upper * (1 - down) + lower * down, np.float32)


def _shaken(rng: np.random.Generator, position: FloatArray, deviation: float) -> FloatArray:
    return (position + rng.normal(0, deviation, len(position))).astype(np.float32)


def _corner(left: float, top: float, side: int) -> tuple[int, int]:
    """Of a window, moved into the impression."""
    return int(np.clip(round(left), 0, SIDE_PX - side)), int(np.clip(round(top), 0, SIDE_PX - side))


def _inside(x: FloatArray, y: FloatArray, left: float, top: float, side: int) -> BoolArray:
    u, v, last = x - left, y - top, side - 1 - MARGIN_PX
    return np.asarray((u >= MARGIN_PX) & (u <= last) & (v >= MARGIN_PX) & (v <= last))


def _mirrored(patches: FloatArray, mirrored: bool) -> FloatArray:
    """Those of the mirrored finger: the ridges run along +x still."""
    return patches[:, ::-1] if mirrored else patches


def _write_finger(finger: int, pool: ImpressionPool, seed: int, settings: ImpressionSettings, creased: float) -> None:
    rng, (ridges, minutiae) = np.random.default_rng([seed, finger]), pool.masters.finger(finger)
    creases = _creases(np.random.default_rng([seed, finger, 1]), ridges.shape, creased)
    drawn = (draw_impression(rng, ridges, minutiae, settings, creases) for _ in range(IMPRESSIONS))
    made = [_mapped(one, ridges.shape) for one in drawn]
    part = pool.folder / f"part-{os.getpid()}-{finger}.npz"
    stored: dict[str, Any] = {name: np.stack([getattr(one, name) for one in made]) for name in Drawn._fields}
    np.savez(part, **stored)
    part.replace(pool.path(finger))


def _creases(rng: np.random.Generator, shape: tuple[int, int], creased: float) -> FloatArray | None:
    return draw_creases(rng, shape) if rng.random() < creased else None


def _mapped(made: Impression, shape: tuple[int, ...]) -> Drawn:
    """One impression and its maps, as `Drawn` has several."""
    knots = np.arange(0, SIDE_PX + 1, GRID_PX)
    inner = np.minimum(knots, SIDE_PX - 1)
    to = np.stack([made.placement.x, made.placement.y])[:, inner][:, :, inner].astype(np.float32)
    to[:, -1] += (to[:, -1] - to[:, -2]) / (GRID_PX - 1)  # the last knot lies a pixel further
    to[:, :, -1] += (to[:, :, -1] - to[:, :, -2]) / (GRID_PX - 1)
    rows, columns = (side // GRID_PX + 1 for side in shape)
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32) * GRID_PX
    nothing, one = np.zeros(x.size, np.float32), np.ones(x.size, np.float32)
    back, _ = made.placement.project(Minutiae(x.ravel(), y.ravel(), nothing, one))
    cells = SIDE_PX // CELL_PX
    shown = cv2.resize(made.foreground.astype(np.float32), (cells, cells), interpolation=cv2.INTER_AREA) > 0.5
    image = np.rint(np.clip(made.image, 0, 1) * GREYS).astype(np.uint8)
    return Drawn(image, shown, to, np.stack([back.x_px, back.y_px]).reshape(2, rows, columns).astype(np.float32))


@cache
def _bank(path: Path) -> PlaceBank:
    return PlaceBank.read(path)


@cache
def _drawn(path: Path) -> Drawn:
    with np.load(path) as stored:
        return Drawn(*(stored[name] for name in Drawn._fields))
