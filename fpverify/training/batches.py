"""Batches of synthetic impressions with exact targets; each a pure function of a seed and its number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count, cycle, product

import cv2
import numpy as np

from fpverify.features.patches import sample_patches
from fpverify.features.places import directions
from fpverify.features.preparation import normalise
from fpverify.synthesis.dataset import MasterPool
from fpverify.synthesis.impression import Impression, ImpressionSettings, draw_impression
from fpverify.synthesis.nonprints import draw_nonprint, pictured
from fpverify.synthesis.patterns import draw_lines, draw_pattern
from fpverify.vocabulary import BoolArray, FloatArray, Minutiae

Batch = tuple[FloatArray, FloatArray]  # inputs, targets
Batches = Callable[[int], Batch]
Window = tuple[slice, slice]  # rows and columns
Finger = tuple[FloatArray, Minutiae]  # ridges, as `MasterPool.finger` gives them

CELL_PX = 4  # the minutia map has one cell for 4 x 4 px
CHANNELS = 8  # heat, heat weight, dx, dy, cos, sin, foreground, foreground weight
AMBIGUOUS_PX = 3.0  # cells whose centre lies so near a minutia of another cell may answer either way
POSITION_JITTER_PX = 1.0  # deviation; stands in for the error of detection
ANGLE_JITTER_RAD = 0.12  # deviation, 7 degrees; likewise
WINDOW_CELLS = (10, 20)  # sides of small touches: 40 to 80 px, 4 to 8 mm
WINDOW_APART_PX = 96  # four windows share an image, each in a quarter of its own ...
WINDOW_BORDER_PX = 8  # ... and this far from the next one's quarter: beside a touch there is nothing
WINDOW_NONPRINTS = 0.5  # of the windows
PRESSED_LINES = 0.4  # of drawn lines, as if skin had them: what tells them then is that they are even
MOST_ENDS = 80  # of drawn lines: with more, they lie closer than pixels can show
LEAST_SHARED = 6  # minutiae that two impressions of a training pair must share


@dataclass(frozen=True, slots=True)
class MinutiaMapBatches:
    """Whole impressions and the map of their minutiae.

    Attributes:
        masters: fingers to draw from.
        seed: of the sequence of batches.
        size: images a batch.
        nonprint_share: fraction of the images that show no print.
        settings: of the impressions.
        windows: fraction of the images that show four small touches, half of them without a finger.
        patterns: fraction of what shows no print that is an even pattern, as attackers breed them.
    """

    masters: MasterPool
    seed: int
    size: int = 24
    nonprint_share: float = 0.15
    settings: ImpressionSettings = field(default_factory=ImpressionSettings)
    windows: float = 0.0
    patterns: float = 0.0

    def __call__(self, index: int) -> Batch:
        """Batch number `index`: images (size, h, w, 1), targets (size, h/4, w/4, CHANNELS), both float32."""
        rng = np.random.default_rng([self.seed, index])
        examples = [self._example(rng) for _ in range(self.size)]
        images, targets = zip(*examples, strict=True)
        return np.stack(images)[..., None], np.stack(targets)

    def _example(self, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        if self.windows > 0 and rng.random() < self.windows:
            return self._windows(rng)
        if rng.random() < self.nonprint_share:
            return normalise(self._nonprint(rng)), _empty_target(self.settings.shape)
        made = draw_impression(rng, *any_finger(rng, self.masters), self.settings)
        return _framed(rng, normalise(made.image), minutia_map_target(made), self.settings.shape)

    def _windows(self, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Small touches, one in each quarter of an image with nothing around them."""
        shape = self.settings.shape
        images, target = np.zeros(shape, np.float32), _empty_target(shape)
        made = draw_impression(rng, *any_finger(rng, self.masters), replace(self.settings, small=0.0))
        for top, left in product(*(range(0, side, WINDOW_APART_PX) for side in shape)):
            if rng.random() < WINDOW_NONPRINTS:
                image, answer = self._nonprint(rng), _empty_target(shape)
                window = _any_window(rng, shape)
            else:
                window = _window_on(rng, made.foreground)
                image, answer = made.image, minutia_map_target(_through(made, window))
            cells = tuple(slice(part.start // CELL_PX, part.stop // CELL_PX) for part in window)
            place, own = _place_in_quarter(rng, top, left, window)
            images[place] = normalise(np.ascontiguousarray(image[window]))
            target[own] = answer[cells]
        return images, target

    def _nonprint(self, rng: np.random.Generator) -> FloatArray:
        if self.patterns > 0 and rng.random() < self.patterns:
            return pictured(rng, draw_pattern(rng, self.settings.shape))
        return draw_nonprint(rng, self.settings.shape)


@dataclass(frozen=True, slots=True)
class PatchBatches:
    """Neighbourhoods of the same minutiae in two impressions.

    Attributes:
        masters: fingers to draw from.
        seed: of the sequence of batches.
        fingers: about how many fingers a batch shows.
        minutiae: most minutiae taken of one finger; a batch has `fingers * minutiae` pairs.
        settings: of the impressions.
        one_pattern: fraction of the batches whose fingers are all of one pattern and hand: ridges flow alike then, and
            only minutiae tell them apart.
        lines: fraction of what a batch shows that is no finger but drawn lines, some of which end: what one who climbs
            towards a score begins with has to be as unlike any finger as another finger is.
    """

    masters: MasterPool
    seed: int
    fingers: int = 16
    minutiae: int = 12
    settings: ImpressionSettings = field(default_factory=ImpressionSettings)
    one_pattern: float = 0.0
    lines: float = 0.0

    def __call__(self, index: int) -> Batch:
        """Batch number `index`.

        Returns:
            patches (2n, 64, 64, 1) float32, the first n corresponding to the last n, and the number of the finger of
            each (2n,) float32; below 0 for drawn lines.
        """
        rng = np.random.default_rng([self.seed, index])
        wanted = self.fingers * self.minutiae
        shown = self._fingers(rng)
        first, second, owners = [], [], []
        for owner in range(wanted):  # far more fingers than needed; left when there are enough pairs
            drawn = self.lines > 0 and rng.random() < self.lines
            left, right = self._drawn_pair(rng) if drawn else self._pair(rng, shown)
            first.append(left)
            second.append(right)
            owners += [-1 - owner if drawn else owner] * len(left)
            if len(owners) >= wanted:
                break
        pairs = [np.concatenate(side)[:wanted] for side in (first, second)]
        return np.concatenate(pairs)[..., None], np.tile(np.array(owners[:wanted], np.float32), 2)

    def _fingers(self, rng: np.random.Generator) -> Iterator[Finger]:
        """Without end: any fingers, or, now and then, those of one pattern."""
        if not (self.one_pattern > 0 and rng.random() < self.one_pattern):
            while True:
                yield any_finger(rng, self.masters)
        patterns, mirrored = self.masters.patterns(), bool(rng.random() < 0.5)
        alike = rng.permutation(np.flatnonzero(patterns == rng.choice(patterns)))
        yield from (self.masters.finger(int(number), mirrored=mirrored) for number in cycle(alike))

    def _pair(self, rng: np.random.Generator, shown: Iterator[Finger]) -> tuple[FloatArray, FloatArray]:
        """Two (k, 64, 64) stacks of the same k minutiae of the next finger whose impressions share enough."""
        for ridges, minutiae in shown:
            pair = [draw_impression(rng, ridges, minutiae, self.settings) for _ in range(2)]
            shared = np.flatnonzero(pair[0].visible & pair[1].visible)
            if len(shared) >= LEAST_SHARED:
                break
        chosen = rng.choice(shared, min(self.minutiae, len(shared)), replace=False)
        left, right = (_jittered_patches(rng, normalise(made.image), made.minutiae, chosen) for made in pair)
        return left, right

    def _drawn_pair(self, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Likewise, of lines: put down as a finger is, or as they are drawn, or as a camera has them."""
        if rng.random() < PRESSED_LINES:
            return self._pair(rng, (drawn_finger(rng, self.settings.shape) for _ in count()))
        lines, ends = drawn_finger(rng, self.settings.shape)
        as_drawn = rng.random() < 0.5
        pair = [np.float32(0.5) * (1 + lines) if as_drawn else pictured(rng, lines) for _ in range(2)]
        chosen = rng.choice(len(ends), min(self.minutiae, len(ends)), replace=False)
        left, right = (_jittered_patches(rng, normalise(image), ends, chosen) for image in pair)
        return left, right


def minutia_map_target(made: Impression) -> FloatArray:
    """What the minutia map network should answer; (h/4, w/4, CHANNELS) float32, channels as in `CHANNELS`."""
    target = _empty_target(made.image.shape)
    rows, columns = target.shape[:2]
    area = cv2.resize(made.foreground.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA)
    target[..., 6] = area
    sure = made.visible & _at(_eroded(made.foreground), made.minutiae)
    _forgive_neighbours(target, made.minutiae, made.visible | _at(_dilated(made.foreground), made.minutiae))
    x, y = made.minutiae.x_px[sure] / CELL_PX, made.minutiae.y_px[sure] / CELL_PX
    column, row = np.floor(x).astype(int), np.floor(y).astype(int)
    angle = made.minutiae.angle_rad[sure]
    ones = np.ones_like(x)
    target[row, column, :6] = np.stack([ones, ones, x - column, y - row, np.cos(angle), np.sin(angle)], 1)
    return target


def _forgive_neighbours(target: FloatArray, minutiae: Minutiae, near: BoolArray) -> None:
    """Takes the weight from cells close to a minutia; the cell that owns a sure one gets it back."""
    rows, columns = target.shape[:2]
    row, column = np.mgrid[0:rows, 0:columns]
    centre_x, centre_y = (column + 0.5) * CELL_PX, (row + 0.5) * CELL_PX
    for x, y in zip(minutiae.x_px[near], minutiae.y_px[near], strict=True):
        r, c = int(y) // CELL_PX, int(x) // CELL_PX
        box = (slice(max(r - 1, 0), r + 2), slice(max(c - 1, 0), c + 2))
        close = np.hypot(centre_x[box] - x, centre_y[box] - y) < AMBIGUOUS_PX
        target[..., 1][box][close] = 0


def _framed(
    rng: np.random.Generator, image: FloatArray, target: FloatArray, shape: tuple[int, int]
) -> tuple[FloatArray, FloatArray]:
    """The image and the target of a small sensor somewhere in the size of a batch, with nothing around them."""
    if image.shape == shape:
        return image, target
    row, column = (
        int(rng.integers(0, (whole - own) // CELL_PX + 1)) for whole, own in zip(shape, image.shape, strict=True)
    )
    high, wide = target.shape[:2]
    around, nothing = np.zeros(shape, np.float32), _empty_target(shape)
    nothing[row : row + high, column : column + wide] = target
    row, column, high, wide = (CELL_PX * cells for cells in (row, column, high, wide))
    around[row : row + high, column : column + wide] = image
    return around, nothing


def _any_window(rng: np.random.Generator, shape: tuple[int, int]) -> Window:
    """Of a small touch, somewhere in an image, on the grid of cells."""
    row, column = (int(rng.integers(*WINDOW_CELLS, endpoint=True)) for _ in shape)
    corner = [int(rng.integers(0, whole // CELL_PX - own + 1)) for whole, own in zip(shape, (row, column), strict=True)]
    top, left = corner
    return slice(CELL_PX * top, CELL_PX * (top + row)), slice(CELL_PX * left, CELL_PX * (left + column))


def _window_on(rng: np.random.Generator, foreground: BoolArray) -> Window:
    """Likewise, the one of a few that shows most of a print, or one that shows any part of it."""
    shape = (foreground.shape[0], foreground.shape[1])
    drawn = [_any_window(rng, shape) for _ in range(int(rng.choice((1, 4, 12))))]
    return max(drawn, key=lambda window: float(foreground[window].mean()))


def _through(made: Impression, window: Window) -> Impression:
    """An impression of which nothing but the window is seen."""
    seen = np.zeros_like(made.foreground)
    seen[window] = made.foreground[window]
    return replace(made, foreground=seen)


def _place_in_quarter(rng: np.random.Generator, top: int, left: int, window: Window) -> tuple[Window, Window]:
    """Where a window goes in the quarter whose corner this is: in pixels, and in cells."""
    pixels, cells = [], []
    for corner, part in zip((top, left), window, strict=True):
        side = part.stop - part.start
        least, most = corner + WINDOW_BORDER_PX, corner + WINDOW_APART_PX - WINDOW_BORDER_PX - side
        start = CELL_PX * int(rng.integers(least // CELL_PX, most // CELL_PX, endpoint=True))
        pixels.append(slice(start, start + side))
        cells.append(slice(start // CELL_PX, (start + side) // CELL_PX))
    return (pixels[0], pixels[1]), (cells[0], cells[1])


def _empty_target(shape: tuple[int, ...]) -> FloatArray:
    target = np.zeros((shape[0] // CELL_PX, shape[1] // CELL_PX, CHANNELS), np.float32)
    target[..., 1] = target[..., 7] = 1
    return target


def any_finger(rng: np.random.Generator, masters: MasterPool) -> Finger:
    """One of a pool, mirrored or not."""
    return masters.finger(int(rng.integers(masters.fingers)), mirrored=bool(rng.random() < 0.5))


def drawn_finger(rng: np.random.Generator, shape: tuple[int, int]) -> Finger:
    """Lines, some of which end, for a finger's ridges and minutiae; ends point either way along the lines."""
    x = y = np.empty(0, np.float32)
    while not LEAST_SHARED <= len(x) <= MOST_ENDS:
        lines, x, y = draw_lines(rng, shape)
    angle = directions(lines)[y.astype(int), x.astype(int)] + np.pi * rng.integers(0, 2, len(x))
    return lines, Minutiae(x, y, angle.astype(np.float32), np.ones_like(x))


def _jittered_patches(
    rng: np.random.Generator, image: FloatArray, minutiae: Minutiae, chosen: np.ndarray
) -> FloatArray:
    x, y = (axis[chosen] + rng.normal(0, POSITION_JITTER_PX, len(chosen)) for axis in (minutiae.x_px, minutiae.y_px))
    angle = minutiae.angle_rad[chosen] + rng.normal(0, ANGLE_JITTER_RAD, len(chosen))
    return sample_patches(image, x.astype(np.float32), y.astype(np.float32), angle.astype(np.float32))


def _eroded(mask: BoolArray) -> BoolArray:
    kernel = np.ones((5, 5), np.uint8)  # 2 px: nearer to the rim an ending cannot be told from a cut
    return np.asarray(cv2.erode(mask.astype(np.uint8), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0)


def _dilated(mask: BoolArray) -> BoolArray:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)


def _at(mask: BoolArray, minutiae: Minutiae) -> BoolArray:
    row = np.rint(minutiae.y_px).astype(int)
    column = np.rint(minutiae.x_px).astype(int)
    inside = (row >= 0) & (row < mask.shape[0]) & (column >= 0) & (column < mask.shape[1])
    return np.asarray(inside & mask[np.clip(row, 0, mask.shape[0] - 1), np.clip(column, 0, mask.shape[1] - 1)])
