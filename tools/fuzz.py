"""Damaged input for every reader of files: each answers, or refuses in one line, in time and memory.

    python tools/fuzz.py [--seconds 300] [--only NAME ...] [--seed N]

Sound files of every kind are changed at random: bits, bytes, pieces moved, doubled, cut out, numbers put to their
ends. A reader may read the result or raise an error of fpverify; anything else, an answer that takes longer than
`SLOWEST_S`, or more memory than `MOST_MIB` beyond what it began with is a find. Each is written to `fuzz-NAME-N` in
the working directory, so that it can be given to the reader again. Printed is a line for each reader; the exit code is
1 if anything was found.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from fpverify.conversion import extract_minutiae
from fpverify.enrollment import read_rows
from fpverify.errors import FpverifyError
from fpverify.evaluation.scores_file import read_scores
from fpverify.formats import minutiae_from_bytes, minutiae_to_bytes
from fpverify.formats.containers import IMAGE_FORMATS, images_from_bytes, images_to_bytes
from fpverify.matching import Matcher
from fpverify.scans import read_scan, scan_from_bytes
from fpverify.settings import load_settings
from fpverify.single_templates import SingleTemplates
from fpverify.store import decode_template, encode_template
from fpverify.store.template_file import read_template, write_template
from fpverify.vocabulary.images import FingerImage, ImageRecord

SAMPLE = Path(__file__).parents[1] / "fpverify" / "samples" / "A_1.bmp"
SLOWEST_S = 5.0  # for any file of up to 20 MB
MOST_MIB = 300  # beyond what the process had
MOST_CHANGES = 8  # of one file
ENDS = (0, 1, 0x7F, 0x80, 0xFF)  # of a byte
PICTURES = ("BMP", "PNG", "TIFF", "JPEG", "PPM")
LIST = b"id,finger,file\nA,right-index,a.png\n"
SCORES = b"probe,reference,mated,score\n1_1,1_2,1,0.5\n1_1,2_1,0,\n"
SETTINGS = b"db: enroll_db\nfmr: 0.001\nppi: 500\nkeep_scans: yes\n"
RECORDS = (
    *("iso2005", "iso2011", "ansi2004", "ansi2009", "iso2005-normal-card", "iso2005-compact-card"),
    *("xyt", "csv", "json"),
)

Reader = Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class Target:
    """A reader and sound input for it."""

    name: str
    read: Reader
    sound: tuple[bytes, ...]


@dataclass(slots=True)
class Outcome:
    """What came of one reader: how many files it answered, refused, and failed at."""

    answered: int = 0
    refused: int = 0
    found: int = 0
    slowest_s: float = 0.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Tries all, or those that are named."""
    given = _parsed(arguments)
    found = 0
    for target in targets():
        if given.only and target.name not in given.only:
            continue
        outcome = tried(target, given.seconds, given.seed)
        found += outcome.found
        print(
            f"{target.name}: {outcome.answered} read, {outcome.refused} refused, {outcome.found} found; "
            f"the slowest {outcome.slowest_s:.2f} s",
            flush=True,
        )
    return int(found > 0)


def targets() -> Iterator[Target]:
    """Every reader of bytes from outside."""
    scan = read_scan(SAMPLE)
    for kind in PICTURES:
        yield Target(kind.lower(), scan_from_bytes, tuple(_pictures(scan.pixels, kind)))
    yield Target("template", decode_template, (encode_template(Matcher.load().template(scan)),))
    kept = SingleTemplates().of_file(SAMPLE).kept
    with tempfile.TemporaryDirectory() as folder:
        write_template(Path(folder, "a.fpt"), kept, None)
        sound = Path(folder, "a.fpt").read_bytes()
    yield Target("template-file", _file_reader(lambda path: read_template(path, None), ".fpt"), (sound,))
    record = extract_minutiae(scan)
    for name in RECORDS:
        read = partial(minutiae_from_bytes, format=name)
        yield Target(name, read, (minutiae_to_bytes(record, format=name)[0],))
    height, width = scan.pixels.shape
    picture = FingerImage(scan.pixels.tobytes(), "none", width, height, (500.0, 500.0), 2)
    for name in IMAGE_FORMATS:
        sound = images_to_bytes(ImageRecord((picture,)), format=name)[0]
        yield Target(name, images_from_bytes, (sound,))
    yield Target("list", _file_reader(lambda path: list(read_rows(path)), ".csv"), (LIST,))
    yield Target("scores", _file_reader(read_scores, ".csv"), (SCORES,))
    yield Target("settings", _settings, (SETTINGS,))


def tried(target: Target, seconds: float, seed: int, most: int | None = None) -> Outcome:
    """Changes sound files and reads them, for so many seconds or files."""
    rng, outcome, end = np.random.default_rng(seed), Outcome(), time.monotonic() + seconds
    bar = tqdm(desc=target.name, unit="file", disable=None)
    before_mib = peak_mib()
    while time.monotonic() < end and (most is None or outcome.answered + outcome.refused + outcome.found < most):
        data = changed(rng, target.sound[rng.integers(len(target.sound))])
        start = time.monotonic()
        try:
            target.read(data)
            fault = None
            outcome.answered += 1
        except FpverifyError as error:
            fault = "a message of several lines" if "\n" in str(error) else None
            outcome.refused += 1
        except Exception as error:
            fault = f"{type(error).__name__}: {error}"
        taken_s = time.monotonic() - start
        outcome.slowest_s = max(outcome.slowest_s, taken_s)
        if taken_s > SLOWEST_S:
            fault = f"took {taken_s:.1f} s"
        if (grown := peak_mib() - before_mib) > MOST_MIB:
            fault, before_mib = f"took {grown:.0f} MiB", peak_mib()
        if fault:
            outcome.found += 1
            _keep(target.name, data, fault)
        bar.update()
    bar.close()
    return outcome


def changed(rng: np.random.Generator, sound: bytes) -> bytes:
    """A sound file with a few random changes."""
    data = np.frombuffer(sound, np.uint8).copy()
    for _ in range(int(rng.integers(1, MOST_CHANGES + 1))):
        data = CHANGES[rng.integers(len(CHANGES))](rng, data)
    return data.tobytes()


def peak_mib() -> float:
    """The most memory that this process ever had."""
    scale = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


Bytes = NDArray[np.uint8]


def _place(rng: np.random.Generator, data: Bytes) -> int:
    """Anywhere, but every other time within the first bytes, where headers are."""
    most = min(len(data), 128) if rng.random() < 0.5 else len(data)
    return int(rng.integers(most)) if most else 0


def _bit(rng: np.random.Generator, data: Bytes) -> Bytes:
    if len(data):
        data[_place(rng, data)] ^= np.uint8(1 << int(rng.integers(8)))
    return data


def _end(rng: np.random.Generator, data: Bytes) -> Bytes:
    at = _place(rng, data)
    data[at : at + int(rng.integers(1, 5))] = ENDS[rng.integers(len(ENDS))]
    return data


def _cut(rng: np.random.Generator, data: Bytes) -> Bytes:
    return data[: _place(rng, data)]


def _without(rng: np.random.Generator, data: Bytes) -> Bytes:
    at = _place(rng, data)
    return np.delete(data, slice(at, at + int(rng.integers(1, 65))))


def _doubled(rng: np.random.Generator, data: Bytes) -> Bytes:
    at, size = _place(rng, data), int(rng.integers(1, 257))
    return np.concatenate(
        [data[: at + size], np.tile(data[at : at + size], int(rng.integers(1, 9))), data[at + size :]]
    )


def _noise(rng: np.random.Generator, data: Bytes) -> Bytes:
    at, size = _place(rng, data), int(rng.integers(1, 33))
    data[at : at + size] = rng.integers(0, 256, len(data[at : at + size]), np.uint8)
    return data


CHANGES: tuple[Callable[[np.random.Generator, Bytes], Bytes], ...] = (_bit, _end, _cut, _without, _doubled, _noise)


def _pictures(pixels: Bytes, kind: str) -> Iterator[bytes]:
    small = Image.fromarray(pixels[:200, :160])
    variants: dict[str, list[dict[str, object]]] = {
        "TIFF": [{"compression": one} for one in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits")],
        "JPEG": [{"progressive": False}, {"progressive": True}],
    }
    for options in variants.get(kind, [{}]):
        content = io.BytesIO()
        small.save(content, kind, dpi=(500, 500), **options)
        yield content.getvalue()


def _file_reader(read: Callable[[Path], object], suffix: str) -> Reader:
    def from_bytes(data: bytes) -> object:
        with tempfile.NamedTemporaryFile(suffix=suffix) as file:
            file.write(data)
            file.flush()
            return read(Path(file.name))

    return from_bytes


def _settings(data: bytes) -> object:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "fpverify.yaml").write_bytes(data)
        return load_settings(folder, {})


def _keep(name: str, data: bytes, fault: str) -> None:
    path = Path(f"fuzz-{name}-{hashlib.sha256(data).hexdigest()[:8]}")
    path.write_bytes(data)
    tqdm.write(f"{path}: {fault}")


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", 1)[0])
    parser.add_argument("--seconds", type=float, default=300.0, help="for each reader")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="readers; all if not given")
    parser.add_argument("--seed", type=int, default=1, help="of the changes")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
