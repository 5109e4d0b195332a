"""How fast a list of fingers is enrolled, beside what reading and extraction alone allow on the same cores.

    python tools/lists.py [--prints 600] [--enrolled 0 10000] [--workers N] [--cache DIR]
    python tools/lists.py --kills 10 [--prints 300] [--workers N]

One list of synthetic fingers, two impressions each, is read and extracted by an executor and nothing else; enrolled
unchecked, enrolled with the look for duplicates, and enrolled again, into sealed stores in SQLite that hold so many
modelled references before (`modelled.py`; `--cache` models them on those of `tools/gallery.py`). Printed as Markdown:
rows a second by the clock, processes being warm, the ratio to reading and extraction alone, and the CPU that a row
takes of the process that decides and of those that work for it (Linux): these hold on a busy machine, too.

With `--kills` the same list goes to `fpverify enroll --from`, into a store that is empty to its end, and into another,
killed so many times at random moments and gone on with. Told is what was lost of the rows that a report called
enrolled, what either store has twice or the other has not, and how long the command takes over the finished list.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from itertools import islice
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy comes: one core a process

import numpy as np
from benchmark import machine
from modelled import TemplateModel, model_of

from fpverify.enrollment import EnrollmentRow
from fpverify.enrollment.acquisition import acquire
from fpverify.enrollment.mass import FILE_HASH
from fpverify.executors import Workforce, local_workforce
from fpverify.matching import Matcher
from fpverify.settings import Settings
from fpverify.store import Store
from fpverify.synthesis.dataset import write_ridges
from fpverify.verifier import Verifier

SEED = 63261124  # of the fingers of the list; nothing else draws from it
KILLS_SEED = 3  # of the moments
MODEL_SEED = 2  # of the modelled templates
AT_ONCE = 500  # templates of one transaction while filling
WARM_UP = 4  # rows for each process, which load the model there
IMPRESSIONS = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table, line by line."""
    given = _parsed(arguments)
    if given.kills:
        with tempfile.TemporaryDirectory() as folder:
            return killed(Path(folder), written_rows(Path(folder), given.prints), given.kills, given.workers)
    matcher = Matcher.load()
    print(", ".join(f"{name} {value}" for name, value in machine().items()), f"{given.workers} processes", sep=", ")
    with tempfile.TemporaryDirectory() as folder, local_workforce(given.workers) as workforce:
        rows = written_rows(Path(folder), given.prints)
        read = partial(acquire, model=matcher.bundle.folder, ppi=None, keeps_scan=False)
        list(workforce.executor.map(read, rows[: WARM_UP * given.workers]))
        began, before = time.perf_counter(), spent_s()
        alone = len(list(workforce.executor.map(read, rows))) / (time.perf_counter() - began)
        print("| enrolled before | what | rows a second | of extraction alone | ms of CPU a row: decides, works |")
        print("|---|---|---|---|---|")
        print(f"| | reading and extraction alone | {alone:.1f} | 1 | {took_ms(before, len(rows))} |", flush=True)
        model = model_of(given.cache, matcher) if any(given.enrolled) else None
        bench = Bench(rows, workforce)
        for size in given.enrolled:
            for what, rate, took in bench.rates(Path(folder) / f"{size}", size, model):
                print(f"| {size:,} | {what} | {rate:.1f} | {rate / alone:.2f} | {took} |", flush=True)
    return 0


def written_rows(folder: Path, prints: int) -> list[EnrollmentRow]:
    """The list; its files are written."""
    out = folder / "scans"
    write_ridges(out, fingers=-(-prints // IMPRESSIONS), impressions=IMPRESSIONS, seed=SEED)
    files = sorted(out.glob("*.bmp"))[:prints]
    return [EnrollmentRow(f"P{file.stem.split('_')[0]}", "right-index", file, file.name) for file in files]


@dataclass(frozen=True, slots=True)
class Bench:
    """What enrolls the list.

    Attributes:
        rows: the list.
        workforce: of processes that are warm.
    """

    rows: list[EnrollmentRow]
    workforce: Workforce

    def rates(self, place: Path, size: int, model: TemplateModel | None) -> Iterator[tuple[str, float, str]]:
        """What was done, rows a second, and CPU; into a store for each way, with so many references before."""
        for what, unchecked in (("unchecked", True), ("checked", False)):
            with Verifier.open(place.with_name(f"{size}-{what}.sqlite"), key=f"file:{place}-{what}.key") as verifier:
                if model is not None and size:
                    filled(verifier.store, model, size)
                if not unchecked:
                    verifier.registers.current(verifier.store, verifier.matcher)  # takes up what was filled in
                for told in (what, f"{what}, again"):
                    before = spent_s()
                    counts, rate = self.enrolled(verifier, unchecked=unchecked)
                    outcomes = ", ".join(f"{count} {one}" for one, count in counts.items())
                    yield f"{told}: {outcomes}", rate, took_ms(before, len(self.rows))

    def enrolled(self, verifier: Verifier, *, unchecked: bool) -> tuple[Counter[str], float]:
        """How often each outcome, and rows a second."""
        began = time.perf_counter()
        outcomes = verifier.enroll_many(self.rows, unchecked=unchecked, workforce=self.workforce)
        counts: Counter[str] = Counter(one.outcome for one in outcomes)
        return counts, len(self.rows) / (time.perf_counter() - began)


def spent_s() -> tuple[float, float]:
    """Seconds of CPU so far: of this process, and of those that it has started; 0 where the system does not tell."""
    files = [Path(f"/proc/{one.pid}/stat") for one in multiprocessing.active_children()]
    ticks = [one.read_text().rpartition(")")[2].split()[11:13] for one in files if one.exists()]
    return time.process_time(), sum(int(one) for pair in ticks for one in pair) / os.sysconf("SC_CLK_TCK")


def took_ms(before: tuple[float, float], rows: int) -> str:
    """Milliseconds of CPU a row since a moment, in words: of this process, and of those that it has started."""
    return ", ".join(f"{1000 * (now - then) / rows:.1f}" for now, then in zip(spent_s(), before, strict=True))


def killed(folder: Path, rows: Sequence[EnrollmentRow], kills: int, workers: int) -> int:
    """Prints what became of a list that was killed so many times; 0 if nothing was lost or is there twice."""
    with (folder / "people.csv").open("w", newline="") as file:
        lines = [(one.subject, one.finger, f"{one.path.relative_to(folder)}") for one in rows]
        csv.writer(file).writerows([("id", "finger", "file"), *lines])
    whole, other = Listing(folder, "whole", workers), Listing(folder, "killed", workers)
    for one in (whole, other):
        one.opened().close()  # made here: what is killed is the list
    took_s, again_s = whole.run(), whole.run()
    moments, lost = [], 0
    for moment_s in np.random.default_rng(KILLS_SEED).uniform(0, 2 * took_s / kills, kills):
        moments.append(other.run(float(moment_s)))
        lost += len(other.told - other.kept().keys())
    rest_s, finished_s = other.run(), other.run()
    kept, expected = other.kept(), whole.kept()
    doubles = sum(count - 1 for store in (kept, expected) for count in store.values())
    missing = len(kept.keys() ^ expected.keys())
    print(f"{len(rows)} rows, {expected.total()} enrolled, {workers} processes: {took_s:.1f} s, again {again_s:.1f} s")
    print(f"killed after {', '.join(f'{one:.1f}' for one in moments)} s, then to the end in {rest_s:.1f} s")
    print(f"told and lost: {lost}; twice in a store: {doubles}; in one store alone: {missing}")
    print(f"over the finished list: {finished_s:.1f} s, {finished_s / took_s:.3f} of the first time")
    return 1 if lost or doubles or missing else 0


@dataclass(slots=True)
class Listing:
    """The command for a list, and its store.

    Attributes:
        folder: of the list.
        name: of the store.
        workers: processes.
        told: hashes of the files whose rows reports have called enrolled.
    """

    folder: Path
    name: str
    workers: int
    told: set[str] = field(default_factory=set)

    def run(self, kill_s: float | None = None) -> float:
        """Runs the command, to its end or until it is killed, with what it has begun; how many seconds."""
        report = self.folder / f"{self.name}.csv"
        report.unlink(missing_ok=True)
        words = ["enroll", "--from", "people.csv", "--db", f"{self.name}.sqlite", "--key", f"file:{self.name}.key"]
        command = [sys.executable, "-m", "fpverify", *words, "--report", report.name, "--workers", f"{self.workers}"]
        began = time.perf_counter()
        with subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as running:
            try:
                running.communicate(timeout=kill_s)
            except subprocess.TimeoutExpired:
                running.kill()  # its processes hold the pipe until they have noticed
                running.communicate()
        seconds = time.perf_counter() - began
        if report.exists():
            whole = report.read_text(encoding="utf-8").rpartition("\n")[0]
            rows = [one for one in csv.DictReader(whole.splitlines()) if one["outcome"] == "enrolled"]
            self.told |= {sha256((self.folder / one["file"]).read_bytes()).hexdigest() for one in rows}
        return seconds

    def opened(self) -> Store:
        """The store."""
        return Store.open(self.folder / f"{self.name}.sqlite", key=f"file:{self.folder / self.name}.key")

    def kept(self) -> Counter[str]:
        """How often the store has each file, by its hash."""
        with self.opened() as store:
            store.check()
            return Counter(str(one.metadata[FILE_HASH]) for one in store.records())


def filled(store: Store, model: TemplateModel, size: int) -> None:
    """Enrolls modelled templates."""
    numbered = ((f"subject-{k}", "unknown", one) for k, one in enumerate(model.templates(size, MODEL_SEED)))
    while block := list(islice(numbered, AT_ONCE)):
        store.add_many(block)


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--prints", type=int, default=600, help="rows of the list")
    parser.add_argument("--enrolled", type=int, nargs="+", default=[0, 10_000], help="references that are there before")
    parser.add_argument("--workers", type=int, default=Settings().processes, help="processes")
    parser.add_argument("--cache", type=Path, help="of tools/gallery.py, to model references on")
    parser.add_argument("--kills", type=int, default=0, help="kill the command so many times instead")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
