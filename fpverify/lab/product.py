"""The product on the designs' terms: the same synthetic prints, the same resolutions, the same real prints."""

from __future__ import annotations

import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
from PIL import Image

from fpverify.evaluation.rates.error_rates import failure_to_acquire_rate
from fpverify.evaluation.runner import Runner
from fpverify.evaluation.sets.layout import find_sets, read_set
from fpverify.evaluation.sets.protocol import Plan, cross_sensor_plan, set_plan
from fpverify.folders import private
from fpverify.lab.examples import Examples, ridges, split
from fpverify.lab.measures import rates
from fpverify.lab.results import Result, Trial, versions
from fpverify.lab.trials import REAL_PRINTS, mean_rates
from fpverify.vocabulary import WORKING_PPI

PRODUCT = "fpverify"  # its row of the table
SHARES = (0.7, 0.15)  # as the report's designs, so that the same fingers are compared
RESOLUTIONS = (250.0, 500.0, 1000.0)
REFERENCE_PPI = 500.0  # what the designs take for factor 1
SCALE_IMPRESSIONS = 2  # of each finger, for probes, and as many others for references


def run_product(trial: Trial, cache: Path) -> Result:
    """The release model's rates; nothing is trained. Prints that it refuses count as errors, as FVC has it.

    Raises:
        ModelError: there is no release model.
    """
    since = time.monotonic()
    examples = ridges(cache)
    test = split(examples, "identities", SHARES, np.random.default_rng([trial.seed, 0]))[2]
    figures: dict[str, Any] = {"impressions": _written(test), **_at_resolutions(test)}
    figures |= {name: figures["impressions"][name] for name in ("eer", "fmr100")}
    if os.environ.get(REAL_PRINTS):
        sets = {one.name: one for one in map(_real_set, find_sets([os.environ[REAL_PRINTS]]))}
        figures["real"] = mean_rates({name: _measured(set_plan(one)) for name, one in sets.items()})
    seconds = round(time.monotonic() - since, 1)
    return Result(
        trial=trial,
        declared="",
        parameters=0,
        steps=0,
        seconds=seconds,
        figures=figures,
        data_sha256=examples.sha256,
        versions=versions(),
    )


def _real_set(folder: Path) -> Any:
    return read_set(folder, default_ppi=REFERENCE_PPI)


def _measured(plan: Plan) -> dict[str, float]:
    evaluation = Runner(workers=1).evaluate(plan)
    return {**rates(evaluation.scores, evaluation.mated), "fta": failure_to_acquire_rate(evaluation)}


def _written(test: Examples) -> dict[str, float]:
    with TemporaryDirectory(prefix="fpverify-lab-") as folder:
        _write(Path(folder), test, WORKING_PPI)
        return _measured(set_plan(read_set(folder)))


def _at_resolutions(test: Examples) -> dict[str, dict[str, float]]:
    """Probes at 500 ppi against other impressions at each resolution, which every file has in its header."""
    figures = {}
    with TemporaryDirectory(prefix="fpverify-lab-") as folder:
        probes = Path(folder) / "probes"
        _write(probes, test.taken(_impressions(test, 0)), REFERENCE_PPI)
        for ppi in RESOLUTIONS:
            references = Path(folder) / f"at-{ppi:g}"
            _write(references, test.taken(_impressions(test, SCALE_IMPRESSIONS)), ppi)
            plan = cross_sensor_plan(read_set(probes), read_set(references))
            figures[f"scale_{ppi / REFERENCE_PPI:g}"] = _measured(plan)
    return figures


def _impressions(test: Examples, first: int) -> np.ndarray:
    """Places of `SCALE_IMPRESSIONS` of each finger, from number `first`."""
    places = [np.flatnonzero(test.owners == owner) for owner in np.unique(test.owners)]
    return np.concatenate([mine[first : first + SCALE_IMPRESSIONS] for mine in places])


def _write(folder: Path, examples: Examples, ppi: float) -> None:
    folder.mkdir(exist_ok=True)
    seen: dict[int, int] = {}
    for image, owner in zip(examples.images[..., 0], examples.owners.tolist(), strict=True):
        seen[owner] = seen.get(owner, 0) + 1
        factor = ppi / WORKING_PPI
        drawn = image if factor == 1 else cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
        path = private(folder / f"{owner}_{seen[owner]}.png")
        Image.fromarray(np.asarray(drawn, np.uint8)).save(path, dpi=(ppi, ppi))
