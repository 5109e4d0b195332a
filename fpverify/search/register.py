"""All that is enrolled with one model, side by side in memory, for searching it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from threading import Lock

from fpverify.comparison import joint_threshold
from fpverify.matching import Matcher
from fpverify.search.gallery import Found, Gallery
from fpverify.store import Store
from fpverify.vocabulary import Candidate, Identification, Reference, Template

Finger = tuple[str, str]  # subject, finger


@dataclass(frozen=True, slots=True, eq=False)
class Register:
    """The references of a store that one model made.

    Attributes:
        references: k of them.
        gallery: their templates, in the same order.
        key: of the state of the store it was read from.
    """

    references: tuple[Reference, ...]
    gallery: Gallery
    key: tuple[str | int, ...]

    @property
    def people(self) -> int:
        """The number of subjects."""
        return len({one.subject for one in self.references})

    def of(self, subjects: Collection[str]) -> list[Reference]:
        """The references of some subjects."""
        return [one for one in self.references if one.subject in subjects]

    def identify(
        self, matcher: Matcher, probe: Template, *, top: int, fpir: float, besides: Collection[Finger] = ()
    ) -> Identification:
        """Whose finger a probe shows.

        Args:
            matcher: of the references' model.
            probe: template of the scan.
            top: most candidates.
            fpir: false positive identification rate of the whole search, in (0, 1).
            besides: fingers that are passed over.
        """
        searched = sum((one.subject, one.finger) not in besides for one in self.references)
        if not searched:
            return Identification((), fpir, 0.0, 0, extrapolated=False)
        threshold = joint_threshold(fpir, searched)
        in_full = self.gallery.in_full + len(self.references) - searched
        candidates = self._found(matcher, self.gallery.search(probe, in_full), threshold)
        found = [one for one in candidates if (one.subject, one.finger) not in besides]
        beyond = threshold > matcher.calibration.evidence_score
        return Identification(tuple(found[:top]), fpir, threshold, searched, beyond)

    def _found(self, matcher: Matcher, found: Found, threshold: float) -> Iterator[Candidate]:
        """Fingers by their best impression, the likeliest first."""
        seen = set()
        for index, score in zip(found.index.tolist(), matcher.calibrated(found.similarity), strict=True):
            one = self.references[index]
            if (one.subject, one.finger) not in seen:
                seen.add((one.subject, one.finger))
                yield Candidate(one.subject, one.finger, score, score.value >= threshold)


class Registers:
    """The register of a store as it is now, read again only when the store has changed; threads may share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: Register | None = None

    def current(self, store: Store, model_id: str) -> Register:
        """The register of all that a model has enrolled.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._lock:
            key = (*store.identity, model_id, store.revision())
            if self._kept is None or self._kept.key != key:
                references = tuple(one for one in store.records() if one.model_id == model_id)
                self._kept = Register(references, Gallery.of([one.template for one in references]), key)
            return self._kept
