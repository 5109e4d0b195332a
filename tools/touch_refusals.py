"""How many touches of small sensors are refused, and how many windows of images without a finger are taken for touches.

    python tools/touch_refusals.py MODEL [--number 150]

Touches are unseen synthetic ones, from good to poor (`synthesis.touches`); images without a finger are windows of what
the synthesis draws as no print. Printed as Markdown, for 4.1, 4.9, 6.1 and 8.1 mm square.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator, Sequence
from itertools import islice

import cv2
import numpy as np
from PIL import Image

from fpverify.errors import FailureToAcquire
from fpverify.matching import Matcher
from fpverify.synthesis.nonprints import draw_nonprint
from fpverify.synthesis.touches import TouchSettings, touches_of_finger
from fpverify.vocabulary import Scan

SEED = 4_800_000  # no training, learning or calibration draws from it
SIDES_PX, PPI = (80, 96, 120, 160), 500.0
SHAPE = (192, 192)  # px at 250 ppi, of which a window is taken


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table, line by line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="folder of a bundle with a network of places")
    parser.add_argument("--number", type=int, default=150, help="of touches and of other images, of each size")
    given = parser.parse_args(arguments)
    matcher = Matcher.load(given.model)
    print("| side | touches refused | others taken for touches |\n|---|---|---|")
    for side in SIDES_PX:
        refused = given.number - taken(matcher, islice(touches(side), given.number))
        others = taken(matcher, islice(windows(side), given.number))
        print(f"| {side / PPI * 25.4:.1f} mm | {refused} of {given.number} | {others} of {given.number} |", flush=True)
    return 0


def taken(matcher: Matcher, scans: Iterator[Scan]) -> int:
    """How many are not refused."""
    count = 0
    for scan in scans:
        try:
            matcher.template(scan)
            count += 1
        except FailureToAcquire:
            continue
    return count


def touches(side_px: int) -> Iterator[Scan]:
    """Two of each finger, without end."""
    finger = 0
    while True:
        finger += 1
        for name, content in touches_of_finger(SEED, finger, TouchSettings(side_px, references=0, probes=2)):
            yield Scan(np.asarray(Image.open(io.BytesIO(content))), PPI, name)


def windows(side_px: int) -> Iterator[Scan]:
    """Of images without a finger, without end."""
    rng, side = np.random.default_rng([SEED, side_px]), side_px // 2
    while True:
        image = draw_nonprint(rng, SHAPE)
        row, column = (int(rng.integers(0, whole - side + 1)) for whole in SHAPE)
        part = image[row : row + side, column : column + side]
        pixels = cv2.resize(part, (side_px, side_px), interpolation=cv2.INTER_CUBIC)
        yield Scan(np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8), PPI, "no finger")


if __name__ == "__main__":
    sys.exit(main())
