"""What an index alone costs at a size: building, a probe, adding and removing one, memory; `growth.py --million`."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from million import resident_mb
from modelled import TemplateModel
from tqdm import tqdm

from fpverify.matching import Matcher
from fpverify.search.index import Index
from fpverify.store import Store
from fpverify.synthesis.dataset import synthesise

PROBES, PROBES_SEED = 24, 63261124  # fingers nobody else draws
CHANGES = 200  # that are timed: added one by one, and removed again
STORED = 5000  # references of a store whose reading is timed
SHORT_LIST = 40
SEED = 2  # of the modelled templates
AT_ONCE = 500
USUAL_EXTRACTION_MS = 14.5  # CPU of a Zen 4 core (README), on which the limits of times were set


def scale(extraction_ms: float) -> float:
    """How much longer than on that core things may take on one that extracts in so many ms; 1 on a faster one."""
    return max(extraction_ms / USUAL_EXTRACTION_MS, 1.0)


@dataclass(frozen=True, slots=True)
class IndexCost:
    """What was measured.

    Attributes:
        references: in the index.
        reading_ms: CPU for each, to read, open and decode it from a store.
        adding_ms: CPU for each, to take it into the index while building.
        extraction_ms: CPU of a probe's template, median.
        resident_mb: that the index added to this process.
        probe_ms: CPU of each probe's `likeliest`.
        add_ms, remove_ms: CPU of one more, of one less; medians.
    """

    references: int
    reading_ms: float
    adding_ms: float
    extraction_ms: float
    resident_mb: float
    probe_ms: tuple[float, ...]
    add_ms: float
    remove_ms: float

    @property
    def build_min(self) -> float:
        """CPU minutes to build it from stored templates."""
        return self.references * (self.reading_ms + self.adding_ms) / 60_000

    @property
    def bars(self) -> list[tuple[str, float, float]]:
        """What is limited, its limit, and what was measured; times are scaled by the extraction time of this run."""
        slower = scale(self.extraction_ms)
        return [
            ("a probe, ms of CPU", 100 * slower, median(self.probe_ms)),
            ("memory, MB", 4000, self.resident_mb),
            ("adding one, ms", 5 * slower, self.add_ms),
            ("removing one, ms", 5 * slower, self.remove_ms),
            ("building from stored templates, CPU minutes", 25 * slower, self.build_min),
        ]

    @property
    def exceeded(self) -> bool:
        """Whether any bar is."""
        return any(found > most for _, most, found in self.bars)


def index_cost(index: Index, model: TemplateModel, matcher: Matcher, references: int) -> IndexCost:
    """Builds an empty index up to a size, and measures.

    Args:
        index: empty.
        model: what references are drawn from; drawing them is not counted.
        matcher: of the model.
        references: how many.
    """
    scans = [one.scan for one in synthesise(PROBES, 1, PROBES_SEED)]
    probes = [matcher.template(one) for one in scans]
    extraction_ms = median(1000 * _cpu_s(matcher.template, one) for one in scans)
    reading_ms = reading(model)
    ids = iter(np.random.default_rng(SEED).integers(2**63, size=references + CHANGES).tolist())
    before, adding_s = _resident(), 0.0
    bar = tqdm(model.templates(references, SEED), total=references, desc="building", disable=None)
    with bar:
        drawn = iter(bar)
        while block := list(islice(drawn, AT_ONCE)):
            adding_s += _cpu_s(index.add, list(islice(ids, len(block))), block)
    resident = _resident() - before
    index.likeliest(probes[0], SHORT_LIST)
    probe_ms = tuple(1000 * _cpu_s(index.likeliest, one, SHORT_LIST) for one in probes)
    more = list(zip(ids, model.templates(CHANGES, SEED + 1), strict=False))
    add_ms = median(1000 * _cpu_s(index.add, [one], [template]) for one, template in more)
    remove_ms = median(1000 * _cpu_s(index.remove, [one]) for one, _ in more)
    adding_ms = 1000 * adding_s / references
    return IndexCost(references, reading_ms, adding_ms, extraction_ms, resident, probe_ms, add_ms, remove_ms)


def reading(model: TemplateModel) -> float:
    """CPU milliseconds to read, open and decode one reference of a sealed store on disk."""
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "db", key=f"file:{folder}/key") as store:
        drawn = ((f"subject-{n}", "right-index", one) for n, one in enumerate(model.templates(STORED, SEED)))
        while block := list(islice(drawn, AT_ONCE)):
            store.add_many(block)
        return 1000 * _cpu_s(lambda: sum(1 for _ in store.records())) / STORED


def cost_table(cost: IndexCost) -> str:
    """The bars, what was measured, and whether they are kept."""
    low, high = np.percentile(cost.probe_ms, [5, 95])
    lines = [
        f"{cost.references:,} references; a probe {median(cost.probe_ms):.1f} ms of CPU ({low:.1f} to {high:.1f}); "
        f"extraction {cost.extraction_ms:.1f} ms; "
        f"{1000 * cost.resident_mb / cost.references:.2f} kB of memory a reference; building: reading "
        f"{cost.reading_ms:.3f} ms and adding {cost.adding_ms:.3f} ms each",
        "",
        "| bar | at most | measured | |",
        "| --- | --- | --- | --- |",
    ]
    for what, most, found in cost.bars:
        lines.append(f"| {what} | {most:.4g} | {found:.4g} | {'kept' if found <= most else 'exceeded'} |")
    return "\n".join(lines)


def _cpu_s(work: Callable[..., Any], *given: Any) -> float:
    start = time.process_time()
    work(*given)
    return time.process_time() - start


def _resident() -> float:
    return resident_mb(os.getpid()) or 0.0
