"""How often the first look at a gallery misses the mate: real prints, each among the others and many synthetic ones.

    python tools/preselection.py SETS --ppi 500 [--fingers 900] [--model NAME|DIR]

SETS is a folder of folders of `<finger>_<impression>` images. Every print is once the probe; its mates are the other
impressions of its finger, one at a time, among the prints of all other fingers and three synthetic impressions of each
of so many unseen fingers. Printed as Markdown, rates in per cent: for shortlists of several lengths their share of the
gallery (the penetration rate), and the share of mates that are not on them (the pre-selection error, ISO/IEC 19795-1).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from fpverify.comparison.prepared import prepare_template
from fpverify.errors import FailureToAcquire
from fpverify.evaluation.sets.layout import Print, find_sets, read_set
from fpverify.matching import Matcher
from fpverify.scans import read_scan
from fpverify.search.gallery import COMPARED_IN_FULL, Gallery
from fpverify.settings import Settings
from fpverify.synthesis.dataset import write_ridges
from fpverify.synthesis.sensor import SENSORS
from fpverify.vocabulary import FloatArray, Template

SEED = (
    51261124  # of the first sensor's fingers, the next for the next: neither training nor calibration draws from them
)
IMPRESSIONS = 3  # of each synthetic finger
SHORTLISTS = (1, 5, 10, COMPARED_IN_FULL, 64)


def main(arguments: Sequence[str] | None = None) -> int:
    """Extracts everything, looks, and prints the table."""
    given = _parsed(arguments)
    matcher = Matcher.load(given.model)
    sets = [read_set(folder, ppi=given.ppi) for folder in find_sets([given.sets])]
    own = [(f"{one.name}/{print_.finger}", print_) for one in sets for print_ in one.prints]
    real = list(extracted(matcher, own, "real"))
    with tempfile.TemporaryDirectory() as place:
        made = list(synthetic(Path(place), given.fingers, given.workers))
        others = [template for _, template in extracted(matcher, made, "synthetic")]
    ranks = ranks_of_mates([finger for finger, _ in real], [template for _, template in real], others)
    print(table(ranks, len(real) + len(others)))
    return 0


def ranks_of_mates(
    fingers: Sequence[str], templates: Sequence[Template], others: Sequence[Template]
) -> NDArray[np.intp]:
    """How many non-mated references the first look prefers to each mate, over all probes; a tie counts against it.

    Args:
        fingers: of `templates`.
        templates: each is once the probe.
        others: of further fingers.
    """
    gallery, finger = Gallery.of([*templates, *others]), np.array([*fingers, *([""] * len(others))])
    ranks = []
    for number, template in enumerate(tqdm(templates, desc="looking", disable=None)):
        look: FloatArray = gallery.first_look(prepare_template(template))
        mated = finger == finger[number]
        non_mated = np.sort(look[~mated])
        mated[number] = False
        ranks.append(len(non_mated) - np.searchsorted(non_mated, look[mated], side="left"))
    return np.concatenate(ranks)


def table(ranks: NDArray[np.intp], gallery: int) -> str:
    """A line for each length of the shortlist."""
    lines = ["| shortlist | penetration rate | pre-selection error |", "| --- | --- | --- |"]
    for length in SHORTLISTS:
        missed = float((ranks >= length).mean())
        lines.append(f"| {length} | {100 * length / gallery:.2f} | {100 * missed:.2f} |")
    return "\n".join([f"{len(ranks):,} probes and mates, {gallery:,} references", "", *lines])


def extracted(matcher: Matcher, prints: Iterable[tuple[str, Print]], what: str) -> Iterator[tuple[str, Template]]:
    """Fingers and templates of the prints that are acquired; the others are said."""
    for finger, one in tqdm(prints, desc=what, disable=None):
        try:
            yield finger, matcher.template(read_scan(one.path, ppi=one.ppi))
        except FailureToAcquire as failure:
            print(failure, file=sys.stderr)


def synthetic(folder: Path, fingers: int, workers: int) -> Iterator[tuple[str, Print]]:
    """Ordinary impressions of unseen fingers, as many of each simulated sensor."""
    for number, sensor in enumerate(SENSORS):
        out = folder / sensor
        share = -(-fingers // len(SENSORS))
        write_ridges(out, fingers=share, impressions=IMPRESSIONS, seed=SEED + number, workers=workers, sensor=sensor)
        yield from ((f"{sensor}/{one.finger}", one) for one in read_set(out).prints)


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path, help="folder of folders of prints")
    parser.add_argument("--ppi", type=float, help="resolution, where the files state none")
    parser.add_argument("--fingers", type=int, default=900, help="synthetic ones in the gallery")
    parser.add_argument("--model", help="shipped name or folder; the release if not given")
    parser.add_argument("--workers", type=int, default=Settings().processes, help="processes that synthesise")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
