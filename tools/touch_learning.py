"""What a finger gains that learns from matches (`fpverify verify --learn`), and what that costs, on synthetic touches.

    python tools/touch_learning.py MODEL --sets runs/touch-sets [--fingers 24] [--sides 96 120] [--fmr 0.001]

Fingers are enrolled from twelve touches, which nothing was learnt from; then they are verified with 16 more of other
presses, and learn. Eight touches of presses after that are compared with all fingers, before and after so many matched
touches: the false non-match rate, and the false match rate of the same decision, which should stay below the one that
was asked for. Printed as Markdown; touches are drawn into --sets and used again by the next call.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from fpverify import Verifier, read_scan
from fpverify.errors import FailureToAcquire, NotEnrolled
from fpverify.matching import Matcher, Probes
from fpverify.store import Store
from fpverify.synthesis.touches import TouchSettings, write_touches
from fpverify.vocabulary import Reference, Scan

SEED = 4_400_000  # apart from those that touches are learnt and calibrated on
FINGERS, OTHERS = 24, 10  # and how many others each touch is compared with
LEARNING, TESTING = 16, 8  # touches of a finger
SEEN = (0, 4, 8, 16)  # touches that were verified by then
SIDES_PX = (96, 120)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table, line by line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="folder of a bundle with a network of places")
    parser.add_argument("--sets", type=Path, required=True, help="folder of synthetic touches, which are kept there")
    parser.add_argument("--fingers", type=int, default=FINGERS)
    parser.add_argument("--sides", type=int, nargs="+", default=SIDES_PX, help="px at 500 ppi")
    parser.add_argument("--fmr", type=float, default=0.001, help="of the decisions")
    given = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    matcher = Matcher.load(given.model)
    print("| sensor | verified | learnt of a finger | mated | FNMR, % | non-mated | FMR, % | FMR at 10, % |")
    print("|---|---|---|---|---|---|---|---|")
    for side in given.sides:
        folder = _touches(given.sets / "growing", side, given.fingers)
        with tempfile.TemporaryDirectory() as place, Store.open(place, key="none") as store:
            verifier = Verifier(store, matcher, given.fmr, notes_decisions=False)
            for line in _lines(verifier, folder, given.fingers):
                print(f"| {side / 500 * 25.4:.1f} mm | {line}", flush=True)
    return 0


def _touches(folder: Path, side: int, fingers: int) -> Path:
    out = folder / f"{side}x{fingers}"
    if not out.exists():
        part = folder / f"part-{side}x{fingers}"
        settings = TouchSettings(side, probes=LEARNING + TESTING)
        write_touches(part, fingers=fingers, seed=SEED, settings=settings)
        part.rename(out)
    return out


def _lines(verifier: Verifier, folder: Path, fingers: int) -> Iterator[str]:
    enrolled = [one for one in range(1, fingers + 1) if _enrolled(verifier, folder, one)]
    tests = {one: list(_probes(verifier, folder, one)) for one in enrolled}
    threshold = verifier.matcher.operating_point(verifier.fmr).threshold
    rng, done = np.random.default_rng(fingers), 0
    others = {one: rng.permutation([each for each in enrolled if each != one])[:OTHERS].tolist() for one in enrolled}
    for seen in SEEN:
        for one in enrolled:
            for scan in _scans(folder, one)[done:seen]:
                _verify(verifier, scan, str(one))
        done = seen
        known = {one: verifier.references(str(one)) for one in enrolled}
        mated = np.array([_score(probe, known[one]) for one in enrolled for probe in tests[one]])
        non_mated = np.array(
            [_score(probe, known[other]) for one in enrolled for probe in tests[one] for other in others[one]]
        )
        learnt = np.mean([sum(each.learnt for each in known[one]) for one in enrolled])
        fnmr, fmr = 100 * (mated < threshold).mean(), 100 * (non_mated >= threshold).mean()
        rates = f"{fnmr:.1f} | {len(non_mated):,} | {fmr:.2f} | {100 * (non_mated >= 10).mean():.1f}"
        yield f"{seen} | {learnt:.1f} | {len(mated):,} | {rates} |"


def _enrolled(verifier: Verifier, folder: Path, finger: int) -> bool:
    scans = [read_scan(path) for path in sorted(folder.glob(f"{finger}_r*.png"))]
    good = [one for one in scans if verifier.refusal(one, enrolls=True) is None]
    if good:
        verifier.enroll_together(good, str(finger), ["right-index"] * len(good), unchecked=True)
    return bool(good)


def _scans(folder: Path, finger: int) -> list[Scan]:
    """What a finger is verified with while it learns."""
    return [read_scan(path) for path in sorted(folder.glob(f"{finger}_p*.png"))[:LEARNING]]


def _verify(verifier: Verifier, scan: Scan, subject: str) -> None:
    try:
        verifier.verify(scan, subject, learn=True)
    except (FailureToAcquire, NotEnrolled):
        return


def _probes(verifier: Verifier, folder: Path, finger: int) -> Iterator[Probes]:
    """Touches of later presses, those that are not refused."""
    for path in sorted(folder.glob(f"{finger}_p*.png"))[LEARNING:]:
        probe = Probes(verifier.matchers, [read_scan(path)])
        try:
            probe.of(verifier.matcher.model_id)
        except FailureToAcquire:
            continue
        yield probe


def _score(probe: Probes, references: Sequence[Reference]) -> float:
    return probe.judged(references).score.value


if __name__ == "__main__":
    sys.exit(main())
