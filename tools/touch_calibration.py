"""What scores of small touches come to: the false match rate at 10, 20 and 30, and the false non-match rate, by size.

    python tools/touch_calibration.py MODEL --sets runs/touch-sets [--fingers 60] [--sides 80 96 120 160] [--prints]

On synthetic fingers of twelve touches that nothing was learnt from, with `--prints` of one whole print that keeps its
skin; they are drawn into --sets and used again by the next call. A score states -10 log10 of its false match rate: at
10, 20 and 30 it should be 10, 1 and 0.1 %. Printed as Markdown.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2

from fpverify.models import load_bundle
from fpverify.training.touch_evidence import SIDES_PX, realised

SCORES = (10.0, 20.0, 30.0)
FINGERS = 60


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table, line by line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="folder of a bundle with a network of places")
    parser.add_argument("--sets", type=Path, required=True, help="folder of synthetic touches, which are kept there")
    parser.add_argument("--fingers", type=int, default=FINGERS)
    parser.add_argument("--prints", action="store_true", help="fingers of a whole print each, see keep_skin")
    parser.add_argument("--sides", type=int, nargs="+", default=SIDES_PX, help="px at 500 ppi")
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    heads = [f"FMR at {score:.0f}, %" for score in SCORES]
    print(f"| touches | mated | non-mated | {' | '.join(heads)} | FNMR at 30, % |\n|{'---|' * (4 + len(heads))}")
    for side in given.sides:
        how = {"on_prints": given.prints, "workers": given.workers}
        found = realised(load_bundle(given.model), given.sets, side, given.fingers, **how)
        rates = " | ".join(f"{100 * found.fmr(score):.2f}" for score in SCORES)
        counts = f"{len(found.mated):,} | {len(found.non_mated):,}"
        print(f"| {found.area_mm2:.0f} mm² | {counts} | {rates} | {100 * found.fnmr(SCORES[-1]):.1f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
