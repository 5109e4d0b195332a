"""What fpverify has cost, commit by commit: a line of JSON for each run of the benchmark, a page of curves, an alarm.

    python tools/benchmark.py --append benchmarks/history.jsonl     # measures, adds a line, 1 if something got dearer
    python tools/benchmark_history.py                               # writes docs/benchmarks.md and its picture
    python tools/benchmark_history.py --readme                      # and the README's table of speed, and doctor's copy

Machines differ, and a busy one is slow; so each figure is kept as a ratio to a reference that runs in the same minutes
on the same prints: Python with NumPy and OpenCV for whole processes, the other matcher's extraction and comparison for
ours. A ratio that lies 15 % over the median of the five before it, on the same kind of processor, is an alarm. Fewer
than three before it say nothing.

The README's table is of plain figures, the lowest to the highest of the last runs of one commit: take three on a
machine that does nothing else. Rows that no run knows, such as the service's, are left as they are.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
HISTORY = ROOT / "benchmarks" / "history.jsonl"
PAGE = ROOT / "docs" / "benchmarks.md"
PICTURE = ROOT / "docs" / "images" / "benchmarks.svg"
README = ROOT / "README.md"
DOCTOR = ROOT / "fpverify" / "checkup" / "speed.py"
TABLE = re.compile(r"(?<=<!-- speed table -->\n).*?(?=<!-- /speed table -->)", re.DOTALL)
LATEST = 3  # runs of one commit that a row goes over
TOLERATED = 1.15  # times the median
BEFORE, LEAST_BEFORE = 5, 3  # lines of the same processor that are looked at, and without which nothing is said
WIDE, HIGH, LEFT = 640, 90, 150  # px of a curve and its words
HEAD = """\
# Performance over time

You want to know whether fpverify became slower. Each figure is a ratio to a reference of the same run, so that busy and
different machines can be laid side by side: how many times what the reference takes. `tools/benchmark_history.py` makes
this page of `benchmarks/history.jsonl`, to which `python tools/benchmark.py --append benchmarks/history.jsonl` adds a
line; it ends with 1 where a ratio lies 15 % over the median of the five before it on the same kind of processor.

![Curves of the ratios over the runs in the order of time; the table has their last values](images/benchmarks.svg)
"""
FLOOR = """\
The least that a command can take is Python, NumPy, OpenCV and LiteRT, which load before the first pixel is read, and
what the networks compute: their kernels for whole numbers of 8 bits run near the most that a core can do. The first
extraction of a process takes longer than others, for the networks' weights are laid out then."""


@dataclass(frozen=True)
class Figure:
    """One curve.

    Attributes:
        words: what it is.
        own: where it stands in what the benchmark says.
        reference: where what it is divided by does.
        of: that, in words.
    """

    words: str
    own: tuple[str, ...]
    reference: tuple[str, ...]
    of: str


FIGURES = {
    "verify": Figure(
        "`fpverify verify`, CPU of the process", ("verify", "cpu_s"), ("floor", "cpu_s"), "Python, NumPy, OpenCV"
    ),
    "reading": Figure(
        "reading a print", ("extraction", "cpu_ms", "reading"), ("reference", "extraction_ms"), "other extraction"
    ),
    "extraction": Figure(
        "extracting it", ("extraction", "cpu_ms", "total"), ("reference", "extraction_ms"), "other extraction"
    ),
    "comparison": Figure(
        "comparing two", ("comparison", "one_to_one_ms"), ("reference", "comparison_ms"), "other comparison"
    ),
    "search": Figure(
        "one of 5,000 references", ("comparison", "one_to_many_ms"), ("reference", "comparison_ms"), "other comparison"
    ),
}


@dataclass(frozen=True)
class Row:
    """A row of the README's table.

    Attributes:
        begins: how the row is told from others.
        words: its first cell.
        own: where its figure stands in what the benchmark says.
        unit: after the figure.
        doctor: the name that the figure has in `fpverify.checkup.speed`; None if it has none there.
    """

    begins: str
    words: str
    own: tuple[str, ...]
    unit: str
    doctor: str | None = None


STAGES = {"verify": "Of `fpverify verify`, a process of its own", "extraction": "Of a print, in a process that goes on"}

ROWS = {
    "verify_s": Row(
        "`fpverify verify`, whole", "`fpverify verify`, whole process", ("verify", "wall_s", "median"), "s", "command_s"
    ),
    "verify_cpu_s": Row("its CPU", "its CPU time", ("verify", "cpu_s"), "s"),
    "verify_mib": Row("its memory", "its memory at most", ("verify", "peak_mib"), "MiB"),
    "extraction_ms": Row(
        "extraction, a print",
        "extraction, a print, mean of synthetic ones",
        ("extraction", "cpu_ms", "total"),
        "ms of CPU",
        "extraction_ms",
    ),
    "reading_ms": Row("reading it", "reading it from its file", ("extraction", "cpu_ms", "reading"), "ms of CPU"),
    "comparison_ms": Row(
        "one comparison", "one comparison", ("comparison", "one_to_one_ms"), "ms of CPU", "comparison_ms"
    ),
    "search_ms": Row(
        *("one probe against", "one probe against 5,000 references, each"),
        *(("comparison", "one_to_many_ms"), "ms of CPU"),
    ),
    "reference_ms": Row(
        "OpenCV's ORB", "OpenCV's ORB, from file to template", ("reference", "extraction_ms"), "ms of CPU"
    ),
    "synthesis_s": Row(
        *("`fpverify synth", "`fpverify synth ridges`, 200 prints of 20 fingers, two workers"),
        *(("synthesis", "wall_s"), "s"),
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the page and its picture."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if the page is another by now")
    parser.add_argument("--readme", action="store_true", help="write the README's table of speed, too")
    given = parser.parse_args(arguments)
    made = {PAGE: page(read(HISTORY)), PICTURE: picture(read(HISTORY))}
    if given.readme:
        figures = latest(read(HISTORY))
        made |= {README: with_table(README.read_text(encoding="utf-8"), figures)}
        made |= {DOCTOR: with_copies(DOCTOR.read_text(encoding="utf-8"), figures)}
    if given.check:
        return int(any(not path.exists() or path.read_text(encoding="utf-8") != text for path, text in made.items()))
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")
    return 0


def appended(result: Mapping[str, Any], path: Path) -> list[str]:
    """Adds a run to a history; a line for each ratio that is an alarm."""
    before = read(path)
    new = entry(result)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(new) + "\n")
    return alarms(before, new)


def latest(history: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, str]]:
    """The lowest and the highest of each figure over the last runs of the last commit, in two digits."""
    last = history[-1]
    alike = [one for one in history if one["commit"] == last["commit"] and _is_alike(one, last)]
    runs = [one["shown"] for one in alike if "shown" in one][-LATEST:]
    if not runs:
        raise SystemExit(f"{HISTORY}: no run of commit {last['commit']} has figures for the README")
    names = [name for name in ROWS if all(name in run for run in runs)]
    return {name: (_short(min(run[name] for run in runs)), _short(max(run[name] for run in runs))) for name in names}


def with_table(text: str, figures: Mapping[str, tuple[str, str]]) -> str:
    """The README with these figures in its table, in the place of the rows that begin so or behind the last of them."""
    table = TABLE.search(text)
    if table is None:
        raise SystemExit(f"{README}: no table between the marks of the table of speed")
    lines = table[0].splitlines()
    at = next(place for place, line in enumerate(lines) if line.startswith("|---"))
    for name, (low, high) in figures.items():
        one = ROWS[name]
        found = [place for place, line in enumerate(lines) if line.startswith(f"| {one.begins}")]
        at = found[0] if found else at + 1
        shown = f"{low} to {high}" if one.doctor or low != high else low
        lines[at : at + len(found)] = [f"| {one.words} | {shown} {one.unit} |"]
    return TABLE.sub(lambda _: "\n".join(lines) + "\n", text)


def with_copies(text: str, figures: Mapping[str, tuple[str, str]]) -> str:
    """The source of doctor's part with the figures that it knows."""
    for name, ends in figures.items():
        if doctor := ROWS[name].doctor:
            text = re.sub(rf'(?<="{doctor}": )Stated\([^)]*\)', f"Stated({', '.join(ends)})", text)
    return text


def _short(value: float) -> str:
    """A number in two digits, or as a whole one."""
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def entry(result: Mapping[str, Any]) -> dict[str, Any]:
    """A run as the history has it."""
    figures = {name: float(_at(result, one.own)) for name, one in FIGURES.items()}
    ratios = {name: round(figures[name] / float(_at(result, one.reference)), 4) for name, one in FIGURES.items()}
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": result["machine"],
        "reference": result["reference"]["name"],
        "figures": {name: round(value, 4) for name, value in figures.items()},
        "ratios": ratios,
        "stages": {name: result[name].get("cpu_ms", {}) for name in STAGES},
        "shown": {name: round(float(_at(result, one.own)), 4) for name, one in ROWS.items() if _has(result, one.own)},
    }


def alarms(before: Sequence[Mapping[str, Any]], new: Mapping[str, Any]) -> list[str]:
    """A line for each ratio of a run that lies too far over those before it."""
    told = []
    for name, ratio in new["ratios"].items():
        alike = [one["ratios"][name] for one in before if _is_alike(one, new) and name in one["ratios"]][-BEFORE:]
        if len(alike) >= LEAST_BEFORE and ratio > TOLERATED * (usual := statistics.median(alike)):
            told.append(
                f"{name}: {ratio:.2f} times its reference, {ratio / usual - 1:.0%} over the median of {len(alike)}"
            )
    return told


def page(history: Sequence[Mapping[str, Any]]) -> str:
    """The document."""
    last = history[-1]
    rows = ["| | figure | ratio | to | median of the five before |", "|---|---|---|---|---|"]
    for name, one in FIGURES.items():
        unit = "s" if one.own[-1].endswith("_s") else "ms"
        alike = [run["ratios"][name] for run in history[:-1] if _is_alike(run, last)][-BEFORE:]
        usual = f"{statistics.median(alike):.2f}" if alike else "–"
        rows.append(
            f"| {one.words} | {last['figures'][name]:.3g} {unit} | {last['ratios'][name]:.2f} | {one.of} | {usual} |"
        )
    machine = f"{last['machine'].get('cpu', last['machine']['system'])}, Python {last['machine']['python']}"
    at = f"at commit {last['commit']}, {last['at'][:10]}"
    ending = f"{len(history)} runs; the last {at}, on {machine}, beside {last['reference']}."
    return "\n".join([HEAD, *rows, "", ending, *where_it_goes(last), ""])


def where_it_goes(run: Mapping[str, Any]) -> list[str]:
    """Tables of what parts of a run took, as the page has them; none of a run that does not say it."""
    lines = list[str]()
    for name, words in STAGES.items():
        if stages := run.get("stages", {}).get(name):
            lines += ["", f"{words}, ms of CPU:", "", "| | ms |", "|---|---|"]
            lines += [f"| {stage} | {ms:.1f} |" for stage, ms in stages.items()]
    return ["", "## Where the time goes", "", FLOOR, *lines] if lines else []


def picture(history: Sequence[Mapping[str, Any]]) -> str:
    """The curves, as SVG; each has a scale of its own that begins at nothing."""
    height = HIGH * len(FIGURES)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDE} {height}" font-family="sans-serif">']
    parts.append(f'<rect width="{LEFT + WIDE}" height="{height}" fill="white"/>')
    for row, name in enumerate(FIGURES):
        values = [run["ratios"][name] for run in history]
        bottom, top = HIGH * (row + 1) - 12, max(values)
        step = (WIDE - 40) / max(1, len(values) - 1)
        places = [(LEFT + 10 + step * k, bottom - (HIGH - 30) * value / top) for k, value in enumerate(values)]
        parts.append(f'<line x1="{LEFT}" y1="{bottom}" x2="{LEFT + WIDE - 10}" y2="{bottom}" stroke="#999"/>')
        parts.append(f'<text x="8" y="{bottom - 22}" font-size="14">{name}</text>')
        parts.append(f'<text x="8" y="{bottom - 4}" font-size="12" fill="#555">last {values[-1]:.2f}</text>')
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{points}" fill="none" stroke="#3949ab" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#3949ab"/>' for x, y in places]
    return "\n".join([*parts, "</svg>", ""])


def read(path: Path) -> list[dict[str, Any]]:
    """All runs, the oldest first."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def commit() -> str:
    """The commit that is measured, with a mark if files differ from it."""
    command = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _is_alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two runs can be held against each other: the same processor, the same reference."""
    return (one["machine"].get("cpu"), one["reference"]) == (other["machine"].get("cpu"), other["reference"])


def _has(result: Any, path: Sequence[str]) -> bool:
    try:
        return isinstance(_at(result, path), int | float)
    except KeyError:
        return False


def _at(result: Any, path: Sequence[str]) -> Any:
    for name in path:
        result = result[name]
    return result


if __name__ == "__main__":
    sys.exit(main())
