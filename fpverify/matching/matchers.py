"""The models of a store: the one that makes new references, and those that made former ones.

A reference is compared by the model that made it, and its score says what that model's calibration says: -10
log10(FMR), whichever it is. So scores of several models can be put together as those of one are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from fpverify.errors import ModelMismatch, UnknownModel
from fpverify.matching.matcher import Matcher
from fpverify.models import installed_bundle
from fpverify.vocabulary import Basis, OperatingPoint, Reference, Score, Template

ProbeOf = Callable[[str], Template]  # the template that the model of an id makes of a probe


class Matchers:
    """Models by their ids, each loaded when it is first asked for. Threads may share them.

    Attributes:
        own: makes new references.
    """

    def __init__(self, own: Matcher, models: str | Path | None = None, calibrations: str | Path | None = None) -> None:
        """The first of them.

        Args:
            own: makes new references.
            models: folder of former bundles; None is that of the user's data.
            calibrations: folder of files of `fpverify calibrate`, of which those for former models are used; a single
                file is not looked at, that is `own`'s.
        """
        self.own = own
        self._models = models
        self._calibrations = calibrations if calibrations and Path(calibrations).is_dir() else None
        self._loaded = {own.model_id: own}

    def of(self, model_id: str) -> Matcher:
        """The model that made some reference, with the calibration that is for it.

        Raises:
            UnknownModel: it is not installed; says what is, and where its bundle would be looked for.
            CorruptModel: it is damaged, or a calibration is.
        """
        if model_id not in self._loaded:
            loaded = Matcher.of(installed_bundle(model_id, self._models), self._calibrations)
            self._loaded.setdefault(model_id, loaded)  # another thread may have been faster
        return self._loaded[model_id]

    def has(self, model_id: str) -> bool:
        """Whether it is installed; raises CorruptModel if it is, and damaged."""
        try:
            self.of(model_id)
        except UnknownModel:
            return False
        return True

    def comparable(self, references: Sequence[Reference]) -> list[Reference]:
        """Those of a finger whose model is installed: after a change of models fingers may have been enrolled anew.

        What was learnt counts beside what was enrolled of the finger with the same model, and never alone.

        Raises:
            ModelMismatch: there are none; says which model is missing, and what can be done.
            CorruptModel: a model is damaged.
        """
        found, missing = [], None
        for one in references:
            try:
                self.of(one.model_id)
                found.append(one)
            except UnknownModel as error:
                missing = error
        enrolled = {(one.finger, one.model_id) for one in found if not one.learnt}
        found = [one for one in found if (one.finger, one.model_id) in enrolled]
        if missing and not found:
            raise ModelMismatch(
                f"{references[0].subject!r} was enrolled with another model: {missing}, or make new templates of scans "
                "that were kept (fpverify migrate), or enroll the finger again"
            ) from missing
        return found

    def scores(self, probe: ProbeOf, references: Sequence[Template]) -> list[Score]:
        """How alike a probe is to each of k references, by the model that made each.

        Raises:
            ModelError: one of them cannot be had.
            FailureToAcquire: one of them finds no print in the probe.
        """
        found: dict[int, Score] = {}
        for model_id in dict.fromkeys(one.model_id for one in references):
            places = [k for k, one in enumerate(references) if one.model_id == model_id]
            scores = self.of(model_id).scores(probe(model_id), [references[k] for k in places])
            found |= zip(places, scores, strict=True)
        return [found[k] for k in range(len(references))]

    def operating_point(self, fmr: float, model_ids: Iterable[str]) -> OperatingPoint:
        """The point of a decision that some models make together: the one with the highest threshold, for all of them.

        Raises:
            ModelError: one of them cannot be had, or the rate lies outside its evidence.
        """
        first = sorted(dict.fromkeys(model_ids), key=lambda one: one != self.own.model_id)
        return max((self.of(one).operating_point(fmr) for one in first), key=lambda point: point.threshold)

    def basis(self, model_ids: Iterable[str]) -> tuple[Basis, ...]:
        """What the references of some models were made of, each once; raises ModelError if one cannot be had."""
        found: list[Basis] = ["minutiae" if self.of(one).bundle.kind == "bare" else "scan" for one in model_ids]
        return tuple(dict.fromkeys(found))
