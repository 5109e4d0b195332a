"""How far a picture of no finger climbs with an enrolled print if each try is told its score.

    python tools/climbing.py [SETS --ppi 500] [--targets 12] [--tries 1500] [--climbs 1] [--worn] [--model NAME|DIR]

The picture is a grating of lines, bent to an arch, some of which end. Sixty are drawn, and the best is changed a little
in each further try: an end is moved, added, turned round or taken away, or the lines lie otherwise; a change stays if
the score is no lower for it. With `--worn` it is broken, blurred and noisy as poor prints are, and how much is changed
likewise: so climbs one who knows that what is drawn is refused. Targets are synthetic fingers; of SETS, a folder of
folders of `<finger>_<impression>` images, first impressions are a third. Printed as Markdown: the tries until the score
was 30, 40 and 50, where a climb ends, and how many climbs would get there by unrelated prints at the stated false match
rates. Half a minute of CPU a climb.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fpverify import Matcher, Template, read_scan, scan_from_pixels, synthesise
from fpverify.errors import FailureToAcquire
from fpverify.evaluation.sets.layout import find_sets, read_set
from fpverify.synthesis.fields import smooth_field
from fpverify.vocabulary import ByteArray

SEED = 61261130  # neither training nor calibration draws from it
PPI, SHAPE = 250.0, (210, 180)  # a fingertip of 21 x 18 mm
DRAWN = 60  # pictures, before the best of them climbs
LINES = (30.0, 40.0, 50.0)  # false match rates of 0.1, 0.01 and 0.001 %
# Of the lines: period (px), slope, the arch's height and width (px), and where it stands, x and y (px).
FIRST, LAST = np.array([[4.2, -0.3, 0, 25, 60, 60], [5.4, 0.3, 40, 60, 120, 150]])
LEAST, MOST = np.array([[3.6, -3.0, -100, 10, -100, -100], [6.5, 3.0, 100, 100, 300, 300]])
STEP = np.array([0.1, 0.03, 3, 4, 5, 5])
ENDS = (12, 40)  # drawn at first
# Of the wear: blur (px), noise (of the grey range), and the share of the picture where lines are broken.
LEAST_WEAR, MOST_WEAR, WEAR_STEP = np.array([[0.3, 0.0, 0.0], [1.6, 0.35, 0.5], [0.1, 0.03, 0.04]])
DRY_KNOTS = 40  # of the surface that breaks lines: places of 5 px
MOVED_PX = (2.0, 8.0)

Score = Callable[[ByteArray], float]


@dataclass(frozen=True, slots=True, eq=False)
class Grating:
    """Lines side by side, some of which end.

    Attributes:
        lines: (6,) as `FIRST` to `LAST`.
        ends: (k, 3) x and y in px, and 1 or -1 for which side has the line more.
        wear: (3,) as `LEAST_WEAR` to `MOST_WEAR`; None as drawn.
    """

    lines: NDArray[np.float64]
    ends: NDArray[np.float64]
    wear: NDArray[np.float64] | None = None

    @classmethod
    def drawn(cls, rng: np.random.Generator, worn: bool = False) -> Grating:
        """One to begin with."""
        made = cls(rng.uniform(FIRST, LAST), _ends(rng, int(rng.integers(*ENDS))))
        return replace(made, wear=rng.uniform(LEAST_WEAR, MOST_WEAR)) if worn else made

    def changed(self, rng: np.random.Generator) -> Grating:
        """A little."""
        if self.wear is not None and rng.random() < 0.2:
            return replace(self, wear=np.clip(self.wear + rng.normal(0, WEAR_STEP), LEAST_WEAR, MOST_WEAR))
        chance, ends, one = rng.random(), self.ends.copy(), int(rng.integers(len(self.ends)))
        if chance < 0.15:
            return replace(self, lines=np.clip(self.lines + rng.normal(0, STEP), LEAST, MOST))
        if chance < 0.25:
            return replace(self, ends=np.vstack([ends, _ends(rng, 1)]))
        if chance < 0.35 and len(ends) > 6:
            return replace(self, ends=np.delete(ends, one, 0))
        if chance < 0.45:
            ends[one, 2] *= -1
        else:
            ends[one, :2] = np.clip(ends[one, :2] + rng.normal(0, rng.choice(MOVED_PX), 2), 0, SHAPE[::-1])
        return replace(self, ends=ends)

    def pixels(self) -> ByteArray:
        """As an image, ridges dark."""
        y, x = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float32)
        period, slope, height, width, middle, top = self.lines.tolist()
        path = y + slope * (x - middle) + height * np.exp(-(((x - middle) / width) ** 2) - ((y - top) / 90) ** 2)
        phase = 2 * np.pi * path / period
        for end_x, end_y, side in self.ends.tolist():
            phase += side * np.arctan2(y - end_y, x - end_x)
        image = 0.5 + 0.45 * np.cos(phase)
        return np.asarray(np.rint(255 * (image if self.wear is None else _worn(image, self.wear))), np.uint8)


def _worn(image: NDArray[np.float64], wear: NDArray[np.float64]) -> NDArray[np.float64]:
    """As a poor print is: lines broken in places, blurred, noisy; the same picture each time; in [0, 1]."""
    blur, noise, broken = wear
    rng = np.random.default_rng(SEED)
    dryness = smooth_field(rng, SHAPE, DRY_KNOTS)
    image = np.where(dryness > np.quantile(dryness, 1 - broken), np.maximum(image, 0.8), image)
    blurred = cv2.GaussianBlur(image, (0, 0), float(blur))
    return np.asarray(np.clip(blurred + noise * rng.standard_normal(SHAPE), 0, 1))


def _ends(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    return np.stack([rng.uniform(0, SHAPE[1], count), rng.uniform(0, SHAPE[0], count), rng.choice((-1, 1), count)], 1)


def main(arguments: Sequence[str] | None = None) -> int:
    """Climbs, and prints how far."""
    given = _parsed(arguments)
    matcher, reached = Matcher.load(given.model), list[list[int | None]]()
    print(
        f"{matcher.model_id}\n\n| target | {' | '.join(f'tries to {line:g}' for line in LINES)} | best |\n{'|---' * 5}|"
    )
    for number, (name, target) in enumerate(targets(matcher, given)):
        for climb in range(given.climbs):
            rng = np.random.default_rng([SEED, climb, number])
            best = climbed(told(matcher, target), given.tries, rng, given.worn)
            reached.append([next((k for k, one in enumerate(best, 1) if one >= line), None) for line in LINES])
            told_tries = " | ".join("" if tries is None else f"{tries:,}" for tries in reached[-1])
            end = "always refused" if np.isinf(best[-1]) else f"{best[-1]:.1f}"
            print(f"| {name} | {told_tries} | {end} |", flush=True)
    for column, line in enumerate(LINES):
        by_chance = len(reached) * (1 - (1 - 10 ** (-line / 10)) ** given.tries)
        there = sum(row[column] is not None for row in reached)
        print(f"\n{line:g}: {there} of {len(reached)} climbs; by as many unrelated prints {by_chance:.1f}")
    return 0


def climbed(score: Score, tries: int, rng: np.random.Generator, worn: bool = False) -> list[float]:
    """The best score so far after each try; it ends at the last of `LINES`."""
    kept, best = Grating.drawn(rng, worn), list[float]()
    for tried in range(tries):
        picture = Grating.drawn(rng, worn) if tried < DRAWN else kept.changed(rng)
        if tried >= DRAWN and rng.random() < 0.4:
            picture = picture.changed(rng)
        found, so_far = score(picture.pixels()), best[-1] if best else -np.inf
        if found >= so_far:
            kept = picture
        best.append(max(found, so_far))
        if best[-1] >= LINES[-1]:
            break
    return best


def told(matcher: Matcher, target: Template) -> Score:
    """What whoever tries a picture is told; minus infinity where it is refused."""

    def score(pixels: ByteArray) -> float:
        try:
            return matcher.score(matcher.template(scan_from_pixels(pixels, ppi=PPI)), target).value
        except FailureToAcquire:
            return -np.inf

    return score


def targets(matcher: Matcher, given: argparse.Namespace) -> Iterator[tuple[str, Template]]:
    """Names and templates of what is enrolled."""
    real = given.targets // 3 if given.sets else 0
    for made in synthesise(fingers=given.targets - real, impressions=1, seed=SEED):
        yield f"synthetic {made.finger}", matcher.template(made.scan)
    if real:
        sets = [read_set(folder, ppi=given.ppi) for folder in find_sets([given.sets])]
        firsts = [(one, print_) for one in sets for print_ in one.prints if print_.impression == 1]
        for one, print_ in firsts[:: max(1, len(firsts) // real)][:real]:
            yield f"{one.name}/{print_.finger}", matcher.template(read_scan(print_.path, ppi=print_.ppi))


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path, nargs="?", help="folder of sets of real prints")
    parser.add_argument("--ppi", type=float, help="of their scans")
    parser.add_argument("--targets", type=int, default=12, help="enrolled prints")
    parser.add_argument("--tries", type=int, default=1500, help="of each climb")
    parser.add_argument("--climbs", type=int, default=1, help="at each target")
    parser.add_argument("--worn", action="store_true", help="pictures are worn like poor prints")
    parser.add_argument("--model", help="shipped name or folder; the release if not given")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
