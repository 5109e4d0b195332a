"""How fast a folder of pictures is converted, against the codec alone, and how much memory that takes.

    python tools/conversion.py [--images 1000] [--few 250] [--workers N] [--seed N]

Pictures of 750 x 800 px, as a card's rolled prints have at 500 ppi, are cut out of a few synthetic slaps and varied.
`fpverify convert` makes WSQ of BMP and PNG of WSQ; then as many processes make the same calls of the codec alone (the
package `wsq`, OpenCV), on what is in memory already. Printed are images a second by the clock, of the whole command and
past the first images, eight for each process, which come with its start; the same by CPU time, on Linux with that of
processes that decode; and the peak of the largest process's memory for few images and for many. The clock tells only on
a quiet machine.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from fpverify.scans.wsq_writing import RATIO
from fpverify.synthesis.finger import draw_finger
from fpverify.synthesis.slaps import draw_slap, enlarged
from fpverify.vocabulary import ByteArray

SEED = 35_003
SHAPE = (750, 800)
FIRST = 8  # pictures for each process, that come with the start: what is sent to it at a time
SLAPS = 3  # drawn; the pictures are windows of them
NOISE = 3.0  # grey levels, deviation
KB_PER_MB = 1024
BATCH = 25  # pictures whose codec's calls are one job

WITH_ALL_PROCESSES = """
import ctypes, os, subprocess, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: orphans, too, are waited for and counted
code = subprocess.call(sys.argv[1:])
try:
    while True:
        os.wait()
except ChildProcessError:
    sys.exit(code)
"""


class Run(NamedTuple):
    """What a command took: seconds by the clock and of all its processes' CPU, and MB of the largest of them."""

    clock_s: float
    cpu_s: float
    peak_mb: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, and prints a line for each direction."""
    given = _parsed(arguments)
    with TemporaryDirectory() as place:
        folder = Path(place)
        pictures = drawn(np.random.default_rng(given.seed))
        write_bmp(pictures, folder / "bmp", given.images, given.seed)
        told(folder, ("bmp", "wsq"), given)
        told(folder, ("wsq", "png"), given)
    return 0


def drawn(rng: np.random.Generator) -> list[ByteArray]:
    """Slaps at 500 ppi."""
    masters = [draw_finger(rng).ridges for _ in range(4)]
    return [enlarged(draw_slap(rng, masters, "right-four").image) for _ in range(SLAPS)]


def write_bmp(slaps: Sequence[ByteArray], folder: Path, count: int, seed: int) -> None:
    """Windows of slaps, each with noise of its own."""
    folder.mkdir()
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        whole = slaps[number % len(slaps)]
        top, left = (int(rng.integers(0, full - part)) for full, part in zip(whole.shape, SHAPE, strict=True))
        noise = rng.normal(0, NOISE, SHAPE)
        window = np.clip(whole[top : top + SHAPE[0], left : left + SHAPE[1]] + noise, 0, 255).astype(np.uint8)
        Image.fromarray(window).save(folder / f"{number:05d}.bmp", dpi=(500, 500))


def told(folder: Path, kinds: tuple[str, str], given: argparse.Namespace) -> None:
    """Converts all, a few, and as many as there are processes; then asks the codec alone."""
    source, target = kinds
    files = sorted((folder / source).iterdir())
    first = FIRST * given.workers
    start = converted(some(folder, files[:first]), folder / "start", target, given.workers)
    few = converted(some(folder, files[: given.few]), folder / "few", target, given.workers)
    whole = converted(folder / source, folder / target, target, given.workers)
    made = len(list((folder / target).iterdir()))
    codec_s, codec_cpu_s = codec(files, target, given.workers)
    for one in ("start", "few"):
        shutil.rmtree(folder / one)
    count = len(files)
    rate, own_rate, codec_rate = (
        count / whole.clock_s,
        (count - first) / (whole.clock_s - start.clock_s),
        count / codec_s,
    )
    print(
        f"{source} to {target}, {made} of {count} images, {given.workers} processes: {rate:.1f} a second, "
        f"{own_rate:.1f} past the start of {start.clock_s:.1f} s; the codec alone {codec_rate:.1f}: "
        f"{rate / codec_rate:.2f} and {own_rate / codec_rate:.2f} of it"
    )
    each = (whole.cpu_s - start.cpu_s) / (count - first)
    print(
        f"  by CPU time: {1000 * each:.1f} ms an image past the start, the codec alone "
        f"{1000 * codec_cpu_s / count:.1f}: {codec_cpu_s / count / each:.2f} of it"
    )
    print(f"  memory: {few.peak_mb:.0f} MB for {given.few} images, {whole.peak_mb:.0f} MB for {count}")


def some(folder: Path, files: Sequence[Path]) -> Path:
    """A folder of some of the files."""
    chosen = folder / "some"
    shutil.rmtree(chosen, ignore_errors=True)
    chosen.mkdir()
    for path in files:
        os.link(path, chosen / path.name)
    return chosen


def converted(source: Path, out: Path, target: str, workers: int) -> Run:
    """The command, started anew; ends when the processes that decoded for it have ended, too."""
    command = [
        sys.executable,
        "-c",
        WITH_ALL_PROCESSES,
        sys.executable,
        "-m",
        "fpverify",
        "convert",
        str(source),
        str(out),
        "--to",
        target,
    ]
    begun = time.perf_counter()
    process = subprocess.Popen([*command, "--workers", str(workers)], stdout=subprocess.DEVNULL)
    _, code, usage = os.wait4(process.pid, 0)
    clock_s = time.perf_counter() - begun
    if code:
        raise SystemExit(f"convert ended with {code}")
    return Run(clock_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / KB_PER_MB)


def codec(files: Sequence[Path], target: str, workers: int) -> tuple[float, float]:
    """Seconds by the clock and of CPU that the codec's calls alone take, on what is read already."""
    batches = [files[k : k + BATCH] for k in range(0, len(files), BATCH)]
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        list(pool.map(_codec_times, batches[:workers], [target] * workers))  # everything is imported
        times = list(pool.map(_codec_times, batches, [target] * len(batches)))
    return sum(clock for clock, _ in times) / workers, sum(cpu for _, cpu in times)


def _codec_times(files: Sequence[Path], target: str) -> tuple[float, float]:
    import _wsq
    import wsq  # noqa: F401 - teaches Pillow to read WSQ

    if target == "wsq":
        pixels = [np.asarray(Image.open(path)).tobytes() for path in files]
        begun, cpu = time.perf_counter(), time.process_time()
        for one in pixels:
            _wsq.compress(one, *SHAPE, RATIO)
    else:
        contents = [path.read_bytes() for path in files]
        begun, cpu = time.perf_counter(), time.process_time()
        for one in contents:
            cv2.imencode(".png", np.asarray(Image.open(BytesIO(one))))
    return time.perf_counter() - begun, time.process_time() - cpu


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", 1)[0])
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--few", type=int, default=250, help="images of the smaller folder, for the memory")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=SEED)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
