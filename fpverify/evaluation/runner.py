"""All comparisons of a folder, on all cores."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np

from fpverify.comparison import Calibration, similarities
from fpverify.errors import FailureToAcquire
from fpverify.evaluation.matching import Matcher
from fpverify.evaluation.protocol import Comparisons, Print, Protocol, comparisons, list_prints
from fpverify.scans import read_scan
from fpverify.vocabulary import BoolArray, Evaluation, Scores, Template

Item = TypeVar("Item")
Result = TypeVar("Result")


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
    calibration = Matcher.load(model).calibration
    done = compare_folder(folder, model=model, protocol=protocol, ppi=ppi, workers=workers, progress=progress)
    return calibrated(done, calibration)


def calibrated(raw: Evaluation, calibration: Calibration) -> Evaluation:
    """An evaluation of raw similarities with the scores they stand for."""
    made = np.isfinite(raw.scores)
    scores = np.full(len(raw.scores), -np.inf)
    scores[made] = calibration.scores(raw.scores[made])
    return replace(raw, scores=scores)


def compare_folder(
    folder: str | Path,
    *,
    model: str | Path | None = None,
    protocol: Protocol = "dense",
    ppi: float | None = None,
    workers: int | None = None,
    progress: bool = False,
) -> Evaluation:
    """The same as `evaluate`, with raw similarities for scores; the model needs no calibration."""
    model_id = Matcher.load(model).model_id
    prints = tuple(list_prints(folder))
    pairs = comparisons(prints, protocol)
    count = workers or os.cpu_count() or 1
    with _Pool(count, model) as pool:
        jobs = [(str(one.path), ppi) for one in prints]
        outcomes = list(_shown(pool.map(_template, jobs), len(jobs), "templates", progress))
        templates = {number: outcome for number, outcome in enumerate(outcomes) if not isinstance(outcome, str)}
        rows = _rows(np.isin(np.arange(len(prints)), list(templates)), pairs)
        raw = np.full(len(pairs), -np.inf)
        tasks = [(templates[probe], [templates[k] for k in others.tolist()]) for probe, _, others in rows]
        similarities_of_rows = _shown(pool.map(_compare, tasks), len(rows), "comparisons", progress)
        for (_, places, _), similar in zip(rows, similarities_of_rows, strict=True):
            raw[places] = similar
    failures = {one.name: out for one, out in zip(prints, outcomes, strict=True) if isinstance(out, str)}
    return Evaluation(
        scans=tuple(one.name for one in prints),
        fingers=tuple(one.finger for one in prints),
        probe=pairs.probe,
        reference=pairs.reference,
        mated=pairs.mated,
        scores=raw,
        name=Path(folder).resolve().name,
        protocol=protocol,
        data_hash=_data_hash(prints),
        model_id=model_id,
        failures=failures,
        quality=np.array([one.quality if isinstance(one, Template) else np.nan for one in outcomes], np.float32),
    )


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
