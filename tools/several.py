"""How many pictures of several fingers are refused as such, and how many prints of one finger.

    python tools/several.py [--model NAME|DIR] [--each N] [--seed N]

Everything is made of unseen synthetic impressions. Printed as Markdown.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

import cv2
import numpy as np

from fpverify.errors import FailureToAcquire, SeveralPrints
from fpverify.matching import Matcher
from fpverify.synthesis.dataset import ORDINARY, synthesise
from fpverify.synthesis.finger import draw_finger
from fpverify.synthesis.impression import draw_impression
from fpverify.synthesis.sensor import VARIED
from fpverify.vocabulary import ByteArray, Scan

SEED = 33261129  # neither training nor the choice of limits draws from it
EACH = 24  # pictures of each kind
POOL = 40  # fingers that they are made of
MOST = 9  # prints in one picture
PPI = 500.0
CROP_PX = 200  # 10 mm
ROLLED_PX = (300, 380)  # at 250 ppi: 30 x 38 mm
LEAST_GREYS = 30  # that a print is darker than paper
UNFRAMED = replace(ORDINARY, sensor=replace(VARIED, window=0.0))  # no edges of a sensor around the print
HEADS = ("picture", "number", "refused for several prints", "refused otherwise", "taken")

Prints = list[ByteArray]
Picture = Callable[[Prints, np.random.Generator], ByteArray]


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table, line by line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", help="shipped name or folder; the release if not given")
    parser.add_argument("--each", type=int, default=EACH, help="pictures of each kind")
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args(arguments)
    matcher = Matcher.load(given.model)
    pool = [made.scan.pixels for made in synthesise(POOL, 1, given.seed)]
    print(f"{_line(HEADS)}\n{_line(['---'] * len(HEADS))}", flush=True)
    for name, picture in {**SEVERAL, **SINGLE}.items():
        print(row(name, matcher, islice(pictures(picture, pool, given.seed), given.each)), flush=True)
    return 0


def pictures(picture: Picture, pool: Prints, seed: int) -> Iterator[ByteArray]:
    """Of one kind, each of other prints; no end."""
    rng = np.random.default_rng(seed)
    while True:
        yield picture([pool[number] for number in rng.permutation(len(pool))[:MOST]], rng)


def row(name: str, matcher: Matcher, images: Iterator[ByteArray]) -> str:
    """A line of the table."""
    ends = [outcome(matcher, Scan(image, PPI, name)) for image in images]
    return _line([name, f"{len(ends)}", *(f"{ends.count(end)}" for end in ("several", "otherwise", "taken"))])


def outcome(matcher: Matcher, scan: Scan) -> str:
    """`several`, `otherwise` or `taken`."""
    try:
        matcher.acquire(scan)
    except SeveralPrints:
        return "several"
    except FailureToAcquire:
        return "otherwise"
    return "taken"


def paper(image: ByteArray) -> int:
    """The grey level around a print."""
    return int(np.median(np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])))


def beside(prints: Prints, rng: np.random.Generator) -> ByteArray:
    """Two, up to 6 mm of paper between them."""
    first, second = prints[:2]
    gap = np.full((len(first), int(rng.integers(120))), paper(first), np.uint8)
    return np.hstack([first, gap, second])


def above(prints: Prints, rng: np.random.Generator) -> ByteArray:
    """Two, one over the other."""
    return np.ascontiguousarray(beside([one.T for one in prints], rng).T)


def slap(prints: Prints, rng: np.random.Generator) -> ByteArray:
    """Four fingers as a hand lies: up to 6 mm higher or lower."""
    high = len(prints[0]) + 120
    columns = [np.full((high, one.shape[1]), paper(one), np.uint8) for one in prints[:4]]
    for column, print_ in zip(columns, prints, strict=False):
        top = int(rng.integers(120))
        column[top : top + len(print_)] = print_
    return np.hstack(columns)


def cut(prints: Prints, rng: np.random.Generator) -> ByteArray:
    """Two in one place, to either side of a straight line near their middle."""
    y, x = np.indices(prints[0].shape) - np.reshape(prints[0].shape, (2, 1, 1)) / 2
    angle = rng.uniform(0, np.pi)
    away = x * np.cos(angle) + y * np.sin(angle) + rng.uniform(-30, 30)
    return np.where(away < 0, *prints[:2])


def mosaic(count: int, columns: int) -> Picture:
    """Parts of 10 x 10 mm edge to edge."""

    def drawn(prints: Prints, rng: np.random.Generator) -> ByteArray:
        parts = [middle(one) for one in prints[:count]]
        return np.vstack([np.hstack(parts[first : first + columns]) for first in range(0, count, columns)])

    return drawn


def apart(prints: Prints, rng: np.random.Generator) -> ByteArray:
    """Two parts of 10 x 10 mm beside each other, 1 to 5 mm of paper between them."""
    first, second = (middle(one) for one in prints[:2])
    return np.hstack([first, np.full((CROP_PX, int(rng.integers(20, 100))), paper(prints[0]), np.uint8), second])


def touching(prints: Prints, rng: np.random.Generator) -> ByteArray:
    """Two others side by side, from 4 mm one over the other to 1 mm apart, up to 6 mm higher or lower."""
    drawn = synthesise(2, 1, int(rng.integers(2**31)), UNFRAMED)
    first, second = (trimmed(one.scan.pixels) for one in drawn)
    over, level = int(rng.integers(-20, 80)), bright(first)
    canvas = np.full(
        (max(len(first), len(second)) + 160, first.shape[1] + second.shape[1] + 80 - over), level, np.uint8
    )
    for print_, left in ((first, 40), (second, 40 + first.shape[1] - over)):
        top = int(rng.integers(20, 140))
        place = canvas[top : top + len(print_), left : left + print_.shape[1]]
        mark = np.clip(bright(print_) - print_.astype(np.float32), 0, level)
        place[:] = np.minimum(place, (level - mark).astype(np.uint8))
    return canvas


def trimmed(image: ByteArray) -> ByteArray:
    """The box of what is darker than paper."""
    darker = bright(image) - image.astype(np.float32) > LEAST_GREYS
    shown = cv2.blur(darker.astype(np.float32), (25, 25)) > 0.3
    rows, columns = (np.flatnonzero(shown.any(axis)) for axis in (1, 0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def bright(image: ByteArray) -> int:
    """The grey level of paper where it shows around or between ridges."""
    return int(np.percentile(image, 90))


def middle(image: ByteArray) -> ByteArray:
    """The part of `CROP_PX` that has most ridges."""
    ridges = cv2.blur((image < 128).astype(np.float32), (CROP_PX, CROP_PX))
    centre = np.unravel_index(int(ridges.argmax()), ridges.shape)
    top, left = (
        min(max(int(at) - CROP_PX // 2, 0), side - CROP_PX) for at, side in zip(centre, image.shape, strict=True)
    )
    return image[top : top + CROP_PX, left : left + CROP_PX]


def ordinary(prints: Prints, rng: np.random.Generator) -> ByteArray:
    """One, as it is."""
    return prints[0]


def margin(prints: Prints, rng: np.random.Generator) -> ByteArray:
    """One somewhere on a white canvas of three times the width and twice the height."""
    height, width = prints[0].shape
    canvas = np.full((2 * height, 3 * width), 255, np.uint8)
    top, left = int(rng.integers(height)), int(rng.integers(2 * width))
    canvas[top : top + height, left : left + width] = prints[0]
    return canvas


def scar(prints: Prints, rng: np.random.Generator) -> ByteArray:
    """One with a band 1 to 2.5 mm wide across it, at any angle."""
    return banded(prints[0], rng.uniform(0, np.pi), rng.uniform(-40, 40), rng.uniform(10, 25))


def banded(image: ByteArray, angle_rad: float, off_px: float, half_px: float) -> ByteArray:
    """A print with a band of paper across it."""
    y, x = np.indices(image.shape) - np.reshape(image.shape, (2, 1, 1)) / 2
    away = np.abs(x * np.cos(angle_rad) + y * np.sin(angle_rad) + off_px)
    share = 1 / (1 + np.exp((away - half_px) / 2))
    return np.asarray(image * (1 - share) + paper(image) * share, np.uint8)


def rolled(prints: Prints, rng: np.random.Generator) -> ByteArray:
    """A print of 30 x 38 mm with a band as of `scar`."""
    finger = draw_finger(rng, ROLLED_PX)
    settings = replace(ORDINARY, shape=ROLLED_PX, centre_px=(4.0, 6.0), shift_px=8.0)
    drawn = draw_impression(rng, finger.ridges, finger.minutiae, settings).image
    return scar([np.kron(np.rint(255 * np.clip(drawn, 0, 1)), np.ones((2, 2))).astype(np.uint8)], rng)


def ghost(prints: Prints, rng: np.random.Generator) -> ByteArray:
    """One, and half of another beside it at a fifth to a third of its contrast."""
    level, other = paper(prints[0]), prints[1]
    part = cv2.GaussianBlur(other[:, other.shape[1] // 2 :], (0, 0), 1.5).astype(np.float32)
    faint = np.clip(level - rng.uniform(0.2, 0.33) * (paper(other) - part), 0, 255)
    return np.hstack([prints[0], faint.astype(np.uint8)])


SEVERAL: dict[str, Picture] = {
    "two beside each other": beside,
    "two above each other": above,
    "four as a hand lies": slap,
    "two in one place, a straight line between": cut,
    "2 x 1 parts of 10 mm": mosaic(2, 2),
    "2 x 2 parts of 10 mm": mosaic(4, 2),
    "3 x 3 parts of 10 mm": mosaic(9, 3),
    "2 x 1 parts, 1 to 5 mm between": apart,
    "two that touch": touching,
}
SINGLE: dict[str, Picture] = {
    "one": ordinary,
    "one on a wide canvas": margin,
    "one with a scar": scar,
    "one with a ghost beside it": ghost,
    "one rolled from nail to nail, with a scar": rolled,
}


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
