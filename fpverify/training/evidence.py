"""Synthetic fingers that training never saw: what a calibration is fitted on, what operating points are measured on.

The two use different seeds. Comparisons stay within one simulated sensor.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from fpverify.comparison import Calibration, LikelihoodRatio
from fpverify.errors import TooFewComparisons
from fpverify.evaluation.rates.error_rates import fvc_indicators, operating_point, supported
from fpverify.evaluation.rates.pooling import pooled
from fpverify.evaluation.rates.reliability import NOMINAL
from fpverify.evaluation.runner import compare_folder, evaluate
from fpverify.matching.cohorts import FILE as STRANGERS
from fpverify.models import Bundle, rewrite_card
from fpverify.synthesis.dataset import write_ridges
from fpverify.synthesis.sensor import SENSORS
from fpverify.synthesis.stripes import write_stripes
from fpverify.training.recipe import StripesRecipe


def write_ridge_sets(
    folder: Path, seed: int, *, fingers: int, impressions: int, workers: int, progress: bool = True
) -> list[Path]:
    """One set of unseen fingers for every simulated sensor; a set that lies there already is kept."""
    job = partial(write_ridges, fingers=fingers, impressions=impressions, workers=workers, progress=progress)
    sets = []
    for number, sensor in enumerate(SENSORS):
        out = folder / f"{fingers}x{impressions}-{seed}" / sensor
        if not out.exists():
            with _whole(out) as part:
                job(part, seed=seed + number, sensor=sensor)
        sets.append(out)
    return sets


def write_stripe_sets(folder: Path, seed: int, recipe: StripesRecipe, scans: int) -> list[Path]:
    """One set of unseen stripes, drawn anew."""
    with _whole(folder) as part:
        write_stripes(part, count=scans, seed=seed, **recipe.model_dump())
    return [folder]


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """A folder to fill, which takes its name, and the place of what had it, when it is full."""
    part = folder.with_name(f"part-{folder.name}")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    yield part
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)


def calibrate(bundle: Bundle, sets: list[Path], workers: int, progress: bool = True) -> Bundle:
    """Fits calibration and likelihood ratio on the comparisons of the sets and writes them into the card.

    Strangers that the model knows are forgotten, as what they say was said by another calibration.
    """
    files = {name: digest for name, digest in bundle.card.files.items() if name != STRANGERS}
    bundle = rewrite_card(replace(bundle, card=replace(bundle.card, files=files)))
    raw = pooled([compare_folder(one, model=bundle.folder, workers=workers, progress=progress) for one in sets])
    mated, non_mated = (side[np.isfinite(side)] for side in (raw.mated_scores, raw.non_mated_scores))
    curve = Calibration.fit(non_mated)
    likelihood = LikelihoodRatio.fit(curve.scores(mated), curve.scores(non_mated))
    card = replace(bundle.card, calibration=curve.to_dict(), likelihood=likelihood.to_dict())
    return rewrite_card(replace(bundle, card=card))


def measure(bundle: Bundle, sets: list[Path], evidence: str, workers: int, progress: bool = True) -> Bundle:
    """Measures operating points and error rates on the sets and writes them into the card."""
    done = pooled([evaluate(one, model=bundle.folder, workers=workers, progress=progress) for one in sets])
    shown = [rate for rate in NOMINAL if supported(int((~done.mated).sum()), rate)]
    if not shown:
        raise TooFewComparisons(f"{evidence}: too few comparisons for an operating point at FMR {NOMINAL[0]:g}")
    points = tuple(operating_point(done, float(-10 * np.log10(rate)), rate, evidence) for rate in shown)
    measured: dict[str, Any] = {"data": evidence, **fvc_indicators(done), "fta": points[0].fta}
    card = replace(bundle.card, operating_points=points, measured=(measured,))
    return rewrite_card(replace(bundle, card=card))
