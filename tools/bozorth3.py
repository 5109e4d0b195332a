"""What our minutiae are worth to bozorth3, beside those of mindtct, on folders of sets of prints.

    python tools/bozorth3.py SETS [--ppi 500] [--minutiae 50] [--work DIR]

A set is a folder of `<finger>_<impression>` images. Minutiae are found by the release model, written as .xyt, and every
impression is compared with every other by `bozorth3` of NIST's Biometric Image Software; those of `mindtct -b` are
matched likewise where it is on the PATH. Of a print bozorth3 takes the `--minutiae` best by quality. Printed as
Markdown: EER and FMR1000 of each set in per cent, and their mean; prints without minutiae count as the lowest score.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from tqdm import tqdm

from fpverify.conversion import Converter
from fpverify.errors import FpverifyError
from fpverify.evaluation.rates.error_rates import equal_error_rate, fnmr_at_fmr
from fpverify.evaluation.sets.layout import list_prints
from fpverify.formats import write_minutiae
from fpverify.scans import read_scan
from fpverify.vocabulary import ByteArray, Scores

MINUTIAE = 50  # that bozorth3 takes of a print; more of ours are more that agree by chance
FAILED = -1.0  # below bozorth3's lowest score
IHEAD_BYTES = 288  # of the header of NIST's raw pictures, which mindtct reads without loss


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and prints."""
    given = _parsed(arguments)
    if shutil.which("bozorth3") is None:
        print("bozorth3 is not on the PATH; it is part of NBIS, NIST's Biometric Image Software", file=sys.stderr)
        return 2
    both = shutil.which("mindtct") is not None
    if not both:
        print("mindtct is not on the PATH: only our minutiae are matched", file=sys.stderr)
    sets = sorted(path for path in given.sets.iterdir() if path.is_dir())
    with tempfile.TemporaryDirectory() as scratch:
        work = given.work or Path(scratch)
        rows = [(one.name, *_rates(one, work, given, both)) for one in tqdm(sets, desc="sets", disable=None)]
    heads = ("EER", "FMR1000", *(("mindtct: EER", "FMR1000") if both else ()))
    print(f"| set | {' | '.join(heads)} |\n|---|{'---|' * len(heads)}")
    means = np.mean([row[1:] for row in rows], axis=0).tolist()
    for name, *rates in [*rows, ("**mean**", *means)]:
        print(f"| {name} | {' | '.join(f'{100 * rate:.2f}' for rate in rates)} |")
    return 0


def _rates(folder: Path, work: Path, given: argparse.Namespace, both: bool) -> list[float]:
    ours, theirs = work / folder.name / "ours", work / folder.name / "mindtct"
    for place in (ours, theirs):
        place.mkdir(parents=True, exist_ok=True)
    converter = Converter(ppi=given.ppi)
    for one in list_prints(folder):
        if not (ours / f"{one.path.stem}.xyt").exists():
            try:
                write_minutiae(converter.record(one.path), ours / f"{one.path.stem}.xyt")
            except FpverifyError as failure:
                print(failure, file=sys.stderr)
        if both and not (theirs / f"{one.path.stem}.xyt").exists():
            _mindtct(read_scan(one.path, ppi=given.ppi).pixels, theirs / one.path.stem, given.ppi)
    fingers = {one.path.stem: one.finger for one in list_prints(folder)}
    measured = (_compared(fingers, place, given.minutiae) for place in ((ours, theirs) if both else (ours,)))
    return list(chain.from_iterable((equal_error_rate(*each), fnmr_at_fmr(*each, 0.001)) for each in measured))


def _mindtct(pixels: ByteArray, root: Path, ppi: float) -> None:
    """Runs `mindtct -b` on a picture; keeps its .xyt alone."""
    picture = root.with_suffix(".ihead")
    picture.write_bytes(_ihead(pixels, round(ppi)))
    subprocess.run(["mindtct", "-b", str(picture), str(root)], check=False, capture_output=True)
    for path in root.parent.glob(f"{root.name}.*"):
        if path.suffix != ".xyt":
            path.unlink()


def _ihead(pixels: ByteArray, ppi: int) -> bytes:
    """A picture with NIST's raw header: numbers as text in fields of fixed width (NBIS, ihead.h)."""
    height, width = pixels.shape
    numbers = (width, height, 8, ppi, 0, 0, 8, 8)  # depth, density, compression, its length, alignment, unit
    fields = [bytes(80), bytes(26), *(_field(one) for one in numbers), b"00", _field(0), _field(255)]
    head = b"".join([*fields, b"0000", bytes(80), _field(0), _field(0)])
    return _field(IHEAD_BYTES) + head.ljust(IHEAD_BYTES, b"\0") + pixels.tobytes()


def _field(number: int) -> bytes:
    return str(number).encode().ljust(8, b"\0")


def _compared(fingers: dict[str, str], folder: Path, minutiae: int) -> tuple[Scores, Scores]:
    """Mated and non-mated scores of every impression with every later one."""
    names, sides = list(fingers), (list[float](), list[float]())
    for number, name in enumerate(names[:-1]):
        later = names[number + 1 :]
        for other, score in zip(later, _scores(folder, name, later, minutiae), strict=True):
            sides[fingers[name] != fingers[other]].append(score)
    return np.array(sides[0]), np.array(sides[1])


def _scores(folder: Path, probe: str, references: Sequence[str], minutiae: int) -> list[float]:
    there = [one for one in references if (folder / f"{one}.xyt").exists()]
    if not there or not (folder / f"{probe}.xyt").exists():
        return [FAILED] * len(references)
    files = [str(folder / f"{one}.xyt") for one in (probe, *there)]
    command = ["bozorth3", "-n", str(minutiae), "-p", files[0], *files[1:]]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = dict(zip(there, map(float, done.stdout.split()), strict=True))
    return [found.get(one, FAILED) for one in references]


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path, help="folder of sets")
    parser.add_argument("--ppi", type=float, default=500.0, help="of all scans")
    parser.add_argument("--minutiae", type=int, default=MINUTIAE, help="of a print, that bozorth3 takes")
    parser.add_argument("--work", type=Path, help="folder in which the .xyt files are kept; none keeps none")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
