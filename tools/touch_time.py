"""How long a touch of a small sensor takes to be decided: to extract, and to compare with a finger of touches.

    python tools/touch_time.py CUTS... [--model NAME] [--fingers 10] [--ppi 500]

CUTS are folders as `fpverify evaluate --protocol touches` reads them, one for each size: <finger>_rNN.png are joined to
a finger, <finger>_pNN.png compared with it. Milliseconds of CPU on one thread, medians over rounds; reading the file is
no part of it. With OPENBLAS_NUM_THREADS=1 products of small matrices do not wait for each other's threads.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from fpverify.errors import FailureToAcquire
from fpverify.features.extraction import Acquired
from fpverify.matching import Matcher
from fpverify.matching.touches import PreparedFinger
from fpverify.scans import read_scan
from fpverify.vocabulary import Scan

ROUNDS = 5  # the first of which is not counted
PROBES = 4  # of a finger

Job = tuple[PreparedFinger, list[Scan]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table, line by line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cuts", type=Path, nargs="+")
    parser.add_argument("--model", help="shipped name or folder; the release model, if none is named")
    parser.add_argument("--fingers", type=int, default=10, help="of each folder")
    parser.add_argument("--ppi", type=float, default=500.0)
    given = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    matcher = Matcher.load(given.model)
    print("| touches | decisions | extract, ms | compare, ms | both |\n|---|---|---|---|---|")
    for folder in given.cuts:
        jobs = list(islice(_jobs(matcher, folder, given.ppi), given.fingers))
        if not jobs:
            parser.error(f"{folder}: no finger with <finger>_r01.png and <finger>_p01.png, of which one is not refused")
        spent = np.concatenate([[_spent(matcher, *job) for job in jobs] for _ in range(ROUNDS)][1:])
        extract, compare = 1e3 * np.median(spent, axis=0)
        decisions = sum(len(probes) for _, probes in jobs)
        print(f"| {folder} | {decisions} | {extract:.1f} | {compare:.1f} | {extract + compare:.1f} |", flush=True)
    return 0


def _jobs(matcher: Matcher, folder: Path, ppi: float) -> Iterator[Job]:
    """Fingers, and touches to compare with them; by turns of each set that the folder holds."""
    paths = sorted(folder.rglob("*_r01.png"), key=lambda path: (path.name, path.parent))
    for path in paths:
        finger = path.name.removesuffix("_r01.png")
        found = {kind: list(_acquired(matcher, path.parent, f"{finger}_{kind}*.png", ppi)) for kind in "rp"}
        if found["r"] and found["p"]:
            template, _ = matcher.touches.joined([one for _, one in found["r"]])
            yield matcher.touches.prepared(template), [scan for scan, _ in found["p"][:PROBES]]


def _acquired(matcher: Matcher, folder: Path, names: str, ppi: float) -> Iterator[tuple[Scan, Acquired]]:
    """Of touches that are not refused."""
    for path in sorted(folder.glob(names)):
        with suppress(FailureToAcquire):
            scan = read_scan(path, ppi=ppi)
            yield scan, matcher.acquire(scan)


def _spent(matcher: Matcher, finger: PreparedFinger, probes: Sequence[Scan]) -> tuple[float, float]:
    """Seconds to extract a touch and to compare it, means of the probes."""
    extract = compare = 0.0
    for scan in probes:
        begun = time.process_time()
        template = matcher.acquire(scan).template
        extracted = time.process_time()
        matcher.touches.scores(template, [finger])
        extract, compare = extract + extracted - begun, compare + time.process_time() - extracted
    return extract / len(probes), compare / len(probes)


if __name__ == "__main__":
    sys.exit(main())
