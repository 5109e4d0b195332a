"""Single templates, of scans and of files, apart from any store: looked at, kept, compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from fpverify.errors import ModelMismatch, UnreadableRecord
from fpverify.matching import Matcher, Matchers
from fpverify.scans import read_scan
from fpverify.scans.kinds import may_be_record
from fpverify.settings import load_settings
from fpverify.store import UNKNOWN_FINGER, encode_template
from fpverify.store.template_file import KeptTemplate, is_template_file, read_template
from fpverify.store.transfer import needs_passphrase
from fpverify.vocabulary import FINGERS, Decision, Scan, Template

if TYPE_CHECKING:
    from fpverify.features import Acquired

PassphraseOf = Callable[[], str]


@dataclass(frozen=True, slots=True, eq=False)
class SingleTemplate:
    """A template and where it came from.

    Attributes:
        source: file of the scan, or of the template.
        kept: the template, and what is known of its scan.
        scan: it was made from this one now; None if it was read from a file.
        protected: that file is under a passphrase.
    """

    source: str
    kept: KeptTemplate
    scan: Scan | None = None
    protected: bool = False

    @property
    def template(self) -> Template:
        """What is compared."""
        return self.kept.template

    @property
    def size_bytes(self) -> int:
        """Of the template's binary form, as stores have it."""
        return len(encode_template(self.template))


@dataclass(frozen=True)
class SingleTemplates:
    """Makes templates of scans and reads those in files. What is not given comes from the settings.

    Attributes:
        model: installed name or folder of the bundle; it is loaded with the first scan or record. Records are compared
            by it if it is for minutiae alone.
        calibration: file of `fpverify calibrate`, or a folder of some.
        ppi: resolution of the scans.
        finger: name, which a template is kept with.
        passphrase: is asked for that of a file which has one.
        read: a scan, as `read_scan` does.
    """

    model: str | Path | None = None
    calibration: str | Path | None = None
    ppi: float | None = None
    finger: str = UNKNOWN_FINGER
    passphrase: PassphraseOf | None = None
    read: Callable[..., Scan] = read_scan

    @cached_property
    def matchers(self) -> Matchers:
        """The models; raises ModelError."""
        settings = load_settings(model=self.model, calibration=self.calibration)
        own = Matcher.load(settings.model, settings.calibration, settings.models)
        return Matchers(own, settings.models, settings.calibration)

    def of_file(self, path: str | Path, model_id: str | None = None) -> SingleTemplate:
        """The template of a scan, or the one in a file.

        Args:
            path: of either.
            model_id: which model makes the template of a scan; None is `model`.

        Raises:
            ScanError: a scan that cannot be used.
            StoreError: a template that cannot be read, WrongKey if that is for want of its passphrase.
            ModelError: the model is unknown or damaged.
        """
        if may_be_record(path):
            return self._of_record(path)
        if is_template_file(path):
            protected = needs_passphrase(path)
            passphrase = self.passphrase() if protected and self.passphrase else None
            return SingleTemplate(str(path), read_template(path, passphrase), protected=protected)
        scan = self.read(path, ppi=load_settings(ppi=self.ppi).ppi)
        return of_scan(scan, self._matcher(model_id).acquire(scan), self.finger)

    def pair(self, probe: str | Path, reference: str | Path) -> tuple[SingleTemplate, SingleTemplate]:
        """Two templates of one model: a scan beside a template is seen by the model that made that one.

        Beside a record of minutiae a template counts by its minutiae alone.

        Raises:
            ModelMismatch: two files hold templates of two models.
            ScanError, StoreError, ModelError: as in `of_file`.
        """
        kept = (path for path in (probe, reference) if may_be_record(path) or is_template_file(path))
        read = {path: self.of_file(path) for path in kept}
        made_by = dict.fromkeys(one.template.model_id for one in read.values())
        if len(made_by) > 1 and any(may_be_record(path) for path in read):
            read, made_by = _by_minutiae(read, self.matchers.own.minutiae_model)
        if len(made_by) > 1:
            raise ModelMismatch(
                f"{probe} and {reference} are templates of two models, {' and '.join(made_by)}; "
                "make one of them anew from its scan"
            )
        model_id = next(iter(made_by), None)
        first, second = (read.get(path) or self.of_file(path, model_id) for path in (probe, reference))
        return first, second

    def decided(self, probe: SingleTemplate, reference: SingleTemplate, fmr: float) -> Decision:
        """Match or non-match of two templates of one model.

        Args:
            probe: one of them.
            reference: the other. The order matters only where the probe resembles many strangers, which costs it score.
            fmr: false match rate to decide at, in (0, 1).

        Raises:
            ModelMismatch: they are of two models.
            ModelError: the model is not installed, or has no operating point at this rate.
        """
        matcher = self._matcher(probe.template.model_id)
        point = matcher.operating_point(fmr)
        return Decision(matcher.score(probe.template, reference.template), point)

    def _of_record(self, path: str | Path) -> SingleTemplate:
        """The one view of a record of minutiae."""
        from fpverify.features.bare import template_of_view
        from fpverify.features.views import CM_PER_INCH
        from fpverify.formats import read_minutiae

        record = read_minutiae(path, ppi=load_settings(ppi=self.ppi).ppi)
        if len(record) > 1:
            raise UnreadableRecord(f"{path}: holds {len(record)} views; give a record of one")
        view = record.views[0]
        template = template_of_view(view, str(path), self.matchers.own.minutiae_model)
        ppi = round(view.ppcm_x * CM_PER_INCH, 2)
        finger = FINGERS[view.finger] if view.finger < len(FINGERS) else UNKNOWN_FINGER
        return SingleTemplate(str(path), KeptTemplate(template, finger, ppi, "file", None))

    def _matcher(self, model_id: str | None) -> Matcher:
        return self.matchers.own if model_id is None else self.matchers.of(model_id)


def of_scan(scan: Scan, acquired: Acquired, finger: str = UNKNOWN_FINGER) -> SingleTemplate:
    """The template of a scan, which a model has made."""
    area_mm2 = None if acquired.area_mm2 is None else round(acquired.area_mm2, 2)
    return SingleTemplate(
        scan.source, KeptTemplate(acquired.template, finger, float(scan.ppi), scan.ppi_source, area_mm2), scan
    )


def _by_minutiae(
    read: dict[str | Path, SingleTemplate], model_id: str
) -> tuple[dict[str | Path, SingleTemplate], dict[str, None]]:
    """The same templates by their minutiae alone, and the one model that compares them: the given one."""
    from fpverify.features.bare import bare

    if any(one.template.vector is not None for one in read.values()):
        return read, dict.fromkeys(one.template.model_id for one in read.values())
    seen = {
        path: replace(one, kept=replace(one.kept, template=bare(one.template, model_id))) for path, one in read.items()
    }
    return seen, {model_id: None}
