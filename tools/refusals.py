"""How many prints are refused that should not be, and how many images without a finger are taken for prints.

    python tools/refusals.py [--model NAME|DIR]

Prints are unseen synthetic ones: ordinary impressions, and poor ones, harder, rougher and more often faint, blotched or
wrinkled than training has them. Images without a finger are parts of the pictures that scikit-image and
scikit-learn come with, mostly photographs, at half, whole and twice their size, and what the synthesis draws as no
print. Printed as Markdown.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import skimage
import sklearn

from fpverify.errors import FailureToAcquire
from fpverify.matching import Matcher
from fpverify.synthesis.dataset import ORDINARY, synthesise
from fpverify.synthesis.nonprints import draw_nonprint
from fpverify.vocabulary import Scan

SEED = 33261124  # neither training nor calibration draws from it
FINGERS = 250  # of either kind of print: half a per cent is one
SIDE_PX, PPI = 360, 500.0  # of an image without a finger: 18 mm
LEAST_SIDE_PX = 110  # a smaller part of a photograph is no scan: 5.6 mm
SCALES, PARTS = (0.5, 1.0, 2.0), 8  # of each picture: textures of every grain come near the period of ridges
DRAWINGS = 400  # some thirty of each kind
POOR = replace(
    ORDINARY,
    hardness=(1.0, 2.4),
    roughness=(0.2, 0.7),
    faint=0.3,
    ghosts=0.15,
    blotches=0.25,
    wrinkles=0.25,
    beads=0.2,
    specks=0.2,
    streaks=0.3,
)
HEADS = ("images", "number", "taken", "refused", "why")


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table, line by line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", help="shipped name or folder; the release if not given")
    parser.add_argument("--fingers", type=int, default=FINGERS, help="of either kind of print, one impression each")
    given = parser.parse_args(arguments)
    matcher = Matcher.load(given.model)
    kinds = {
        "ordinary impressions": (made.scan for made in synthesise(given.fingers, 1, SEED)),
        "poor impressions": (made.scan for made in synthesise(given.fingers, 1, SEED + 1, POOR)),
        "parts of pictures": parts_of_pictures(),
        "drawn, without a finger": drawings(),
    }
    print(f"{_line(HEADS)}\n{_line(['---'] * len(HEADS))}", flush=True)
    for name, scans in kinds.items():
        print(row(name, matcher, scans), flush=True)
    return 0


def parts_of_pictures() -> Iterator[Scan]:
    """Of the pictures that two libraries come with, none twice."""
    folders = Path(skimage.__file__).parent / "data", Path(sklearn.__file__).parent / "datasets" / "images"
    seen: set[bytes] = set()
    paths = sorted(path for folder in folders for path in folder.iterdir() if path.suffix in {".png", ".jpg"})
    for path in paths:
        image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        if image is None:
            continue
        for scale in SCALES:
            size = [round(side * scale) for side in image.shape]
            scaled = cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
            rng = np.random.default_rng([SEED, *size])
            corners = {tuple(int(rng.integers(max(1, side - SIDE_PX))) for side in size) for _ in range(PARTS)}
            for top, left in sorted(corners):
                part = np.ascontiguousarray(scaled[top : top + SIDE_PX, left : left + SIDE_PX], np.uint8)
                if min(part.shape) >= LEAST_SIDE_PX and part.tobytes() not in seen:
                    seen.add(part.tobytes())
                    yield Scan(part, PPI, path.name)


def drawings() -> Iterator[Scan]:
    """Noise, letters, hair, weaves, empty plates and the like."""
    for number in range(DRAWINGS):
        image = draw_nonprint(np.random.default_rng([SEED, number]), (SIDE_PX // 2, SIDE_PX // 2))
        pixels = np.kron(np.rint(255 * image).astype(np.uint8), np.ones((2, 2), np.uint8))
        yield Scan(pixels.astype(np.uint8), PPI, f"drawing {number}")


def row(name: str, matcher: Matcher, scans: Iterable[Scan]) -> str:
    """A line of the table."""
    reasons = Counter(refusal(matcher, scan) for scan in scans)
    taken, refused = reasons.pop("", 0), reasons.total()
    why = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())
    share = 100 * refused / max(1, taken + refused)
    return _line([name, f"{taken + refused}", f"{taken}", f"{share:.1f} %", why])


def refusal(matcher: Matcher, scan: Scan) -> str:
    """Why a scan is refused, in a few words; empty if it is not."""
    try:
        matcher.acquire(scan)
    except FailureToAcquire as failure:
        return str(failure).removeprefix(f"{scan.source}: ").split(":")[0]
    return ""


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
