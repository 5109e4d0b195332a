"""Memory of what goes through a whole store, and what deleting from it costs, as the store grows.

    python tools/streaming.py [--sizes 10000 100000] [--postgres URL] [--work DIR] [--json FILE]

One store is filled up to each size in turn, in SQLite and, with `--postgres`, in an empty PostgreSQL database or
schema; a subject has one impression, its template random minutiae and descriptors that take as much room as those of a
print. Every command is a process of its own, of which the peak of the resident memory is taken; what a server uses is
not in it. From the last two sizes follows what a million would take, by the slope. Printed as Markdown; ends with 1 if
that is more than 500 MB of any command.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
from benchmark import machine, measured_run
from flips import template
from tqdm import tqdm

from fpverify.store import Store

SIZES = (10_000, 100_000)
MILLION = 1_000_000
MOST_MB = 500.0  # of any command, at a million
AT_ONCE = 1000  # impressions of one transaction while filling: a second
TEMPLATES = 64  # different ones; sealed, no two are alike
FINGER = "right-index"
DELETIONS = 20  # of which the medians are taken
PASSPHRASE = "a passphrase of a trial"  # noqa: S105 - protects nothing
MIB_MB = 2**20 / 1e6


@dataclass(frozen=True, slots=True)
class Process:
    """Of one command from its start to its end."""

    wall_s: float
    cpu_s: float
    peak_mb: float


@dataclass(slots=True)
class Level:
    """What was measured at one size.

    Attributes:
        enrolled: impressions in the store.
        commands: by what they do.
        delete_cpu_ms, delete_wall_ms: of one deletion in a process that holds the store open, medians; CPU of this
            process, not of a server.
    """

    enrolled: int
    commands: dict[str, Process] = field(default_factory=dict)
    delete_cpu_ms: float = 0.0
    delete_wall_ms: float = 0.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and prints."""
    given = _parsed(arguments)
    print(", ".join(f"{name} {value}" for name, value in machine().items()), flush=True)
    measured: dict[str, list[Level]] = {}
    with tempfile.TemporaryDirectory(dir=given.work) as folder:
        os.environ["XDG_CONFIG_HOME"] = folder
        places = {"SQLite": f"{folder}/db"} | ({"PostgreSQL": given.postgres} if given.postgres else {})
        for name, place in places.items():
            measured[name] = list(levels(Path(folder), place, sorted(given.sizes)))
            print(f"\n## {name}\n\n{table(measured[name])}", flush=True)
    if given.json:
        given.json.write_text(json.dumps({name: [asdict(one) for one in them] for name, them in measured.items()}))
    return int(any(at_a_million(found, name) > MOST_MB for found in measured.values() for name in found[-1].commands))


def levels(folder: Path, place: str, sizes: Sequence[int]) -> Iterator[Level]:
    """What is measured at each size."""
    enrolled = 0
    for size in sizes:
        with Store.open(place) as store:
            fill(store, enrolled, size)
            level = Level(size, commands(folder, place))
            level.delete_cpu_ms, level.delete_wall_ms = deletions(store)
        level.commands["delete --wipe"] = process(["delete", "--wipe", "--db", place])
        enrolled = size
        yield level


def fill(store: Store, start: int, size: int) -> None:
    """Enrolls until there are so many."""
    rng = np.random.default_rng(start)
    drawn = [template(rng) for _ in range(TEMPLATES)]
    bar = tqdm(range(start, size), desc=f"filling up to {size:,}", disable=None)
    named = ((f"subject-{number:07}", FINGER, drawn[number % TEMPLATES]) for number in bar)
    while block := list(islice(named, AT_ONCE)):
        store.add_many(block)


def commands(folder: Path, place: str) -> dict[str, Process]:
    """What goes through the whole store, each in a process of its own."""
    archive, phrase, key, other = folder / "all.fpva", folder / "passphrase", folder / "other.key", folder / "other"
    phrase.write_text(PASSPHRASE)
    protected = ["--passphrase-file", str(phrase)]
    found = {
        "list": process(["list", "--db", place]),
        "list --json": process(["list", "--json", "--db", place]),
        "audit show": process(["audit", "show", "--db", place]),
        "audit verify": process(["audit", "verify", "--db", place]),
        "audit verify --quick": process(["audit", "verify", "--quick", "--db", place]),
        "export": process(["export", str(archive), "--db", place, *protected]),
        "import": process(["import", str(archive), "--db", f"{other}.sqlite", "--key", f"file:{key}", *protected]),
        "keys show": process(["keys", "show", "--db", place]),
        "keys rotate": process(["keys", "rotate", "--db", place]),
    }
    for made in (archive, Path(f"{other}.sqlite"), key):
        made.unlink(missing_ok=True)
    return found


def process(words: Sequence[str]) -> Process:
    """One command."""
    run = measured_run(words)
    return Process(run["wall_s"], run["cpu_s"], run["peak_mib"] * MIB_MB)


def deletions(store: Store) -> tuple[float, float]:
    """CPU and wall time of one deletion, ms."""
    drawn = template(np.random.default_rng(0))
    store.add_many((f"short-lived-{number}", FINGER, drawn) for number in range(DELETIONS))
    taken = [timed(partial(store.delete, f"short-lived-{number}")) for number in range(DELETIONS)]
    cpu_s, wall_s = (statistics.median(one) for one in zip(*taken, strict=True))
    return 1000 * cpu_s, 1000 * wall_s


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """CPU and wall time, s."""
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return time.process_time() - cpu, time.perf_counter() - wall


def at_a_million(found: Sequence[Level], name: str) -> float:
    """Peak memory of a command at a million impressions, by the slope between the last two sizes; MB."""
    *_, before, last = [found[0], *found]
    rise = last.commands[name].peak_mb - before.commands[name].peak_mb
    each = rise / max(last.enrolled - before.enrolled, 1)
    return last.commands[name].peak_mb + max(each, 0.0) * (MILLION - last.enrolled)


def table(found: Sequence[Level]) -> str:
    """A row for each command: wall time, CPU and peak memory at each size, and memory at a million."""
    head = ["", *(f"{level.enrolled:,}" for level in found), "at a million"]
    lines = [_line(head), _line(["---"] * len(head))]
    for name in found[-1].commands:
        runs = [level.commands[name] for level in found]
        cells = [f"{run.wall_s:.1f} s ({run.cpu_s:.1f}), {run.peak_mb:.0f} MB" for run in runs]
        lines.append(_line([f"`{name}`", *cells, f"{at_a_million(found, name):.0f} MB"]))
    deleted = [f"{level.delete_wall_ms:.1f} ms ({level.delete_cpu_ms:.1f})" for level in found]
    return "\n".join([*lines, _line(["one deletion", *deleted, ""])])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--postgres", metavar="URL", help="An empty database or schema.")
    parser.add_argument("--work", type=Path, metavar="DIR", help="Where the stores lie; 2 GB for a hundred thousand.")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
