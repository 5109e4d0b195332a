"""What fpverify costs: time and memory of `verify`, CPU of extraction, comparison and synthesis.

    python tools/benchmark.py [--prints DIR --ppi 500] [--model NAME|DIR] [--runs 10] [--subjects N] [--json]
                              [--append benchmarks/history.jsonl]

Without `--prints`, synthetic prints are made first. As a reference that runs on the same prints in the same minute,
NBIS (mindtct and bozorth3) is timed where it is installed (`pip install nbis-py`), otherwise plain OpenCV: ORB key
points and a brute-force matcher. Only times are compared here, not error rates. With `--subjects 10000` a store of so
many is filled first, and `verify` and `identify` are timed in it. `--append` adds a line to a history, and ends with 1
where something got dearer (`tools/benchmark_history.py`).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy comes: CPU time of one core, as the commands run

from benchmark_history import appended

import fpverify

if TYPE_CHECKING:
    from fpverify.features import MinutiaExtractor
    from fpverify.vocabulary import FloatArray, Scores, Template

Result = dict[str, Any]
Answer = TypeVar("Answer")

MOST_PAIRS = 500  # comparisons that are timed: a second or so
WATCHED = ("minutia_map", "seam_map", "drawn_map", "descriptor")  # networks whose time is told, where a model has them
GALLERY = 5000  # references of a one-to-many comparison: the prints, repeated
SEARCHES = 10  # that are timed: a second
REPEATS = 3  # of what is timed in this process
ORB_POINTS = 300  # key points of the plain reference: enough to find an overlap
FPVERIFY = [sys.executable, "-m", "fpverify"]

# A child's peak memory starts at its parent's, so a parent of a few MiB stands between.
MEASURED_RUN = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
wall = time.perf_counter() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
peak = used.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
print(json.dumps({"code": code, "wall_s": wall, "cpu_s": used.ru_utime + used.ru_stime, "peak_mib": peak}))
"""

LOADED_MODULES = """
import sys
from fpverify.cli import main
main(sys.argv[1:])
print(" ".join(sys.modules), file=sys.stderr)
"""

# What a verification spends its CPU time on: libraries are loaded first, then fpverify, then parts of it are timed.
STAGED_RUN = """
import json, sys, time
marks = [("Python", time.process_time())]
def mark(name):
    marks.append((name, time.process_time()))
import numpy; mark("NumPy")
import cv2; mark("OpenCV")
import click; mark("click")
import ai_edge_litert.interpreter; mark("LiteRT")
import sqlite3, cryptography.hazmat.primitives.ciphers.aead; mark("SQLite and cryptography")
import fpverify.cli.program, fpverify.cli.verify, fpverify.cli.streams, fpverify.scans.acquisition
import fpverify.matching, fpverify.verifier, fpverify.store.backends.sqlite; mark("fpverify, its modules")
from fpverify.features.extraction import MinutiaExtractor
from fpverify.matching import Matcher
from fpverify.store import Store
spent = {}
def timed(owner, name, stage):
    plain = getattr(owner, name)
    def run(*given, **named):
        start = time.process_time()
        try:
            return plain(*given, **named)
        finally:
            spent[stage] = spent.get(stage, 0.0) + time.process_time() - start
    setattr(owner, name, staticmethod(run) if isinstance(owner, type) and hasattr(plain, "__self__") else run)
import fpverify.scans as scans
timed(Matcher, "load", "the model: card, hashes, networks")
timed(Store, "open", "the store, its key")
timed(scans, "read_scan", "reading the scan")
timed(MinutiaExtractor, "extract", "extracting its template, the first of a process")
timed(Matcher, "scores", "comparing")
from fpverify.cli import main
start = time.process_time()
main(sys.argv[1:])
end = time.process_time()
before = [0.0, *(at for _, at in marks)]
stages = {name: at - last for (name, at), last in zip(marks, before)}
rest = end - start - sum(spent.values())
print(json.dumps({**stages, **spent, "the rest of the command": rest, "_end": end}), file=sys.stderr)
"""


class Stopwatch:
    """CPU time of named stages, summed.

    Attributes:
        cpu_s: by stage.
    """

    def __init__(self) -> None:
        self.cpu_s: dict[str, float] = {}

    def timed(self, stage: str, work: Callable[..., Answer], *given: Any, **named: Any) -> Answer:
        """The answer of `work`, its CPU time added to the stage."""
        start = time.process_time()
        answer = work(*given, **named)
        self.cpu_s[stage] = self.cpu_s.get(stage, 0.0) + time.process_time() - start
        return answer

    def watching(self, stage: str, network: Callable[[FloatArray], FloatArray]) -> Callable[[FloatArray], FloatArray]:
        """The network, each of its calls timed."""
        return lambda batch: self.timed(stage, network, batch)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark and prints it."""
    given = _parsed(arguments)
    with tempfile.TemporaryDirectory() as folder:
        result = benchmark(given, Path(folder))
    print(json.dumps(result, indent=2) if given.json else table(result))
    told = appended(result, given.append) if given.append else []
    print("".join(f"dearer than it was: {line}\n" for line in told), end="", file=sys.stderr)
    return int(bool(told))


def benchmark(given: argparse.Namespace, work: Path) -> Result:
    """All figures.

    Args:
        given: the options.
        work: an empty folder.
    """
    result: Result = {"machine": machine()}
    made = work / "made"
    result["synthesis"] = synthesis_cost(made, given.fingers, given.impressions, given.workers)
    paths = _prints(given.prints or made, given.limit)
    result["floor"] = floor_cost(given.runs)
    result["verify"] = verify_cost(paths, work / "db", given)
    result["extraction"], templates = extraction_cost(paths, given.model, given.ppi)
    result["comparison"] = comparison_cost(templates)
    if given.subjects:
        result["store"] = store_cost(paths, templates, work / "filled", given)
    result["reference"] = reference_cost(paths)
    return result


def machine() -> Result:
    """What the figures were measured on."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "fpverify": fpverify.__version__,
    }


def processor() -> str:
    """The processor's name, as far as the system tells it."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def floor_cost(runs: int) -> Result:
    """What a process costs that starts Python, and loads NumPy and OpenCV: nothing that compares prints costs less."""
    command = [sys.executable, "-c", "import numpy, cv2"]
    costs = [measured(command) for _ in range(runs + 1)][1:]  # the first fills the file cache
    return {"wall_s": _median(costs, "wall_s"), "cpu_s": _median(costs, "cpu_s")}


def synthesis_cost(out: Path, fingers: int, impressions: int, workers: int) -> Result:
    """Wall time of `fpverify synth ridges`, a whole process."""
    counts = {"--fingers": fingers, "--impressions": impressions, "--workers": workers, "--out": out}
    run = measured_run(["synth", "ridges", *(str(word) for pair in counts.items() for word in pair)])
    return {"prints": fingers * impressions, "workers": workers, "wall_s": run["wall_s"]}


def verify_cost(paths: Sequence[Path], db: Path, given: argparse.Namespace) -> Result:
    """Wall time, memory and modules of `fpverify verify`, a whole process with the files in the cache."""
    common = ["--db", str(db), *_options(given)]
    measured_run(["enroll", str(paths[0]), "--id", "A", *common])
    call = ["verify", str(paths[1]), "--id", "A", *common]
    measured_run(call)  # fills the file cache
    runs = [measured_run(call) for _ in range(given.runs)]
    modules = loaded_modules(call)
    return {
        "runs": len(runs),
        "wall_s": {"min": min(run["wall_s"] for run in runs), "median": _median(runs, "wall_s")},
        "cpu_s": _median(runs, "cpu_s"),
        "peak_mib": max(run["peak_mib"] for run in runs),
        "cpu_ms": verify_stages(call, given.runs),
        "modules": len(modules),
        "tensorflow": "tensorflow" in modules,
    }


def verify_stages(call: Sequence[str], runs: int) -> dict[str, float]:
    """Where the CPU time of `fpverify verify` goes, in ms: medians of some processes, and what Python's end takes."""
    found = [_staged(call) for _ in range(runs)]
    return {name: 1000 * float(statistics.median(one[name] for one in found)) for name in found[0]}


def _staged(call: Sequence[str]) -> dict[str, float]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-c", STAGED_RUN, *call]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=_compiled_once())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    stages: dict[str, float] = json.loads(done.stderr.splitlines()[-1])
    whole = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {**{name: value for name, value in stages.items() if name != "_end"}, "the end": whole - stages["_end"]}


def extraction_cost(paths: Sequence[Path], model: str | None, ppi: float | None) -> tuple[Result, list[Template]]:
    """Mean CPU time of a print from file to template, by stage, and the templates."""
    from fpverify.errors import FailureToAcquire
    from fpverify.features import prepare
    from fpverify.scans import read_scan

    watch = Stopwatch()
    extractor = _watched_extractor(model, watch)
    extractor.extract(read_scan(paths[0], ppi=ppi))  # allocates
    watch.cpu_s.clear()
    templates, failures = [], 0
    for path in paths:
        scan = watch.timed("reading", read_scan, path, ppi=ppi)
        watch.timed("preparing", prepare, scan)
        try:
            templates.append(watch.timed("extracting", extractor.extract, scan))
        except FailureToAcquire:
            failures += 1
    result = {"prints": len(paths), "failures": failures, "cpu_ms": _stages(watch.cpu_s, len(paths))}
    return result, templates


def comparison_cost(templates: Sequence[Template]) -> Result:
    """Mean time of one comparison, alone and as one of many."""
    from fpverify.comparison import similarities, similarity
    from fpverify.search.index.exact import ExactIndex
    from fpverify.search.register import COMPARED_IN_FULL

    pairs = list(combinations(templates, 2))[:MOST_PAIRS]
    gallery = [templates[n % len(templates)] for n in range(GALLERY)]
    index, probes = ExactIndex(), templates[:SEARCHES]
    index.add(range(GALLERY), gallery)

    def search(probe: Template) -> Scores:
        return similarities(probe, [gallery[k] for k in index.likeliest(probe, COMPARED_IN_FULL)])

    similarity(*pairs[0])
    one = _cpu_ms(lambda: [similarity(*pair) for pair in pairs]) / len(pairs)
    many = _cpu_ms(lambda: [search(probe) for probe in probes]) / (len(probes) * GALLERY)
    return {
        "one_to_one_ms": one,
        "one_to_many_ms": many,
        "comparisons": len(pairs),
        "gallery": GALLERY,
        "in_full": COMPARED_IN_FULL,
    }


def store_cost(paths: Sequence[Path], templates: Sequence[Template], db: Path, given: argparse.Namespace) -> Result:
    """Wall time and memory of processes that use a store of many subjects, the templates enrolled over and over."""
    from fpverify.store import Store

    start = time.perf_counter()
    with Store.open(db) as store:
        for number in range(given.subjects):
            store.add(f"subject-{number}", "right-index", templates[number % len(templates)])
    enrolling_s = (time.perf_counter() - start) / given.subjects
    common = [str(paths[0]), "--db", str(db), *_options(given)]
    calls = {"verify": ["verify", *common, "--id", "subject-0"], "identify": ["identify", *common]}
    result: Result = {"subjects": given.subjects, "add_ms": 1000 * enrolling_s}
    for name, call in calls.items():
        measured_run(call)  # fills the file cache
        runs = [measured_run(call) for _ in range(given.runs)]
        result[name] = {"wall_s": _median(runs, "wall_s"), "peak_mib": max(run["peak_mib"] for run in runs)}
    return result


def reference_cost(paths: Sequence[Path]) -> Result:
    """Mean CPU time from file to template and of a comparison, by another matcher on the same prints."""
    name, extract, compare = _nbis() if find_spec("nbis") else _orb()
    extract(paths[0])
    templates = [extract(path) for path in paths]
    extraction = _cpu_ms(lambda: [extract(path) for path in paths]) / len(paths)
    pairs = list(combinations(templates, 2))[:MOST_PAIRS]
    comparison = _cpu_ms(lambda: [compare(*pair) for pair in pairs]) / len(pairs)
    return {"name": name, "extraction_ms": extraction, "comparison_ms": comparison}


def measured_run(words: Sequence[str]) -> Result:
    """Cost of one `fpverify` process.

    Raises:
        SystemExit: it came to no decision; says why.
    """
    return measured([*FPVERIFY, *words])


def measured(words: Sequence[str]) -> Result:
    """Cost of one process; raises SystemExit if it came to no decision."""
    command = [sys.executable, "-S", "-c", MEASURED_RUN, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=_compiled_once())
    cost: Result = json.loads(done.stdout)
    if cost["code"] not in {0, 1}:
        raise SystemExit(done.stderr.strip())
    return cost


def _compiled_once() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def loaded_modules(words: Sequence[str]) -> list[str]:
    """Modules that one `fpverify` process has loaded at its end."""
    done = subprocess.run([sys.executable, "-c", LOADED_MODULES, *words], capture_output=True, text=True, check=True)
    return done.stderr.splitlines()[-1].split()


def table(result: Result) -> str:
    """The figures as text."""
    rows = [
        ("machine", ", ".join(f"{name} {value}" for name, value in result["machine"].items())),
        ("Python, NumPy and OpenCV", "{wall_s:.2f} s, {cpu_s:.2f} s CPU".format(**result["floor"])),
        *_verify_rows(result["verify"]),
        *_extraction_rows(result["extraction"]),
        *_comparison_rows(result["comparison"]),
        *(_store_rows(result["store"]) if "store" in result else []),
        *_reference_rows(result),
        ("synthesis", "{prints} prints in {wall_s:.1f} s, {workers} workers".format(**result["synthesis"])),
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)


def _verify_rows(cost: Result) -> list[tuple[str, str]]:
    return [
        ("verify, whole process", "{min:.2f} s at best, {median:.2f} s median".format(**cost["wall_s"])),
        ("", "{cpu_s:.2f} s CPU, {peak_mib:.0f} MiB at most, {modules} modules".format(**cost)),
        ("", f"TensorFlow {'LOADED' if cost['tensorflow'] else 'not loaded'}"),
        *((f"  {name}", f"{ms:.1f} ms CPU") for name, ms in cost["cpu_ms"].items()),
    ]


def _extraction_rows(cost: Result) -> list[tuple[str, str]]:
    stages = [(f"  {name}", f"{ms:.1f} ms") for name, ms in cost["cpu_ms"].items() if name not in ("reading", "total")]
    reading = f"{cost['cpu_ms']['reading']:.1f} ms CPU: decoding, resolution, polarity"
    total = f"{cost['cpu_ms']['total']:.1f} ms CPU, mean of {cost['prints']}, {cost['failures']} failed to acquire"
    return [("reading, a print", reading), ("extraction, a print", total), *stages]


def _comparison_rows(cost: Result) -> list[tuple[str, str]]:
    return [
        ("comparison, one to one", f"{cost['one_to_one_ms']:.3f} ms CPU, mean of {cost['comparisons']}"),
        (
            "comparison, one to many",
            f"{cost['one_to_many_ms']:.3f} ms CPU each of {cost['gallery']}, {cost['in_full']} in full",
        ),
    ]


def _store_rows(cost: Result) -> list[tuple[str, str]]:
    rows = [(f"store of {cost['subjects']:,} subjects", f"{cost['add_ms']:.1f} ms to add one")]
    rows += [
        (f"  {name}", "{wall_s:.2f} s, {peak_mib:.0f} MiB".format(**cost[name])) for name in ("verify", "identify")
    ]
    return rows


def _reference_rows(result: Result) -> list[tuple[str, str]]:
    reference, stages = result["reference"], result["extraction"]["cpu_ms"]
    extraction = (stages["reading"] + stages["total"]) / reference["extraction_ms"]
    comparison = result["comparison"]["one_to_one_ms"] / reference["comparison_ms"]
    name = reference["name"]
    return [
        (f"{name}, file to template", f"{reference['extraction_ms']:.1f} ms CPU; ours is {extraction:.2f} times that"),
        (f"{name}, comparison", f"{reference['comparison_ms']:.3f} ms CPU; ours is {comparison:.2f} times that"),
    ]


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--prints", type=Path, help="folder of prints to extract and compare; made if not given")
    parser.add_argument("--ppi", type=float, help="their resolution, where the files state none")
    parser.add_argument("--limit", type=int, default=400, help="at most so many prints")
    parser.add_argument("--model", help="shipped name or folder; the release if not given")
    parser.add_argument("--runs", type=int, default=10, help="of verify")
    parser.add_argument("--fingers", type=int, default=20, help="to synthesise")
    parser.add_argument("--impressions", type=int, default=10, help="of each, at least 2")
    parser.add_argument("--workers", type=int, default=2, help="processes that synthesise")
    parser.add_argument("--subjects", type=int, default=0, help="also time a store of so many")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--append", type=Path, metavar="FILE", help="add a line to a history")
    return parser.parse_args(arguments)


def _prints(folder: Path, limit: int) -> list[Path]:
    """Files of prints below a folder, two of them at least."""
    paths = sorted(p for p in folder.rglob("*_*.*") if p.suffix.lower() in {".bmp", ".png", ".tif", ".tiff", ".pgm"})
    if len(paths) < 2:
        raise SystemExit(f"{folder}: two prints at least are needed, <finger>_<impression>.bmp or .png")
    return paths[:: -(-len(paths) // limit)] if len(paths) > limit else paths


def _watched_extractor(model: str | None, watch: Stopwatch) -> MinutiaExtractor:
    from fpverify.features import MinutiaExtractor
    from fpverify.models import load_bundle

    bundle = load_bundle(model)
    if bundle.card.kind != "minutiae":
        raise SystemExit(f"{bundle.model_id} is of the kind {bundle.card.kind}; stages are those of a minutiae model")
    names = [name for name in WATCHED if bundle.has_network(name)]
    return MinutiaExtractor(bundle.model_id, **{name: watch.watching(name, bundle.network(name)) for name in names})


def _options(given: argparse.Namespace) -> list[str]:
    model = ["--model", given.model] if given.model else []
    return model + (["--ppi", str(given.ppi)] if given.ppi else [])


def _stages(cpu_s: dict[str, float], prints: int) -> dict[str, float]:
    """Milliseconds a print; the total is of scan to template, and what it does beside its named parts "the rest"."""
    parts = {stage: cpu_s.get(stage, 0.0) for stage in ("preparing", *WATCHED)}
    seconds = {
        "reading": cpu_s["reading"],
        **parts,
        "the rest": cpu_s["extracting"] - sum(parts.values()),
        "total": cpu_s["extracting"],
    }
    return {stage: 1000 * value / prints for stage, value in seconds.items()}


def _nbis() -> tuple[str, Callable[[Path], Any], Callable[[Any, Any], Any]]:
    import nbis  # type: ignore[import-not-found]

    settings = nbis.NbisExtractorSettings(
        min_quality=0.0, get_center=False, check_fingerprint=False, compute_nfiq2=False, ppi=None
    )
    extractor = nbis.new_nbis_extractor(settings)
    return "NBIS", lambda path: extractor.extract_minutiae(path.read_bytes()), lambda a, b: a.compare(b)


def _orb() -> tuple[str, Callable[[Path], Any], Callable[[Any, Any], Any]]:
    import cv2

    orb = cv2.ORB_create(ORB_POINTS)  # type: ignore[attr-defined]
    matcher = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True)

    def extract(path: Path) -> Any:
        return orb.detectAndCompute(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), None)[1]

    return "OpenCV ORB", extract, lambda a, b: len(matcher.match(a, b))


def _cpu_ms(work: Callable[[], Any]) -> float:
    """CPU of some work, the least of a few times: what others do on the machine only adds to it."""
    return min(_once_ms(work) for _ in range(REPEATS))


def _once_ms(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return 1000 * (time.process_time() - start)


def _median(runs: Sequence[Result], name: str) -> float:
    return float(statistics.median(run[name] for run in runs))


if __name__ == "__main__":
    sys.exit(main())
