"""What the files of a plan tell about their resolution, on all cores, known ones from the cache."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import NamedTuple

from fpverify.errors import ScanError, UnreadableRecord
from fpverify.evaluation.sets.layout import RECORD_SUFFIXES, Print
from fpverify.evaluation.sets.sending import sent_content
from fpverify.evaluation.templates import TemplateCache
from fpverify.executors import Workforce, answers
from fpverify.features.views import CM_PER_INCH
from fpverify.formats import minutiae_from_bytes, record_bytes
from fpverify.scans.acquisition import Surveyed, survey_scan
from fpverify.scans.ridges import Ridges

PRINTS_PER_PROCESS = 200  # a survey of 4 ms each: fewer are done before another process has begun


class _Survey(NamedTuple):
    """A print to be looked at, and its file's content where that is sent along."""

    print: Print
    content: bytes | None


def survey(
    prints: Sequence[Print], keys: Sequence[str], cache: TemplateCache | None, workforce: Workforce
) -> list[Surveyed | str]:
    """What each print tells, or why it cannot be read.

    Args:
        prints: (n).
        keys: (n) of their templates, beside which it is kept.
        cache: where; None keeps nothing.
        workforce: who looks, where there are many.
    """
    noted = [cache.note(key) if cache else None for key in keys]
    found = [None if text is None else _decoded(text) for text in noted]
    missing = [number for number, known in enumerate(found) if known is None]
    few = len(missing) < PRINTS_PER_PROCESS
    jobs = (_Survey(prints[k], content) for k, content in sent_content(prints, missing, workforce, here=few))
    for number, surveyed in answers(workforce, _surveying, jobs, here=few):
        found[missing[number]] = surveyed
        if cache is not None:
            cache.keep_note(keys[missing[number]], _encoded(surveyed))
    return [one for one in found if one is not None]


def _surveying(_: None) -> Callable[[_Survey], Surveyed | str]:
    return _surveyed


def _surveyed(job: _Survey) -> Surveyed | str:
    """What a file tells; or why it is no scan, without its name, as its content may have many."""
    path = job.print.path
    if path.suffix.lower() in RECORD_SUFFIXES:
        return _of_record(job)
    try:
        return survey_scan(path, ppi=job.print.ppi, content=job.content)
    except ScanError as error:
        return str(error).removeprefix(f"{path}: ")


def _encoded(surveyed: Surveyed | str) -> str:
    return json.dumps(surveyed if isinstance(surveyed, str) else list(surveyed))


def _decoded(text: str) -> Surveyed | str | None:
    """What was kept; None if it is damaged."""
    try:
        kept = json.loads(text)
        if isinstance(kept, str):
            return kept
        stated_ppi, ridges, (height, width) = kept
        return Surveyed(stated_ppi, None if ridges is None else Ridges(*map(float, ridges)), (int(height), int(width)))
    except (ValueError, TypeError):
        return None


def _of_record(job: _Survey) -> Surveyed | str:
    """The same of a record of minutiae, by its first view."""
    path = job.print.path
    try:
        content = record_bytes(path) if job.content is None else job.content
        view = minutiae_from_bytes(content, ppi=job.print.ppi, source=str(path)).views[0]
    except UnreadableRecord as error:
        return str(error).removeprefix(f"{path}: ")
    sides = (view.height_px, view.width_px) if view.height_px and view.width_px else None
    stated = view.ppcm_x if view.ppcm_x == view.ppcm_y else 0.0
    return Surveyed(stated * CM_PER_INCH or None, None, sides)
