"""What the files of a plan tell about their resolution, on all cores, known ones from the cache."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from fpverify.errors import ScanError
from fpverify.evaluation.sets.layout import Print
from fpverify.evaluation.templates import TemplateCache
from fpverify.evaluation.workers import answers
from fpverify.scans.acquisition import Surveyed, survey_scan
from fpverify.scans.ridges import Ridges

PRINTS_PER_PROCESS = 200  # a survey of 4 ms each: fewer are done before another process has begun


class _Survey(NamedTuple):
    """A print to be looked at, and the key of what comes of it."""

    print: Print
    key: str


def survey(
    prints: Sequence[Print], keys: Sequence[str], cache: TemplateCache | None, processes: int
) -> list[Surveyed | str]:
    """What each print tells, or why it cannot be read.

    Args:
        prints: (n).
        keys: (n) of their templates, beside which it is kept.
        cache: where; None keeps nothing.
        processes: at most.
    """
    noted = [cache.note(key) if cache else None for key in keys]
    found = [None if text is None else _decoded(text) for text in noted]
    missing = [number for number, known in enumerate(found) if known is None]
    jobs = [_Survey(prints[number], keys[number]) for number in missing]
    for number, surveyed in answers(_Surveying(cache), jobs, min(processes, 1 + len(jobs) // PRINTS_PER_PROCESS)):
        found[missing[number]] = surveyed
    return [one for one in found if one is not None]


@dataclass(frozen=True, slots=True)
class _Surveying:
    """Begins the survey of prints."""

    cache: TemplateCache | None

    def __call__(self) -> Callable[[_Survey], Surveyed | str]:
        return self._surveyed

    def _surveyed(self, job: _Survey) -> Surveyed | str:
        surveyed = _of(job.print.path, job.print.ppi)
        if self.cache is not None:
            self.cache.keep_note(job.key, _encoded(surveyed))
        return surveyed


def _of(path: Path, ppi: float | None) -> Surveyed | str:
    """What a file tells; or why it is no scan, without its name, as its content may have many."""
    try:
        return survey_scan(path, ppi=ppi)
    except ScanError as error:
        return str(error).removeprefix(f"{path}: ")


def _encoded(surveyed: Surveyed | str) -> str:
    return json.dumps(surveyed if isinstance(surveyed, str) else [surveyed.stated_ppi, surveyed.ridges])


def _decoded(text: str) -> Surveyed | str | None:
    """What was kept; None if it is damaged."""
    try:
        kept = json.loads(text)
        if isinstance(kept, str):
            return kept
        stated_ppi, ridges = kept
        return Surveyed(stated_ppi, None if ridges is None else Ridges(*map(float, ridges)))
    except (ValueError, TypeError):
        return None
