"""How many drawn pictures are refused, as drawn or otherwise, and what prints lose by it.

    python tools/drawn.py [MODEL] [--number 100] [--sets SETS --ppi 500]

Drawn are lines of which some end, and even patterns of any kind, by another seed than training's; as they are or as a
camera has them; whole pictures of 20 x 18 mm, and windows of small sensors. Prints are of unseen synthetic fingers and
of SETS, a folder of sets. Printed as Markdown: of drawn pictures the shares that are refused as drawn, refused for
something else, and taken, with the drawn map and without it; of prints how many are refused, how many lose some
foreground, and the most that one loses.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from fpverify.errors import FailureToAcquire
from fpverify.evaluation.sets.layout import find_sets, read_set
from fpverify.features import MinutiaExtractor
from fpverify.models import load_bundle
from fpverify.scans import read_scan
from fpverify.synthesis.dataset import synthesise
from fpverify.synthesis.nonprints import pictured
from fpverify.synthesis.patterns import draw_lines, draw_pattern
from fpverify.vocabulary import FloatArray, Scan

SEED = 4_750_000  # no training draws from it
PPI = 250.0  # of what is drawn
SHAPES = {"whole": (200, 180), "8.1 mm": (80, 80), "4.9 mm": (48, 48)}  # px
NETWORKS = ("minutia_map", "descriptor", "seam_map", "places", "drawn_map")
ANSWERS = ("drawn", "otherwise", "taken")
Drawing = Callable[[np.random.Generator, tuple[int, int]], FloatArray]


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints both tables, line by line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", help="shipped name or folder; the release if not given")
    parser.add_argument("--number", type=int, default=100, help="of pictures of each kind and size, and of fingers")
    parser.add_argument("--sets", type=Path, help="folder of folders of prints")
    parser.add_argument("--ppi", type=float, help="resolution, where their files state none")
    given = parser.parse_args(arguments)
    bundle = load_bundle(given.model)
    extractor = MinutiaExtractor(
        bundle.model_id, **{name: bundle.network(name) for name in NETWORKS if bundle.has_network(name)}
    )
    print(
        "| drawn | size | refused as drawn | otherwise | taken | taken without the network |\n|---|---|---|---|---|---|"
    )
    blind = replace(extractor, drawn_map=None)
    for kind, drawing in DRAWINGS.items():
        for size, shape in SHAPES.items():
            scans = list(drawings(drawing, shape, given.number))
            seen = Counter(answer(extractor, scan) for scan in scans)
            counts = [*(seen[one] for one in ANSWERS), [answer(blind, scan) for scan in scans].count("taken")]
            shares = " | ".join(f"{100 * count / given.number:.0f}" for count in counts)
            print(f"| {kind} | {size} | {shares} |", flush=True)
    print("\n| prints | number | refused as drawn | lose some | the most, % |\n|---|---|---|---|---|")
    fingers = synthesise(fingers=given.number, impressions=1, seed=SEED)
    print(row("synthetic", extractor, (made.scan for made in fingers)), flush=True)
    for folder in find_sets([given.sets]) if given.sets else ():
        prints = (read_scan(one.path, ppi=given.ppi) for one in read_set(folder).prints)
        print(row(folder.name, extractor, prints), flush=True)
    return 0


def as_drawn(drawing: Drawing) -> Drawing:
    """In [0, 1]."""
    return lambda rng, shape: np.float32(0.5) * (1 + drawing(rng, shape))


def by_camera(drawing: Drawing) -> Drawing:
    """Blurred, unevenly lit, noisy."""
    return lambda rng, shape: pictured(rng, drawing(rng, shape))


def lines(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Bent gratings, rings and sums of waves, of which some end."""
    return draw_lines(rng, shape)[0]


DRAWINGS: dict[str, Drawing] = {
    "lines": as_drawn(lines),
    "lines by a camera": by_camera(lines),
    "patterns": as_drawn(draw_pattern),
    "patterns by a camera": by_camera(draw_pattern),
}


def drawings(drawing: Drawing, shape: tuple[int, int], number: int) -> Iterator[Scan]:
    """So many pictures, always the same."""
    for one in range(number):
        image = np.clip(drawing(np.random.default_rng([SEED, one]), shape), 0, 1)
        yield Scan(np.rint(255 * image).astype(np.uint8), PPI, f"drawing {one}")


def answer(extractor: MinutiaExtractor, scan: Scan) -> str:
    """What becomes of a scan: `taken`, or refused as `drawn` or `otherwise`."""
    try:
        extractor.extract(scan)
    except FailureToAcquire as failure:
        return "drawn" if "are drawn" in str(failure) else "otherwise"
    return "taken"


def row(name: str, extractor: MinutiaExtractor, scans: Iterable[Scan]) -> str:
    """Of the second table; scans that are refused whether drawn or not are left out."""
    number, refused, lost = 0, 0, [0.0]
    for scan in scans:
        try:
            whole = replace(extractor, drawn_map=None).acquire(scan).area_mm2
        except FailureToAcquire:
            continue
        number += 1
        try:
            left = extractor.acquire(scan).area_mm2
        except FailureToAcquire:
            refused += 1
            continue
        if whole and left is not None and left < whole:
            lost.append(1 - left / whole)
    return f"| {name} | {number} | {refused} | {len(lost) - 1} | {100 * max(lost):.1f} |"


if __name__ == "__main__":
    sys.exit(main())
