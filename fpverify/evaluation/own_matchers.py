"""Comparisons of a plan by a matcher of the caller's own, in this process."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeAlias

import numpy as np

from fpverify.errors import ModelError, ScanError
from fpverify.evaluation.rates.error_rates import ROUNDING, error_rates, measured, operating_point
from fpverify.evaluation.runner import bar_of, content_hash, data_hash_of
from fpverify.evaluation.sets.duplicates import duplicate_notes
from fpverify.evaluation.sets.protocol import Plan
from fpverify.evaluation.sets.resolution import set_resolution
from fpverify.evaluation.surveys import survey
from fpverify.executors import local_workforce
from fpverify.scans import read_scan
from fpverify.vocabulary import Evaluation, OperatingPoint, Scan, Scores


class OwnMatcher(Protocol):
    """What makes templates, whatever these are, and compares them."""

    def template(self, scan: Scan, /) -> Any:
        """The template of a scan; raises a `ScanError`, such as `FailureToAcquire`, where it finds no print."""

    def score(self, probe: Any, reference: Any, /) -> Any:
        """How alike two templates are, higher for more: a number, or what has one as `value`."""


Comparing: TypeAlias = Callable[[Scan, Scan], Any]  # how alike a probe and a reference are
Acquired = tuple[Any] | str  # what was made of a scan; or why nothing was


def compared_by(matcher: OwnMatcher | Comparing, plan: Plan, *, progress: bool = False) -> Evaluation:
    """The scores that a matcher gives: higher for more alike, on a scale of its own, which nothing calibrates.

    Args:
        matcher: has `template(scan)` and `score(probe, reference)`, or is a function of two scans.
        plan: for files.
        progress: show bars on standard error when it is a terminal.

    Raises:
        ModelError: it is no matcher, or gives something else than a number.
        ScanError: the files cannot be evaluated. What the matcher refuses with a ScanError is no error but a failure.
    """
    make, score, name = _parts(matcher)
    hashes = [content_hash(one.path) for one in plan.prints]
    with local_workforce(1) as workforce:
        surveyed = survey(plan.prints, hashes, None, workforce)
    resolution, agreed = set_resolution(plan, surveyed)
    prints = [replace(one, ppi=ppi) for one, ppi in zip(plan.prints, agreed, strict=True)]
    acquired: list[Acquired] = []
    with bar_of(len(prints), "templates", progress) as bar:
        for one, told in zip(prints, surveyed, strict=True):
            acquired.append(told if isinstance(told, str) else _acquired(make, str(one.path), one.ppi))
            bar.update()
    failures = {one: what for one, what in zip(plan.scans, acquired, strict=True) if isinstance(what, str)}
    return Evaluation(
        scans=plan.scans,
        fingers=plan.fingers,
        probe=plan.comparisons.probe,
        reference=plan.comparisons.reference,
        mated=plan.comparisons.mated,
        scores=_scores(score, plan, acquired, name, progress=progress),
        name=plan.name,
        protocol=plan.protocol,
        data_hash=data_hash_of(plan.prints, hashes),
        model_id=name,
        failures=failures,
        notes=(*plan.notes, *duplicate_notes(plan.prints, hashes, ())),
        resolution=resolution,
    )


def own_point(evaluation: Evaluation, fmr: float) -> OperatingPoint:
    """The lowest threshold whose false match rate, on these comparisons themselves, is at most `fmr`.

    Above every score if no other will do. Where nothing was compared, no threshold says anything: 0.
    """
    threshold, finite = 0.0, evaluation.scores[np.isfinite(evaluation.scores)]
    if measured(evaluation):
        thresholds, rates, _ = error_rates(evaluation.mated_scores, evaluation.non_mated_scores)
        threshold = float(thresholds[np.flatnonzero(rates <= fmr + ROUNDING)[0]])
        threshold = threshold if math.isfinite(threshold) else float(np.nextafter(finite.max(), np.inf))
    return operating_point(evaluation, threshold, fmr, "these comparisons themselves, which chose the threshold")


def _parts(matcher: object) -> tuple[Callable[[Scan], Any], Callable[[Any, Any], Any], str]:
    """How a template is made, how two are compared, and the matcher's name."""
    if isinstance(matcher, type):
        raise ModelError(f"matcher: {matcher.__name__} is a class; give an object of it, such as {matcher.__name__}()")
    name = next(
        (one for one in (getattr(matcher, key, None) for key in ("name", "model_id", "__name__")) if _is_name(one)),
        type(matcher).__name__,
    )
    template, score = getattr(matcher, "template", None), getattr(matcher, "score", None)
    if callable(template) and callable(score):
        return template, score, str(name)
    if callable(matcher):
        return (lambda scan: scan), matcher, str(name)
    raise ModelError(
        "matcher: an object with template(scan) and score(probe, reference), or a function of two scans, was expected, "
        f"not of type {type(matcher).__name__}"
    )


def _is_name(one: object) -> bool:
    return isinstance(one, str) and one.replace("-", "_").replace(".", "_").replace("_", "").isalnum()


def _acquired(make: Callable[[Scan], Any], path: str, ppi: float | None) -> Acquired:
    try:
        return (make(read_scan(path, ppi=ppi)),)
    except ScanError as failure:
        return str(failure).removeprefix(f"{path}: ")


def _scores(
    score: Callable[[Any, Any], Any], plan: Plan, acquired: Sequence[Acquired], name: str, *, progress: bool
) -> Scores:
    """(n,) scores, -inf where a side failed or the matcher refuses the pair."""
    scores = np.full(len(plan.comparisons), -np.inf)
    pairs = zip(plan.comparisons.probe.tolist(), plan.comparisons.reference.tolist(), strict=True)
    with bar_of(len(scores), "comparisons", progress) as bar:
        for place, (probe, reference) in enumerate(pairs):
            one, other = acquired[probe], acquired[reference]
            if not isinstance(one, str) and not isinstance(other, str):
                try:
                    given = score(one[0], other[0])
                except ScanError:
                    given = -np.inf
                scores[place] = _number(given, name, f"{plan.scans[probe]} and {plan.scans[reference]}")
            bar.update()
    return scores


def _number(given: object, name: str, pair: str) -> float:
    """A score as a number; -inf is a failure."""
    value: Any = getattr(given, "value", given)
    try:
        number = math.nan if isinstance(value, str) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not number < math.inf:
        raise ModelError(
            f"{name}: the score of {pair} is {value!r:.40}; give a number, higher for more alike, or -inf where they "
            "cannot be compared"
        )
    return number
