"""Pictures that show one finger or several, with where one finger's print borders on another's.

Whatever is cut, pasted, brightened or blurred in pictures of several fingers is so in those of one: then the parts are
those of one impression, in their places. What differs is whether the ridges are those of one finger.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import hypot

import cv2
import numpy as np
from numpy.typing import NDArray

from fpverify.synthesis.damage import MOST_SCAR_PX, haunted, moved, photographed, scarred, spoilt
from fpverify.synthesis.layouts import LAYOUTS, NOTHING, SHARES, Labels, halves, two
from fpverify.vocabulary import BoolArray, FloatArray

Prints = Sequence[Callable[[], "Print"]]  # made when they are asked for: most pictures show few

MOST_PRINTS = 9  # in a picture
MOST_GAP_PX = 20.0  # between parts: 2 mm
TOUCH_PX = (-40.0, 10.0)  # from the rim of one print to that of the next
BORDER_PX = 14.0  # nearer than this to two fingers at once is a border ...
DOUBT_PX = 24.0  # ... and up to here it may be one
LEAST_BORDER_PX = 60.0  # 6 mm: a shorter one may be what is left of a print at the rim of a picture
DARK, PART_PX = 0.5, 98  # grey of what counts as dark; side of a square of 10 mm
LEAST_PART_PX2 = 3400  # 35 mm²: less of a finger lets nobody in


@dataclass(frozen=True, slots=True, eq=False)
class Print:
    """A print on its background.

    Attributes:
        image: (h, w) float32 in [0, 1], ridges dark.
        foreground: (h, w) bool, where the finger shows.
    """

    image: FloatArray
    foreground: BoolArray

    @property
    def paper(self) -> float:
        """The grey around it."""
        around = self.image[::4, ::4][~self.foreground[::4, ::4]]
        return float(np.median(around)) if len(around) > 20 else float(np.percentile(self.image[::4, ::4], 95))


@dataclass(frozen=True, slots=True, eq=False)
class Montage:
    """A picture and what is true of it.

    Attributes:
        image: (h, w) float32 in [0, 1].
        border: (h, w) bool, near two fingers.
        doubtful: (h, w) bool, where that may be answered either way.
        several: whether it shows enough of more than one finger, along enough of a border; None if too little for yes
            and too much for no.
    """

    image: FloatArray
    border: BoolArray
    doubtful: BoolArray
    several: bool | None


def draw_montage(
    rng: np.random.Generator,
    prints: Prints,
    shape: tuple[int, int],
    *,
    several: bool,
    hard: float = 0.0,
    across_px: float = 0.0,
    darkest: float = 0.0,
) -> Montage:
    """A picture of some of these prints, the first of them only if not `several`; about 5 ms.

    Args:
        rng: source of randomness.
        prints: of as many fingers, `MOST_PRINTS`.
        shape: (height, width) px of the picture, the most where it is cut to its parts.
        several: whether to show more than one finger.
        hard: how often a picture shows two parts without a gap, as alike as prints of two fingers are.
        darkest: how often two such parts are cut out where the prints are darkest.
        across_px: gaps are up to so wide, and borders lie in their middle, where that is more than is usual.
    """
    if hard > 0 and rng.random() < hard:
        image, shown = _pair(rng, prints, shape, across_px, darkest, several=several)
    elif rng.random() < (0.3 if several else 0.45):
        image, shown = _touching(rng, prints, shape, across_px) if several else _single(rng, prints, shape)
    else:
        image, shown = _collage(rng, prints, shape, across_px, several=several)
    image, shown = spoilt(rng, image, shown)
    border, doubtful, much = _borders(shown, across_px)
    return Montage(image, border, doubtful, much if several else False)


def _single(rng: np.random.Generator, prints: Prints, shape: tuple[int, int]) -> tuple[FloatArray, list[BoolArray]]:
    """One print, with scars or with the ghost of another, or as it is."""
    one = _placed(rng, prints[0](), shape, _somewhere(rng, shape))
    image, kind = one.image, rng.random()
    if kind < 0.35:
        other = _placed(rng, prints[int(rng.integers(3))](), shape, _anywhere(rng, shape))
        image = haunted(rng, image, np.maximum(other.paper - other.image, 0))
    elif kind < 0.65:
        for _ in range(int(rng.integers(1, 3))):
            image = scarred(rng, image)
    return image, [one.foreground]


def _touching(
    rng: np.random.Generator, prints: Prints, shape: tuple[int, int], across_px: float
) -> tuple[FloatArray, list[BoolArray]]:
    """Two prints on one plate, their rims near each other or one on the other."""
    angle = rng.uniform(0, 2 * np.pi)
    way = np.array([np.sin(angle), np.cos(angle)])
    middle = np.array(shape) / 2 + rng.uniform(-20, 20, 2)
    one, other = prints[0](), prints[1]()
    reaches = _reach(one.foreground, way), _reach(other.foreground, -way)
    border = rng.uniform(-30, 30)
    gap = rng.uniform(TOUCH_PX[0], max(TOUCH_PX[1], across_px))
    first = _placed(rng, one, shape, middle + (border - min(reaches[0], 90)) * way, jitter=False)
    second = _placed(rng, other, shape, middle + (border + gap + min(reaches[1], 90)) * way, jitter=False)
    paper = first.paper
    contrast = rng.uniform(0.6, 1.0) if rng.random() < 0.5 else 1.0
    mark = contrast * (second.paper - second.image)
    image = np.minimum(first.image, paper - mark) if rng.random() < 0.5 else first.image - np.maximum(mark, 0)
    return np.clip(image, 0, 1).astype(np.float32), [first.foreground, second.foreground]


def _reach(foreground: BoolArray, way: NDArray[np.float64]) -> float:
    """How far a print goes from its middle one way."""
    down, across = np.nonzero(foreground[::4, ::4])
    if len(down) == 0:
        return 40.0
    along = 4 * (down * way[0] + across * way[1])
    return float(np.percentile(along, 98) - along.mean())


def _pair(
    rng: np.random.Generator,
    prints: Prints,
    shape: tuple[int, int],
    across_px: float,
    darkest: float,
    *,
    several: bool,
) -> tuple[FloatArray, list[BoolArray]]:
    """Two parts edge to edge or apart: cut out of two prints, or both where they would be on one finger."""
    by_darkness = False
    if rng.random() < 0.5:
        cut = halves(rng, shape, 4.0)
        at = _somewhere(rng, shape)
        places = at, at + (rng.normal(0, 8, 2) if several else 0)
    else:
        cut = two(rng, shape, across_px)
        places = (_middle(cut == 0), _middle(cut == 1)) if several else (_somewhere(rng, shape),) * 2
        by_darkness = darkest > 0 and rng.random() < darkest
    one = _placed(rng, prints[0](), shape, places[0], by_darkness=by_darkness)
    other = _placed(rng, prints[1](), shape, places[1], by_darkness=by_darkness) if several else one
    layers = one.image, other.image
    if rng.random() < 0.4:
        layers = photographed(rng, one.image), photographed(rng, other.image)
    image = np.where(cut == 0, layers[0], np.where(cut == 1, layers[1], np.float32(one.paper)))
    shown = [(cut == 0) & one.foreground, (cut == 1) & other.foreground]
    if not several:
        shown = [shown[0] | shown[1]]
    return _cut_to(rng, np.asarray(image, np.float32), shown, cut)


def _collage(
    rng: np.random.Generator, prints: Prints, shape: tuple[int, int], across_px: float, *, several: bool
) -> tuple[FloatArray, list[BoolArray]]:
    """Parts beside each other, each of its own print or all of one."""
    most_gap = max(MOST_GAP_PX if several else MOST_SCAR_PX, across_px)
    cut = LAYOUTS[int(rng.choice(len(LAYOUTS), p=SHARES))](rng, shape, most_gap)
    numbers = [int(label) for label in np.unique(cut) if label != NOTHING]
    base = _placed(rng, prints[0](), shape, _somewhere(rng, shape))
    alike = rng.random() < 0.5
    slips = not several and (cut == NOTHING).any() and rng.random() < 0.4
    fill = base.paper if rng.random() < 0.6 else rng.uniform(0, 1)
    image, shown = np.full(shape, fill, np.float32), []
    softness = rng.choice([0.0, 0.4, 0.8])
    for number in numbers:
        mask = cut == number
        if several:
            part = _placed(rng, prints[number](), shape, _middle(mask))
        else:
            part = Print(moved(base.image, rng.uniform(-3, 3, 2)), base.foreground) if slips else base
        layer = part.image if alike else photographed(rng, part.image)
        share = mask.astype(np.float32)
        if softness:
            share = np.asarray(cv2.GaussianBlur(share, (0, 0), softness), np.float32)
        image = image + share * (layer - image)
        shown.append(mask & part.foreground)
    if not several:
        shown = [np.logical_or.reduce(shown)]
    return _cut_to(rng, image, shown, cut)


def _cut_to(
    rng: np.random.Generator, image: FloatArray, shown: list[BoolArray], cut: Labels
) -> tuple[FloatArray, list[BoolArray]]:
    """No more than what shows parts, most times."""
    rows, columns = (np.flatnonzero((cut != NOTHING).any(axis)) for axis in (1, 0))
    if len(rows) == 0 or rng.random() < 0.2:
        return image, shown
    box = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    return image[box], [part[box] for part in shown]


def _placed(
    rng: np.random.Generator,
    one: Print,
    shape: tuple[int, int],
    at: NDArray[np.float64],
    *,
    jitter: bool = True,
    by_darkness: bool = False,
) -> Print:
    """A print with the middle of its finger at a place (down, across), or of where it is darkest; paper all around."""
    down, across = np.nonzero(one.foreground[::8, ::8])
    middle = 8 * np.array([down.mean(), across.mean()]) if len(down) else np.array(one.image.shape) / 2
    if by_darkness:
        dark = cv2.boxFilter(
            (one.image < DARK).astype(np.float32), -1, (PART_PX, PART_PX), borderType=cv2.BORDER_CONSTANT
        )
        middle = np.array(np.unravel_index(int(dark.argmax()), dark.shape), float)
    elif jitter:
        middle = middle + rng.uniform(5, 30) * rng.standard_normal(2)
    top, left = (round(float(v)) for v in at - middle)
    image, foreground = np.full(shape, one.paper, np.float32), np.zeros(shape, bool)
    target, source = [], []
    for start, own, whole in zip((top, left), one.image.shape, shape, strict=True):
        target.append(slice(max(start, 0), max(min(start + own, whole), 0)))
        source.append(slice(max(-start, 0), max(min(own, whole - start), 0)))
    image[tuple(target)] = one.image[tuple(source)]
    foreground[tuple(target)] = one.foreground[tuple(source)]
    return Print(image, foreground)


def _middle(mask: BoolArray) -> NDArray[np.float64]:
    down, across = np.nonzero(mask)
    return np.array([down.mean(), across.mean()])


def _somewhere(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    return np.array(shape) / 2 + rng.normal(0, 20, 2)


def _anywhere(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    return rng.uniform(0, shape)


def _borders(shown: Sequence[BoolArray], across_px: float) -> tuple[BoolArray, BoolArray, bool | None]:
    """Where two fingers are near, or face each other across a gap, where that is doubtful, and if there is enough."""
    shape = shown[0].shape
    areas = [int(part.sum()) for part in shown]
    present = [part for part, area in zip(shown, areas, strict=True) if area > 0]
    if len(present) < 2:
        return np.zeros(shape, bool), np.zeros(shape, bool), False
    nearest, away = np.full(shape, np.inf, np.float32), np.full(shape, np.inf, np.float32)
    for part in present:
        distance = cv2.distanceTransform((~part).astype(np.uint8), cv2.DIST_L2, 3)
        away = np.minimum(away, np.maximum(nearest, distance))
        nearest = np.minimum(nearest, distance)
    border, maybe = (
        (away <= off) | ((nearest + away <= across_px) & (away - nearest <= off)) for off in (BORDER_PX, DOUBT_PX)
    )
    doubtful = maybe & ~border
    long = border.any() and hypot(*(float(np.ptp(axis)) for axis in np.nonzero(border))) >= LEAST_BORDER_PX
    return border, doubtful, True if long and sum(area >= LEAST_PART_PX2 for area in areas) >= 2 else None
