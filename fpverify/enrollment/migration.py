"""Templates of the present model for all who were enrolled with another, made from the scans that were kept.

Scans are unsealed here and sent to whoever makes templates; a subject's impressions change together. Ended at any
moment, the next call goes on: who has templates of the model is not looked at again.

Records of minutiae have no scan and need none: they stay what they are, and another model for minutiae alone takes them
over as they are. Such a model never takes the place of one that sees scans.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from fpverify.errors import FailureToAcquire, NotEnrolled, ScanError
from fpverify.executors import CarriedModel, Workforce, answers
from fpverify.features.bare import bare, is_bare
from fpverify.matching import Matcher
from fpverify.store import Store
from fpverify.vocabulary import Reference, Scan, Template

BATCH_SUBJECTS = 32  # written in one transaction: what a kill loses, and what shares a disk's sync
BATCH_S = 1.0  # a subject waits no longer for others


class Migrated(NamedTuple):
    """What became of a subject.

    Attributes:
        subject: whose impressions they are.
        made: how many were given a template.
        left: those that were not, of fingers that have none of the model: these must come back. Records of minutiae are
            not among them.
    """

    subject: str
    made: int
    left: list[Reference]


@dataclass(frozen=True)
class Migration:
    """A store on its way to another model.

    Attributes:
        store: what is enrolled.
        matcher: the model.
        keeps_skin: keep the skin of whole prints, see `Matcher.enrolled`.
    """

    store: Store
    matcher: Matcher
    keeps_skin: bool = False

    @cached_property
    def subjects(self) -> list[str]:
        """Who has impressions of other models; raises StoreError."""
        own = (self.matcher.model_id,)
        return list(dict.fromkeys(one.subject for one in self.store.fingers() if tuple(one.model_ids) != own))

    def outcomes(self, workforce: Workforce) -> Iterator[Migrated]:
        """What becomes of each, in the order in which it comes, when it is on disk.

        Args:
            workforce: who makes the templates.

        Raises:
            StoreError: the store cannot be read or written. What was told is in it.
            BrokenExecutor: a process was ended from outside.
        """
        if not self.subjects:
            return
        model = workforce.model(self.matcher.bundle)
        asked: list[str] = []
        without: list[str] = []
        made: list[tuple[str, _Templates]] = []
        since = time.monotonic()
        for number, templates in answers(workforce, _Making(model, self.keeps_skin), self._jobs(asked, without)):
            made.append((asked[number], templates))
            if len(made) >= BATCH_SUBJECTS or time.monotonic() >= since + BATCH_S:
                yield from self._kept(made)
                made, since = [], time.monotonic()
        made += ((subject, {}) for subject in without)
        for start in range(0, len(made), BATCH_SUBJECTS):
            yield from self._kept(made[start : start + BATCH_SUBJECTS])

    def _jobs(self, asked: list[str], without: list[str]) -> Iterator[list[Scan]]:
        """The scans of each subject that has some; notes which one that is, and those that have none."""
        for subject in self.subjects:
            scans = self._scans(subject)
            (asked if scans else without).append(subject)
            if scans:
                yield scans

    def _scans(self, subject: str) -> list[Scan]:
        """Those of a subject's impressions that need another template, as far as they were kept."""
        try:
            old = [one for one in self.store.references(subject) if self._needs_a_scan(one)]
            found = [self.store.scan(subject, one.finger, one.impression) for one in old]
        except NotEnrolled:  # deleted meanwhile
            return []
        return [one for one in found if one is not None]

    def _needs_a_scan(self, reference: Reference) -> bool:
        return reference.model_id != self.matcher.model_id and self._translated(reference.template) is None

    def _translated(self, template: Template) -> Template | None:
        """What a template becomes without a scan: itself if it stays, None if only a scan helps."""
        if self.matcher.bundle.kind != "bare":
            return template if is_bare(template) else None
        return bare(template, self.matcher.model_id) if is_bare(template) else template

    def _kept(self, made: Sequence[tuple[str, _Templates]]) -> list[Migrated]:
        with self.store.batch():
            return [self._remade(subject, templates) for subject, templates in made]

    def _remade(self, subject: str, templates: _Templates) -> Migrated:
        def make(scan: Scan) -> Template:
            """As it was made; of what was enrolled meanwhile it is made now."""
            made = templates.get(_digest(scan)) or _template(self.matcher, scan, keeps_skin=self.keeps_skin)
            if isinstance(made, str):
                raise FailureToAcquire(made)
            return made

        try:
            return Migrated(
                subject, *self.store.remake(subject, self.matcher.model_id, make, translate=self._translated)
            )
        except NotEnrolled:
            return Migrated(subject, 0, [])


_Templates = dict[bytes, Template | str]  # of scans by their digests, or why there is none


@dataclass(frozen=True, slots=True)
class _Making:
    """Begins the making of templates: loads the model."""

    model: Path | CarriedModel
    keeps_skin: bool

    def __call__(self, _: None) -> Callable[[Sequence[Scan]], _Templates]:
        matcher = Matcher.load(self.model if isinstance(self.model, Path) else self.model.folder)
        return lambda scans: {_digest(one): _template(matcher, one, keeps_skin=self.keeps_skin) for one in scans}


def _template(matcher: Matcher, scan: Scan, *, keeps_skin: bool) -> Template | str:
    try:
        return matcher.enrolled(scan, matcher.template(scan), keeps_skin=keeps_skin)
    except ScanError as failure:
        return f"{failure}"


def _digest(scan: Scan) -> bytes:
    """Of what a template is made of."""
    head = f"{scan.pixels.shape} {scan.ppi!r} {scan.inverted}".encode()
    return hashlib.sha256(head + scan.pixels.tobytes()).digest()
