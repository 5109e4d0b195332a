"""A model in use: scan to template, templates to a score, a rate to its operating point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from fpverify.comparison import Calibration, LikelihoodRatio, similarities
from fpverify.errors import CorruptModel, ModelError
from fpverify.features import Acquired, MinutiaExtractor, WholePrintExtractor
from fpverify.matching.operating_points import point_at
from fpverify.matching.sensor_calibration import calibrated_card
from fpverify.models import Bundle, load_bundle
from fpverify.vocabulary import OperatingPoint, Scan, Score, Scores, Template


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
    """A bundle and everything made from it that comparing needs."""

    bundle: Bundle
    extractor: Extractor

    @classmethod
    def load(cls, model: str | Path | None = None, calibration: str | Path | None = None) -> Matcher:
        """The matcher of a model.

        Args:
            model: name of a shipped bundle or a bundle's folder; None is the release model.
            calibration: file that `fpverify calibrate` wrote, in place of the model's own.

        Raises:
            ModelError: unknown or damaged, or the calibration is of another model.
        """
        bundle = load_bundle(model)
        if calibration is not None:
            bundle = replace(bundle, card=calibrated_card(bundle.card, calibration))
        return cls(bundle, _extractor(bundle))

    @property
    def model_id(self) -> str:
        """The id that this model's templates carry."""
        return self.bundle.model_id

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

    def template(self, scan: Scan) -> Template:
        """The template of a scan; raises FailureToAcquire."""
        return self.extractor.extract(scan)

    def acquire(self, scan: Scan) -> Acquired:
        """The template of a scan with its image and foreground; raises FailureToAcquire."""
        return self.extractor.acquire(scan)

    def score(self, probe: Template, reference: Template) -> Score:
        """How alike two templates of this model are."""
        return self.scores(probe, [reference])[0]

    def scores(self, probe: Template, references: Sequence[Template]) -> list[Score]:
        """How alike a probe is to each of k references."""
        return self.calibrated(similarities(probe, references))

    def calibrated(self, raw: Scores) -> list[Score]:
        """The scores of k raw similarities, (k,) in [0, 1]."""
        calibration, likelihood = self.calibration, self.likelihood
        scores = [calibration.score(value) for value in raw.tolist()]
        if likelihood is None:
            return scores
        return [replace(score, llr=likelihood.llr(score.value)) for score in scores]

    def raw_scores(self, probe: Template, references: Sequence[Template]) -> Scores:
        """Raw similarities (k,) in [0, 1]; what a calibration is fitted on."""
        return similarities(probe, references)

    def operating_point(self, fmr: float) -> OperatingPoint:
        """The operating point of a false match rate.

        Raises:
            ModelError: the rate lies outside the model's evidence; names the rates within it.
        """
        return point_at(self.bundle.card.operating_points, fmr, self.model_id)


def _extractor(bundle: Bundle) -> Extractor:
    if bundle.card.kind == "minutiae":
        return MinutiaExtractor(bundle.model_id, bundle.network("minutia_map"), bundle.network("descriptor"))
    if bundle.card.input_px is None:
        raise CorruptModel(f"{bundle.folder}: the card of a whole-print model must state input_px")
    return WholePrintExtractor(bundle.model_id, bundle.network("whole_print"), bundle.card.input_px)
