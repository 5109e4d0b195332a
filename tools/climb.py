"""How far one who has no finger but is told scores climbs with drawn lines.

    python tools/climb.py [MODEL] [--targets 6] [--queries 1500] [--seed 1] [--worn]

A picture of bent or round lines, of which some end, is changed at random: an end moves, goes, comes or turns, or all
lines change their width and bend. A change that scores no lower is kept. Refused pictures score lower than any. With
`--worn` pictures are blurred, noisy and broken like poor prints, and how much is changed likewise, by one who knows how
prints look. Printed as Markdown: the best score against each synthetic finger, after how many queries it was reached,
how many were refused; and how many of as many unrelated prints would reach 30 and 40 at the stated rates.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from fpverify.errors import FpverifyError
from fpverify.matching import Matcher
from fpverify.scans import scan_from_pixels
from fpverify.synthesis.dataset import synthesise
from fpverify.synthesis.fields import pixel_grid, smooth_field
from fpverify.vocabulary import ByteArray, Template

Numbers = NDArray[np.float64]

SEED = 4_700_000  # of the targets; nothing is learnt or calibrated on them
PPI, SHAPE = 250.0, (210, 180)  # of the pictures: 21 x 18 mm
STARTS = 60  # pictures that are tried before the best of them is changed
ENOUGH = 50.0  # score at which climbing ends
# Period (px), bend (px), width of the bend (px), its place across and down (shares of the picture), turn (radians)
LOWEST = np.array([3.6, 0.0, 15.0, -0.7, -0.7, -9.0])
HIGHEST = np.array([6.5, 80.0, 100.0, 0.7, 0.7, 9.0])
STEP = np.array([0.1, 3.0, 4.0, 0.03, 0.03, 0.05])
# Blur (px), noise (grey levels of 1), how much of the lines is broken (share)
LEAST_WEAR, MOST_WEAR, WEAR_STEP = np.array([0.3, 0.0, 0.0]), np.array([1.6, 0.35, 0.5]), np.array([0.1, 0.03, 0.04])


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """A picture of lines.

    Attributes:
        rings: whether they run around a point.
        shape: (6,), between `LOWEST` and `HIGHEST`.
        ends: (n, 3): x and y in px from the middle, and 1 or -1.
        wear: (3,), between `LEAST_WEAR` and `MOST_WEAR`; None as drawn.
    """

    rings: bool
    shape: Numbers
    ends: Numbers
    wear: Numbers | None

    @classmethod
    def drawn(cls, rng: np.random.Generator, worn: bool) -> Lines:
        """Any."""
        wear = rng.uniform(LEAST_WEAR, MOST_WEAR) if worn else None
        return cls(bool(rng.random() < 0.4), rng.uniform(LOWEST, HIGHEST), _ends(rng, int(rng.integers(12, 40))), wear)

    def changed(self, rng: np.random.Generator) -> Lines:
        """The same but for something."""
        which, kind, ends = int(rng.integers(len(self.ends))), rng.random(), self.ends.copy()
        if self.wear is not None and rng.random() < 0.2:
            return replace(self, wear=np.clip(self.wear + rng.normal(0, WEAR_STEP), LEAST_WEAR, MOST_WEAR))
        if kind < 0.2:
            return replace(self, shape=np.clip(self.shape + rng.normal(0, STEP), LOWEST, HIGHEST))
        if kind < 0.3:
            return replace(self, ends=np.vstack([ends, _ends(rng, 1)]))
        if kind < 0.4 and len(ends) > 6:
            return replace(self, ends=np.delete(ends, which, 0))
        if kind < 0.5:
            ends[which, 2] *= -1
        else:
            ends[which, :2] += rng.normal(0, rng.choice([2, 8]), 2)
        return replace(self, ends=ends)

    def pixels(self) -> ByteArray:
        """The picture, (210, 180) uint8."""
        period, bend, width, across, down, turn = self.shape
        x, y = (axis.astype(np.float64) for axis in pixel_grid(SHAPE))
        u, v = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
        u, v = u - across * SHAPE[1], v - down * SHAPE[0]
        path = np.hypot(1.1 * u, v) if self.rings else v + bend * np.exp(-((u / width) ** 2) - (v / 90) ** 2)
        phase = 2 * np.pi / period * path
        for end_x, end_y, way in self.ends:
            phase += way * np.arctan2(y - end_y, x - end_x)
        image = 0.5 + 0.45 * np.sin(phase)
        return np.rint(255 * np.clip(image if self.wear is None else _worn(image, self.wear), 0, 1)).astype(np.uint8)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table, line by line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", help="shipped name or folder; the release if not given")
    parser.add_argument("--targets", type=int, default=6, help="synthetic fingers")
    parser.add_argument("--queries", type=int, default=1500, help="at most, for each")
    parser.add_argument("--seed", type=int, default=1, help="of the climbing")
    parser.add_argument("--worn", action="store_true", help="pictures are worn like prints")
    given = parser.parse_args(arguments)
    matcher, bests = Matcher.load(given.model), []
    print("| target | best score | after | refused |\n|---|---|---|---|", flush=True)
    for made in synthesise(fingers=given.targets, impressions=1, seed=SEED):
        rng = np.random.default_rng([given.seed, made.finger])
        scores = climbed(matcher, matcher.template(made.scan), given.queries, rng, given.worn)
        bests.append(scores.max())
        after, refused = int(scores.argmax()) + 1, int(np.isinf(scores).sum())
        best = "none" if np.isinf(bests[-1]) else f"{bests[-1]:.1f}"
        print(f"| {made.finger} | {best} | {after} | {refused} of {len(scores)} |", flush=True)
    for line in (30, 40):
        by_chance = len(bests) * (1 - (1 - 10 ** (-line / 10)) ** given.queries)
        print(f"reached {line}: {sum(best >= line for best in bests)} of {len(bests)}, by chance {by_chance:.1f}")
    return 0


def climbed(matcher: Matcher, target: Template, queries: int, rng: np.random.Generator, worn: bool = False) -> Numbers:
    """The score of each query, minus infinity where the picture was refused; fewer than asked for if that is enough."""
    best, highest, scores = Lines.drawn(rng, worn), -np.inf, []
    for query in tqdm(range(queries), leave=False, disable=None):
        tried = Lines.drawn(rng, worn) if query < STARTS else best.changed(rng)
        scores.append(_answer(matcher, tried.pixels(), target))
        if scores[-1] >= highest:
            best, highest = tried, scores[-1]
        if highest >= ENOUGH:
            break
    return np.asarray(scores)


def _answer(matcher: Matcher, pixels: ByteArray, target: Template) -> float:
    try:
        return matcher.score(matcher.template(scan_from_pixels(pixels, ppi=PPI)), target).value
    except FpverifyError:
        return -np.inf


def _ends(rng: np.random.Generator, count: int) -> Numbers:
    x, y = (rng.uniform(-side / 2 + 8, side / 2 - 8, count) for side in SHAPE[::-1])
    return np.stack([x, y, rng.choice([-1, 1], count)], 1)


def _worn(image: Numbers, wear: Numbers) -> Numbers:
    """As a poor print is: lines broken in places, blurred, noisy; the same for the same picture."""
    blur, noise, broken = wear
    rng = np.random.default_rng(SEED)
    moisture = smooth_field(rng, SHAPE, 40)
    dry = moisture > np.quantile(moisture, 1 - broken)
    blurred = cv2.GaussianBlur(np.where(dry, np.maximum(image, 0.8), image), (0, 0), float(blur))
    return np.asarray(blurred + noise * rng.standard_normal(SHAPE))


if __name__ == "__main__":
    sys.exit(main())
