"""A model in use: scan to template, templates to a score, a rate to its operating point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from fpverify.comparison import Calibration, LikelihoodRatio, Overlap, PreparedTemplate, overlap, similarities
from fpverify.comparison.cohort import Cohort, in_doubt
from fpverify.comparison.overlap import SETTINGS
from fpverify.errors import CorruptModel, ModelError, ModelMismatch, WrongKind
from fpverify.features import Acquired, MinutiaExtractor, WholePrintExtractor
from fpverify.log import tell
from fpverify.matching.cohorts import knows_strangers, read_cohort
from fpverify.matching.operating_points import point_at
from fpverify.models import Bundle, load_bundle
from fpverify.settings import parse_fmr
from fpverify.vocabulary import OperatingPoint, Scan, ScanSource, Score, Scores, Template

if TYPE_CHECKING:
    from fpverify.matching.touches import TouchMatcher
    from fpverify.vocabulary import FingerView


class Extractor(Protocol):
    """What makes templates."""

    def extract(self, scan: Scan) -> Template:
        """The template of a scan; raises FailureToAcquire."""
        ...

    def acquire(self, scan: Scan) -> Acquired:
        """The template and where it came from; raises FailureToAcquire."""
        ...


@dataclass(frozen=True, slots=True)
class Matcher:
    """A model, loaded once, for comparing many scans without a store.

        matcher = Matcher.load()
        probe, *others = (matcher.template(read_scan(path)) for path in paths)
        scores = matcher.scores(probe, others)
        threshold = matcher.operating_point(0.001).threshold

    Attributes:
        bundle: the model's folder and card.
        extractor: what makes its templates.
    """

    bundle: Bundle
    extractor: Extractor
    _touches: list[TouchMatcher] = field(default_factory=list, init=False, repr=False, compare=False)
    _own: list[Calibration] = field(default_factory=list, init=False, repr=False, compare=False)
    _cohort: list[Cohort] = field(default_factory=list, init=False, repr=False, compare=False)

    @classmethod
    def load(
        cls,
        model: str | Path | None = None,
        calibration: str | Path | None = None,
        models: str | Path | None = None,
    ) -> Matcher:
        """The matcher of a model.

        Args:
            model: name of an installed bundle or a bundle's folder; None is the release model.
            calibration: file that `fpverify calibrate` wrote, in place of the model's own; or a folder of some, each
                for the model that it was made for.
            models: folder of former bundles; None is that of the user's data.

        Raises:
            ModelError: unknown or damaged, or the calibration is of another model.
        """
        return cls.of(load_bundle(model, models, whole=False), calibration)

    @classmethod
    def of(cls, bundle: Bundle, calibration: str | Path | None = None) -> Matcher:
        """The matcher of a bundle; otherwise as `load`."""
        if calibration is not None:
            from fpverify.matching.sensor_calibration import calibrated_card

            bundle = replace(bundle, card=calibrated_card(bundle.card, calibration))
        loaded = cls(bundle, _extractor(bundle))
        tell("loaded the model %s from %s", bundle.model_id, bundle.folder)
        return loaded

    @property
    def model_id(self) -> str:
        """The id that this model's templates carry."""
        return self.bundle.model_id

    @property
    def minutiae_model(self) -> str:
        """Which model compares records of minutiae: this one if it is for minutiae alone, else the newest that is."""
        if self.bundle.kind == "bare":
            return self.model_id
        from fpverify.features.bare import MINUTIAE_MODEL

        return MINUTIAE_MODEL

    @property
    def calibration(self) -> Calibration:
        """From raw similarity to score.

        Raises:
            ModelError: the bundle has none yet.
        """
        stored = self.bundle.card.calibration
        if stored is None:
            raise ModelError(
                f"{self.bundle.folder}: the model is not calibrated; `fpverify train` does it as its last step"
            )
        return Calibration.from_dict(stored)

    @property
    def likelihood(self) -> LikelihoodRatio | None:
        """From score to likelihood ratio; None if the bundle has none."""
        stored = self.bundle.card.likelihood
        return None if stored is None else LikelihoodRatio.from_dict(stored)

    def template(self, scan: ScanSource) -> Template:
        """The template of a scan, as `read_scan` takes it.

        Raises:
            NotAScan, ScanError: no scan can be read from what was given.
            FailureToAcquire: there is no usable print in it.
        """
        return self.extractor.extract(_scan(scan))

    def enrolled(self, scan: Scan, template: Template, *, keeps_skin: bool) -> Template:
        """What is kept of a print that is enrolled: its template, or it and its skin for touches to be compared with.

        Args:
            scan: of the print.
            template: of the scan.
            keeps_skin: keep it; of a touch, which is skin, there is nothing else to keep.

        Raises:
            ModelError: the model does not compare touches with whole prints.
        """
        if not keeps_skin or template.of_touches:
            return template
        if not self.compares_touches or not self.touches.compares_prints:
            raise ModelError(
                f"{self.model_id}: this model does not compare touches with whole prints; set keep_skin to no, or "
                "choose another --model"
            )
        return self.touches.with_skin(self.acquire(scan))

    def acquire(self, scan: ScanSource) -> Acquired:
        """The template of a scan with its image and foreground; raises FailureToAcquire."""
        return self.extractor.acquire(_scan(scan))

    def finger_view(self, scan: ScanSource, finger: int = 0) -> FingerView:
        """The minutiae of a scan in its own pixels, as records of minutiae have them.

        Args:
            scan: of the finger.
            finger: code, a place in `fpverify.vocabulary.FINGERS`.

        Raises:
            FailureToAcquire: there is no usable print in it.
            ModelError: a whole-print model, which finds no minutiae.
        """
        if self.bundle.card.kind == "whole-print":
            raise ModelError(
                f"{self.model_id}: a {self.bundle.card.kind} model finds no minutiae; choose another --model"
            )
        from fpverify.features.views import finger_view

        given = _scan(scan)
        return finger_view(self.acquire(given), given, finger)

    def score(self, probe: Template, reference: Template) -> Score:
        """How alike two templates of this model are: 20 is FMR 1 %, 30 is 0.1 %.

        The order matters only where a probe resembles many: less of its score is true, a reference's all is.

        Raises:
            ModelMismatch: another model than this made one of them.
        """
        return self.scores(probe, [reference])[0]

    def scores(self, probe: Template, references: Sequence[Template]) -> list[Score]:
        """How alike a probe is to each of k references; the best of them is no score of one comparison.

        Raises:
            ModelMismatch: another model than this made one of them.
        """
        for one in (probe, *references):
            if not isinstance(one, Template):
                raise WrongKind("a Template was expected: matcher.template(scan)", one)
        if probe.model_id != self.model_id:  # those of one model have scores, but they are its own
            raise ModelMismatch(
                f"the probe was made by the model {probe.model_id!r}, this is {self.model_id!r}; make its template anew"
            )
        return self.calibrated(self.raw_scores(probe, references))

    def calibrated(self, raw: Scores) -> list[Score]:
        """The scores of k raw similarities, (k,) in [0, 1]."""
        calibration, likelihood = self.calibration, self.likelihood
        scores = calibration.score_of_each(raw)
        if likelihood is None:
            return scores
        llrs = likelihood.llrs([score.value for score in scores]).tolist()
        return [replace(score, llr=llr) for score, llr in zip(scores, llrs, strict=True)]

    def raw_scores(self, probe: Template, references: Sequence[Template]) -> Scores:
        """Raw similarities (k,) in [0, 1]; what a calibration is fitted on.

        Of touches of small sensors they are such that the model's own calibration makes of them what is known of
        touches of their size; of a probe that resembles many, less than as they lie.
        """
        return self.heeded(probe, references, self.similarities(probe, references))

    def similarities(self, probe: Template, references: Sequence[Template]) -> Scores:
        """Raw similarities (k,) as they lie, whether the probe resembles many or not; else as `raw_scores`."""
        touched = self._touched(probe, references)
        if not touched:
            return similarities(probe, references, alignment=self.bundle.alignment)
        raw = np.empty(len(references))
        rest = sorted(set(range(len(references))) - set(touched))
        if rest:
            raw[rest] = similarities(probe, [references[k] for k in rest], alignment=self.bundle.alignment)
        raw[touched] = self.touches.raw_scores(probe, [references[k] for k in touched])
        return raw

    def heeded(self, probe: Template, references: Sequence[Template], raw: Scores) -> Scores:
        """What `raw_scores` gives, of similarities (k,) as they lie that were found elsewhere."""
        of_touch = [k for k in self._touched(probe, references) if probe.of_touches or references[k].of_touches]
        if not of_touch:
            return self.believed(probe, raw)
        return np.where(np.isin(np.arange(len(raw)), of_touch), raw, self.believed(probe, raw))

    def believed(self, probe: Template | PreparedTemplate, raw: Scores) -> Scores:
        """Of similarities (k,) that minutiae have, what is true where the probe resembles many."""
        if not knows_strangers(self.bundle):
            return raw
        if not self._own:
            self._own.append(Calibration.from_dict(self.bundle.calibration_of_its_own() or {}))
        if not in_doubt(raw, self._own[0]).any():  # nobody has to be read
            return raw
        return raw if self.cohort is None else self.cohort.heeded(probe, raw)

    @property
    def cohort(self) -> Cohort | None:
        """The strangers by which a probe is seen to resemble many, if the model knows some; read when first asked for.

        Raises:
            CorruptModel: what is known of them is damaged.
        """
        if not self._cohort and knows_strangers(self.bundle):
            self._cohort.append(read_cohort(self.bundle))
        return self._cohort[0] if self._cohort else None

    def _touched(self, probe: Template, references: Sequence[Template]) -> list[int]:
        """The places of the references that are compared with a probe by their skin."""
        with_skin = [k for k, one in enumerate(references) if probe.skin is not None and one.skin is not None]
        if not with_skin or not self.compares_touches or not self.touches.compares_by_skin(probe):
            return []
        return [k for k in with_skin if self.touches.compares_by_skin(references[k])]

    def laid(self, probe: Template, reference: Template) -> Overlap:
        """One print laid on another as the model compares them; errors as of `overlap`."""
        return overlap(probe, reference, SETTINGS[self.bundle.alignment])

    @property
    def compares_touches(self) -> bool:
        """Whether the model knows how to compare touches of small sensors by more than their minutiae."""
        return self.bundle.has_network("places")

    @property
    def touches(self) -> TouchMatcher:
        """What joins touches and compares them; loaded when it is first asked for.

        Raises:
            CorruptModel: the model does not know how, or what it knows is damaged.
        """
        if not self._touches:
            from fpverify.matching.touches import TouchMatcher

            self._touches.append(TouchMatcher.of(self.bundle))
        return self._touches[0]

    def operating_point(self, fmr: float) -> OperatingPoint:
        """The threshold of a false match rate, and the rates measured there.

        Args:
            fmr: in (0, 1).

        Raises:
            UnsupportedRate: it is no rate, or lies outside the model's evidence; names the rates within it.
        """
        return point_at(self.bundle.card.operating_points, parse_fmr(fmr), self.model_id)


def _scan(given: ScanSource) -> Scan:
    if isinstance(given, Scan):
        return given
    from fpverify.scans import read_scan

    return read_scan(given)


def _extractor(bundle: Bundle) -> Extractor:
    if bundle.card.kind == "minutiae":
        return _finder(bundle)
    if bundle.card.kind == "bare":
        from fpverify.features.bare import BareExtractor

        return BareExtractor(bundle.model_id, lambda: _finder(load_bundle(whole=False)))
    if bundle.card.input_px is None:
        raise CorruptModel(f"{bundle.folder}: the card of a whole-print model must state input_px")
    return WholePrintExtractor(bundle.model_id, bundle.network("whole_print"), bundle.card.input_px)


def _finder(bundle: Bundle) -> MinutiaExtractor:
    required = [bundle.network(name) for name in ("minutia_map", "descriptor")]
    names = ("seam_map", "places", "drawn_map")
    optional = [bundle.network(name) if bundle.has_network(name) else None for name in names]
    return MinutiaExtractor(bundle.model_id, *required, *optional)
