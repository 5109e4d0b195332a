"""What a store costs as it grows: verify, enroll, identify, delete at 1,000, 10,000 and 100,000 enrolled.

    python tools/growth.py [--sizes 1000 10000 100000] [--postgres URL] [--index KIND|URL] [--cache DIR] [--json FILE]
    python tools/growth.py --million [--references 1000000] [--index KIND] [--cache DIR]

One store is filled with modelled templates (`modelled.py`) up to each size in turn, in SQLite and, with `--postgres`,
in an empty PostgreSQL database or schema. At each size a verifier that is held open, as a service holds one, is timed
with synthetic scans: CPU and wall time, medians. Everything it does is in them, extraction too, which is also given
alone. The linear look is today's first look at every reference. A fresh process is `fpverify identify`. Printed as
Markdown, with the ratios to the first size, and whether the bars below are kept; ends with 1 if one is not.

With `--million` the index alone: what building, a probe, adding and removing cost, and the memory it takes. `--cache`
models the templates on those that `tools/gallery.py` made, otherwise on some made now.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy comes: CPU time of one core, as the commands run

from benchmark import machine, measured_run
from index_cost import cost_table, index_cost, scale
from modelled import TemplateModel, model_of
from tqdm import tqdm

from fpverify.matching import Matcher
from fpverify.scans import read_scan
from fpverify.search.index.choice import chosen_index
from fpverify.search.index.exact import ExactIndex
from fpverify.store import Store
from fpverify.synthesis.dataset import write_ridges
from fpverify.verifier import Verifier
from fpverify.vocabulary import Scan, Template

SIZES = (1000, 10_000, 100_000)
PROBES_SEED = 62261124  # of the fingers that are enrolled, verified and identified; nothing else draws from it
MODEL_SEED = 1  # of the modelled templates
PEOPLE = 12  # synthetic fingers among the modelled ones, and as many that are enrolled and deleted again
FRESH_RUNS = 3  # of each command
FINGER: Final = "right-index"
AT_ONCE = 500  # templates of one transaction while filling
LOOKS = 3  # at all references, a second or two each
SHORT_LIST = 20  # references that the linear look proposes
MB = 1e6


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one call, medians over several.

    Attributes:
        cpu_ms, wall_ms: milliseconds; CPU of all threads of this process, not of a server's.
    """

    cpu_ms: float
    wall_ms: float


@dataclass(frozen=True, slots=True)
class Fresh:
    """Of a process from its start to its end."""

    wall_s: float
    cpu_s: float
    peak_mb: float


@dataclass(slots=True)
class Level:
    """What was measured at one size.

    Attributes:
        enrolled: references in the store.
        filling_ms: wall time for each reference while filling up to here.
        costs: by what was done.
        fresh: by what a process does from its start to its end.
        size_mb: of the store's files and what lies beside them; None where a server keeps them.
    """

    enrolled: int
    filling_ms: float
    costs: dict[str, Cost] = field(default_factory=dict)
    fresh: dict[str, Fresh] = field(default_factory=dict)
    size_mb: float | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """What may not be exceeded at the largest size.

    Attributes:
        what: in words.
        limit: on a core that extracts in `index_cost.USUAL_EXTRACTION_MS`.
        value: from the first and the last level.
        scaled: the limit is a time, and rises with the extraction time of the same run.
    """

    what: str
    limit: float
    value: Callable[[Level, Level], float]
    scaled: bool = False

    def most(self, last: Level) -> float:
        """The limit on this machine."""
        return self.limit * (scale(last.costs["extraction"].cpu_ms) if self.scaled else 1.0)

    def is_kept(self, first: Level, last: Level) -> bool:
        """Whether the limit is not exceeded."""
        return self.value(first, last) <= self.most(last)


def _ratio(name: str) -> Callable[[Level, Level], float]:
    return lambda first, last: last.costs[name].cpu_ms / first.costs[name].cpu_ms


def _cpu(name: str) -> Callable[[Level, Level], float]:
    return lambda _, last: last.costs[name].cpu_ms


BARS = (
    Bar("verify, times its cost at the first size", 1.2, _ratio("verify")),
    Bar("enroll, times its cost at the first size", 1.6, _ratio("enroll")),
    Bar("enroll, ms of CPU", 90, _cpu("enroll"), scaled=True),
    Bar("identify, ms of CPU", 50, _cpu("identify"), scaled=True),
    Bar("identify, share of the linear look", 1 / 20, lambda _, last: _share(last)),
    Bar("fresh identify, s", 1.5, lambda _, last: last.fresh["identify"].wall_s, scaled=True),
    Bar("fresh identify, s of CPU", 1.5, lambda _, last: last.fresh["identify"].cpu_s, scaled=True),
    Bar("fresh identify, MB", 700, lambda _, last: last.fresh["identify"].peak_mb),
)


def _share(level: Level) -> float:
    """Of the search alone: extraction is no part of the linear look either."""
    search = level.costs["identify"].cpu_ms - level.costs["extraction"].cpu_ms
    return search / level.costs["linear look"].cpu_ms


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and prints."""
    given = _parsed(arguments)
    if given.index:
        os.environ["FPVERIFY_INDEX"] = given.index  # for this process, and those it starts
    matcher = Matcher.load(given.model)
    model = model_of(given.cache, matcher)
    print(", ".join(f"{name} {value}" for name, value in machine().items()), flush=True)
    if given.million:
        cost = index_cost(chosen_index(given.index or "ivf", matcher.bundle), model, matcher, given.references)
        print(cost_table(cost))
        return int(cost.exceeded)
    measured: dict[str, list[Level]] = {}
    with tempfile.TemporaryDirectory(dir=given.work) as folder:
        places = {"SQLite": str(Path(folder) / "db")} | ({"PostgreSQL": given.postgres} if given.postgres else {})
        scans = written_scans(Path(folder))
        for name, place in places.items():
            bench = Bench(place, f"file:{folder}/{name}.key", matcher, model, scans, given)
            measured[name] = list(bench.levels())
            print(f"\n## {name}\n\n{table(measured[name])}\n\n{bars_table(measured[name])}", flush=True)
    if given.json:
        plain = {name: [asdict(level) for level in levels] for name, levels in measured.items()}
        given.json.write_text(json.dumps(plain, indent=1))
    return int(any(exceeded(levels) for levels in measured.values()))


@dataclass(frozen=True, slots=True)
class Finger:
    """Two scans of one finger."""

    first: Path
    second: Path

    @property
    def scans(self) -> tuple[Scan, Scan]:
        """Both, read."""
        return read_scan(self.first), read_scan(self.second)


def written_scans(folder: Path) -> list[Finger]:
    """Ordinary scans of `PEOPLE` fingers to be known, and of as many that are new."""
    out = folder / "scans"
    write_ridges(out, fingers=2 * PEOPLE, impressions=2, seed=PROBES_SEED)
    return [Finger(out / f"{number}_1.bmp", out / f"{number}_2.bmp") for number in range(1, 2 * PEOPLE + 1)]


@dataclass(frozen=True, slots=True)
class Bench:
    """One store that grows.

    Attributes:
        place: where it is made.
        key: where its key is kept.
        matcher: of the model.
        model: what its references are drawn from.
        fingers: `PEOPLE` that are enrolled in it, and as many that are not.
        given: the options.
    """

    place: str
    key: str
    matcher: Matcher
    model: TemplateModel
    fingers: Sequence[Finger]
    given: argparse.Namespace

    def levels(self) -> Iterator[Level]:
        """What is measured at each size."""
        enrolled = PEOPLE
        with Verifier.open(self.place, model=self.given.model, key=self.key) as verifier:
            for number, finger in enumerate(self.fingers[:PEOPLE]):
                verifier.enroll(finger.scans[0], f"person-{number}", FINGER, unchecked=True)
            for size in sorted(self.given.sizes):
                level = Level(size, self.filled(verifier.store, enrolled, size))
                level.costs = self.costs(verifier, size)
                level.fresh = self.fresh(verifier)
                level.size_mb = None if "://" in self.place else size_mb(Path(self.place))
                enrolled = size
                yield level

    def filled(self, store: Store, start: int, size: int) -> float:
        """Enrolls modelled templates until there are so many; milliseconds of wall time for each, drawing included."""
        began = time.perf_counter()
        templates = self.model.templates(size - start, MODEL_SEED, start)
        bar = tqdm(templates, total=size - start, desc=f"filling up to {size:,}", disable=None)
        with bar:
            numbered = ((f"subject-{start + number}", FINGER, one) for number, one in enumerate(bar))
            while block := list(islice(numbered, AT_ONCE)):
                store.add_many(block)
        return 1000 * (time.perf_counter() - began) / max(size - start, 1)

    def costs(self, verifier: Verifier, size: int) -> dict[str, Cost]:
        """What a verifier that is held open costs."""
        scans = [finger.scans for finger in self.fingers]
        runs, known, new = range(self.given.runs), scans[:PEOPLE], scans[PEOPLE:]
        verifier.identify(known[0][1])  # takes up what was filled in
        found = {
            "extraction": timed(partial(self.matcher.template, known[k % PEOPLE][1]) for k in runs),
            "verify": timed(partial(verifier.verify, known[k % PEOPLE][1], f"person-{k % PEOPLE}") for k in runs),
            "identify": timed(partial(verifier.identify, known[k % PEOPLE][1]) for k in runs),
            "enroll": timed(partial(verifier.enroll, new[k][0], f"new-{k}", FINGER) for k in range(PEOPLE)),
            "delete": timed(partial(verifier.delete, f"new-{k}") for k in range(PEOPLE)),
        }
        with Store.open(self.place, key=self.key) as other:
            template = self.matcher.template(new[0][0])
            found["identify after another's change"] = timed(self.changed(verifier, other, template, known[0][1]))
        look = LinearLook(self.model, size)
        found["linear look"] = timed(partial(look, self.matcher.template(known[k][1])) for k in range(LOOKS))
        return found

    def changed(self, verifier: Verifier, other: Store, template: Template, probe: Scan) -> Iterator[Callable[[], Any]]:
        """Identifications, before each of which another process enrolled somebody."""
        for number in range(PEOPLE):
            other.add(f"other-{number}", FINGER, template)
            yield partial(verifier.identify, probe)
            other.delete(f"other-{number}")

    def fresh(self, verifier: Verifier) -> dict[str, Fresh]:
        """What processes cost that are started for one scan, medians; the very first is given alone."""
        common = ["--db", self.place, "--key", self.key, *(["--model", self.given.model] if self.given.model else [])]
        known, new = self.fingers[0], self.fingers[PEOPLE]
        identify = ["identify", str(known.second), *common]
        found = {
            "identify, the first": process([identify]),
            "identify": process([identify] * FRESH_RUNS),
            "verify": process([["verify", str(known.second), "--id", "person-0", *common]] * FRESH_RUNS),
            "enroll": process([["enroll", str(new.first), "--id", "fresh", "--finger", FINGER, *common]]),
        }
        verifier.delete("fresh")
        return found


class LinearLook:
    """A first look at every reference of a store, as it was drawn; no copy of it is read."""

    def __init__(self, model: TemplateModel, size: int) -> None:
        self._index = ExactIndex()
        drawn = model.templates(size - PEOPLE, MODEL_SEED, PEOPLE)
        for start in range(0, size - PEOPLE, AT_ONCE):
            block = list(islice(drawn, AT_ONCE))
            self._index.add(range(start, start + len(block)), block)

    def __call__(self, probe: Template) -> list[int]:
        """The likeliest."""
        return self._index.likeliest(probe, SHORT_LIST)


def timed(calls: Iterable[Callable[[], Any]]) -> Cost:
    """Medians over some calls."""
    taken = []
    for call in calls:
        wall, cpu = time.perf_counter(), time.process_time()
        call()
        taken.append((time.process_time() - cpu, time.perf_counter() - wall))
    cpu_s, wall_s = (statistics.median(part) for part in zip(*taken, strict=True))
    return Cost(1000 * cpu_s, 1000 * wall_s)


def process(commands: Sequence[Sequence[str]]) -> Fresh:
    """Medians over some processes, the highest peak."""
    runs = [measured_run(command) for command in commands]
    wall, cpu = (statistics.median(run[name] for run in runs) for name in ("wall_s", "cpu_s"))
    return Fresh(wall, cpu, max(run["peak_mib"] for run in runs) * 2**20 / MB)


def size_mb(folder: Path) -> float:
    """Of all files below a folder."""
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file()) / MB


def table(levels: Sequence[Level]) -> str:
    """A row for each thing done, a column for each size: CPU, wall time, and CPU in extractions of the same run."""
    head = ["", *(f"{level.enrolled:,}" for level in levels), "last / first"]
    lines = [_line(head), _line(["---"] * len(head))]
    for name in levels[0].costs:
        cells = [_cost(level.costs[name], level.costs["extraction"]) for level in levels]
        lines.append(_line([name, *cells, f"{_ratio(name)(levels[0], levels[-1]):.2f}"]))
    for name in levels[0].fresh:
        runs = [level.fresh[name] for level in levels]
        cells = [f"{one.wall_s:.2f} s ({one.cpu_s:.2f}), {one.peak_mb:.0f} MB" for one in runs]
        lines.append(_line([f"process: {name}", *cells, f"{runs[-1].wall_s / runs[0].wall_s:.2f}"]))
    lines.append(_line(["filling, a reference", *(f"{level.filling_ms:.2f} ms" for level in levels), ""]))
    lines.append(_line(["on disk", *("" if one.size_mb is None else f"{one.size_mb:.0f} MB" for one in levels), ""]))
    return "\n".join(lines)


def _cost(cost: Cost, extraction: Cost) -> str:
    return f"{cost.cpu_ms:.1f} ms ({cost.wall_ms:.1f}), {cost.cpu_ms / extraction.cpu_ms:.2f}"


def bars_table(levels: Sequence[Level]) -> str:
    """What may not be exceeded at the largest size, and what it is."""
    lines = [_line(["bar", "at most", "measured", ""]), _line(["---"] * 4)]
    for bar in BARS:
        kept = "kept" if bar.is_kept(levels[0], levels[-1]) else "exceeded"
        value = bar.value(levels[0], levels[-1])
        lines.append(_line([bar.what, f"{bar.most(levels[-1]):.3g}", f"{value:.3g}", kept]))
    return "\n".join(lines)


def exceeded(levels: Sequence[Level]) -> bool:
    """Whether any bar is."""
    return not all(bar.is_kept(levels[0], levels[-1]) for bar in BARS)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="enrolled references")
    parser.add_argument("--postgres", metavar="URL", help="an empty database or schema to measure in, too")
    parser.add_argument("--index", help="as FPVERIFY_INDEX has it; auto if not given, ivf with --million")
    parser.add_argument("--runs", type=int, default=24, help="of verify and of identify")
    parser.add_argument("--cache", type=Path, help="that tools/gallery.py filled; templates are modelled on its")
    parser.add_argument("--work", type=Path, help="folder for the store; the system's temporary one if not given")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep all figures here, too")
    parser.add_argument("--million", action="store_true", help="the index alone")
    parser.add_argument("--references", type=int, default=1_000_000, help="of the index alone")
    parser.add_argument("--model", help="shipped name or folder; the release if not given")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
