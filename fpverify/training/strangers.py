"""The strangers that a model is to know: few prints, by which a probe is seen to resemble many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from fpverify.comparison import prepare_template, similarities
from fpverify.errors import FailureToAcquire
from fpverify.evaluation.sets.layout import read_set
from fpverify.matching import Matcher
from fpverify.matching.cohorts import FILE, cohort_file
from fpverify.models import Bundle, write_bundle, write_search_files
from fpverify.scans import read_scan
from fpverify.vocabulary import Scores, Template

CANDIDATES = 0.4  # of the fingers that strangers are chosen from; the others are probes, by which they are chosen
CHOSEN = (
    60  # strangers: 50 ms a probe. Twelve tell as much of prints, but pictures can be bred to be unlike these alone
)


def learn_strangers(bundle: Bundle, sets: Sequence[Path]) -> Bundle:
    """Chooses strangers, and writes them into the bundle.

    Args:
        bundle: of minutiae, calibrated. It is given back as it is where too few of the prints are not refused.
        sets: prints of synthetic fingers, one of each, that nothing else is learnt from or measured on.
    """
    cv2.setNumThreads(1)
    matcher = Matcher.of(bundle)
    candidates: list[Template] = []
    probes: list[Template] = []
    for folder in sets:
        found = list(_templates(matcher, folder))
        count = int(CANDIDATES * len(found))
        candidates += found[:count]
        probes += found[count:]
    if len(candidates) < CHOSEN:
        return bundle
    prepared = [prepare_template(one) for one in candidates]
    raw = np.stack([similarities(one, prepared, alignment=bundle.alignment) for one in probes])
    scores = matcher.calibration.scores(raw)
    chosen = chosen_columns(scores, CHOSEN)
    slope, intercept = np.polyfit(scores[:, chosen].mean(axis=1), scores.mean(axis=1), 1).tolist()
    known = cohort_file([candidates[k] for k in chosen], intercept, slope)
    networks, searching = bundle.contents()
    return write_search_files(write_bundle(bundle.folder, bundle.card, networks | {FILE: known}), searching)


def chosen_columns(scores: Scores, count: int) -> list[int]:
    """Columns whose mean tells the mean of all best, taken one after the other.

    Args:
        scores: (n, m) of n probes with m strangers.
        count: of columns, at most m.
    """
    wanted = scores.mean(axis=1) - scores.mean()
    chosen: list[int] = []
    total = np.zeros(len(scores))
    for _ in range(count):
        rest = [k for k in range(scores.shape[1]) if k not in chosen]
        told = [_cosine(total + scores[:, k], wanted) for k in rest]
        chosen.append(rest[int(np.argmax(told))])
        total += scores[:, chosen[-1]]
    return chosen


def _cosine(one: Scores, wanted: Scores) -> float:
    """Their correlation, `wanted` having a mean of 0; 0 where one of them does not vary."""
    varies = one - one.mean()
    size = float(np.linalg.norm(varies) * np.linalg.norm(wanted))
    return float(varies @ wanted) / size if size > 0 else 0.0


def _templates(matcher: Matcher, folder: Path) -> Iterator[Template]:
    """Of the prints of a set that are not refused."""
    for print_ in read_set(folder).prints:
        try:
            yield matcher.template(read_scan(print_.path, ppi=print_.ppi))
        except FailureToAcquire:
            continue
