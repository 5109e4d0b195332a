"""How often the polarity of a picture is found: whether its ridges are the dark or the bright ones.

    python tools/polarity.py [SETS ...] [--fingers N] [--seed N]

Pictures are made of unseen synthetic impressions, or of those in SETS, folders of folders of prints at 500 ppi with
dark ridges; FPVERIFY_REAL_PRINTS names one, too. Each print is drawn once in every kind; a negative is that of the
whole picture, so that of a print in a dark frame lies in a bright one. Printed as Markdown: right answers, per cent,
and milliseconds a picture.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from polarity_pictures import KINDS, Picture

from fpverify.scans import read_scan
from fpverify.scans.polarity import is_inverted
from fpverify.synthesis.dataset import synthesise
from fpverify.vocabulary import ByteArray

SEED = 33261131  # neither training nor the fit of the weights draws from it
FINGERS, IMPRESSIONS = 60, 4
HEADS = ("picture", "number", "right, per cent", "of the negatives", "ms")
ENDINGS = {".png", ".bmp", ".tif", ".jpg"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a table for each source of prints, line by line."""
    given = _parsed(arguments)
    cv2.setNumThreads(1)
    sources = {"synthetic prints": synthetic(given.fingers, given.seed)}
    for folder in given.sets:
        sources.update({one.name: real(one) for one in sorted(folder.iterdir()) if one.is_dir()})
    totals: dict[str, list[tuple[bool, bool]]] = {}
    for name, prints in sources.items():
        print(f"\n{name}\n\n{_line(HEADS)}\n{_line(['---'] * len(HEADS))}", flush=True)
        rows = tabulated(list(prints), given.seed)
        for kind, answers, spent in rows:
            print(row(kind, answers, spent), flush=True)
            if name != "synthetic prints":
                totals.setdefault(kind, []).extend(answers)
    if totals:
        print(f"\nall real prints\n\n{_line(HEADS[:4])}\n{_line(['---'] * 4)}")
        for kind, answers in totals.items():
            print(row(kind, answers, None))
    return 0


def tabulated(prints: Sequence[ByteArray], seed: int) -> Iterator[tuple[str, list[tuple[bool, bool]], float]]:
    """Of every kind: whether each picture's and each negative's answer is right, and seconds an answer."""
    for place, kind in enumerate(KINDS):
        pictures = [drawn(kind, pixels, [seed, place, number]) for number, pixels in enumerate(prints)]
        start = time.process_time()
        answers = [(not is_inverted(pixels, ppi), is_inverted(255 - pixels, ppi)) for pixels, ppi in pictures]
        yield kind, answers, (time.process_time() - start) / max(1, 2 * len(pictures))


def drawn(kind: str, pixels: ByteArray, seed: Sequence[int]) -> Picture:
    """A picture of a kind."""
    return KINDS[kind](pixels, np.random.default_rng(seed))


def synthetic(fingers: int, seed: int) -> Iterator[ByteArray]:
    """Unseen impressions."""
    return (made.scan.pixels for made in synthesise(fingers, IMPRESSIONS, seed))


def real(folder: Path) -> Iterator[ByteArray]:
    """The prints of a folder, read as they are."""
    for file in sorted(folder.iterdir()):
        if file.suffix.lower() in ENDINGS:
            scan = read_scan(file, ppi=500)
            yield 255 - scan.pixels if scan.inverted else scan.pixels


def row(kind: str, answers: Sequence[tuple[bool, bool]], spent_s: float | None) -> str:
    """A line of a table."""
    shares = 100 * np.mean(answers, axis=0)
    cells = [kind, f"{len(answers)}", *(f"{share:.1f}" for share in shares)]
    return _line(cells if spent_s is None else [*cells, f"{1000 * spent_s:.2f}"])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    named = os.environ.get("FPVERIFY_REAL_PRINTS")
    parser.add_argument("sets", nargs="*", type=Path, default=[Path(named)] if named else [])
    parser.add_argument("--fingers", type=int, default=FINGERS, help=f"synthetic ones, {IMPRESSIONS} prints each")
    parser.add_argument("--seed", type=int, default=SEED)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
