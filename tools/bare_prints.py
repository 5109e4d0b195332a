"""Synthetic prints as two detectors see them: ours, and NIST's mindtct, with what is true of them.

    python tools/bare_prints.py FOLDER [--blocks 240] [--seed 34340001]

mindtct has to be on the PATH; it is part of NBIS, NIST's Biometric Image Software. Of each finger come four
impressions, an ordinary one, a hard one, and two whose skin is twisted, dry or wet besides. FOLDER gets a file for
every 25 fingers: of each print the minutiae that are there, with a number that is the same in all impressions of the
finger, those that the release model finds, and those of `mindtct -b`; x, y, direction and number or quality, at the
working resolution. The same call goes on. Ten seconds of CPU for a file, which `tools/bare_witnesses.py` and
`tools/bare_evidence.py` read.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from bozorth3 import _mindtct
from gallery import HARD
from tqdm import tqdm

from fpverify.errors import FailureToAcquire
from fpverify.features.bare import bare
from fpverify.features.grid import minutiae_on_grid
from fpverify.features.minutiae import MOST_MINUTIAE, selected
from fpverify.formats import read_minutiae
from fpverify.matching import Matcher
from fpverify.synthesis.dataset import ORDINARY, SCAN_PPI, LabelledScan, labelled_scan, master
from fpverify.synthesis.sensor import SENSORS
from fpverify.vocabulary import WORKING_PPI, FloatArray, Minutiae, Template

SEED = 34340001  # of what is learnt from; no other training and no calibration draws from it
FINGERS = 25  # in a file
HARDER = replace(
    HARD, twisted=0.35, small=0.25, scraps=0.15, slits=0.15, nets=0.1, beads=0.1, glare=0.1, bend_px=6.0
)  # what the deliberately twisted, wet and dry sets of real prints are like
KINDS = (ORDINARY, HARD, HARDER, HARDER)
DETECTORS = ("ours", "mindtct")
STEP_RAD = 2 * np.pi / 256  # of directions in ISO/IEC 19794-2
LEAST = 4  # minutiae of a template
COLUMNS = {"true": "true", "ours": "ours", "mindtct": "nbis"}  # by the name in a file


@dataclass(frozen=True, slots=True, eq=False)
class SeenPrint:
    """A print as one detector saw it.

    Attributes:
        finger, impression: numbers.
        detector: a key of `DETECTORS`.
        template: its minutiae alone, as of a record in ISO/IEC 19794-2.
        ids: (n,) of the minutiae that are there.
        places: (n,) where these lie, px.
    """

    finger: int
    impression: int
    detector: str
    template: Template
    ids: np.ndarray
    places: np.ndarray


def read(path: Path) -> Iterator[SeenPrint]:
    """The prints of a file, those of which a detector found too little left out."""
    with np.load(path, allow_pickle=False) as kept:
        parts = {name: np.split(kept[key], kept[f"{key}_end"][:-1]) for name, key in COLUMNS.items()}
        owners = kept["owner"].tolist()
    for number, (finger, impression) in enumerate(owners):
        true = parts["true"][number]
        places = true[:, 0].astype(np.float64) + 1j * true[:, 1]
        for detector in DETECTORS:
            found = parts[detector][number]
            if len(found) >= LEAST:
                template = _recorded(found, detector)
                yield SeenPrint(finger, impression, detector, template, true[:, 3].astype(int), places)


def _recorded(found: FloatArray, detector: str) -> Template:
    """As a record holds it: whole pixels of the scan, directions in its steps; the 80 of the best quality."""
    x, y, angle, quality = found.T.astype(np.float64)
    scale = SCAN_PPI / WORKING_PPI
    x, y = ((np.rint((one + 0.5) * scale - 0.5) + 0.5) / scale - 0.5 for one in (x, y))
    angle = np.rint(angle / STEP_RAD) * STEP_RAD if detector == "ours" else angle  # mindtct's are coarser
    columns = (x.clip(0), y.clip(0), np.angle(np.exp(1j * angle)), quality)
    order = np.argsort(-quality, kind="stable")[:MOST_MINUTIAE]
    minutiae = Minutiae(*(np.asarray(one, np.float32) for one in columns))
    kept = minutiae_on_grid(selected(minutiae, order))
    return bare(Template("", 1.0, kept, np.zeros((len(order), 0), np.int8)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Makes what is missing."""
    given = _parsed(arguments)
    if shutil.which("mindtct") is None:
        print("mindtct is not on the PATH; it is part of NBIS, NIST's Biometric Image Software", file=sys.stderr)
        return 2
    cv2.setNumThreads(1)
    given.folder.mkdir(parents=True, exist_ok=True)
    matcher = Matcher.load()
    for block in tqdm(range(given.blocks), desc="blocks", disable=None):
        path = given.folder / f"{block:05d}.npz"
        if not path.exists():
            _write(path, matcher, given.seed, range(block * FINGERS, (block + 1) * FINGERS))
    return 0


def _write(path: Path, matcher: Matcher, seed: int, fingers: Sequence[int]) -> None:
    owners, rows = list[tuple[int, int]](), list[tuple[FloatArray, ...]]()
    sensors = list(SENSORS.values())
    for finger in fingers:
        drawn = master(seed, finger)
        for impression, kind in enumerate(KINDS, 1):
            settings = replace(kind, sensor=sensors[finger % len(sensors)])
            rows.append(_seen(labelled_scan(drawn, seed, finger, impression, settings), matcher))
            owners.append((finger, impression))
    tables = {"owner": np.array(owners)}
    for key, parts in zip(COLUMNS.values(), zip(*rows, strict=True), strict=True):
        tables[key], tables[f"{key}_end"] = np.concatenate(parts), np.cumsum([len(one) for one in parts])
    np.savez(path, **tables)  # type: ignore[arg-type]


def _seen(made: LabelledScan, matcher: Matcher) -> tuple[FloatArray, ...]:
    """What is there, what the release model finds and what mindtct finds; (n, 4) each."""
    true, scale = made.minutiae, WORKING_PPI / SCAN_PPI
    there = _table(true.x_px, true.y_px, true.angle_rad, made.minutia_ids, scale)
    try:
        found = matcher.template(made.scan).minutiae
        ours = _table(found.x_px, found.y_px, found.angle_rad, found.quality)
    except FailureToAcquire:
        ours = np.zeros((0, 4), np.float32)
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "print"
        _mindtct(made.scan.pixels, root, SCAN_PPI)
        path = root.with_suffix(".xyt")
        if not path.exists() or not path.stat().st_size:
            return there, ours, np.zeros((0, 4), np.float32)
        height, width = made.scan.pixels.shape
        view = read_minutiae(path, size=(width, height), ppi=SCAN_PPI).views[0]
    return there, ours, _table(view.x_px, view.y_px, view.angle_rad, view.quality / 100, scale)


def _table(x: np.ndarray, y: np.ndarray, angle: np.ndarray, last: np.ndarray, scale: float = 1.0) -> FloatArray:
    return np.stack([(x + 0.5) * scale - 0.5, (y + 0.5) * scale - 0.5, angle, last], axis=1).astype(np.float32)


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="for the files; made if missing")
    parser.add_argument("--blocks", type=int, default=240, help="of 25 fingers")
    parser.add_argument("--seed", type=int, default=SEED, help="of the fingers")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
