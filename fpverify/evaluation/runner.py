"""All comparisons of a folder, on all cores."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np

from fpverify.comparison import similarities
from fpverify.errors import FailureToAcquire
from fpverify.evaluation.matching import Matcher
from fpverify.evaluation.protocol import Comparisons, Print, Protocol, comparisons, list_prints
from fpverify.scans import read_scan
from fpverify.vocabulary import BoolArray, Evaluation, Scores, Template

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """What comparing a folder gave, before calibration.

    Attributes:
        prints: in order.
        pairs: by index into `prints`.
        raw: (n,) raw similarities; nan where a side failed to acquire.
        failures: name to reason.
    """

    prints: tuple[Print, ...]
    pairs: Comparisons
    raw: Scores
    failures: dict[str, str]


def evaluate(
    folder: str | Path,
    *,
    model: str | Path | None = None,
    protocol: Protocol = "dense",
    ppi: float | None = None,
    workers: int | None = None,
    progress: bool = False,
) -> Evaluation:
    """Compares the prints of a folder by a protocol.

    Args:
        folder: of `<finger>_<impression>` images.
        model: name or folder of a bundle; None is the release model.
        protocol: see `protocol.comparisons`.
        ppi: overrides the resolution of every file.
        workers: processes; None is one a core. The scores do not depend on it.
        progress: show bars on standard error when it is a terminal.

    Raises:
        ScanError: the folder cannot be evaluated, or a file cannot be read. A failure to acquire is no error but a
            result.
        ModelError: the model cannot be used.
    """
    matcher = Matcher.load(model)
    calibration = matcher.calibration
    done = compare_folder(folder, model=model, protocol=protocol, ppi=ppi, workers=workers, progress=progress)
    made = np.isfinite(done.raw)
    scores = np.full(len(done.raw), -np.inf)
    scores[made] = calibration.scores(done.raw[made])
    names = tuple(one.name for one in done.prints)
    return Evaluation(
        probes=tuple(names[k] for k in done.pairs.probe),
        references=tuple(names[k] for k in done.pairs.reference),
        mated=done.pairs.mated,
        scores=scores,
        scans=names,
        protocol=protocol,
        data_hash=_data_hash(done.prints),
        model_id=matcher.model_id,
        failures=done.failures,
    )


def compare_folder(
    folder: str | Path,
    *,
    model: str | Path | None = None,
    protocol: Protocol = "dense",
    ppi: float | None = None,
    workers: int | None = None,
    progress: bool = False,
) -> Comparison:
    """The same as `evaluate`, as raw similarities; the model needs no calibration."""
    prints = tuple(list_prints(folder))
    pairs = comparisons(prints, protocol)
    count = workers or os.cpu_count() or 1
    with _Pool(count, model) as pool:
        jobs = [(str(one.path), ppi) for one in prints]
        outcomes = list(_shown(pool.map(_template, jobs), len(jobs), "templates", progress))
        templates = {number: outcome for number, outcome in enumerate(outcomes) if not isinstance(outcome, str)}
        rows = _rows(np.isin(np.arange(len(prints)), list(templates)), pairs)
        raw = np.full(len(pairs), np.nan)
        tasks = [(templates[probe], [templates[k] for k in others.tolist()]) for probe, _, others in rows]
        similarities_of_rows = _shown(pool.map(_compare, tasks), len(rows), "comparisons", progress)
        for (_, places, _), similar in zip(rows, similarities_of_rows, strict=True):
            raw[places] = similar
    failures = {one.name: out for one, out in zip(prints, outcomes, strict=True) if isinstance(out, str)}
    return Comparison(prints, pairs, raw, failures)


class _Pool:
    """Processes that have loaded the model, or this one when one is enough."""

    def __init__(self, workers: int, model: str | Path | None) -> None:
        self._model = model
        self._executor = (
            ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin, initargs=(model,))
            if workers > 1
            else None
        )

    def __enter__(self) -> _Pool:
        if self._executor is None:
            _begin(self._model)
        return self

    def __exit__(self, *_: object) -> None:
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)
        _WORKER.clear()

    def map(self, job: Callable[[Item], Result], items: Sequence[Item]) -> Iterable[Result]:
        """The results in order."""
        if self._executor is None:
            return map(job, items)
        return self._executor.map(job, items, chunksize=4)


_WORKER: dict[str, Matcher] = {}  # of a worker process: set once by its initializer


def _begin(model: str | Path | None) -> None:
    cv2.setNumThreads(1)
    _WORKER["matcher"] = Matcher.load(model)


def _template(job: tuple[str, float | None]) -> Template | str:
    """The template of a file, or why there is none."""
    path, ppi = job
    try:
        return _WORKER["matcher"].template(read_scan(path, ppi=ppi))
    except FailureToAcquire as failure:
        return str(failure)


def _compare(job: tuple[Template, list[Template]]) -> Scores:
    return similarities(*job)


def _rows(acquired: BoolArray, pairs: Comparisons) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """(probe, places among the pairs, references) for every probe, prints that were not acquired left out."""
    rows = []
    for probe in np.unique(pairs.probe):
        places = np.flatnonzero((pairs.probe == probe) & acquired[pairs.probe] & acquired[pairs.reference])
        if len(places):
            rows.append((int(probe), places, pairs.reference[places]))
    return rows


def _shown(results: Iterable[Result], total: int, what: str, progress: bool) -> Iterator[Result]:
    from tqdm import tqdm

    return iter(tqdm(results, total=total, desc=what, unit="", disable=None if progress else True))


def _data_hash(prints: Sequence[Print]) -> str:
    digest = hashlib.sha256()
    for one in prints:
        digest.update(one.path.name.encode() + b"\0" + hashlib.sha256(one.path.read_bytes()).digest())
    return digest.hexdigest()
