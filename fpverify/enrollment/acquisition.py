"""A file becomes a template, in whichever process an executor chooses."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import get_ident

from fpverify.enrollment.listing import EnrollmentRow
from fpverify.enrollment.outcomes import Outcome
from fpverify.errors import FailureToAcquire, FailureToEnroll, ScanError
from fpverify.executors import CarriedModel
from fpverify.matching import Matcher, require_quality
from fpverify.scans import scan_from_bytes
from fpverify.scans.files import file_bytes
from fpverify.vocabulary import Scan, Template


@dataclass(frozen=True, slots=True)
class Acquisition:
    """What a process makes of a row's file.

    Attributes:
        sha256: of the file, in hex; empty if it cannot be read.
        template: of its print; None if there is none that can be enrolled.
        former: what other models make of it, by their ids, to find it among their references.
        scan: the print, where it is kept.
        outcome, reason: of a row without a template.
    """

    sha256: str
    template: Template | None = None
    scan: Scan | None = None
    outcome: Outcome = "unreadable"
    reason: str = ""
    former: Mapping[str, Template] = field(default_factory=dict)


def row_sha256(row: EnrollmentRow) -> str:
    """Of a row's file, in hex; raises ScanError."""
    return hashlib.sha256(file_bytes(row.path) if row.content is None else row.content).hexdigest()


def acquire(
    row: EnrollmentRow,
    model: Path | CarriedModel,
    content: bytes | None = None,
    *,
    former: Sequence[Path | CarriedModel] = (),
    ppi: float | None = None,
    keeps_scan: bool = False,
    keeps_skin: bool = False,
) -> Acquisition:
    """The template of a row's file, or why there is none.

    Args:
        row: of the list.
        model: the bundle, whose matcher a process keeps.
        content: of the file; None reads it here.
        former: other bundles, whose templates are wanted as well.
        ppi: of files for which the list states none; None takes what they say.
        keeps_scan: give the scan back, too.
        keeps_skin: of a whole print, with its skin.

    Raises:
        ModelError: the model does not compare touches with whole prints, and `keeps_skin`.
    """
    digest = ""
    try:
        content = file_bytes(row.path) if content is None else content
        digest = hashlib.sha256(content).hexdigest()
        scan = scan_from_bytes(content, ppi=row.ppi or ppi, source=row.file)
        matcher = _matcher(model, get_ident())
        template = matcher.template(scan)
        require_quality(template, row.file)
        template = matcher.enrolled(scan, template, keeps_skin=keeps_skin)
        others = {one.model_id: one for each in former if (one := _seen(_matcher(each, get_ident()), scan))}
    except FailureToEnroll as error:
        return Acquisition(digest, outcome="failure-to-enroll", reason=f"{error}")
    except FailureToAcquire as error:
        return Acquisition(digest, outcome="failure-to-acquire", reason=f"{error}")
    except ScanError as error:
        return Acquisition(digest, reason=f"{error}")
    return Acquisition(digest, template, scan if keeps_scan else None, former=others)


def _seen(matcher: Matcher, scan: Scan) -> Template | None:
    """What another model makes of a print; None if it finds none."""
    try:
        return matcher.template(scan)
    except FailureToAcquire:
        return None


@cache
def _matcher(model: Path | CarriedModel, thread: int) -> Matcher:  # a model is used by one thread
    return Matcher.load(model if isinstance(model, Path) else model.folder)
