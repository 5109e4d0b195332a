"""Touches against fingers that were joined of touches, for models that can: each probe with each finger as a whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fpverify.errors import ScanError
from fpverify.evaluation.sets.layout import Print
from fpverify.evaluation.sets.touches import Sides, fused_touches
from fpverify.evaluation.templates import Outcome
from fpverify.executors import CarriedModel, Workforce, answers
from fpverify.matching import Matcher
from fpverify.scans import read_scan
from fpverify.store import decode_template, encode_template
from fpverify.vocabulary import Evaluation, Scores, Template


class Joined(NamedTuple):
    """A finger from touches in its binary form, empty if all were refused; and how its touches came together."""

    record: bytes
    groups: tuple[int, ...]


def compared_with_fingers(
    raw: Evaluation,
    prints: Sequence[Print],
    outcomes: Sequence[Outcome],
    model: Path | CarriedModel,
    workforce: Workforce,
) -> Evaluation:
    """One raw similarity for each probe touch and finger.

    Args:
        raw: of the protocol `touches`, whose comparisons of single touches nobody has made.
        prints: (s) of its scans.
        outcomes: (s) of each scan the template, or why there is none.
        model: the bundle's folder, as the workforce finds it.
        workforce: who does the work.
    """
    sides, whole = Sides.of(raw), fused_touches(raw)
    files = [[prints[k] for k in numbers.tolist()] for numbers in sides.references.values()]
    fingers = dict(answers(workforce, _Joining(model), files))
    records = [fingers[k].record for k in range(len(files))]
    probes = [outcomes[k] for k in sides.probes.tolist()]
    jobs = [encode_template(one) if isinstance(one, Template) else b"" for one in probes]
    rows = dict(answers(workforce, _Comparing(model), jobs, records))
    scores = np.concatenate([rows[k] for k in range(len(jobs))])
    return replace(whole, scores=scores, notes=(*whole.notes, _said([fingers[k] for k in range(len(files))])))


def _said(fingers: Sequence[Joined]) -> str:
    kept = [one for one in fingers if one.record]
    first = [one.groups[0] for one in kept]
    size = [len(one.record) for one in kept]
    if not kept:
        return "no finger could be joined of touches"
    return (
        f"touches of a finger were joined: on average {np.mean(first):.1f} to one piece of skin, in "
        f"{np.mean(size) / 1024:.1f} KB a finger, {max(size) / 1024:.1f} at most"
    )


@dataclass(frozen=True, slots=True)
class _Joining:
    """Begins to join the touches of fingers, each given as its files."""

    model: Path | CarriedModel

    def __call__(self, _: None) -> Callable[[list[Print]], Joined]:
        matcher = _matcher(self.model)

        def joined(files: list[Print]) -> Joined:
            acquired = []
            for one in files:
                try:
                    acquired.append(matcher.acquire(read_scan(one.path, ppi=one.ppi)))
                except ScanError:  # a failure that was counted before
                    continue
            touches = [one for one in acquired if one.template.skin is not None]
            if not touches:
                return Joined(b"", (0,))
            template, finger = matcher.touches.joined(touches)
            return Joined(encode_template(template), finger.groups)

        return joined


@dataclass(frozen=True, slots=True)
class _Comparing:
    """Begins to compare probes with all fingers; both in their binary form, empty where there is none."""

    model: Path | CarriedModel

    def __call__(self, records: list[bytes]) -> Callable[[bytes], Scores]:
        matcher = _matcher(self.model)
        there = [k for k, record in enumerate(records) if record]
        references = [decode_template(records[k]) for k in there]

        def row(probe: bytes) -> Scores:
            scores = np.full(len(records), -np.inf)
            if probe and references:
                scores[there] = matcher.raw_scores(decode_template(probe), references)
            return scores

        return row


def _matcher(model: Path | CarriedModel) -> Matcher:
    return Matcher.load(model if isinstance(model, Path) else model.folder)
