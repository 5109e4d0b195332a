"""Time and memory of a million comparisons, over all processes.

    python tools/million.py [--comparisons 1000000] [--workers N] [--model NAME|DIR] [--json]
    python tools/million.py --prints

Templates are random minutiae and descriptors; the impressions of a finger are perturbed copies. They cost what
templates of prints of 40 to 60 minutiae cost, and are compared as `fpverify evaluate` compares, by the dense protocol.
Memory is the resident set of this process and its workers together, sampled ten times a second from /proc; CPU time
is that of all of them, their start included.

With `--prints` the templates are those of synthetic prints, three impressions each of fingers that neither training nor
calibration saw, a set for each simulated sensor, compared within a set. What is printed is then which false match rates
the thresholds of the model's own rates realise, as Markdown, with intervals of 95 % over fingers.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from fpverify.evaluation.rates.pooling import pooled
from fpverify.evaluation.rates.reliability import reliability
from fpverify.evaluation.runner import Runner, evaluate
from fpverify.evaluation.sets.protocol import Plan, finger_comparisons
from fpverify.matching import Matcher
from fpverify.settings import Settings
from fpverify.store import decode_template, encode_template
from fpverify.synthesis.dataset import write_ridges
from fpverify.synthesis.sensor import SENSORS
from fpverify.vocabulary import Minutiae, Template

IMPRESSIONS = 5  # of each finger: mated comparisons are few, as in any large set
LEAST_MINUTIAE, MOST_MINUTIAE = 40, 60
SIDE_PX = 250.0  # of the area that minutiae lie in: an inch at 250 ppi
DESCRIPTOR = 64  # numbers, as the release model's
SHIFT_PX, TURN_RAD, NOISE = 1.5, 0.08, 25.0  # between impressions: a third of a ridge period, 5 degrees, of 127
SAMPLE_S = 0.1

PRINTS_SEED = 41261124  # of the first sensor's fingers, the next for the next
PRINTS_OF_FINGER = 3


class MemoryWatch:
    """Peak of the resident memory of this process and its children, in MB; None where /proc does not say."""

    def __init__(self) -> None:
        self.peak_mb: float | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(SAMPLE_S):
            pids = [os.getpid(), *(child.pid or 0 for child in multiprocessing.active_children())]
            used = [resident_mb(pid) for pid in pids]
            if used[0] is not None:
                self.peak_mb = max(self.peak_mb or 0.0, sum(one or 0.0 for one in used))


def main(arguments: Sequence[str] | None = None) -> int:
    """Makes the templates, compares them, and prints what it took."""
    given = _parsed(arguments)
    if given.prints:
        print(realised(given.comparisons, given.model, given.workers))
        return 0
    matcher = Matcher.load(given.model)
    plan, templates = synthetic_set(given.comparisons, matcher.model_id)
    runner = Runner(model=given.model, workers=given.workers, progress=True)
    start, before = time.perf_counter(), os.times()
    with MemoryWatch() as watch:
        done = runner.compare_templates(plan, templates, "")
    wall_s, after = time.perf_counter() - start, os.times()
    cpu_s = sum(after[:4]) - sum(before[:4])
    result: dict[str, Any] = {
        "templates": len(templates),
        "comparisons": len(done.scores),
        "workers": runner.processes,
        "wall_s": wall_s,
        "cpu_s": cpu_s,
        "cpu_ms_per_comparison": 1000 * cpu_s / len(done.scores),
        "peak_mb": watch.peak_mb,
        "mated_median": float(np.median(done.mated_scores)),
        "non_mated_median": float(np.median(done.non_mated_scores)),
    }
    print(json.dumps(result, indent=2) if given.json else "\n".join(f"{name:<22} {result[name]}" for name in result))
    return 0


def realised(comparisons: int, model: str | None, workers: int) -> str:
    """A table: the rates that scores state, and those that unseen synthetic fingers realise."""
    fingers = math.ceil(scans_for(comparisons / len(SENSORS)) / PRINTS_OF_FINGER) + 1  # mated pairs are few
    done = []
    with tempfile.TemporaryDirectory() as place:
        for number, sensor in enumerate(SENSORS):
            out, seed = Path(place) / sensor, PRINTS_SEED + number
            write_ridges(out, fingers=fingers, impressions=PRINTS_OF_FINGER, seed=seed, workers=workers, sensor=sensor)
            done.append(evaluate(out, model=model, workers=workers, progress=True))
    together = pooled(done)
    lines = [
        f"{len(SENSORS) * fingers} fingers, {int((~together.mated).sum()):,} non-mated comparisons",
        "",
        "| FMR stated | realised | 95 % | realised / stated | FNMR |",
        "| --- | --- | --- | --- | --- |",
    ]
    for point in reliability(together):
        interval = f"{point.interval.low:.2g} to {point.interval.high:.2g}"
        cells = (f"{point.nominal:g}", f"{point.realised:.2g}", interval, f"{point.ratio:.2f}", f"{point.fnmr:.2g}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def scans_for(comparisons: float) -> int:
    """The least number of scans with so many pairs."""
    return math.ceil((1 + math.sqrt(1 + 8 * comparisons)) / 2)


def synthetic_set(comparisons: int, model_id: str, seed: int = 1) -> tuple[Plan, list[Template]]:
    """Templates of enough fingers for so many comparisons, and the plan of the dense protocol."""
    scans = scans_for(comparisons)
    rng = np.random.default_rng(seed)
    fingers = [str(number // IMPRESSIONS) for number in range(scans)]
    masters = {name: random_template(model_id, rng) for name in dict.fromkeys(fingers)}
    templates = [impression(masters[name], rng) for name in fingers]
    names = tuple(f"{name}_{number % IMPRESSIONS + 1}" for number, name in enumerate(fingers))
    return Plan("synthetic", "dense", names, tuple(fingers), finger_comparisons(fingers)), templates


def random_template(model_id: str, rng: np.random.Generator) -> Template:
    """A finger nobody has."""
    count = int(rng.integers(LEAST_MINUTIAE, MOST_MINUTIAE + 1))
    x, y = rng.uniform(20, SIDE_PX, (2, count))
    angle, quality = rng.uniform(-math.pi, math.pi, count), np.sort(rng.uniform(0.3, 1, count))[::-1]
    minutiae = Minutiae(*(np.asarray(part, np.float32) for part in (x, y, angle, quality)))
    return Template(model_id, 0.8, minutiae, rng.integers(-127, 128, (count, DESCRIPTOR), np.int8))


def impression(finger: Template, rng: np.random.Generator) -> Template:
    """The finger once more, a little different."""
    known, count = finger.minutiae, len(finger.minutiae)
    minutiae = Minutiae(
        np.clip(known.x_px + rng.normal(0, SHIFT_PX, count), 0, None).astype(np.float32),
        np.clip(known.y_px + rng.normal(0, SHIFT_PX, count), 0, None).astype(np.float32),
        (known.angle_rad + rng.normal(0, TURN_RAD, count)).astype(np.float32),
        known.quality,
    )
    noisy = np.clip(finger.descriptors + rng.normal(0, NOISE, finger.descriptors.shape), -127, 127)
    made = Template(finger.model_id, finger.quality, minutiae, np.rint(noisy).astype(np.int8))
    return decode_template(encode_template(made))  # on the grid, as extraction gives them


def resident_mb(pid: int) -> float | None:
    """Memory of a process that lies in RAM."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--comparisons", type=int, default=1_000_000, help="how many, at least")
    parser.add_argument("--prints", action="store_true", help="of synthetic prints: which error rates are realised")
    parser.add_argument("--workers", type=int, default=Settings().processes, help="processes")
    parser.add_argument("--model", help="shipped name or folder; the release if not given")
    parser.add_argument("--json", action="store_true", help="for programs")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
