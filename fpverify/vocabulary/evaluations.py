"""What measuring many comparisons says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fpverify.vocabulary.arrays import BoolArray, FloatArray, IndexArray, Scores
from fpverify.vocabulary.scans import PpiSource


@dataclass(frozen=True, slots=True)
class SetResolution:
    """At which resolution the scans of a set were read: one sensor has one.

    Attributes:
        used: pixels per inch; None if nothing says it, or if several sets were pooled and differ.
        source: who says so: the caller, the files, or the ridges of the set.
        stated: what the files say, the commonest; None if they say nothing.
        estimated: what the ridges of the whole set say; None if none are clear.
        disagreeing: share in [0, 1] of the scans whose file states something else or, if it states nothing, whose
            ridges would not be a finger's at `used`.
        doubtful: the ridges of the whole set lie closer or farther apart at `used` than those of many fingers do, so
            that stated error rates do not hold.
        period_mm: from ridge to ridge at `used`, the mean over the fingers.
        note: the doubt, or what was overruled, in words.
        own_ppi: of the scans that were read at a resolution of their own: by name.
    """

    used: float | None
    source: PpiSource
    stated: float | None
    estimated: float | None
    disagreeing: float
    doubtful: bool
    period_mm: float | None = None
    note: str | None = None
    own_ppi: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Evaluation:
    """All comparisons of one set of scans, or of several sets that were pooled. Failed comparisons have the score -inf.

    Attributes:
        scans: names of all s scans, each once.
        fingers: (s) which finger each scan shows; scans are of one finger if and only if these are equal.
        probe: (n,) int32, index into `scans`, one for each comparison.
        reference: (n,) int32, likewise.
        mated: (n,) bool.
        scores: (n,) float64, higher is more alike, -inf where a side failed to acquire.
        name: of the set, or of the scores' file.
        protocol: which pairs were compared: "dense", "fvc", ...
        data_hash: SHA-256 over the files, in order of name; of the scores' file if that is all there was.
        model_id: what made the scores.
        failures: the scans that failed to acquire, with the reason.
        quality: (s,) float32 in [0, 1], nan where a scan failed; None where nobody measured it.
        area_mm2: (s,) float32 of the pictures, nan where one cannot be read; None where nobody measured it.
        notes: what is to be known of the data, a sentence each: what was left out, which files are the same.
        resolution: of the scans; None where none were read.
    """

    scans: tuple[str, ...]
    fingers: tuple[str, ...]
    probe: IndexArray
    reference: IndexArray
    mated: BoolArray
    scores: Scores
    name: str
    protocol: str
    data_hash: str
    model_id: str
    failures: dict[str, str] = field(default_factory=dict)
    quality: FloatArray | None = None
    area_mm2: FloatArray | None = None
    notes: tuple[str, ...] = ()
    resolution: SetResolution | None = None

    def __repr__(self) -> str:
        return (
            f"Evaluation({self.name!r} by {self.model_id}, {len(self.scans)} scans, {len(self.scores):,} comparisons)"
        )

    @property
    def probes(self) -> list[str]:
        """Name of the probe of each comparison."""
        return [self.scans[k] for k in self.probe]

    @property
    def references(self) -> list[str]:
        """Name of the reference of each comparison."""
        return [self.scans[k] for k in self.reference]

    @property
    def mated_scores(self) -> Scores:
        """Scores of the mated comparisons, failures (-inf) included."""
        return self.scores[self.mated]

    @property
    def non_mated_scores(self) -> Scores:
        """Scores of the non-mated comparisons, failures (-inf) included."""
        return self.scores[~self.mated]
